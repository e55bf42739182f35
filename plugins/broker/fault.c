/* SPDX-License-Identifier: Apache-2.0 */

/* Faults, filled by whoever met them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "broker/broker.h"

static void fill(broker_fault *self, int code, bool is_permanent, const char *slug, const char *format, va_list args) {
  *self = (broker_fault){ .code = code, .is_permanent = is_permanent };
  snprintf(self->slug, sizeof self->slug, "%s", slug);
  vsnprintf(self->text, sizeof self->text, format, args);
}

int broker_fault_set(broker_fault *self, int code, const char *slug, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fill(self, code, false, slug, format, args);
  va_end(args);
  return code;
}

int broker_fault_final(broker_fault *self, int code, const char *slug, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fill(self, code, true, slug, format, args);
  va_end(args);
  return code;
}
