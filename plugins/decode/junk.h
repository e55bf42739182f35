/* SPDX-License-Identifier: Apache-2.0 */

/* Tells what is no text: files of other kinds, and bytes that mean nothing. Also which language a script speaks for. */
#ifndef DECODE_JUNK_H
#define DECODE_JUNK_H

#include <stddef.h>
#include <stdint.h>

/* What the bytes are if they begin like a file of a kind that is no text, e.g. "a PDF file"; else NULL. */
const char *junk_kind(const uint8_t *bytes, size_t len);

/* Characters and control characters (without tab and line ends) in the first part of UTF-8 text. */
void junk_count(const uint8_t *text, size_t len, uint64_t *ret_characters, uint64_t *ret_controls);

/* The language that the letters of UTF-8 text speak for, if most are Arabic ones: "ar", "fa" or "ur"; else NULL. */
const char *junk_language(const uint8_t *text, size_t len);

#endif
