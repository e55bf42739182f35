/* SPDX-License-Identifier: Apache-2.0 */

/* The trained model: what is refused, what a tiny one makes of words, and that features depend on the words alone. */
#include "entities/decode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entities/trust.h"
#include "qanat/layers.h"

enum { SLOTS_LOG2 = 4, N_SLOTS = 1 << SLOTS_LOG2 };

typedef struct file {
  model_header header;
  model_slot slots[N_SLOTS];
} file;

static void seal(file *f) {
  size_t begin = offsetof(model_header, checksum) + sizeof f->header.checksum;
  f->header.checksum = model_checksum((const uint8_t *)f + begin, sizeof *f - begin);
}

static void empty(file *f) {
  memset(f, 0, sizeof *f);
  f->header.magic = MODEL_MAGIC;
  f->header.version = MODEL_VERSION;
  f->header.file_size = sizeof *f;
  f->header.slots_log2 = SLOTS_LOG2;
  f->header.steps = 8;
  seal(f);
}

static void add(file *f, uint64_t feature, uint32_t label, int8_t weight) {
  uint32_t i = (uint32_t)feature & (N_SLOTS - 1);
  while (f->slots[i].print != 0) {
    i = (i + 1) % N_SLOTS;
  }
  f->slots[i].print = model_print(feature);
  f->slots[i].weights[label] = weight;
  f->header.n_used++;
  seal(f);
}

static int open_file(const file *f, size_t len, ner_model *model) {
  const char *why = NULL;
  int r = model_open((qn_str){ (const char *)f, len }, model, &why);
  assert_true((r == 0) == (why == NULL));
  return r;
}

static void check_refused(const file *f, size_t len) {
  ner_model model = { NULL, NULL, 7 };
  assert_int_equal(open_file(f, len, &model), -EINVAL);
  assert_int_equal(model.mask, 7);
}

static void model_damaged_is_refused(void **state) {
  (void)state;
  ner_model model;
  file good;
  empty(&good);
  assert_int_equal(open_file(&good, sizeof good, &model), 0);
  for (size_t len = 0; len < sizeof good; len++) {
    check_refused(&good, len);
  }
  for (size_t at = 0; at < sizeof good; at++) {
    file bad = good;
    ((uint8_t *)&bad)[at] ^= 0x55;
    check_refused(&bad, sizeof bad);
  }
}

static void model_forged_is_refused(void **state) {
  (void)state;
  static const uint32_t logs[] = { 0, 2, 5, 19, 31, 32, UINT32_MAX };
  for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
    file bad;
    empty(&bad);
    bad.header.slots_log2 = logs[i];
    seal(&bad);
    check_refused(&bad, sizeof bad);
  }
  file full;
  empty(&full);
  for (uint32_t i = 0; i < N_SLOTS; i++) {
    add(&full, (uint64_t)(i + 1) << 32, 0, 1);
  }
  check_refused(&full, sizeof full);
  file unit;
  empty(&unit);
  unit.header.steps = 0;
  seal(&unit);
  check_refused(&unit, sizeof unit);
}

static void model_find_collisions_are_told_apart(void **state) {
  (void)state;
  file f;
  ner_model model;
  empty(&f);
  add(&f, 1ull << 32 | 15, 0, 11);
  add(&f, 2ull << 32 | 15, 0, 22); /* goes round the end of the table */
  assert_int_equal(open_file(&f, sizeof f, &model), 0);
  assert_int_equal(model_find(&model, 1ull << 32 | 15)[0], 11);
  assert_int_equal(model_find(&model, 2ull << 32 | 15)[0], 22);
  assert_null(model_find(&model, 3ull << 32 | 15));
}

static void *take(qn_env *env, size_t bytes) {
  (void)env;
  return malloc(bytes);
}

static void *change(qn_env *env, void *old, size_t bytes) {
  (void)env;
  return realloc(old, bytes);
}

static void *refuse(qn_env *env, void *old, size_t bytes) {
  (void)env;
  (void)old;
  (void)bytes;
  return NULL;
}

static void give(qn_env *env, void *old) {
  (void)env;
  free(old);
}

static const qn_host host = { .size = sizeof(qn_host), .alloc = take, .resize = change, .release = give };
static const qn_host poor = { .size = sizeof(qn_host), .alloc = take, .resize = refuse, .release = give };

/* Four Latin words of two letters: aa bb cc dd. */
typedef struct world {
  scan s;
  scan_word words[4];
  trigger triggers[5];
} world;

static void make_world(world *w, const qn_host *memory) {
  static const char text[] = "aa bb cc dd";
  memset(w, 0, sizeof *w);
  w->s.host = memory;
  w->s.view = (qn_view){ (const uint8_t *)text, 11, 0, NULL };
  w->s.heap = text;
  w->s.words = w->words;
  w->s.n_words = 4;
  w->s.triggers = w->triggers;
  for (uint32_t i = 0; i < 4; i++) {
    uint64_t hash = 1000 + i;
    w->words[i] = (scan_word){ .hash = hash,
                               .core_hash = hash,
                               .begin = 3 * i,
                               .core = 3 * i,
                               .end = 3 * i + 2,
                               .form = 3 * i,
                               .form_len = 2,
                               .key_len = 2,
                               .core_len = 2,
                               .shape = WORD_LETTERS | WORD_LATIN | (i == 0 ? WORD_FIRST | WORD_SENTENCE : 0) };
  }
}

static uint32_t features_at(world *w, uint32_t i, uint64_t *features) {
  word_facts facts[4];
  echo_table echoes = { 0 };
  assert_int_equal(echo_begin(&echoes, &w->s), 0);
  features_gather(&w->s, &echoes, facts);
  features_look_up(&w->s, facts, 0, 4);
  echo_done(&echoes, &w->s);
  return features_of(&w->s, facts, 0, 4, i, features);
}

/* A calibrated model tells how often such names were right; values, and models that are not calibrated, tell what they
 * believe. */
static void trust_score_is_that_of_the_table(void **state) {
  (void)state;
  static const struct {
    uint8_t type, from;
    uint32_t n_words;
    float believed;
    int calibrated;
    float score;
  } cases[] = {
    { QN_ENTITY_TYPE_PERSON, FROM_LEXICON, 1, 0.5f, 1, 51.0f / 255.0f },
    { QN_ENTITY_TYPE_PERSON, FROM_LEXICON, 1, 2.0f, 1, 102.0f / 255.0f },
    { QN_ENTITY_TYPE_EVENT, FROM_DOCUMENT, 2, 0.51f, 1, 1.0f },
    { QN_ENTITY_TYPE_EVENT, FROM_DOCUMENT, 1, 0.51f, 1, 0.0f },
    { QN_ENTITY_TYPE_MONEY, FROM_VALUES, 2, 0.95f, 1, 0.95f },
    { QN_ENTITY_TYPE_PERSON, FROM_PATTERN, 1, 0.75f, 0, 0.75f },
    { QN_ENTITY_TYPE_PERSON, FROM_PATTERN, 1, 1.5f, 0, 1.0f },
  };
  file f;
  ner_model model;
  empty(&f);
  f.header.trust[0][0] = 51;
  f.header.trust[0][MODEL_TRUST_STEPS - 1] = 102;
  f.header.trust[MODEL_TRUST_ROWS - 1][0] = 255;
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    candidate c = {
      .type = cases[k].type, .from = cases[k].from, .last = cases[k].n_words, .score = cases[k].believed
    };
    f.header.calibrated = (uint32_t)cases[k].calibrated;
    seal(&f);
    assert_int_equal(open_file(&f, sizeof f, &model), 0);
    assert_float_equal(trust_score(&model, &c), cases[k].score, 1e-6f);
  }
  candidate alone = { .type = QN_ENTITY_TYPE_PERSON, .last = 1, .score = 0.9f };
  assert_float_equal(trust_score(NULL, &alone), 0.9f, 1e-6f);
}

/* A word hears what the same word was chosen as elsewhere, but not itself. */
static void echo_of_a_repeated_word_tells_of_the_other_places(void **state) {
  (void)state;
  enum { ORGANIZATION = 1, LOCATION = 2, NOTHING = 255 };
  world w;
  echo_table t = { 0 };
  make_world(&w, &host);
  assert_int_equal(echo_begin(&t, &w.s), 0);
  echo_note(&t, 7, ORGANIZATION);
  echo_note(&t, 7, ORGANIZATION);
  echo_note(&t, 7, NOTHING);
  echo_note(&t, 8, LOCATION);
  assert_int_equal(echo_of(&t, 7, NOTHING), 3u << 10 | 2u << 2 * ORGANIZATION);
  assert_int_equal(echo_of(&t, 7, ORGANIZATION), 3u << 10 | 1u << 2 * ORGANIZATION);
  assert_int_equal(echo_of(&t, 8, LOCATION), 1u << 10);
  assert_int_equal(echo_of(&t, 9, NOTHING), 0);
  assert_int_equal(echo_begin(&t, &w.s), 0);
  assert_int_equal(echo_of(&t, 7, NOTHING), 0);
  echo_done(&t, &w.s);
}

static void echo_begin_without_memory_tells_it(void **state) {
  (void)state;
  world w;
  echo_table t = { 0 };
  make_world(&w, &poor);
  assert_int_equal(echo_begin(&t, &w.s), -ENOMEM);
  echo_done(&t, &w.s);
}

/* Sums are those of looking up every feature, also where an unknown one has the bits of a known one. */
static void weigh_features_sum_is_that_of_model_find(void **state) {
  (void)state;
  static const uint64_t known[] = { 1ull << 32 | 15, 2ull << 32 | 15, 0xFFFFFFFFull << 32, 7 };
  file f;
  ner_model model;
  world w;
  weigher weighing = { NULL, NULL, 0 };
  make_world(&w, &host);
  empty(&f);
  for (uint32_t k = 0; k < 4; k++) {
    add(&f, known[k], k, (int8_t)(k == 1 ? -128 : 127));
  }
  assert_int_equal(open_file(&f, sizeof f, &model), 0);
  assert_int_equal(weigh_use(&weighing, &model, &w.s), 0);
  for (uint64_t round = 0; round < 64; round++) {
    uint64_t features[FEATURES_MAX];
    weigh_row found = { 0 };
    weigh_row sums = { 0 };
    for (uint32_t k = 0; k < FEATURES_MAX; k++) {
      uint64_t foreign = (uint64_t)(k + 1) << (round % 16 + 48);
      features[k] = known[(k + round) % 4] ^ (k % 3 == 0 ? 0 : foreign);
      const int8_t *weights = model_find(&model, features[k]);
      for (uint32_t y = 0; weights != NULL && y < MODEL_ROW; y++) {
        found[y] = (int16_t)(found[y] + weights[y]);
      }
    }
    weigh_features(&weighing, features, FEATURES_MAX, sums);
    assert_memory_equal(sums, found, sizeof found);
    assert_int_not_equal(sums[0], 0);
  }
  weigh_done(&weighing, &w.s);
}

/* What is kept of types changes no sum: each word is weighed twice, and the weights are of whatever the model has room for. */
static void word_types_sum_is_that_of_all_features(void **state) {
  (void)state;
  file f;
  ner_model model;
  world w;
  weigher weighing = { NULL, NULL, 0 };
  word_types types = { .model = NULL };
  word_facts facts[4];
  uint64_t hashes[4] = { 0 };
  uint64_t features[FEATURES_MAX];
  echo_table echoes = { 0 };
  make_world(&w, &host);
  empty(&f);
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t n = features_at(&w, i, features);
    for (uint32_t k = i; k < n && f.header.n_used < N_SLOTS - N_SLOTS / 8; k += 16) {
      add(&f, features[k], (i + k) % MODEL_LABELS, (int8_t)(k + 1));
    }
  }
  assert_int_equal(open_file(&f, sizeof f, &model), 0);
  assert_int_equal(weigh_use(&weighing, &model, &w.s), 0);
  assert_int_equal(word_types_use(&types, &model, &w.s), 0);
  assert_int_equal(echo_begin(&echoes, &w.s), 0);
  features_gather(&w.s, &echoes, facts);
  features_look_up(&w.s, facts, 0, 4);
  feature_stretch in = { &w.s, facts, 0, 4 };
  for (uint32_t i = 0; i < 8; i++) {
    weigh_row whole = { 0 };
    weigh_row sums = { 0 };
    weigh_features(&weighing, features, features_of(&w.s, facts, 0, 4, i % 4, features), whole);
    weigh_features(&weighing, features, features_here(&in, i % 4, features), sums);
    word_types_weigh(&types, &weighing, &in, i % 4, hashes, sums);
    assert_memory_equal(sums, whole, sizeof sums);
  }
  word_types_done(&types, &w.s);
  weigh_done(&weighing, &w.s);
  echo_done(&echoes, &w.s);
}

static void features_of_equal_words_are_equal(void **state) {
  (void)state;
  world one;
  world two;
  uint64_t a[FEATURES_MAX];
  uint64_t b[FEATURES_MAX];
  make_world(&one, &host);
  make_world(&two, &host);
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t n = features_at(&one, i, a);
    assert_in_range(n, 20, FEATURES_MAX);
    assert_int_equal(features_at(&two, i, b), n);
    assert_memory_equal(a, b, n * sizeof a[0]);
  }
  two.words[3].core_hash++;
  uint32_t n = features_at(&one, 2, a);
  assert_int_equal(features_at(&two, 2, b), n);
  assert_memory_not_equal(a, b, n * sizeof a[0]); /* neighbours count */
}

/* The feature that word i has and no other word: by which a tiny model can point at it. */
static uint64_t own_feature(world *w, uint32_t i) {
  uint64_t own[FEATURES_MAX];
  uint64_t other[FEATURES_MAX];
  uint32_t n = features_at(w, i, own);
  for (uint32_t k = 0; k < n; k++) {
    int found = 0;
    for (uint32_t j = 0; j < 4; j++) {
      uint32_t n_other = j == i ? 0 : features_at(w, j, other);
      for (uint32_t x = 0; x < n_other; x++) {
        found |= other[x] == own[k];
      }
    }
    if (!found) {
      return own[k];
    }
  }
  fail();
  return 0;
}

static void decode_tiny_model_names_its_words(void **state) {
  (void)state;
  world w;
  file f;
  ner_model model;
  decoder d = { 0 };
  make_world(&w, &host);
  for (uint32_t i = 1; i < 3; i++) {
    w.words[i].shape |= WORD_CAPITAL; /* Latin words without one are no names */
  }
  empty(&f);
  add(&f, own_feature(&w, 1), model_label(QN_ENTITY_TYPE_LOCATION, 0), 60);
  add(&f, own_feature(&w, 2), model_label(QN_ENTITY_TYPE_LOCATION, 1), 60);
  add(&f, own_feature(&w, 3), model_label(QN_ENTITY_TYPE_PERSON, 1), 20); /* may not begin a name */
  assert_int_equal(open_file(&f, sizeof f, &model), 0);
  assert_int_equal(decode_propose(&d, &model, &w.s), 0);
  assert_int_equal(w.s.n_candidates, 1);
  assert_int_equal(w.s.candidates[0].first, 1);
  assert_int_equal(w.s.candidates[0].last, 3);
  assert_int_equal(w.s.candidates[0].begin, 3);
  assert_int_equal(w.s.candidates[0].end, 8);
  assert_int_equal(w.s.candidates[0].type, QN_ENTITY_TYPE_LOCATION);
  assert_true(w.s.candidates[0].score > SCAN_THRESHOLD && w.s.candidates[0].score <= 1.0f);
  free(w.s.candidates);
  decode_done(&d, &w.s);
}

/* The model is asked about an ordinary word behind a name's beginning, unless it is frequent. */
static void decode_ordinary_word_behind_a_name_may_belong_to_it(void **state) {
  (void)state;
  static const struct {
    uint16_t lore;
    uint32_t last;
  } cases[] = { { LORE_COMMON, 3 }, { LORE_COMMON | LORE_FREQUENT, 2 } };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    world w;
    file f;
    ner_model model;
    decoder d = { 0 };
    make_world(&w, &host);
    for (uint32_t i = 0; i < 4; i++) {
      w.words[i].shape = (uint16_t)((w.words[i].shape & ~WORD_LATIN) | WORD_ARABIC);
      w.words[i].lore = w.words[i].core_lore = i == 1 ? 0 : cases[k].lore;
    }
    empty(&f);
    add(&f, own_feature(&w, 1), model_label(QN_ENTITY_TYPE_ORGANIZATION, 0), 60);
    add(&f, own_feature(&w, 2), model_label(QN_ENTITY_TYPE_ORGANIZATION, 1), 60);
    assert_int_equal(open_file(&f, sizeof f, &model), 0);
    assert_int_equal(decode_propose(&d, &model, &w.s), 0);
    assert_int_equal(w.s.n_candidates, 1);
    assert_int_equal(w.s.candidates[0].first, 1);
    assert_int_equal(w.s.candidates[0].last, cases[k].last);
    free(w.s.candidates);
    decode_done(&d, &w.s);
  }
}

/* What the model makes of the second and the third word, by what else is known of them. All four are Arabic; the first and the last
 * are ordinary. */
static void decode_guess_is_proposed_as_far_as_words_allow(void **state) {
  (void)state;
  enum { PLACE = 1 << QN_ENTITY_TYPE_LOCATION, BODY = 1 << QN_ENTITY_TYPE_ORGANIZATION };
  static const struct {
    uint32_t type;
    uint16_t lore[2];
    trigger at[2];
    uint32_t last; /* of the proposal; 0: there is none */
  } cases[] = {
    { QN_ENTITY_TYPE_PERSON, { 0, 0 }, { { 0 }, { 0 } }, 3 },
    { QN_ENTITY_TYPE_PERSON, { 0, LORE_COMMON | LORE_FREQUENT | LORE_LETTER }, { { 0 }, { .head = BODY } }, 2 },
    { QN_ENTITY_TYPE_ORGANIZATION, { 0, LORE_COMMON | LORE_FREQUENT | LORE_LETTER }, { { 0 }, { .head = BODY } }, 3 },
    { QN_ENTITY_TYPE_ORGANIZATION, { LORE_COMMON, LORE_COMMON }, { { 0 }, { 0 } }, 0 },
    { QN_ENTITY_TYPE_ORGANIZATION, { LORE_COMMON, LORE_COMMON }, { { .open = BODY }, { 0 } }, 3 },
    { QN_ENTITY_TYPE_ORGANIZATION, { LORE_PHRASE, LORE_PHRASE }, { { 0 }, { 0 } }, 0 },
    { QN_ENTITY_TYPE_ORGANIZATION, { 0, 0 }, { { 0 }, { .cue = PLACE, .owned = PLACE } }, 0 },
    { QN_ENTITY_TYPE_ORGANIZATION, { 0, 0 }, { { .title = BODY }, { .cue = PLACE, .owned = PLACE } }, 3 },
    { QN_ENTITY_TYPE_LOCATION, { 0, 0 }, { { 0 }, { .cue = PLACE, .owned = PLACE } }, 3 },
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    world w;
    file f;
    ner_model model;
    decoder d = { 0 };
    make_world(&w, &host);
    for (uint32_t i = 0; i < 4; i++) {
      bool inside = i == 1 || i == 2;
      w.words[i].shape = (uint16_t)((w.words[i].shape & ~WORD_LATIN) | WORD_ARABIC);
      w.words[i].lore = w.words[i].core_lore = inside ? cases[k].lore[i - 1] : LORE_COMMON;
      w.triggers[i] = inside ? cases[k].at[i - 1] : (trigger){ 0 };
    }
    empty(&f);
    add(&f, own_feature(&w, 1), model_label(cases[k].type, 0), 60);
    add(&f, own_feature(&w, 2), model_label(cases[k].type, 1), 60);
    assert_int_equal(open_file(&f, sizeof f, &model), 0);
    assert_int_equal(decode_propose(&d, &model, &w.s), 0);
    uint32_t last = w.s.n_candidates > 0 ? w.s.candidates[0].last : 0;
    if (last != cases[k].last || w.s.n_candidates > 1) {
      fail_msg("case %zu: %u candidates, last %u", k, w.s.n_candidates, last);
    }
    free(w.s.candidates);
    decode_done(&d, &w.s);
  }
}

static void decode_guess_that_model_rejects_is_lowered(void **state) {
  (void)state;
  world w;
  file f;
  ner_model model;
  decoder d = { 0 };
  make_world(&w, &host);
  candidate guess = { .first = 1, .last = 2, .score = 0.6f, .from = FROM_PATTERN, .entry = SCAN_NONE, .chosen = 1 };
  candidate known = { .first = 3, .last = 4, .score = 0.95f, .from = FROM_LEXICON, .entry = 0, .chosen = 1 };
  scan_propose(&w.s, &guess);
  scan_propose(&w.s, &known);
  empty(&f);
  add(&f, own_feature(&w, 1), 0, 100);
  add(&f, own_feature(&w, 3), model_label(QN_ENTITY_TYPE_PERSON, 0), 24); /* believes it somewhat */
  assert_int_equal(open_file(&f, sizeof f, &model), 0);
  assert_int_equal(decode_propose(&d, &model, &w.s), 0);
  assert_true(w.s.candidates[0].score < SCAN_THRESHOLD);
  assert_true(w.s.candidates[1].score > SCAN_THRESHOLD);
  free(w.s.candidates);
  decode_done(&d, &w.s);
}

/* What the lexicon has without doubt is not lowered because the model takes its end alone; in each of these cases, but the first and the
 * last, something else speaks against the whole. */
static void decode_known_name_is_not_cut_short(void **state) {
  (void)state;
  enum { LOCATION = QN_ENTITY_TYPE_LOCATION, PLACES = 1 << LOCATION };
  static const struct {
    float score;       /* of the known name, which has three words */
    uint32_t begins;   /* the type that the model begins at the second word, and goes on with at the third */
    uint32_t goes_on;  /* not 0: it goes on with the fourth */
    uint8_t head, cue; /* that the known name begins with */
    bool is_kept;
  } cases[] = {
    { 0.9f, LOCATION, 0, 0, 0, true },
    { 0.6f, LOCATION, 0, 0, 0, false },
    { 0.9f, QN_ENTITY_TYPE_PERSON, 0, 0, 0, false },
    { 0.9f, LOCATION, 1, 0, 0, false },
    { 0.9f, LOCATION, 0, PLACES, 0, false },
    { 0.9f, LOCATION, 0, PLACES, PLACES, true },
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    world w;
    file f;
    ner_model model;
    decoder d = { 0 };
    make_world(&w, &host);
    candidate known = { .first = 0, .last = 3, .score = cases[k].score, .from = FROM_LEXICON, .type = LOCATION };
    scan_propose(&w.s, &known);
    w.triggers[0].head = cases[k].head;
    w.triggers[1].cue = cases[k].cue;
    empty(&f);
    add(&f, own_feature(&w, 0), 0, 100);
    add(&f, own_feature(&w, 1), model_label(cases[k].begins, 0), 60);
    add(&f, own_feature(&w, 2), model_label(cases[k].begins, 1), 60);
    add(&f, own_feature(&w, 3), cases[k].goes_on != 0 ? model_label(cases[k].begins, 1) : 0, 60);
    assert_int_equal(open_file(&f, sizeof f, &model), 0);
    assert_int_equal(decode_propose(&d, &model, &w.s), 0);
    bool kept = w.s.candidates[0].score >= cases[k].score;
    if (kept != cases[k].is_kept) {
      fail_msg("case %zu: score %f", k, (double)w.s.candidates[0].score);
    }
    free(w.s.candidates);
    decode_done(&d, &w.s);
  }
}

static void decode_without_memory_fails(void **state) {
  (void)state;
  world w;
  file f;
  ner_model model;
  decoder d = { 0 };
  make_world(&w, &poor);
  empty(&f);
  assert_int_equal(open_file(&f, sizeof f, &model), 0);
  assert_int_equal(decode_propose(&d, &model, &w.s), -ENOMEM);
  decode_done(&d, &w.s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(model_damaged_is_refused),
    cmocka_unit_test(model_forged_is_refused),
    cmocka_unit_test(model_find_collisions_are_told_apart),
    cmocka_unit_test(weigh_features_sum_is_that_of_model_find),
    cmocka_unit_test(word_types_sum_is_that_of_all_features),
    cmocka_unit_test(features_of_equal_words_are_equal),
    cmocka_unit_test(trust_score_is_that_of_the_table),
    cmocka_unit_test(echo_of_a_repeated_word_tells_of_the_other_places),
    cmocka_unit_test(echo_begin_without_memory_tells_it),
    cmocka_unit_test(decode_tiny_model_names_its_words),
    cmocka_unit_test(decode_ordinary_word_behind_a_name_may_belong_to_it),
    cmocka_unit_test(decode_guess_is_proposed_as_far_as_words_allow),
    cmocka_unit_test(decode_guess_that_model_rejects_is_lowered),
    cmocka_unit_test(decode_known_name_is_not_cut_short),
    cmocka_unit_test(decode_without_memory_fails),
  };
  return cmocka_run_group_tests_name("names_model", tests, NULL, NULL);
}
