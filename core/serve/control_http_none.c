/* SPDX-License-Identifier: Apache-2.0 */

/* In place of control_http.c where libmicrohttpd was not there when this was built. */
#include <errno.h>

#include "serve/control_http.h"

bool control_http_is_there(void) {
  return false;
}

int control_http_start(const control_http_options *options, control_http **ret_http, qn_error *error) {
  (void)options;
  (void)ret_http;
  return error_set(error, -ENOTSUP, "no-control",
                   "this qanat was built without libmicrohttpd and has no control by HTTP: build it with "
                   "libmicrohttpd-dev installed, or say --control off");
}

const char *control_http_address(const control_http *http) {
  (void)http;
  return "";
}

void control_http_stop(control_http *http) {
  (void)http;
}
