/* SPDX-License-Identifier: Apache-2.0 */

/* Where the kernel of normalize has to look: the classes of characters its rules speak of, and the scan to the next. */
#ifndef NORMALIZE_SCAN_H
#define NORMALIZE_SCAN_H

#include "rewrite.h"
#include "text/letters.h"

static inline int scan_is_hamza_mark(uint32_t code) {
  return code >= 0x0653 && code <= 0x0655;
}

static inline int scan_is_arabic_mark(uint8_t class) {
  return class == (LETTERS_MARK | LETTERS_SCRIPT_ARABIC << LETTERS_SCRIPT_SHIFT);
}

static inline int scan_is_line_end(uint32_t code) {
  return (code >= 0x0A && code <= 0x0D) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

/* Invisible characters that carry nothing for Arabic or Latin. Emoji tags and the like are not among them. */
int scan_is_invisible(uint32_t code);

/* A presentation form or full-width character that stands for letters. */
int scan_is_shape(uint32_t code);

/* True if a character by itself, whatever stands around it, may fall under a rule. Spaces are not asked. */
int scan_is_stop(uint32_t rules, uint32_t code);

/* The next place in text[pos..end) that is worth a look; end if there is none. */
uint32_t scan_next(const rewrite_plan *plan, const uint8_t *text, uint32_t pos, uint32_t end);

#endif
