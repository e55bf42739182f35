/* SPDX-License-Identifier: Apache-2.0 */

/* Which encoding bytes are in: told by a mark or a label, or found by what the bytes would mean. */
#ifndef DECODE_CHARSET_H
#define DECODE_CHARSET_H

#include <stddef.h>
#include <stdint.h>

typedef enum charset_kind {
  CHARSET_UTF8 = 0,
  CHARSET_UTF16LE,
  CHARSET_UTF16BE,
  CHARSET_NAMED /* any other: name is what ICU's converters know it by */
} charset_kind;

enum { CHARSET_NAME_MAX = 64 };

typedef struct charset {
  charset_kind kind;
  uint32_t bom_len;            /* bytes of the mark to leave out */
  uint32_t is_valid;           /* CHARSET_UTF8: every byte was looked at and is */
  char name[CHARSET_NAME_MAX]; /* for people and for the field "encoding": "utf-8", "windows-1256" */
} charset;

/* Finds the encoding. A byte-order mark wins; then bytes that are UTF-8 or UTF-16 beyond doubt; then a label of a
 * charset that fits; then what Arabic, or ICU's detector, makes of the bytes. Labels are as in media types and meta
 * elements; empty for none. */
void charset_find(const uint8_t *bytes, size_t len, const char *label, size_t label_len, charset *ret_charset);

/* The charset that a label names, made canonical; 0 or -ENOENT. */
int charset_by_label(const char *label, size_t label_len, charset *ret_charset);

/* How much the bytes look like Arabic words in a single-byte charset, from 0 to 1; the higher score is the likelier. */
typedef enum charset_arabic { ARABIC_WINDOWS_1256 = 0, ARABIC_ISO_8859_6 = 1 } charset_arabic;
double charset_arabic_score(const uint8_t *bytes, size_t len, charset_arabic which);

#endif
