/* SPDX-License-Identifier: Apache-2.0 */

/* What an element does to the text it stands in. */
#ifndef DECODE_HTML_ELEMENT_H
#define DECODE_HTML_ELEMENT_H

#include <stdint.h>

enum {
  ELEMENT_LINE = 1,      /* begins and ends a line */
  ELEMENT_PARAGRAPH = 2, /* ... with a blank line around */
  ELEMENT_CELL = 4,      /* of a table row: set off by a tab */
  ELEMENT_BREAK = 8,     /* br */
  ELEMENT_SKIP = 16,     /* its contents are no text of the page */
  ELEMENT_RAW = 32,      /* its contents are no markup */
  ELEMENT_PRE = 64,      /* white space counts */
  ELEMENT_LINK = 128,    /* two of them side by side are not one word */
  ELEMENT_CLOSED = 256   /* always has an end tag, so that it can be skipped when hidden */
};

/* The traits of an element; 0 for inline and unknown ones. */
uint32_t html_element(const char *name);

#endif
