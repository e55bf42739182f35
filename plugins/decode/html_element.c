/* SPDX-License-Identifier: Apache-2.0 */

/* The elements that matter, sorted by name. */
#include "decode/html_element.h"

#include <stddef.h>
#include <string.h>

#define LINE ELEMENT_LINE
#define PARA (ELEMENT_LINE | ELEMENT_PARAGRAPH)
#define BLOCK (ELEMENT_LINE | ELEMENT_PARAGRAPH | ELEMENT_CLOSED)

static const struct element {
  char name[12];
  uint16_t traits;
} elements[] = {
  { "a", ELEMENT_LINK },
  { "address", BLOCK },
  { "article", BLOCK },
  { "aside", BLOCK },
  { "audio", ELEMENT_SKIP },
  { "blockquote", BLOCK },
  { "body", PARA },
  { "br", ELEMENT_BREAK },
  { "button", LINE | ELEMENT_CLOSED },
  { "canvas", ELEMENT_SKIP },
  { "caption", LINE },
  { "center", BLOCK },
  { "datalist", ELEMENT_SKIP },
  { "dd", LINE },
  { "details", BLOCK },
  { "dialog", BLOCK },
  { "dir", BLOCK },
  { "div", LINE | ELEMENT_CLOSED },
  { "dl", BLOCK },
  { "dt", LINE },
  { "fieldset", BLOCK },
  { "figcaption", LINE },
  { "figure", BLOCK },
  { "footer", BLOCK },
  { "form", BLOCK },
  { "h1", BLOCK },
  { "h2", BLOCK },
  { "h3", BLOCK },
  { "h4", BLOCK },
  { "h5", BLOCK },
  { "h6", BLOCK },
  { "header", BLOCK },
  { "hgroup", BLOCK },
  { "hr", PARA },
  { "iframe", ELEMENT_SKIP | ELEMENT_RAW },
  { "label", LINE },
  { "legend", LINE },
  { "li", LINE },
  { "main", BLOCK },
  { "map", ELEMENT_SKIP },
  { "math", ELEMENT_SKIP },
  { "menu", BLOCK },
  { "nav", BLOCK },
  { "noembed", ELEMENT_SKIP | ELEMENT_RAW },
  { "noframes", ELEMENT_SKIP | ELEMENT_RAW },
  { "noscript", ELEMENT_SKIP | ELEMENT_RAW },
  { "object", ELEMENT_SKIP },
  { "ol", BLOCK },
  { "option", LINE },
  { "p", PARA },
  { "pre", BLOCK | ELEMENT_PRE },
  { "script", ELEMENT_SKIP | ELEMENT_RAW },
  { "search", BLOCK },
  { "section", BLOCK },
  { "select", ELEMENT_SKIP },
  { "style", ELEMENT_SKIP | ELEMENT_RAW },
  { "summary", LINE },
  { "svg", ELEMENT_SKIP },
  { "table", BLOCK },
  { "tbody", LINE },
  { "td", ELEMENT_CELL },
  { "template", ELEMENT_SKIP },
  { "textarea", ELEMENT_SKIP | ELEMENT_RAW },
  { "tfoot", LINE },
  { "th", ELEMENT_CELL },
  { "thead", LINE },
  { "title", ELEMENT_SKIP | ELEMENT_RAW },
  { "tr", LINE },
  { "ul", BLOCK },
  { "video", ELEMENT_SKIP },
  { "xmp", LINE | ELEMENT_RAW },
};

uint32_t html_element(const char *name) {
  size_t low = 0, high = sizeof elements / sizeof elements[0];
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(elements[middle].name, name);
    if (order == 0) {
      return elements[middle].traits;
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 0;
}
