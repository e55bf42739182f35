/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of tokenize: what is one token, and of what kind. */
#include "tokenize/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qanat/layers.h"
#include "text/letters.h"
#include "text/utf8.h"

/* Tokens with a letter for their kind (w n p s a) before each, joined by spaces. */
static char *cut_all(const char *text) {
  size_t len = strlen(text);
  uint8_t *exact = malloc(len + (len == 0)); /* so that a sanitizer sees a read past the end */
  char *out = calloc(1, 4 * len + 1);
  size_t n = 0;
  uint32_t pos = 0;
  cut_token token;
  assert_non_null(exact);
  assert_non_null(out);
  memcpy(exact, text, len);
  while (cut_next(exact, pos, (uint32_t)len, &token)) {
    assert_true(token.begin >= pos && token.begin < token.end && token.end <= len);
    assert_true(utf8_boundary(exact, len, token.begin) && utf8_boundary(exact, len, token.end));
    assert_true(token.kind <= QN_TOKEN_KIND_ADDRESS && token.script <= QN_TOKEN_SCRIPT_MIXED);
    if (n > 0) {
      out[n++] = ' ';
    }
    out[n++] = "wnpsa"[token.kind];
    memcpy(out + n, exact + token.begin, token.end - token.begin);
    n += token.end - token.begin;
    pos = token.end;
  }
  free(exact);
  return out;
}

typedef struct cut_row {
  const char *text;
  const char *want;
} cut_row;

static void check_rows(const cut_row *rows, size_t n_rows) {
  for (size_t i = 0; i < n_rows; i++) {
    char *out = cut_all(rows[i].text);
    assert_string_equal(out, rows[i].want);
    free(out);
  }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void words_are_whole(void **state) {
  static const cut_row rows[] = {
    { "", "" },
    { " \n\t ", "" },
    { "ذهب الوَلَدُ إلى المدرســة", "wذهب wالوَلَدُ wإلى wالمدرســة" },
    { "می\u200Cشود", "wمی\u200Cشود" },
    { "the U.S. and AT&T met O'Neil", "wthe wU.S. wand wAT&T wmet wO'Neil" },
    { "Huawei's Moody’s it's 'so' 's'x", "wHuawei w's wMoody w’s wit w's p' wso p' w's p' wx" },
    { "L’Oréal, SK-Hynix; state-of-the-art", "wL’Oréal p, wSK-Hynix p; wstate-of-the-art" },
    { "H20 910D RTX-4090 GB300 A18 GPT-4.5 5G 1st", "wH20 w910D wRTX-4090 wGB300 wA18 wGPT-4.5 w5G w1st" },
    { "NVDA.O Pony.ai C++ C# Canal+ x+y", "wNVDA.O wPony.ai wC++ wC# wCanal+ wx s+ wy" },
    { "the end.The next", "wthe wend p. wThe wnext" },
    { "Нью-Йорк Ωμέγα e\u0301t", "wНью-Йорк wΩμέγα we\u0301t" },
    { "東京都 カタカナ ไทย", "w東 w京 w都 wカタカナ wไทย" },
  };
  (void)state;
  CHECK(rows);
}

static void scripts_part_where_they_meet(void **state) {
  static const cut_row rows[] = {
    { "وNvidia", "wو wNvidia" },
    { "شركة‘Nvidia’التي", "wشركة p‘ wNvidia p’ wالتي" },
    { "20مليار و50 كوفيد-19 2026م", "n20 wمليار wو n50 wكوفيد p- n19 n2026 wم" },
    { "الـAI", "wالـ wAI" },
    { "aب١c", "wa wب n١ wc" },
  };
  (void)state;
  CHECK(rows);
}

static void numbers_keep_their_points_and_lose_their_units(void **state) {
  static const cut_row rows[] = {
    { "8.4 1,234.56 ١٢٫٥ ٣٬٠٠٠ 2,25%", "n8.4 n1,234.56 n١٢٫٥ n٣٬٠٠٠ n2,25 s%" },
    { "3nm 20GB 5.5GHz 1,500MW $57bn", "n3 wnm n20 wGB n5.5 wGHz n1,500 wMW s$ n57 wbn" },
    { "2020-2021 10/3 12:30 -5 +5", "n2020 p- n2021 n10 s/ n3 n12 p: n30 p- n5 s+ n5" },
    { "1,500x 16.1.2026 5. 5,", "n1,500 wx n16.1.2026 n5 p. n5 p," },
    { "50٪ ½ ²", "n50 s٪ s½ s²" },
  };
  (void)state;
  CHECK(rows);
}

static void addresses_are_whole(void **state) {
  static const cut_row rows[] = {
    { "انظر https://a.example/b?c=d&e=(f)، ثم", "wانظر ahttps://a.example/b?c=d&e=(f) p، wثم" },
    { "(http://a.example/x).", "p( ahttp://a.example/x p) p." },
    { "www.example.com. news.example/a-b", "awww.example.com p. anews.example/a-b" },
    { "a.b-c@mail.example.org, x@y", "aa.b-c@mail.example.org p, wx a@y" },
    { "@user_1 #وسم_جديد #1 @ #", "a@user_1 a#وسم_جديد s# n1 s@ s#" },
    { "AC/DC 24/7 http: //", "wAC s/ wDC n24 s/ n7 whttp p: s/ s/" },
  };
  (void)state;
  CHECK(rows);
}

static void marks_are_one_each_but_repeated_ones_are_one(void **state) {
  static const cut_row rows[] = {
    { "«نعم»، \"لا\"؟!", "p« wنعم p» p، p\" wلا p\" p؟ p!" },
    { "ثم... سكت.. وقال…", "wثم p... wسكت p.. wوقال p…" },
    { "----- !!! ((( ##", "p----- p!!! p( p( p( s# s#" },
    { "❤️👍🏽 👨‍👩‍👧🇪🇬🇸🇦",
      "s❤️ s👍🏽 s👨‍👩‍👧 s🇪🇬 s🇸🇦" },
    { "ـ \u064E", "pـ p\u064E" },
    { "\u200Fمصر\u200E", "wمصر" },
  };
  (void)state;
  CHECK(rows);
}

static void tokens_know_the_script_of_their_letters(void **state) {
  static const struct {
    const char *text;
    uint32_t script;
  } rows[] = {
    { "مصر", QN_TOKEN_SCRIPT_ARABIC },   { "Misr", QN_TOKEN_SCRIPT_LATIN }, { "Москва", QN_TOKEN_SCRIPT_OTHER },
    { "Mосква", QN_TOKEN_SCRIPT_MIXED }, { "910D", QN_TOKEN_SCRIPT_LATIN }, { "910", QN_TOKEN_SCRIPT_NONE },
    { "٩١٠", QN_TOKEN_SCRIPT_NONE },     { "؟", QN_TOKEN_SCRIPT_NONE },     { "#مصر", QN_TOKEN_SCRIPT_ARABIC },
    { "京", QN_TOKEN_SCRIPT_OTHER },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cut_token token;
    assert_true(cut_next((const uint8_t *)rows[i].text, 0, (uint32_t)strlen(rows[i].text), &token));
    assert_int_equal(token.script, rows[i].script);
  }
}

/* Every letter and digit is in a token, whatever the text. */
static void any_valid_text_keeps_the_laws(void **state) {
  static const uint32_t pool[] = { 'a',    'B',    '1',     '.',     '-',    '\'',   '@',    '/',    ':',
                                   '#',    '+',    ' ',     '&',     '_',    'w',    0x627,  0x648,  0x64E,
                                   0x640,  0x661,  0x66B,   0x60C,   0x200D, 0x200F, 0x301,  0x416,  0x4E00,
                                   0x30AB, 0x0E01, 0x1F600, 0x1F1E6, 0xE000, 0x01,   0x2026, 0x2019, 0x20AC };
  uint32_t seed = 11;
  (void)state;
  for (uint32_t round = 0; round < 6000; round++) {
    char text[4 * 64 + 1];
    uint32_t len = 0;
    size_t n_words = 0;
    size_t n_out = 0;
    for (uint32_t i = 0; i < round % 64; i++) {
      seed = seed * 1664525u + 1013904223u;
      uint32_t code = pool[(seed >> 8) % (sizeof pool / sizeof pool[0])];
      uint32_t kind = letters_kind(code);
      n_words += kind == LETTERS_LETTER || kind == LETTERS_DIGIT;
      len += utf8_encode(code, (uint8_t *)text + len);
    }
    text[len] = '\0';
    cut_token token;
    for (uint32_t pos = 0; cut_next((const uint8_t *)text, pos, len, &token); pos = token.end) {
      assert_true(token.begin >= pos && token.end > token.begin && token.end <= len);
      for (uint32_t at = token.begin; at < token.end;) {
        uint32_t kind = letters_kind(utf8_next((const uint8_t *)text, &at));
        n_out += kind == LETTERS_LETTER || kind == LETTERS_DIGIT;
      }
    }
    assert_int_equal(n_out, n_words);
    free(cut_all(text));
  }
}

/* Would run for minutes if any rule looked ahead without a bound. */
static void rubbish_takes_linear_time(void **state) {
  static const char *const pieces[] = {
    "a.", "a@", "1,", "a-", "://", "a/", "#", "ا\u200D", "👨\u200D", "a", "..", "@a"
  };
  enum { SIZE = 1 << 20 };
  uint8_t *text = malloc(SIZE);
  (void)state;
  assert_non_null(text);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    uint32_t len = (uint32_t)strlen(pieces[i]);
    uint32_t end = 0;
    for (; end + len <= SIZE; end += len) {
      memcpy(text + end, pieces[i], len);
    }
    cut_token token = { 0 };
    while (cut_next(text, token.end, end, &token)) {
      assert_true(token.end <= end);
    }
  }
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(words_are_whole),
    cmocka_unit_test(scripts_part_where_they_meet),
    cmocka_unit_test(numbers_keep_their_points_and_lose_their_units),
    cmocka_unit_test(addresses_are_whole),
    cmocka_unit_test(marks_are_one_each_but_repeated_ones_are_one),
    cmocka_unit_test(tokens_know_the_script_of_their_letters),
    cmocka_unit_test(any_valid_text_keeps_the_laws),
    cmocka_unit_test(rubbish_takes_linear_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
