/* SPDX-License-Identifier: Apache-2.0 */

/* The value grammars: rows of text and what is found in it, however the text is divided into tokens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/values.h"
#include "qanat/layers.h"
#include "text/fold.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <cmocka.h>

enum { TOKENS_MAX = 4096, OUT_MAX = 8192 };

/* --- a host that lends memory, and takes note of what is not given back --- */

typedef struct memory {
  qn_host host;
  int n_live;
  int fail_after; /* the allocation that fails, counted down; -1: none */
} memory;

static memory lender = { .fail_after = -1 };

static int fails(void) {
  if (lender.fail_after < 0) {
    return 0;
  }
  return lender.fail_after-- == 0;
}

static void *lend(qn_env *env, size_t bytes) {
  (void)env;
  void *lent = fails() ? NULL : malloc(bytes);
  lender.n_live += lent != NULL;
  return lent;
}

static void *lend_more(qn_env *env, void *lent, size_t bytes) {
  (void)env;
  void *more = fails() ? NULL : realloc(lent, bytes);
  lender.n_live += more != NULL && lent == NULL;
  return more;
}

static void take_back(qn_env *env, void *lent) {
  (void)env;
  lender.n_live -= lent != NULL;
  free(lent);
}

static value_scratch *scratch_new(void) {
  value_scratch *scratch = NULL;
  lender.host = (qn_host){ .size = sizeof(qn_host), .alloc = lend, .resize = lend_more, .release = take_back };
  assert_int_equal(value_scratch_open(&lender.host, NULL, &scratch), 0);
  return scratch;
}

/* --- tokens, cut coarsely at spaces or finely at every change of kind --- */

typedef struct cut {
  uint32_t begin[TOKENS_MAX];
  uint32_t end[TOKENS_MAX];
  uint32_t kind[TOKENS_MAX];
  uint32_t script[TOKENS_MAX];
  qn_heap_str form[TOKENS_MAX];
  char heap[TOKENS_MAX * 16];
  const void *columns[QN_TOKEN_N_COLUMNS];
  qn_layer layer;
} cut;

static uint32_t group_of(uint32_t code) {
  uint32_t kind = letters_kind(code);
  if (kind == LETTERS_MARK || kind == LETTERS_TATWEEL || kind == LETTERS_FORMAT) {
    return LETTERS_LETTER;
  }
  return kind;
}

static void token_add(cut *tokens, const uint8_t *text, uint32_t begin, uint32_t end, uint32_t group) {
  uint32_t i = tokens->layer.n_rows;
  uint32_t offset = i == 0 ? 0 : tokens->form[i - 1].offset + tokens->form[i - 1].len;
  assert_true(i < TOKENS_MAX && offset + FOLD_BOUND(end - begin) < sizeof(tokens->heap));
  tokens->begin[i] = begin;
  tokens->end[i] = end;
  tokens->kind[i] = group == LETTERS_DIGIT    ? QN_TOKEN_KIND_NUMBER
                    : group == LETTERS_LETTER ? QN_TOKEN_KIND_WORD
                                              : QN_TOKEN_KIND_PUNCTUATION;
  tokens->script[i] = text[begin] < 0x80 ? QN_TOKEN_SCRIPT_LATIN : QN_TOKEN_SCRIPT_ARABIC;
  tokens->form[i].offset = offset;
  tokens->form[i].len = (uint32_t)fold_key(text + begin, end - begin, (uint8_t *)tokens->heap + offset);
  tokens->layer.n_rows++;
}

static const qn_layer *tokens_cut(cut *tokens, const char *text, uint32_t len, int is_fine) {
  const uint8_t *bytes = (const uint8_t *)text;
  memset(&tokens->layer, 0, sizeof(tokens->layer));
  for (uint32_t at = 0; at < len;) {
    uint32_t begin = at;
    uint32_t first = group_of(utf8_next(bytes, &at));
    if (first == LETTERS_SPACE) {
      continue;
    }
    while (at < len) {
      uint32_t after = at;
      uint32_t group = group_of(utf8_next(bytes, &after));
      if (group == LETTERS_SPACE || (is_fine && (group != first || first == LETTERS_PUNCT))) {
        break;
      }
      at = after;
    }
    token_add(tokens, bytes, begin, at, first);
  }
  tokens->columns[QN_TOKEN_KIND] = tokens->kind;
  tokens->columns[QN_TOKEN_SCRIPT] = tokens->script;
  tokens->columns[QN_TOKEN_FORM] = tokens->form;
  tokens->layer.n_columns = QN_TOKEN_N_COLUMNS;
  tokens->layer.begin = tokens->begin;
  tokens->layer.end = tokens->end;
  tokens->layer.columns = tokens->columns;
  tokens->layer.heap = tokens->heap;
  return &tokens->layer;
}

/* --- what is found, as a line of text --- */

__attribute__((format(printf, 2, 3))) static void print(char *out, const char *format, ...) {
  va_list args;
  size_t used = strlen(out);
  va_start(args, format);
  vsnprintf(out + used, OUT_MAX - used, format, args);
  va_end(args);
}

static void mention_print(char *out, const char *text, const value_mention *m) {
  static const char letters[] = { 'M', 'P', 'D', 'Q' };
  print(out, "%s%c[%.*s]", out[0] == '\0' ? "" : " ", letters[m->type], (int)(m->end - m->begin), text + m->begin);
  if (m->type == VALUE_DATE) {
    print(out, "=%.*s", (int)m->date_len, m->date);
    if (m->resolved_len > 0) {
      print(out, "(%.*s)", (int)m->resolved_len, m->resolved);
    }
  } else {
    print(out, "=%.12g", m->amount);
    if (!isnan(m->amount_max)) {
      print(out, "..%.12g", m->amount_max);
    }
    if (m->unit.len > 0) {
      print(out, " %.*s", (int)m->unit.len, m->unit.data);
    }
  }
  if (m->modifier.len > 0) {
    print(out, "~%.*s", (int)m->modifier.len, m->modifier.data);
  }
}

static const char *found_in(value_scratch *scratch, cut *tokens, const char *text, int is_fine, const char *published,
                            char *out) {
  const value_mention *mentions = NULL;
  uint32_t n = 0;
  uint32_t len = (uint32_t)strlen(text);
  qn_view view = { (const uint8_t *)text, len, 0, NULL };
  const qn_layer *layer = tokens_cut(tokens, text, len, is_fine);
  out[0] = '\0';
  assert_int_equal(values_find(scratch, &view, layer, (qn_str){ published, strlen(published) }, &mentions, &n), 0);
  for (uint32_t i = 0; i < n; i++) {
    mention_print(out, text, &mentions[i]);
  }
  return out;
}

typedef struct row {
  const char *text;
  const char *found;
} row;

static void rows_check(const row *rows, size_t n_rows, const char *published) {
  value_scratch *scratch = scratch_new();
  cut *tokens = calloc(1, sizeof(*tokens));
  char *out = malloc(OUT_MAX);
  assert_non_null(tokens);
  assert_non_null(out);
  for (size_t i = 0; i < n_rows; i++) {
    for (int is_fine = 0; is_fine < 2; is_fine++) {
      if (strcmp(found_in(scratch, tokens, rows[i].text, is_fine, published, out), rows[i].found) != 0) {
        fail_msg("%s (%s tokens)\n  wanted %s\n  found  %s", rows[i].text, is_fine ? "fine" : "coarse", rows[i].found,
                 out);
      }
    }
  }
  free(out);
  free(tokens);
  value_scratch_close(scratch);
  assert_int_equal(lender.n_live, 0);
}

#define ROWS(...)                                                                                                      \
  static const row rows[] = { __VA_ARGS__ };                                                                           \
  rows_check(rows, sizeof(rows) / sizeof(rows[0]), "")

static void money_any_writing_amount_and_code(void **state) {
  (void)state;
  ROWS({ "بلغت الكلفة 57 مليار دولار.", "M[57 مليار دولار]=57000000000 USD" },
       { "قيمتها $57bn هذا العام", "M[$57bn]=57000000000 USD D[هذا العام]=" }, { "دفع 57$ فقط", "M[57$]=57 USD" },
       { "استثمار بـ8.4 مليار دولار", "M[8.4 مليار دولار]=8400000000 USD" },
       { "نحو ٢٫٢٥ مليار يورو", "M[٢٫٢٥ مليار يورو]=2250000000 EUR~about" },
       { "أكثر من 87 مليون ريال قطري", "M[87 مليون ريال قطري]=87000000 QAR~over" },
       { "مليارا دولار سنويا", "M[مليارا دولار]=2000000000 USD" }, { "ألفي يورو", "M[ألفي يورو]=2000 EUR" },
       { "بقيمة مليار دولار", "M[مليار دولار]=1000000000 USD" },
       { "مليونا ومئة ألف ليرة سورية", "M[مليونا ومئة ألف ليرة سورية]=1100000 SYP" },
       { "خمسة وعشرون ألف درهم مغربي", "M[خمسة وعشرون ألف درهم مغربي]=25000 MAD" },
       { "نصف مليار دولار", "M[نصف مليار دولار]=500000000 USD" },
       { "مليون ونصف المليون دولار", "M[مليون ونصف المليون دولار]=1500000 USD" },
       { "بين 2 و3 مليارات دولار", "M[2 و3 مليارات دولار]=2000000000..3000000000 USD" },
       { "من 10 إلى 15 مليون يورو", "M[10 إلى 15 مليون يورو]=10000000..15000000 EUR" },
       { "تراجع إلى 62.5 دولار", "M[62.5 دولار]=62.5 USD" },
       { "بسعر 12.000 درهم إماراتي", "M[12.000 درهم إماراتي]=12000 AED" },
       { "١٥ فلسا في الكويت", "M[١٥ فلسا]=0.015 KWD" },
       { "The deal is worth US$ 1.5 billion.", "M[US$ 1.5 billion]=1500000000 USD" },
       { "cost 350 million euros", "M[350 million euros]=350000000 EUR" }, { "سعر الدولار اليوم الواحد", "" });
}

static void money_shared_name_takes_the_country(void **state) {
  (void)state;
  ROWS({ "في القاهرة ارتفع السعر إلى 180 جنيها", "M[180 جنيها]=180 EGP" },
       { "في لندن بيعت بـ180 جنيها، وقالت بريطانيا", "M[180 جنيها]=180 GBP" },
       { "في تونس خصصت الحكومة 650 مليون دينار", "M[650 مليون دينار]=650000000 TND" },
       { "قال البنك المركزي الأردني إن 96 مليون دينار", "M[96 مليون دينار]=96000000 JOD" },
       { "أعلنت السويد تخصيص 18 مليون كرونة", "M[18 مليون كرونة]=18000000 SEK" });
}

static void percent_any_writing_amount(void **state) {
  (void)state;
  ROWS({ "ارتفع 25%", "P[25%]=25" }, { "ارتفع 25 %", "P[25 %]=25" }, { "بنسبة ١٫٩٪ أمس", "P[١٫٩٪]=1.9 D[أمس]=" },
       { "نحو 27 في المئة من السوق", "P[27 في المئة]=27~about" }, { "4,6 في المائة", "P[4,6 في المائة]=4.6" },
       { "بـ14 بالمئة", "P[14 بالمئة]=14" }, { "ثلاثين في المئة", "P[ثلاثين في المئة]=30" },
       { "واحد في المئة", "P[واحد في المئة]=1" }, { "10-15%", "P[10-15%]=10..15" }, { "%25 من", "P[%25]=25" },
       { "من 25% إلى 8%", "P[25%]=25 P[8%]=8" }, { "fell 3.5 percent", "P[3.5 percent]=3.5" });
}

static void quantity_counts_units_and_nouns(void **state) {
  (void)state;
  ROWS({ "على بعد 260 كيلومترا", "Q[260 كيلومترا]=260 kilometre" }, { "من 384 شريحة", "Q[384 شريحة]=384 chip" },
       { "120 ألف زائر", "Q[120 ألف زائر]=120000 visitor" }, { "500 ألف طن من القمح", "Q[500 ألف طن]=500000 tonne" },
       { "منذ ثلاث سنوات", "Q[ثلاث سنوات]=3 year" }, { "خلال ساعتين", "Q[ساعتين]=2 hour" },
       { "ثلاثة إلى ستة أشهر", "Q[ثلاثة إلى ستة أشهر]=3..6 month" },
       { "بين 12 و28 نانومترا", "Q[12 و28 نانومترا]=12..28 nm" },
       { "بالسجن بين 9 سنوات و27 سنة", "Q[9 سنوات و27 سنة]=9..27 year" },
       { "ألفا وخمسمئة شخص", "Q[ألفا وخمسمئة شخص]=1500 person" }, { "عمرها ألفا عام", "Q[ألفا عام]=2000 year" },
       { "سبعة ملايين وثلاثمئة ألف شخص", "Q[سبعة ملايين وثلاثمئة ألف شخص]=7300000 person" },
       { "مليونا و200 ألف كيلومتر", "Q[مليونا و200 ألف كيلومتر]=1200000 kilometre" },
       { "أربعة ملايين وربع المليون طالب", "Q[أربعة ملايين وربع المليون طالب]=4250000 student" },
       { "إحدى عشرة حالة", "Q[إحدى عشرة حالة]=11 case" }, { "اثنتي عشرة ساعة", "Q[اثنتي عشرة ساعة]=12 hour" },
       { "11.300 تلميذ", "Q[11.300 تلميذ]=11300 pupil" }, { "1,300 غرفة", "Q[1,300 غرفة]=1300 room" },
       { "3,8 كلم", "Q[3,8 كلم]=3.8 kilometre" },
       { "37 مليار متر مكعب", "Q[37 مليار متر مكعب]=37000000000 cubic metre" },
       { "27 فلجا قديما", "Q[27 فلجا]=27 falaj" }, { "18 مغزلا قديما", "Q[18 مغزلا]=18 مغزلا" },
       { "25 نقطة أساس", "Q[25 نقطة أساس]=25 basis point" },
       { "2 نانومتر و3 أجهزة", "Q[2 نانومتر]=2 nm Q[3 أجهزة]=3 device" }, { "in 12 hours", "Q[12 hours]=12 hour" });
}

static void number_without_meaning_is_nothing(void **state) {
  (void)state;
  ROWS({ "المعالج 910D الجديد", "" }, { "رقائق H20 وB200", "" }, { "طائرات F-35 وكوفيد-19", "" },
       { "فاز 3-1 في المباراة", "" }, { "الإصدار 3.5.1 من البرنامج", "" }, { "هاتف 0123456789", "" },
       { "عند الساعة 15:30", "" }, { "تعلن شبكات 6G", "" }, { "الصفحة 7", "" }, { "من 165 إلى", "" },
       { "شركة ميتا أعلنت", "" }, { "لويس الرابع عشر كتابا", "" });
}

static void date_named_value(void **state) {
  (void)state;
  ROWS({ "في 16 يناير 2026", "D[16 يناير 2026]=2026-01-16" },
       { "25 تموز/يوليو 2026", "D[25 تموز/يوليو 2026]=2026-07-25" },
       { "كانون الثاني/يناير 2027", "D[كانون الثاني/يناير 2027]=2027-01" },
       { "يوم الخميس 12 مارس 2026", "D[يوم الخميس 12 مارس 2026]=2026-03-12" }, { "27_أغسطس", "D[27_أغسطس]=--08-27" },
       { "في 1 أوت و15 سبتمبر", "D[1 أوت]=--08-01 D[15 سبتمبر]=--09-15" },
       { "من 15 إلى 23 ماي", "D[15 إلى 23 ماي]=--05-15" }, { "2026/01/16", "D[2026/01/16]=2026-01-16" },
       { "10/11/2026", "D[10/11/2026]=2026-11-10" }, { "16.01.2026", "D[16.01.2026]=2026-01-16" },
       { "في 31/02/2026", "" }, { "عام 2025", "D[عام 2025]=2025" }, { "سنة 638", "D[سنة 638]=638" },
       { "منذ 1979", "D[1979]=1979" }, { "بحلول ٢٠٣٠", "D[٢٠٣٠]=2030" }, { "موسم 2025-2026", "D[2025-2026]=2025/2026" },
       { "الربع الثالث من 2027", "D[الربع الثالث من 2027]=2027-Q3" },
       { "النصف الأول من عام 2025", "D[النصف الأول من عام 2025]=2025-H1" },
       { "الثاني من نوفمبر", "D[الثاني من نوفمبر]=--11-02" }, { "شهر أكتوبر", "D[شهر أكتوبر]=--10" },
       { "صيف 2027", "D[صيف 2027]=2027" }, { "نهاية 2027", "D[2027]=2027~end" },
       { "أوائل يوليو", "D[يوليو]=--07~early" }, { "20 رجب 1447هـ", "D[20 رجب 1447هـ]=2026-01-09" },
       { "عام 1972م", "D[عام 1972م]=1972" }, { "تسعينيات القرن الماضي", "D[تسعينيات القرن الماضي]=" },
       { "القرن التاسع عشر", "D[القرن التاسع عشر]=" }, { "on January 16, 2026", "D[January 16, 2026]=2026-01-16" },
       { "Aug 27 2025", "D[Aug 27 2025]=2025-08-27" }, { "in 2025 and Q3 2027", "D[2025]=2025 D[Q3 2027]=2027-Q3" },
       { "منذ 2022 200 ميغاواط", "D[2022]=2022 Q[200 ميغاواط]=200 megawatt" }, { "شركة روكيت لاب", "" });
}

/* The rows of value-rows.tsv; all faults are told at once. */
static void rows_of_file_each_found_as_written(void **state) {
  (void)state;
  enum { LINE_MAX_BYTES = 1024, ROWS_MIN = 300 };
  static char line[LINE_MAX_BYTES];
  static char path[4096];
  const char *root = getenv("QANAT_SOURCE_ROOT");
  snprintf(path, sizeof(path), "%s/tests/unit/value-rows.tsv", root != NULL ? root : ".");
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  value_scratch *scratch = scratch_new();
  cut *tokens = calloc(1, sizeof(*tokens));
  char *out = malloc(OUT_MAX);
  uint32_t n_rows = 0;
  uint32_t n_bad = 0;
  while (fgets(line, sizeof(line), file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *text = strchr(line, '\t');
    char *found = text != NULL ? strchr(text + 1, '\t') : NULL;
    if (line[0] == '#' || found == NULL) {
      continue;
    }
    *text++ = '\0';
    *found++ = '\0';
    n_rows++;
    if (strcmp(found_in(scratch, tokens, text, 0, line, out), found) != 0) {
      print_message("%s\n  wanted %s\n  found  %s\n", text, found, out);
      n_bad++;
    }
  }
  fclose(file);
  free(out);
  free(tokens);
  value_scratch_close(scratch);
  assert_int_equal(n_bad, 0);
  assert_true(n_rows >= ROWS_MIN);
}

static void date_relative_resolved_against_publication(void **state) {
  (void)state;
  static const row rows[] = {
    { "العام المقبل", "D[العام المقبل]=(2026)" },
    { "نهاية هذا العام", "D[هذا العام]=(2025)~end" },
    { "الأسبوع الماضي", "D[الأسبوع الماضي]=(2025-W34)" },
    { "عناوين متفائلة للعام الماضي", "D[عام الماضي]=(2024)" },
    { "تحتاج كمية هائلة من الحوسبة", "" },
    { "الشهر الماضي", "D[الشهر الماضي]=(2025-07)" },
    { "أمس الأربعاء", "D[أمس الأربعاء]=(2025-08-27)" },
    { "غدا", "D[غدا]=(2025-08-29)" },
    { "الاثنين المقبل", "D[الاثنين المقبل]=(2025-09-01)" },
    { "يوم الجمعة", "D[يوم الجمعة]=(2025-08-22)" },
    { "السنة المالية الماضية", "D[السنة المالية الماضية]=(2024)" },
    { "في ديسمبر", "D[ديسمبر]=--12(2025-12)" },
    { "أيار الماضي", "D[أيار الماضي]=--05(2025-05)" },
    { "الربع الثالث", "D[الربع الثالث]=(2025-Q3)" },
    { "last week", "D[last week]=(2025-W34)" },
    { "الأشهر الستة الماضية", "D[الأشهر الستة الماضية]=" },
    { "منتصف العام", "D[العام]=(2025)~mid" },
    { "مرتين في اليوم", "" },
    { "الأمين العام والقطاع العام", "" },
  };
  rows_check(rows, sizeof(rows) / sizeof(rows[0]), "2025-08-28");
}

static void values_line_ends_and_cuts_part_what_stands_by_them(void **state) {
  (void)state;
  value_scratch *scratch = scratch_new();
  cut *tokens = calloc(1, sizeof(*tokens));
  assert_non_null(tokens);
  const char text[] = "بلغ 57 دولار\n25 يناير";
  uint32_t cut_at = (uint32_t)strlen("بلغ 57 ");
  uint32_t len = (uint32_t)strlen(text);
  qn_view view = { (const uint8_t *)text, len, 1, &cut_at };
  const value_mention *mentions = NULL;
  uint32_t n = 0;
  assert_int_equal(values_find(scratch, &view, tokens_cut(tokens, text, len, 1), (qn_str){ NULL, 0 }, &mentions, &n),
                   0);
  assert_int_equal(n, 1);
  assert_int_equal(mentions[0].type, VALUE_DATE);
  assert_int_equal(mentions[0].begin, strlen("بلغ 57 دولار\n"));
  free(tokens);
  value_scratch_close(scratch);
}

/* A small generator of its own, so that every run sees the same texts. */
static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void values_random_words_keep_the_laws(void **state) {
  (void)state;
  static const char *const pieces[] = {
    "5",     "2026",   "و",   "مليون", "ألف",    "من",  "%",     "دولار", "يناير", "/",
    "-",     "الماضي", "عام", "ثلاثة", "عشر",    "$",   ".",     "،",     "1,300", "٣٫٥",
    "الربع", "إلى",    "بين", "يوم",   "نصف",    "\n",  "هذا",   "نهاية", "كانون", "الثاني",
    "هـ",    "Q3",     "bn",  "مئة",   "وعشرون", "سنة", "9.9.9", "الأحد", "رجب",   "999999999999999999999",
    "ــ",    "ب"
  };
  value_scratch *scratch = scratch_new();
  cut *tokens = calloc(1, sizeof(*tokens));
  assert_non_null(tokens);
  uint32_t seed = 1;
  for (uint32_t round = 0; round < 4000; round++) {
    char text[512] = "";
    const value_mention *m = NULL;
    uint32_t n = 0;
    uint32_t n_pieces = next_random(&seed) % 12;
    for (uint32_t i = 0; i < n_pieces; i++) {
      strcat(text, pieces[next_random(&seed) % (sizeof(pieces) / sizeof(pieces[0]))]);
      strcat(text, next_random(&seed) % 3 == 0 ? "" : " ");
    }
    uint32_t len = (uint32_t)strlen(text);
    qn_view view = { (const uint8_t *)text, len, 0, NULL };
    const qn_layer *layer = tokens_cut(tokens, text, len, (int)(round & 1));
    assert_int_equal(values_find(scratch, &view, layer, QN_LIT("2025-08-28"), &m, &n), 0);
    for (uint32_t i = 0; i < n; i++) {
      assert_true(m[i].begin < m[i].end && m[i].end <= len && (i == 0 || m[i - 1].end <= m[i].begin));
      assert_true(utf8_boundary(view.data, len, m[i].begin) && utf8_boundary(view.data, len, m[i].end));
      assert_null(memchr(text + m[i].begin, '\n', m[i].end - m[i].begin));
      assert_true(m[i].type == VALUE_DATE ? isnan(m[i].amount) : isfinite(m[i].amount));
    }
  }
  free(tokens);
  value_scratch_close(scratch);
}

static void values_without_memory_reports_it(void **state) {
  (void)state;
  const char text[] = "بلغ 57 مليار دولار في 16 يناير 2026";
  cut *tokens = calloc(1, sizeof(*tokens));
  assert_non_null(tokens);
  qn_view view = { (const uint8_t *)text, (uint32_t)strlen(text), 0, NULL };
  int fault = -1;
  for (int n = 0; fault != 0; n++) {
    value_scratch *scratch = scratch_new();
    const value_mention *mentions = NULL;
    uint32_t n_mentions = 77;
    assert_true(n < 20);
    lender.fail_after = n;
    fault =
        values_find(scratch, &view, tokens_cut(tokens, text, view.len, 0), (qn_str){ NULL, 0 }, &mentions, &n_mentions);
    lender.fail_after = -1;
    assert_true(fault == 0 ? n_mentions == 2 : n_mentions == 77);
    value_scratch_close(scratch);
    assert_int_equal(lender.n_live, 0);
  }
  free(tokens);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(money_any_writing_amount_and_code),
    cmocka_unit_test(money_shared_name_takes_the_country),
    cmocka_unit_test(percent_any_writing_amount),
    cmocka_unit_test(quantity_counts_units_and_nouns),
    cmocka_unit_test(number_without_meaning_is_nothing),
    cmocka_unit_test(date_named_value),
    cmocka_unit_test(rows_of_file_each_found_as_written),
    cmocka_unit_test(date_relative_resolved_against_publication),
    cmocka_unit_test(values_line_ends_and_cuts_part_what_stands_by_them),
    cmocka_unit_test(values_random_words_keep_the_laws),
    cmocka_unit_test(values_without_memory_reports_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
