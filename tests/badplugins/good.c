/* SPDX-License-Identifier: Apache-2.0 */

/* A plugin that keeps every rule, built as a stranger would: from qanat/stage.h and qanat-manifest alone. It marks every
 * place of a word that its config names, and says so in a field; its data file holds a second word. */
#include <string.h>

#include "good_manifest.h"
#include "qanat/stage.h"

enum { WORD_MAX = 64, MARKS_MAX = 4096 };

typedef struct mark {
  const qn_host *host;
  qn_env *env;
  size_t lens[2];
  char words[2][WORD_MAX];
} mark;

static int word_set(qn_create *create, mark *self, unsigned which, qn_str word) {
  static const char why[] = "a word to mark must have 1 to 64 bytes";
  while (word.len > 0 && word.data[word.len - 1] == '\n') {
    word.len--;
  }
  if (word.len == 0 || word.len > WORD_MAX) {
    return create->host->create_fail(create, why, sizeof why - 1);
  }
  memcpy(self->words[which], word.data, word.len);
  self->lens[which] = word.len;
  return 0;
}

static int mark_create(qn_create *create, void **ret_instance) {
  static const char why[] = "no memory";
  qn_str standing;
  mark *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return create->host->create_fail(create, why, sizeof why - 1);
  }
  self->host = create->host;
  self->env = create->env;
  int rc = word_set(create, self, 0, qn_config_str(create, "/word"));
  if (rc == 0) {
    rc = create->host->data_open(create, "good.txt", &standing);
  }
  if (rc == 0) {
    rc = word_set(create, self, 1, standing);
  }
  if (rc != 0) {
    self->host->release(self->env, self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

static void mark_destroy(void *instance) {
  mark *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

/* The word that begins at this place, or -1. */
static int word_at(const mark *self, const qn_view *text, uint32_t at) {
  for (int i = 0; i < 2; i++) {
    if (self->lens[i] <= text->len - at && memcmp(text->data + at, self->words[i], self->lens[i]) == 0) {
      return i;
    }
  }
  return -1;
}

static qn_status mark_process(void *instance, void *context, qn_call *call) {
  const mark *self = instance;
  const qn_host *host = call->host;
  (void)context;
  qn_view text;
  qn_rows rows;
  if (host->view_get(call, &text) != 0 || host->layer_reserve(call, MARK_LAYER_TEST_MARK, MARKS_MAX, 0, &rows) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for marks");
  }
  uint32_t n = 0;
  for (uint32_t at = 0; at < text.len && n < MARKS_MAX;) {
    int word = word_at(self, &text, at);
    if (word < 0) {
      at++;
      continue;
    }
    rows.begin[n] = at;
    rows.end[n] = at + (uint32_t)self->lens[word];
    ((uint32_t *)rows.columns[TEST_MARK_WORD])[n] = word == 0 ? TEST_MARK_WORD_CONFIGURED : TEST_MARK_WORD_STANDING;
    at = rows.end[n++];
  }
  host->layer_commit(call, MARK_LAYER_TEST_MARK, n, 0);
  const qn_value count = { .type = QN_VALUE_I64, .as = { .i64 = n } };
  host->field_set(call, QN_LIT("marks"), &count);
  return QN_STATUS_OK;
}

static const qn_transform mark_transform = {
  .size = sizeof mark_transform, .create = mark_create, .destroy = mark_destroy, .process = mark_process
};
static const qn_stage mark_stage = { .size = sizeof mark_stage, .name = "mark", .transform = &mark_transform };
static const qn_stage *const stages[] = { &mark_stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
