/* SPDX-License-Identifier: Apache-2.0 */

/* A pipeline is read anew: the new edition is built and checked first, and only then does the old one end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/supervisor_body.h"
#include "serve/thread.h"

typedef struct loop_errand {
  sources *sources;
  edition *edition;
  qn_error *error;
} loop_errand;

static int errand_prepare(void *arg) {
  const loop_errand *errand = arg;
  return sources_prepare(errand->sources, errand->edition, errand->error);
}

static int errand_commit(void *arg) {
  const loop_errand *errand = arg;
  sources_commit(errand->sources);
  return 0;
}

static int errand_abort(void *arg) {
  const loop_errand *errand = arg;
  sources_abort(errand->sources);
  return 0;
}

static int on_loop(const supervisor *self, int (*run)(void *arg), edition *of, qn_error *error) {
  loop_errand errand = { self->sources, of, error };
  int rc = service_on_loop(self->parts->service, run, &errand);
  return rc == -ESHUTDOWN ? error_set(error, rc, "ending", "the worker is ending") : rc;
}

static void describe_faults(const faults *found, char *message, size_t size) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  if (stream != NULL) {
    faults_print(found, stream, false);
    fclose(stream);
  }
  snprintf(message, size, "%s", text != NULL ? text : "no memory");
  free(text);
}

/* The file as it is now. 0, or a negative errno with message filled. */
static int read_edition(const supervisor *self, edition **ret_edition, char *message, size_t size) {
  faults *found = NULL;
  if (faults_new(&found) != 0) {
    snprintf(message, size, "no memory");
    return -ENOMEM;
  }
  const service_options *options = self->parts->options;
  pthread_mutex_lock(self->parts->registry_mutex);
  int rc = edition_new(self->path, options->registry, options->sets, options->n_sets, ret_edition, found);
  pthread_mutex_unlock(self->parts->registry_mutex);
  if (rc != 0) {
    describe_faults(found, message, size);
  } else if (strcmp((*ret_edition)->plan->name, self->name) != 0) {
    snprintf(message, size,
             "the pipeline is now named \"%s\", and documents of \"%s\" may wait in the journal; restart the worker to "
             "rename it",
             (*ret_edition)->plan->name, self->name);
    edition_unref(*ret_edition);
    rc = -EINVAL;
  }
  faults_free(found);
  return rc;
}

static void keep_draining(supervisor *self, generation *of) {
  pthread_mutex_lock(&self->mutex);
  self->draining[self->n_draining++] = of;
  pthread_mutex_unlock(&self->mutex);
}

/* Until nothing more is taken from the journal by it, so that two do not take from one line; what it took and has not begun goes back, for the
 * new one to take in its order. One whose sources do not end in time is abandoned. */
static void end_sources(supervisor *self, generation *of) {
  static const _Atomic bool never = false;
  uint64_t until_ms = supervisor_clock_ms() + self->parts->options->drain_ms;
  bool is_abandoned = false;
  generation_stop(of);
  while (!generation_has_ended(of) && !runtime_sources_ended(generation_runtime(of))) {
    if (supervisor_clock_ms() >= supervisor_deadline(self, until_ms) && !is_abandoned) {
      generation_abandon(of);
      is_abandoned = true;
    }
    thread_nap(1, &never);
  }
  generation_return_taken(of);
}

/* Nothing runs: another try in a while. */
static void wait_for_another_try(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  self->state = PIPELINE_WAITING;
  self->due_ms = supervisor_clock_ms() + DELAY_MIN_MS;
  pthread_mutex_unlock(&self->mutex);
}

/* Both can live at once: the new one is there before the old one's sources end. */
static int swap_beside(supervisor *self, edition *next, qn_error *error) {
  generation *made = NULL;
  int rc = supervisor_build(self, next, &made, error);
  if (rc != 0) {
    return rc;
  }
  generation *old = supervisor_take_running(self, PIPELINE_SWAPPING);
  if (old != NULL) {
    end_sources(self, old);
    keep_draining(self, old);
  }
  rc = supervisor_launch(self, made, error);
  if (rc != 0) {
    wait_for_another_try(self);
  }
  return rc;
}

/* Both would own one output: the old one must be gone first, and comes back if the new one cannot be built. */
static int swap_after(supervisor *self, edition *next, qn_error *error) {
  generation *old = supervisor_take_running(self, PIPELINE_SWAPPING);
  edition *before = edition_ref(generation_edition(old));
  if (!supervisor_drain(self, old)) {
    edition_unref(before);
    return error_set(error, -ETIMEDOUT, "stuck", "the pipeline that ran does not end");
  }
  supervisor_bury(self, old);
  generation *made = NULL;
  int rc = supervisor_build(self, next, &made, error);
  rc = rc == 0 ? supervisor_launch(self, made, error) : rc;
  if (rc != 0) {
    qn_error again = { 0 };
    int back = supervisor_build(self, before, &made, &again);
    back = back == 0 ? supervisor_launch(self, made, &again) : back;
    if (back != 0) {
      supervisor_say(self, QN_LOG_ERROR, "the pipeline as it was cannot be started again: %s", again.message);
      wait_for_another_try(self);
    }
  }
  edition_unref(before);
  return rc;
}

/* Takes one out of the list that must be gone before the edition can run, or for which there is no more room. NULL: there is none. */
static generation *take_in_the_way(supervisor *self, const edition *next) {
  generation *found = NULL;
  pthread_mutex_lock(&self->mutex);
  for (uint32_t i = 0; found == NULL && i < self->n_draining; i++) {
    if (self->n_draining == DRAINING_MAX || edition_excludes(generation_edition(self->draining[i]), next)) {
      found = self->draining[i];
      self->draining[i] = self->draining[--self->n_draining];
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return found;
}

static int swap(supervisor *self, edition *next, qn_error *error) {
  for (generation *of = take_in_the_way(self, next); of != NULL; of = take_in_the_way(self, next)) {
    if (!supervisor_drain(self, of)) {
      return error_set(error, -ETIMEDOUT, "stuck", "a pipeline of an earlier reload does not end");
    }
    supervisor_bury(self, of);
  }
  pthread_mutex_lock(&self->mutex);
  bool excludes = self->running != NULL && edition_excludes(generation_edition(self->running), next);
  pthread_mutex_unlock(&self->mutex);
  return excludes ? swap_after(self, next, error) : swap_beside(self, next, error);
}

static int reload(supervisor *self, char *message, size_t size) {
  edition *next = NULL;
  qn_error error = { 0 };
  int rc = read_edition(self, &next, message, size);
  if (rc != 0) {
    return rc;
  }
  rc = on_loop(self, errand_prepare, next, &error);
  if (rc == 0) {
    rc = swap(self, next, &error);
    on_loop(self, rc == 0 ? errand_commit : errand_abort, next, &(qn_error){ 0 });
  }
  instance_pool_trim(self->pool);
  edition_unref(next);
  if (rc != 0) {
    snprintf(message, size, "%s", error.message);
  }
  return rc;
}

/* One picture of the file serves all who have asked so far. */
void supervisor_answer_requests(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  reload_request *asked = self->requests;
  self->requests = NULL;
  pthread_mutex_unlock(&self->mutex);
  char message[1024] = "";
  uint64_t n_before = instance_pool_reused(self->pool);
  int rc = reload(self, message, sizeof message);
  if (rc == 0) {
    supervisor_say(self, QN_LOG_INFO, "reloaded %s; %llu stages go on with what they have loaded", self->path,
                   (unsigned long long)(instance_pool_reused(self->pool) - n_before));
    supervisor_tell_orphans(self);
  } else {
    supervisor_say(self, QN_LOG_ERROR, "not reloaded, and the pipeline goes on as it was: %s", message);
    letters_note(self->letters, "reload", "reload", message);
  }
  pthread_mutex_lock(&self->mutex);
  self->last_reload_ok = rc == 0;
  self->last_reload_ms = thread_now_ms();
  self->n_failures = rc == 0 ? 0 : self->n_failures;
  memcpy(self->reload_message, message, sizeof message);
  while (asked != NULL) {
    reload_request *next = asked->next;
    asked->code = rc;
    memcpy(asked->message, message, sizeof message);
    asked->done = true;
    if (!asked->is_waited_for) {
      free(asked);
    }
    asked = next;
  }
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

void supervisor_refuse_requests(supervisor *self) {
  pthread_mutex_lock(&self->mutex);
  while (self->requests != NULL) {
    reload_request *asked = self->requests;
    self->requests = asked->next;
    asked->code = -ESHUTDOWN;
    snprintf(asked->message, sizeof asked->message, "the worker is ending");
    asked->done = true;
    if (!asked->is_waited_for) {
      free(asked);
    }
  }
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

/* --- for others --- */

int supervisor_reload(supervisor *self, char *message, size_t size) {
  reload_request *asked = calloc(1, sizeof *asked);
  if (asked == NULL) {
    return -ENOMEM;
  }
  asked->is_waited_for = message != NULL;
  pthread_mutex_lock(&self->mutex);
  if (self->stopping || atomic_load(&self->has_ended)) {
    pthread_mutex_unlock(&self->mutex);
    free(asked);
    return -ESHUTDOWN;
  }
  asked->next = self->requests;
  self->requests = asked;
  pthread_cond_broadcast(&self->changed);
  if (message == NULL) {
    pthread_mutex_unlock(&self->mutex);
    return 0;
  }
  while (!asked->done) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  int rc = asked->code;
  snprintf(message, size, "%s", asked->message);
  free(asked);
  return rc;
}
