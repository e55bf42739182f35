/* SPDX-License-Identifier: Apache-2.0 */

/* Log lines for the operator: one line a call, written at once, as text or JSON. Floor 1.
 *
 * Whoever talks to people on a terminal (the commands) prints itself; this is for what happens along the way. A target
 * is a value and holds no state, so any thread may write. */
#ifndef CORE_OBSERVE_LOG_H
#define CORE_OBSERVE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "qanat/status.h"

typedef enum log_format { LOG_TEXT = 0, LOG_JSON = 1 } log_format;

typedef struct log_target {
  int fd;
  uint32_t level; /* QN_LOG_*: what is louder or as loud is written */
  log_format format;
} log_target;

/* Standard error, with the level and format of QANAT_LOG: a level (error, warning, info, debug), "json", or both with
 * a comma; warnings as text if it is not set. Words it does not know are ignored. */
log_target log_target_standard(void);

/* Reads such words into target. 0, or -EINVAL for a word it does not know (the others still count). */
int log_target_parse(log_target *target, const char *words);

/* Writes one line; stage is the id of the stage that speaks, or NULL for Qanat itself. Control characters become spaces,
 * invalid UTF-8 is replaced, and a line has at most 4096 bytes, so that a pipe takes it whole. [any] */
void log_write(const log_target *target, uint32_t level, const char *stage, const char *text, size_t len);

/* The same of a document, by its id; empty: of none. */
void log_write_about(const log_target *target, uint32_t level, const char *stage, const char *document,
                     size_t document_len, const char *text, size_t len);

/* The same, as printf formats it. */
void log_print(const log_target *target, uint32_t level, const char *stage, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
