/* SPDX-License-Identifier: Apache-2.0 */

/* A page's text: a line a block, a blank line between paragraphs, white space collapsed as a browser does, each
 * piece aligned to the source. Scripts, styles, forms' choices and hidden elements are left out. */
#ifndef DECODE_HTML_TEXT_H
#define DECODE_HTML_TEXT_H

#include "decode/aligned.h"
#include "decode/html_facts.h"

/* source[begin..len) is UTF-8 without NUL; offsets count from source. text is cleared first. 0, -ENOMEM, -EFBIG. */
int html_text(const uint8_t *source, uint32_t begin, uint32_t len, aligned_text *text, html_facts *facts);

/* True if the bytes (in an encoding that ASCII is a part of) begin like a page. */
bool html_is_page(const uint8_t *bytes, size_t len);

#endif
