/* SPDX-License-Identifier: Apache-2.0 */

/* Where everything stands in a JSON text: a strict scan that maps JSON pointers to byte ranges.
 *
 * cJSON keeps no positions and forgives much (it takes "1.5.2" for a number and the first of two equal keys), so the
 * text is scanned here before cJSON sees it: what passes is plain JSON (RFC 8259), UTF-8, without NUL, of bounded depth
 * and size. Knows nothing of pipelines. Floor 3. */
#ifndef CORE_PIPELINE_POSITIONS_H
#define CORE_PIPELINE_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POSITIONS_BYTES_MAX = 8 * 1024 * 1024, POSITIONS_DEPTH_MAX = 64, POSITIONS_VALUES_MAX = 256 * 1024 };

typedef struct positions positions;

/* Byte offsets into the text, end exclusive. */
typedef struct text_range {
  size_t begin, end;
} text_range;

/* Told of each fault, with a sentence that says what to do. pointer: of the value it concerns, "" the whole. */
typedef void positions_report(void *arg, text_range range, const char *pointer, const char *message);

/* -EINVAL after a report if the text is not JSON; -ENOMEM. Equal keys in one object are reported too, but do not make
 * it fail: the first counts, as with cJSON. text is borrowed until positions_free; a NUL stands behind its len bytes. */
int positions_scan(const char *text, size_t len, positions_report *report, void *arg, positions **ret_positions);
void positions_free(positions *positions);

/* The range of the value at a JSON pointer, or of its key. If there is nothing, that of the nearest thing around it
 * (of a container: its first character); ret_exact says which. A root or array element has no key: its value then. */
text_range positions_find(const positions *positions, const char *pointer, bool at_key, bool *ret_exact);

/* Splits the next component off *pointer ("/a~1b/c"), decoded. The caller frees it; NULL at the end or for want of
 * memory (then *pointer is left). */
char *positions_component(const char **pointer);

#endif
