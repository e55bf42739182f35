/* SPDX-License-Identifier: Apache-2.0 */

/* HTML to text: tags, raw text, references, lines, what is left out, what the page says of itself; places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decode/html_entity.h"
#include "decode/html_text.h"
#include "text/utf8.h"

typedef struct html_row {
  const char *html;
  const char *text;
} html_row;

static const html_row rows[] = {
  /* lines */
  { "", "" },
  { "plain", "plain" },
  { "<p>one</p><p>two</p>", "one\n\ntwo" },
  { "<p>one<p>two", "one\n\ntwo" },
  { "<div>one</div><div>two</div>", "one\ntwo" },
  { "a<br>b<br><br>c", "a\nb\n\nc" },
  { "a<br></div>b", "a\nb" },
  { "<ul><li>x<li>y</ul>z", "x\ny\n\nz" },
  { "<table><tr><td>a<td>b<tr><td>c</table>", "a\tb\nc" },
  { "  a \n\t b  ", "a b" },
  { "a <b> b</b> c", "a b c" },
  { "<b>bo</b>ld", "bold" },
  { "<a>x</a><a>y</a> <a>z</a>", "x y z" },
  { "<pre> a\n  b</pre>c", " a\n  b\n\nc" },
  { "<h1>t</h1>b", "t\n\nb" },
  /* markup */
  { "a<!-- c -->b", "ab" },
  { "a<!-->b", "ab" },
  { "a<!--->b", "ab" },
  { "a<!-- -- --!>b", "ab" },
  { "a<!-- open", "a" },
  { "a<!doctype html>b<?php x?>c</>d", "abcd" },
  { "1 < 2 <3 a<", "1 < 2 <3 a<" },
  { "a<b title='x>y' c=\"</b>\">z", "az" },
  { "a<b c=d/>z", "az" },
  { "a<b <i>z", "az" },
  { "a</p x='>'>b", "a\n\nb" },
  { "a<b", "a" },
  { "a<b c='", "a" },
  { "<P>A</P>", "A" },
  /* raw text and what is skipped */
  { "a<script>if (1<2) { '</p>' }</script>b", "ab" },
  { "a<SCRIPT></script >b", "ab" },
  { "a<script><!-- </script>b", "ab" },
  { "a<style>p{}</style>b<noscript>n</noscript>c<iframe>f</iframe>d", "abcd" },
  { "a<textarea><p>t</textarea>b", "ab" },
  { "a<template><p>t</p></template>b", "ab" },
  { "a<svg><svg>x</svg>y</svg>b", "ab" },
  { "<div hidden>x<div>y</div></div>z", "z" },
  { "<span style=\"a; display:none\">kept: may lack an end tag</span>", "kept: may lack an end tag" },
  { "<div style='display:none'>x</div>z", "z" },
  { "a<select><option>1</select>b", "ab" },
  { "a<svg>never closed", "anever closed" },
  { "<title>t</title>b", "b" },
  { "<xmp><b>&amp;</b></xmp>", "<b>&amp;</b>" },
  /* references */
  { "&lt;p&gt; &amp;&quot;", "<p> &\"" },
  { "&#1605;&#x0645;&#X645", "ممم" },
  { "&#0;&#xD800;&#x110000;&#99999999999;", "\uFFFD\uFFFD\uFFFD\uFFFD" },
  { "&#128;", "€" },
  { "&notin; &notit; &not", "∉ ¬it; ¬" },
  { "&; &x; &amp&lt &#; &#x;", "&; &x; &< &#; &#x;" },
  { "a&nbsp;b", "a\u00A0b" },
  { "a&#32;&#10;b", "a b" },
  { "&laquo;مرحبا&raquo;", "«مرحبا»" },
  { "AT&T and R&D", "AT&T and R&D" },
};

/* Every run is in order and inside; copies are copies. */
static void check_runs(const aligned_text *text, const char *html) {
  uint32_t len = (uint32_t)strlen(html);
  for (uint32_t i = 0; i < text->n_runs; i++) {
    bool last = i + 1 == text->n_runs;
    uint32_t end = last ? text->len : text->derived[i + 1], base_end = last ? len : text->base[i + 1];
    assert_true(text->derived[i] <= end && text->base[i] <= base_end && base_end <= len);
    if (text->kind[i] == QN_RUN_COPY) {
      assert_true(end - text->derived[i] <= base_end - text->base[i]);
      assert_memory_equal(text->bytes + text->derived[i], html + text->base[i], end - text->derived[i]);
    }
  }
}

static void html_gives_text(void **state) {
  aligned_text text = { .len = 0 };
  html_facts facts;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *html = rows[i].html;
    assert_int_equal(html_text((const uint8_t *)html, 0, (uint32_t)strlen(html), &text, &facts), 0);
    char *copy = strndup(text.len == 0 ? "" : (const char *)text.bytes, text.len);
    assert_non_null(copy);
    assert_string_equal(copy, rows[i].text);
    check_runs(&text, html);
    free(copy);
  }
  aligned_done(&text);
}

typedef struct place_row {
  const char *html;
  const char *word; /* of the text */
  const char *from; /* bytes of the source that it stands for */
} place_row;

static const place_row place_rows[] = {
  { "<p>one</p><p>two &amp; three</p>", "two", "two" },
  { "<p>one</p><p>two &amp; three</p>", "&", "&amp;" },
  { "<p>one</p><p>two &amp; three</p>", "three", "three" },
  { "<p>one</p><p>two</p>", "\n\n", "</p><p>" },
  { "a \n b", " ", " \n " },
  { "x&#1605;<i>y</i>", "م", "&#1605;" },
};

/* Where a place of the text is in the source: the begin of what is there. */
static qn_span source_of(const aligned_text *text, uint32_t at, uint32_t end, uint32_t len) {
  qn_span span = { 0, 0 };
  for (uint32_t i = 0; i < text->n_runs; i++) {
    uint32_t stop = i + 1 < text->n_runs ? text->derived[i + 1] : text->len;
    uint32_t base_stop = i + 1 < text->n_runs ? text->base[i + 1] : len;
    bool copy = text->kind[i] == QN_RUN_COPY;
    if (text->derived[i] <= at && at < stop) {
      span.begin = copy ? text->base[i] + (at - text->derived[i]) : text->base[i];
    }
    if (text->derived[i] < end && end <= stop) {
      span.end = copy ? text->base[i] + (end - text->derived[i]) : base_stop;
    }
  }
  return span;
}

static void html_text_leads_back_to_the_source(void **state) {
  aligned_text text = { .len = 0 };
  html_facts facts;
  (void)state;
  for (size_t i = 0; i < sizeof place_rows / sizeof place_rows[0]; i++) {
    const char *html = place_rows[i].html, *word = place_rows[i].word;
    uint32_t len = (uint32_t)strlen(html);
    assert_int_equal(html_text((const uint8_t *)html, 0, len, &text, &facts), 0);
    const uint8_t *found = memmem(text.bytes, text.len, word, strlen(word));
    assert_non_null(found);
    uint32_t at = (uint32_t)(found - text.bytes);
    qn_span span = source_of(&text, at, at + (uint32_t)strlen(word), len);
    assert_int_equal(span.end - span.begin, strlen(place_rows[i].from));
    assert_memory_equal(html + span.begin, place_rows[i].from, span.end - span.begin);
  }
  aligned_done(&text);
}

typedef struct fact_row {
  const char *html;
  const char *title, *published, *byline, *language;
} fact_row;

static const fact_row fact_rows[] = {
  { "<html lang=ar><title> a\n &amp; b </title>", "a & b", "", "", "ar" },
  { "<title>t - site</title><meta property='og:title' content='t'>", "t", "", "", "" },
  { "<meta name=author content='ليلى'><meta name=date content='2026-01-16T08:00'>", "", "2026-01-16", "ليلى", "" },
  { "<meta name=date content=2026-01-16><meta property=article:published_time content=2026-01-17T01:00:00Z>", "",
    "2026-01-17", "", "" },
  { "<time datetime=2026-02-30x>x</time><time datetime=2026-03-01>y</time>", "", "2026-02-30", "", "" },
  { "<time datetime='next week'>x</time><meta name=date content=2026-13-01>", "", "", "", "" },
  { "<script type='application/ld+json'>{\"headline\":\"h\",\"datePublished\": \"2026-05-06T00:00\"}</script>", "h",
    "2026-05-06", "", "" },
  { "<script>{\"datePublished\":\"2026-05-06\"}</script>", "", "", "", "" },
  { "<html lang='ar_SA'>", "", "", "", "ar-SA" },
  { "<html lang='x y'>", "", "", "", "" },
};

static void check_fact(const html_fact *fact, const char *text, const char *expected) {
  assert_int_equal(fact->len, strlen(expected));
  assert_memory_equal(text, expected, fact->len);
}

static void html_page_speaks_of_itself(void **state) {
  aligned_text text = { .len = 0 };
  html_facts facts;
  (void)state;
  for (size_t i = 0; i < sizeof fact_rows / sizeof fact_rows[0]; i++) {
    const fact_row *row = &fact_rows[i];
    assert_int_equal(html_text((const uint8_t *)row->html, 0, (uint32_t)strlen(row->html), &text, &facts), 0);
    check_fact(&facts.title, facts.title_text, row->title);
    check_fact(&facts.published, facts.published_text, row->published);
    check_fact(&facts.byline, facts.byline_text, row->byline);
    check_fact(&facts.language, facts.language_text, row->language);
  }
  aligned_done(&text);
}

static const html_row charset_rows[] = {
  { "<meta charset=windows-1256>", "windows-1256" },
  { "<META http-equiv=x content='text/html; charset=ISO-8859-6'>", "ISO-8859-6" },
  { "<?xml version='1.0' encoding='utf-8'?><html>", "utf-8" },
  { "<meta name=x content=y><meta charset = \"koi8-r\">", "koi8-r" },
  { "charset=windows-1256", "" },
  { "<meta charset", "" },
  { "<meta charset=", "" },
  { "<meta charset='", "" },
};

static void html_declared_charset_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof charset_rows / sizeof charset_rows[0]; i++) {
    const char *html = charset_rows[i].html;
    qn_str label = { "", 0 };
    bool found = html_declared_charset((const uint8_t *)html, strlen(html), &label);
    assert_int_equal(found, charset_rows[i].text[0] != '\0');
    assert_int_equal(found ? label.len : 0, strlen(charset_rows[i].text));
    assert_memory_equal(label.data, charset_rows[i].text, found ? label.len : 0);
  }
}

static void html_entity_table_is_sorted_and_whole(void **state) {
  (void)state;
  assert_true(html_entity_n_names > 2000);
  for (uint32_t i = 0; i < html_entity_n_names; i++) {
    const html_entity_name *each = &html_entity_names[i];
    uint8_t text[64], out[HTML_ENTITY_BYTES];
    uint32_t len = (uint32_t)strlen(each->name), out_len = 0;
    assert_true(i == 0 || strcmp(html_entity_names[i - 1].name, each->name) < 0);
    text[0] = '&';
    memcpy(text + 1, each->name, len);
    assert_int_equal(html_entity(text, len + 1, false, out, &out_len), len + 1);
    assert_int_equal(out_len, strlen(each->utf8));
    assert_memory_equal(out, each->utf8, out_len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(html_gives_text),
    cmocka_unit_test(html_text_leads_back_to_the_source),
    cmocka_unit_test(html_page_speaks_of_itself),
    cmocka_unit_test(html_declared_charset_is_found),
    cmocka_unit_test(html_entity_table_is_sorted_and_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
