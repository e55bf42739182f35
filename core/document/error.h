/* SPDX-License-Identifier: Apache-2.0 */

/* What went wrong, in one sentence for people: what, where and what to do. Owned by the caller. */
#ifndef CORE_DOCUMENT_ERROR_H
#define CORE_DOCUMENT_ERROR_H

#include <stdarg.h>

typedef struct qn_error {
  int code;           /* negative errno */
  char slug[49];      /* short constant name, or "" */
  char message[1024]; /* UTF-8, cut at a code point if longer */
} qn_error;

/* Fills error (which may be NULL) and returns code, so that callers can `return error_set(...)`. */
int error_set(qn_error *error, int code, const char *slug, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
