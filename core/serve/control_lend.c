/* SPDX-License-Identifier: Apache-2.0 */

/* A question goes to the control's threads and its answer comes back by a bell. Every open question stands in a list, so that those
 * of a stage that goes can be forgotten. */
#include "serve/control_lend.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/host.h"

typedef struct question {
  struct question *next;
  control_lend *lend;
  const qn_env *env; /* NULL: nobody waits any more [loop] */
  void (*callback)(void *arg, const qn_control_answer *answer);
  void *arg;
  bool answered; /* under the mutex; then answer is there */
  control_answer answer;
} question;

struct control_lend {
  loop *loop;
  bell bell;
  question *open;        /* all that were not told yet [loop] */
  pthread_mutex_t mutex; /* what follows, and question.answered */
  control *control;
  control_token token;
};

/* --- answers [loop] --- */

static qn_str str_of(const char *text) {
  return (qn_str){ text != NULL ? text : "", text != NULL ? strlen(text) : 0 };
}

static void tell(question *it) {
  const control_answer *from = &it->answer;
  const qn_control_answer answer = { .size = sizeof answer,
                                     .status = from->status,
                                     .content_type = str_of(from->content_type),
                                     .policy = str_of(from->policy),
                                     .allow = str_of(from->allow),
                                     .body = (const uint8_t *)from->body,
                                     .body_bytes = from->body_bytes };
  if (it->env != NULL) {
    it->callback(it->arg, &answer);
  }
  control_answer_done(&it->answer);
  free(it);
}

/* Takes one that has been answered out of the list; NULL: there is none. */
static question *take_answered(control_lend *self) {
  pthread_mutex_lock(&self->mutex);
  question **link = &self->open;
  while (*link != NULL && !(*link)->answered) {
    link = &(*link)->next;
  }
  question *found = *link;
  if (found != NULL) {
    *link = found->next;
  }
  pthread_mutex_unlock(&self->mutex);
  return found;
}

/* One at a time: a callback may ask again, or end its stage. */
static void tell_all(void *arg) {
  question *it;
  while ((it = take_answered(arg)) != NULL) {
    tell(it);
  }
}

/* [a thread of the control] */
static void on_answer(void *arg, control_answer *answer) {
  question *it = arg;
  control_lend *lend = it->lend;
  pthread_mutex_lock(&lend->mutex);
  it->answer = *answer;
  it->answered = true;
  pthread_mutex_unlock(&lend->mutex); /* from here on the question is the loop's */
  answer->body = NULL;
  loop_ring(lend->loop, &lend->bell);
}

/* --- the table --- */

static int lend_handles(qn_env *env, qn_str target) {
  return env->control != NULL && control_handles(target);
}

static int ask(control_lend *self, question *it, const qn_control_request *request) {
  const control_headers headers = { request->host, request->origin, request->authorization };
  control_answer refusal;
  pthread_mutex_lock(&self->mutex);
  control *asked = self->control;
  control_trust trust = control_guard(&self->token, DOOR_OPEN, &headers, &refusal);
  pthread_mutex_unlock(&self->mutex);
  if (refusal.status != 0) {
    on_answer(it, &refusal);
    return 0;
  }
  const control_request copied = { .method = request->method,
                                   .target = request->target,
                                   .content_type = request->content_type,
                                   .marked = request->marker.len > 0,
                                   .trust = trust,
                                   .body = { (const char *)request->body, request->body_bytes } };
  return asked != NULL ? control_ask(asked, &copied, on_answer, it) : -EAGAIN;
}

static int lend_answer(qn_env *env, const qn_control_request *request,
                       void (*callback)(void *arg, const qn_control_answer *answer), void *arg) {
  control_lend *self = env->control;
  if (self == NULL || request == NULL || callback == NULL || request->size < sizeof *request ||
      request->target.len > CONTROL_TARGET_MAX || request->body_bytes > CONTROL_BODY_MAX) {
    return -EINVAL;
  }
  question *it = calloc(1, sizeof *it);
  if (it == NULL) {
    return -ENOMEM;
  }
  *it = (question){ .next = self->open, .lend = self, .env = env, .callback = callback, .arg = arg };
  pthread_mutex_lock(&self->mutex);
  self->open = it;
  pthread_mutex_unlock(&self->mutex);
  int rc = ask(self, it, request);
  if (rc != 0) {
    pthread_mutex_lock(&self->mutex);
    self->open = it->next; /* only the loop adds, so it is still the first */
    pthread_mutex_unlock(&self->mutex);
    free(it);
  }
  return rc;
}

const void *control_lend_extension(void) {
  static const qn_control table = { .size = sizeof table, .handles = lend_handles, .answer = lend_answer };
  return &table;
}

void control_lend_forget(control_lend *self, const qn_env *env) {
  for (question *it = self != NULL ? self->open : NULL; it != NULL; it = it->next) {
    it->env = it->env == env ? NULL : it->env;
  }
}

/* --- its life --- */

int control_lend_new(loop *on, control_lend **ret_lend) {
  control_lend *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->loop = on;
  bell_init(&made->bell, tell_all, made);
  pthread_mutex_init(&made->mutex, NULL);
  *ret_lend = made;
  return 0;
}

void control_lend_attach(control_lend *self, control *to, const control_token *token) {
  pthread_mutex_lock(&self->mutex);
  self->control = to;
  self->token = token != NULL ? *token : (control_token){ 0 };
  pthread_mutex_unlock(&self->mutex);
}

void control_lend_free(control_lend *self) {
  if (self == NULL) {
    return;
  }
  while (atomic_load(&self->bell.rung)) {
    uv_run(&self->loop->uv, UV_RUN_NOWAIT); /* it must not run when it is gone */
  }
  while (self->open != NULL) {
    question *it = self->open;
    self->open = it->next;
    control_answer_done(&it->answer);
    free(it);
  }
  pthread_mutex_destroy(&self->mutex);
  free(self);
}
