/* SPDX-License-Identifier: Apache-2.0 */

/* Random graphs of stages of every kind, with random outcomes, delays and few credits: every document must settle, and what
 * each sink gets, in which order, must be what a model of the graph foretells.
 *
 * QANAT_GRAPHS=FIRST:COUNT chooses the seeds; a failure names the seed and its pipeline, and QANAT_GRAPHS_SHOW=1 shows all. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "maze.h"
#include "runtime/runtime.h"

enum { NODES_MAX = 16, FROM_MAX = 3, SINKS_MAX = 3, DEFAULT_COUNT = 150, HANG_SECONDS = 60 };

typedef enum node_role { NODE_SOURCE, NODE_TRANSFORM, NODE_SINK } node_role;
typedef enum choice { TAKE_ALL, TAKE_COLOR, TAKE_NOT_COLOR, TAKE_OTHERWISE } choice;

typedef struct node {
  node_role role;
  const char *use;
  bool splits;
  uint32_t trouble, spin_us, attempts, per_call, count;
  bool drops_errors;
  choice takes;
  uint32_t color;
  uint32_t n_from, from[FROM_MAX];
} node;

typedef struct world {
  uint64_t seed, state;
  uint32_t n_nodes;
  node nodes[NODES_MAX];
  bool any_order;
  uint32_t credits, n_workers;
  char folder[64];
} world;

/* --- making one --- */

static uint32_t roll(world *w, uint32_t sides) {
  w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(w->state >> 33) % sides;
}

static bool chance(world *w, uint32_t percent) {
  return roll(w, 100) < percent;
}

static bool is_read(const world *w, uint32_t index) {
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    for (uint32_t k = 0; k < w->nodes[i].n_from; k++) {
      if (w->nodes[i].from[k] == index) {
        return true;
      }
    }
  }
  return false;
}

static void read_from(node *reader, uint32_t index) {
  for (uint32_t k = 0; k < reader->n_from; k++) {
    if (reader->from[k] == index) {
      return;
    }
  }
  if (reader->n_from < FROM_MAX) {
    reader->from[reader->n_from++] = index;
  }
}

static void add_source(world *w) {
  w->nodes[w->n_nodes++] = (node){ .role = NODE_SOURCE, .use = "maze-source", .count = roll(w, 40) };
}

static void add_transform(world *w) {
  static const char *const uses[] = { "maze-one",     "maze-one",   "maze-one",          "maze-serial",
                                      "maze-ordered", "maze-batch", "maze-batch-serial", "maze-batch-ordered",
                                      "maze-async",   "maze-split" };
  node made = { .role = NODE_TRANSFORM, .use = uses[roll(w, sizeof uses / sizeof uses[0])] };
  made.splits = strcmp(made.use, "maze-split") == 0;
  made.trouble = chance(w, 40) ? roll(w, 120) : 0;
  made.spin_us = chance(w, 30) ? roll(w, 200) : 0;
  made.attempts = 1 + roll(w, 4);
  made.per_call = 1 + roll(w, 3);
  made.drops_errors = chance(w, 20);
  made.takes = chance(w, 40) ? (choice)(1 + roll(w, 2)) : TAKE_ALL;
  made.color = roll(w, MAZE_COLORS);
  uint32_t n_from = chance(w, 70) ? 1 : 2 + roll(w, 2);
  for (uint32_t i = 0; i < n_from; i++) {
    /* Rather what nobody reads yet, and what is near. */
    uint32_t at = roll(w, w->n_nodes);
    for (uint32_t tries = 0; tries < 3 && is_read(w, at); tries++) {
      at = w->n_nodes - 1 - roll(w, w->n_nodes < 4 ? w->n_nodes : 4);
    }
    read_from(&made, at);
  }
  w->nodes[w->n_nodes++] = made;
}

static bool has_conditioned_sibling(const world *w, uint32_t index) {
  for (uint32_t k = 0; k < w->nodes[index].n_from; k++) {
    bool found = false;
    for (uint32_t i = 0; i < w->n_nodes; i++) {
      const node *other = &w->nodes[i];
      for (uint32_t f = 0; i != index && f < other->n_from; f++) {
        bool beside = other->from[f] == w->nodes[index].from[k];
        found |= beside && (other->takes == TAKE_COLOR || other->takes == TAKE_NOT_COLOR);
        if (beside && other->takes == TAKE_OTHERWISE) {
          return false;
        }
      }
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

/* Whatever nobody reads goes to a sink. */
static void add_sinks(world *w) {
  uint32_t n_inner = w->n_nodes;
  uint32_t n_sinks = 1 + roll(w, SINKS_MAX);
  for (uint32_t i = 0; i < n_sinks; i++) {
    w->nodes[w->n_nodes++] =
        (node){ .role = NODE_SINK, .use = "maze-sink", .spin_us = chance(w, 20) ? roll(w, 100) : 0 };
  }
  for (uint32_t i = 0; i < n_inner; i++) {
    if (!is_read(w, i)) {
      read_from(&w->nodes[n_inner + roll(w, n_sinks)], i);
    }
  }
  for (uint32_t i = n_inner; i < w->n_nodes; i++) {
    if (w->nodes[i].n_from == 0) {
      read_from(&w->nodes[i], roll(w, n_inner));
    }
  }
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    if (chance(w, 30) && w->nodes[i].role != NODE_SOURCE && has_conditioned_sibling(w, i)) {
      w->nodes[i].takes = TAKE_OTHERWISE;
    }
  }
}

static void make_world(world *w, uint64_t seed, const char *folder) {
  *w = (world){ .seed = seed, .state = seed * UINT64_C(2654435761) + 12345 };
  snprintf(w->folder, sizeof w->folder, "%s", folder);
  uint32_t n_sources = chance(w, 25) ? 2 : 1;
  for (uint32_t i = 0; i < n_sources; i++) {
    add_source(w);
  }
  uint32_t n_transforms = 1 + roll(w, 9);
  for (uint32_t i = 0; i < n_transforms; i++) {
    add_transform(w);
  }
  add_sinks(w);
  w->any_order = chance(w, 25);
  w->credits = chance(w, 50) ? 1 + roll(w, 3) : 1 + roll(w, 40);
  w->n_workers = 1 + roll(w, 4);
}

/* --- as a pipeline file --- */

static void write_node(const world *w, uint32_t index, FILE *to) {
  const node *n = &w->nodes[index];
  fprintf(to, "{'id': 'n%u', 'use': '%s', 'with': {", index, n->use);
  switch (n->role) {
  case NODE_SOURCE:
    fprintf(to, "'name': '%c', 'count': %u}", (char)('a' + index), n->count);
    break;
  case NODE_SINK:
    fprintf(to, "'path': '%s/%u', 'spin_us': %u}", w->folder, index, n->spin_us);
    break;
  default:
    fprintf(to, "'salt': %u, 'trouble': %u, 'spin_us': %u", index, n->trouble, n->spin_us);
    fprintf(to, n->splits ? ", 'per_call': %u}" : "}", n->per_call);
    fprintf(to, ", 'on_error': '%s', 'retry': {'attempts': %u, 'delay_ms': 1}",
            n->drops_errors ? "drop" : "dead-letter", n->attempts);
    break;
  }
  for (uint32_t k = 0; k < n->n_from; k++) {
    fprintf(to, "%s'n%u'", k == 0 ? ", 'from': [" : ", ", n->from[k]);
  }
  fprintf(to, "%s", n->n_from > 0 ? "]" : "");
  if (n->takes == TAKE_OTHERWISE) {
    fprintf(to, ", 'when': 'otherwise'");
  } else if (n->takes != TAKE_ALL) {
    fprintf(to,
            n->takes == TAKE_COLOR ? ", 'when': {'field': 'color', 'is': '%u'}"
                                   : ", 'when': {'not': {'field': 'color', 'is': '%u'}}",
            n->color);
  }
  fprintf(to, "}");
}

static void write_role(const world *w, const char *key, node_role role, FILE *to) {
  bool first = true;
  fprintf(to, "'%s': [", key);
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    if (w->nodes[i].role == role) {
      fprintf(to, "%s\n  ", first ? "" : ",");
      write_node(w, i, to);
      first = false;
    }
  }
  fprintf(to, "],\n");
}

static char *pipeline_text(const world *w, size_t *ret_len) {
  char *text = NULL;
  FILE *to = open_memstream(&text, ret_len);
  assert_non_null(to);
  fprintf(to, "{'name': 'maze',\n");
  write_role(w, "sources", NODE_SOURCE, to);
  write_role(w, "stages", NODE_TRANSFORM, to);
  write_role(w, "sinks", NODE_SINK, to);
  fprintf(to, "'limits': {'documents': %u},\n'order': '%s'}\n", w->credits, w->any_order ? "any" : "source");
  assert_int_equal(fclose(to), 0);
  for (size_t i = 0; i < *ret_len; i++) {
    text[i] = text[i] == '\'' ? '"' : text[i];
  }
  return text;
}

/* --- the model --- */

typedef enum standing { ABSENT, LIVE, SPOILED } standing;

typedef struct copy {
  standing stands;
  uint32_t marks;
} copy;

typedef enum outcome { NOTHING, DROPPED, DELIVERED, FAILED } outcome;

typedef struct foretold {
  FILE *lines[NODES_MAX]; /* what each sink gets */
  uint64_t n_admitted, n_by_outcome[FAILED + 1], n_parts, n_letters;
} foretold;

typedef struct travel {
  const world *w;
  foretold *out;
  const char *name;
  size_t len;
  bool below[NODES_MAX]; /* where this document can come: below where it began */
  copy after[NODES_MAX]; /* what leaves each node; of a node that it has not come to: ABSENT */
  outcome worst;
} travel;

static void worsen(travel *t, outcome to) {
  t->worst = to > t->worst ? to : t->worst;
}

static bool holds(const travel *t, const node *reader) {
  bool is_color = maze_color_of(t->name, t->len) == reader->color;
  return reader->takes == TAKE_ALL || (reader->takes == TAKE_COLOR && is_color) ||
         (reader->takes == TAKE_NOT_COLOR && !is_color);
}

static bool reads(const node *reader, uint32_t index) {
  for (uint32_t k = 0; k < reader->n_from; k++) {
    if (reader->from[k] == index) {
      return true;
    }
  }
  return false;
}

static bool takes(const travel *t, uint32_t from, const node *reader) {
  if (reader->takes != TAKE_OTHERWISE) {
    return holds(t, reader);
  }
  for (uint32_t i = 0; i < t->w->n_nodes; i++) {
    const node *other = &t->w->nodes[i];
    bool conditioned = other->takes == TAKE_COLOR || other->takes == TAKE_NOT_COLOR;
    if (reads(other, from) && conditioned && holds(t, other)) {
      return false;
    }
  }
  return true;
}

/* A document that no reader takes ends where it is. */
static bool goes_somewhere(const travel *t, uint32_t from) {
  for (uint32_t i = 0; i < t->w->n_nodes; i++) {
    if (reads(&t->w->nodes[i], from) && takes(t, from, &t->w->nodes[i])) {
      return true;
    }
  }
  return false;
}

static void leave_node(travel *t, uint32_t index, uint32_t marks) {
  if (goes_somewhere(t, index)) {
    t->after[index] = (copy){ LIVE, marks };
  } else {
    t->after[index] = (copy){ SPOILED, 0 };
    worsen(t, DROPPED);
  }
}

static outcome follow(const world *w, foretold *out, const char *name, size_t len, uint32_t origin);

static outcome parts_of(const travel *t, uint32_t index, uint64_t hash) {
  outcome worst = NOTHING;
  for (uint32_t i = 0; i < maze_parts_of(hash); i++) {
    char name[200];
    int len = snprintf(name, sizeof name, "%.*s.%u", (int)t->len, t->name, i);
    outcome part = follow(t->w, t->out, name, (size_t)len, index);
    worst = part > worst ? part : worst;
    t->out->n_parts++;
  }
  return worst;
}

static void write_line(const travel *t, uint32_t index, uint32_t marks) {
  FILE *to = t->out->lines[index];
  fprintf(to, "%.*s", (int)t->len, t->name);
  for (uint32_t i = 1; i < NODES_MAX; i++) {
    if ((marks >> i & 1) != 0) {
      fprintf(to, " %u", i);
    }
  }
  fprintf(to, "\n");
}

static void run_node(travel *t, uint32_t index, uint32_t marks) {
  const node *n = &t->w->nodes[index];
  if (n->role == NODE_SINK) {
    write_line(t, index, marks);
    worsen(t, DELIVERED);
    return;
  }
  uint64_t hash = maze_hash(t->name, t->len, index);
  maze_fate fate = maze_fate_of(hash, n->trouble);
  bool in_vain = fate == MAZE_RETRY && maze_retries_of(hash) >= n->attempts;
  fate = fate == MAZE_RETRY ? (maze_retries_of(hash) < n->attempts ? MAZE_PASS : MAZE_REJECT) : fate;
  if (n->splits && !in_vain) {
    worsen(t, parts_of(t, index, hash));
  }
  if (fate == MAZE_PASS && !n->splits) {
    leave_node(t, index, marks | UINT32_C(1) << index);
    return;
  }
  t->after[index] = (copy){ n->splits ? ABSENT : SPOILED, 0 };
  if (fate == MAZE_DROP || (fate == MAZE_REJECT && n->drops_errors)) {
    worsen(t, DROPPED);
  } else if (fate == MAZE_REJECT) {
    worsen(t, FAILED);
    t->out->n_letters++;
  }
}

/* What comes to a node by all its inputs. */
static copy gather(const travel *t, uint32_t index) {
  const node *n = &t->w->nodes[index];
  copy all = { ABSENT, 0 };
  bool spoiled = false;
  for (uint32_t k = 0; k < n->n_from; k++) {
    uint32_t from = n->from[k];
    const copy *came = &t->after[from];
    spoiled |= t->below[from] && came->stands == SPOILED;
    if (t->below[from] && came->stands == LIVE && takes(t, from, n)) {
      all.stands = LIVE;
      all.marks |= came->marks;
    }
  }
  all.stands = spoiled ? SPOILED : all.stands;
  return all;
}

static outcome follow(const world *w, foretold *out, const char *name, size_t len, uint32_t origin) {
  travel t = { .w = w, .out = out, .name = name, .len = len, .worst = NOTHING };
  t.below[origin] = true;
  leave_node(&t, origin, 0);
  for (uint32_t i = origin + 1; i < w->n_nodes; i++) {
    for (uint32_t k = 0; k < w->nodes[i].n_from; k++) {
      t.below[i] |= t.below[w->nodes[i].from[k]];
    }
    copy came = t.below[i] ? gather(&t, i) : (copy){ ABSENT, 0 };
    if (came.stands == LIVE) {
      run_node(&t, i, came.marks);
    } else {
      t.after[i] = came;
    }
  }
  return t.worst;
}

static void foretell(const world *w, foretold *out) {
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    for (uint32_t k = 0; w->nodes[i].role == NODE_SOURCE && k < w->nodes[i].count; k++) {
      char name[16];
      int len = snprintf(name, sizeof name, "%c%u", (char)('a' + i), k);
      out->n_by_outcome[follow(w, out, name, (size_t)len, i)]++;
      out->n_admitted++;
    }
  }
}

/* --- comparing --- */

static char *read_file(const char *path) {
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  char *text = NULL;
  size_t len = 0;
  FILE *to = open_memstream(&text, &len);
  for (int byte = getc(file); byte != EOF; byte = getc(file)) {
    putc(byte, to);
  }
  fclose(file);
  fclose(to);
  return text;
}

static int compare_lines(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines that begin with the letter, or all; sorted if order does not count. */
static char *lines_of(const char *text, char letter, bool sort) {
  char *copied = strdup(text);
  char *lines[20000];
  size_t n = 0;
  for (char *line = strtok(copied, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    assert_true(n < sizeof lines / sizeof lines[0]);
    if (letter == '\0' || line[0] == letter) {
      lines[n++] = line;
    }
  }
  if (sort) {
    qsort((void *)lines, n, sizeof lines[0], compare_lines);
  }
  char *out = NULL;
  size_t len = 0;
  FILE *to = open_memstream(&out, &len);
  for (size_t i = 0; i < n; i++) {
    fprintf(to, "%s\n", lines[i]);
  }
  fclose(to);
  free(copied);
  return out;
}

static bool same_lines(const world *w, const char *found, const char *wanted, char letter) {
  char *a = lines_of(found, letter, w->any_order);
  char *b = lines_of(wanted, letter, w->any_order);
  bool same = strcmp(a, b) == 0;
  if (!same) {
    fprintf(stderr, "--- wanted\n%s--- found\n%s", b, a);
  }
  free(a);
  free(b);
  return same;
}

static bool check_sink(const world *w, uint32_t index, const char *wanted) {
  char path[128];
  snprintf(path, sizeof path, "%s/%u", w->folder, index);
  char *found = read_file(path);
  bool same = true;
  for (uint32_t i = 0; i < w->n_nodes; i++) { /* sources are in order each by itself */
    same = same && (w->nodes[i].role != NODE_SOURCE || same_lines(w, found, wanted, (char)('a' + i)));
  }
  unlink(path);
  free(found);
  return same;
}

/* --- one run --- */

typedef struct watch {
  const char *text;
  uint64_t seed;
  _Atomic bool over;
} watch;

static void *bite(void *arg) {
  watch *self = arg;
  for (uint32_t i = 0; i < HANG_SECONDS * 100 && !self->over; i++) {
    usleep(10000);
  }
  if (!self->over) {
    fprintf(stderr, "seed %" PRIu64 " hangs:\n%s", self->seed, self->text);
    abort();
  }
  return NULL;
}

static registry *open_maze(void) {
  char folder[4096];
  const char *build_root = getenv("QANAT_BUILD_ROOT");
  snprintf(folder, sizeof folder, "%s/tests/support/plugins", build_root != NULL ? build_root : ".");
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  registry *installed = NULL;
  qn_error error = { 0 };
  assert_int_equal(registry_new(&options, &installed, &error), 0);
  return installed;
}

static void run_world(const world *w, const plan *made, registry *installed, runtime_counts *ret_counts,
                      letter_store *letters) {
  const runtime_options options = { .n_workers = w->n_workers, .letters = letters };
  runtime *running = NULL;
  qn_error error = { 0 };
  assert_int_equal(runtime_load(made, installed, &options, &running, &error), 0);
  int rc = runtime_run(running, &error);
  if (rc != 0) {
    fail_msg("seed %" PRIu64 ": %s", w->seed, error.message);
  }
  runtime_counts_get(running, ret_counts);
  runtime_free(running);
}

static void compare(const world *w, const foretold *expected, char *const *lines, const runtime_counts *counts,
                    const letter_store *letters, const char *text) {
  bool good = counts->admitted == expected->n_admitted && counts->parts == expected->n_parts &&
              counts->delivered == expected->n_by_outcome[DELIVERED] &&
              counts->dropped == expected->n_by_outcome[DROPPED] + expected->n_by_outcome[NOTHING] &&
              counts->dead_lettered == expected->n_by_outcome[FAILED] &&
              letter_memory_count(letters) == expected->n_letters;
  for (uint32_t i = 0; good && i < w->n_nodes; i++) {
    good = w->nodes[i].role != NODE_SINK || check_sink(w, i, lines[i]);
  }
  if (!good) {
    fail_msg("seed %" PRIu64 ": admitted %" PRIu64 "/%" PRIu64 " delivered %" PRIu64 "/%" PRIu64 " dropped %" PRIu64
             "/%" PRIu64 " failed %" PRIu64 "/%" PRIu64 " parts %" PRIu64 "/%" PRIu64 " letters %" PRIu64 "/%" PRIu64
             " (found/wanted)\n%s",
             w->seed, counts->admitted, expected->n_admitted, counts->delivered, expected->n_by_outcome[DELIVERED],
             counts->dropped, expected->n_by_outcome[DROPPED] + expected->n_by_outcome[NOTHING], counts->dead_lettered,
             expected->n_by_outcome[FAILED], counts->parts, expected->n_parts, letter_memory_count(letters),
             expected->n_letters, text);
  }
}

/* False: the planner refused the graph, as it must some (a split on one of two branches that meet). */
static bool try_seed(uint64_t seed, registry *installed, const char *folder) {
  world w;
  make_world(&w, seed, folder);
  size_t len = 0;
  char *text = pipeline_text(&w, &len);
  if (getenv("QANAT_GRAPHS_SHOW") != NULL) {
    fprintf(stderr, "%s", text);
  }
  faults *found = NULL;
  plan *made = NULL;
  assert_int_equal(faults_new(&found), 0);
  bool planned = plan_parse("maze.json", text, len, installed, NULL, &made, found) == 0;
  faults_free(found);
  if (planned) {
    foretold expected = { 0 };
    char *lines[NODES_MAX] = { NULL };
    size_t lens[NODES_MAX];
    for (uint32_t i = 0; i < w.n_nodes; i++) {
      expected.lines[i] = open_memstream(&lines[i], &lens[i]);
    }
    foretell(&w, &expected);
    for (uint32_t i = 0; i < w.n_nodes; i++) {
      fclose(expected.lines[i]);
    }
    watch dog = { .text = text, .seed = seed };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, bite, &dog), 0);
    letter_store *letters = NULL;
    runtime_counts counts;
    assert_int_equal(letter_memory_new(1, &letters), 0);
    run_world(&w, made, installed, &counts, letters);
    dog.over = true;
    pthread_join(thread, NULL);
    compare(&w, &expected, lines, &counts, letters, text);
    letters->close(letters);
    for (uint32_t i = 0; i < w.n_nodes; i++) {
      free(lines[i]);
    }
  }
  plan_free(made);
  free(text);
  return planned;
}

static void graphs_of_any_shape_settle_as_foretold(void **state) {
  (void)state;
  uint64_t first = 1;
  uint64_t count = DEFAULT_COUNT;
  const char *wanted = getenv("QANAT_GRAPHS");
  if (wanted != NULL) {
    assert_int_equal(sscanf(wanted, "%" SCNu64 ":%" SCNu64, &first, &count), 2);
  }
  char folder[] = "/tmp/qanat-graphs-XXXXXX";
  assert_non_null(mkdtemp(folder));
  registry *installed = open_maze();
  uint64_t n_planned = 0;
  for (uint64_t seed = first; seed < first + count; seed++) {
    n_planned += try_seed(seed, installed, folder);
  }
  registry_free(installed);
  rmdir(folder);
  print_message("%" PRIu64 " of %" PRIu64 " graphs ran\n", n_planned, count);
  assert_true(count < 20 || n_planned * 2 > count);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(graphs_of_any_shape_settle_as_foretold) };
  return cmocka_run_group_tests_name("graphs", tests, NULL, NULL);
}
