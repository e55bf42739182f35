/* SPDX-License-Identifier: Apache-2.0 */

/* compile-value-words: turns the tables of words into the C tables that words.h declares. Runs when Qanat is built.
 *
 * Usage: compile-value-words UNITS.tsv WORDS.tsv OUT.c. Rows of WORDS.tsv that name a shared currency again take the
 * place of those in UNITS.tsv. Words are folded by the same function as at run time. */
#include "words.h"

#include "text/fold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 16384, UNITS_MAX = 4096, WORDS_MAX = 16384, LINE_MAX_BYTES = 16384 };

typedef struct key {
  uint64_t hash;
  uint16_t place; /* index of its word, or 0 */
  uint8_t goes_on;
} key;

typedef struct unit {
  char name[40];
  uint16_t code;
  uint16_t countable;
  uint16_t next;
  double factor;
} unit;

typedef struct tables {
  key keys[KEYS_MAX];
  unit units[UNITS_MAX];
  value_word words[WORDS_MAX];
  char codes[VALUE_CODES_MAX][8];
  uint32_t n_keys;
  uint32_t n_units;
  uint32_t n_words;
  uint32_t n_codes;
  const char *file;
  uint32_t line;
  int only_units; /* the file's numbers and scales are not for the grammars, which build them up */
} tables;

static void die(const tables *t, const char *what, const char *detail) {
  fprintf(stderr, "%s:%u: %s: %s\n", t->file, t->line, what, detail);
  exit(1);
}

static key *key_find(tables *t, uint64_t hash) {
  for (uint32_t i = 0; i < t->n_keys; i++) {
    if (t->keys[i].hash == hash) {
      return &t->keys[i];
    }
  }
  if (t->n_keys == KEYS_MAX) {
    die(t, "too many words", "raise KEYS_MAX");
  }
  t->keys[t->n_keys] = (key){ .hash = hash };
  return &t->keys[t->n_keys++];
}

/* The next piece of a folded phrase, as the lexer cuts them: letters and digits together, or one of / . $ alone. */
static size_t piece_len(const uint8_t *text, size_t len) {
  size_t n = 0;
  while (n < len && strchr(" /.$", text[n]) == NULL) {
    n++;
  }
  return n > 0 ? n : 1;
}

/* Enters a phrase, with all its beginnings, and returns the key of the whole. */
static key *phrase_enter(tables *t, const char *alias) {
  uint8_t folded[512];
  size_t len = strlen(alias);
  if (FOLD_BOUND(len) > sizeof(folded)) {
    die(t, "alias too long", alias);
  }
  len = fold_key((const uint8_t *)alias, len, folded);
  uint64_t hash = HASH_SEED;
  key *last = NULL;
  for (size_t at = 0; at < len;) {
    if (folded[at] == ' ') {
      at++;
      continue;
    }
    if (last != NULL) {
      last->goes_on = 1;
    }
    size_t n = piece_len(folded + at, len - at);
    hash = hash_word(hash, folded + at, n);
    last = key_find(t, hash);
    at += n;
  }
  if (last == NULL) {
    die(t, "empty alias", alias);
  }
  return last;
}

static void word_merge(tables *t, value_word *into, const value_word *add, const char *alias) {
  if (into->unit != 0 && add->unit != 0) {
    return; /* the first row stands: WORDS.tsv is read before UNITS.tsv */
  }
  if (into->number != 0 && add->number != 0 && into->number != add->number) {
    if ((add->senses & SENSE_ORDINAL) != 0) {
      return;
    }
    die(t, "two numbers for one word", alias);
  }
  if (into->shift != 0 && add->shift != 0 && into->shift != add->shift) {
    die(t, "two shifts for one word", alias);
  }
  into->number = into->number != 0 ? into->number : add->number;
  into->unit = into->unit != 0 ? into->unit : add->unit;
  into->country = into->country != 0 ? into->country : add->country;
  into->month = into->month != 0 ? into->month : add->month;
  into->calendar = into->calendar != 0 ? into->calendar : add->calendar;
  into->weekday = into->weekday != 0 ? into->weekday : add->weekday;
  into->period = into->period != 0 ? into->period : add->period;
  into->shift = into->shift != 0 ? into->shift : add->shift;
  into->modifier = into->modifier != 0 ? into->modifier : add->modifier;
  into->link |= add->link;
  into->roles |= add->roles;
  into->senses |= add->senses;
}

static void alias_enter(tables *t, const char *alias, const value_word *word) {
  key *k = phrase_enter(t, alias);
  if (k->place == 0) {
    if (t->n_words == WORDS_MAX) {
      die(t, "too many words", "raise WORDS_MAX");
    }
    memcpy(&t->words[t->n_words], word, sizeof(*word)); /* its padding too: words are compared as bytes */
    k->place = (uint16_t)t->n_words++;
    return;
  }
  word_merge(t, &t->words[k->place], word, alias);
}

static uint16_t code_number(tables *t, const char *code) {
  for (uint32_t i = 1; i < t->n_codes; i++) {
    if (strcmp(t->codes[i], code) == 0) {
      return (uint16_t)i;
    }
  }
  if (t->n_codes == VALUE_CODES_MAX || strlen(code) >= sizeof(t->codes[0])) {
    die(t, "cannot take the currency code", code);
  }
  memcpy(t->codes[t->n_codes], code, strlen(code) + 1);
  return (uint16_t)t->n_codes++;
}

static uint16_t unit_enter(tables *t, const char *name, double factor, int is_currency) {
  if (t->n_units == UNITS_MAX || strlen(name) >= sizeof(t->units[0].name)) {
    die(t, "cannot take the unit", name);
  }
  unit *u = &t->units[t->n_units];
  memcpy(u->name, name, strlen(name) + 1);
  u->factor = factor;
  u->code = is_currency ? code_number(t, name) : 0;
  return (uint16_t)t->n_units++;
}

/* Currencies of one name, "EGP/100|JOD/100": a chain of units. */
static uint16_t currencies_enter(tables *t, const char *argument) {
  char text[256];
  uint16_t first = 0;
  uint16_t last = 0;
  if (strlen(argument) >= sizeof(text)) {
    die(t, "too many currencies", argument);
  }
  memcpy(text, argument, strlen(argument) + 1);
  for (char *rest = NULL, *code = strtok_r(text, "|", &rest); code != NULL; code = strtok_r(NULL, "|", &rest)) {
    char *slash = strchr(code, '/');
    double factor = 1;
    if (slash != NULL) {
      *slash = '\0';
      factor = 1 / strtod(slash + 1, NULL);
    }
    uint16_t now = unit_enter(t, code, factor, 1);
    first = first != 0 ? first : now;
    if (last != 0) {
      t->units[last].next = now;
    }
    last = now;
  }
  return first;
}

typedef struct named {
  const char *name;
  uint32_t value;
} named;

static int named_find(const named *table, const char *name, uint32_t *ret_value) {
  for (; table->name != NULL; table++) {
    if (strcmp(table->name, name) == 0) {
      *ret_value = table->value;
      return 0;
    }
  }
  return -ENOENT;
}

static const named number_classes[] = { { "one", SENSE_ONE },           { "teen", SENSE_TEEN },
                                        { "ten", SENSE_TEN },           { "hundred", SENSE_HUNDRED },
                                        { "hundreds", SENSE_HUNDREDS }, { "scale", SENSE_SCALE },
                                        { "scales", SENSE_SCALES },     { "dual", SENSE_DUAL },
                                        { "single", SENSE_SINGLE },     { "fraction", SENSE_FRACTION },
                                        { "ordinal", SENSE_ORDINAL },   { NULL, 0 } };

static const named role_classes[] = {
  { "year", ROLE_YEAR },       { "day", ROLE_DAY },       { "days", ROLE_DAYS },
  { "monthcue", ROLE_MONTH },  { "period", ROLE_PERIOD }, { "season", ROLE_SEASON },
  { "shift", ROLE_SHIFT },     { "same", ROLE_SAME },     { "before", ROLE_BEFORE },
  { "this", ROLE_THIS },       { "dayword", ROLE_WORD },  { "daypart", ROLE_DAYPART },
  { "edge", ROLE_EDGE },       { "era", ROLE_ERA },       { "fiscal", ROLE_FISCAL },
  { "quarter", ROLE_QUARTER }, { "half", ROLE_HALF },     { "decade", ROLE_DECADE },
  { "stretch", ROLE_STRETCH }, { "few", ROLE_FEW },       { NULL, 0 }
};

static const named link_classes[] = { { "prep", LINK_PREP },   { "to", LINK_TO },   { "between", LINK_BETWEEN },
                                      { "of", LINK_OF },       { "and", LINK_AND }, { "versus", LINK_VERSUS },
                                      { "minus", LINK_MINUS }, { NULL, 0 } };

static const named modifiers[] = { { "about", MODIFIER_ABOUT },
                                   { "over", MODIFIER_OVER },
                                   { "under", MODIFIER_UNDER },
                                   { "early", MODIFIER_EARLY },
                                   { "mid", MODIFIER_MID },
                                   { "end", MODIFIER_END },
                                   { NULL, 0 } };

static const named periods[] = { { "day", PERIOD_DAY },         { "week", PERIOD_WEEK },
                                 { "month", PERIOD_MONTH },     { "quarter", PERIOD_QUARTER },
                                 { "half", PERIOD_HALF },       { "year", PERIOD_YEAR },
                                 { "season", PERIOD_SEASON },   { "decade", PERIOD_DECADE },
                                 { "century", PERIOD_CENTURY }, { NULL, 0 } };

/* January to December and the Hijri months as units.tsv names them; others are known, but have no place in a date. */
static const named month_names[] = { { "January", 1 },
                                     { "February", 2 },
                                     { "March", 3 },
                                     { "April", 4 },
                                     { "May", 5 },
                                     { "June", 6 },
                                     { "July", 7 },
                                     { "August", 8 },
                                     { "September", 9 },
                                     { "October", 10 },
                                     { "November", 11 },
                                     { "December", 12 },
                                     { "Muharram", 101 },
                                     { "Safar", 102 },
                                     { "Rabi al-Awwal", 103 },
                                     { "Rabi al-Thani", 104 },
                                     { "Jumada al-Ula", 105 },
                                     { "Jumada al-Thania", 106 },
                                     { "Rajab", 107 },
                                     { "Shaban", 108 },
                                     { "Ramadan", 109 },
                                     { "Shawwal", 110 },
                                     { "Dhu al-Qadah", 111 },
                                     { "Dhu al-Hijjah", 112 },
                                     { NULL, 0 } };

static const named weekday_names[] = { { "Monday", 1 }, { "Tuesday", 2 },  { "Wednesday", 3 }, { "Thursday", 4 },
                                       { "Friday", 5 }, { "Saturday", 6 }, { "Sunday", 7 },    { NULL, 0 } };

static void date_word(const tables *t, uint32_t role, const char *argument, value_word *word) {
  uint32_t value = 0;
  word->senses = SENSE_DATE;
  word->roles = role;
  if ((role == ROLE_PERIOD || role == ROLE_STRETCH) && named_find(periods, argument, &value) == 0) {
    word->period = (uint8_t)value;
  } else if (role == ROLE_EDGE && named_find(modifiers, argument, &value) == 0) {
    word->modifier = (uint8_t)value;
  } else if (role == ROLE_PERIOD || role == ROLE_STRETCH || role == ROLE_EDGE) {
    die(t, "unknown argument", argument);
  } else {
    word->shift = (int8_t)strtol(argument, NULL, 10);
  }
}

/* The word that a row's class and argument describe; 0 if rows of this class are not for the grammars. */
static int row_word(tables *t, const char *class, const char *argument, const char *note, value_word *ret_word) {
  value_word word;
  uint32_t value = 0;
  memset(&word, 0, sizeof(word));
  if (named_find(number_classes, class, &value) == 0) {
    word.senses = value;
    word.number = strtod(argument, NULL);
  } else if (named_find(role_classes, class, &value) == 0) {
    date_word(t, value, argument, &word);
  } else if (named_find(link_classes, class, &value) == 0) {
    word.senses = SENSE_LINK;
    word.link = (uint8_t)value;
  } else if (named_find(modifiers, class, &value) == 0) {
    word.senses = SENSE_MODIFIER;
    word.modifier = (uint8_t)value;
  } else if (strcmp(class, "month") == 0 && strtol(argument, NULL, 10) != 0) {
    word.senses = SENSE_MONTH;
    word.month = (uint8_t)strtol(argument, NULL, 10);
  } else if (strcmp(class, "month") == 0 && strstr(note, "Libya") == NULL &&
             named_find(month_names, argument, &value) == 0) {
    word.senses = SENSE_MONTH;
    word.month = (uint8_t)(value % 100);
    word.calendar = (uint8_t)(value / 100);
  } else if (strcmp(class, "weekday") == 0 && named_find(weekday_names, argument, &value) == 0) {
    word.senses = SENSE_WEEKDAY;
    word.weekday = (uint8_t)value;
  } else if (strcmp(class, "weekday") == 0 && strtol(argument, NULL, 10) != 0) {
    word.senses = SENSE_WEEKDAY;
    word.weekday = (uint8_t)strtol(argument, NULL, 10);
  } else if (strcmp(class, "currency") == 0) {
    word.senses = SENSE_CURRENCY;
    word.unit = currencies_enter(t, argument);
  } else if (strcmp(class, "unit") == 0 || strcmp(class, "time") == 0 || strcmp(class, "count") == 0) {
    word.senses = SENSE_UNIT | (class[0] == 't' || strncmp(note, "time", 4) == 0 ? SENSE_TIME : 0u);
    word.unit = unit_enter(t, argument, 1, 0);
    t->units[word.unit].countable = class[0] == 'c' || strncmp(note, "counted", 7) == 0;
  } else if (strcmp(class, "country") == 0) {
    word.senses = SENSE_COUNTRY;
    word.country = code_number(t, argument);
  } else {
    static const named plain[] = {
      { "percent", SENSE_PERCENT }, { "pair", SENSE_PAIR }, { "noun", SENSE_NOUN }, { "stop", SENSE_STOP }, { NULL, 0 }
    };
    if (named_find(plain, class, &value) != 0) {
      return 0;
    }
    word.senses = value;
  }
  memcpy(ret_word, &word, sizeof(word));
  return 1;
}

static int starts_with_article(const char *alias) {
  return strncmp(alias, "ال", strlen("ال")) == 0;
}

/* Rates, of which only the unit counts ("لتر في الثانية", but oil flows in barrels a day), and single letters: behind digits those are mostly part of a
 * model's name (6G, 4a). */
static int is_odd_unit(const char *alias) {
  uint8_t folded[FOLD_BOUND(64)];
  size_t len = strlen(alias);
  size_t n_letters = len <= 64 ? fold_key((const uint8_t *)alias, len, folded) : len;
  return (strstr(alias, " في ال") != NULL && strstr(alias, "المليون") == NULL && strstr(alias, "برميل") == NULL) ||
         (n_letters == 1 && folded[0] != 'w');
}

/* Definite forms, doubled month names and phrases with يوم are left to the grammars. */
static int alias_wanted(const char *class, const char *alias) {
  if (*alias == '\0' || strchr(alias, '(') != NULL) {
    return 0;
  }
  if (strcmp(class, "month") == 0) {
    return strchr(alias, '/') == NULL && !starts_with_article(alias);
  }
  if (strcmp(class, "weekday") == 0) {
    return strchr(alias, ' ') == NULL && !starts_with_article(alias);
  }
  if (strcmp(class, "unit") == 0 && is_odd_unit(alias)) {
    return 0;
  }
  return !(starts_with_article(alias) && (strcmp(class, "currency") == 0 || strcmp(class, "unit") == 0));
}

/* True if the note of a row in units.tsv says "ambiguous: ..." of this alias. */
static int is_doubtful(const char *note, const char *alias) {
  const char *list = strstr(note, "ambiguous:");
  const char *at = list == NULL ? NULL : strstr(list, alias);
  size_t len = strlen(alias);
  for (; at != NULL; at = strstr(at + 1, alias)) {
    if (at[-1] == ' ' && (at[len] == ',' || at[len] == '\0')) {
      return 1;
    }
  }
  return 0;
}

static void row_enter(tables *t, char *aliases, const char *class, const char *argument, const char *note) {
  value_word word;
  if (t->only_units && (strcmp(class, "scale") == 0 || strcmp(class, "number") == 0)) {
    return;
  }
  if (!row_word(t, class, argument, note, &word)) {
    return;
  }
  for (char *rest = NULL, *alias = strtok_r(aliases, "|", &rest); alias != NULL; alias = strtok_r(NULL, "|", &rest)) {
    value_word own;
    memcpy(&own, &word, sizeof(own));
    size_t len = strlen(alias);
    if (alias[len - 1] == '!') {
      alias[len - 1] = '\0';
      own.senses |= SENSE_DOUBTFUL;
    }
    if (is_doubtful(note, alias)) {
      own.senses |= SENSE_DOUBTFUL;
    }
    if (alias_wanted(class, alias)) {
      alias_enter(t, alias, &own);
    }
  }
}

static void file_read(tables *t, const char *path) {
  char line[LINE_MAX_BYTES];
  FILE *file = fopen(path, "r");
  t->file = path;
  t->line = 0;
  if (file == NULL) {
    die(t, "cannot open", strerror(errno));
  }
  while (fgets(line, sizeof(line), file) != NULL) {
    static char empty[1] = "";
    char *columns[4] = { line, empty, empty, empty };
    t->line++;
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '#' || line[0] == '\0') {
      continue;
    }
    for (uint32_t i = 1; i < 4; i++) {
      char *tab = strchr(columns[i - 1], '\t');
      if (tab == NULL) {
        break;
      }
      *tab = '\0';
      columns[i] = tab + 1;
    }
    row_enter(t, columns[0], columns[1], columns[2], columns[3]);
  }
  fclose(file);
}

/* Most aliases of a row mean the same: words that are alike become one, which keeps the tables in the cache. */
static void words_unite(tables *t) {
  uint16_t *moved = calloc(t->n_words, sizeof(*moved));
  uint32_t n = 0;
  if (moved == NULL) {
    die(t, "out of memory", "for the words");
  }
  for (uint32_t i = 0; i < t->n_words; i++) {
    uint32_t same = 0;
    while (same < n && memcmp(&t->words[same], &t->words[i], sizeof(t->words[0])) != 0) {
      same++;
    }
    if (same == n) {
      t->words[n++] = t->words[i];
    }
    moved[i] = (uint16_t)same;
  }
  for (uint32_t i = 0; i < t->n_keys; i++) {
    t->keys[i].place = moved[t->keys[i].place];
  }
  t->n_words = n;
  free(moved);
}

static void write_sieve(const tables *t, FILE *out) {
  uint64_t sieve[VALUE_SIEVE_BITS / 64] = { 0 };
  for (uint32_t i = 0; i < t->n_keys; i++) {
    uint32_t bit = value_sieve_bit(t->keys[i].hash);
    sieve[bit / 64] |= UINT64_C(1) << bit % 64;
  }
  fprintf(out, "const uint64_t value_sieve[] = {\n");
  for (uint32_t i = 0; i < VALUE_SIEVE_BITS / 64; i++) {
    fprintf(out, "0x%llxu,\n", (unsigned long long)sieve[i]);
  }
  fprintf(out, "};\n\n");
}

static void write_slots(const tables *t, FILE *out) {
  uint32_t n_slots = 1;
  while (n_slots < 2 * t->n_keys) {
    n_slots *= 2;
  }
  uint32_t *slots = calloc(n_slots, sizeof(*slots));
  if (slots == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(1);
  }
  for (uint32_t i = 0; i < t->n_keys; i++) {
    uint32_t slot = value_hash_slot(t->keys[i].hash) & (n_slots - 1);
    while (slots[slot] != 0) {
      slot = (slot + 1) & (n_slots - 1);
    }
    slots[slot] = i + 1;
  }
  fprintf(out, "const uint32_t value_slot_mask = %uu;\n\nconst uint64_t value_hashes[] = {\n", n_slots - 1);
  for (uint32_t i = 0; i < n_slots; i++) {
    fprintf(out, "0x%llxu,\n", slots[i] == 0 ? 0ull : (unsigned long long)t->keys[slots[i] - 1].hash);
  }
  fprintf(out, "};\n\nconst uint16_t value_places[] = {\n");
  for (uint32_t i = 0; i < n_slots; i++) {
    const key *k = slots[i] == 0 ? NULL : &t->keys[slots[i] - 1];
    fprintf(out, "%u,\n", k == NULL ? 0u : k->place | (k->goes_on ? VALUE_PLACE_ON : 0u));
  }
  fprintf(out, "};\n\n");
  free(slots);
}

static void tables_write(const tables *t, FILE *out) {
  fprintf(out, "/* SPDX-License-Identifier: Apache-2.0 */\n\n");
  fprintf(out, "/* Generated by compile-value-words: the words that the value grammars know. */\n");
  fprintf(out, "#include \"words.h\"\n\n");
  write_sieve(t, out);
  write_slots(t, out);
  fprintf(out, "const value_word value_words[] = {\n");
  for (uint32_t i = 0; i < t->n_words; i++) {
    const value_word *w = &t->words[i];
    fprintf(out, "{0x%xu, 0x%xu, %.17g, %u, %u, %u, %u, %u, %u, %d, %u, %u},\n", w->senses, w->roles, w->number,
            w->unit, w->country, w->month, w->calendar, w->weekday, w->period, w->shift, w->modifier, w->link);
  }
  fprintf(out, "};\n\nconst value_unit value_units[] = {\n");
  for (uint32_t i = 0; i < t->n_units; i++) {
    const unit *u = &t->units[i];
    fprintf(out, "{\"%s\", %zu, %u, %u, %u, %.17g},\n", u->name, strlen(u->name), u->code, u->countable, u->next,
            u->factor);
  }
  fprintf(out, "};\n");
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: compile-value-words UNITS.tsv WORDS.tsv OUT.c\n");
    return 2;
  }
  tables *t = calloc(1, sizeof(*t));
  if (t == NULL) {
    fprintf(stderr, "out of memory\n");
    return 1;
  }
  t->n_units = t->n_words = t->n_codes = 1; /* 0 means none */
  file_read(t, argv[2]);
  t->only_units = 1;
  file_read(t, argv[1]);
  words_unite(t);
  FILE *out = fopen(argv[3], "w");
  if (out == NULL) {
    fprintf(stderr, "%s: %s\n", argv[3], strerror(errno));
    return 1;
  }
  tables_write(t, out);
  int failed = fclose(out) != 0;
  free(t);
  return failed;
}
