/* SPDX-License-Identifier: Apache-2.0 */

/* Times as people write them in arguments and test files. Floor 5. */
#ifndef CORE_COMMAND_TIME_TEXT_H
#define CORE_COMMAND_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Reads 2026-01-16, 2026-01-16T12:00:00Z (UTC, with or without the Z) or milliseconds since 1970. */
bool time_text_read(const char *text, int64_t *ret_ms);

#endif
