/* SPDX-License-Identifier: Apache-2.0 */

/* Requests that are the worker's own to answer: metrics, status and the rest that it says it handles. They are passed on as they are,
 * since the worker has a token and rules of its own. */
#ifndef HTTP_CONTROL_H
#define HTTP_CONTROL_H

#include <stdbool.h>

#include "http/request.h"
#include "qanat/control.h"

/* True if the worker answers this target, as it stood in the request line. */
bool control_handles(const http_source *source, const char *target);

/* The body is whole: asks the worker. The request is answered at once if that fails, else later. */
void control_ask_worker(request *request);

/* The request does not wait for the answer any more. */
void control_forget(request *request);
/* After the host has closed everything: no answer comes any more. */
void control_done(http_source *source);

#endif
