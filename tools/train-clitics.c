/* SPDX-License-Identifier: Apache-2.0 */

/* Trains the model that divides Arabic words (plugins/tokenize/clitics.h).
 *
 * An averaged perceptron over the features of clitics.c. The order of examples is shuffled by a generator of its own,
 * so that the same input gives the same model, byte for byte. See docs/training.md for the command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/letters.h"
#include "text/utf8.h"
#include "tokenize/clitics.h"

enum { WEIGHT_BITS = 16, WORD_BITS = 17, EPOCHS = 10, LINE_MAX_BYTES = 1 << 16 };

/* --- small needs --- */

static void die(const char *what, const char *name) {
  fprintf(stderr, "train-clitics: %s: %s\n", name, what);
  exit(1);
}

static void *grown(void *memory, size_t bytes) {
  void *more = realloc(memory, bytes);
  if (more == NULL) {
    die("no memory", "training");
  }
  return more;
}

static FILE *opened(const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  if (file == NULL) {
    die(strerror(errno), path);
  }
  return file;
}

static int is_arabic_letter(uint32_t code) {
  return code >= 0x620 && code <= 0x6FF && letters_kind(code) != LETTERS_DIGIT && letters_kind(code) != LETTERS_PUNCT &&
         letters_script(code) == LETTERS_SCRIPT_ARABIC;
}

/* The next run of Arabic letters and marks in line from *pos on; its length, 0 at the end. */
static uint32_t next_word(const char *line, uint32_t len, uint32_t *pos) {
  const uint8_t *text = (const uint8_t *)line;
  uint32_t at = *pos;
  uint32_t step;
  while (at < len && !is_arabic_letter(utf8_decode(text + at, len - at, &step))) {
    at += step;
  }
  *pos = at;
  while (at < len && is_arabic_letter(utf8_decode(text + at, len - at, &step))) {
    at += step;
  }
  return at - *pos;
}

/* --- counts of words --- */

typedef struct count {
  uint64_t hash; /* 0: empty */
  uint32_t n;
  int is_name;
} count;

typedef struct counts {
  count *cells;
  size_t n;
  size_t n_cells; /* a power of two */
} counts;

static count *counts_find(counts *all, uint64_t hash) {
  size_t slot = hash & (all->n_cells - 1);
  while (all->cells[slot].hash != 0 && all->cells[slot].hash != hash) {
    slot = (slot + 1) & (all->n_cells - 1);
  }
  return &all->cells[slot];
}

static void counts_grow(counts *all) {
  counts old = *all;
  all->n_cells = old.n_cells == 0 ? 1 << 16 : old.n_cells * 2;
  all->cells = calloc(all->n_cells, sizeof *all->cells);
  if (all->cells == NULL) {
    die("no memory", "training");
  }
  for (size_t i = 0; i < old.n_cells; i++) {
    if (old.cells[i].hash != 0) {
      *counts_find(all, old.cells[i].hash) = old.cells[i];
    }
  }
  free(old.cells);
}

static void counts_add(counts *all, const char *word, uint32_t len, int is_name) {
  clitics_word letters;
  if (!clitics_read((const uint8_t *)word, len, &letters)) {
    return;
  }
  if (all->n * 2 >= all->n_cells) {
    counts_grow(all);
  }
  uint64_t hash = clitics_word_hash(letters.letters, letters.n);
  count *cell = counts_find(all, hash);
  all->n += cell->hash == 0;
  cell->hash = hash;
  cell->n += !is_name;
  cell->is_name |= is_name;
}

static void counts_read(counts *all, const char *path, int is_name) {
  static char line[LINE_MAX_BYTES];
  FILE *file = opened(path, "r");
  while (fgets(line, sizeof line, file) != NULL) {
    uint32_t len = (uint32_t)strlen(line);
    uint32_t n;
    for (uint32_t pos = 0; (n = next_word(line, len, &pos)) > 0; pos += n) {
      counts_add(all, line + pos, n, is_name);
    }
  }
  fclose(file);
}

static uint32_t bucket_of(uint32_t n) {
  return n == 0 ? 0 : n == 1 ? 1 : n < 4 ? 2 : n < 16 ? 3 : 4;
}

static int by_hash(const void *a, const void *b) {
  const count *left = a;
  const count *right = b;
  return left->hash < right->hash ? -1 : left->hash > right->hash;
}

static uint16_t *words_build(counts *all) {
  uint16_t *words = calloc((size_t)1 << WORD_BITS, sizeof *words);
  uint32_t mask = (1u << WORD_BITS) - 1;
  if (words == NULL || all->n * 10 > (size_t)9 << WORD_BITS) {
    die("too many words for the table; raise WORD_BITS", "training");
  }
  /* In order of hash, so that the table does not depend on the order of reading. */
  qsort(all->cells, all->n_cells, sizeof *all->cells, by_hash);
  for (size_t i = 0; i < all->n_cells; i++) {
    const count *cell = &all->cells[i];
    if (cell->hash == 0) {
      continue;
    }
    uint32_t slot = clitics_word_slot(cell->hash, WORD_BITS);
    while (words[slot] != 0) {
      slot = (slot + 1) & mask;
    }
    words[slot] = clitics_word_cell(cell->hash, bucket_of(cell->n), cell->is_name);
  }
  return words;
}

/* --- examples --- */

typedef struct example {
  clitics_word word;
  uint8_t n_parts;
  uint8_t ends[8]; /* of the parts, in letters */
  uint8_t held_out;
} example;

typedef struct examples {
  example *items;
  size_t n;
  size_t room;
} examples;

/* Adds the word whose parts' texts are given; those that the grammar cannot divide so still count in the evaluation. */
static void examples_add(examples *all, const char *const *parts, const uint32_t *lens, uint32_t n_parts,
                         int held_out) {
  char joined[512];
  uint32_t len = 0;
  example item = { .held_out = (uint8_t)held_out };
  for (uint32_t i = 0; i < n_parts && i < 8; i++) {
    clitics_word so_far;
    if (len + lens[i] > sizeof joined) {
      return;
    }
    memcpy(joined + len, parts[i], lens[i]);
    len += lens[i];
    so_far.n = 0;
    clitics_read((const uint8_t *)joined, len, &so_far);
    /* clitics_read refuses one letter; then the part is one. */
    item.ends[item.n_parts++] = so_far.n == 0 ? 1 : (uint8_t)so_far.n;
  }
  if (!clitics_read((const uint8_t *)joined, len, &item.word)) {
    return;
  }
  if (all->n == all->room) {
    all->room = all->room * 2 + 1024;
    all->items = grown(all->items, all->room * sizeof *all->items);
  }
  all->items[all->n++] = item;
}

/* A CoNLL-U file: word lines joined where the last column says SpaceAfter=No. Every `fold`th sentence, from `held` on,
 * is held out; fold 0: none. */
static void examples_read_conllu(examples *all, counts *words, const char *path, uint32_t fold, uint32_t held) {
  static char line[LINE_MAX_BYTES];
  static char texts[8][128];
  const char *parts[8];
  uint32_t lens[8];
  uint32_t n_parts = 0;
  uint32_t sentence = 0;
  FILE *file = opened(path, "r");
  while (fgets(line, sizeof line, file) != NULL) {
    char *form = strchr(line, '\t');
    if (line[0] == '\n') {
      sentence++;
    }
    if (line[0] == '#' || form == NULL) {
      continue;
    }
    uint32_t form_len = (uint32_t)strcspn(++form, "\t");
    uint32_t pos = 0;
    int is_word = form_len < sizeof texts[0] && next_word(form, form_len, &pos) == form_len && pos == 0;
    if (is_word && n_parts < 8) {
      memcpy(texts[n_parts], form, form_len);
      parts[n_parts] = texts[n_parts];
      lens[n_parts++] = form_len;
    }
    if (is_word && strstr(form, "SpaceAfter=No") != NULL) {
      continue;
    }
    if (n_parts > 0) {
      int held_out = fold > 0 && sentence % fold == held;
      examples_add(all, parts, lens, n_parts, held_out);
      for (uint32_t i = 0; i < n_parts && !held_out && words != NULL; i++) {
        counts_add(words, parts[i], lens[i], 0);
      }
    }
    n_parts = 0;
  }
  fclose(file);
}

/* Words in a list stand for many like them: each counts as if seen so often. */
enum { LISTED_TIMES = 3 };

static void counts_add_listed(counts *words, const char *word, uint32_t len) {
  static const char article[] = "ال";
  char with_article[sizeof article + CLITICS_BYTES_MAX];
  if (len > CLITICS_BYTES_MAX) {
    return;
  }
  memcpy(with_article, article, sizeof article - 1);
  memcpy(with_article + sizeof article - 1, word, len);
  for (int i = 0; i < LISTED_TIMES; i++) {
    counts_add(words, word, len, 0);
  }
  counts_add(words, with_article, len + (uint32_t)sizeof article - 1, 0);
}

/* A file of words between white space, with + between their parts; # begins a comment. */
static void examples_read_words(examples *all, counts *words, const char *path) {
  static char line[LINE_MAX_BYTES];
  FILE *file = opened(path, "r");
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "#\n")] = '\0';
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
      const char *parts[8];
      uint32_t lens[8];
      uint32_t n = 0;
      while (n < 8 && *word != '\0') {
        parts[n] = word;
        lens[n] = (uint32_t)strcspn(word, "+");
        word += lens[n] + (word[lens[n]] == '+');
        n++;
      }
      examples_add(all, parts, lens, n, 0);
      if (n == 1) {
        counts_add_listed(words, parts[0], lens[0]);
      }
    }
  }
  fclose(file);
}

/* An article of the corpus: where a name is marked, what is glued to it before the mark is attached. */
static void examples_read_marks(examples *all, const char *path) {
  static const char open[] = "⟦";
  static char line[LINE_MAX_BYTES];
  FILE *file = opened(path, "r");
  while (fgets(line, sizeof line, file) != NULL) {
    for (char *mark = strstr(line, open); mark != NULL; mark = strstr(mark, open)) {
      char *name = mark + strlen(open);
      uint32_t name_len = (uint32_t)strcspn(name, " |");
      uint32_t pos = 0;
      uint32_t n_word = next_word(name, name_len, &pos);
      char *before = mark;
      while (before > line + 1 && ((uint8_t)before[-2] == 0xD8 || (uint8_t)before[-2] == 0xD9) && mark - before < 16) {
        before -= 2;
      }
      mark = name;
      if (n_word == 0 || pos != 0 || n_word != name_len || strchr(name, '|') == NULL) {
        continue;
      }
      const char *parts[8];
      uint32_t lens[8];
      uint32_t n = 0;
      for (; before < name - strlen(open) && n < 3; before += 2) {
        parts[n] = before;
        lens[n++] = 2;
      }
      parts[n] = name;
      lens[n++] = n_word;
      examples_add(all, parts, lens, n, 0);
    }
  }
  fclose(file);
}

/* --- training --- */

static uint64_t random_next(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

/* True if the candidate divides the word as the example says. Both lams of لل count as ل and what follows. */
static int is_gold(const example *item, const clitics_candidate *candidate) {
  uint8_t ends[8];
  uint32_t n = 0;
  if (candidate->first > 0) {
    ends[n++] = 1;
  }
  if (candidate->second > 0) {
    ends[n++] = candidate->begin;
  }
  if (candidate->end > candidate->begin) {
    ends[n++] = candidate->end;
  }
  if (candidate->enclitic > 0) {
    ends[n++] = (uint8_t)item->word.n;
  }
  return n == item->n_parts && memcmp(ends, item->ends, n) == 0;
}

typedef struct trainer {
  clitics_model model; /* words only; its weights are the ones below, rounded at the end */
  double *weights;
  double *sums;
  double step;
} trainer;

static double score_of(const trainer *t, const uint32_t *features, uint32_t n) {
  double score = 0;
  for (uint32_t i = 0; i < n; i++) {
    score += t->weights[features[i]];
  }
  return score;
}

static void update(trainer *t, const clitics_word *word, const clitics_candidate *candidate, double by) {
  uint32_t features[CLITICS_FEATURES_MAX];
  uint32_t n = clitics_features(&t->model, word, candidate, features);
  for (uint32_t i = 0; i < n; i++) {
    t->weights[features[i]] += by;
    t->sums[features[i]] += by * t->step;
  }
}

/* The best candidate; the wrong ones get a margin if gold is given. */
static uint32_t best_of(const trainer *t, const clitics_word *word, const clitics_candidate *candidates, uint32_t n,
                        uint32_t gold) {
  uint32_t best = 0;
  double best_score = -1e300;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t features[CLITICS_FEATURES_MAX];
    uint32_t n_features = clitics_features(&t->model, word, &candidates[i], features);
    double score = score_of(t, features, n_features) + (gold < n && i != gold ? 1.0 : 0.0);
    if (score > best_score) {
      best = i;
      best_score = score;
    }
  }
  return best;
}

static void train_one(trainer *t, const example *item) {
  clitics_candidate candidates[CLITICS_CANDIDATES_MAX];
  uint32_t n = clitics_candidates(&item->word, candidates);
  uint32_t gold = 0;
  while (gold < n && !is_gold(item, &candidates[gold])) {
    gold++;
  }
  if (n < 2 || gold == n) {
    return;
  }
  uint32_t best = best_of(t, &item->word, candidates, n, gold);
  if (best != gold) {
    update(t, &item->word, &candidates[gold], 1);
    update(t, &item->word, &candidates[best], -1);
  }
  t->step++;
}

static void train(trainer *t, const examples *all) {
  uint32_t *order = grown(NULL, all->n * sizeof *order);
  uint64_t state = 0x9E3779B97F4A7C15u;
  size_t n = 0;
  for (size_t i = 0; i < all->n; i++) {
    if (!all->items[i].held_out) {
      order[n++] = (uint32_t)i;
    }
  }
  for (int epoch = 0; epoch < EPOCHS; epoch++) {
    for (size_t i = n; i > 1; i--) {
      size_t j = random_next(&state) % i;
      uint32_t swap = order[i - 1];
      order[i - 1] = order[j];
      order[j] = swap;
    }
    for (size_t i = 0; i < n; i++) {
      train_one(t, &all->items[order[i]]);
    }
  }
  for (size_t i = 0; i < (size_t)1 << WEIGHT_BITS; i++) {
    t->weights[i] -= t->sums[i] / t->step;
  }
  free(order);
}

/* Rounds the weights as the model stores them. */
static int16_t *rounded(const trainer *t) {
  int16_t *weights = grown(NULL, ((size_t)1 << WEIGHT_BITS) * sizeof *weights);
  for (size_t i = 0; i < (size_t)1 << WEIGHT_BITS; i++) {
    double value = t->weights[i] * 256;
    value = value > 32767 ? 32767 : value < -32767 ? -32767 : value;
    weights[i] = (int16_t)(value < 0 ? value - 0.5 : value + 0.5);
  }
  return weights;
}

static void evaluate(const clitics_model *model, const examples *all, int verbose) {
  size_t n = 0;
  size_t right = 0;
  for (size_t i = 0; i < all->n; i++) {
    const example *item = &all->items[i];
    clitics_candidate candidates[CLITICS_CANDIDATES_MAX];
    if (!item->held_out) {
      continue;
    }
    uint32_t n_candidates = clitics_candidates(&item->word, candidates);
    uint32_t chosen = clitics_choose(model, &item->word, candidates, n_candidates);
    int is_right = is_gold(item, &candidates[chosen]);
    n++;
    right += (size_t)is_right;
    if (verbose && !is_right) {
      for (uint32_t k = 0; k < item->word.n; k++) {
        uint8_t letter[UTF8_MAX];
        printf("%.*s", (int)utf8_encode(0x600 + item->word.letters[k], letter), (const char *)letter);
        for (uint32_t p = 0; p + 1 < item->n_parts; p++) {
          printf("%s", item->ends[p] == k + 1 ? "+" : "");
        }
        printf("%s", k + 1 == candidates[chosen].begin || k + 1 == candidates[chosen].end ? "|" : "");
      }
      printf("\n");
    }
  }
  if (n > 0) {
    printf("held out: %zu of %zu words right, %.4f\n", right, n, (double)right / (double)n);
  }
}

static void write_model(const char *path, const int16_t *weights, const uint16_t *words) {
  size_t weight_bytes = sizeof *weights << WEIGHT_BITS;
  size_t word_bytes = sizeof *words << WORD_BITS;
  uint8_t *body = grown(NULL, weight_bytes + word_bytes);
  clitics_header header = { .weight_bits = WEIGHT_BITS, .word_bits = WORD_BITS };
  FILE *file = opened(path, "wb");
  memcpy(body, weights, weight_bytes);
  memcpy(body + weight_bytes, words, word_bytes);
  memcpy(header.magic, CLITICS_MAGIC, sizeof header.magic);
  header.checksum = clitics_checksum(body, weight_bytes + word_bytes);
  if (fwrite(&header, sizeof header, 1, file) != 1 || fwrite(body, weight_bytes + word_bytes, 1, file) != 1 ||
      fclose(file) != 0) {
    die(strerror(errno), path);
  }
  free(body);
}

static const char usage[] =
    "usage: train-clitics -o MODEL [-v] [-x FOLDS/HELD] KIND=FILE...\n"
    "  conllu=FILE  words divided in CoNLL-U    text=FILE   running text, for counts\n"
    "  words=FILE   words with + inside         names=FILE  names, for counts\n"
    "  marks=FILE   an article of the corpus\n"
    "  -x           holds out every FOLDSth sentence of conllu, from HELD on, and tests on them\n";

int main(int argc, char **argv) {
  const char *out = NULL;
  counts words = { 0 };
  examples all = { 0 };
  unsigned fold = 0;
  unsigned held = 0;
  int verbose = 0;
  counts_grow(&words);
  for (int i = 1; i < argc; i++) {
    const char *file = strchr(argv[i], '=');
    file = file != NULL ? file + 1 : "";
    if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
      out = argv[++i];
    } else if (strcmp(argv[i], "-v") == 0) {
      verbose = 1;
    } else if (strcmp(argv[i], "-x") == 0 && i + 1 < argc && sscanf(argv[i + 1], "%u/%u", &fold, &held) == 2) {
      i++;
    } else if (strncmp(argv[i], "conllu=", 7) == 0) {
      examples_read_conllu(&all, NULL, file, fold, held);
    } else if (strncmp(argv[i], "words=", 6) == 0) {
      examples_read_words(&all, &words, file);
    } else if (strncmp(argv[i], "marks=", 6) == 0) {
      examples_read_marks(&all, file);
    } else if (strncmp(argv[i], "text=", 5) == 0) {
      counts_read(&words, file, 0);
    } else if (strncmp(argv[i], "names=", 6) == 0) {
      counts_read(&words, file, 1);
    } else {
      fputs(usage, stderr);
      return 2;
    }
  }
  if (out == NULL || all.n == 0) {
    fputs(usage, stderr);
    return 2;
  }
  trainer t = { .model = { .weight_bits = WEIGHT_BITS, .word_bits = WORD_BITS }, .step = 1 };
  t.weights = calloc((size_t)1 << WEIGHT_BITS, sizeof *t.weights);
  t.sums = calloc((size_t)1 << WEIGHT_BITS, sizeof *t.sums);
  if (t.weights == NULL || t.sums == NULL) {
    die("no memory", "training");
  }
  printf("%zu examples, %zu words\n", all.n, words.n);
  uint16_t *table = words_build(&words);
  t.model.words = table;
  train(&t, &all);
  int16_t *weights = rounded(&t);
  t.model.weights = weights;
  evaluate(&t.model, &all, verbose);
  write_model(out, weights, table);
  free(weights);
  free(table);
  free(t.weights);
  free(t.sums);
  free(words.cells);
  free(all.items);
  return 0;
}
