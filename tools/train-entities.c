/* SPDX-License-Identifier: Apache-2.0 */

/* Trains the model of the entities stage, docs/training.md says how: a conditional random field over what the other
 * recognizers see and have chosen. The lexicon knows the training articles better than it will know others, so each
 * article is read several times, each time with another part of the lexicon hidden: what is learnt is how names look
 * and where they stand, and how far a lexicon that misses some can be trusted.
 *
 * The same input in the same order gives the same bytes. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/decode.h"
#include "entities/lexicon_tsv.h"
#include "entities/tagger.h"
#include "qanat/layers.h"
#include "sentences/split.h"
#include "text/fold.h"
#include "thin_lexicon.h"
#include "tokenize/clitics.h"
#include "tokenize/cut.h"

enum { READINGS = 3, EPOCHS = 6, FILES_MAX = 64, FEATURE_BITS = 23, STEPS = 24, ROWS_MAX = 3 << 14 };

/* Parts of the lexicon that are hidden, in percent: by reading. */
static const uint32_t hidden_percent[READINGS] = { 25, 40, 55 };

/* How fast is learnt, how much is forgotten on the way, and the least weight that is worth a row. */
#define RATE 0.05f
#define DECAY 2e-3f
#define LEAST 0.1f

static void die(const char *what, const char *where) {
  fprintf(stderr, "train-entities: %s: %s\n", where, what);
  exit(1);
}

static void *get(size_t n, size_t size) {
  void *memory = calloc(n > 0 ? n : 1, size);
  if (memory == NULL) {
    die("no memory", "training");
  }
  return memory;
}

/* --- a host of memory alone --- */

static void *take(qn_env *env, size_t bytes) {
  return (void)env, malloc(bytes);
}

static void *change(qn_env *env, void *old, size_t bytes) {
  return (void)env, realloc(old, bytes);
}

static void give(qn_env *env, void *old) {
  (void)env;
  free(old);
}

static const qn_host host = { .size = sizeof(qn_host), .alloc = take, .resize = change, .release = give };

static char *read_file(const char *path, size_t *ret_len) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    die(strerror(errno), path);
  }
  size_t len = 0;
  size_t capacity = 1 << 16;
  char *bytes = NULL;
  for (size_t got = 1; got > 0; len += got) {
    if (bytes == NULL || len == capacity) {
      capacity *= 2;
      bytes = realloc(bytes, capacity + 1);
      if (bytes == NULL) {
        die("no memory", path);
      }
    }
    got = fread(bytes + len, 1, capacity - len, file);
  }
  fclose(file);
  bytes[len] = '\0';
  *ret_len = len;
  return bytes;
}

/* --- articles --- */

typedef struct marked {
  uint32_t begin;
  uint32_t end;
  uint32_t type;
  uint32_t optional;
} marked;

typedef struct article {
  qn_view view;
  marked *marks;
  uint32_t n_marks;
  uint32_t n_tokens;
  uint32_t n_parts;
  uint32_t n_sentences;
  uint32_t *token[4]; /* begin, end, kind, script */
  uint32_t *part[4];  /* begin, end, token, kind */
  uint32_t *sentence[2];
  qn_heap_str *forms;
  char *heap;
  const void *token_columns[QN_TOKEN_N_COLUMNS];
  const void *part_columns[QN_PART_N_COLUMNS];
} article;

static void cut_parts(article *a, const clitics_model *clitics, const cut_token *token) {
  clitics_division division = { 0 };
  const uint8_t *word = a->view.data + token->begin;
  uint32_t len = token->end - token->begin;
  if (token->kind != QN_TOKEN_KIND_WORD || token->script != QN_TOKEN_SCRIPT_ARABIC || !clitics_may_divide(word, len)) {
    return;
  }
  clitics_divide(clitics, word, len, &division);
  uint32_t begin = token->begin;
  for (uint32_t i = 0; i < division.n; i++) {
    uint32_t row = a->n_parts++;
    bool before = i < division.stem && !(division.stem == CLITICS_PARTS_MAX && i + 1 == division.n);
    a->part[0][row] = begin;
    a->part[1][row] = begin = token->begin + division.end[i];
    a->part[2][row] = a->n_tokens;
    a->part[3][row] = i == division.stem ? QN_PART_KIND_STEM : before ? QN_PART_KIND_PROCLITIC : QN_PART_KIND_ENCLITIC;
  }
}

static int take_sentence(void *arg, qn_span span) {
  article *a = arg;
  a->sentence[0][a->n_sentences] = span.begin;
  a->sentence[1][a->n_sentences++] = span.end;
  return 0;
}

/* Makes the layers that the stages before would make. */
static void cut_article(article *a, const clitics_model *clitics) {
  uint32_t n = a->view.len + 1;
  for (uint32_t i = 0; i < 4; i++) {
    a->token[i] = get(n, sizeof(uint32_t));
    a->part[i] = get(n, sizeof(uint32_t));
  }
  a->sentence[0] = get(n, sizeof(uint32_t));
  a->sentence[1] = get(n, sizeof(uint32_t));
  a->forms = get(n, sizeof(qn_heap_str));
  a->heap = get(FOLD_BOUND(n) + 64, 1);
  uint32_t used = 0;
  cut_token token;
  for (uint32_t pos = 0; cut_next(a->view.data, pos, a->view.len, &token); pos = token.end) {
    uint32_t row = a->n_tokens;
    uint32_t len = (uint32_t)fold_key(a->view.data + token.begin, token.end - token.begin, (uint8_t *)a->heap + used);
    a->token[0][row] = token.begin;
    a->token[1][row] = token.end;
    a->token[2][row] = token.kind;
    a->token[3][row] = token.script;
    a->forms[row] = (qn_heap_str){ used, len };
    used += len;
    cut_parts(a, clitics, &token);
    a->n_tokens++;
  }
  split_sentences(a->view.data, (qn_span){ 0, a->view.len }, 0, take_sentence, a);
  a->token_columns[QN_TOKEN_KIND] = a->token[2];
  a->token_columns[QN_TOKEN_SCRIPT] = a->token[3];
  a->token_columns[QN_TOKEN_FORM] = a->forms;
  a->part_columns[QN_PART_TOKEN] = a->part[2];
  a->part_columns[QN_PART_KIND] = a->part[3];
}

static scan_input input_of(const article *a) {
  return (scan_input){
    .view = a->view,
    .tokens = { a->n_tokens, QN_TOKEN_N_COLUMNS, a->token[0], a->token[1], a->token_columns, a->heap },
    .parts = { a->n_parts, QN_PART_N_COLUMNS, a->part[0], a->part[1], a->part_columns, NULL },
    .sentences = { a->n_sentences, 0, a->sentence[0], a->sentence[1], NULL, NULL },
  };
}

/* Reads what corpus-to-training wrote. */
static article *read_articles(const char *path, uint32_t *ret_n) {
  size_t len = 0;
  char *text = read_file(path, &len);
  uint32_t n = 0;
  uint32_t capacity = 0;
  article *articles = NULL;
  for (char *at = text; at < text + len;) {
    unsigned long size = 0;
    unsigned long n_marks = 0;
    char *line_end = strchr(at, '\n');
    if (line_end == NULL || sscanf(at, "D %lu %lu", &size, &n_marks) != 2 ||
        size > (size_t)(text + len - line_end - 1) || n_marks > size) {
      die("not what corpus-to-training writes", path);
    }
    if (n == capacity) {
      capacity = capacity * 2 + 64;
      articles = realloc(articles, capacity * sizeof *articles);
      if (articles == NULL) {
        die("no memory", path);
      }
    }
    article *a = &articles[n++];
    *a = (article){ .view = { (const uint8_t *)line_end + 1, (uint32_t)size, 0, NULL } };
    a->marks = get(n_marks, sizeof(marked));
    at = line_end + 1 + size + 1;
    for (; a->n_marks < n_marks && at < text + len; a->n_marks++) {
      marked *m = &a->marks[a->n_marks];
      if (sscanf(at, "%u %u %u %u", &m->begin, &m->end, &m->type, &m->optional) != 4 || m->type >= MODEL_TYPES) {
        die("a mention cannot be read", path);
      }
      at = strchr(at, '\n') + 1;
    }
  }
  *ret_n = n;
  return articles;
}

/* --- lexicons with parts hidden --- */

static void pass_over(void *user, uint32_t line, const char *why) {
  (void)user, (void)line, (void)why;
}

static lexicon make_lexicon(const qn_str *files, uint32_t n_files, uint32_t seed, uint32_t percent) {
  lexicon_builder *builder = NULL;
  uint8_t *bytes = NULL;
  size_t len = 0;
  lexicon made;
  lexicon_fault fault;
  int r = lexicon_builder_new(&builder);
  for (uint32_t i = 0; i < n_files && r >= 0; i++) {
    qn_str kept = thin_lexicon(files[i], seed, percent);
    r = kept.data == NULL ? -ENOMEM : lexicon_tsv_read(builder, kept, pass_over, NULL);
    free((void *)(uintptr_t)kept.data);
  }
  if (r < 0 || lexicon_builder_finish(builder, &bytes, &len) != 0 ||
      lexicon_open((qn_str){ (const char *)bytes, len }, &made, &fault) != 0) {
    die("a lexicon cannot be made", "lexicon");
  }
  lexicon_builder_free(builder);
  return made;
}

/* --- examples --- */

/* A word: its features, and the right label. */
typedef struct example {
  uint64_t first; /* place of its features */
  uint16_t n;
  uint8_t label;
  uint8_t begins; /* a stretch */
} example;

typedef struct examples {
  example *words;
  uint64_t n_words;
  uint64_t word_capacity;
  uint64_t *prints; /* features; later their rows */
  uint64_t n_prints;
  uint64_t print_capacity;
} examples;

static void label_words(const article *a, const scan *s, uint8_t *labels) {
  memset(labels, 0, s->n_words);
  for (uint32_t k = 0; k < a->n_marks; k++) {
    const marked *m = &a->marks[k];
    bool further = false;
    for (uint32_t i = 0; i < s->n_words; i++) {
      if (s->words[i].end > m->begin && s->words[i].begin < m->end) {
        labels[i] = (uint8_t)model_label(m->type, further);
        further = true;
      }
    }
  }
}

static void add_example(examples *all, const uint64_t *features, uint32_t n, uint8_t label, bool begins) {
  if (all->n_words == all->word_capacity) {
    all->word_capacity = all->word_capacity * 2 + 4096;
    all->words = realloc(all->words, all->word_capacity * sizeof(example));
  }
  if (all->n_prints + n > all->print_capacity) {
    all->print_capacity = all->print_capacity * 2 + 65536;
    all->prints = realloc(all->prints, all->print_capacity * sizeof(uint64_t));
  }
  if (all->words == NULL || all->prints == NULL) {
    die("no memory", "examples");
  }
  memcpy(all->prints + all->n_prints, features, n * sizeof(uint64_t));
  all->words[all->n_words++] = (example){ all->n_prints, (uint16_t)n, label, begins };
  all->n_prints += n;
}

static void add_article(examples *all, tagger *t, const article *a) {
  const scan *s = NULL;
  scan_input input = input_of(a);
  uint64_t features[FEATURES_MAX];
  if (tagger_first_choice(t, &input, (qn_str){ NULL, 0 }, &s) != 0) {
    die("no memory", "tagging");
  }
  word_facts *facts = get(s->n_words, sizeof(word_facts));
  uint8_t *labels = get(s->n_words, 1);
  features_gather(s, facts);
  label_words(a, s, labels);
  for (uint32_t first = 0; first < s->n_words;) {
    uint32_t last = features_stretch(s, first);
    for (uint32_t i = first; i < last; i++) {
      uint32_t n = features_of(s, facts, first, last, i, features);
      uint8_t label = labels[i];
      if (i == first && label != 0 && label % 2 == 0) {
        label--; /* a mention that was cut */
      }
      add_example(all, features, n, label, i == first);
    }
    first = last;
  }
  free(facts);
  free(labels);
}

/* --- features that are met in two articles at least get a row --- */

typedef struct feature_cell {
  uint64_t feature; /* 0: empty */
  uint32_t article;
  uint32_t row; /* from 1; 0: none yet */
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
      die("too many features", "training");
    }
  }
  return &table->cells[i];
}

/* --- training --- */

typedef struct weights {
  float *w; /* MODEL_ROW a row */
  float *g; /* squares of what they were moved by */
  float follows[MODEL_LABELS + 1][MODEL_ROW];
  float follows_g[MODEL_LABELS + 1][MODEL_ROW];
} weights;

static void move(float *w, float *g, float by) {
  *g += by * by;
  *w += RATE * by / (sqrtf(*g) + 1e-3f);
}

typedef double row[MODEL_ROW];

typedef struct lattice {
  row odds[FEATURES_STRETCH];
  row ahead[FEATURES_STRETCH];
  row behind[FEATURES_STRETCH];
  row follows[MODEL_LABELS + 1];
} lattice;

static void normalize(double *r) {
  double sum = 1e-300;
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    sum += r[y];
  }
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    r[y] /= sum;
  }
}

static void fill_lattice(lattice *l, const weights *ws, const examples *all, const example *words, uint32_t n) {
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      l->follows[from][to] = model_may_follow(from, to) ? exp((double)ws->follows[from][to]) : 0.0;
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    float sums[MODEL_ROW] = { 0 };
    for (uint32_t k = 0; k < words[i].n; k++) {
      const float *w = ws->w + all->prints[words[i].first + k] * MODEL_ROW;
      for (uint32_t y = 0; y < MODEL_ROW; y++) {
        sums[y] += w[y];
      }
    }
    float most = sums[0];
    for (uint32_t y = 1; y < MODEL_LABELS; y++) {
      most = sums[y] > most ? sums[y] : most;
    }
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      l->odds[i][y] = exp((double)(sums[y] - most));
    }
  }
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
static void learn_follows(weights *ws, const lattice *l, const example *words, uint32_t n) {
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
          move(&ws->follows[from][to], &ws->follows_g[from][to], by);
        }
      }
    }
  }
}

static double learn_stretch(weights *ws, lattice *l, const examples *all, const example *words, uint32_t n) {
  double loss = 0.0;
  fill_lattice(l, ws, all, words, n);
  for (uint32_t i = 0; i < n; i++) {
    row p;
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      p[y] = l->ahead[i][y] * l->behind[i][y];
    }
    normalize(p);
    loss -= log(p[words[i].label] + 1e-12);
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      float by = (y == words[i].label ? 1.0f : 0.0f) - (float)p[y];
      if (fabsf(by) < 2e-3f) {
        continue;
      }
      for (uint32_t k = 0; k < words[i].n; k++) {
        uint64_t at = all->prints[words[i].first + k] * MODEL_ROW + y;
        move(&ws->w[at], &ws->g[at], by - DECAY * ws->w[at]);
      }
    }
  }
  learn_follows(ws, l, words, n);
  return loss;
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void train(weights *ws, const examples *all) {
  uint64_t *starts = get(all->n_words + 1, sizeof(uint64_t));
  uint64_t n = 0;
  for (uint64_t i = 0; i < all->n_words; i++) {
    if (all->words[i].begins) {
      starts[n++] = i;
    }
  }
  uint64_t state = 20260101;
  lattice *l = get(1, sizeof *l);
  for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
    double loss = 0.0;
    for (uint64_t i = n; i > 1; i--) {
      uint64_t k = next_random(&state) % i;
      uint64_t kept = starts[i - 1];
      starts[i - 1] = starts[k];
      starts[k] = kept;
    }
    for (uint64_t i = 0; i < n; i++) {
      uint64_t last = starts[i] + 1;
      while (last < all->n_words && !all->words[last].begins) {
        last++;
      }
      loss += learn_stretch(ws, l, all, all->words + starts[i], (uint32_t)(last - starts[i]));
    }
    fprintf(stderr, "pass %u: loss %.5f a word\n", epoch + 1, loss / (double)all->n_words);
  }
  free(l);
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

static uint32_t count_kept(const weights *ws, uint32_t n_rows, float least) {
  uint32_t n = 0;
  for (uint32_t r = 1; r <= n_rows; r++) {
    n += weight_of_row(ws->w + (size_t)r * MODEL_ROW) >= least;
  }
  return n;
}

/* The least weight of a row that is kept, so that the table holds them. */
static float least_kept(const weights *ws, uint32_t n_rows) {
  float least = LEAST;
  while (count_kept(ws, n_rows, least) > ROWS_MAX) {
    least *= 1.05f;
  }
  return least;
}

static uint8_t *write_model(const weights *ws, feature_table *table, size_t *ret_len) {
  float least = least_kept(ws, table->n_rows);
  uint32_t log2 = 3;
  while (count_kept(ws, table->n_rows, least) > (3u << log2) / 4) {
    log2++;
  }
  uint32_t mask = (1u << log2) - 1;
  size_t len = sizeof(model_header) + ((size_t)1 << log2) * sizeof(model_slot);
  uint8_t *bytes = get(len, 1);
  model_header *header = (void *)bytes;
  model_slot *slots = (void *)(bytes + sizeof *header);
  *header = (model_header){ MODEL_MAGIC, MODEL_VERSION, len, 0, log2, 0, STEPS, 0, { { 0 } } };
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      header->follows[from][to] = (int16_t)roundf(ws->follows[from][to] * STEPS);
    }
  }
  for (uint64_t c = 0; c < (uint64_t)1 << FEATURE_BITS; c++) {
    const feature_cell *cell = &table->cells[c];
    const float *w = ws->w + (size_t)cell->row * MODEL_ROW;
    if (cell->row == 0 || weight_of_row(w) < least) {
      continue;
    }
    uint32_t i = (uint32_t)cell->feature & mask;
    while (slots[i].print != 0) {
      i = (i + 1) & mask;
    }
    slots[i].print = model_print(cell->feature);
    for (uint32_t y = 0; y < MODEL_LABELS; y++) {
      slots[i].weights[y] = in_steps(w[y]);
    }
    header->n_used++;
  }
  size_t begin = offsetof(model_header, checksum) + sizeof header->checksum;
  header->checksum = model_checksum(bytes + begin, len - begin);
  fprintf(stderr, "%u of %u features kept\n", header->n_used, table->n_rows);
  *ret_len = len;
  return bytes;
}

/* --- judging --- */

typedef struct score {
  uint32_t right[MODEL_TYPES + 1];
  uint32_t found[MODEL_TYPES + 1];
  uint32_t wanted[MODEL_TYPES + 1];
} score;

/* The first and the last word that a span touches. */
static uint64_t words_of(const article *a, uint32_t begin, uint32_t end) {
  uint32_t first = 0;
  while (first < a->n_tokens && a->token[1][first] <= begin) {
    first++;
  }
  uint32_t last = first;
  while (last < a->n_tokens && a->token[0][last] < end) {
    last++;
  }
  return (uint64_t)first << 32 | last;
}

static void judge_article(score *sum, tagger *t, const article *a) {
  const mention *mentions = NULL;
  uint32_t n = 0;
  scan_input input = input_of(a);
  if (tagger_run(t, &input, (qn_str){ NULL, 0 }, &mentions, &n) != 0) {
    die("no memory", "judging");
  }
  for (uint32_t k = 0; k < a->n_marks; k++) {
    sum->wanted[a->marks[k].type] += !a->marks[k].optional;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (mentions[i].type >= MODEL_TYPES) {
      continue;
    }
    uint64_t at = words_of(a, mentions[i].begin, mentions[i].end);
    bool ignored = false;
    bool right = false;
    for (uint32_t k = 0; k < a->n_marks; k++) {
      const marked *m = &a->marks[k];
      bool touches = m->begin < mentions[i].end && m->end > mentions[i].begin;
      ignored = ignored || (touches && m->optional);
      right = right || (!m->optional && m->type == mentions[i].type && words_of(a, m->begin, m->end) == at);
    }
    if (!ignored || right) {
      sum->found[mentions[i].type]++;
      sum->right[mentions[i].type] += right;
    }
  }
}

static void print_score(const char *name, score *sum) {
  printf("%-34s", name);
  for (uint32_t type = 0; type <= MODEL_TYPES; type++) {
    if (type < MODEL_TYPES - 1) {
      sum->right[MODEL_TYPES] += sum->right[type];
      sum->found[MODEL_TYPES] += sum->found[type];
      sum->wanted[MODEL_TYPES] += sum->wanted[type];
    }
    double f1 = 2.0 * sum->right[type] / (sum->found[type] + sum->wanted[type] + 1e-9);
    printf(type == MODEL_TYPES ? " all p %.3f r %.3f f %.3f\n" : " %.3f",
           type == MODEL_TYPES ? (double)sum->right[type] / (sum->found[type] + 1e-9) : f1,
           (double)sum->right[type] / (sum->wanted[type] + 1e-9), f1);
  }
}

typedef struct job {
  const char *out;
  const char *articles;
  const char *clitics;
  qn_str lexicon[FILES_MAX];
  uint32_t n_lexicon;
  uint32_t held_out; /* every article whose number is this modulo folds */
  uint32_t folds;    /* 0: none held out */
} job;

static tagger *open_tagger(const lexicon *lex) {
  tagger *t = NULL;
  if (tagger_open(&host, NULL, lex, 1, &t) != 0) {
    die("no memory", "tagger");
  }
  return t;
}

static void judge(const job *j, const article *articles, uint32_t n, const ner_model *model) {
  static const uint32_t percents[] = { 0, 30, 60 };
  for (uint32_t p = 0; p < 3; p++) {
    lexicon lex = make_lexicon(j->lexicon, j->n_lexicon, 77, percents[p]);
    tagger *t = open_tagger(&lex);
    for (uint32_t with = 0; with < 2; with++) {
      char name[64];
      score sum = { 0 };
      tagger_use_model(t, with ? model : NULL);
      for (uint32_t i = j->held_out; i < n; i += j->folds) {
        judge_article(&sum, t, &articles[i]);
      }
      snprintf(name, sizeof name, "%u%% of the lexicon hidden, %s", percents[p], with ? "model" : "rules");
      print_score(name, &sum);
    }
    tagger_close(t);
    free((void *)(uintptr_t)lex.header);
  }
}

static bool is_held_out(const job *j, uint32_t i) {
  return j->folds > 0 && i % j->folds == j->held_out;
}

/* Reads all articles with each of the thinned lexicons. */
static void gather(const job *j, const article *articles, uint32_t n, examples *all, feature_table *table) {
  for (uint32_t reading = 0; reading < READINGS; reading++) {
    lexicon lex = make_lexicon(j->lexicon, j->n_lexicon, reading + 1, hidden_percent[reading]);
    tagger *t = open_tagger(&lex);
    for (uint32_t i = 0; i < n; i++) {
      uint64_t from = all->n_prints;
      if (is_held_out(j, i)) {
        continue;
      }
      add_article(all, t, &articles[i]);
      for (uint64_t k = from; k < all->n_prints; k++) {
        feature_cell *cell = cell_of(table, all->prints[k]);
        if (cell->article != 0 && cell->article != i + 1 && cell->row == 0) {
          cell->row = ++table->n_rows;
        }
        cell->article = i + 1;
      }
    }
    tagger_close(t);
    free((void *)(uintptr_t)lex.header);
  }
  /* Features become rows; row 0 belongs to none. */
  for (uint64_t w = 0, to = 0; w < all->n_words; w++) {
    example *e = &all->words[w];
    uint64_t first = to;
    for (uint64_t k = e->first; k < e->first + e->n; k++) {
      uint32_t found = cell_of(table, all->prints[k])->row;
      if (found != 0) {
        all->prints[to++] = found;
      }
    }
    e->first = first;
    e->n = (uint16_t)(to - first);
  }
}

static void work(const job *j) {
  size_t len = 0;
  uint32_t n = 0;
  clitics_model clitics;
  char *clitics_bytes = read_file(j->clitics, &len);
  if (clitics_open(&clitics, clitics_bytes, len) != 0) {
    die("no model of clitics", j->clitics);
  }
  article *articles = read_articles(j->articles, &n);
  for (uint32_t i = 0; i < n; i++) {
    cut_article(&articles[i], &clitics);
  }
  examples all = { 0 };
  feature_table table = { get((size_t)1 << FEATURE_BITS, sizeof(feature_cell)), 0, 0 };
  gather(j, articles, n, &all, &table);
  weights *ws = get(1, sizeof *ws);
  ws->w = get((size_t)(table.n_rows + 1) * MODEL_ROW, sizeof(float));
  ws->g = get((size_t)(table.n_rows + 1) * MODEL_ROW, sizeof(float));
  fprintf(stderr, "%u articles, %llu words read, %u features\n", n, (unsigned long long)all.n_words, table.n_rows);
  train(ws, &all);
  uint8_t *bytes = write_model(ws, &table, &len);
  FILE *file = fopen(j->out, "wb");
  if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
    die("cannot be written", j->out);
  }
  ner_model model;
  const char *why = NULL;
  if (model_open((qn_str){ (const char *)bytes, len }, &model, &why) != 0) {
    die(why, j->out);
  }
  if (j->folds > 0) {
    judge(j, articles, n, &model);
  }
}

int main(int argc, char **argv) {
  job j = { 0 };
  for (int i = 1; i < argc; i++) {
    size_t len = 0;
    if (strncmp(argv[i], "out=", 4) == 0) {
      j.out = argv[i] + 4;
    } else if (strncmp(argv[i], "articles=", 9) == 0) {
      j.articles = argv[i] + 9;
    } else if (strncmp(argv[i], "clitics=", 8) == 0) {
      j.clitics = argv[i] + 8;
    } else if (strncmp(argv[i], "hold=", 5) == 0 && sscanf(argv[i] + 5, "%u/%u", &j.held_out, &j.folds) == 2) {
      continue;
    } else if (strchr(argv[i], '=') == NULL && j.n_lexicon < FILES_MAX) {
      char *bytes = read_file(argv[i], &len);
      j.lexicon[j.n_lexicon++] = (qn_str){ bytes, len };
    } else {
      j.out = NULL;
      break;
    }
  }
  if (j.out == NULL || j.articles == NULL || j.clitics == NULL || j.n_lexicon == 0) {
    fprintf(stderr, "usage: train-entities out=MODEL.qner articles=FILE clitics=MODEL.qclt [hold=I/N] LEXICON.tsv...\n"
                    "hold=I/N leaves every Nth article out and reports how well its names are found.\n");
    return 2;
  }
  work(&j);
  return 0;
}
