/* SPDX-License-Identifier: Apache-2.0 */

/* The one C++ door of the plugin: CLD2 behind a C function. */
#ifndef PLUGINS_LANGID_DETECT_H
#define PLUGINS_LANGID_DETECT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct detect_result {
  const char *code; /* BCP 47, static; "" if unknown */
  double share;     /* of the text in that language, 0 to 1 */
  bool reliable;
} detect_result;

/* text is valid UTF-8. Safe from any thread. */
detect_result detect_language(const char *text, int len);

#ifdef __cplusplus
}
#endif

#endif
