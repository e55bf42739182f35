/* SPDX-License-Identifier: Apache-2.0 */

/* The stage entities: lends the tagger what it needs and writes down what it finds. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/lexicon_tsv.h"
#include "entities/tagger.h"
#include "entities_manifest.h"
#include "qanat/layers.h"
#include "qanat/stage.h"

typedef struct instance {
  lexicon lexicons[SCAN_LEXICONS_MAX];
  uint8_t *owned[SCAN_LEXICONS_MAX]; /* bytes of lexicons compiled here */
  uint32_t n_lexicons;
  ner_model model;
  int has_model;
  double min_score;
} instance;

static int fail_create(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static void entities_destroy(void *opaque) {
  instance *in = opaque;
  if (in != NULL) {
    for (uint32_t i = 0; i < SCAN_LEXICONS_MAX; i++) {
      free(in->owned[i]);
    }
    free(in);
  }
}

/* The lines of a composer's lexicon that cannot be used: the first few with the reason, the others by number. */
typedef struct complaint {
  char text[1536];
  size_t len;
  uint32_t n;
} complaint;

static void complain(void *user, uint32_t line, const char *why) {
  enum { WITH_REASON = 5 };
  complaint *c = user;
  int n = 0;
  c->n++;
  if (c->n <= WITH_REASON) {
    n = snprintf(c->text + c->len, sizeof c->text - c->len, "%sline %u: %s", c->n > 1 ? "; " : "", line, why);
  } else {
    n = snprintf(c->text + c->len, sizeof c->text - c->len, "%s%u", c->n == WITH_REASON + 1 ? "; lines " : ", ", line);
  }
  if (n > 0 && c->len + (size_t)n < sizeof c->text) {
    c->len += (size_t)n;
  }
  c->text[c->len] = '\0';
}

/* Compiles and opens the lexicon file at position index of "lexicons". */
static int add_own(qn_create *create, instance *in, uint32_t index) {
  char pointer[32];
  qn_str text;
  complaint c = { { 0 }, 0, 0 };
  size_t len = 0;
  lexicon_builder *builder = NULL;
  lexicon_fault fault;
  snprintf(pointer, sizeof pointer, "/lexicons/%u", index);
  int r = create->host->file_open(create, pointer, &text);
  if (r != 0) {
    return fail_create(create,
                       "a file of \"lexicons\" cannot be read; check its path, which is relative to the pipeline file");
  }
  r = lexicon_builder_new(&builder);
  if (r == 0) {
    r = lexicon_tsv_read(builder, text, complain, &c);
  }
  if (r == 0) {
    r = lexicon_builder_finish(builder, &in->owned[in->n_lexicons], &len);
  }
  lexicon_builder_free(builder);
  if (r > 0) {
    char message[1792];
    snprintf(
        message, sizeof message,
        "\"lexicons\"[%u] has %u lines that cannot be used (%s); correct or remove them: 'qanat lexicon build FILE' "
        "says what is wrong with each",
        index, c.n, c.text);
    return fail_create(create, message);
  }
  if (r < 0) {
    return fail_create(create,
                       r == -E2BIG ? "a file of \"lexicons\" has too many entries" : "no memory for \"lexicons\"");
  }
  r = lexicon_open((qn_str){ (const char *)in->owned[in->n_lexicons], len }, &in->lexicons[in->n_lexicons], &fault);
  if (r != 0) {
    return fail_create(create, "a lexicon compiled from \"lexicons\" cannot be read back; please report this");
  }
  in->n_lexicons++;
  return 0;
}

static int add_shipped(qn_create *create, instance *in) {
  qn_str bytes;
  lexicon_fault fault = { "" };
  char message[256];
  int r = create->host->data_open(create, "arabic-news.qlex", &bytes);
  if (r != 0) {
    return fail_create(create,
                       "the lexicon arabic-news.qlex cannot be read; it belongs into the folder entities beside the "
                       "plugin: install Qanat again");
  }
  if (lexicon_open(bytes, &in->lexicons[in->n_lexicons], &fault) != 0) {
    snprintf(message, sizeof message, "the lexicon arabic-news.qlex cannot be used: %s. Install Qanat again",
             fault.what);
    return fail_create(create, message);
  }
  in->n_lexicons++;
  return 0;
}

/* The trained model speaks only beside the lexicon that it was trained beside. */
static int add_model(qn_create *create, instance *in) {
  qn_str bytes;
  const char *why = NULL;
  char message[256];
  if (create->host->data_open(create, "names.qner", &bytes) != 0) {
    return fail_create(create, "the model names.qner cannot be read; it belongs into the folder entities beside the "
                               "plugin: install Qanat again");
  }
  if (model_open(bytes, &in->model, &why) != 0) {
    snprintf(message, sizeof message, "the model names.qner cannot be used: %s. Install Qanat again", why);
    return fail_create(create, message);
  }
  in->has_model = 1;
  return 0;
}

static int entities_create(qn_create *create, void **ret_instance) {
  qn_value own = { 0 };
  instance *in = calloc(1, sizeof *in);
  if (in == NULL) {
    return fail_create(create, "no memory for the stage");
  }
  int r = 0;
  if (create->host->config_get(create, "/lexicons", &own) == 0 && own.type == QN_VALUE_ARRAY) {
    for (uint32_t i = 0; i < own.as.i64 && i + 1 < SCAN_LEXICONS_MAX && r == 0; i++) {
      r = add_own(create, in, i);
    }
  }
  qn_str shipped = qn_config_str(create, "/lexicon");
  if (r == 0 && !(shipped.len == 4 && memcmp(shipped.data, "none", 4) == 0)) {
    r = add_shipped(create, in);
    if (r == 0 && qn_config_i64(create, "/model", 1) != 0) {
      r = add_model(create, in);
    }
  }
  if (r != 0) {
    entities_destroy(in);
    return r;
  }
  in->min_score = qn_config_f64(create, "/min_score", 0.0);
  *ret_instance = in;
  return 0;
}

static int entities_context_open(void *opaque, qn_env *env, const qn_host *host, void **ret_context) {
  const instance *in = opaque;
  tagger *opened = NULL;
  int r = tagger_open(host, env, in->lexicons, in->n_lexicons, &opened);
  if (r == 0) {
    tagger_use_model(opened, in->has_model ? &in->model : NULL);
    *ret_context = opened;
  }
  return r;
}

static void entities_context_close(void *context) {
  tagger_close(context);
}

/* Bytes of strings that a mention's row needs. */
static size_t heap_of(const mention *m) {
  size_t bytes = m->link.len;
  if (m->value != NULL) {
    bytes += m->value->unit.len + m->value->modifier.len + m->value->date_len + m->value->resolved_len;
  }
  return bytes;
}

typedef struct writer {
  qn_rows rows;
  uint32_t row;
  uint32_t used; /* bytes of heap */
} writer;

static void put_str(writer *w, uint32_t column, const char *data, size_t len) {
  qn_heap_str *cell = (qn_heap_str *)w->rows.columns[column] + w->row;
  if (len == 0) {
    *cell = (qn_heap_str){ QN_NO_ROW, 0 };
    return;
  }
  memcpy(w->rows.heap + w->used, data, len);
  *cell = (qn_heap_str){ w->rows.heap_base + w->used, (uint32_t)len };
  w->used += (uint32_t)len;
}

static void put_f64(writer *w, uint32_t column, double value) {
  ((double *)w->rows.columns[column])[w->row] = value;
}

static void put_mention(writer *w, const mention *m) {
  static const value_mention no_value = { .amount = NAN, .amount_max = NAN };
  const value_mention *value = m->value != NULL ? m->value : &no_value;
  w->rows.begin[w->row] = m->begin;
  w->rows.end[w->row] = m->end;
  ((uint32_t *)w->rows.columns[QN_ENTITY_TYPE])[w->row] = m->type;
  put_str(w, QN_ENTITY_LINK, m->link.data, m->link.len);
  put_f64(w, QN_ENTITY_SCORE, round((double)m->score * 1000) / 1000); /* more digits would be noise */
  put_f64(w, QN_ENTITY_AMOUNT, value->amount);
  put_f64(w, QN_ENTITY_AMOUNT_MAX, value->amount_max);
  put_str(w, QN_ENTITY_UNIT, value->unit.data, value->unit.len);
  put_str(w, QN_ENTITY_DATE, value->date, value->date_len);
  put_str(w, QN_ENTITY_RESOLVED, value->resolved, value->resolved_len);
  put_str(w, QN_ENTITY_MODIFIER, value->modifier.data, value->modifier.len);
  w->row++;
}

static int write_mentions(const instance *in, qn_call *call, const mention *mentions, uint32_t n) {
  writer w = { 0 };
  size_t heap = 0;
  for (uint32_t i = 0; i < n; i++) {
    heap += heap_of(&mentions[i]);
  }
  if (heap > UINT32_MAX / 2) {
    return -ENOMEM;
  }
  if (n == 0) {
    return 0;
  }
  int r = call->host->layer_reserve(call, ENTITIES_LAYER_ENTITY, n, (uint32_t)heap, &w.rows);
  if (r != 0) {
    return r;
  }
  for (uint32_t i = 0; i < n; i++) {
    if ((double)mentions[i].score >= in->min_score) {
      put_mention(&w, &mentions[i]);
    }
  }
  return call->host->layer_commit(call, ENTITIES_LAYER_ENTITY, w.row, w.used);
}

static qn_status fail_for(qn_call *call, int error) {
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory to find the entities of this document");
  }
  return qn_fail(call, QN_STATUS_FATAL, "host-refused", "the host refused a view or layer that entities declares");
}

static qn_status entities_process(void *opaque, void *context, qn_call *call) {
  const instance *in = opaque;
  const qn_host *host = call->host;
  scan_input input = { 0 };
  qn_value published = { 0 };
  const mention *mentions = NULL;
  uint32_t n = 0;
  int r = host->view_get(call, &input.view);
  if (r == 0) {
    r = host->layer_get(call, ENTITIES_LAYER_TOKEN, &input.tokens);
  }
  if (r == 0) {
    r = host->layer_get(call, ENTITIES_LAYER_PART, &input.parts);
  }
  if (r == 0) {
    r = host->layer_get(call, ENTITIES_LAYER_SENTENCE, &input.sentences);
  }
  if (r != 0) {
    return fail_for(call, r);
  }
  if (host->field_get(call, QN_LIT("published"), &published) != 0 || published.type != QN_VALUE_STR) {
    published.as.str = (qn_str){ NULL, 0 };
  }
  r = tagger_run(context, &input, published.as.str, &mentions, &n);
  if (r == 0) {
    r = write_mentions(in, call, mentions, n);
  }
  return r == 0 ? QN_STATUS_OK : fail_for(call, r);
}

static const qn_transform entities_table = {
  .size = sizeof(qn_transform),
  .create = entities_create,
  .destroy = entities_destroy,
  .context_open = entities_context_open,
  .context_close = entities_context_close,
  .process = entities_process,
};

static const qn_stage entities_stage = {
  .size = sizeof(qn_stage),
  .name = "entities",
  .transform = &entities_table,
};

static const qn_stage *const stages[] = { &entities_stage };

const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), 1, stages };
