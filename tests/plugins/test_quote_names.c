/* SPDX-License-Identifier: Apache-2.0 */

/* quotes: what to call a speaker of whose name only a part was marked. The layers are made here, so that no recognizer of
 * names has a say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "qanat/layers.h"
#include "quotes/find.h"
#include "text/fold.h"

#include <cmocka.h>

enum { TEXT_MAX = 512, TOKENS_MAX = 64, FORM_MAX = 64 };

/* A text with its persons in braces; the one with a star speaks. */
typedef struct row {
  const char *marked;
  const char *name;
} row;

static const row rows[] = {
  /* Given names that nothing marks, where only titles part them from the verb. */
  { "وقالت المهندسة سلدانة *{الخرطبي} : كلام", "سلدانة الخرطبي" },
  { "وقال المهندس *{الخرطبي} : كلام", "الخرطبي" },
  { "وقال رئيس البلدية عبد الإله *{مسطوري} : كلام", "عبد الإله مسطوري" },
  { "وقال كاتبها الجديد هرطون بلدير *{مسطوري} : كلام", "هرطون بلدير مسطوري" },
  { "سجل *{مسطوري} هدفا", "مسطوري" },
  { "وقال وزير المياه والغابات *{مسطوري} كلاما", "مسطوري" },
  { "أما هرطون {مسطوري} من النقابة فغادر . وقال *{مسطوري} : كلام", "هرطون مسطوري" },
  /* One name marked in two parts, and what a name goes on with. */
  { "قالت {لوزان} *{دارا كفرطاس} : كلام", "لوزان دارا كفرطاس" },
  { "قالت *{لوزان} {دارا} : كلام", "لوزان دارا" },
  { "قال *{مسطوري} بن طرشوف : كلام", "مسطوري بن طرشوف" },
  { "قالت *{نوران عبد} الباسط : كلام", "نوران عبد الباسط" },
  { "وقال المتحدث باسم المنسقية *{نوران} طرشوف : كلام", "نوران طرشوف" },
  { "وقال المتحدث باسم المنسقية *{نوران} أمس : كلام", "نوران" },
  /* A verb that was marked with the name. */
  { "لكن المحامي *{نوران طرشوف رأى} أن الحكم خطأ", "نوران طرشوف" },
  { "قال *{نوران رأى} كلاما", "نوران رأى" },
  /* The longer mention, before or behind, with the article or without, and in the other script. */
  { "حضر {نوران الخرطبي} الحفل . وقال *{خرطبي} : كلام", "نوران الخرطبي" },
  { "قال *{الخرطبي} : كلام . وعاد {نوران الخرطبي} أمس", "نوران الخرطبي" },
  { "شرحت {Xaviera Kolbrand} الخطة . وقالت *{كولبراند} : كلام", "Xaviera Kolbrand" },
  { "شرحت {Xaviera Kolbrand} لعدوها {Otto Kalbrant} الخطة . وقالت *{مسطوري} : كلام", "مسطوري" },
  { "شرحت {Xaviera Kolbrand} و {Otto Kolbrand} الخطة . وقالت *{كولبراند} : كلام", "كولبراند" },
  { "", NULL },
};

/* A document as quotes sees it. */
typedef struct page {
  char text[TEXT_MAX];
  char forms[TOKENS_MAX * FORM_MAX];
  uint32_t begin[2][TOKENS_MAX]; /* tokens, persons */
  uint32_t end[2][TOKENS_MAX];
  uint32_t kinds[TOKENS_MAX];
  qn_heap_str cells[TOKENS_MAX];
  qn_heap_str no_links[TOKENS_MAX];
  uint32_t types[TOKENS_MAX];
  const void *token_columns[16];
  const void *entity_columns[16];
  quote_input input;
  uint32_t speaker;
} page;

static void token_add(page *p, uint32_t begin, uint32_t end) {
  uint32_t n = p->input.tokens.n_rows++;
  char *form = p->forms + (size_t)n * FORM_MAX;
  assert_true(n < TOKENS_MAX && 3 * (end - begin) <= FORM_MAX);
  p->begin[0][n] = begin;
  p->end[0][n] = end;
  p->kinds[n] = strchr(".:", p->text[begin]) != NULL ? QN_TOKEN_KIND_PUNCTUATION : QN_TOKEN_KIND_WORD;
  p->cells[n] =
      (qn_heap_str){ n * FORM_MAX, (uint32_t)fold_key((const uint8_t *)p->text + begin, end - begin, (uint8_t *)form) };
}

static void layers_set(page *p) {
  for (uint32_t i = 0; i < TOKENS_MAX; i++) {
    p->no_links[i] = (qn_heap_str){ QN_NO_ROW, 0 };
    p->types[i] = QN_ENTITY_TYPE_PERSON;
  }
  p->token_columns[QN_TOKEN_FORM] = p->cells;
  p->token_columns[QN_TOKEN_KIND] = p->kinds;
  p->entity_columns[QN_ENTITY_TYPE] = p->types;
  p->entity_columns[QN_ENTITY_LINK] = p->no_links;
  p->input.tokens = (qn_layer){ p->input.tokens.n_rows, 16, p->begin[0], p->end[0], p->token_columns, p->forms };
  p->input.entities = (qn_layer){ p->input.entities.n_rows, 16, p->begin[1], p->end[1], p->entity_columns, p->forms };
  p->input.view.data = (const uint8_t *)p->text;
}

static void page_read(page *p, const char *marked) {
  memset(p, 0, sizeof(*p));
  uint32_t len = 0;
  uint32_t word = 0;
  for (const char *at = marked;; at++) {
    if (*at == '*') {
      p->speaker = p->input.entities.n_rows;
    } else if (*at == '{') {
      p->begin[1][p->input.entities.n_rows] = len;
    } else if (*at == '}') {
      p->end[1][p->input.entities.n_rows++] = len;
    } else {
      if ((*at == ' ' || *at == '\0') && len > word) {
        token_add(p, word, len);
      }
      if (*at == '\0') {
        break;
      }
      assert_true(len + 1 < TEXT_MAX);
      p->text[len++] = *at;
      word = *at == ' ' ? len : word;
    }
  }
  p->input.view.len = len;
  layers_set(p);
}

static void name_check(const char *marked, const char *expected) {
  static page p;
  static quote_words words;
  char found[TEXT_MAX];
  quote_words_fill(&words, 7);
  page_read(&p, marked);
  qn_str name = fullname_of(&words, &p.input, p.speaker);
  assert_true(name.len < sizeof(found));
  memcpy(found, name.data, name.len);
  found[name.len] = '\0';
  assert_string_equal(found, expected);
}

static void quote_names_parts_become_full_names(void **state) {
  (void)state;
  for (const row *r = rows; r->name != NULL; r++) {
    name_check(r->marked, r->name);
  }
}

/* A name that stands everywhere is not put together everywhere for each quotation: only the nearest times. */
static void quote_names_written_often_are_looked_at_nearby(void **state) {
  (void)state;
  for (int n_between = 19; n_between <= 20; n_between++) {
    char marked[2 * TEXT_MAX] = "أما هرطون {مسطوري} فغادر";
    for (int i = 0; i < n_between; i++) {
      strcat(marked, " . {مسطوري}");
    }
    strcat(marked, " . وقال *{مسطوري} : كلام");
    name_check(marked, n_between == 19 ? "هرطون مسطوري" : "مسطوري");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(quote_names_parts_become_full_names),
    cmocka_unit_test(quote_names_written_often_are_looked_at_nearby),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
