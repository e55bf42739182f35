/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts a text into shingles: runs of so many words or letters, each of which begins with the next one. Words are letters
 * and digits between anything else; letters of scripts that are written without spaces are words of their own. */
#ifndef DEDUPE_SHINGLES_H
#define DEDUPE_SHINGLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dedupe/print.h"

enum { SHINGLE_MAX = 32 };

typedef struct shingle_form {
  bool letters;
  uint32_t size; /* 1 to SHINGLE_MAX */
} shingle_form;

/* Fills ret_print with the shingles of valid UTF-8. A text of fewer units than a shingle has makes one of what it has. */
void shingles_make(const shingle_form *form, const uint8_t *text, size_t len, print *ret_print);

#endif
