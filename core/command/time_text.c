/* SPDX-License-Identifier: Apache-2.0 */

/* A date, a date and time in UTC, or milliseconds. */
#include "command/time_text.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

bool time_text_read(const char *text, int64_t *ret_ms) {
  static const char *const formats[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d" };
  char *end;
  errno = 0;
  long long ms = strtoll(text, &end, 10);
  if (text[0] != '\0' && *end == '\0' && errno == 0) {
    *ret_ms = ms;
    return true;
  }
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    struct tm time = { 0 };
    const char *rest = strptime(text, formats[i], &time);
    if (rest != NULL && *rest == '\0') {
      *ret_ms = (int64_t)timegm(&time) * 1000;
      return true;
    }
  }
  return false;
}
