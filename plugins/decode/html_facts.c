/* SPDX-License-Identifier: Apache-2.0 */

/* Gathers what a page says about itself. */
#include "decode/html_facts.h"

#include <string.h>
#include <strings.h>

#include "decode/html_entity.h"

enum { PRESCAN_BYTES = 4096, RANK_GUESS = 1, RANK_META = 2, RANK_BEST = 3 };

void html_facts_init(html_facts *facts) {
  memset(facts, 0, offsetof(html_facts, title_text));
}

static bool is_name(qn_str text, const char *name) {
  return text.len == strlen(name) && strncasecmp(text.data, name, text.len) == 0;
}

static bool is_one_of(qn_str text, const char *const *names, size_t n_names) {
  for (size_t i = 0; i < n_names; i++) {
    if (is_name(text, names[i])) {
      return true;
    }
  }
  return false;
}

static void take(html_fact *fact, uint32_t rank, char *text, size_t capacity, qn_str value, bool in_attribute) {
  if (rank > fact->rank) {
    size_t len = html_entity_decode(value.data, value.len, in_attribute, text, capacity);
    if (len > 0) {
      fact->rank = rank;
      fact->len = (uint32_t)len;
    }
  }
}

static bool is_digits(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (text[i] < '0' || text[i] > '9') {
      return false;
    }
  }
  return true;
}

/* Only the date of a time stamp is kept: 2026-01-16T08:30:00+03:00. */
static void take_date(html_facts *facts, uint32_t rank, qn_str value) {
  while (value.len > 0 && html_is_space((uint8_t)value.data[0])) {
    value = (qn_str){ value.data + 1, value.len - 1 };
  }
  const char *text = value.data;
  if (rank <= facts->published.rank || value.len < FACT_DATE_BYTES || !is_digits(text, 4) || text[4] != '-' ||
      !is_digits(text + 5, 2) || text[7] != '-' || !is_digits(text + 8, 2)) {
    return;
  }
  int month = (text[5] - '0') * 10 + text[6] - '0', day = (text[8] - '0') * 10 + text[9] - '0';
  if (month < 1 || month > 12 || day < 1 || day > 31) {
    return;
  }
  facts->published = (html_fact){ rank, FACT_DATE_BYTES };
  memcpy(facts->published_text, text, FACT_DATE_BYTES);
}

static void take_language(html_facts *facts, qn_str value) {
  if (value.len < 2 || value.len >= FACT_LANGUAGE_BYTES || facts->language.rank > 0) {
    return;
  }
  for (size_t i = 0; i < value.len; i++) {
    char c = value.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i < 2 || !((c >= '0' && c <= '9') || c == '-' || c == '_'))) {
      return;
    }
    facts->language_text[i] = c == '_' ? '-' : c;
  }
  facts->language = (html_fact){ RANK_META, (uint32_t)value.len };
}

/* --- tags --- */

static void take_meta(html_facts *facts, const html_scan *scan, const html_token *tag) {
  static const char *const dates[] = {
    "article:published_time", "og:article:published_time", "datePublished", "article:published", "og:published_time",
  };
  static const char *const weak_dates[] = {
    "date",
    "pubdate",
    "publishdate",
    "publish_date",
    "publication_date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "parsely-pub-date",
    "sailthru.date",
    "article_date",
    "original-publish-date",
    "cXenseParse:recs:publishtime",
  };
  static const char *const titles[] = { "og:title", "twitter:title" };
  static const char *const authors[] = { "author", "article:author_name", "parsely-author", "dc.creator" };
  qn_str name, content;
  if (!html_attribute(scan, tag, "content", &content) ||
      (!html_attribute(scan, tag, "property", &name) && !html_attribute(scan, tag, "name", &name) &&
       !html_attribute(scan, tag, "itemprop", &name))) {
    return;
  }
  if (is_one_of(name, dates, sizeof dates / sizeof dates[0])) {
    take_date(facts, RANK_BEST, content);
  } else if (is_one_of(name, weak_dates, sizeof weak_dates / sizeof weak_dates[0])) {
    take_date(facts, RANK_META, content);
  } else if (is_one_of(name, titles, sizeof titles / sizeof titles[0])) {
    take(&facts->title, RANK_BEST, facts->title_text, FACT_TITLE_BYTES, content, true);
  } else if (is_one_of(name, authors, sizeof authors / sizeof authors[0])) {
    take(&facts->byline, RANK_META, facts->byline_text, FACT_BYLINE_BYTES, content, true);
  }
}

void html_facts_tag(html_facts *facts, const html_scan *scan, const html_token *tag) {
  qn_str value;
  if (strcmp(tag->name, "meta") == 0) {
    take_meta(facts, scan, tag);
  } else if (strcmp(tag->name, "html") == 0) {
    if (html_attribute(scan, tag, "lang", &value) || html_attribute(scan, tag, "xml:lang", &value)) {
      take_language(facts, value);
    }
  } else if (strcmp(tag->name, "time") == 0 && html_attribute(scan, tag, "datetime", &value)) {
    take_date(facts, RANK_GUESS, value);
  }
}

/* --- raw text --- */

static const char *find_text(const char *from, const char *end, const char *text) {
  return from < end ? memmem(from, (size_t)(end - from), text, strlen(text)) : NULL;
}

/* The string value of a member of JSON-LD, taken without reading the rest. Escapes stay as they are. */
static bool json_string(qn_str json, const char *quoted_name, qn_str *ret_value) {
  const char *end = json.data + json.len;
  const char *at = find_text(json.data, end, quoted_name);
  if (at == NULL) {
    return false;
  }
  at += strlen(quoted_name);
  while (at < end && (html_is_space((uint8_t)*at) || *at == ':')) {
    at++;
  }
  if (at == end || *at != '"') {
    return false;
  }
  const char *close = ++at;
  while (close < end && *close != '"' && *close != '\\') {
    close++;
  }
  *ret_value = (qn_str){ at, (size_t)(close - at) };
  return close < end && *close == '"';
}

void html_facts_raw(html_facts *facts, const html_scan *scan, const html_token *tag, const html_token *text) {
  qn_str contents = { (const char *)scan->source + text->begin, text->end - text->begin }, value;
  if (strcmp(tag->name, "title") == 0) {
    take(&facts->title, RANK_GUESS, facts->title_text, FACT_TITLE_BYTES, contents, false);
    return;
  }
  if (strcmp(tag->name, "script") != 0 || !html_attribute(scan, tag, "type", &value) ||
      !is_name(value, "application/ld+json")) {
    return;
  }
  if (json_string(contents, "\"datePublished\"", &value)) {
    take_date(facts, RANK_BEST, value);
  }
  if (json_string(contents, "\"headline\"", &value)) {
    take(&facts->title, RANK_META, facts->title_text, FACT_TITLE_BYTES, value, false);
  }
}

/* --- the charset --- */

static bool label_after(const char *from, const char *end, const char *key, qn_str *ret_label) {
  for (const char *at = from; at < end; at++) {
    size_t key_len = strlen(key);
    if ((size_t)(end - at) <= key_len || strncasecmp(at, key, key_len) != 0) {
      continue;
    }
    const char *value = at + key_len;
    while (value < end && html_is_space((uint8_t)*value)) {
      value++;
    }
    if (value == end || *value != '=') {
      continue;
    }
    do {
      value++;
    } while (value < end && (html_is_space((uint8_t)*value) || *value == '"' || *value == '\''));
    const char *stop = value;
    while (stop<end && * stop> ' ' && strchr("\"'>;/?", *stop) == NULL) {
      stop++;
    }
    *ret_label = (qn_str){ value, (size_t)(stop - value) };
    return stop > value;
  }
  return false;
}

bool html_declared_charset(const uint8_t *bytes, size_t len, qn_str *ret_label) {
  const char *from = (const char *)bytes;
  const char *end = from + (len < PRESCAN_BYTES ? len : PRESCAN_BYTES);
  if (len > 5 && memcmp(from, "<?xml", 5) == 0) {
    const char *stop = memchr(from, '>', (size_t)(end - from));
    if (label_after(from, stop == NULL ? end : stop, "encoding", ret_label)) {
      return true;
    }
  }
  for (const char *at = from; at + 5 < end; at++) {
    if (*at != '<' || strncasecmp(at, "<meta", 5) != 0) {
      continue;
    }
    const char *stop = memchr(at, '>', (size_t)(end - at));
    if (label_after(at, stop == NULL ? end : stop, "charset", ret_label)) {
      return true;
    }
  }
  return false;
}
