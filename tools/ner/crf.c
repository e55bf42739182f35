/* SPDX-License-Identifier: Apache-2.0 */

/* Counts features, finds their weights, and writes those that weigh enough. */
#include "ner/crf.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/evidence.h"
#include "ner/ground.h"

/* Weights are the mean of what they were AVERAGED times in each epoch from AVERAGED_FROM on: of what the order of the articles
 * makes of single ones little is left. */
enum { EPOCHS = 6, AVERAGED_FROM = 2, AVERAGED = 4, FEATURE_BITS = 23, STEPS = 24, ROWS_MAX = 3 << 15 };

/* How fast is learnt, how much is forgotten on the way, and the least weight that is worth a row. */
#define RATE 0.05f
#define DECAY 2e-3f
#define LEAST 0.1f

void crf_add(crf_examples *all, const uint64_t *features, uint32_t n, uint8_t label, int begins, uint32_t article) {
  all->words = ground_grow(all->words, &all->word_capacity, all->n_words + 1, sizeof(crf_word));
  all->features = ground_grow(all->features, &all->feature_capacity, all->n_features + n, sizeof(uint64_t));
  memcpy(all->features + all->n_features, features, n * sizeof(uint64_t));
  all->words[all->n_words++] = (crf_word){ all->n_features, article, (uint16_t)n, label, begins != 0 };
  all->n_features += n;
}

/* --- features that are met in two articles at least get a row --- */

typedef struct feature_cell {
  uint64_t feature; /* 0: empty */
  uint32_t article; /* the last it was met in, from 1 */
  uint32_t row;     /* from 1; 0: none yet */
} feature_cell;

typedef struct feature_table {
  feature_cell *cells;
  uint64_t n;
  uint32_t n_rows;
} feature_table;

static feature_cell *cell_of(feature_table *table, uint64_t feature) {
  uint64_t mask = ((uint64_t)1 << FEATURE_BITS) - 1;
  uint64_t key = feature != 0 ? feature : 1;
  uint64_t i = key * 0x9E3779B97F4A7C15u >> (64 - FEATURE_BITS);
  while (table->cells[i].feature != 0 && table->cells[i].feature != key) {
    i = (i + 1) & mask;
  }
  if (table->cells[i].feature == 0) {
    table->cells[i].feature = key;
    if (++table->n > mask - mask / 8) {
      ground_die("too many features", "training");
    }
  }
  return &table->cells[i];
}

static void count_features(feature_table *table, const crf_examples *all, const crf_word *w) {
  for (uint64_t k = w->first; k < w->first + w->n; k++) {
    feature_cell *cell = cell_of(table, all->features[k]);
    if (cell->article != 0 && cell->article != w->article + 1 && cell->row == 0) {
      cell->row = ++table->n_rows;
    }
    cell->article = w->article + 1;
  }
}

/* --- training --- */

typedef double row[MODEL_ROW];

typedef struct lattice {
  row odds[FEATURES_STRETCH];
  row ahead[FEATURES_STRETCH];
  row behind[FEATURES_STRETCH];
  row follows[MODEL_LABELS + 1];
} lattice;

typedef struct training {
  crf_word *words; /* the wanted ones; first is a place in rows */
  uint32_t *rows;  /* of features */
  uint64_t n_words;
  feature_table table;
  float *w; /* MODEL_ROW a row; row 0 belongs to none */
  float *g; /* squares of what they were moved by */
  float follows[MODEL_LABELS + 1][MODEL_ROW];
  float follows_g[MODEL_LABELS + 1][MODEL_ROW];
  float *w_sum; /* of all that are averaged */
  float follows_sum[MODEL_LABELS + 1][MODEL_ROW];
  uint32_t n_sums;
  lattice lattice;
} training;

/* Takes over the words that are wanted, their features as rows. */
static training *begin_training(const crf_examples *all, crf_wanted wanted, void *arg) {
  training *t = ground_get(1, sizeof *t);
  t->table.cells = ground_get((size_t)1 << FEATURE_BITS, sizeof(feature_cell));
  t->words = ground_get(all->n_words, sizeof(crf_word));
  t->rows = ground_get(all->n_features, sizeof(uint32_t));
  for (uint64_t i = 0; i < all->n_words; i++) {
    if (wanted(arg, all->words[i].article)) {
      count_features(&t->table, all, &all->words[i]);
      t->words[t->n_words++] = all->words[i];
    }
  }
  uint64_t to = 0;
  for (uint64_t i = 0; i < t->n_words; i++) {
    crf_word *w = &t->words[i];
    uint64_t first = to;
    for (uint64_t k = w->first; k < w->first + w->n; k++) {
      uint32_t found = cell_of(&t->table, all->features[k])->row;
      t->rows[to] = found;
      to += found != 0;
    }
    w->first = first;
    w->n = (uint16_t)(to - first);
  }
  t->w = ground_get((size_t)(t->table.n_rows + 1) * MODEL_ROW, sizeof(float));
  t->g = ground_get((size_t)(t->table.n_rows + 1) * MODEL_ROW, sizeof(float));
  t->w_sum = ground_get((size_t)(t->table.n_rows + 1) * MODEL_ROW, sizeof(float));
  return t;
}

static void end_training(training *t) {
  free(t->table.cells);
  free(t->words);
  free(t->rows);
  free(t->w);
  free(t->g);
  free(t->w_sum);
  free(t);
}

static void move(float *w, float *g, float by) {
  *g += by * by;
  *w += RATE * by / (sqrtf(*g) + 1e-3f);
}

static void normalize(double *r) {
  double sum = 1e-300;
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    sum += r[y];
  }
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    r[y] /= sum;
  }
}

static void fill_odds(training *t, const crf_word *words, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    float sums[MODEL_ROW] = { 0 };
    for (uint32_t k = 0; k < words[i].n; k++) {
      const float *w = t->w + (size_t)t->rows[words[i].first + k] * MODEL_ROW;
      for (uint32_t y = 0; y < MODEL_ROW; y++) {
        sums[y] += w[y];
      }
    }
    float most = sums[0];
    for (uint32_t y = 1; y < MODEL_LABELS; y++) {
      most = sums[y] > most ? sums[y] : most;
    }
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      t->lattice.odds[i][y] = exp((double)(sums[y] - most));
    }
  }
}

static void fill_lattice(training *t, const crf_word *words, uint32_t n) {
  lattice *l = &t->lattice;
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      l->follows[from][to] = model_may_follow(from, to) ? exp((double)t->follows[from][to]) : 0.0;
    }
  }
  fill_odds(t, words, n);
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      double sum = i == 0 ? l->follows[MODEL_LABELS][y] : 0.0;
      for (uint32_t from = 0; i > 0 && from < MODEL_LABELS; from++) {
        sum += l->ahead[i - 1][from] * l->follows[from][y];
      }
      l->ahead[i][y] = sum * l->odds[i][y];
    }
    normalize(l->ahead[i]);
  }
  for (uint32_t i = n; i-- > 0;) {
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      double sum = i + 1 == n ? 1.0 : 0.0;
      for (uint32_t to = 0; i + 1 < n && to < MODEL_LABELS; to++) {
        sum += l->follows[y][to] * l->odds[i + 1][to] * l->behind[i + 1][to];
      }
      l->behind[i][y] = sum;
    }
    normalize(l->behind[i]);
  }
}

/* Moves the weights of how labels follow each other. */
static void learn_follows(training *t, const crf_word *words, uint32_t n) {
  const lattice *l = &t->lattice;
  for (uint32_t i = 0; i < n; i++) {
    row joint[MODEL_LABELS + 1];
    double sum = 1e-300;
    uint32_t from_first = i == 0 ? MODEL_LABELS : 0;
    uint32_t from_last = i == 0 ? MODEL_LABELS + 1 : MODEL_LABELS;
    for (uint32_t from = from_first; from < from_last; from++) {
      for (uint32_t to = 0; to < MODEL_LABELS; to++) {
        double before = i == 0 ? 1.0 : l->ahead[i - 1][from];
        joint[from][to] = before * l->follows[from][to] * l->odds[i][to] * l->behind[i][to];
        sum += joint[from][to];
      }
    }
    uint32_t right_from = i == 0 ? MODEL_LABELS : words[i - 1].label;
    for (uint32_t from = from_first; from < from_last; from++) {
      for (uint32_t to = 0; to < MODEL_LABELS; to++) {
        float right = from == right_from && to == words[i].label ? 1.0f : 0.0f;
        float by = right - (float)(joint[from][to] / sum);
        if (model_may_follow(from, to) && fabsf(by) > 1e-4f) {
          move(&t->follows[from][to], &t->follows_g[from][to], by);
        }
      }
    }
  }
}

static double learn_stretch(training *t, const crf_word *words, uint32_t n) {
  double loss = 0.0;
  fill_lattice(t, words, n);
  for (uint32_t i = 0; i < n; i++) {
    row p;
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      p[y] = t->lattice.ahead[i][y] * t->lattice.behind[i][y];
    }
    normalize(p);
    loss -= log(p[words[i].label] + 1e-12);
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      float by = (y == words[i].label ? 1.0f : 0.0f) - (float)p[y];
      if (fabsf(by) < 2e-3f) {
        continue;
      }
      for (uint32_t k = 0; k < words[i].n; k++) {
        size_t at = (size_t)t->rows[words[i].first + k] * MODEL_ROW + y;
        move(&t->w[at], &t->g[at], by - DECAY * t->w[at]);
      }
    }
  }
  learn_follows(t, words, n);
  return loss;
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void shuffle(uint64_t *places, uint64_t n, uint64_t *state) {
  for (uint64_t i = n; i > 1; i--) {
    uint64_t k = next_random(state) % i;
    uint64_t kept = places[i - 1];
    places[i - 1] = places[k];
    places[k] = kept;
  }
}

static void add_to_average(training *t) {
  size_t n = (size_t)(t->table.n_rows + 1) * MODEL_ROW;
  for (size_t k = 0; k < n; k++) {
    t->w_sum[k] += t->w[k];
  }
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      t->follows_sum[from][to] += t->follows[from][to];
    }
  }
  t->n_sums++;
}

static void take_average(training *t) {
  size_t n = (size_t)(t->table.n_rows + 1) * MODEL_ROW;
  for (size_t k = 0; k < n; k++) {
    t->w[k] = t->w_sum[k] / (float)t->n_sums;
  }
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      t->follows[from][to] = t->follows_sum[from][to] / (float)t->n_sums;
    }
  }
}

/* Learns from all stretches in a random order. */
static double learn_all(training *t, uint64_t *starts, uint64_t n, uint64_t *state, bool averaged) {
  double loss = 0.0;
  shuffle(starts, n, state);
  for (uint64_t i = 0; i < n; i++) {
    uint64_t last = starts[i] + 1;
    while (last < t->n_words && !t->words[last].begins) {
      last++;
    }
    loss += learn_stretch(t, t->words + starts[i], (uint32_t)(last - starts[i]));
    if (averaged && (i + 1) * AVERAGED / n > i * AVERAGED / n) {
      add_to_average(t);
    }
  }
  return loss;
}

static void train(training *t) {
  uint64_t *starts = ground_get(t->n_words + 1, sizeof(uint64_t));
  uint64_t n = 0;
  for (uint64_t i = 0; i < t->n_words; i++) {
    if (t->words[i].begins) {
      starts[n++] = i;
    }
  }
  uint64_t state = 20260101;
  double loss = 0.0;
  for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
    loss = learn_all(t, starts, n, &state, epoch >= AVERAGED_FROM);
  }
  if (t->n_sums > 0) {
    take_average(t);
  }
  fprintf(stderr, "%llu words read, loss in the end %.5f a word; ", (unsigned long long)t->n_words,
          loss / (double)t->n_words);
  free(starts);
}

/* --- the file --- */

static int8_t in_steps(float w) {
  float scaled = roundf(w * STEPS);
  return (int8_t)(scaled > 127.0f ? 127.0f : scaled < -127.0f ? -127.0f : scaled);
}

static float weight_of_row(const float *w) {
  float most = 0.0f;
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    most = fabsf(w[y]) > most ? fabsf(w[y]) : most;
  }
  return most;
}

static uint32_t count_kept(const training *t, float least) {
  uint32_t n = 0;
  for (uint32_t r = 1; r <= t->table.n_rows; r++) {
    n += weight_of_row(t->w + (size_t)r * MODEL_ROW) >= least;
  }
  return n;
}

/* The least weight of a row that is kept, so that the table holds them. */
static float least_kept(const training *t) {
  float least = LEAST;
  while (count_kept(t, least) > ROWS_MAX) {
    least *= 1.05f;
  }
  return least;
}

/* The cells of rows, by row. */
static const feature_cell **cells_by_row(const training *t) {
  const feature_cell **cells = ground_get((size_t)t->table.n_rows + 1, sizeof *cells);
  for (uint64_t c = 0; c < (uint64_t)1 << FEATURE_BITS; c++) {
    cells[t->table.cells[c].row] = &t->table.cells[c];
  }
  return cells;
}

/* Rows were numbered as features were met again: the most frequent have the lowest numbers, so that they are taken first and
 * stand where they are looked for first. */
static void write_slots(const training *t, float least, uint32_t mask, model_header *header, model_slot *slots) {
  const feature_cell **cells = cells_by_row(t);
  for (uint32_t row = 1; row <= t->table.n_rows; row++) {
    const float *w = t->w + (size_t)row * MODEL_ROW;
    if (weight_of_row(w) < least) {
      continue;
    }
    uint32_t i = (uint32_t)cells[row]->feature & mask;
    while (slots[i].print != 0) {
      i = (i + 1) & mask;
    }
    slots[i].print = model_print(cells[row]->feature);
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      slots[i].weights[y] = in_steps(w[y]);
    }
    header->n_used++;
  }
  free(cells);
}

static uint8_t *write_model(const training *t, size_t *ret_len) {
  float least = least_kept(t);
  uint32_t log2 = 3;
  while (count_kept(t, least) > (3u << log2) / 4) {
    log2++;
  }
  size_t len = sizeof(model_header) + ((size_t)1 << log2) * sizeof(model_slot);
  uint8_t *bytes = ground_get(len, 1);
  model_header *header = (void *)bytes;
  header->magic = MODEL_MAGIC;
  header->version = MODEL_VERSION;
  header->file_size = len;
  header->slots_log2 = log2;
  header->steps = STEPS;
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      header->follows[from][to] = (int16_t)roundf(t->follows[from][to] * STEPS);
    }
  }
  write_slots(t, least, (1u << log2) - 1, header, (void *)(bytes + sizeof *header));
  size_t begin = offsetof(model_header, checksum) + sizeof header->checksum;
  header->checksum = model_checksum(bytes + begin, len - begin);
  fprintf(stderr, "%u of %u features kept\n", header->n_used, t->table.n_rows);
  *ret_len = len;
  return bytes;
}

uint8_t *crf_train(const crf_examples *all, crf_wanted wanted, void *arg, size_t *ret_len) {
  training *t = begin_training(all, wanted, arg);
  train(t);
  uint8_t *bytes = write_model(t, ret_len);
  end_training(t);
  return bytes;
}
