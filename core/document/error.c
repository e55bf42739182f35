/* SPDX-License-Identifier: Apache-2.0 */

/* Fills the caller's error: one sentence, cut at a code point where it does not fit. */
#include "document/error.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Takes back the bytes of a code point that the end of the buffer cut in two. */
static void trim_to_code_point(char *text) {
  size_t len = strlen(text);
  size_t lead = len;
  while (lead > 0 && len - lead < 3 && ((unsigned char)text[lead - 1] & 0xC0) == 0x80) {
    lead--;
  }
  if (lead == 0) {
    return;
  }
  unsigned char first = (unsigned char)text[lead - 1];
  size_t want = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (first >= 0xC0 && len - (lead - 1) < want) {
    text[lead - 1] = '\0';
  }
}

int error_set(qn_error *error, int code, const char *slug, const char *format, ...) {
  if (error == NULL) {
    return code;
  }
  error->code = code;
  snprintf(error->slug, sizeof error->slug, "%s", slug != NULL ? slug : "");
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  if (len < 0) {
    error->message[0] = '\0';
  } else if ((size_t)len >= sizeof error->message) {
    trim_to_code_point(error->message);
  }
  return code;
}
