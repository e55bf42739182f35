/* SPDX-License-Identifier: Apache-2.0 */

/* In place of otlp.c where libcurl was not there when this was built. */
#include <errno.h>
#include <stdlib.h>

#include "serve/otlp.h"

int otlp_new(const otlp_options *options, otlp **ret_otlp, qn_error *error) {
  *ret_otlp = NULL;
  if (options->url == NULL) {
    return 0;
  }
  return error_set(error, -ENOTSUP, "no-traces",
                   "this qanat was built without libcurl and sends no traces: build it with libcurl4-openssl-dev "
                   "installed, or leave --traces out");
}

void otlp_free(otlp *otlp) {
  (void)otlp;
}

const tracer *otlp_tracer(const otlp *otlp) {
  (void)otlp;
  return NULL;
}

void otlp_counts(const otlp *otlp, uint64_t *ret_sent, uint64_t *ret_dropped) {
  (void)otlp;
  *ret_sent = 0;
  *ret_dropped = 0;
}
