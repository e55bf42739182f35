/* SPDX-License-Identifier: Apache-2.0 */

/* Why an input could not be read: a short name for programs and a sentence for people. Owned by the caller. */
#ifndef INPUT_FAULT_H
#define INPUT_FAULT_H

#include <stdarg.h>
#include <stdio.h>

typedef struct file_fault {
  const char *slug; /* a constant */
  char text[1024];
} file_fault;

__attribute__((format(printf, 3, 4))) static inline void fault_set(file_fault *fault, const char *slug,
                                                                   const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault->slug = slug;
  vsnprintf(fault->text, sizeof fault->text, format, args);
  va_end(args);
}

#endif
