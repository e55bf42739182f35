/* SPDX-License-Identifier: Apache-2.0 */

/* What a page says about itself outside its text: title, date, author, language, encoding. */
#ifndef DECODE_HTML_FACTS_H
#define DECODE_HTML_FACTS_H

#include "decode/html_scan.h"

enum { FACT_TITLE_BYTES = 1024, FACT_BYLINE_BYTES = 256, FACT_LANGUAGE_BYTES = 36, FACT_DATE_BYTES = 10 };

/* One fact, and how much its place is to be trusted: a later one of higher rank replaces it. */
typedef struct html_fact {
  uint32_t rank; /* 0: there is none */
  uint32_t len;
} html_fact;

typedef struct html_facts {
  html_fact title, published, byline, language;
  char title_text[FACT_TITLE_BYTES];
  char published_text[FACT_DATE_BYTES]; /* 2026-01-16 */
  char byline_text[FACT_BYLINE_BYTES];
  char language_text[FACT_LANGUAGE_BYTES];
} html_facts;

void html_facts_init(html_facts *facts);

/* Takes what a start tag says: html lang, meta, time. */
void html_facts_tag(html_facts *facts, const html_scan *scan, const html_token *tag);

/* Takes the contents of the raw text element that tag began: title, and JSON-LD in scripts. */
void html_facts_raw(html_facts *facts, const html_scan *scan, const html_token *tag, const html_token *text);

/* The charset that the first bytes of a page, in any encoding that ASCII is a part of, declare: in meta elements or the
 * XML declaration. False: none. */
bool html_declared_charset(const uint8_t *bytes, size_t len, qn_str *ret_label);

#endif
