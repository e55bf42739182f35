/* SPDX-License-Identifier: Apache-2.0 */

/* The worker's control: what can be asked of it and told to it, whatever brings the question. HTTP is control_http.h, a stage's own
 * port control_lend.h. Floor 4.
 *
 * Requests that may take long (a reload, a try, dead letters) wait for one of a few threads; there is a bound to how many. */
#ifndef CORE_SERVE_CONTROL_H
#define CORE_SERVE_CONTROL_H

#include "document/error.h"
#include "qanat/control.h"
#include "serve/service.h"

enum {
  CONTROL_THREADS = 3,
  CONTROL_WAITING_MAX = 32,
  CONTROL_BODY_MAX = QN_CONTROL_BODY_MAX,
  CONTROL_TARGET_MAX = 4096
};

/* What whoever asks may have. */
typedef enum control_trust {
  CONTROL_NOTHING = 0, /* the page without its data, and whether the worker is well */
  CONTROL_READS = 1,   /* also figures, and the names of what failed */
  CONTROL_ALL = 2      /* also documents, and all that changes something */
} control_trust;

typedef struct control_request {
  qn_str method, target; /* as in the request line */
  qn_str content_type;
  bool marked; /* it has the header X-Qanat */
  control_trust trust;
  qn_str body;
} control_request;

typedef struct control_answer {
  uint32_t status;          /* of HTTP */
  const char *content_type; /* a constant */
  const char *allow;        /* a constant: with 405; else NULL */
  char policy[320];         /* Content-Security-Policy, or "" */
  char *body;               /* owned */
  size_t body_bytes;
} control_answer;

typedef struct control control;

typedef struct control_options {
  service *service; /* borrowed; outlives the control */
  const char *version;
  /* Spans of traces that were sent and lost; NULL: there are none. [any] */
  void (*traces)(void *arg, uint64_t *ret_sent, uint64_t *ret_dropped);
  void *arg;
} control_options;

int control_new(const control_options *options, control **ret_control, qn_error *error);
/* What waits, and what is asked from now on, is answered with 503; what runs is not disturbed. [any] */
void control_end(control *control);
/* The same, and waits for what runs. NULL is fine. */
void control_free(control *control);

/* Whether the target is the control's to answer. */
bool control_handles(qn_str target);
/* Whether control_answer_now returns at once. */
bool control_is_quick(const control_request *request);

/* Answers in the calling thread. Not on the service's loop unless it is quick. */
void control_answer_now(control *control, const control_request *request, control_answer *ret_answer);
void control_answer_done(control_answer *answer);

/* Answers on one of the control's threads: copies the request, then calls done once with an answer that is done's own. 0, -EAGAIN (too
 * many wait), -ENOMEM. [any] */
int control_ask(control *control, const control_request *request, void (*done)(void *arg, control_answer *answer),
                void *arg);

/* An answer that says what is wrong, as application/problem+json. */
void control_refuse(control_answer *answer, uint32_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
