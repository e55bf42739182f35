/* SPDX-License-Identifier: Apache-2.0 */

/* Learns what it costs that one letter stands for another in a spelling of the same name (plugins/entities/spelling.h),
 * from the aliases of lexicons, and judges how well names are found by it.
 *
 *   train-spelling OUT.c LEXICON.tsv...      writes the costs as spelling_costs.c
 *   train-spelling --judge LEXICON.tsv...    hides aliases and entries, asks for them, and prints precision and recall
 *
 * The costs are learnt by aligning pairs of spellings of one name with the costs so far, and counting what was aligned,
 * ROUNDS times over. Nothing is random: the same files give the same bytes. See docs/training.md. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/lexicon_tsv.h"
#include "entities/spelling.h"
#include "text/fold.h"

enum { ROUNDS = 8, ALIASES_MAX = 48, FORM_MAX = 256, COST_MAX = 200, PAIR_NEAR = 22, FOLDS = 5 };

typedef uint8_t costs_table[SPELLING_LETTERS][SPELLING_LETTERS];

static void die(const char *what, const char *name) {
  fprintf(stderr, "train-spelling: %s: %s\n", name, what);
  exit(1);
}

static void *grown(void *memory, size_t bytes) {
  void *more = realloc(memory, bytes);
  if (more == NULL) {
    die("no memory", "training");
  }
  return more;
}

/* --- lexicon lines --- */

typedef struct text {
  char *bytes;
  size_t len;
} text;

static void append(text *all, const char *bytes, size_t len) {
  all->bytes = grown(all->bytes, all->len + len + 1);
  memcpy(all->bytes + all->len, bytes, len);
  all->len += len;
}

static text read_files(char **paths, int n) {
  text all = { NULL, 0 };
  char block[1 << 16];
  for (int i = 0; i < n; i++) {
    FILE *file = fopen(paths[i], "rb");
    if (file == NULL) {
      die(strerror(errno), paths[i]);
    }
    for (size_t got = fread(block, 1, sizeof block, file); got > 0; got = fread(block, 1, sizeof block, file)) {
      append(&all, block, got);
    }
    fclose(file);
    append(&all, "\n", 1);
  }
  return all;
}

/* An entity's line: its columns, and its aliases that are only names. */
typedef struct entity {
  qn_str line;
  qn_str columns[5];
  qn_str aliases[ALIASES_MAX];
  uint32_t n_latin; /* the first so many are Latin */
  uint32_t n;
  int type;
} entity;

static qn_str cut(qn_str *rest, char by) {
  const char *end = rest->len > 0 ? memchr(rest->data, by, rest->len) : NULL;
  qn_str piece = { rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len };
  rest->data += end != NULL ? piece.len + 1 : piece.len;
  rest->len -= end != NULL ? piece.len + 1 : piece.len;
  return piece;
}

/* Capitals alone are read letter by letter: no spelling of what is said. */
static bool is_acronym(qn_str alias) {
  for (size_t i = 0; i < alias.len; i++) {
    if (alias.data[i] >= 'a' && alias.data[i] <= 'z') {
      return false;
    }
  }
  return (uint8_t)alias.data[0] < 0x80;
}

static void add_aliases(entity *e, qn_str list) {
  while (list.len > 0) {
    qn_str alias = cut(&list, '|');
    bool name = alias.len > 0 && alias.len < FORM_MAX / 3 && alias.data[0] != '~' && alias.data[0] != '@';
    if (name && !is_acronym(alias) && e->n < ALIASES_MAX) {
      e->aliases[e->n++] = alias;
    }
  }
}

/* The next entity of the files; false at their end. */
static bool next_entity(qn_str *rest, entity *e) {
  static const char *const types[] = { "PERSON", "ORGANIZATION", "LOCATION", "PRODUCT", "EVENT" };
  while (rest->len > 0) {
    *e = (entity){ .line = cut(rest, '\n'), .type = -1 };
    qn_str line = e->line;
    for (int i = 0; i < 5; i++) {
      e->columns[i] = cut(&line, '\t');
    }
    for (int i = 0; i < 5 && e->columns[0].len > 0; i++) {
      if (e->columns[1].len == strlen(types[i]) && memcmp(e->columns[1].data, types[i], strlen(types[i])) == 0) {
        e->type = i;
      }
    }
    if (e->type >= 0) {
      qn_str shown = e->columns[0];
      for (size_t i = 1; i < shown.len; i++) {
        shown.len = shown.data[i] == '(' || shown.data[i] == ',' ? i : shown.len;
      }
      add_aliases(e, shown);
      add_aliases(e, e->columns[3]);
      e->n_latin = e->n;
      add_aliases(e, e->columns[4]);
      return true;
    }
  }
  return false;
}

/* --- pairs --- */

typedef struct pair {
  spelling a;
  spelling b;
} pair;

typedef struct pairs {
  pair *all;
  size_t n;
  size_t capacity;
} pairs;

static uint32_t count_words(qn_str alias) {
  uint32_t n = 1;
  for (size_t i = 0; i < alias.len; i++) {
    n += alias.data[i] == ' ' || alias.data[i] == '-';
  }
  return n;
}

static void to_letters(qn_str alias, spelling *ret) {
  char form[FOLD_BOUND(FORM_MAX)];
  spelling_of(form, fold_key((const uint8_t *)alias.data, alias.len, (uint8_t *)form), ret);
}

static void add_pair(pairs *p, qn_str a, qn_str b) {
  pair made;
  if (count_words(a) != count_words(b)) {
    return;
  }
  to_letters(a, &made.a);
  to_letters(b, &made.b);
  if (made.a.n == 0 || made.b.n == 0 ||
      (made.a.n == made.b.n && memcmp(made.a.letters, made.b.letters, made.a.n) == 0)) {
    return;
  }
  if (p->n == p->capacity) {
    p->capacity = p->capacity * 2 + 1024;
    p->all = grown(p->all, p->capacity * sizeof(pair));
  }
  p->all[p->n++] = made;
}

static pairs collect_pairs(qn_str files) {
  pairs p = { NULL, 0, 0 };
  entity e;
  while (next_entity(&files, &e)) {
    for (uint32_t i = 0; i < e.n; i++) {
      for (uint32_t k = i + 1; k < e.n; k++) {
        add_pair(&p, e.aliases[i], e.aliases[k]);
      }
    }
  }
  return p;
}

/* --- learning --- */

static bool is_vowel(uint32_t letter) {
  static const char vowels[] = "\x01\x02\x13\x1B\x1C\x1D"; /* ء ا ع ه و ي, by place */
  const char *latin = "aeiouyhw";
  bool in_latin = letter >= SPELLING_LATIN && letter < SPELLING_DIGIT;
  return in_latin ? strchr(latin, (int)('a' + letter - SPELLING_LATIN)) != NULL
                  : letter > 0 && memchr(vowels, (int)letter, sizeof vowels - 1) != NULL;
}

/* The class of a letter's sound, as skeletons have it; '\0' for what they drop. */
static char class_of(uint32_t letter) {
  static const char *const arabic[] = { "ء", "ا", "ب", "ت", "ث", "ج", "ح", "خ", "د", "ذ", "ر", "ز", "س", "ش", "ص",
                                        "ض", "ط", "ظ", "ع", "غ", "ف", "ق", "ك", "ل", "م", "ن", "ه", "و", "ي" };
  char form[16] = "";
  char shown[SKELETON_MAX + 1];
  if (letter >= SPELLING_DIGIT) {
    return (char)('0' + letter - SPELLING_DIGIT);
  }
  if (letter >= SPELLING_LATIN) {
    form[0] = (char)('a' + letter - SPELLING_LATIN);
  } else if (letter >= SPELLING_ARABIC) {
    memcpy(form, arabic[letter - SPELLING_ARABIC], 3);
  }
  skeleton_of(form, strlen(form), shown);
  return shown[0];
}

/* Where learning begins: letters of one class are near, vowels come and go. */
static void begin_costs(costs_table costs) {
  for (uint32_t a = 0; a < SPELLING_LETTERS; a++) {
    for (uint32_t b = 0; b < SPELLING_LETTERS; b++) {
      bool vowels = is_vowel(a) && is_vowel(b);
      bool gap = a == SPELLING_GAP || b == SPELLING_GAP;
      bool alike = !gap && !vowels && class_of(a) != '\0' && class_of(a) == class_of(b);
      uint32_t cost = alike ? 8 : vowels ? 12 : 90;
      cost = gap ? (is_vowel(a + b) ? 12 : 60) : cost;
      costs[a][b] = (uint8_t)(a == b ? 0 : cost);
    }
  }
}

typedef struct counts {
  double of[SPELLING_LETTERS][SPELLING_LETTERS];
} counts;

/* Counts what the cheapest alignment of a pair puts together. */
static void count_alignment(const costs_table costs, const pair *p, counts *c) {
  uint32_t total[SPELLING_LEN_MAX + 1][SPELLING_LEN_MAX + 1];
  const uint8_t *a = p->a.letters;
  const uint8_t *b = p->b.letters;
  total[0][0] = 0;
  for (uint32_t i = 0; i <= p->a.n; i++) {
    for (uint32_t k = 0; k <= p->b.n; k++) {
      uint32_t best = i + k == 0 ? 0 : UINT32_MAX;
      if (i > 0 && k > 0) {
        best = total[i - 1][k - 1] + costs[a[i - 1]][b[k - 1]];
      }
      if (i > 0 && total[i - 1][k] + costs[a[i - 1]][0] < best) {
        best = total[i - 1][k] + costs[a[i - 1]][0];
      }
      if (k > 0 && total[i][k - 1] + costs[0][b[k - 1]] < best) {
        best = total[i][k - 1] + costs[0][b[k - 1]];
      }
      total[i][k] = best;
    }
  }
  for (uint32_t i = p->a.n, k = p->b.n; i + k > 0;) {
    uint32_t left = 0;
    uint32_t right = 0;
    if (i > 0 && k > 0 && total[i][k] == total[i - 1][k - 1] + costs[a[i - 1]][b[k - 1]]) {
      left = a[--i];
      right = b[--k];
    } else if (i > 0 && total[i][k] == total[i - 1][k] + costs[a[i - 1]][0]) {
      left = a[--i];
    } else {
      right = b[--k];
    }
    c->of[left][right] += 1;
    c->of[right][left] += 1;
  }
}

/* Costs from counts: how far two letters are from standing for each other whenever they could. Each script is weighed
 * against the other scripts by itself, since most pairs are of one. */
static void settle_costs(const counts *c, costs_table costs) {
  for (uint32_t a = 0; a < SPELLING_LETTERS; a++) {
    for (uint32_t b = 0; b < SPELLING_LETTERS; b++) {
      uint32_t from = b < SPELLING_LATIN ? 0 : b < SPELLING_DIGIT ? SPELLING_LATIN : SPELLING_DIGIT;
      uint32_t to = b < SPELLING_LATIN ? SPELLING_LATIN : b < SPELLING_DIGIT ? SPELLING_DIGIT : SPELLING_LETTERS;
      uint32_t from_a = a < SPELLING_LATIN ? 0 : a < SPELLING_DIGIT ? SPELLING_LATIN : SPELLING_DIGIT;
      uint32_t to_a = a < SPELLING_LATIN ? SPELLING_LATIN : a < SPELLING_DIGIT ? SPELLING_DIGIT : SPELLING_LETTERS;
      double of_a = c->of[a][0] + 8;
      double of_b = c->of[b][0] + 8;
      for (uint32_t k = from; k < to; k++) {
        of_a += k > 0 && a > 0 ? c->of[a][k] : 0;
      }
      for (uint32_t k = from_a; k < to_a; k++) {
        of_b += k > 0 && b > 0 ? c->of[b][k] : 0;
      }
      double joint =
          a == 0 || b == 0 ? (c->of[a][b] + 0.05) / (a == 0 ? of_b : of_a) : (c->of[a][b] + 0.05) / sqrt(of_a * of_b);
      double cost = -16.0 * log(joint);
      cost = cost < 1 ? 1 : cost > COST_MAX ? COST_MAX : cost;
      bool digits = a >= SPELLING_DIGIT || b >= SPELLING_DIGIT;
      costs[a][b] = (uint8_t)(a == b ? 0 : digits ? COST_MAX : cost + 0.5);
    }
  }
}

static void learn(const pairs *p, costs_table costs) {
  begin_costs(costs);
  for (int round = 0; round < ROUNDS; round++) {
    counts *c = calloc(1, sizeof *c);
    size_t n = 0;
    if (c == NULL) {
      die("no memory", "training");
    }
    for (size_t i = 0; i < p->n; i++) {
      if (spelling_distance((const uint8_t(*)[SPELLING_LETTERS])costs, &p->all[i].a, &p->all[i].b, PAIR_NEAR) <=
          PAIR_NEAR) {
        count_alignment((const uint8_t(*)[SPELLING_LETTERS])costs, &p->all[i], c);
        n++;
      }
    }
    settle_costs(c, costs);
    free(c);
    fprintf(stderr, "round %d: %zu of %zu pairs\n", round + 1, n, p->n);
  }
}

static void write_costs(const costs_table costs, const char *path) {
  FILE *out = fopen(path, "w");
  if (out == NULL) {
    die(strerror(errno), path);
  }
  fputs("/* SPDX-License-Identifier: Apache-2.0 */\n\n/* Written by tools/train-spelling.c; docs/training.md says how. "
        "*/\n"
        "#include \"entities/spelling.h\"\n\n/* clang-format off */\n"
        "const uint8_t spelling_costs[SPELLING_LETTERS][SPELLING_LETTERS] = {\n",
        out);
  for (uint32_t a = 0; a < SPELLING_LETTERS; a++) {
    fputs("  {", out);
    for (uint32_t b = 0; b < SPELLING_LETTERS; b++) {
      fprintf(out, "%s%s%u", b > 0 ? "," : "", b > 0 && b % 22 == 0 ? "\n   " : "", costs[a][b]);
    }
    fputs("},\n", out);
  }
  fputs("};\n", out);
  if (fclose(out) != 0) {
    die(strerror(errno), path);
  }
}

/* --- judging --- */

static uint32_t hash_of(qn_str text, uint32_t seed) {
  uint64_t x = seed * 0x9E3779B97F4A7C15u + 77;
  for (size_t i = 0; i < text.len; i++) {
    x = (x ^ (uint8_t)text.data[i]) * 0x100000001B3u;
  }
  return (uint32_t)(x >> 33 ^ x);
}

/* In each fold a fifth of the entities is unknown, and of the others each fifth Arabic alias is. */
static bool hides_entity(const entity *e, uint32_t fold) {
  return hash_of(e->columns[0], 1) % FOLDS == fold;
}

static bool hides_alias(qn_str alias, uint32_t fold) {
  return hash_of(alias, 2) % FOLDS == fold;
}

static void build_fold(qn_str files, uint32_t fold, uint8_t **ret_bytes, lexicon *ret_lexicon) {
  text kept = { NULL, 0 };
  entity e;
  while (next_entity(&files, &e)) {
    if (hides_entity(&e, fold)) {
      continue;
    }
    for (int i = 0; i < 4; i++) {
      append(&kept, e.columns[i].data, e.columns[i].len);
      append(&kept, "\t", 1);
    }
    qn_str list = e.columns[4];
    while (list.len > 0) {
      qn_str alias = cut(&list, '|');
      if (alias.len > 0 && !hides_alias(alias, fold)) {
        append(&kept, alias.data, alias.len);
        append(&kept, "|", 1);
      }
    }
    append(&kept, "\n", 1);
  }
  lexicon_builder *builder = NULL;
  lexicon_fault fault = { "" };
  size_t len = 0;
  if (lexicon_builder_new(&builder) != 0 ||
      lexicon_tsv_read(builder, (qn_str){ kept.bytes, kept.len }, NULL, NULL) != 0 ||
      lexicon_builder_finish(builder, ret_bytes, &len) != 0 ||
      lexicon_open((qn_str){ (const char *)*ret_bytes, len }, ret_lexicon, &fault) != 0) {
    die("a fold cannot be compiled", fault.what);
  }
  lexicon_builder_free(builder);
  free(kept.bytes);
}

enum { GRID = 16 };

/* For a distance of at most so much, and a lead of at least so much over other names. */
typedef struct judgement {
  uint32_t right[GRID][GRID];
  uint32_t wrong[GRID][GRID];   /* another name was found */
  uint32_t unknown[GRID][GRID]; /* a name was found for what the lexicon has not */
  uint32_t n_known;
  uint32_t n_unknown;
} judgement;

static void judge_alias(const lexicon *lex, const entity *e, qn_str alias, bool known, judgement *j) {
  char form[FOLD_BOUND(FORM_MAX)];
  size_t len = fold_key((const uint8_t *)alias.data, alias.len, (uint8_t *)form);
  spelling_match m;
  const qlex_slot *slot = lexicon_find(lex, key_print(key_of(form, len)));
  if ((slot != NULL && slot->n > 0) || (e->type == 0 && count_words(alias) < 2)) {
    return; /* spelled so elsewhere; or one word of a person's name, which is never asked for */
  }
  j->n_known += known;
  j->n_unknown += !known;
  if (!spelling_find(lex, form, len, (uint32_t)e->type, &m)) {
    return;
  }
  qn_str name = lexicon_name(lex, m.entry);
  bool right = name.len == e->columns[0].len && memcmp(name.data, e->columns[0].data, name.len) == 0;
  for (uint32_t near = m.distance; near < GRID; near++) {
    for (uint32_t lead = 0; lead < GRID && m.runner_up >= m.distance + lead; lead++) {
      (right ? j->right : known ? j->wrong : j->unknown)[near][lead]++;
    }
  }
}

static void judge(qn_str files) {
  judgement *j = calloc(1, sizeof *j);
  if (j == NULL) {
    die("no memory", "judging");
  }
  for (uint32_t fold = 0; fold < FOLDS; fold++) {
    uint8_t *bytes = NULL;
    lexicon lex;
    qn_str rest = files;
    entity e;
    build_fold(files, fold, &bytes, &lex);
    while (next_entity(&rest, &e)) {
      bool known = !hides_entity(&e, fold);
      for (uint32_t i = e.n_latin; i < e.n; i++) {
        if (hides_alias(e.aliases[i], fold)) {
          judge_alias(&lex, &e, e.aliases[i], known, j);
        }
      }
    }
    free(bytes);
  }
  printf(
      "%u hidden spellings of known names, %u spellings of unknown names\nnear lead precision recall wrong unknown\n",
      j->n_known, j->n_unknown);
  for (uint32_t near = 1; near < GRID; near++) {
    for (uint32_t lead = 0; lead < GRID; lead += 2) {
      double found = j->right[near][lead] + j->wrong[near][lead] + j->unknown[near][lead];
      printf("%4u %4u %9.3f %6.3f %5u %7u\n", near, lead, found > 0 ? j->right[near][lead] / found : 1.0,
             (double)j->right[near][lead] / (j->n_known > 0 ? j->n_known : 1), j->wrong[near][lead],
             j->unknown[near][lead]);
    }
  }
  free(j);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: train-spelling OUT.c LEXICON.tsv... | train-spelling --judge LEXICON.tsv...\n");
    return 2;
  }
  text files = read_files(argv + 2, argc - 2);
  qn_str all = { files.bytes, files.len };
  if (strcmp(argv[1], "--judge") == 0) {
    judge(all);
  } else {
    static costs_table costs;
    pairs p = collect_pairs(all);
    learn(&p, costs);
    write_costs((const uint8_t(*)[SPELLING_LETTERS])costs, argv[1]);
    free(p.all);
  }
  free(files.bytes);
  return 0;
}
