/* SPDX-License-Identifier: Apache-2.0 */

/* Collects aliases as key prints, sorts them, and lays the tables of lexicon_form.h out one after the other. */
#include "entities/lexicon_builder.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "entities/key.h"
#include "entities/lexicon.h"
#include "entities/likeness.h"
#include "entities/nationalities.h"
#include "entities/parts.h"
#include "entities/shortnames.h"
#include "entities/spelling.h"
#include "entities/wordings.h"
#include "text/fold.h"
#include "text/utf8.h"

enum { ALIASES_MAX = 1 << 24, ALIAS_BYTES_MAX = 512, STRINGS_MAX = 1 << 28 };

/* A country or an owner that an entry names, which may be read later than the entry. */
typedef struct belonging {
  uint32_t entry;
  uint32_t name; /* place in strings, and length, of that name */
  uint32_t name_len;
  bool guessed; /* from an adjective in an alias, for entries that do not tell */
} belonging;

/* One alias, or (n_words 0) the beginning of a longer one. */
typedef struct alias {
  uint64_t print;
  qlex_payload payload;
} alias;

struct lexicon_builder {
  alias *aliases;
  uint32_t n_aliases;
  uint32_t alias_capacity;
  qlex_entry *entries;
  uint32_t n_entries;
  uint32_t entry_capacity;
  char *strings;
  uint32_t n_strings;
  uint32_t string_capacity;
  uint32_t current; /* the entry that aliases are added to */
  uint32_t *places; /* of entries, by a hash of their names: to find those that are named again */
  uint32_t place_capacity;
  belonging *belongings;
  uint32_t n_belongings;
  uint32_t belonging_capacity;
  qlex_spelling *spellings;
  uint32_t n_spellings;
  uint32_t spelling_capacity;
  parts_counted *parts;
  uint32_t n_parts;
  uint32_t part_capacity;
  uint32_t n_part_words; /* once they are sorted */
  uint64_t first[QLEX_FIRST_WORDS];
  uint64_t held[QLEX_HELD_WORDS];
  likeness_trainer likeness;
};

int lexicon_builder_new(lexicon_builder **ret_builder) {
  lexicon_builder *builder = calloc(1, sizeof *builder);
  if (builder == NULL) {
    return -ENOMEM;
  }
  *ret_builder = builder;
  return 0;
}

void lexicon_builder_free(lexicon_builder *builder) {
  if (builder != NULL) {
    free(builder->aliases);
    free(builder->entries);
    free(builder->strings);
    free(builder->places);
    free(builder->belongings);
    free(builder->spellings);
    free(builder->parts);
    free(builder);
  }
}

/* Makes room for more elements of an array that grows by doubling. */
static int grow(void **array, uint32_t *capacity, uint32_t n, uint32_t more, size_t size, uint32_t max) {
  if (more > max || n > max - more) {
    return -E2BIG;
  }
  if (n + more <= *capacity) {
    return 0;
  }
  uint32_t wanted = *capacity < 1024 ? 1024 : *capacity;
  while (wanted < n + more) {
    wanted *= 2;
  }
  void *grown = realloc(*array, (size_t)wanted * size);
  if (grown == NULL) {
    return -ENOMEM;
  }
  *array = grown;
  *capacity = wanted;
  return 0;
}

/* Appends to the strings; sets where. */
static int keep_string(lexicon_builder *builder, qn_str text, uint32_t *ret_at) {
  int r = grow((void **)&builder->strings, &builder->string_capacity, builder->n_strings, (uint32_t)text.len, 1,
               STRINGS_MAX);
  if (r == 0) {
    *ret_at = builder->n_strings;
    memcpy(builder->strings + builder->n_strings, text.data, text.len);
    builder->n_strings += (uint32_t)text.len;
  }
  return r;
}

static uint64_t hash_of(qn_str name) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (size_t i = 0; i < name.len; i++) {
    hash = (hash ^ (uint8_t)name.data[i]) * 0x100000001B3u;
  }
  return hash ^ hash >> 29;
}

/* The place in the table of names where an entry of this name and type is, or belongs. */
static uint32_t *place_of(const lexicon_builder *builder, qn_str name, uint8_t type) {
  for (uint64_t i = hash_of(name);; i++) {
    uint32_t *place = &builder->places[i & (builder->place_capacity - 1)];
    if (*place == 0) {
      return place;
    }
    const qlex_entry *entry = &builder->entries[*place - 1];
    if (entry->type == type && entry->name_len == name.len &&
        memcmp(builder->strings + entry->name, name.data, name.len) == 0) {
      return place;
    }
  }
}

/* Doubles the table of names once it is half full. */
static int grow_places(lexicon_builder *builder) {
  if (builder->n_entries * 2 < builder->place_capacity) {
    return 0;
  }
  uint32_t capacity = builder->place_capacity == 0 ? 4096 : builder->place_capacity * 2;
  uint32_t *grown = calloc(capacity, sizeof *grown);
  if (grown == NULL) {
    return -ENOMEM;
  }
  free(builder->places);
  builder->places = grown;
  builder->place_capacity = capacity;
  for (uint32_t i = 0; i < builder->n_entries; i++) {
    const qlex_entry *entry = &builder->entries[i];
    *place_of(builder, (qn_str){ builder->strings + entry->name, entry->name_len }, entry->type) = i + 1;
  }
  return 0;
}

int lexicon_builder_entry(lexicon_builder *builder, qn_str name, uint8_t type, uint8_t class) {
  if (name.len == 0 || name.len > QLEX_NAME_MAX || type > 4) {
    return -EINVAL;
  }
  qlex_entry entry = { 0, (uint16_t)name.len, type, class, QLEX_NO_COUNTRY, QLEX_NO_OWNER };
  int r = grow((void **)&builder->entries, &builder->entry_capacity, builder->n_entries, 1, sizeof(qlex_entry),
               ALIASES_MAX);
  r = r == 0 ? grow_places(builder) : r;
  if (r != 0) {
    return r;
  }
  uint32_t *place = place_of(builder, name, type);
  if (*place != 0) {
    builder->current = *place - 1;
    return 0;
  }
  r = keep_string(builder, name, &entry.name);
  if (r == 0) {
    builder->entries[builder->n_entries++] = entry;
    *place = builder->n_entries;
    builder->current = builder->n_entries - 1;
  }
  return r;
}

static int add_belonging(lexicon_builder *builder, qn_str name, bool guessed) {
  belonging named = { builder->current, 0, (uint32_t)name.len, guessed };
  int r = grow((void **)&builder->belongings, &builder->belonging_capacity, builder->n_belongings, 1, sizeof(belonging),
               ALIASES_MAX);
  r = r == 0 ? keep_string(builder, name, &named.name) : r;
  if (r == 0) {
    builder->belongings[builder->n_belongings++] = named;
  }
  return r;
}

int lexicon_builder_belongs(lexicon_builder *builder, qn_str name) {
  if (builder->n_entries == 0 || name.len == 0 || name.len > QLEX_NAME_MAX) {
    return -EINVAL;
  }
  if (name.len == 1 && name.data[0] == '*') {
    builder->entries[builder->current].country = QLEX_ANY_COUNTRY;
    return 0;
  }
  return add_belonging(builder, name, false);
}

/* The country that a belonging names, or QLEX_NO_COUNTRY. */
static uint32_t country_of(const lexicon_builder *builder, const belonging *named) {
  enum { LOCATION = 2 };
  qn_str name = { builder->strings + named->name, named->name_len };
  uint32_t place = *place_of(builder, name, LOCATION);
  return place != 0 && builder->entries[place - 1].class == QLEX_CLASS_COUNTRY ? place - 1 : QLEX_NO_COUNTRY;
}

/* Looks the names of countries and owners up, now that all entries are there; what is none of them was an explanation. */
static void settle_told(lexicon_builder *builder) {
  enum { ORGANIZATION = 1 };
  for (uint32_t i = 0; i < builder->n_belongings; i++) {
    const belonging *named = &builder->belongings[i];
    qn_str name = { builder->strings + named->name, named->name_len };
    uint32_t country = named->guessed ? QLEX_NO_COUNTRY : country_of(builder, named);
    uint32_t owner = named->guessed ? 0 : *place_of(builder, name, ORGANIZATION);
    if (country != QLEX_NO_COUNTRY) {
      builder->entries[named->entry].country = country;
    } else if (owner != 0) {
      builder->entries[named->entry].owner = owner - 1;
    }
  }
}

/* What the adjectives of an entry's aliases say, if nobody told and they are all of one country. Of an entry that stands in several
 * lines apart from each other, the first line that says something decides. */
static void settle_guessed(lexicon_builder *builder) {
  for (uint32_t i = 0; i < builder->n_belongings;) {
    uint32_t entry = builder->belongings[i].entry;
    uint32_t guess = QLEX_NO_COUNTRY;
    bool several = false;
    for (; i < builder->n_belongings && builder->belongings[i].entry == entry; i++) {
      uint32_t country =
          builder->belongings[i].guessed ? country_of(builder, &builder->belongings[i]) : QLEX_NO_COUNTRY;
      several = several || (guess != QLEX_NO_COUNTRY && country != QLEX_NO_COUNTRY && country != guess);
      guess = country != QLEX_NO_COUNTRY ? country : guess;
    }
    if (builder->entries[entry].country == QLEX_NO_COUNTRY && !several) {
      builder->entries[entry].country = guess;
    }
  }
}

static void settle_belongings(lexicon_builder *builder) {
  settle_told(builder);
  settle_guessed(builder);
}

static int push(lexicon_builder *builder, uint64_t print, qlex_payload payload) {
  int r = grow((void **)&builder->aliases, &builder->alias_capacity, builder->n_aliases, 1, sizeof(alias), ALIASES_MAX);
  if (r == 0) {
    uint64_t bit = lexicon_held_bit(print);
    builder->held[bit >> 6] |= UINT64_C(1) << (bit & 63);
    builder->aliases[builder->n_aliases++] = (alias){ print, payload };
  }
  return r;
}

/* True if form[at] stands between words of an alias. A point or comma within a number does not. */
static bool divides(const char *form, size_t len, size_t at) {
  char c = form[at];
  if ((c == '.' || c == ',') && at > 0 && at + 1 < len && isdigit((unsigned char)form[at - 1]) &&
      isdigit((unsigned char)form[at + 1])) {
    return false;
  }
  return c == ' ' || c == '-' || c == '.' || c == '\'' || c == '&' || c == '/' || c == ',' || c == '(' || c == ')';
}

/* The words of a folded alias: the end of the one at *pos, which moves past it and what divides it from the next. */
static size_t word_end(const char *form, size_t len, size_t *pos) {
  size_t end = *pos;
  while (end < len && !divides(form, len, end)) {
    end++;
  }
  *pos = end;
  while (*pos < len && divides(form, len, *pos)) {
    (*pos)++;
  }
  return end;
}

static bool is_proper(const lexicon_builder *builder, uint32_t entry) {
  const qlex_entry *e = &builder->entries[entry];
  return e->type == 0 || e->type == 3 || e->class == QLEX_CLASS_COMPANY || e->class == QLEX_CLASS_CITY;
}

/* Counts the words of an entity's longer alias. */
static int push_parts(lexicon_builder *builder, const char *form, size_t len, const qlex_payload *payload) {
  uint32_t n_before = builder->n_parts;
  bool asked = payload->kind == QLEX_ENTITY;
  for (size_t pos = 0; asked && pos < len;) {
    size_t begin = pos;
    size_t end = word_end(form, len, &pos);
    key word = key_of(form + begin, end - begin);
    if (word.len == 0 || word.len > KEY_BYTES_MAX) {
      continue;
    }
    parts_counted part = { key_print(word), payload->entry, builder->entries[payload->entry].type, PARTS_INNER };
    int r = grow((void **)&builder->parts, &builder->part_capacity, builder->n_parts, 1, sizeof part, ALIASES_MAX);
    if (r != 0) {
      return r;
    }
    builder->parts[builder->n_parts++] = part;
  }
  if (builder->n_parts - n_before < 2) {
    builder->n_parts = n_before; /* one word is known as it is */
    return 0;
  }
  builder->parts[n_before].places = PARTS_FIRST;
  builder->parts[builder->n_parts - 1].places = PARTS_LAST;
  return 0;
}

static int push_alias(lexicon_builder *builder, const char *form, size_t len, qlex_payload payload) {
  key so_far = { 0, 0 };
  uint32_t n_words = 0;
  size_t pos = 0;
  while (pos < len && divides(form, len, pos)) {
    pos++;
  }
  while (pos < len) {
    size_t begin = pos;
    size_t end = word_end(form, len, &pos);
    key word = key_of(form + begin, end - begin);
    so_far = key_join(so_far, word);
    if ((payload.flags & QLEX_DERIVED) == 0) {
      likeness_learn(&builder->likeness, form + begin, end - begin, payload.kind, is_proper(builder, payload.entry));
    }
    if (n_words++ == 0) {
      uint64_t bit = key_print(word) >> (64 - QLEX_FIRST_BITS);
      builder->first[bit >> 6] |= UINT64_C(1) << (bit & 63);
    }
    if (pos < len && so_far.len > 0 && so_far.len <= KEY_BYTES_MAX) {
      int r = push(builder, key_print(so_far), (qlex_payload){ 0, 0, 0, 0 });
      if (r != 0) {
        return r;
      }
    }
  }
  if (so_far.len == 0 || so_far.len > KEY_BYTES_MAX || n_words > 32) {
    return -EINVAL;
  }
  uint64_t whole = key_print(so_far) >> (64 - QLEX_FIRST_BITS);
  builder->first[whole >> 6] |= UINT64_C(1) << (whole & 63); /* written as one word */
  payload.n_words = (uint8_t)n_words;
  return push(builder, key_print(so_far), payload);
}

/* Keeps an alias that other spellings may be variants of: one that is only a name, and no acronym. */
static int push_spelling(lexicon_builder *builder, const char *form, size_t len, const qlex_payload *payload,
                         bool shortened) {
  const uint16_t doubtful = QLEX_AMBIGUOUS | QLEX_NATIONAL | QLEX_CAPS;
  uint32_t skeleton = skeleton_of(form, len, NULL);
  spelling letters;
  if (payload->kind != QLEX_ENTITY || (payload->flags & doubtful) != 0 || skeleton == 0 || len > UINT16_MAX) {
    return 0;
  }
  spelling_of(form, len, &letters);
  qlex_spelling kept = { skeleton, payload->entry, 0, (uint16_t)len, shortened };
  int r = letters.n == 0 ? 1
                         : grow((void **)&builder->spellings, &builder->spelling_capacity, builder->n_spellings, 1,
                                sizeof(qlex_spelling), ALIASES_MAX);
  r = r == 0 ? keep_string(builder, (qn_str){ form, len }, &kept.form) : r;
  if (r == 0) {
    builder->spellings[builder->n_spellings++] = kept;
  }
  return r > 0 ? 0 : r;
}

/* Keeps how an alias may be worded otherwise. Persons are called by their names only. */
static int push_wording(lexicon_builder *builder, const char *form, size_t len, qlex_payload payload) {
  key wording = payload.kind == QLEX_ENTITY && builder->entries[payload.entry].type != 0
                    ? wordings_key(form, len)
                    : (key){ 0, KEY_BYTES_MAX + 1 };
  if (wording.len > KEY_BYTES_MAX) {
    return 0;
  }
  payload.kind = QLEX_WORDING;
  payload.n_words = 1;
  return push(builder, key_print(wording), payload);
}

/* Keeps what an institution's name begins with, which often stands for it. */
static int push_beginning(lexicon_builder *builder, const char *form, size_t len, qlex_payload payload) {
  bool organization = payload.kind == QLEX_ENTITY && builder->entries[payload.entry].type == 1;
  size_t end = organization ? wordings_second_end(form, len) : 0;
  key beginning = end > 0 ? wordings_beginning(form, end) : (key){ 0, KEY_BYTES_MAX + 1 };
  payload.kind = QLEX_WORDING;
  payload.n_words = 1;
  return beginning.len <= KEY_BYTES_MAX ? push(builder, key_print(beginning), payload) : 0;
}

static bool is_begun(const char *form, size_t len, const char *with) {
  size_t n = strlen(with);
  return len >= n && memcmp(form, with, n) == 0;
}

/* True if an adjective of nationality in this name may tell a tradition or an ocean: "الجامعة الأمريكية". */
static bool is_of_no_country(const char *form, size_t len) {
  static const char *const heads[] = { "جامعه", "معهد", "مدرسه", "مستشفي", "كليه" };
  static const char ARTICLE[] = "ال";
  static const char OCEAN[] = "المحيط";
  size_t article = is_begun(form, len, ARTICLE) ? sizeof ARTICLE - 1 : 0;
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    if (is_begun(form + article, len - article, heads[i])) {
      return true;
    }
  }
  return memmem(form, len, OCEAN, sizeof OCEAN - 1) != NULL;
}

/* True if the word at pos says where something is: "في بيروت", "ببيروت". Then an adjective before it does not. */
static bool is_placed(const char *form, size_t len, size_t pos) {
  size_t at = pos;
  size_t end = word_end(form, len, &at);
  bool in = end - pos == strlen("في") && is_begun(form + pos, end - pos, "في");
  return in || (end - pos > strlen("بيت") && is_begun(form + pos, end - pos, "ب"));
}

/* "بنك الإسكان الأردني": an adjective of nationality in the name of an organisation says where it belongs. */
static int guess_country(lexicon_builder *builder, const char *form, size_t len) {
  static const char ARTICLE[] = "\xD8\xA7\xD9\x84";
  static const char MALI[] = "مالي"; /* of money, nearly always */
  if (is_of_no_country(form, len)) {
    return 0;
  }
  for (size_t pos = 0; pos < len;) {
    size_t begin = pos;
    size_t end = word_end(form, len, &pos);
    size_t article = sizeof ARTICLE - 1;
    bool definite = end - begin > article && memcmp(form + begin, ARTICLE, article) == 0;
    bool mali = definite && is_begun(form + begin + article, end - begin - article, MALI);
    bool asked = definite && !mali && !is_placed(form, len, pos);
    qn_str country = asked ? nationalities_country(form + begin, end - begin) : (qn_str){ NULL, 0 };
    int r = country.len > 0 ? add_belonging(builder, country, true) : 0;
    if (r != 0) {
      return r;
    }
  }
  return 0;
}

int lexicon_builder_alias(lexicon_builder *builder, qn_str text, uint8_t kind, uint16_t flags) {
  char form[FOLD_BOUND(ALIAS_BYTES_MAX)];
  if (builder->n_entries == 0 || text.len == 0 || text.len > ALIAS_BYTES_MAX || kind >= QLEX_KINDS) {
    return -EINVAL;
  }
  size_t len = fold_key((const uint8_t *)text.data, text.len, (uint8_t *)form);
  if (utf8_valid_prefix((const uint8_t *)form, len) != len) {
    return -EILSEQ;
  }
  qlex_payload payload = { builder->current, flags, kind, 0 };
  int r = push_alias(builder, form, len, payload);
  r = r == 0 ? push_parts(builder, form, len, &payload) : r;
  r = r == 0 ? push_spelling(builder, form, len, &payload, false) : r;
  r = r == 0 ? push_wording(builder, form, len, payload) : r;
  r = r == 0 ? push_beginning(builder, form, len, payload) : r;
  bool organization = builder->entries[payload.entry].type == 1;
  r = r == 0 && organization && kind == QLEX_ENTITY ? guess_country(builder, form, len) : r;
  size_t kept = organization && kind == QLEX_ENTITY ? shortnames_length(form, len) : len;
  return r == 0 && kept < len ? push_spelling(builder, form, kept, &payload, true) : r;
}

/* Beginnings stand behind aliases; among those, what is not ambiguous stands first, then file order. */
static int compare(const void *left, const void *right) {
  const alias *a = left;
  const alias *b = right;
  if (a->print != b->print) {
    return a->print < b->print ? -1 : 1;
  }
  if ((a->payload.n_words == 0) != (b->payload.n_words == 0)) {
    return a->payload.n_words == 0 ? 1 : -1;
  }
  if (a->payload.kind != b->payload.kind) {
    return a->payload.kind < b->payload.kind ? -1 : 1;
  }
  return a->payload.entry < b->payload.entry ? -1 : a->payload.entry > b->payload.entry;
}

/* What two spellings that fold alike are together. */
static uint16_t unite(uint16_t a, uint16_t b) {
  const uint16_t any = QLEX_AMBIGUOUS | QLEX_CANONICAL | QLEX_FREQUENT | QLEX_NATIONAL;
  return (uint16_t)(((a | b) & any) | ((a & b) & ~any));
}

/* Drops derived forms, in place, where the same key means anything else. */
static void drop_derived(lexicon_builder *builder) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < builder->n_aliases;) {
    uint32_t end = i;
    bool spoken = false;
    for (; end < builder->n_aliases && builder->aliases[end].print == builder->aliases[i].print; end++) {
      const qlex_payload *payload = &builder->aliases[end].payload;
      spoken = spoken || (payload->n_words > 0 && (payload->flags & QLEX_DERIVED) == 0);
    }
    for (; i < end; i++) {
      if (!spoken || (builder->aliases[i].payload.flags & QLEX_DERIVED) == 0) {
        builder->aliases[n++] = builder->aliases[i];
      }
    }
  }
  builder->n_aliases = n;
}

/* Unites equal aliases in place. */
static void unite_aliases(lexicon_builder *builder) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < builder->n_aliases; i++) {
    alias *a = &builder->aliases[i];
    alias *last = n > 0 ? &builder->aliases[n - 1] : NULL;
    bool same = last != NULL && last->print == a->print && (last->payload.n_words == 0) == (a->payload.n_words == 0) &&
                last->payload.kind == a->payload.kind && last->payload.entry == a->payload.entry;
    if (same) {
      last->payload.flags = unite(last->payload.flags, a->payload.flags);
    } else {
      builder->aliases[n++] = *a;
    }
  }
  builder->n_aliases = n;
}

/* Unambiguous meanings first, so that a reader that wants one takes the first. Stable. */
static void settle_order(qlex_payload *payloads, uint32_t n) {
  for (uint32_t i = 1; i < n; i++) {
    qlex_payload moved = payloads[i];
    uint32_t k = i;
    while (k > 0 && (payloads[k - 1].flags & QLEX_AMBIGUOUS) > (moved.flags & QLEX_AMBIGUOUS)) {
      payloads[k] = payloads[k - 1];
      k--;
    }
    payloads[k] = moved;
  }
}

static uint32_t count_prints(const lexicon_builder *builder) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < builder->n_aliases; i++) {
    n += i == 0 || builder->aliases[i].print != builder->aliases[i - 1].print;
  }
  return n;
}

/* Places and sizes of the sections, in header; returns the size of the file. */
static uint64_t plan(const lexicon_builder *builder, qlex_header *header) {
  uint32_t n_prints = count_prints(builder);
  memset(header, 0, sizeof *header);
  header->magic = QLEX_MAGIC;
  header->version = QLEX_VERSION;
  header->header_size = sizeof *header;
  header->slots_log2 = 4;
  while ((UINT64_C(1) << header->slots_log2) * 5 < (uint64_t)n_prints * 8) {
    header->slots_log2++;
  }
  header->parts_log2 = 4;
  while ((UINT64_C(1) << header->parts_log2) * 5 < (uint64_t)builder->n_part_words * 8) {
    header->parts_log2++;
  }
  header->n_entries = builder->n_entries;
  header->n_strings = builder->n_strings;
  for (uint32_t i = 0; i < builder->n_aliases; i++) {
    const qlex_payload *payload = &builder->aliases[i].payload;
    header->n_payloads += payload->n_words > 0;
    header->n_aliases += payload->n_words > 0 && payload->kind != QLEX_WORDING;
  }
  uint64_t at = sizeof *header;
  header->slots = at;
  at += sizeof(qlex_slot) << header->slots_log2;
  header->payloads = at;
  at += (uint64_t)header->n_payloads * sizeof(qlex_payload);
  header->entries = at;
  at = (at + (uint64_t)header->n_entries * sizeof(qlex_entry) + 7) & ~UINT64_C(7);
  header->first = at;
  at += sizeof builder->first;
  header->held = at;
  at += sizeof builder->held;
  header->likeness = at;
  at += QLEX_LIKENESS_SIZE;
  header->spellings = at;
  header->n_spellings = builder->n_spellings;
  at = (at + (uint64_t)header->n_spellings * sizeof(qlex_spelling) + 7) & ~UINT64_C(7);
  header->parts = at;
  at = (at + (sizeof(qlex_part) << header->parts_log2) + 7) & ~UINT64_C(7);
  header->strings = at;
  return (at + header->n_strings + 7) & ~UINT64_C(7);
}

/* What a meaning says of a word: LORE_*. */
static uint16_t lore_of(const lexicon_builder *builder, const qlex_payload *payload) {
  static const uint16_t by_kind[QLEX_KINDS] = {
    [QLEX_ENTITY] = LORE_SPOKEN,
    [QLEX_GIVEN] = LORE_GIVEN,
    [QLEX_FAMILY] = LORE_FAMILY,
    [QLEX_TITLE] = LORE_TITLE | LORE_SPOKEN,
    [QLEX_CUE] = LORE_TITLE | LORE_SPOKEN,
    [QLEX_COMMON] = LORE_COMMON,
    [QLEX_HEAD] = LORE_SPOKEN,
    [QLEX_STOP] = LORE_STOP,
    [QLEX_PARTICLE] = LORE_PARTICLE,
    [QLEX_LETTER] = LORE_LETTER,
    [QLEX_PLACE] = LORE_PLACE,
    [QLEX_MISREAD] = LORE_SPOKEN,
    [QLEX_SIGN] = LORE_SPOKEN,
  };
  bool maybe = (payload->flags & QLEX_AMBIGUOUS) != 0;
  uint16_t lore = by_kind[payload->kind];
  if (payload->kind == QLEX_GIVEN && maybe) {
    lore = LORE_GIVEN_MAYBE;
  } else if (payload->kind == QLEX_FAMILY && maybe) {
    lore = LORE_FAMILY_MAYBE;
  } else if (payload->kind == QLEX_COMMON && (payload->flags & QLEX_FREQUENT) != 0) {
    lore |= LORE_FREQUENT;
  } else if (payload->kind == QLEX_ENTITY) {
    lore |= maybe || (payload->flags & QLEX_NATIONAL) != 0 ? 0 : LORE_ENTITY;
    lore |= builder->entries[payload->entry].type != 0 ? LORE_ALIAS : 0;
  }
  return lore;
}

static void write_slots(const lexicon_builder *builder, const qlex_header *header, uint8_t *bytes) {
  qlex_slot *slots = (qlex_slot *)(void *)(bytes + header->slots);
  qlex_payload *payloads = (qlex_payload *)(void *)(bytes + header->payloads);
  uint64_t mask = (UINT64_C(1) << header->slots_log2) - 1;
  uint32_t n_payloads = 0;
  for (uint32_t i = 0; i < builder->n_aliases;) {
    qlex_slot slot = { builder->aliases[i].print, n_payloads, 0, 0 };
    for (; i < builder->n_aliases && builder->aliases[i].print == slot.print; i++) {
      if (builder->aliases[i].payload.n_words == 0) {
        slot.lore |= LORE_PREFIX;
      } else if (slot.n < UINT16_MAX) {
        payloads[n_payloads++] = builder->aliases[i].payload;
        slot.lore |= lore_of(builder, &builder->aliases[i].payload);
        slot.n++;
      }
    }
    settle_order(payloads + slot.first, slot.n);
    uint64_t place = slot.print & mask;
    while (slots[place].print != 0) {
      place = (place + 1) & mask;
    }
    slots[place] = slot;
  }
}

static int compare_spellings(const void *left, const void *right) {
  const qlex_spelling *a = left;
  const qlex_spelling *b = right;
  if (a->skeleton != b->skeleton) {
    return a->skeleton < b->skeleton ? -1 : 1;
  }
  return a->form < b->form ? -1 : a->form > b->form;
}

int lexicon_builder_finish(lexicon_builder *builder, uint8_t **ret_bytes, size_t *ret_len) {
  qlex_header header;
  if (builder->n_aliases > 1) {
    qsort(builder->aliases, builder->n_aliases, sizeof(alias), compare);
  }
  if (builder->n_spellings > 1) {
    qsort(builder->spellings, builder->n_spellings, sizeof(qlex_spelling), compare_spellings);
  }
  builder->n_part_words = parts_sort(builder->parts, builder->n_parts);
  settle_belongings(builder);
  drop_derived(builder);
  unite_aliases(builder);
  header.file_size = 0;
  uint64_t size = plan(builder, &header);
  header.file_size = size;
  if (header.slots_log2 > QLEX_SLOTS_LOG2_MAX || header.parts_log2 > QLEX_PARTS_LOG2_MAX) {
    return -E2BIG;
  }
  uint8_t *bytes = calloc(1, size);
  if (bytes == NULL) {
    return -ENOMEM;
  }
  write_slots(builder, &header, bytes);
  if (header.n_entries > 0) {
    memcpy(bytes + header.entries, builder->entries, header.n_entries * sizeof(qlex_entry));
    memcpy(bytes + header.strings, builder->strings, header.n_strings);
  }
  if (header.n_spellings > 0) {
    memcpy(bytes + header.spellings, builder->spellings, header.n_spellings * sizeof(qlex_spelling));
  }
  memcpy(bytes + header.first, builder->first, sizeof builder->first);
  memcpy(bytes + header.held, builder->held, sizeof builder->held);
  parts_write(builder->parts, builder->n_parts, header.parts_log2, (qlex_part *)(void *)(bytes + header.parts));
  likeness_write(&builder->likeness, (int8_t *)(void *)(bytes + header.likeness));
  memcpy(bytes, &header, sizeof header);
  size_t begin = offsetof(qlex_header, checksum) + sizeof header.checksum;
  header.checksum = lexicon_checksum(bytes + begin, size - begin);
  memcpy(bytes, &header, sizeof header);
  *ret_bytes = bytes;
  *ret_len = size;
  return 0;
}
