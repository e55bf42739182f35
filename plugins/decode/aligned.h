/* SPDX-License-Identifier: Apache-2.0 */

/* Text under construction, with where each byte of it came from.
 *
 * Pieces are appended in the order of the source. A copy stands in the source as it is; a replacement stands for a
 * range of it as a unit. What lies between the pieces is left out. The arrays are kept from document to document. */
#ifndef DECODE_ALIGNED_H
#define DECODE_ALIGNED_H

#include <stddef.h>
#include <stdint.h>

typedef struct aligned_text {
  uint8_t *bytes;
  uint32_t len;
  uint32_t capacity;
  uint32_t *derived; /* where each run begins in bytes */
  uint32_t *base;    /* where it begins in the source */
  uint8_t *kind;     /* QN_RUN_COPY or QN_RUN_REPLACE */
  uint32_t n_runs;
  uint32_t run_capacity;
  uint32_t base_end; /* how far the last run reaches in the source */
} aligned_text;

void aligned_clear(aligned_text *text);
void aligned_done(aligned_text *text);

/* Appends n bytes that stand at `from` in the source. 0, -ENOMEM, -EFBIG (over 1 GiB). */
int aligned_copy(aligned_text *text, uint32_t from, const uint8_t *bytes, uint32_t n);

/* Appends n bytes that stand for [from, to) of the source. */
int aligned_replace(aligned_text *text, uint32_t from, uint32_t to, const uint8_t *bytes, uint32_t n);

/* Ends the text: what follows the last run in the source is left out. */
int aligned_finish(aligned_text *text, uint32_t source_len);

/* Takes upper, whose source is the text of lower, down to the source of lower; the result goes to target. */
int aligned_compose(aligned_text *target, const aligned_text *upper, const aligned_text *lower, uint32_t source_len);

#endif
