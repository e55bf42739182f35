/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting for one document. */
#include "serve/trial.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct trial_body {
  trial trial;           /* must be first */
  pthread_mutex_t mutex; /* all that follows */
  pthread_cond_t ended;
  uint32_t n_holders;
  bool has_ended;
  int code; /* as trial_wait's */
  qn_error error;
  char *record;
  char text[]; /* media type, NUL, bytes */
} trial_body;

int trial_new(const char *media_type, const void *bytes, size_t len, trial **ret_trial) {
  size_t type_size = strlen(media_type) + 1;
  trial_body *made = calloc(1, sizeof *made + type_size + len);
  if (made == NULL) {
    return -ENOMEM;
  }
  memcpy(made->text, media_type, type_size);
  if (len > 0) {
    memcpy(made->text + type_size, bytes, len);
  }
  made->trial = (trial){ .media_type = made->text, .bytes = made->text + type_size, .len = len };
  made->n_holders = 2;
  pthread_mutex_init(&made->mutex, NULL);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&made->ended, &clock);
  pthread_condattr_destroy(&clock);
  *ret_trial = &made->trial;
  return 0;
}

/* [locked] Unlocks, and frees it if this was the last hold. */
static void let_go(trial_body *self) {
  bool is_last = --self->n_holders == 0;
  pthread_mutex_unlock(&self->mutex);
  if (is_last) {
    pthread_mutex_destroy(&self->mutex);
    pthread_cond_destroy(&self->ended);
    free(self->record);
    free(self);
  }
}

static int outcome_of(const runtime_end *end, char **ret_record, qn_error *error) {
  if (end == NULL) {
    return error_set(error, -ECANCELED, "ended", "the pipeline ended before the document had come out; try again");
  }
  if (end->outcome == QN_OUTCOME_DEAD_LETTERED) {
    return error_set(error, -EBADMSG, end->slug != NULL ? end->slug : "failed", "stage \"%s\": %s",
                     end->stage != NULL ? end->stage : "?", end->message != NULL ? end->message : "failed");
  }
  if (end->record == NULL) {
    return error_set(error, -ENODATA, "dropped",
                     "the document was dropped on its way: a condition or a stage did not want it");
  }
  *ret_record = strndup(end->record, end->record_bytes);
  return *ret_record != NULL ? 0 : error_set(error, -ENOMEM, "no-memory", "no memory for the record");
}

void trial_end(trial *of, const runtime_end *end) {
  trial_body *self = (trial_body *)of;
  pthread_mutex_lock(&self->mutex);
  self->code = outcome_of(end, &self->record, &self->error);
  self->has_ended = true;
  pthread_cond_signal(&self->ended);
  let_go(self);
}

int trial_wait(trial *of, uint32_t timeout_ms, char **ret_record, qn_error *error) {
  trial_body *self = (trial_body *)of;
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += timeout_ms / 1000;
  until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&self->mutex);
  int waited = 0;
  while (!self->has_ended && waited == 0) {
    waited = pthread_cond_timedwait(&self->ended, &self->mutex, &until);
  }
  int rc = 0;
  if (!self->has_ended) {
    rc = error_set(error, -ETIMEDOUT, "timed-out", "the document has not come out after %u ms", timeout_ms);
  } else if (self->code != 0) {
    *error = self->error;
    rc = self->code;
  } else {
    *ret_record = self->record;
    self->record = NULL;
  }
  let_go(self);
  return rc;
}
