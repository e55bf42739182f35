/* SPDX-License-Identifier: Apache-2.0 */

/* The langid stage: a sample of the text, CLD2's answer, two fields. */
#include <errno.h>
#include <string.h>

#include "detect.h"
#include "qanat/stage.h"

enum { PIECES = 3 };

typedef struct langid {
  const qn_host *host;
  qn_env *env;
  uint32_t sample_bytes;
  double min_share;
} langid;

/* One worker's room for a sample. */
typedef struct sample {
  const qn_host *host;
  qn_env *env;
  char bytes[];
} sample;

static int langid_create(qn_create *create, void **ret_instance) {
  langid *self = create->host->alloc(create->env, sizeof(*self));
  if (self == NULL) {
    return create->host->create_fail(create, QN_LIT("out of memory").data, QN_LIT("out of memory").len);
  }
  self->host = create->host;
  self->env = create->env;
  self->sample_bytes = (uint32_t)qn_config_i64(create, "/sample_bytes", 1024);
  self->min_share = qn_config_f64(create, "/min_share", 0.3);
  *ret_instance = self;
  return 0;
}

static void langid_destroy(void *instance) {
  langid *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static int langid_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  const langid *self = instance;
  sample *context = host->alloc(env, sizeof(*context) + self->sample_bytes);
  if (context == NULL) {
    return -ENOMEM;
  }
  context->host = host;
  context->env = env;
  *ret_context = context;
  return 0;
}

static void langid_context_close(void *context) {
  sample *self = context;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static uint32_t at_code_point(const qn_view *view, uint32_t offset) {
  while (offset > 0 && offset < view->len && (view->data[offset] & 0xC0) == 0x80) {
    offset--;
  }
  return offset;
}

/* Pieces from the start, the middle and near the end: a page's menu may be in another language than its article. */
static uint32_t take_sample(const langid *self, const qn_view *view, char *bytes) {
  uint32_t piece = self->sample_bytes / PIECES;
  uint32_t taken = 0;
  for (uint32_t i = 0; i < PIECES; i++) {
    uint32_t begin = at_code_point(view, (uint32_t)((uint64_t)(view->len - piece) * i / (PIECES - 1)));
    uint32_t end = at_code_point(view, begin + piece);
    memcpy(bytes + taken, view->data + begin, end - begin);
    taken += end - begin;
  }
  return taken;
}

static qn_status set_fields(qn_call *call, const detect_result *found) {
  qn_value language = { .type = QN_VALUE_STR };
  language.as.str = (qn_str){ found->code, strlen(found->code) };
  qn_value score = { .type = QN_VALUE_F64 };
  score.as.f64 = found->share;
  if (call->host->field_set(call, QN_LIT("language"), &language) != 0 ||
      call->host->field_set(call, QN_LIT("language_score"), &score) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-room", "the document has no room for the language fields");
  }
  return QN_STATUS_OK;
}

static qn_status langid_process(void *instance, void *context, qn_call *call) {
  const langid *self = instance;
  sample *room = context;
  qn_view view;
  if (call->host->view_get(call, &view) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "the document has no text; put decode before langid");
  }
  const char *text = (const char *)view.data;
  uint32_t len = view.len;
  if (len > self->sample_bytes) {
    len = take_sample(self, &view, room->bytes);
    text = room->bytes;
  }
  detect_result found = detect_language(text, (int)len);
  if (found.code[0] == '\0' || found.share < self->min_share) {
    return QN_STATUS_OK;
  }
  return set_fields(call, &found);
}

static const qn_transform transform = {
  .size = sizeof(qn_transform),
  .create = langid_create,
  .destroy = langid_destroy,
  .context_open = langid_context_open,
  .context_close = langid_context_close,
  .process = langid_process,
};

static const qn_stage stage = { .size = sizeof(qn_stage), .name = "langid", .transform = &transform };
static const qn_stage *const stages[] = { &stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
