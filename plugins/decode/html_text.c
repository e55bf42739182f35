/* SPDX-License-Identifier: Apache-2.0 */

/* Builds the text of a page from its tokens. */
#include "decode/html_text.h"

#include <string.h>
#include <strings.h>

#include "decode/html_element.h"
#include "decode/html_entity.h"

/* What separates the next piece of text from the last one, weakest first. */
typedef enum separator {
  SEPARATE_NONE = 0,
  SEPARATE_SPACE,
  SEPARATE_CELL,
  SEPARATE_LINE,
  SEPARATE_PARAGRAPH
} separator;

typedef struct page_text {
  html_scan scan;
  aligned_text *text;
  html_facts *facts;
  separator pending;
  uint32_t n_pre;     /* open pre elements */
  uint32_t n_skipped; /* open elements named skipping; their contents are left out */
  char skipping[HTML_NAME_MAX];
  uint32_t link_end; /* where a link's end tag ended: a link that begins there stands next to it */
  bool keep_all;     /* skip nothing but raw text: some element to skip is never closed */
  bool cell_has_text;
  bool cell_has_lines; /* the table lays the page out: its cells are no data, and stand below each other */
} page_text;

static void separate(page_text *page, separator wanted) {
  page->pending = page->pending < wanted ? wanted : page->pending;
}

/* Writes the separator in place of all that was left out since the last piece. */
static int flush(page_text *page, uint32_t at) {
  static const struct {
    const char *bytes;
    uint32_t len;
  } separators[] = { { "", 0 }, { " ", 1 }, { "\t", 1 }, { "\n", 1 }, { "\n\n", 2 } };
  separator pending = page->pending;
  uint32_t from = page->text->base_end;
  page->pending = SEPARATE_NONE;
  page->cell_has_lines |= page->cell_has_text && pending >= SEPARATE_LINE;
  page->cell_has_text = true;
  if (pending == SEPARATE_NONE || page->text->len == 0) {
    return 0;
  }
  const uint8_t *bytes = (const uint8_t *)separators[pending].bytes;
  if (at - from == separators[pending].len && memcmp(page->scan.source + from, bytes, at - from) == 0) {
    return aligned_copy(page->text, from, bytes, at - from);
  }
  return aligned_replace(page->text, from, at, bytes, separators[pending].len);
}

/* --- text --- */

/* The end of the stretch of [at, end) that can be copied as it is: words with single blanks between them. */
static uint32_t plain_end(const uint8_t *source, uint32_t at, uint32_t end) {
  while (at < end) {
    if (source[at] == '&' || (html_is_space(source[at]) && source[at] != ' ')) {
      break;
    }
    if (source[at] == ' ' && (at + 1 == end || html_is_space(source[at + 1]) || source[at + 1] == '&')) {
      break;
    }
    at++;
  }
  return at;
}

static int add_reference(page_text *page, uint32_t at, uint32_t end, uint32_t *ret_taken) {
  uint8_t out[HTML_ENTITY_BYTES];
  uint32_t len = 0;
  uint32_t taken = html_entity(page->scan.source + at, end - at, false, out, &len);
  if (taken > 0 && len == 1 && html_is_space(out[0])) {
    separate(page, SEPARATE_SPACE);
    *ret_taken = taken;
    return 0;
  }
  int rc = flush(page, at);
  if (rc == 0 && taken > 0) {
    rc = aligned_replace(page->text, at, at + taken, out, len);
  } else if (rc == 0) {
    taken = 1;
    rc = aligned_copy(page->text, at, page->scan.source + at, 1);
  }
  *ret_taken = taken;
  return rc;
}

static int add_collapsed(page_text *page, uint32_t at, uint32_t end) {
  const uint8_t *source = page->scan.source;
  int rc = 0;
  while (rc == 0 && at < end) {
    if (html_is_space(source[at])) {
      separate(page, SEPARATE_SPACE);
      at++;
    } else if (source[at] == '&') {
      uint32_t taken = 1;
      rc = add_reference(page, at, end, &taken);
      at += taken;
    } else {
      uint32_t stop = plain_end(source, at, end);
      rc = flush(page, at);
      rc = rc == 0 ? aligned_copy(page->text, at, source + at, stop - at) : rc;
      at = stop;
    }
  }
  return rc;
}

/* Inside pre: everything stays but references. */
static int add_kept(page_text *page, uint32_t at, uint32_t end) {
  const uint8_t *source = page->scan.source;
  int rc = at < end ? flush(page, at) : 0;
  while (rc == 0 && at < end) {
    const uint8_t *reference = memchr(source + at, '&', end - at);
    uint32_t stop = reference == NULL ? end : (uint32_t)(reference - source);
    rc = aligned_copy(page->text, at, source + at, stop - at);
    at = stop;
    if (rc == 0 && at < end) {
      uint32_t taken = 1;
      rc = add_reference(page, at, end, &taken);
      at += taken;
    }
  }
  return rc;
}

static int add_text(page_text *page, const html_token *token) {
  if (page->n_skipped > 0) {
    return 0;
  }
  return page->n_pre > 0 ? add_kept(page, token->begin, token->end) : add_collapsed(page, token->begin, token->end);
}

/* --- tags --- */

static bool is_hidden(const page_text *page, const html_token *tag) {
  qn_str value;
  if (html_attribute(&page->scan, tag, "hidden", &value)) {
    return true;
  }
  return html_attribute(&page->scan, tag, "style", &value) &&
         (memmem(value.data, value.len, "display:none", 12) != NULL ||
          memmem(value.data, value.len, "display: none", 13) != NULL);
}

/* Figures stand in one line with their neighbours, columns of a page do not. */
static void separate_cell(page_text *page) {
  separate(page, page->cell_has_lines ? SEPARATE_PARAGRAPH : SEPARATE_CELL);
  page->cell_has_text = page->cell_has_lines = false;
}

static void separate_by(page_text *page, uint32_t traits) {
  if (traits & ELEMENT_PARAGRAPH) {
    separate(page, SEPARATE_PARAGRAPH);
  } else if (traits & ELEMENT_LINE) {
    separate(page, SEPARATE_LINE);
  } else if (traits & ELEMENT_CELL) {
    separate_cell(page);
  }
}

/* The contents of a raw text element: only xmp shows them. */
static int add_raw(page_text *page, const html_token *tag, uint32_t traits) {
  html_token contents;
  html_scan_raw(&page->scan, tag->name, &contents);
  html_facts_raw(page->facts, &page->scan, tag, &contents);
  if (traits & ELEMENT_SKIP || contents.begin == contents.end || page->n_skipped > 0) {
    return 0;
  }
  int rc = flush(page, contents.begin);
  return rc == 0 ? aligned_copy(page->text, contents.begin, page->scan.source + contents.begin,
                                contents.end - contents.begin)
                 : rc;
}

static int open_element(page_text *page, const html_token *tag) {
  uint32_t traits = html_element(tag->name);
  html_facts_tag(page->facts, &page->scan, tag);
  if (page->n_skipped == 0) {
    separate_by(page, traits);
  }
  if (traits & ELEMENT_RAW) {
    return add_raw(page, tag, traits);
  }
  if (page->n_skipped > 0) {
    page->n_skipped += strcmp(tag->name, page->skipping) == 0;
    return 0;
  }
  if (!page->keep_all && (traits & ELEMENT_SKIP || (traits & ELEMENT_CLOSED && is_hidden(page, tag)))) {
    memcpy(page->skipping, tag->name, sizeof page->skipping);
    page->n_skipped = 1;
    return 0;
  }
  if (traits & ELEMENT_BREAK) {
    separate(page, page->pending >= SEPARATE_LINE ? SEPARATE_PARAGRAPH : SEPARATE_LINE);
  }
  if (traits & ELEMENT_LINK && page->link_end == tag->begin) {
    separate(page, SEPARATE_SPACE);
  }
  page->n_pre += (traits & ELEMENT_PRE) != 0;
  return 0;
}

static void close_element(page_text *page, const html_token *tag) {
  uint32_t traits = html_element(tag->name);
  if (page->n_skipped > 0) {
    page->n_skipped -= strcmp(tag->name, page->skipping) == 0;
    return;
  }
  separate_by(page, traits & ~(uint32_t)ELEMENT_CELL);
  if (traits & ELEMENT_LINK) {
    page->link_end = tag->end;
  }
  page->n_pre -= traits & ELEMENT_PRE && page->n_pre > 0;
}

static int read_page(page_text *page) {
  html_token token;
  int rc = 0;
  while (rc == 0 && html_scan_next(&page->scan, &token)) {
    if (token.kind == HTML_TEXT) {
      rc = add_text(page, &token);
    } else if (token.kind == HTML_OPEN) {
      rc = open_element(page, &token);
    } else {
      close_element(page, &token);
    }
  }
  return rc;
}

int html_text(const uint8_t *source, uint32_t begin, uint32_t len, aligned_text *text, html_facts *facts) {
  page_text page = { .scan = { source, len, begin }, .text = text, .facts = facts };
  html_facts_init(facts);
  aligned_clear(text);
  text->base_end = begin;
  int rc = read_page(&page);
  if (rc == 0 && page.n_skipped > 0) { /* an element that should hide a little would hide all that follows */
    page = (page_text){ .scan = { source, len, begin }, .text = text, .facts = facts, .keep_all = true };
    aligned_clear(text);
    text->base_end = begin;
    rc = read_page(&page);
  }
  return rc == 0 ? aligned_finish(text, len) : rc;
}

bool html_is_page(const uint8_t *bytes, size_t len) {
  static const char *const begins[] = { "<!doctype html", "<html", "<head", "<body" };
  size_t at = len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  while (at < len && html_is_space(bytes[at])) {
    at++;
  }
  if (len - at > 5 && memcmp(bytes + at, "<?xml", 5) == 0) {
    size_t near = len - at < 1024 ? len - at : 1024;
    return memmem(bytes + at, near, "<html", 5) != NULL;
  }
  for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
    size_t n = strlen(begins[i]);
    if (len - at >= n && strncasecmp((const char *)bytes + at, begins[i], n) == 0) {
      return true;
    }
  }
  return false;
}
