/* SPDX-License-Identifier: Apache-2.0 */

/* The declutter stage: roles of lines to blocks, content view and fields. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "declutter/roles.h"
#include "declutter_manifest.h"
#include "qanat/layers.h"
#include "qanat/stage.h"
#include "text/utf8.h"

enum { POINTER_MAX = 32, PHRASES_MAX = 1000, BYLINE_BYTES = 200, KEPT_WORDS = 1 << 20 };

typedef struct declutter_stage {
  phrase_table *phrases;
  bool cut_furniture, cut_duplicates;
  uint32_t duplicate_words;
  double duplicate_similarity;
} declutter_stage;

/* --- life --- */

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static void declutter_destroy(void *instance) {
  declutter_stage *stage = instance;
  if (stage != NULL) {
    phrases_free(stage->phrases);
    free(stage);
  }
}

static int load_phrases(declutter_stage *stage, qn_create *create) {
  qn_str tsv;
  uint32_t line = 0;
  char text[160];
  int rc = create->host->data_open(create, "furniture.tsv", &tsv);
  if (rc != 0) {
    return refuse(create, "cannot read furniture.tsv beside the plugin; install it again");
  }
  rc = phrases_new(tsv.data, tsv.len, &stage->phrases, &line);
  if (rc == -EINVAL) {
    snprintf(text, sizeof text, "furniture.tsv, line %" PRIu32 ": not a kind, a tab and a phrase of one to eight words",
             line);
    return refuse(create, text);
  }
  for (uint32_t i = 0; rc == 0 && i < PHRASES_MAX; i++) {
    char pointer[POINTER_MAX];
    snprintf(pointer, sizeof pointer, "/phrases/%" PRIu32, i);
    qn_str phrase = qn_config_str(create, pointer);
    if (phrase.data == NULL) {
      break;
    }
    rc = phrases_add(stage->phrases, PHRASE_INSIDE, phrase.data, phrase.len);
    if (rc == -EINVAL) {
      snprintf(text, sizeof text, "phrases/%" PRIu32 " has no word, or more than eight", i);
      return refuse(create, text);
    }
  }
  return rc == 0 ? 0 : refuse(create, "no memory for the phrases");
}

static int declutter_create(qn_create *create, void **ret_instance) {
  declutter_stage *stage = calloc(1, sizeof *stage);
  if (stage == NULL) {
    return refuse(create, "no memory for the stage");
  }
  stage->cut_furniture = qn_config_i64(create, "/cut_furniture", 1) != 0;
  stage->cut_duplicates = qn_config_i64(create, "/cut_duplicates", 1) != 0;
  stage->duplicate_words = (uint32_t)qn_config_i64(create, "/duplicate_words", 5);
  stage->duplicate_similarity = qn_config_f64(create, "/duplicate_similarity", 0.8);
  int rc = load_phrases(stage, create);
  if (rc != 0) {
    declutter_destroy(stage);
    return rc;
  }
  *ret_instance = stage;
  return 0;
}

static int context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  page_roles *roles = calloc(1, sizeof *roles);
  (void)instance;
  (void)env;
  (void)host;
  if (roles == NULL) {
    return -ENOMEM;
  }
  *ret_context = roles;
  return 0;
}

static void context_close(void *context) {
  if (context != NULL) {
    roles_done(context);
    free(context);
  }
}

/* --- blocks --- */

static int write_blocks(qn_call *call, const page_roles *roles) {
  uint32_t n = roles->page.n_lines;
  qn_rows rows;
  if (n == 0) {
    return 0;
  }
  int rc = call->host->layer_reserve(call, DECLUTTER_LAYER_BLOCK, n, 0, &rows);
  if (rc != 0) {
    return rc;
  }
  uint32_t *role = rows.columns[QN_BLOCK_ROLE], *of = rows.columns[QN_BLOCK_OF];
  for (uint32_t i = 0; i < n; i++) {
    rows.begin[i] = roles->page.lines[i].begin;
    rows.end[i] = roles->page.lines[i].end;
    role[i] = roles->role[i];
    of[i] = roles->role[i] == QN_BLOCK_ROLE_DUPLICATE ? roles->found.of[i] : QN_NO_ROW;
  }
  return call->host->layer_commit(call, DECLUTTER_LAYER_BLOCK, n, 0);
}

/* --- content --- */

static bool is_cut(const declutter_stage *stage, const page_roles *roles, uint32_t line) {
  return (roles->role[line] == QN_BLOCK_ROLE_FURNITURE && stage->cut_furniture) ||
         (roles->role[line] == QN_BLOCK_ROLE_DUPLICATE && stage->cut_duplicates);
}

/* Copies the lines that stay, with the white space between them, into the view; a break stands where a line was cut
 * out. Returns the bytes written. */
static uint32_t copy_content(const declutter_stage *stage, const page_roles *roles, const qn_view *text,
                             qn_view_room *room, uint32_t *ret_runs) {
  uint32_t written = 0, n_runs = 0, n = roles->page.n_lines;
  for (uint32_t i = 0; i < n;) {
    if (is_cut(stage, roles, i)) {
      i++;
      continue;
    }
    uint32_t begin = i == 0 ? 0 : roles->page.lines[i].begin, stop = i;
    while (stop < n && !is_cut(stage, roles, stop)) {
      stop++;
    }
    uint32_t end = stop < n ? roles->page.lines[stop].begin : text->len;
    room->derived[n_runs] = written;
    room->base[n_runs] = begin;
    room->kind[n_runs] = (uint8_t)(QN_RUN_COPY | (n_runs > 0 ? QN_RUN_BREAK : 0));
    memcpy(room->data + written, text->data + begin, end - begin);
    written += end - begin;
    n_runs++;
    i = stop;
  }
  *ret_runs = n_runs;
  return written;
}

static int write_content(qn_call *call, const declutter_stage *stage, const page_roles *roles, const qn_view *text) {
  uint32_t n_cut = 0, n_runs;
  qn_view_room room;
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    n_cut += is_cut(stage, roles, i);
  }
  if (n_cut == 0) {
    return call->host->view_alias(call, (qn_span){ 0, text->len });
  }
  int rc = call->host->view_reserve(call, text->len, n_cut + 1, &room);
  if (rc != 0) {
    return rc;
  }
  uint32_t written = copy_content(stage, roles, text, &room, &n_runs);
  return call->host->view_commit(call, written, n_runs);
}

/* --- fields --- */

static qn_str field(qn_call *call, qn_str name) {
  qn_value value;
  qn_str none = { NULL, 0 };
  return call->host->field_get(call, name, &value) == 0 && value.type == QN_VALUE_STR ? value.as.str : none;
}

static int set_missing(qn_call *call, qn_str name, const char *text, size_t len) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = { text, len } };
  return field(call, name).len > 0 ? 0 : call->host->field_set(call, name, &value);
}

static int write_fields(qn_call *call, const page_roles *roles, const qn_view *text) {
  const page_line *lines = roles->page.lines;
  int rc = 0;
  bool known = field(call, QN_LIT("title")).len > 0; /* what the source says is better than a guess */
  if (roles->title != REPEAT_NONE && (!known || roles->title_given)) {
    qn_value value = { .type = QN_VALUE_SPAN };
    value.as.span = (qn_span){ lines[roles->title].begin, lines[roles->title].end };
    rc = call->host->field_set(call, QN_LIT("title"), &value);
  }
  if (rc == 0 && roles->date.iso[0] != '\0') {
    rc = set_missing(call, QN_LIT("published"), roles->date.iso, DATE_ISO_BYTES);
  }
  if (rc == 0 && roles->byline != REPEAT_NONE) {
    const page_line *line = &lines[roles->byline];
    uint32_t len = line->end - line->begin;
    len = len < BYLINE_BYTES ? len : BYLINE_BYTES;
    while (!utf8_boundary(text->data, text->len, line->begin + len)) {
      len--;
    }
    rc = set_missing(call, QN_LIT("byline"), (const char *)text->data + line->begin, len);
  }
  return rc;
}

/* --- the stage --- */

static qn_status declutter_process(void *instance, void *context, qn_call *call) {
  const declutter_stage *stage = instance;
  page_roles *roles = context;
  qn_view text;
  if (call->host->view_get(call, &text) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "the document has no text; put decode before declutter");
  }
  qn_str title = field(call, QN_LIT("title"));
  roles_options options = {
    .min_duplicate_words = stage->duplicate_words,
    .duplicate_similarity = stage->duplicate_similarity,
    .title = (const uint8_t *)title.data,
    .title_len = title.len,
  };
  int rc = roles_find(roles, text.data, text.len, stage->phrases, &options);
  if (rc == 0) {
    rc = write_blocks(call, roles);
  }
  if (rc == 0) {
    rc = write_content(call, stage, roles, &text);
  }
  if (rc == 0) {
    rc = write_fields(call, roles, &text);
  }
  if (roles->page.word_capacity > KEPT_WORDS) {
    roles_done(roles); /* an unusually large page: give its room back */
  }
  if (rc == -E2BIG) {
    return qn_fail(call, QN_STATUS_REJECT, "no-room", "the document has no room for more fields");
  }
  return rc == 0 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory to declutter the document");
}

static const qn_transform declutter_table = {
  .size = sizeof(qn_transform),
  .create = declutter_create,
  .destroy = declutter_destroy,
  .context_open = context_open,
  .context_close = context_close,
  .process = declutter_process,
};

static const qn_stage declutter_entry = { .size = sizeof(qn_stage),
                                          .name = "declutter",
                                          .transform = &declutter_table };
static const qn_stage *const stages[] = { &declutter_entry };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
