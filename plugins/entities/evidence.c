/* SPDX-License-Identifier: Apache-2.0 */

/* Hashes of what a word is, of what stands around it, and of both together. */
#include "entities/evidence.h"

#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/hash.h"
#include "text/utf8.h"

enum { AFFIX_MIN = 2, AFFIX_MAX = 4, STEM_MIN = 6 };

static inline uint64_t mix(uint64_t kind, uint64_t value) {
  uint64_t x = (value + kind * 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
  return x ^ x >> 32;
}

static inline uint64_t both(uint64_t a, uint64_t b) {
  return a * 0xC2B2AE3D27D4EB4Fu + (b ^ b >> 29);
}

static uint64_t hash_letters(const char *bytes, uint32_t len) {
  uint64_t x = len;
  for (uint32_t i = 0; i < len; i++) {
    x = (x ^ (uint8_t)bytes[i]) * 0x100000001B3u;
  }
  return x;
}

/* --- facts --- */

static uint64_t shape_of(const scan_word *w) {
  uint64_t shape = w->shape & (uint16_t) ~(WORD_FIRST | WORD_SENTENCE);
  uint64_t len = w->core_len > KEY_BYTES_MAX ? 9 : w->core_len >= 16 ? 8 : w->core_len / 2;
  return shape << 24 | len << 16 | (w->mark < 0x80 ? w->mark : w->mark == 0x060C ? ',' : 0x80);
}

static uint64_t lore_of(const scan_word *w) {
  const uint16_t told = (uint16_t) ~(LORE_PREFIX | LORE_SPOKEN | LORE_ALIAS | LORE_ENTITY);
  return w->core_lore & told;
}

static uint64_t around_of(const trigger *t) {
  return (uint64_t)t->title | (uint64_t)t->direct << 8 | (uint64_t)t->cue << 16 | (uint64_t)t->head << 24 |
         (uint64_t)t->open << 32 | (uint64_t)t->tail << 40 | (uint64_t)t->follows << 48;
}

/* The letters before the core, as they stand in the view. */
static uint64_t clitic_of(const scan *s, const scan_word *w) {
  uint64_t clitic = 0;
  for (uint32_t i = w->begin; i < w->core && i < w->begin + 8; i++) {
    clitic = clitic << 8 | s->view.data[i];
  }
  return clitic;
}

/* What the longer names of the shipped lexicon say of a word: whole, or else without what is attached to it. */
static uint64_t part_of(const scan *s, const scan_word *w) {
  if (s->n_lexicons == 0 || (w->shape & WORD_LETTERS) == 0 || w->key_len > KEY_BYTES_MAX) {
    return 0;
  }
  const lexicon *lex = &s->lexicons[s->n_lexicons - 1];
  uint32_t whole = lexicon_part(lex, key_print((key){ w->hash, w->key_len }));
  return whole != 0 || scan_is_whole(w) ? whole : lexicon_part(lex, key_print((key){ w->core_hash, w->core_len }));
}

/* The form of a core. */
static const char *core_form(const scan *s, const scan_word *w, uint32_t *ret_len) {
  uint32_t skip = (uint32_t)(w->key_len - w->core_len);
  *ret_len = w->form_len - skip;
  return s->heap + w->form + skip;
}

/* A piece of a word, in bytes. */
typedef struct piece {
  char bytes[4];
  uint32_t n;
} piece;

static inline bool is_piece(const char *at, const piece *p) {
  return at[0] == p->bytes[0] && at[1] == p->bytes[1] && (p->n == 2 || (at[2] == p->bytes[2] && at[3] == p->bytes[3]));
}

/* The core between the article or a prefix of verbs and a common ending: words of one root and class fall together. */
static uint64_t stem_of(const scan *s, const scan_word *w) {
  static const piece prefixes[] = {
    { "\xD8\xA7\xD9\x84", 4 }, /* ال */
    { "\xD8\xB3\xD9\x8A", 4 }, /* سي */
    { "\xD8\xB3\xD8\xAA", 4 }, /* ست */
    { "\xD9\x8A", 2 },         /* ي */
    { "\xD8\xAA", 2 },         /* ت */
  };
  static const piece endings[] = {
    { "\xD8\xA7\xD8\xAA", 4 }, /* ات */
    { "\xD9\x88\xD9\x86", 4 }, /* ون */
    { "\xD9\x8A\xD9\x86", 4 }, /* ين */
    { "\xD9\x88\xD8\xA7", 4 }, /* وا */
    { "\xD9\x87\xD8\xA7", 4 }, /* ها */
    { "\xD9\x87\xD9\x85", 4 }, /* هم */
    { "\xD8\xA7\xD9\x86", 4 }, /* ان */
    { "\xD9\x87", 2 },         /* ه */
    { "\xD8\xAA", 2 },         /* ت */
    { "\xD9\x8A", 2 },         /* ي */
    { "\xD8\xA7", 2 },         /* ا */
  };
  uint32_t len = 0;
  if (w == NULL || (w->shape & WORD_ARABIC) == 0 || w->key_len > KEY_BYTES_MAX) {
    return 0;
  }
  const char *form = core_form(s, w, &len);
  for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++) {
    if (len >= prefixes[k].n + STEM_MIN && is_piece(form, &prefixes[k])) {
      form += prefixes[k].n;
      len -= prefixes[k].n;
      break;
    }
  }
  for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
    uint32_t n = endings[k].n;
    if (len >= n + STEM_MIN && is_piece(form + len - n, &endings[k])) {
      len -= n;
      break;
    }
  }
  return hash_letters(form, len);
}

/* Of a candidate that was not chosen, so that it is told of. Less has a doubtful name that is an ordinary word and that nothing
 * announces: a town called طويلة is no reason to ask whether long queues are one. */
#define DOUBT_MIN 0.2f

/* Belief in steps. */
static uint32_t step_of(float score) {
  return score >= 0.85f ? 3 : score >= 0.7f ? 2 : score >= 0.5f ? 1 : 0;
}

static void note_candidate(const candidate *c, word_facts *facts) {
  uint32_t type = c->type <= QN_ENTITY_TYPE_EVENT ? c->type : QN_ENTITY_TYPE_EVENT + 1;
  for (uint32_t i = c->first; i < c->last; i++) {
    if (c->chosen != 0) {
      uint32_t n = c->last - c->first > 3 ? 3 : c->last - c->first;
      facts[i].rule = 1 + type + ((uint64_t)(i > c->first) << 4) + ((uint64_t)step_of(c->score) << 5) +
                      ((uint64_t)c->from << 8) + ((uint64_t)n << 12) + ((uint64_t)(i + 1 == c->last) << 16);
    } else if (c->score >= DOUBT_MIN) {
      facts[i].doubt |= 1u << type;
    }
  }
}

/* The type that rule tells of. */
static uint32_t type_of(uint64_t rule) {
  return (uint32_t)(rule & 0xF) - 1;
}

static void gather_echoes(const scan *s, echo_table *echoes, word_facts *facts) {
  for (uint32_t i = 0; i < s->n_words; i++) {
    if (echo_counts(s, i)) {
      echo_note(echoes, facts[i].core, type_of(facts[i].rule));
    }
  }
  for (uint32_t i = 0; i < s->n_words; i++) {
    if (echo_counts(s, i)) {
      facts[i].echo = echo_of(echoes, facts[i].core, type_of(facts[i].rule));
    }
  }
}

void features_gather(const scan *s, echo_table *echoes, word_facts *facts) {
  for (uint32_t i = 0; i < s->n_words; i++) {
    const scan_word *w = &s->words[i];
    uint64_t form = w->key_len <= KEY_BYTES_MAX ? w->core_hash ^ (uint64_t)w->core_len << 56 : 0x100000000u + w->mark;
    facts[i] = (word_facts){
      .core = (w->shape & WORD_NUMBER) != 0 ? 0x200000000u : form,
      .shape = shape_of(w),
      .lore = lore_of(w),
      .clitic = clitic_of(s, w),
      .around = around_of(&s->triggers[i]),
    };
  }
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    note_candidate(&s->candidates[i], facts);
  }
  gather_echoes(s, echoes, facts);
}

void features_look_up(const scan *s, word_facts *facts, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i < last; i++) {
    if ((facts[i].part & FACT_LOOKED_UP) == 0) {
      facts[i].part = part_of(s, &s->words[i]) | FACT_LOOKED_UP;
    }
  }
}

uint32_t features_stretch(const scan *s, uint32_t first) {
  uint32_t last = first + 1;
  while (last < s->n_words && last - first < FEATURES_STRETCH && (s->words[last].shape & WORD_SENTENCE) == 0 &&
         !scan_parts(s, last)) {
    last++;
  }
  return last;
}

/* --- features --- */

typedef struct feature_list {
  uint64_t *features;
  uint32_t n;
} feature_list;

static inline void add(feature_list *list, uint64_t kind, uint64_t value) {
  list->features[list->n++] = mix(kind, value);
}

/* Beginnings and ends of the core of two to four letters. */
static void add_affixes(feature_list *list, const scan *s, const scan_word *w) {
  if ((w->shape & WORD_LETTERS) == 0 || w->key_len > KEY_BYTES_MAX) {
    return;
  }
  uint32_t len = 0;
  const char *form = core_form(s, w, &len);
  uint32_t from = 0;
  uint32_t to = len;
  for (uint32_t n = 1; n <= AFFIX_MAX && from < len && to > 0; n++) {
    from++;
    while (from < len && !utf8_is_lead((uint8_t)form[from])) {
      from++;
    }
    to--;
    while (to > 0 && !utf8_is_lead((uint8_t)form[to])) {
      to--;
    }
    if (n >= AFFIX_MIN) {
      add(list, 40 + n, hash_letters(form, from));
      add(list, 50 + n, hash_letters(form + to, len - to));
    }
  }
  int likeness = w->likeness / 4;
  add(list, 60, (uint64_t)(likeness + 64));
}

/* What a word says of itself by its letters and the lists, wherever it stands. */
static void add_self(feature_list *list, const scan *s, const scan_word *w, const word_facts *f) {
  add(list, 1, 0);
  add(list, 2, f->core);
  add(list, 3, f->shape);
  add(list, 4, f->lore);
  add(list, 8, f->clitic);
  add(list, 9, stem_of(s, w));
  add(list, 13, both(f->shape, f->lore));
  add(list, 17, both(f->clitic, f->lore));
  add(list, 18, f->part);
  for (uint32_t y = 0; y < 5; y++) {
    if ((f->part >> (2 * y) & 3) != 0) {
      add(list, 22, y << 8 | (f->part >> (2 * y) & 3) << 4 | (f->part >> 10));
    }
  }
  add(list, 19, both(f->part, f->lore));
  for (uint32_t bit = 0; bit < 16; bit++) {
    if ((f->lore >> bit & 1) != 0) {
      add(list, 20, bit);
    }
  }
  add_affixes(list, s, w);
}

static void add_neighbour(feature_list *list, const word_facts *f, uint64_t kind) {
  add(list, kind, f->core);
  add(list, kind + 1, f->shape);
  add(list, kind + 2, f->lore);
  add(list, kind + 5, f->part);
}

/* Outside of a stretch there is this. */
static const word_facts border = {
  .core = 0x300000000u, .shape = 0x3000000u, .lore = 0x30000u, .part = FACT_LOOKED_UP
};

uint64_t features_type(const feature_stretch *in, uint32_t i) {
  const scan_word *w = &in->scan->words[i];
  const word_facts *f = &in->facts[i];
  uint64_t hash = hash_step(HASH_SEED, f->core);
  hash = hash_step(hash, f->shape);
  hash = hash_step(hash, f->lore);
  hash = hash_step(hash, f->clitic);
  if (w->key_len <= KEY_BYTES_MAX) {
    hash = hash_step(hash, (uint64_t)(uint8_t)w->likeness << 16 | (uint64_t)w->key_len << 8 | w->core_len);
    hash = hash_word(hash, (const uint8_t *)in->scan->heap + w->form, w->form_len);
  }
  return hash != 0 ? hash : 1;
}

uint32_t features_of_type(const feature_stretch *in, uint32_t i, feature_place place, uint64_t *ret_features) {
  const scan_word *w = i == SCAN_NONE ? NULL : &in->scan->words[i];
  const word_facts *f = i == SCAN_NONE ? &border : &in->facts[i];
  feature_list list = { ret_features, 0 };
  switch (place) {
  case PLACE_SELF:
    add_self(&list, in->scan, w, f);
    break;
  case PLACE_BEFORE:
    add_neighbour(&list, f, 100);
    break;
  case PLACE_BEHIND:
    add_neighbour(&list, f, 110);
    break;
  case PLACE_BEFORE_2:
    add(&list, 120, stem_of(in->scan, w));
    break;
  default:
    add(&list, 121, stem_of(in->scan, w));
    break;
  }
  return list.n;
}

/* What stands at the place itself. */
static void add_place(feature_list *list, const word_facts *f) {
  add(list, 5, f->around);
  add(list, 6, f->rule);
  add(list, 7, f->doubt);
  add(list, 10, f->echo);
  add(list, 11, both(f->lore, f->rule & 0xFF));
  add(list, 12, both(f->lore, f->around));
  add(list, 14, both(f->doubt, f->rule));
  add(list, 15, both(f->echo, f->rule & 0x1F));
  add(list, 16, both(f->echo, f->lore));
}

uint32_t features_here(const feature_stretch *in, uint32_t i, uint64_t *ret_features) {
  feature_list list = { ret_features, 0 };
  const word_facts *f = &in->facts[i];
  const word_facts *before = i > in->first ? f - 1 : &border;
  const word_facts *behind = i + 1 < in->last ? f + 1 : &border;
  const word_facts *before2 = i > in->first + 1 ? f - 2 : &border;
  const word_facts *behind2 = i + 2 < in->last ? f + 2 : &border;
  add_place(&list, f);
  add(&list, 103, before->rule);
  add(&list, 104, both(before->echo, before->rule & 0xF));
  add(&list, 113, behind->rule);
  add(&list, 114, both(behind->echo, behind->rule & 0xF));
  add(&list, 122, both(before2->lore, before->lore));
  add(&list, 123, both(behind->lore, behind2->lore));
  add(&list, 124, both(before->core, f->lore));
  add(&list, 125, both(behind->core, f->lore));
  add(&list, 126, both(before->lore, both(f->lore, behind->lore)));
  add(&list, 137, both(before->part, f->part));
  add(&list, 138, both(f->part, behind->part));
  add(&list, 139, both(f->part, f->around));
  add(&list, 140, both(f->part, f->rule & 0x1F));
  add(&list, 141, both(before->rule & 0x1F, f->part));
  add(&list, 127, both(before->rule & 0x1F, both(f->rule & 0x1F, behind->rule & 0x1F)));
  add(&list, 129, both(f->core, behind->core));
  add(&list, 130, both(before->core, f->shape));
  add(&list, 131, both(behind->shape, f->shape));
  add(&list, 133, both(before2->rule & 0x1F, before->rule & 0x1F));
  add(&list, 134, both(f->clitic, before->rule & 0x1F));
  add(&list, 135, both(f->clitic, before->core));
  add(&list, 136, both(behind->clitic, behind->rule & 0x1F));
  return list.n;
}

uint32_t features_neighbour(const feature_stretch *in, uint32_t i, feature_place place) {
  static const int8_t steps[FEATURE_PLACES] = { 0, -1, 1, -2, 2 };
  int64_t at = (int64_t)i + steps[place];
  return at >= (int64_t)in->first && at < (int64_t)in->last ? (uint32_t)at : SCAN_NONE;
}

uint32_t features_of(const scan *s, const word_facts *facts, uint32_t first, uint32_t last, uint32_t i,
                     uint64_t *ret_features) {
  feature_stretch in = { s, facts, first, last };
  uint32_t n = features_here(&in, i, ret_features);
  for (feature_place place = PLACE_SELF; place < FEATURE_PLACES; place++) {
    n += features_of_type(&in, features_neighbour(&in, i, place), place, ret_features + n);
  }
  return n;
}
