/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts HTML into text and tags, as the HTML standard's tokenizer does, without changing or copying a byte.
 *
 * Comments, doctypes and processing instructions are passed over. What stands in a raw text element (script, style,
 * title, ...) comes as one text token, once the caller has said that the element is one. */
#ifndef DECODE_HTML_SCAN_H
#define DECODE_HTML_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qanat/doc.h"

typedef enum html_kind { HTML_END_OF_INPUT = 0, HTML_TEXT, HTML_OPEN, HTML_CLOSE } html_kind;

enum { HTML_NAME_MAX = 16 }; /* longer element names are cut; no known one is so long */

typedef struct html_token {
  html_kind kind;
  uint32_t begin, end;       /* in the source */
  char name[HTML_NAME_MAX];  /* tags: of the element, lower case */
  uint32_t attributes_begin; /* HTML_OPEN: where they stand */
  uint32_t attributes_end;
} html_token;

typedef struct html_scan {
  const uint8_t *source; /* UTF-8 without NUL */
  uint32_t len;
  uint32_t at;
} html_scan;

/* The next token; false at the end. */
bool html_scan_next(html_scan *scan, html_token *ret_token);

/* Right after the start tag of a raw text element: the text up to its end tag, which comes next. */
void html_scan_raw(html_scan *scan, const char *name, html_token *ret_text);

/* The value of a tag's attribute (lower-case name), as it stands in the source, entities and all; false: none. */
bool html_attribute(const html_scan *scan, const html_token *tag, const char *name, qn_str *ret_value);

static inline bool html_is_space(uint8_t byte) {
  return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r' || byte == '\f';
}

#endif
