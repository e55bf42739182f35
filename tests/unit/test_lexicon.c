/* SPDX-License-Identifier: Apache-2.0 */

/* Lexicons: from lines to tables and back, what is refused in lines and in bytes, and that damage never crashes. */
#include "entities/lexicon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entities/lexicon_tsv.h"
#include "text/fold.h"

static const char lines[] = "# a comment\n"
                            "Nvidia\tORGANIZATION\tcompany\tNVDA|Nvidia Corp\tإنفيديا|~نفيديا\r\n"
                            "\n"
                            "GPT-3.5\tPRODUCT\tmodel\t\tجي بي تي 3.5\n"
                            "Tether (company)\tORGANIZATION\tcompany\tTether Holdings\t~تيثر\n"
                            "Muhammad\tgiven\tm\tMohammed\tمحمد\n"
                            "شركة\ttitle\tORGANIZATION\tbefore\tcompany\n"
                            "الذي\tstop\t-\t-\t\n"
                            "دولار\tcurrency\tUSD\tx\n";

typedef struct built {
  uint8_t *bytes;
  size_t len;
  lexicon lex;
} built;

typedef struct reports {
  uint32_t n;
  uint32_t first_line;
} reports;

static void report(void *user, uint32_t line, const char *why) {
  reports *self = user;
  assert_true(strlen(why) > 0);
  if (self->n++ == 0) {
    self->first_line = line;
  }
}

static void build(const char *text, size_t len, built *ret_built) {
  lexicon_builder *builder = NULL;
  reports none = { 0, 0 };
  lexicon_fault fault = { NULL };
  assert_int_equal(lexicon_builder_new(&builder), 0);
  assert_int_equal(lexicon_tsv_read(builder, (qn_str){ text, len }, report, &none), 0);
  assert_int_equal(lexicon_builder_finish(builder, &ret_built->bytes, &ret_built->len), 0);
  lexicon_builder_free(builder);
  assert_int_equal(lexicon_open((qn_str){ (const char *)ret_built->bytes, ret_built->len }, &ret_built->lex, &fault),
                   0);
}

static const qlex_slot *find(const lexicon *lex, const char *text) {
  char form[256];
  size_t len = fold_key((const uint8_t *)text, strlen(text), (uint8_t *)form);
  return lexicon_find(lex, key_print(key_of(form, len)));
}

static void lexicon_alias_finds_entry(void **state) {
  (void)state;
  static const struct {
    const char *alias;
    const char *name; /* NULL: not found */
    uint16_t flags;
    uint8_t kind;
  } rows[] = {
    { "إنفيديا", "Nvidia", 0, QLEX_ENTITY },
    { "انفيديا", "Nvidia", 0, QLEX_ENTITY },
    { "نفيديا", "Nvidia", QLEX_AMBIGUOUS, QLEX_ENTITY },
    { "nvidia", "Nvidia", QLEX_CANONICAL | QLEX_LATIN | QLEX_CAPITAL, QLEX_ENTITY },
    { "NVDA", "Nvidia", QLEX_LATIN | QLEX_CAPITAL | QLEX_CAPS, QLEX_ENTITY },
    { "nvidiacorp", "Nvidia", QLEX_LATIN | QLEX_CAPITAL, QLEX_ENTITY },
    { "جي بي تي 3.5", "GPT-3.5", 0, QLEX_ENTITY },
    { "جي بي تي 35", NULL, 0, 0 },
    { "Tether", "Tether (company)", QLEX_CANONICAL | QLEX_AMBIGUOUS | QLEX_LATIN | QLEX_CAPITAL, QLEX_ENTITY },
    { "محمد", "Muhammad", 0, QLEX_GIVEN },
    { "شركة", "شركة", 0, QLEX_TITLE },
    { "الذي", "الذي", 0, QLEX_STOP },
    { "دولار", NULL, 0, 0 },
    { "نعم", NULL, 0, 0 },
  };
  built b;
  build(lines, sizeof lines - 1, &b);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const qlex_slot *slot = find(&b.lex, rows[i].alias);
    if (rows[i].name == NULL) {
      assert_null(slot);
      continue;
    }
    assert_non_null(slot);
    assert_int_equal(slot->n, 1);
    const qlex_payload *payload = &b.lex.payloads[slot->first];
    qn_str name = lexicon_name(&b.lex, payload->entry);
    assert_int_equal(name.len, strlen(rows[i].name));
    assert_memory_equal(name.data, rows[i].name, name.len);
    assert_int_equal(payload->flags, rows[i].flags);
    assert_int_equal(payload->kind, rows[i].kind);
  }
  free(b.bytes);
}

static void lexicon_beginning_of_alias_is_a_prefix(void **state) {
  (void)state;
  built b;
  build(lines, sizeof lines - 1, &b);
  const qlex_slot *slot = find(&b.lex, "جي بي");
  assert_non_null(slot);
  assert_int_equal(slot->n, 0);
  assert_int_equal(slot->lore, LORE_PREFIX);
  assert_int_equal(find(&b.lex, "جي بي تي 3.5")->lore, LORE_SPOKEN | LORE_ENTITY | LORE_ALIAS);
  assert_int_equal(find(&b.lex, "محمد")->lore, LORE_GIVEN);
  assert_int_equal(find(&b.lex, "نفيديا")->lore, LORE_SPOKEN | LORE_ALIAS);
  assert_true(lexicon_begins(&b.lex, key_print(key_of("جي", strlen("جي")))));
  free(b.bytes);
}

static void lexicon_same_lines_same_bytes(void **state) {
  (void)state;
  built a;
  built b;
  build(lines, sizeof lines - 1, &a);
  build(lines, sizeof lines - 1, &b);
  assert_int_equal(a.len, b.len);
  assert_memory_equal(a.bytes, b.bytes, a.len);
  free(a.bytes);
  free(b.bytes);
}

static void lexicon_empty_is_valid(void **state) {
  (void)state;
  built b;
  build("", 0, &b);
  assert_null(find(&b.lex, "x"));
  free(b.bytes);
}

static void tsv_bad_line_is_reported_by_number(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t line;
  } rows[] = {
    { "Nvidia\n", 1 },                                  /* no columns */
    { "# x\n\nشركة\ttitle\tCOMPANY\tbefore\tx\n", 3 },  /* no such type */
    { "A\tPERSON\tx\t\t!!!|...\n", 1 },                 /* an alias without letters */
    { "A\tPERSON\tx\t\tb\n\xFF\tPERSON\tx\t\tc\n", 2 }, /* not UTF-8 */
    { "\tPERSON\tx\t\tc\n", 1 },                        /* no name */
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lexicon_builder *builder = NULL;
    reports got = { 0, 0 };
    assert_int_equal(lexicon_builder_new(&builder), 0);
    assert_int_equal(lexicon_tsv_read(builder, (qn_str){ rows[i].text, strlen(rows[i].text) }, report, &got), 1);
    assert_int_equal(got.first_line, rows[i].line);
    lexicon_builder_free(builder);
  }
}

static int open_bytes(const uint8_t *bytes, size_t len) {
  lexicon lex;
  lexicon_fault fault = { NULL };
  int r = lexicon_open((qn_str){ (const char *)bytes, len }, &lex, &fault);
  assert_true(r == 0 || fault.what != NULL);
  return r;
}

static void lexicon_cut_short_is_refused(void **state) {
  (void)state;
  built b;
  build(lines, sizeof lines - 1, &b);
  for (size_t len = 0; len < b.len; len += len < 256 ? 1 : 997) {
    uint8_t *exact = malloc(len + 8); /* so that a sanitizer sees a read past the end */
    assert_non_null(exact);
    memcpy(exact, b.bytes, len);
    assert_true(open_bytes(exact, len) < 0);
    free(exact);
  }
  free(b.bytes);
}

static void lexicon_flipped_bit_is_refused(void **state) {
  (void)state;
  built b;
  build(lines, sizeof lines - 1, &b);
  for (size_t i = 0; i < b.len; i += i < 512 ? 1 : 211) {
    b.bytes[i] ^= 0x10;
    assert_true(open_bytes(b.bytes, b.len) < 0);
    b.bytes[i] ^= 0x10;
  }
  assert_int_equal(open_bytes(b.bytes, b.len), 0);
  free(b.bytes);
}

/* With the checksum made right again, every index in the file must still be checked. */
static void lexicon_forged_index_is_refused_or_harmless(void **state) {
  (void)state;
  built b;
  size_t begin = offsetof(qlex_header, checksum) + sizeof(uint64_t);
  build(lines, sizeof lines - 1, &b);
  qlex_header *header = (qlex_header *)(void *)b.bytes;
  uint32_t n_opened = 0;
  for (size_t i = begin; i + 4 <= b.len; i += 4) {
    uint32_t kept;
    const uint32_t forged = 0x7FFFFFFFu;
    memcpy(&kept, b.bytes + i, 4);
    memcpy(b.bytes + i, &forged, 4);
    header->checksum = lexicon_checksum(b.bytes + begin, b.len - begin);
    lexicon lex;
    lexicon_fault fault;
    if (lexicon_open((qn_str){ (const char *)b.bytes, b.len }, &lex, &fault) == 0) {
      const qlex_slot *slot = find(&lex, "إنفيديا");
      for (uint32_t k = 0; slot != NULL && k < slot->n; k++) {
        n_opened += lexicon_name(&lex, lex.payloads[slot->first + k].entry).len > 0;
      }
    }
    memcpy(b.bytes + i, &kept, 4);
    if (i > begin + 256 && i < header->likeness + QLEX_LIKENESS_SIZE - 64 && i > header->first + 64) {
      i += 4 * 61; /* the bit set and the weights hold no indices */
    }
  }
  assert_true(n_opened > 0);
  free(b.bytes);
}

static void likeness_tells_names_from_words(void **state) {
  (void)state;
  static const char text[] = "Roberts\tfamily\t-\t\tروبرتس|روبرتسون|ألبرتس|هربرتس\nx\tfamily\t-\t\tفيلبرتس\n"
                             "المدرسة\tcommon\t9\nالمكتبة\tcommon\t9\nالمدينة\tcommon\t9\nالمحكمة\tcommon\t9\n";
  built b;
  build(text, sizeof text - 1, &b);
  assert_true(lexicon_likeness(&b.lex, "البرتسون", strlen("البرتسون")) > 0);
  assert_true(lexicon_likeness(&b.lex, "المطبعه", strlen("المطبعه")) < 0);
  free(b.bytes);
}

static uint32_t part(const lexicon *lex, const char *word) {
  char form[256];
  size_t len = fold_key((const uint8_t *)word, strlen(word), (uint8_t *)form);
  return lexicon_part(lex, key_print(key_of(form, len)));
}

/* Words of longer names tell of which types those are, how many, and where in them they stand; words of short names and of other
 * lines do not. */
static void lexicon_part_of_longer_names_tells_types_and_places(void **state) {
  (void)state;
  enum {
    FIRST = 1 << 10,
    INNER = 2 << 10,
    LAST = 4 << 10,
    ORGANIZATIONS = 1 << 2,
    SEVERAL_ORGANIZATIONS = 2 << 2,
    PRODUCTS = 1 << 6
  };
  static const char text[] = "Alpha Insurance\tORGANIZATION\tcompany\tAlpha Prime Insurance\tألفا للتأمين\n"
                             "Beta Insurance\tORGANIZATION\tcompany\t\tبيتا للتأمين\n"
                             "Alpha Nine\tPRODUCT\tphone\t\t\n"
                             "Gamma\tPRODUCT\tphone\t\t\n"
                             "قالت غاما أمس\tcommon\n";
  static const struct {
    const char *word;
    uint32_t use;
  } cases[] = {
    { "Insurance", SEVERAL_ORGANIZATIONS | LAST },
    { "للتأمين", SEVERAL_ORGANIZATIONS | LAST },
    { "Alpha", ORGANIZATIONS | PRODUCTS | FIRST },
    { "Prime", ORGANIZATIONS | INNER },
    { "Gamma", 0 },
    { "غاما", 0 },
    { "unheard", 0 },
  };
  built made;
  build(text, sizeof text - 1, &made);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(part(&made.lex, cases[i].word), cases[i].use);
  }
  free(made.bytes);
}

/* Inflected forms are ordinary words, too, unless the lexicon says what else they are. */
static void lexicon_ordinary_word_is_known_inflected(void **state) {
  (void)state;
  static const char text[] = "منصب\tcommon\nحقيبة\tcommon\nقلم\tcommon\nNusbanin\tPERSON\tpolitician\t\tمنصبان\n";
  static const struct {
    const char *word;
    bool is_common;
  } cases[] = {
    { "منصبه", true },   { "منصبنا", true },  { "منصبين", true }, { "منصبان", false }, { "حقيبتان", true },
    { "حقيبتهم", true }, { "حقيبها", false }, { "قلمان", false }, /* too short to be told from others */
  };
  built made;
  build(text, sizeof text - 1, &made);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const qlex_slot *slot = find(&made.lex, cases[i].word);
    assert_int_equal(slot != NULL && (slot->lore & LORE_COMMON) != 0, cases[i].is_common);
  }
  free(made.bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(lexicon_alias_finds_entry),
    cmocka_unit_test(lexicon_beginning_of_alias_is_a_prefix),
    cmocka_unit_test(lexicon_same_lines_same_bytes),
    cmocka_unit_test(lexicon_empty_is_valid),
    cmocka_unit_test(tsv_bad_line_is_reported_by_number),
    cmocka_unit_test(lexicon_cut_short_is_refused),
    cmocka_unit_test(lexicon_flipped_bit_is_refused),
    cmocka_unit_test(lexicon_forged_index_is_refused_or_harmless),
    cmocka_unit_test(lexicon_part_of_longer_names_tells_types_and_places),
    cmocka_unit_test(lexicon_ordinary_word_is_known_inflected),
    cmocka_unit_test(likeness_tells_names_from_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
