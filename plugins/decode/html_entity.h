/* SPDX-License-Identifier: Apache-2.0 */

/* Character references: &amp; &#1575; &#x627; and all names of the HTML standard. */
#ifndef DECODE_HTML_ENTITY_H
#define DECODE_HTML_ENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTML_ENTITY_BYTES = 8 }; /* the most that one stands for */

/* The reference that the '&' at text[0] begins: returns its length and writes what it stands for as UTF-8; 0 if it
 * begins none. In attributes a name without ';' before a letter, a digit or '=' is none. */
uint32_t html_entity(const uint8_t *text, uint32_t len, bool in_attribute, uint8_t out[HTML_ENTITY_BYTES],
                     uint32_t *ret_len);

/* Decodes the references in text and collapses white space, cut to capacity at a character. Returns the length. */
size_t html_entity_decode(const char *text, size_t len, bool in_attribute, char *out, size_t capacity);

/* The names, generated from the standard's list (generate-entities): sorted bytewise, without '&', some with ';'. */
typedef struct html_entity_name {
  const char *name;
  const char *utf8;
} html_entity_name;

extern const html_entity_name html_entity_names[];
extern const uint32_t html_entity_n_names;

#endif
