/* SPDX-License-Identifier: Apache-2.0 */

/* Splits a text at its newlines, as many lines a call as there is credit for; where it is stands in the context. */
#include <errno.h>

#include "sound.h"

BAD_NOTE(SOUND_MANIFEST("transform", "sound-splits", ",\"splits\":true"));

BAD_LIFE

typedef struct place {
  const qn_host *host;
  qn_env *env;
  uint32_t at;      /* in the text; 0: at its begin */
  uint64_t ordinal; /* of the next line */
} place;

static int context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  place *self = host->alloc(env, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  *self = (place){ host, env, 0, 0 };
  *ret_context = self;
  return 0;
}

static void context_close(void *context) {
  place *self = context;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static int emit_line(const place *self, qn_call *call, const uint8_t *bytes, uint32_t len) {
  uint8_t *room;
  const qn_emit part = { .ordinal = self->ordinal };
  int rc = call->host->emit_reserve(call, len, &room);
  if (rc != 0) {
    return rc;
  }
  if (len > 0) {
    memcpy(room, bytes, len);
  }
  return call->host->emit_commit(call, len, &part);
}

/* The next document begins at its begin. */
static qn_status end(place *self, qn_status status) {
  self->at = 0;
  self->ordinal = 0;
  return status;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  place *self = context;
  qn_view text;
  (void)instance;
  if (call->host->view_get(call, &text) != 0) {
    return end(self, qn_fail(call, QN_STATUS_REJECT, "no-text", "there is no text"));
  }
  while (self->at < text.len) {
    const uint8_t *begin = text.data + self->at;
    const uint8_t *stop = memchr(begin, '\n', text.len - self->at);
    uint32_t len = stop != NULL ? (uint32_t)(stop - begin) : text.len - self->at;
    int rc = emit_line(self, call, begin, len);
    if (rc == -EAGAIN) {
      return QN_STATUS_MORE;
    }
    if (rc != 0) {
      return end(self, qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a line"));
    }
    self->at += len + (stop != NULL);
    self->ordinal++;
  }
  return end(self, QN_STATUS_OK);
}

static const qn_transform transform = { .size = sizeof transform,
                                        .create = create,
                                        .destroy = destroy,
                                        .context_open = context_open,
                                        .context_close = context_close,
                                        .process = process };
SOUND_DESCRIPTOR("sound-splits", transform);
