/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.control/1": for sources with a port of their own that speaks HTTP, so that the worker's control answers
 * there too: /metrics, /-/healthy, /-/ready, /-/status and the rest that stands in docs/operating.md.
 *
 * Get it with host->extension(env, QN_CONTROL_1) in create; there is one only in a worker (`qanat serve`). The worker decides what may
 * be asked: what changes anything or shows documents takes the control token, if the worker has one, and is refused there if not. */
#ifndef QANAT_CONTROL_H
#define QANAT_CONTROL_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_CONTROL_1 "qanat.control/1"

/* Of a body that is larger, nothing need be read: the answer is 413. */
enum { QN_CONTROL_BODY_MAX = 8 * 1024 * 1024 };

/* A request, lent for the length of the call. Headers that were not sent are empty. */
typedef struct qn_control_request {
  uint32_t size;
  uint32_t reserved;
  qn_str method;        /* "GET" */
  qn_str target;        /* as in the request line: path and query */
  qn_str content_type;  /* the header of this name */
  qn_str authorization; /* likewise */
  qn_str marker;        /* X-Qanat: what a page of another origin cannot send */
  qn_str origin;        /* Origin */
  qn_str host;          /* Host */
  const uint8_t *body;
  size_t body_bytes;
} qn_control_request;

/* The answer, lent for the length of the callback. Send X-Content-Type-Options: nosniff and Cache-Control: no-store with it. */
typedef struct qn_control_answer {
  uint32_t size;
  uint32_t status; /* of HTTP */
  qn_str content_type;
  qn_str policy; /* Content-Security-Policy, or empty */
  qn_str allow;  /* Allow, with 405, or empty */
  const uint8_t *body;
  size_t body_bytes;
} qn_control_answer;

typedef struct qn_control {
  uint32_t size;
  uint32_t reserved;

  /* Whether the worker answers this target: 1 or 0. [any] */
  int (*handles)(qn_env *env, qn_str target);

  /* Answers: callback is called once, on the loop and not before answer returns, unless the stage is destroyed first. It may take as
   * long as a reload does. 0, -EAGAIN (too many wait: say 503), -ENOMEM, -EINVAL. [loop] */
  int (*answer)(qn_env *env, const qn_control_request *request,
                void (*callback)(void *arg, const qn_control_answer *answer), void *arg);
} qn_control;

#ifdef __cplusplus
}
#endif

#endif
