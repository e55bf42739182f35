/* SPDX-License-Identifier: Apache-2.0 */

/* Awkward documents. Each of the fixed ones is a thing that stages have fallen over: emptiness, size, depth, marks without
 * letters, letters without spaces, bytes that are no text. The others mix pieces of them, and bend what they got. */
#include "conformance/sample.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/chance.h"

enum { HUGE_BYTES = 192 * 1024, WORD_BYTES = 32 * 1024, DEPTH = 3000, MIXED_MAX = 3000 };

/* A buffer that remembers that memory ran out. */
typedef struct text {
  uint8_t *bytes;
  size_t len, capacity;
  bool failed;
} text;

static void add(text *self, const char *bytes, size_t len) {
  if (self->capacity - self->len < len) {
    size_t capacity = self->capacity * 2 + len + 256;
    uint8_t *larger = self->failed ? NULL : realloc(self->bytes, capacity);
    if (larger == NULL) {
      self->failed = true;
      return;
    }
    self->bytes = larger;
    self->capacity = capacity;
  }
  memcpy(self->bytes + self->len, bytes, len);
  self->len += len;
}

static void add_text(text *self, const char *words) {
  add(self, words, strlen(words));
}

static void add_times(text *self, const char *words, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    add_text(self, words);
  }
}

/* --- pieces --- */

static const char *const arabic[] = {
  "قال",   "الوزير", "إن",   "المدينة", "ستفتح",  "ثلاث",   "مدارس", "جديدة", "هذا",
  "العام", "وأضاف",  "ولهم", "بالمال",  "للشركة", "كتابها", "سوق",   "القمح", "أمس"
};
static const char *const latin[] = { "The", "harbour", "opened", "Nova-7", "in", "Basra",
                                     "and", "Acme",    "Inc.",   "bought", "it", "SQL" };
static const char *const numbers[] = { "57",         "١٢٣",   "۴۵۶", "3.14", "1,000,000", "٪١٢",
                                       "2026-01-16", "12:30", "€5",  "100%", "½",         "10^9" };
static const char *const marks[] = { ".",  "،", "؟", "!",   "؛", ":",  "«",    "»",
                                     "\"", "(", ")", " - ", "…", "\n", "\n\n", "\t" };
static const char *const traps[] = { "\u064B\u0651\u0655",
                                     "\u0640\u0640",
                                     "\u200F",
                                     "\u202E",
                                     "\u2066",
                                     "\u200D",
                                     "\u00AD",
                                     "\uFEFF",
                                     "\uFFFD",
                                     "😀",
                                     "👩‍👩‍👧",
                                     "\U0001D49C",
                                     "ﷺ",
                                     "ﻼ",
                                     "\xC0\x80",
                                     "\xED\xA0\x80",
                                     "\xF4\x90\x80\x80",
                                     "\xE2\x82",
                                     "\x80",
                                     "\r\n",
                                     "\x0B",
                                     "http://a.example/?q=ا",
                                     "@x",
                                     "#وسم",
                                     "a@b.example",
                                     "<p>",
                                     "</div>",
                                     "&amp;",
                                     "{\"text\":\"",
                                     "\\u0000" };

#define PICK(from, list) ((list)[chance_below((from), sizeof(list) / sizeof((list)[0]))])

static void add_word(text *self, chance *from) {
  switch (chance_below(from, 12)) {
  case 0:
    add_text(self, PICK(from, numbers));
    break;
  case 1:
  case 2:
    add_text(self, PICK(from, latin));
    break;
  default:
    add_text(self, PICK(from, arabic));
    break;
  }
}

/* Words with marks between them, about as an article has them. */
static void add_article(text *self, chance *from, size_t bytes) {
  size_t end = self->len + bytes;
  while (self->len < end && !self->failed) {
    add_word(self, from);
    add_text(self, chance_once_in(from, 9) ? PICK(from, marks) : " ");
    if (chance_once_in(from, 60)) {
      add_text(self, ".\n");
    }
  }
}

static void add_rubbish(text *self, chance *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    char byte = (char)chance_next(from);
    add(self, &byte, 1);
  }
}

/* --- the fixed ones --- */

static void make_empty(text *to) {
  (void)to;
}

static void make_one_byte(text *to) {
  add_text(to, "a");
}

static void make_half_a_letter(text *to) {
  add_text(to, "\xD8");
}

static void make_one_letter(text *to) {
  add_text(to, "ا");
}

static void make_newline(text *to) {
  add_text(to, "\n");
}

static void make_spaces(text *to) {
  add_times(to, " \t \u00A0\u3000\n", 60);
}

static void make_marks_alone(text *to) {
  add_times(to, "\u064B\u064C\u064D\u0651\u0670\u0308", 30);
}

static void make_stacked_marks(text *to) {
  add_text(to, "كتا");
  add_times(to, "\u0651\u064E", 400);
  add_text(to, "ب e");
  add_times(to, "\u0301", 400);
}

static void make_bidi(text *to) {
  add_times(to, "\u202B\u2067قال \u202Aabc\u202C\u2069\u202C ١٢ \u200E%\u200F\u202Exyz ", 20);
}

static void make_replacement(text *to) {
  add_times(to, "\uFFFD", 50);
  add_text(to, " نص \uFFFD نص");
}

static void make_surrogates(text *to) {
  add_times(to, "\xED\xA0\x80 نص \xED\xBF\xBF\xED\xA0\xBD\xED\xB8\x80 ", 10);
}

static void make_bad_utf8(text *to) {
  add_times(to, "ok \xC0\xAF\xE0\x80\xAF\xF8\x88\x80\x80\x80\xFF\xFE\xE2\x82 كلمة \x80\xBF\xF4\x90\x80\x80 ", 10);
}

static void make_controls(text *to) {
  for (unsigned i = 0; i < 0xA0; i++) {
    char byte = (char)i;
    add(to, &byte, 1);
    add_text(to, "س");
  }
}

static void make_no_spaces(text *to) {
  for (unsigned i = 0; i < 600; i++) {
    add_text(to, arabic[i % (sizeof arabic / sizeof arabic[0])]);
  }
}

static void make_long_word(text *to) {
  add_text(to, "كلمة ");
  add_times(to, "ab", WORD_BYTES / 2);
  add_text(to, " كلمة");
}

static void make_deep(text *to) {
  add_times(to, "(«\"[", DEPTH / 4);
  add_text(to, "قلب");
  add_times(to, "]\"»)", DEPTH / 4);
}

static void make_deep_page(text *to) {
  add_text(to, "<!doctype html><html><body>");
  add_times(to, "<div><blockquote>", DEPTH / 2);
  add_text(to, "قلب الصفحة");
  add_times(to, "</blockquote></div>", DEPTH / 3);
}

static void make_page(text *to) {
  add_text(
      to,
      "<html><head><title>عنوان &amp; title</title><script>if (a < b) { x = \"</p>\"; }</script></head><body>"
      "<nav><a href=\"#\">الرئيسية</a></nav><article><h1>مدارس جديدة</h1><p>قال الوزير «ستفتح المدينة ثلاث مدارس».</p>"
      "<p>&#1575;&#x627;&bogus; <b>Nova</b>-7</p></article><!-- end --></body></html>");
}

static void make_mixed(text *to) {
  add_times(to, "قالت Acme Corp إنها اشترت Nova بـ57 مليون دولار (57M) وSQL. \"This is it\" قال أحمد: «نعم، 100%». ",
            6);
}

static void make_digits(text *to) {
  add_times(to, "123 ١٢٣ ۱۲۳ 1,2.3 ٪٥ 5% 1e9 0x1F 2026-01-16 ١٦/١/٢٠٢٦ 12:30 +966-5-0 99999999999999999999999 ", 8);
}

static void make_short_lines(text *to) {
  add_times(to, "س\nb\n\n3\n.\n", 300);
}

static void make_line_ends(text *to) {
  add_times(to, "سطر أول\r\nline two\rثالث\u2028رابع\u2029خامس\xC2\x85\x0B\x0C", 10);
}

static void make_emoji(text *to) {
  add_times(to, "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿 سعيد 😀️⃣🇸🇦🇸 ", 12);
}

static void make_utf16(text *to) {
  static const char words[] = "\xFF\xFE\x46\x06\x35\x06\x20\x00\x61\x00\x3D\xD8\x00\xDE\x0A\x00\x00\xD8";
  add(to, words, sizeof words - 1);
}

static void make_windows_1256(text *to) {
  add_times(to, "\xE3\xCF\xD1\xD3\xC9 \xCC\xCF\xED\xCF\xC9 \xDD\xED \xC7\xE1\xE3\xCF\xED\xE4\xC9. ", 12);
}

static void make_quotes(text *to) {
  add_times(to, "«قال: \"لا» نعم\" “حقا ‘هذا” » « ' \" ", 40);
}

static void make_addresses(text *to) {
  add_times(to, "https://a.example/س?q=%D8&x=[1] a.b@c.example @user #وسم_طويل www. http:// :// ", 12);
}

static void make_repeats(text *to) {
  add_times(to, "قال الوزير أمس إن المدينة ستفتح ثلاث مدارس جديدة هذا العام.\n", 80);
}

static void make_far_planes(text *to) {
  add_times(to, "\U00010348\U0001D49C\U0002A6D6\U0010FFFD\U0010FFFF\uFFFE\uFDD0 ", 30);
}

static void make_forms(text *to) {
  add_times(to, "ﻣﺪﺭﺳﺔ ﷺ ﷲ ﻼ ﬁ Ａ１ آ أ إ ٱ ى ئ ؤ ة ـــ ك ک ی ي ", 20);
}

static void make_json(text *to) {
  add_text(to, "{\"id\":\"1\",\"text\":\"نص \\ud83d \\u0000\",\"a\":[[[[[[1e400]]]]],\"a\":null}\n{\"text\":3}\n[\n");
}

static void make_lists(text *to) {
  add_times(to, "- واحد\n• اثنان\n1. ثلاثة\n   * a\n| b | c |\n", 20);
}

static void make_ends_in_letter(text *to) {
  add_text(to, "نهاية مقطوعة \xD9");
}

static void make_huge(text *to) {
  chance from = { 1 };
  add_article(to, &from, HUGE_BYTES);
}

static const struct {
  const char *name;
  void (*make)(text *to);
} fixed[] = {
  { "empty", make_empty },
  { "one byte", make_one_byte },
  { "mixed scripts", make_mixed },
  { "half a letter", make_half_a_letter },
  { "one letter", make_one_letter },
  { "a newline", make_newline },
  { "all spaces", make_spaces },
  { "marks without letters", make_marks_alone },
  { "many marks on a letter", make_stacked_marks },
  { "bidi controls", make_bidi },
  { "U+FFFD", make_replacement },
  { "lone surrogates", make_surrogates },
  { "bytes that are no UTF-8", make_bad_utf8 },
  { "control characters", make_controls },
  { "no spaces", make_no_spaces },
  { "a very long word", make_long_word },
  { "deep brackets", make_deep },
  { "a deep page", make_deep_page },
  { "a page", make_page },
  { "digits", make_digits },
  { "short lines", make_short_lines },
  { "line ends of all kinds", make_line_ends },
  { "emoji", make_emoji },
  { "UTF-16", make_utf16 },
  { "windows-1256", make_windows_1256 },
  { "quotation marks", make_quotes },
  { "addresses", make_addresses },
  { "repeated paragraphs", make_repeats },
  { "far planes", make_far_planes },
  { "forms of letters", make_forms },
  { "JSON", make_json },
  { "lists", make_lists },
  { "an end within a letter", make_ends_in_letter },
  { "huge", make_huge },
};

enum { N_FIXED = sizeof fixed / sizeof fixed[0] };

uint32_t sample_n_fixed(void) {
  return N_FIXED;
}

/* --- those made from a seed --- */

static void make_soup(text *to, chance *from) {
  uint32_t n = 1 + chance_below(from, 200);
  for (uint32_t i = 0; i < n; i++) {
    switch (chance_below(from, 5)) {
    case 0:
      add_text(to, PICK(from, traps));
      break;
    case 1:
      add_text(to, PICK(from, marks));
      break;
    case 2:
      add_text(to, " ");
      break;
    default:
      add_word(to, from);
      break;
    }
  }
}

/* Bends bytes: flips, cuts, doubles. */
static void bend(text *to, chance *from) {
  uint32_t n = 1 + chance_below(from, 8);
  for (uint32_t i = 0; i < n && to->len > 0 && !to->failed; i++) {
    size_t at = chance_below(from, (uint32_t)to->len);
    size_t len = 1 + chance_below(from, (uint32_t)(to->len - at < 64 ? to->len - at : 64));
    switch (chance_below(from, 4)) {
    case 0:
      to->bytes[at] ^= (uint8_t)(1u << chance_below(from, 8));
      break;
    case 1:
      memmove(to->bytes + at, to->bytes + at + len, to->len - at - len);
      to->len -= len;
      break;
    case 2:
      to->bytes[at] = (uint8_t)chance_next(from);
      break;
    default: {
      char piece[64];
      memcpy(piece, to->bytes + at, len < sizeof piece ? len : sizeof piece);
      add(to, piece, len < sizeof piece ? len : sizeof piece);
      break;
    }
    }
  }
}

static const char *make_by_chance(text *to, chance *from) {
  switch (chance_below(from, 5)) {
  case 0:
    add_article(to, from, 1 + chance_below(from, MIXED_MAX));
    return "an article";
  case 1:
    add_article(to, from, 1 + chance_below(from, MIXED_MAX));
    bend(to, from);
    return "a bent article";
  case 2:
    add_rubbish(to, from, 1 + chance_below(from, 400));
    return "rubbish";
  case 3:
    fixed[chance_below(from, N_FIXED - 1)].make(to); /* all but the huge one */
    bend(to, from);
    return "a bent awkward one";
  default:
    make_soup(to, from);
    return "a soup of pieces";
  }
}

static uint64_t seed_of(uint64_t seed, uint32_t number) {
  chance from = chance_for(seed, number);
  return chance_next(&from);
}

int sample_make(uint64_t seed, uint32_t number, sample *ret_sample) {
  text made = { 0 };
  chance from = chance_for(seed ^ UINT64_C(0x51AB), number);
  const char *name = number < N_FIXED ? fixed[number].name : NULL;
  if (name != NULL) {
    fixed[number].make(&made);
  } else {
    name = make_by_chance(&made, &from);
  }
  if (made.failed) {
    free(made.bytes);
    return -ENOMEM;
  }
  *ret_sample = (sample){ .number = number, .seed = seed_of(seed, number), .bytes = made.bytes, .len = made.len };
  snprintf(ret_sample->name, sizeof ret_sample->name, "%s", name);
  return 0;
}

int sample_of(uint64_t seed, uint32_t number, const void *bytes, size_t len, sample *ret_sample) {
  uint8_t *copy = malloc(len > 0 ? len : 1);
  if (copy == NULL) {
    return -ENOMEM;
  }
  if (len > 0) {
    memcpy(copy, bytes, len);
  }
  *ret_sample =
      (sample){ .name = "reproduced", .number = number, .seed = seed_of(seed, number), .bytes = copy, .len = len };
  return 0;
}

void sample_done(sample *self) {
  free(self->bytes);
  *self = (sample){ 0 };
}
