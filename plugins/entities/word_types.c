/* SPDX-License-Identifier: Apache-2.0 */

/* A table of sums by type, in which each type has one place. */
#include "entities/word_types.h"

#include <string.h>

/* The types of some twenty news pages, in 560 KB. */
enum { TYPES = 4096 };

int word_types_use(word_types *t, const ner_model *model, scan *s) {
  if (t->model == model) {
    return 0;
  }
  int r = scan_grow(s, (void **)&t->types, &t->capacity, TYPES, sizeof *t->types);
  if (r != 0) {
    return r;
  }
  memset(t->types, 0, TYPES * sizeof *t->types);
  t->border = (word_type){ .hash = 1 };
  t->model = model;
  return 0;
}

static word_type *place_of(const word_types *t, const feature_stretch *in, uint32_t i, uint64_t *hashes) {
  if (hashes[i] == 0) {
    hashes[i] = features_type(in, i);
  }
  return &t->types[hashes[i] % TYPES];
}

/* Where the sums of the type of a word are kept. */
static word_type *type_of(word_types *t, const feature_stretch *in, uint32_t i, uint64_t *hashes) {
  if (i == SCAN_NONE) {
    return &t->border;
  }
  word_type *type = place_of(t, in, i, hashes);
  if (type->hash != hashes[i]) {
    type->hash = hashes[i];
    type->filled = 0;
  }
  return type;
}

void word_types_expect(const word_types *t, const feature_stretch *in, uint32_t i, uint64_t *hashes) {
  for (feature_place place = PLACE_SELF; place < FEATURE_PLACES; place++) {
    uint32_t at = features_neighbour(in, i, place);
    if (at != SCAN_NONE) {
      const word_type *type = place_of(t, in, at, hashes);
      __builtin_prefetch(type);
      __builtin_prefetch(type->sums[place]);
    }
  }
}

static void fill(word_type *type, const weigher *w, const feature_stretch *in, uint32_t i, feature_place place) {
  uint64_t features[FEATURES_MAX];
  uint32_t n = features_of_type(in, i, place, features);
  memset(type->sums[place], 0, sizeof(weigh_row));
  weigh_features(w, features, n, type->sums[place]);
  type->filled |= 1u << place;
}

void word_types_weigh(word_types *t, const weigher *w, const feature_stretch *in, uint32_t i, uint64_t *hashes,
                      weigh_row sums) {
  for (feature_place place = PLACE_SELF; place < FEATURE_PLACES; place++) {
    uint32_t at = features_neighbour(in, i, place);
    word_type *type = type_of(t, in, at, hashes);
    if ((type->filled >> place & 1) == 0) {
      fill(type, w, in, at, place);
    }
    for (uint32_t y = 0; y < MODEL_ROW; y++) {
      sums[y] = (int16_t)(sums[y] + type->sums[place][y]);
    }
  }
}

void word_types_done(word_types *t, const scan *s) {
  s->host->release(s->env, t->types);
}
