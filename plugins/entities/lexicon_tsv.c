/* SPDX-License-Identifier: Apache-2.0 */

/* Takes lexicon lines apart: columns, aliases, the mark of ambiguity, and what the spelling of an alias says. */
#include "entities/lexicon_tsv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text/letters.h"
#include "text/utf8.h"

enum { COLUMNS = 6, COMMON_FREQUENT = 5, PATTERN_MAX = 128 };

/* Why a line is refused; besides -ENOMEM, -E2BIG and -EILSEQ. */
enum {
  NO_COLUMNS = -1001,
  NO_NAME = -1002,
  NO_KIND = -1003,
  NO_TYPE = -1004,
  BAD_ALIAS = -1005,
  NO_PLACE = -1006,
  NO_PATTERN = -1007,
  NO_SIGNS = -1008
};

static const char *reason(int code) {
  switch (code) {
  case -EILSEQ:
    return "it is not UTF-8";
  case NO_COLUMNS:
    return "it has no columns; they are separated by tabs";
  case NO_NAME:
    return "its first column, the name, is empty or too long";
  case NO_KIND:
    return "its second column is none of PERSON, ORGANIZATION, LOCATION, PRODUCT, EVENT and the kinds of words";
  case NO_TYPE:
    return "its third column is none of PERSON, ORGANIZATION, LOCATION, PRODUCT, EVENT";
  case NO_PLACE:
    return "its fourth column is not a place that this kind of word has";
  case NO_PATTERN:
    return "a pattern has a star for its place in the first and in the fourth column, and 'any' or 'known' in the "
           "fifth";
  case NO_SIGNS:
    return "a misread name has signs of what was translated in its third column";
  default:
    return "an alias has no letters, or is too long";
  }
}

static bool equals(qn_str text, const char *word) {
  return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static qn_str trim(qn_str text) {
  while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\r')) {
    text.data++;
    text.len--;
  }
  while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\r')) {
    text.len--;
  }
  return text;
}

/* Cuts what comes before the next `by` off *rest. */
static qn_str cut(qn_str *rest, char by) {
  const char *end = rest->len > 0 ? memchr(rest->data, by, rest->len) : NULL;
  qn_str piece = { rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len };
  size_t taken = end != NULL ? piece.len + 1 : piece.len;
  rest->data += taken;
  rest->len -= taken;
  return trim(piece);
}

/* What the letters of an alias say of it. */
static uint16_t spelling_flags(qn_str alias) {
  uint32_t pos = 0;
  uint32_t n_letters = 0;
  uint32_t n_upper = 0;
  uint16_t flags = 0;
  while (pos < alias.len) {
    uint8_t class = letters_class(utf8_next((const uint8_t *)alias.data, &pos));
    if ((class & LETTERS_KIND_MASK) != LETTERS_LETTER) {
      continue;
    }
    bool latin = letters_class_script(class) == LETTERS_SCRIPT_LATIN;
    bool upper = (class & LETTERS_UPPER) != 0;
    if (n_letters == 0 && latin) {
      flags |= (uint16_t)(QLEX_LATIN | (upper ? QLEX_CAPITAL : 0));
    }
    n_letters++;
    n_upper += upper;
  }
  if ((flags & QLEX_LATIN) != 0 && n_letters >= 2 && n_upper == n_letters) {
    flags |= QLEX_CAPS;
  }
  return flags;
}

static int type_of(qn_str name) {
  static const char *const types[] = { "PERSON", "ORGANIZATION", "LOCATION", "PRODUCT", "EVENT" };
  for (int i = 0; i < 5; i++) {
    if (equals(name, types[i])) {
      return i;
    }
  }
  return -1;
}

static uint8_t class_of(qn_str name) {
  static const struct {
    const char *name;
    uint8_t class;
  } classes[] = {
    { "country", QLEX_CLASS_COUNTRY }, { "city", QLEX_CLASS_CITY },         { "region", QLEX_CLASS_REGION },
    { "club", QLEX_CLASS_CLUB },       { "company", QLEX_CLASS_COMPANY },   { "bank", QLEX_CLASS_COMPANY },
    { "airline", QLEX_CLASS_COMPANY }, { "ministry", QLEX_CLASS_MINISTRY }, { "team", QLEX_CLASS_TEAM },
  };
  for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
    if (equals(name, classes[i].name)) {
      return classes[i].class;
    }
  }
  return QLEX_CLASS_OTHER;
}

/* Takes the mark off an alias; the flags that it stands for. */
static uint16_t take_mark(qn_str *alias) {
  char mark = alias->len > 0 ? alias->data[0] : '\0';
  if (mark != '~' && mark != '@') {
    return 0;
  }
  *alias = trim((qn_str){ alias->data + 1, alias->len - 1 });
  return mark == '~' ? QLEX_AMBIGUOUS : QLEX_NATIONAL;
}

static int add_aliases(lexicon_builder *builder, qn_str list, uint8_t kind, uint16_t flags) {
  while (list.len > 0) {
    qn_str alias = cut(&list, '|');
    uint16_t marks = (uint16_t)(flags | take_mark(&alias));
    if (alias.len == 0 || equals(alias, "-")) {
      continue;
    }
    int r = lexicon_builder_alias(builder, alias, kind, (uint16_t)(marks | spelling_flags(alias)));
    if (r != 0) {
      return r == -EINVAL ? BAD_ALIAS : r;
    }
  }
  return 0;
}

/* True if one of the aliases is this one, without a mark. */
static bool lists(qn_str aliases, qn_str wanted) {
  while (aliases.len > 0) {
    qn_str alias = cut(&aliases, '|');
    if (alias.len == wanted.len && memcmp(alias.data, wanted.data, alias.len) == 0) {
      return true;
    }
  }
  return false;
}

/* The canonical name without its explanation: "Derna, Libya" is called Derna, "Rain (company)" Rain. */
static qn_str shown_name(qn_str name) {
  for (size_t i = 1; i < name.len; i++) {
    if (name.data[i] == '(' || name.data[i] == ',') {
      return trim((qn_str){ name.data, i });
    }
  }
  return name;
}

/* The canonical name as an alias. Shortened by its explanation it is ambiguous, which is why it has one, unless the
 * line says otherwise. */
static int add_canonical(lexicon_builder *builder, const qn_str *columns) {
  qn_str shown = shown_name(columns[0]);
  if (memchr(shown.data, '*', shown.len) != NULL) {
    return 0; /* "Parliament of *" is called so with a country in it only */
  }
  bool doubtful = shown.len < columns[0].len && !lists(columns[3], shown);
  uint16_t flags = (uint16_t)(QLEX_CANONICAL | (doubtful ? QLEX_AMBIGUOUS : 0));
  return lexicon_builder_alias(builder, shown, QLEX_ENTITY, (uint16_t)(flags | spelling_flags(shown)));
}

/* The country or organisation that an entry belongs to: its sixth column or what its name is explained by. */
static int add_belonging(lexicon_builder *builder, const qn_str *columns) {
  qn_str shown = shown_name(columns[0]);
  qn_str whose = columns[5];
  if (whose.len == 0 && shown.len < columns[0].len) {
    whose = (qn_str){ shown.data + shown.len, columns[0].len - shown.len };
    while (whose.len > 0 && (whose.data[0] == ' ' || whose.data[0] == ',' || whose.data[0] == '(')) {
      whose.data++;
      whose.len--;
    }
    whose.len -= whose.len > 0 && whose.data[whose.len - 1] == ')';
  }
  return whose.len > 0 ? lexicon_builder_belongs(builder, whose) : 0;
}

static int add_entity(lexicon_builder *builder, const qn_str *columns, int type) {
  int r = lexicon_builder_entry(builder, columns[0], (uint8_t)type, class_of(columns[2]));
  if (r == 0) {
    r = add_canonical(builder, columns);
  }
  if (r == 0) {
    r = add_aliases(builder, columns[3], QLEX_ENTITY, 0);
  }
  if (r == 0) {
    r = add_aliases(builder, columns[4], QLEX_ENTITY, 0);
  }
  return r == 0 ? add_belonging(builder, columns) : r;
}

static int add_name(lexicon_builder *builder, const qn_str *columns, uint8_t kind) {
  uint16_t flags = equals(columns[2], "f") ? QLEX_FEMININE : 0;
  int r = lexicon_builder_entry(builder, columns[0], 0, QLEX_CLASS_OTHER);
  if (r == 0) {
    r = lexicon_builder_alias(builder, columns[0], kind, (uint16_t)(flags | spelling_flags(columns[0])));
  }
  if (r == 0) {
    r = add_aliases(builder, columns[3], kind, flags);
  }
  return r == 0 ? add_aliases(builder, columns[4], kind, flags) : r;
}

static int add_word(lexicon_builder *builder, const qn_str *columns, uint8_t kind, int type, uint16_t flags) {
  int r = lexicon_builder_entry(builder, columns[0], (uint8_t)type, QLEX_CLASS_OTHER);
  return r == 0 ? lexicon_builder_alias(builder, columns[0], kind, (uint16_t)(flags | spelling_flags(columns[0]))) : r;
}

/* Inflected forms of an ordinary word, which stand for it: accusative and with a pronoun. Of nouns of four letters on; of
 * shorter words too much else is spelled so. */
static int add_inflected(lexicon_builder *builder, qn_str word) {
  static const char TA_MARBUTA[] = "\xD8\xA9";
  static const char TA[] = "\xD8\xAA";
  static const char *const endings[] = { "ا", "ها", "هم", "ه", "نا", "ين", "ان", "ات" };
  enum { STEM_MIN = 8, STEM_MAX = 40 };
  char form[STEM_MAX + 8];
  bool article = word.len > 4 && memcmp(word.data, "\xD8\xA7\xD9\x84", 4) == 0;
  if (word.len < STEM_MIN || word.len > STEM_MAX || article || (uint8_t)word.data[0] < 0xD8 ||
      memchr(word.data, ' ', word.len) != NULL) {
    return 0;
  }
  size_t stem = word.len;
  memcpy(form, word.data, stem);
  bool feminine = memcmp(form + stem - 2, TA_MARBUTA, 2) == 0;
  if (feminine) {
    memcpy(form + stem - 2, TA, 2);
  }
  for (size_t i = feminine ? 1 : 0; i < sizeof endings / sizeof endings[0]; i++) {
    size_t len = strlen(endings[i]);
    memcpy(form + stem, endings[i], len);
    int r = lexicon_builder_alias(builder, (qn_str){ form, stem + len }, QLEX_COMMON, QLEX_DERIVED);
    if (r != 0) {
      return r;
    }
  }
  return 0;
}

static int add_common(lexicon_builder *builder, const qn_str *columns) {
  long times = columns[2].len > 0 ? strtol(columns[2].data, NULL, 10) : 0;
  int r = add_word(builder, columns, QLEX_COMMON, 0, times >= COMMON_FREQUENT ? QLEX_FREQUENT : 0);
  return r == 0 ? add_inflected(builder, columns[0]) : r;
}

/* Lines of the value grammars, which stand in files of the same form. */
static bool is_value_kind(qn_str kind) {
  static const char *const kinds[] = { "currency", "month", "number", "scale", "unit", "weekday" };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (equals(kind, kinds[i])) {
      return true;
    }
  }
  return false;
}

/* "مطار * الدولي", "* International Airport": no text has the alias that it is kept under. */
static int add_pattern(lexicon_builder *builder, const qn_str *columns, int type) {
  char alias[PATTERN_MAX + 2];
  const char *star = memchr(columns[0].data, '*', columns[0].len);
  bool known = equals(columns[4], "known");
  if (star == NULL || columns[0].len > PATTERN_MAX || memchr(columns[3].data, '*', columns[3].len) == NULL ||
      !(known || equals(columns[4], "any"))) {
    return NO_PATTERN;
  }
  alias[0] = '+';
  memcpy(alias + 1, columns[0].data, columns[0].len);
  alias[1 + (star - columns[0].data)] = '+';
  int r = lexicon_builder_entry(builder, columns[3], (uint8_t)type, QLEX_CLASS_OTHER);
  return r == 0 ? lexicon_builder_alias(builder, (qn_str){ alias, columns[0].len + 1 }, QLEX_PATTERN,
                                        known ? QLEX_AMBIGUOUS : 0)
                : r;
}

/* "منظمة العفو الدولية", which machine translation makes of AI: the third column tells what speaks for that, the fourth
 * what for the name. */
static int add_misread(lexicon_builder *builder, const qn_str *columns) {
  int r = columns[2].len == 0 ? NO_SIGNS : add_word(builder, columns, QLEX_MISREAD, 0, 0);
  r = r == 0 ? add_aliases(builder, columns[2], QLEX_SIGN, 0) : r;
  return r == 0 ? add_aliases(builder, columns[3], QLEX_SIGN, QLEX_AGAINST) : r;
}

/* Adds one line; 0, 1 for a kind that is not for us, or a negative errno. */
static int add_line(lexicon_builder *builder, const qn_str *columns) {
  int type = type_of(columns[1]);
  if (type >= 0) {
    return add_entity(builder, columns, type);
  }
  if (equals(columns[1], "given")) {
    return add_name(builder, columns, QLEX_GIVEN);
  }
  if (equals(columns[1], "family")) {
    return add_name(builder, columns, QLEX_FAMILY);
  }
  if (equals(columns[1], "common")) {
    return add_common(builder, columns);
  }
  if (equals(columns[1], "title") || equals(columns[1], "cue")) {
    type = type_of(columns[2]);
    if (type < 0 || !(equals(columns[3], "before") || equals(columns[3], "after"))) {
      return type < 0 ? NO_TYPE : NO_PLACE;
    }
    return add_word(builder, columns, equals(columns[1], "title") ? QLEX_TITLE : QLEX_CUE, type,
                    equals(columns[3], "after") ? QLEX_AFTER : 0);
  }
  static const struct {
    const char *name;
    uint8_t kind;
  } words[] = {
    { "stop", QLEX_STOP }, { "particle", QLEX_PARTICLE }, { "letter", QLEX_LETTER }, { "place", QLEX_PLACE }
  };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (equals(columns[1], words[i].name)) {
      return add_word(builder, columns, words[i].kind, 0, 0);
    }
  }
  if (equals(columns[1], "misread")) {
    return add_misread(builder, columns);
  }
  if (equals(columns[1], "pattern")) {
    type = type_of(columns[2]);
    return type < 0 ? NO_TYPE : add_pattern(builder, columns, type);
  }
  if (equals(columns[1], "head")) {
    uint16_t flags = equals(columns[3], "tail") ? QLEX_AFTER : equals(columns[3], "open") ? QLEX_OPEN : 0;
    type = type_of(columns[2]);
    return type < 0 ? NO_TYPE : add_word(builder, columns, QLEX_HEAD, type, flags);
  }
  return is_value_kind(columns[1]) ? 1 : NO_KIND;
}

/* Adds a line of text; 0, 1 if it is not for us, or what is wrong with it. */
static int read_line(lexicon_builder *builder, qn_str line) {
  qn_str columns[COLUMNS];
  if (utf8_valid_prefix((const uint8_t *)line.data, line.len) != line.len) {
    return -EILSEQ;
  }
  if (memchr(line.data, '\t', line.len) == NULL) {
    return NO_COLUMNS;
  }
  for (int i = 0; i < COLUMNS; i++) {
    columns[i] = cut(&line, '\t');
  }
  int r = columns[0].len == 0 ? NO_NAME : add_line(builder, columns);
  return r == -EINVAL ? NO_NAME : r;
}

int lexicon_tsv_read(lexicon_builder *builder, qn_str text, lexicon_tsv_report report, void *user) {
  uint32_t line_number = 0;
  int n_refused = 0;
  while (text.len > 0) {
    qn_str line = cut(&text, '\n');
    line_number++;
    if (line.len == 0 || line.data[0] == '#') {
      continue;
    }
    int r = read_line(builder, line);
    if (r == -ENOMEM || r == -E2BIG) {
      return r;
    }
    if (r < 0) {
      n_refused++;
      report(user, line_number, reason(r));
    }
  }
  return n_refused;
}
