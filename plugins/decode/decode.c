/* SPDX-License-Identifier: Apache-2.0 */

/* The decode stage: payload to text. Finds out what the bytes are, has them converted, hands text, alignment and
 * fields to the host. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "decode/convert.h"
#include "decode/html_text.h"
#include "decode/junk.h"
#include "qanat/stage.h"
#include "text/utf8.h"

enum {
  JUNK_ALLOWED = 16,   /* so many bad characters are forgiven in any document */
  KEPT_BYTES = 8 << 20 /* larger buffers are given back after the document that needed them */
};

typedef enum html_mode { HTML_AUTO, HTML_ALWAYS, HTML_NEVER } html_mode;

typedef struct decode_stage {
  bool has_encoding;
  charset encoding;
  html_mode html;
  double max_control, max_replaced;
} decode_stage;

/* What one worker keeps from document to document. */
typedef struct decode_context {
  charset_converter *converter;
  aligned_text converted; /* the payload as UTF-8 */
  aligned_text page;      /* the text of an HTML page, aligned to its source */
  aligned_text composed;  /* ... aligned to the payload */
  html_facts facts;
} decode_context;

/* What is known of one document on its way. */
typedef struct decoding {
  const decode_stage *stage;
  decode_context *context;
  qn_call *call;
  qn_view payload;
  charset set;
  bool is_html;
  bool may_be_html; /* nobody said that it is none */
  uint64_t n_replaced;
  const aligned_text *text; /* NULL: the payload after its mark is the text */
} decoding;

/* --- life --- */

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static bool is_str(qn_str text, const char *other) {
  return text.len == strlen(other) && memcmp(text.data, other, text.len) == 0;
}

static int decode_create(qn_create *create, void **ret_instance) {
  decode_stage *stage = calloc(1, sizeof *stage);
  if (stage == NULL) {
    return refuse(create, "no memory for the stage");
  }
  qn_str encoding = qn_config_str(create, "/encoding"), html = qn_config_str(create, "/html");
  if (encoding.len > 0 && charset_by_label(encoding.data, encoding.len, &stage->encoding) != 0) {
    free(stage);
    return refuse(create, "no encoding of the name in \"encoding\" is known; use a name such as windows-1256 or utf-8");
  }
  stage->has_encoding = encoding.len > 0;
  stage->html = is_str(html, "always") ? HTML_ALWAYS : is_str(html, "never") ? HTML_NEVER : HTML_AUTO;
  stage->max_control = qn_config_f64(create, "/max_control", 0.05);
  stage->max_replaced = qn_config_f64(create, "/max_replaced", 0.3);
  *ret_instance = stage;
  return 0;
}

static void decode_destroy(void *instance) {
  free(instance);
}

static void context_close(void *context) {
  decode_context *made = context;
  if (made != NULL) {
    converter_free(made->converter);
    aligned_done(&made->converted);
    aligned_done(&made->page);
    aligned_done(&made->composed);
    free(made);
  }
}

static int context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  decode_context *made = calloc(1, sizeof *made);
  (void)instance;
  (void)env;
  (void)host;
  if (made == NULL || converter_new(&made->converter) != 0) {
    context_close(made);
    return -ENOMEM;
  }
  *ret_context = made;
  return 0;
}

static void trim(aligned_text *text) {
  if (text->capacity > KEPT_BYTES || text->run_capacity > KEPT_BYTES / 8) {
    aligned_done(text);
  }
}

/* --- what the bytes are --- */

/* A string field of the document; empty if it has none. */
static qn_str field(qn_call *call, qn_str name) {
  qn_value value;
  qn_str none = { NULL, 0 };
  return call->host->field_get(call, name, &value) == 0 && value.type == QN_VALUE_STR ? value.as.str : none;
}

/* The charset parameter of a media type: "text/html; charset=windows-1256". */
static qn_str charset_parameter(qn_str media_type) {
  for (size_t i = 0; i + 8 < media_type.len; i++) {
    if (strncasecmp(media_type.data + i, "charset=", 8) == 0) {
      const char *begin = media_type.data + i + 8, *end = media_type.data + media_type.len;
      begin += *begin == '"';
      const char *stop = begin;
      while (stop < end && *stop != ';' && *stop != '"' && *stop != ' ') {
        stop++;
      }
      return (qn_str){ begin, (size_t)(stop - begin) };
    }
  }
  return (qn_str){ "", 0 };
}

static bool is_media(qn_str media_type, const char *name) {
  size_t len = strlen(name);
  return media_type.len >= len && strncasecmp(media_type.data, name, len) == 0 &&
         (media_type.len == len || media_type.data[len] == ';' || media_type.data[len] == ' ');
}

static void find_html(decoding *job, qn_str media_type) {
  html_mode mode = job->stage->html;
  bool told = is_media(media_type, "text/html") || is_media(media_type, "application/xhtml+xml");
  job->is_html = mode == HTML_ALWAYS || (mode == HTML_AUTO && told);
  job->may_be_html = mode == HTML_AUTO && !told && !is_media(media_type, "text/plain");
  if (job->may_be_html) {
    job->is_html = html_is_page(job->payload.data, job->payload.len);
  }
}

static void find_charset(decoding *job, qn_str media_type) {
  qn_str label = charset_parameter(media_type);
  if (job->is_html && label.len == 0) {
    html_declared_charset(job->payload.data, job->payload.len, &label);
  }
  charset_find(job->payload.data, job->payload.len, label.data, label.len, &job->set);
  if (job->stage->has_encoding && job->set.bom_len == 0) {
    job->set = job->stage->encoding;
  }
}

/* --- making the text --- */

static qn_status reject(decoding *job, const char *slug, const char *text) {
  return qn_fail(job->call, QN_STATUS_REJECT, slug, text);
}

/* Turns the errno of building the text into a status. */
static qn_status fail_build(decoding *job, int rc) {
  if (rc == -EFBIG) {
    return reject(job, "document-too-large",
                  "the text would be larger than limits.document_bytes allows; raise it in the pipeline");
  }
  if (rc == -ENOENT) {
    return reject(job, "bad-encoding",
                  "the encoding that the document declares has no working converter; set "
                  "\"encoding\" of the decode stage");
  }
  return qn_fail(job->call, QN_STATUS_RETRY, "no-memory", "no memory to decode the document");
}

/* Converts, if need be, and takes the text out of a page. Sets job->text. 0, negative errno. */
static int build(decoding *job) {
  decode_context *context = job->context;
  const qn_view *payload = &job->payload;
  if (job->set.bom_len == 3) { /* a mark ends the search before the bytes are looked at */
    job->set.is_valid = utf8_valid_prefix(payload->data, payload->len) == payload->len;
  }
  bool as_is = job->set.kind == CHARSET_UTF8 && job->set.is_valid &&
               (payload->len == 0 || memchr(payload->data, 0, payload->len) == NULL);
  int rc = 0;
  job->text = NULL;
  if (!as_is) {
    rc = converter_run(context->converter, &job->set, payload->data, payload->len, &context->converted,
                       &job->n_replaced);
    job->text = &context->converted;
    job->is_html = job->is_html || /* pages in UTF-16 are not seen to be pages before */
                   (job->may_be_html && html_is_page(context->converted.bytes, context->converted.len));
  }
  if (rc != 0 || !job->is_html) {
    return rc;
  }
  const uint8_t *source = as_is ? payload->data : context->converted.bytes;
  uint32_t len = as_is ? payload->len : context->converted.len;
  rc = html_text(source, as_is ? job->set.bom_len : 0, len, &context->page, &context->facts);
  job->text = &context->page;
  if (rc == 0 && !as_is) {
    rc = aligned_compose(&context->composed, &context->page, &context->converted, payload->len);
    job->text = &context->composed;
  }
  return rc;
}

/* True if the text is not worth the name. */
static bool is_junk(const decoding *job) {
  const uint8_t *text = job->text == NULL ? job->payload.data : job->text->bytes;
  uint32_t len = job->text == NULL ? job->payload.len : job->text->len;
  uint64_t characters, controls;
  junk_count(text, len, &characters, &controls);
  if (controls > JUNK_ALLOWED && (double)controls > job->stage->max_control * (double)characters) {
    return true;
  }
  uint64_t share = (uint64_t)(job->stage->max_replaced * (double)(job->is_html ? job->payload.len : len));
  return job->n_replaced > JUNK_ALLOWED && job->n_replaced > share;
}

static int commit(decoding *job) {
  const qn_host *host = job->call->host;
  const aligned_text *text = job->text;
  qn_view_room room;
  if (text == NULL) {
    return host->view_alias(job->call, (qn_span){ job->set.bom_len, job->payload.len });
  }
  int rc = host->view_reserve(job->call, text->len, text->n_runs, &room);
  if (rc != 0) {
    return rc;
  }
  if (text->len > 0) {
    memcpy(room.data, text->bytes, text->len);
  }
  if (text->n_runs > 0) {
    memcpy(room.derived, text->derived, text->n_runs * sizeof *text->derived);
    memcpy(room.base, text->base, text->n_runs * sizeof *text->base);
    memcpy(room.kind, text->kind, text->n_runs);
  }
  return host->view_commit(job->call, text->len, text->n_runs);
}

/* --- fields --- */

static int set_str(qn_call *call, qn_str name, const char *text, size_t len) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = { text, len } };
  return call->host->field_set(call, name, &value);
}

/* Sets a field that the source has not given already. */
static int set_missing(qn_call *call, qn_str name, const char *text, size_t len) {
  return len == 0 || field(call, name).len > 0 ? 0 : set_str(call, name, text, len);
}

/* What a page says of its language is believed unless its letters say otherwise. */
static int set_language(decoding *job) {
  static const char *const arabic_script[] = { "ar", "fa", "ur", "ps", "ku", "ck", "ug", "sd", "ks", "pa", "az" };
  const html_facts *facts = &job->context->facts;
  const uint8_t *text = job->text == NULL ? job->payload.data : job->text->bytes;
  const char *guess = junk_language(text, job->text == NULL ? job->payload.len : job->text->len);
  bool declared = job->is_html && facts->language.rank > 0;
  if (declared && guess != NULL) {
    bool fits = false;
    for (size_t i = 0; i < sizeof arabic_script / sizeof arabic_script[0]; i++) {
      fits = fits || strncasecmp(facts->language_text, arabic_script[i], 2) == 0;
    }
    declared = fits;
  }
  if (declared) {
    return set_missing(job->call, QN_LIT("language"), facts->language_text, facts->language.len);
  }
  return guess == NULL ? 0 : set_missing(job->call, QN_LIT("language"), guess, strlen(guess));
}

static int set_facts(decoding *job) {
  const html_facts *facts = &job->context->facts;
  int rc = set_missing(job->call, QN_LIT("title"), facts->title_text, facts->title.len);
  if (rc == 0) {
    rc = set_missing(job->call, QN_LIT("published"), facts->published_text, facts->published.len);
  }
  if (rc == 0) {
    rc = set_missing(job->call, QN_LIT("byline"), facts->byline_text, facts->byline.len);
  }
  return rc;
}

static int set_fields(decoding *job) {
  const char *media_type = job->is_html ? "text/html" : "text/plain";
  int rc = set_missing(job->call, QN_LIT("media_type"), media_type, strlen(media_type));
  if (rc == 0) {
    rc = set_str(job->call, QN_LIT("encoding"), job->set.name, strlen(job->set.name));
  }
  if (rc == 0 && job->n_replaced > 0) {
    qn_value value = { .type = QN_VALUE_I64, .as.i64 = (int64_t)job->n_replaced };
    rc = job->call->host->field_set(job->call, QN_LIT("replaced"), &value);
  }
  if (rc == 0 && job->is_html) {
    rc = set_facts(job);
  }
  return rc == 0 ? set_language(job) : rc;
}

/* --- the stage --- */

static qn_status decode_job(decoding *job) {
  char text[256];
  const char *kind = junk_kind(job->payload.data, job->payload.len);
  if (kind != NULL) {
    snprintf(text, sizeof text, "the document is %s, not text; convert it to text or HTML before", kind);
    return reject(job, "not-text", text);
  }
  qn_str media_type = field(job->call, QN_LIT("media_type"));
  find_html(job, media_type);
  find_charset(job, media_type);
  int rc = build(job);
  if (rc == 0 && is_junk(job)) {
    snprintf(text, sizeof text,
             "the document is not text: read as %s it is mostly control characters or no characters; set "
             "\"encoding\" of the decode stage if it is in another",
             job->set.name);
    return reject(job, "not-text", text);
  }
  rc = rc == 0 ? commit(job) : rc;
  if (rc != 0) {
    return fail_build(job, rc);
  }
  if (set_fields(job) != 0) {
    return reject(job, "no-room", "the document has no room for more fields; keep fewer members of its JSON");
  }
  return QN_STATUS_OK;
}

static qn_status decode_process(void *instance, void *context, qn_call *call) {
  decoding job = { .stage = instance, .context = context, .call = call };
  if (call->host->view_get(call, &job.payload) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-payload", "the document has no payload to decode");
  }
  qn_status status = decode_job(&job);
  trim(&job.context->converted);
  trim(&job.context->page);
  trim(&job.context->composed);
  return status;
}

static const qn_transform decode_table = {
  .size = sizeof(qn_transform),
  .create = decode_create,
  .destroy = decode_destroy,
  .context_open = context_open,
  .context_close = context_close,
  .process = decode_process,
};

static const qn_stage decode_entry = { .size = sizeof(qn_stage), .name = "decode", .transform = &decode_table };
static const qn_stage *const stages[] = { &decode_entry };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
