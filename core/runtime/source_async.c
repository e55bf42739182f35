/* SPDX-License-Identifier: Apache-2.0 */

/* The async form of sources: callbacks on the loop, credit asked for rather than waited for. */
#include <errno.h>
#include <string.h>

#include "runtime/source.h"

static void fail(source *self, const char *said) {
  qn_error *error = &self->call.error;
  if (error->message[0] == '\0') {
    error_set(error, -EPROTO, "no-message", "%s without saying why: a fault of the plugin", said);
  }
  runtime_fail(self->runtime, self->stage, error);
}

static void on_complete(completion *ended) {
  source *self = ended->arg;
  if (ended->status != QN_STATUS_OK) {
    self->call.error = ended->error;
    fail(self, "ended as failed");
  }
  source_ended(self);
}

void source_async_init(source *self) {
  completion_init(&self->runtime->completions, &self->completion, on_complete, self);
}

int source_async_start(source *in, qn_error *error) {
  (void)error;
  const qn_source *table = in->stage->table->source;
  source_call_begin(in);
  in->call.call.ticket = completion_open(&in->runtime->completions, &in->completion);
  qn_status status = table->start(in->stage->self, &in->call.call);
  if (status == QN_STATUS_PENDING) {
    return 0;
  }
  /* It may have completed and returned something else besides; then the completion counts. */
  if (completion_revoke(&in->runtime->completions, in->call.call.ticket) != 0) {
    return 0;
  }
  if (status != QN_STATUS_OK) {
    fail(in, "failed to start");
  }
  source_ended(in);
  return 0;
}

void source_async_stop(source *in) {
  const qn_source *table = in->stage->table->source;
  if (table->stop != NULL) {
    table->stop(in->stage->self, &in->call.call);
  }
}

void source_async_credit(source *in) {
  if (!in->running || !in->starved) {
    return;
  }
  in->starved = false;
  admission_sated(&in->runtime->admission);
  activity_begin(&in->runtime->activity);
  const qn_source *table = in->stage->table->source;
  if (table->credit != NULL && !in->stopped) {
    table->credit(in->stage->self, &in->call.call);
  }
}
