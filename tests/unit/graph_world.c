/* SPDX-License-Identifier: Apache-2.0 */

/* Making graphs, writing them down, and walking each document through them as the runtime should. */
#include "graph_world.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "maze.h"

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
  w->nodes[w->n_nodes++] =
      (node){ .role = NODE_SOURCE, .use = chance(w, 30) ? "maze-source-async" : "maze-source", .count = roll(w, 40) };
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
  made.has_timeout = strcmp(made.use, "maze-async") == 0 && chance(w, 5);
  made.forget = made.has_timeout ? 20 : 0;
  made.isolated = !made.splits && !made.has_timeout && chance(w, 10);
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
    w->nodes[w->n_nodes++] = (node){ .role = NODE_SINK,
                                     .use = chance(w, 30) ? "maze-sink-async" : "maze-sink",
                                     .spin_us = chance(w, 20) ? roll(w, 100) : 0 };
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

/* What ends early ends the same each time if there is one source and nothing is tried again. */
static void choose_ending(world *w) {
  w->ends = chance(w, 60) ? END_OF_INPUT : (ending)(1 + roll(w, END_FATAL));
  w->ends_at = w->ends == END_LIMIT ? 1 + roll(w, 40) : roll(w, 4000);
  bool once = w->ends == END_STOP && chance(w, 70);
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    node *n = &w->nodes[i];
    n->fatal = w->ends == END_FATAL && chance(w, 40) ? roll(w, 20) : 0;
    n->attempts = once ? 1 : n->attempts;
    n->count = n->role == NODE_SOURCE && w->ends == END_STOP ? n->count * 10 : n->count;
  }
}

void graph_world_make(world *w, uint64_t seed, const char *folder) {
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
  w->budget_kib = chance(w, 20) ? 64 + roll(w, 64) : 0;
  w->n_workers = 1 + roll(w, 4);
  choose_ending(w);
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
    fprintf(to, "'path': '%s/%u', 'spin_us': %u, 'unprepared': %s}", w->folder, index, n->spin_us,
            (w->seed + index) % 2 == 1 ? "true" : "false");
    break;
  default:
    fprintf(to, "'salt': %u, 'trouble': %u, 'fatal': %u, 'spin_us': %u", index, n->trouble, n->fatal, n->spin_us);
    if (n->has_timeout) {
      fprintf(to, ", 'forget': %u", n->forget);
    }
    fprintf(to, n->splits ? ", 'per_call': %u}" : "}", n->per_call);
    fprintf(to, "%s%s", n->has_timeout ? ", 'timeout_ms': 500" : "", n->isolated ? ", 'isolate': true" : "");
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

char *graph_world_pipeline(const world *w, size_t *ret_len) {
  char *text = NULL;
  FILE *to = open_memstream(&text, ret_len);
  assert_non_null(to);
  fprintf(to, "{'name': 'maze',\n");
  write_role(w, "sources", NODE_SOURCE, to);
  write_role(w, "stages", NODE_TRANSFORM, to);
  write_role(w, "sinks", NODE_SINK, to);
  fprintf(to, "'limits': {'documents': %u", w->credits);
  if (w->budget_kib > 0) {
    fprintf(to, ", 'bytes': %u, 'document_bytes': 4096, 'document_memory': 65536", w->budget_kib * 1024);
  }
  fprintf(to, "},\n'order': '%s'}\n", w->any_order ? "any" : "source");
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
  if (maze_forgets(hash, n->forget)) {
    fate = MAZE_REJECT; /* its time runs out */
  }
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

void graph_world_foretell(const world *w, uint64_t n_max, foretold *out) {
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    for (uint32_t k = 0; w->nodes[i].role == NODE_SOURCE && k < w->nodes[i].count && k < n_max; k++) {
      char name[16];
      int len = snprintf(name, sizeof name, "%c%u", (char)('a' + i), k);
      out->n_by_outcome[follow(w, out, name, (size_t)len, i)]++;
      out->n_admitted++;
    }
  }
}
