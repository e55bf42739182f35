/* SPDX-License-Identifier: Apache-2.0 */

/* The grammar of clitics, the features that divisions are weighed by, and the choice. */
#include "clitics.h"

#include <errno.h>
#include <string.h>

#include "text/letters.h"
#include "text/utf8.h"

enum {
  SIN = 0x33,
  LAM = 0x44,
  BA = 0x28,
  KAF = 0x43,
  WAW = 0x48,
  FA = 0x41,
  ALEF = 0x27,
  HA = 0x47,
  TA = 0x2A,
  TA_MARBUTA = 0x29,
  YA = 0x4A,
  MIM = 0x45,
  NUN = 0x46
};

/* What may stand in each place; the first entry is nothing. */
static const uint8_t firsts[] = { 0, WAW, FA };
static const uint8_t seconds[] = { 0, SIN, LAM, BA, KAF };

typedef struct suffix {
  uint8_t n;
  uint8_t letters[3];
} suffix;

static const suffix enclitics[] = {
  { 0, { 0 } },
  { 1, { HA } },              /* ه */
  { 2, { HA, ALEF } },        /* ها */
  { 2, { HA, 0x45 } },        /* هم */
  { 3, { HA, 0x45, ALEF } },  /* هما */
  { 2, { HA, 0x46 } },        /* هن */
  { 1, { KAF } },             /* ك */
  { 2, { KAF, 0x45 } },       /* كم */
  { 3, { KAF, 0x45, ALEF } }, /* كما */
  { 2, { 0x46, ALEF } },      /* نا */
  { 2, { 0x46, YA } },        /* ني */
  { 1, { YA } },              /* ي */
};

#define N_FIRSTS 3
#define N_SECONDS 5
#define N_ENCLITICS 12

/* --- reading --- */

int clitics_open(clitics_model *model, const void *bytes, size_t len) {
  clitics_header header;
  if (len < sizeof header || (uintptr_t)bytes % 4 != 0) {
    return -EINVAL;
  }
  memcpy(&header, bytes, sizeof header);
  if (memcmp(header.magic, CLITICS_MAGIC, sizeof header.magic) != 0 || header.weight_bits < 8 ||
      header.weight_bits > 24 || header.word_bits < 8 || header.word_bits > 24) {
    return -EINVAL;
  }
  size_t n_weights = (size_t)1 << header.weight_bits;
  size_t n_words = (size_t)1 << header.word_bits;
  const uint8_t *body = (const uint8_t *)bytes + sizeof header;
  if (len != sizeof header + (n_weights + n_words) * 2 ||
      clitics_checksum(body, len - sizeof header) != header.checksum) {
    return -EINVAL;
  }
  model->weights = (const int16_t *)(const void *)body;
  model->words = (const uint16_t *)(const void *)(body + n_weights * 2);
  model->weight_bits = header.weight_bits;
  model->word_bits = header.word_bits;
  return 0;
}

uint64_t clitics_checksum(const void *bytes, size_t len) {
  const uint8_t *at = bytes;
  uint64_t sum = 0xCBF29CE484222325u;
  for (size_t i = 0; i < len; i++) {
    sum = (sum ^ at[i]) * 0x100000001B3u;
  }
  return sum;
}

int clitics_read(const uint8_t *word, uint32_t len, clitics_word *ret_word) {
  uint32_t n = 0;
  if (len > CLITICS_BYTES_MAX) {
    return 0;
  }
  for (uint32_t pos = 0; pos < len;) {
    uint32_t code = utf8_next(word, &pos);
    uint32_t kind = letters_kind(code);
    if (kind != LETTERS_LETTER && n > 0) { /* marks, tatweel: part of the letter before */
      ret_word->end[n - 1] = (uint8_t)pos;
      continue;
    }
    if (kind != LETTERS_LETTER || code < 0x620 || code > 0x6FF || n == CLITICS_LETTERS_MAX) {
      return 0;
    }
    int is_alef = code == 0x622 || code == 0x623 || code == 0x625 || code == 0x671;
    ret_word->letters[n] = is_alef ? ALEF : (uint8_t)code;
    ret_word->end[n++] = (uint8_t)pos;
  }
  ret_word->n = n;
  return n >= 2;
}

/* --- the grammar --- */

/* Two bytes as one number, in the order they are read. */
#define PAIR(letter) (0xD900u | (uint8_t)(0x80 | ((letter)&0x3F)))

/* True if a pronoun may stand at the end: by the last letter, and for letters that end many words, the one before. */
static int may_end_with_pronoun(const uint8_t *word, uint32_t len) {
  uint32_t last = (uint32_t)word[len - 2] << 8 | word[len - 1];
  uint32_t before = (uint32_t)word[len - 4] << 8 | word[len - 3];
  switch (last) {
  case PAIR(HA):
  case PAIR(KAF):
  case PAIR(YA):
    return 1;
  case 0xD8A7: /* ا of ها هما نا */
    return before == PAIR(HA) || before == PAIR(MIM) || before == PAIR(NUN);
  case PAIR(MIM):
    return before == PAIR(HA) || before == PAIR(KAF);
  case PAIR(NUN):
    return before == PAIR(HA);
  default:
    return last > 0xD98A || last == 0xD980; /* a mark or a tatweel hides the letter */
  }
}

int clitics_may_divide(const uint8_t *word, uint32_t len) {
  if (len < 4) {
    return 0;
  }
  switch ((uint32_t)word[0] << 8 | word[1]) {
  case PAIR(WAW):
  case PAIR(FA):
  case PAIR(LAM):
  case PAIR(KAF):
  case 0xD8A8: /* ب */
  case 0xD8B3: /* س */
    return 1;
  default:
    return may_end_with_pronoun(word, len);
  }
}

static int ends_with(const clitics_word *word, uint32_t begin, const suffix *tail) {
  return word->n >= begin + tail->n && memcmp(word->letters + word->n - tail->n, tail->letters, tail->n) == 0;
}

/* A stem has two letters or more, but for به and له, which have none. */
static int is_stem(uint32_t second, uint32_t enclitic, uint32_t n_letters, int whole) {
  if (n_letters == 0) {
    return enclitic != 0 && (seconds[second] == BA || seconds[second] == LAM);
  }
  return n_letters >= 2 || whole;
}

static uint32_t add_enclitics(const clitics_word *word, clitics_candidate candidate, uint32_t n,
                              clitics_candidate *ret_candidates) {
  for (uint8_t e = 0; e < N_ENCLITICS && n < CLITICS_CANDIDATES_MAX; e++) {
    if (!ends_with(word, candidate.begin, &enclitics[e])) {
      continue;
    }
    candidate.enclitic = e;
    candidate.end = (uint8_t)(word->n - enclitics[e].n);
    int whole = candidate.begin == 0 && e == 0;
    if (is_stem(candidate.second, e, (uint32_t)(candidate.end - candidate.begin), whole)) {
      ret_candidates[n++] = candidate;
    }
  }
  return n;
}

uint32_t clitics_candidates(const clitics_word *word, clitics_candidate ret_candidates[CLITICS_CANDIDATES_MAX]) {
  uint32_t n = 0;
  for (uint8_t first = 0; first < N_FIRSTS; first++) {
    if (first > 0 && word->letters[0] != firsts[first]) {
      continue;
    }
    uint8_t after_first = first > 0;
    for (uint8_t second = 0; second < N_SECONDS; second++) {
      if (second > 0 && (after_first >= word->n || word->letters[after_first] != seconds[second])) {
        continue;
      }
      clitics_candidate candidate = { .first = first,
                                      .second = second,
                                      .begin = (uint8_t)(after_first + (second > 0)) };
      n = add_enclitics(word, candidate, n, ret_candidates);
    }
  }
  return n;
}

/* --- the table of words --- */

/* Spellings that the table does not tell apart, beyond alefs: ى and ي, ة and ه, hamza on its seats. */
static const uint8_t merged[256] = {
  [0x49] = YA, [0x26] = YA, [0xCC] = YA, [0x24] = WAW, [TA_MARBUTA] = HA, [0xA9] = KAF,
};

#define HASH_SEED 0x9E3779B97F4A7C15u
#define HASH_STEP 0xD6E8FEB86659FD93u

static uint64_t hash_add(uint64_t hash, uint8_t letter) {
  hash = (hash ^ (merged[letter] != 0 ? merged[letter] : letter)) * HASH_STEP;
  return hash ^ hash >> 32;
}

uint64_t clitics_word_hash(const uint8_t *letters, uint32_t n) {
  uint64_t hash = HASH_SEED;
  for (uint32_t i = 0; i < n; i++) {
    hash = hash_add(hash, letters[i]);
  }
  return hash;
}

uint16_t clitics_word_cell(uint64_t hash, uint32_t bucket, int is_name) {
  return (uint16_t)((hash >> 52) << 4 | bucket << 1 | (is_name != 0));
}

uint32_t clitics_word_slot(uint64_t hash, uint32_t word_bits) {
  return (uint32_t)(hash & ((1u << word_bits) - 1));
}

/* The cell of a word, without its fingerprint; 0 if the word is unknown. Bucket 0 with a name is a known word. */
static uint32_t look_up(const clitics_model *model, uint64_t hash) {
  uint32_t mask = (1u << model->word_bits) - 1;
  uint32_t slot = clitics_word_slot(hash, model->word_bits);
  for (uint32_t probes = 0; probes < 64 && model->words[slot] != 0; probes++) {
    if (model->words[slot] >> 4 == hash >> 52) {
      return model->words[slot] & 15;
    }
    slot = (slot + 1) & mask;
  }
  return 0;
}

/* --- features --- */

/* A hash of letters as they are, for weights. */
static uint32_t mix(uint32_t hash, uint32_t value) {
  hash = (hash ^ value) * 0x9E3779B1u;
  return hash ^ hash >> 15;
}

typedef struct feature_list {
  uint32_t *out;
  uint32_t n;
  uint32_t bits;
} feature_list;

static void add(feature_list *list, uint32_t template, uint32_t a, uint32_t b) {
  uint64_t hash = (template * 0x9E3779B97F4A7C15u ^ a) * 0xD6E8FEB86659FD93u;
  hash = (hash ^ hash >> 32 ^ b) * 0xD6E8FEB86659FD93u;
  list->out[list->n++] = (uint32_t)(hash >> (64 - list->bits));
}

/* What the table knows of the forms that a stem may have by itself. */
typedef struct stem_lore {
  uint32_t own;      /* bucket of the stem */
  uint32_t name;     /* the stem is a name */
  uint32_t other;    /* with the article, or without it */
  uint32_t restored; /* for ل before ل, with the alef of the article; for ت before a pronoun, with ة */
} stem_lore;

/* The bucket of a stem that lost the alef of its article: للشركة is ل and الشركة. */
static uint32_t with_alef(const clitics_model *model, const uint8_t *stem, uint32_t n) {
  uint64_t hash = hash_add(HASH_SEED, ALEF);
  for (uint32_t i = 0; i < n; i++) {
    hash = hash_add(hash, stem[i]);
  }
  return look_up(model, hash) >> 1;
}

static int has_article(const uint8_t *stem, uint32_t n) {
  return n > 3 && stem[0] == ALEF && stem[1] == LAM;
}

static stem_lore lore_of(const clitics_model *model, const clitics_candidate *candidate, const uint8_t *stem,
                         uint32_t n) {
  stem_lore lore = { 0 };
  int is_definite = has_article(stem, n);
  uint64_t own = HASH_SEED;
  uint64_t other = is_definite ? HASH_SEED : hash_add(hash_add(HASH_SEED, ALEF), LAM);
  uint64_t all_but_last = own;
  for (uint32_t i = 0; i < n; i++) {
    all_but_last = own;
    own = hash_add(own, stem[i]);
    other = is_definite && i < 2 ? other : hash_add(other, stem[i]);
  }
  uint32_t cell = look_up(model, own);
  lore.own = cell >> 1;
  lore.name = cell & 1;
  lore.other = look_up(model, other) >> 1;
  if (seconds[candidate->second] == LAM && n > 2 && stem[0] == LAM) {
    lore.restored = with_alef(model, stem, n);
  } else if (candidate->enclitic != 0 && n > 2 && stem[n - 1] == TA) {
    lore.restored = look_up(model, hash_add(all_but_last, HA)) >> 1;
  }
  return lore;
}

static void add_letters(feature_list *list, const uint8_t *stem, uint32_t n, uint32_t before, uint32_t behind) {
  uint32_t front = 1;
  uint32_t back = 1;
  for (uint32_t i = 0; i < 4; i++) { /* a stem that is shorter repeats its end, so that its length shows */
    front = mix(front, i < n ? stem[i] : 0);
    back = mix(back, i < n ? stem[n - 1 - i] : 0);
    add(list, 1 + i, before, front);
    add(list, 5 + i, behind, back);
  }
}

uint32_t clitics_features(const clitics_model *model, const clitics_word *word, const clitics_candidate *candidate,
                          uint32_t ret_features[CLITICS_FEATURES_MAX]) {
  feature_list list = { ret_features, 0, model->weight_bits };
  const uint8_t *stem = word->letters + candidate->begin;
  uint32_t n = (uint32_t)(candidate->end - candidate->begin);
  uint32_t before = (uint32_t)candidate->first * N_SECONDS + candidate->second;
  uint32_t behind = candidate->enclitic;
  uint32_t both = before * N_ENCLITICS + behind;
  uint32_t has = (before > 0) | (uint32_t)(behind > 0) << 1;
  uint32_t len = n > 7 ? 7 : n;
  uint32_t whole = 1;
  for (uint32_t i = 0; i < n; i++) {
    whole = mix(whole, stem[i]);
  }
  stem_lore lore = lore_of(model, candidate, stem, n);
  uint32_t article = has_article(stem, n) ? 1 : seconds[candidate->second] == LAM && n > 0 && stem[0] == LAM ? 2 : 0;
  add_letters(&list, stem, n, before, behind);
  add(&list, 10, before, 0);
  add(&list, 11, behind, 0);
  add(&list, 12, both, 0);
  add(&list, 13, whole, has);
  add(&list, 14, whole, before);
  add(&list, 15, whole, behind);
  add(&list, 16, both, len);
  add(&list, 17, before, len);
  add(&list, 18, behind, len);
  add(&list, 19, both, article);
  add(&list, 20, both, lore.own);
  add(&list, 21, has, lore.own * 8 + lore.other);
  add(&list, 22, before, lore.own);
  add(&list, 23, behind, lore.own);
  add(&list, 24, before, lore.other);
  add(&list, 25, behind, lore.other);
  add(&list, 26, both, lore.name);
  if (article == 2) {
    add(&list, 27, lore.restored, lore.own);
  }
  if (behind > 0) {
    uint32_t best = lore.own > lore.other ? lore.own : lore.other;
    add(&list, 28, behind, best > lore.restored ? best : lore.restored);
  }
  return list.n;
}

/* --- the choice --- */

static int32_t score_of(const clitics_model *model, const clitics_word *word, const clitics_candidate *candidate) {
  uint32_t features[CLITICS_FEATURES_MAX];
  uint32_t n = clitics_features(model, word, candidate, features);
  int32_t score = 0;
  for (uint32_t i = 0; i < n; i++) {
    score += model->weights[features[i]];
  }
  return score;
}

uint32_t clitics_choose(const clitics_model *model, const clitics_word *word, const clitics_candidate *candidates,
                        uint32_t n) {
  uint32_t best = 0;
  int32_t best_score = INT32_MIN;
  for (uint32_t i = 0; i < n; i++) {
    int32_t score = score_of(model, word, &candidates[i]);
    if (score > best_score) {
      best = i;
      best_score = score;
    }
  }
  return best;
}

/* لل is ل and the article, unless the word itself begins with lam: للندن is ل and لندن. */
static int takes_both_lams(const clitics_model *model, const clitics_word *word, const clitics_candidate *candidate) {
  const uint8_t *stem = word->letters + candidate->begin;
  uint32_t n = (uint32_t)(candidate->end - candidate->begin);
  if (seconds[candidate->second] != LAM || n < 3 || stem[0] != LAM) {
    return 0;
  }
  return with_alef(model, stem, n) > 0 || look_up(model, clitics_word_hash(stem, n)) == 0;
}

static void write_division(const clitics_model *model, const clitics_word *word, const clitics_candidate *chosen,
                           clitics_division *division) {
  uint32_t ends[CLITICS_PARTS_MAX];
  uint32_t n = 0;
  uint32_t stem_begin = chosen->begin + (uint32_t)takes_both_lams(model, word, chosen);
  if (chosen->first > 0) {
    ends[n++] = 1;
  }
  if (chosen->second > 0) {
    ends[n++] = stem_begin;
  }
  division->stem = (uint8_t)n;
  if (chosen->end > stem_begin) {
    ends[n++] = chosen->end;
  } else {
    division->stem = CLITICS_PARTS_MAX;
  }
  if (chosen->enclitic > 0) {
    ends[n++] = word->n;
  }
  division->n = (uint8_t)(n > 1 ? n : 0);
  for (uint32_t i = 0; i < n; i++) {
    division->end[i] = word->end[ends[i] - 1];
  }
}

void clitics_divide(const clitics_model *model, const uint8_t *text, uint32_t len, clitics_division *ret_division) {
  clitics_word word;
  clitics_candidate candidates[CLITICS_CANDIDATES_MAX];
  ret_division->n = 0;
  if (!clitics_read(text, len, &word)) {
    return;
  }
  uint32_t n = clitics_candidates(&word, candidates);
  if (n < 2) {
    return;
  }
  uint32_t best = clitics_choose(model, &word, candidates, n);
  write_division(model, &word, &candidates[best], ret_division);
}
