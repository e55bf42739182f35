/* SPDX-License-Identifier: Apache-2.0 */

/* The word lists behind the rules for stops. They are short and asked only at stops, so a plain search will do. */
#include "abbreviations.h"

#include <stddef.h>
#include <string.h>

typedef struct listed_word {
  uint8_t len;
  const char *text;
} listed_word;

#define WORD(text)                                                                                                     \
  { sizeof(text) - 1, text }
#define N_OF(list) (sizeof(list) / sizeof(list)[0])

static const listed_word titles[] = {
  WORD("mr"),  WORD("mrs"), WORD("ms"),  WORD("dr"),   WORD("prof"), WORD("st"),   WORD("ste"),  WORD("gen"),
  WORD("sen"), WORD("rep"), WORD("gov"), WORD("lt"),   WORD("col"),  WORD("maj"),  WORD("capt"), WORD("cmdr"),
  WORD("sgt"), WORD("rev"), WORD("hon"), WORD("pres"), WORD("mt"),   WORD("ft"),   WORD("vs"),   WORD("al"),
  WORD("cf"),  WORD("e.g"), WORD("i.e"), WORD("mme"),  WORD("mlle"), WORD("dept"),
};

static const listed_word numbers[] = {
  WORD("no"),   WORD("nos"), WORD("fig"), WORD("figs"), WORD("vol"),    WORD("pp"),  WORD("art"),
  WORD("sec"),  WORD("ch"),  WORD("jan"), WORD("feb"),  WORD("mar"),    WORD("apr"), WORD("aug"),
  WORD("sept"), WORD("sep"), WORD("oct"), WORD("nov"),  WORD("dec"),    WORD("ca"),  WORD("ext"),
  WORD("tel"),  WORD("ave"), WORD("op"),  WORD("est"),  WORD("approx"),
};

static const listed_word suffixes[] = {
  WORD("inc"), WORD("ltd"), WORD("co"),   WORD("corp"),  WORD("llc"),      WORD("plc"), WORD("bros"),
  WORD("jr"),  WORD("sr"),  WORD("etc"),  WORD("est"),   WORD("a.m"),      WORD("p.m"), WORD("ph.d"),
  WORD("إنك"), WORD("انك"), WORD("كورب"), WORD("ليمتد"), WORD("المحدودة"),
};

static const listed_word letters[] = {
  WORD("إيه"), WORD("ايه"), WORD("أيه"), WORD("آي"),  WORD("أي"),  WORD("اي"),  WORD("إي"),  WORD("بي"),  WORD("سي"),
  WORD("دي"),  WORD("إف"),  WORD("اف"),  WORD("أف"),  WORD("جي"),  WORD("إتش"), WORD("اتش"), WORD("أتش"), WORD("هـ"),
  WORD("جيه"), WORD("جاي"), WORD("كيه"), WORD("كي"),  WORD("كاي"), WORD("إل"),  WORD("ال"),  WORD("أل"),  WORD("إم"),
  WORD("ام"),  WORD("أم"),  WORD("إن"),  WORD("ان"),  WORD("أن"),  WORD("أو"),  WORD("او"),  WORD("كيو"), WORD("آر"),
  WORD("ار"),  WORD("أر"),  WORD("إس"),  WORD("اس"),  WORD("أس"),  WORD("تي"),  WORD("يو"),  WORD("في"),  WORD("دبليو"),
  WORD("إكس"), WORD("اكس"), WORD("أكس"), WORD("واي"), WORD("زد"),  WORD("زي"),  WORD("زيد"),
};

static const listed_word speech[] = {
  WORD("سأل"),  WORD("سألت"), WORD("تساءل"), WORD("تساءلت"), WORD("يتساءل"), WORD("تتساءل"), WORD("يسأل"), WORD("تسأل"),
  WORD("قال"),  WORD("قالت"), WORD("يقول"),  WORD("تقول"),   WORD("صاح"),    WORD("صاحت"),   WORD("صرخ"),  WORD("صرخت"),
  WORD("هتف"),  WORD("هتفت"), WORD("هتفوا"), WORD("أجاب"),   WORD("أجابت"),  WORD("كتب"),    WORD("كتبت"), WORD("علق"),
  WORD("علقت"), WORD("رد"),   WORD("ردت"),   WORD("رددت"),   WORD("أضاف"),   WORD("أضافت"),  WORD("يصرخ"), WORD("تصرخ"),
};

static const listed_word starters[] = {
  WORD("the"),       WORD("a"),    WORD("an"),     WORD("in"),      WORD("it"),    WORD("its"),   WORD("he"),
  WORD("his"),       WORD("she"),  WORD("her"),    WORD("they"),    WORD("their"), WORD("we"),    WORD("our"),
  WORD("but"),       WORD("and"),  WORD("this"),   WORD("that"),    WORD("these"), WORD("those"), WORD("on"),
  WORD("at"),        WORD("for"),  WORD("as"),     WORD("there"),   WORD("if"),    WORD("when"),  WORD("while"),
  WORD("after"),     WORD("last"), WORD("before"), WORD("however"), WORD("you"),   WORD("some"),  WORD("most"),
  WORD("one"),       WORD("both"), WORD("with"),   WORD("no"),      WORD("not"),   WORD("since"), WORD("according"),
  WORD("meanwhile"), WORD("to"),   WORD("by"),     WORD("from"),    WORD("so"),    WORD("such"),
};

static int is_listed(const listed_word *list, size_t n, const uint8_t *word, uint32_t len) {
  for (size_t i = 0; i < n; i++) {
    if (list[i].len == len && memcmp(list[i].text, word, len) == 0) {
      return 1;
    }
  }
  return 0;
}

/* No listed word is longer. */
#define WORD_MAX 24

/* The word with ASCII letters in lower case; 0 if it is too long to be listed. */
static int lowered(const uint8_t *word, uint32_t len, uint8_t *out) {
  if (len == 0 || len > WORD_MAX) {
    return 0;
  }
  for (uint32_t i = 0; i < len; i++) {
    out[i] = word[i] >= 'A' && word[i] <= 'Z' ? (uint8_t)(word[i] | 0x20) : word[i];
  }
  return 1;
}

abbreviation abbreviation_of(const uint8_t *word, uint32_t len) {
  uint8_t lower[WORD_MAX];
  if (!lowered(word, len, lower)) {
    return ABBREVIATION_NONE;
  }
  if (is_listed(titles, N_OF(titles), lower, len)) {
    return ABBREVIATION_TITLE;
  }
  if (is_listed(numbers, N_OF(numbers), lower, len)) {
    return ABBREVIATION_NUMBER;
  }
  if (is_listed(suffixes, N_OF(suffixes), lower, len)) {
    return ABBREVIATION_SUFFIX;
  }
  return is_listed(letters, N_OF(letters), lower, len) ? ABBREVIATION_LETTER : ABBREVIATION_NONE;
}

int abbreviation_is_speech(const uint8_t *word, uint32_t len) {
  return is_listed(speech, N_OF(speech), word, len);
}

int abbreviation_is_starter(const uint8_t *word, uint32_t len) {
  uint8_t lower[WORD_MAX];
  return lowered(word, len, lower) && is_listed(starters, N_OF(starters), lower, len);
}
