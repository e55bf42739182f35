/* SPDX-License-Identifier: Apache-2.0 */

/* web-links: marks links to pages and mail addresses in running text.
 *
 * Addresses are of ASCII alone; what surrounds a link in running text (brackets, quotes, the full stop that ends the sentence) is
 * left outside. One pass counts, so that the host lends exactly the room needed, a second one writes. */
#include <string.h>

#include <qanat/stage.h>

#include "web-links_manifest.h"

typedef struct state {
  const qn_host *host;
  qn_env *env;
  int with_mail;
} state;

typedef struct link {
  qn_span span, host;
  uint32_t kind;
} link;

static int is_alnum(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_host(uint8_t c) {
  return is_alnum(c) || c == '-' || c == '.';
}

static int is_path(uint8_t c) {
  return is_alnum(c) || (c != 0 && memchr("-._~:/?#[]@!$&'*+,;=%", c, 21) != NULL);
}

/* Punctuation that more likely ends the sentence than the link. */
static uint32_t trim(const uint8_t *text, uint32_t begin, uint32_t end) {
  while (end > begin && memchr(".,;:!?'*]", text[end - 1], 9) != NULL) {
    end--;
  }
  return end;
}

static uint32_t skip(const qn_view *view, uint32_t at, int (*is)(uint8_t)) {
  while (at < view->len && is(view->data[at])) {
    at++;
  }
  return at;
}

/* True if there is a dot inside: a host that can be reached from outside has one. */
static int has_dot(const uint8_t *text, qn_span span) {
  const uint8_t *dot = span.end > span.begin ? memchr(text + span.begin, '.', span.end - span.begin) : NULL;
  return dot != NULL && dot > text + span.begin && dot + 1 < text + span.end;
}

static int read_page(const qn_view *view, uint32_t at, link *ret_link) {
  static const char *const schemes[] = { "https://", "http://" };
  for (int i = 0; i < 2; i++) {
    size_t len = strlen(schemes[i]);
    if (view->len - at < len || memcmp(view->data + at, schemes[i], len) != 0) {
      continue;
    }
    uint32_t begin = at + (uint32_t)len;
    uint32_t host_end = trim(view->data, begin, skip(view, begin, is_host));
    uint32_t end = trim(view->data, host_end, skip(view, begin, is_path));
    *ret_link = (link){ { at, end }, { begin, host_end }, WEB_LINKS_LINK_KIND_PAGE };
    return has_dot(view->data, ret_link->host);
  }
  return 0;
}

/* From the @ to both sides. at is the @; nothing before floor is touched. */
static int read_mail(const qn_view *view, uint32_t floor, uint32_t at, link *ret_link) {
  uint32_t begin = at;
  while (begin > floor &&
         (is_host(view->data[begin - 1]) || view->data[begin - 1] == '_' || view->data[begin - 1] == '+')) {
    begin--;
  }
  uint32_t end = trim(view->data, at + 1, skip(view, at + 1, is_host));
  *ret_link = (link){ { begin, end }, { at + 1, end }, WEB_LINKS_LINK_KIND_MAIL };
  return begin < at && has_dot(view->data, ret_link->host);
}

/* The next link at or behind from in a piece of the view that has no break in it, or 0. */
static int link_in_piece(const state *self, const qn_view *piece, uint32_t from, link *ret_link) {
  for (uint32_t at = from; at < piece->len; at++) {
    if (piece->data[at] == 'h' && (at == 0 || !is_alnum(piece->data[at - 1])) && read_page(piece, at, ret_link)) {
      return 1;
    }
    if (piece->data[at] == '@' && self->with_mail && read_mail(piece, from, at, ret_link)) {
      return 1;
    }
  }
  return 0;
}

/* The next link at or behind from, or 0. What was cut out of a page leaves breaks, which no span may reach across. */
static int next_link(const state *self, const qn_view *view, uint32_t from, link *ret_link) {
  for (uint32_t i = 0; i <= view->n_breaks; i++) {
    qn_view piece = *view;
    piece.len = i < view->n_breaks ? view->breaks[i] : view->len;
    if (piece.len > from && link_in_piece(self, &piece, from, ret_link)) {
      return 1;
    }
    from = piece.len > from ? piece.len : from;
  }
  return 0;
}

static uint32_t count(const state *self, const qn_view *view) {
  uint32_t n = 0;
  link found;
  for (uint32_t at = 0; next_link(self, view, at, &found); at = found.span.end) {
    n++;
  }
  return n;
}

/* The sentence around the place, or QN_NO_ROW; *row moves forward only, as links do. */
static uint32_t sentence_of(const qn_layer *sentences, uint32_t place, uint32_t *row) {
  while (*row < sentences->n_rows && sentences->end[*row] <= place) {
    (*row)++;
  }
  return *row < sentences->n_rows && sentences->begin[*row] <= place ? *row : QN_NO_ROW;
}

static void fill(const state *self, const qn_view *view, const qn_layer *sentences, const qn_rows *rows) {
  uint32_t *kinds = rows->columns[WEB_LINKS_LINK_KIND];
  qn_span *hosts = rows->columns[WEB_LINKS_LINK_HOST];
  uint32_t *around = rows->columns[WEB_LINKS_LINK_SENTENCE];
  uint32_t n = 0, row = 0;
  link found;
  for (uint32_t at = 0; next_link(self, view, at, &found); at = found.span.end) {
    rows->begin[n] = found.span.begin;
    rows->end[n] = found.span.end;
    kinds[n] = found.kind;
    hosts[n] = found.host;
    around[n++] = sentence_of(sentences, found.span.begin, &row);
  }
}

static qn_status process(void *instance, void *context, qn_call *call) {
  const state *self = instance;
  const qn_host *host = call->host;
  qn_view view;
  qn_rows rows;
  qn_layer sentences = { 0 };
  (void)context;
  if (host->view_get(call, &view) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "the document has no text");
  }
  host->layer_get(call, WEB_LINKS_LAYER_SENTENCE, &sentences); /* without it, links stand in no sentence */
  uint32_t n = count(self, &view);
  if (host->layer_reserve(call, WEB_LINKS_LAYER_WEB_LINKS_LINK, n, 0, &rows) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the links");
  }
  fill(self, &view, &sentences, &rows);
  const qn_value value = { .type = QN_VALUE_I64, .as.i64 = n };
  if (host->layer_commit(call, WEB_LINKS_LAYER_WEB_LINKS_LINK, n, 0) != 0 ||
      host->field_set(call, QN_LIT("n_links"), &value) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the links");
  }
  return QN_STATUS_OK;
}

static void destroy(void *instance) {
  state *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static int create(qn_create *create, void **ret_instance) {
  state *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return create->host->create_fail(create, "out of memory", 13);
  }
  *self = (state){ .host = create->host, .env = create->env, .with_mail = qn_config_i64(create, "/mail", 1) != 0 };
  *ret_instance = self;
  return 0;
}

static const qn_transform transform = {
  .size = sizeof(qn_transform), .create = create, .destroy = destroy, .process = process
};
static const qn_stage stage = { .size = sizeof(qn_stage), .name = "web-links", .transform = &transform };
static const qn_stage *const stages[] = { &stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
