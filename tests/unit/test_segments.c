/* SPDX-License-Identifier: Apache-2.0 */

/* Graphs: edges, running order, segments. The checks that hold graphs back are left out here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/draft.h"
#include "pipeline/segments.h"
#include "planner_world.h"

/* cmocka names a macro fail, as the host table does a function: it comes last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static registry *installed;

/* A plan of a graph; everything in it lives in the returned plan's memory and the file's tree. */
typedef struct graph {
  pipeline_file file;
  faults *found;
  plan plan;
} graph;

static void graph_open(graph *g, const char *text) {
  draft drafted = { 0 };
  uint32_t *order = NULL;
  bool ordered = false;
  memset(g, 0, sizeof *g);
  assert_int_equal(faults_new(&g->found), 0);
  assert_int_equal(plan_memory_new(&g->plan.memory), 0);
  assert_int_equal(schema_set_new(&g->plan.schemas), 0);
  assert_int_equal(pipeline_file_parse(&g->file, "graph.json", text, strlen(text), g->plan.memory, g->found), 0);
  assert_int_equal(draft_read(&g->file, installed, &drafted), 0);
  assert_int_equal(draft_connect(&drafted, &order, &ordered), 0);
  assert_true(ordered);
  assert_int_equal(draft_wire(&drafted, order, g->plan.schemas), 0);
  if (faults_count(g->found) > 0) {
    faults_print(g->found, stderr, false);
  }
  assert_int_equal(faults_count(g->found), 0);
  assert_int_equal(draft_build(&drafted, order, &g->plan), 0);
}

static void graph_close(graph *g) {
  pipeline_file_done(&g->file);
  schema_set_free(g->plan.schemas);
  plan_memory_free(g->plan.memory);
  faults_free(g->found);
}

/* "source:lines>1 parallel:plain,words>2 ...": a segment's kind, its stages, where it leads. */
static void segments_text(const plan *p, char *ret_text, size_t capacity) {
  static const char *const kinds[] = { "source", "parallel", "ordered", "serial", "batch",
                                       "async",  "isolated", "split",   "sink" };
  size_t len = 0;
  ret_text[0] = '\0';
  for (uint32_t i = 0; i < p->n_segments; i++) {
    const plan_segment *s = &p->segments[i];
    len += (size_t)snprintf(ret_text + len, capacity - len, "%s%s:", i == 0 ? "" : " ", kinds[s->kind]);
    for (uint32_t k = 0; k < s->n_stages; k++) {
      len += (size_t)snprintf(ret_text + len, capacity - len, "%s%s", k == 0 ? "" : ",", p->stages[s->stages[k]].id);
    }
    for (uint32_t k = 0; k < s->n_next; k++) {
      len += (size_t)snprintf(ret_text + len, capacity - len, "%s%u", k == 0 ? ">" : ",", s->next[k]);
    }
  }
}

#define SOURCE "{ \"use\": \"lines\", \"with\": { \"paths\": [\"in\"] } }"

static void graphs_are_cut_at_every_border(void **state) {
  static const struct {
    const char *name, *text, *segments;
  } rows[] = {
    { "a line",
      "{ \"source\": " SOURCE
      ", \"stages\": [ {\"use\": \"plain\"}, {\"use\": \"words\"} ], \"sink\": {\"use\": \"write\"} }",
      "source:lines>1 parallel:plain,words,write>2 sink:write" },
    { "no stages", "{ \"source\": " SOURCE ", \"sink\": {\"use\": \"drain\"} }",
      "source:lines>1 parallel:drain>2 sink:drain" },
    { "every kind of border",
      "{ \"source\": " SOURCE ", \"stages\": [ {\"use\": \"plain\"}, {\"use\": \"tally\"}, {\"use\": \"turns\"},"
      " {\"use\": \"bunch\"}, {\"use\": \"ask\"}, {\"use\": \"words\", \"isolate\": true} ], \"sink\": {\"use\": "
      "\"write\"} }",
      "source:lines>1 parallel:plain>2 ordered:tally>3 serial:turns>4 batch:bunch>5 async:ask>6 isolated:words>7 "
      "parallel:write>8 sink:write" },
    { "a fork to two sinks",
      "{ \"source\": " SOURCE ", \"stages\": [ {\"use\": \"plain\"}, {\"use\": \"words\", \"from\": \"plain\"} ],"
      " \"sinks\": [ {\"use\": \"write\", \"from\": \"words\"}, {\"use\": \"drain\", \"from\": \"plain\"} ] }",
      "source:lines>1 parallel:plain>2,4 parallel:words,write>3 sink:write parallel:drain>5 sink:drain" },
    { "a diamond",
      "{ \"source\": " SOURCE ", \"stages\": [ {\"use\": \"plain\"}, {\"use\": \"words\", \"from\": \"plain\"},"
      " {\"use\": \"stops\", \"from\": \"plain\"}, {\"use\": \"digest\", \"from\": [\"stops\", \"words\"]} ],"
      " \"sink\": {\"use\": \"write\"} }",
      "source:lines>1 parallel:plain>2,3 parallel:words>4 parallel:stops>4 parallel:digest,write>5 sink:write" },
    { "two sources",
      "{ \"sources\": [ " SOURCE
      ", {\"use\": \"clock\"} ], \"stages\": [ {\"use\": \"plain\"} ], \"sink\": {\"use\": \"write\"} }",
      "source:lines>2 source:clock>2 parallel:plain,write>3 sink:write" },
    { "a condition is a border",
      "{ \"source\": " SOURCE
      ", \"stages\": [ {\"use\": \"plain\"}, {\"use\": \"words\", \"when\": {\"field\": \"x\", \"present\": true}} ],"
      " \"sink\": {\"use\": \"write\"} }",
      "source:lines>1 parallel:plain>2 parallel:words,write>3 sink:write" },
    { "written backwards",
      "{ \"sources\": [ " SOURCE " ], \"stages\": [ {\"use\": \"digest\", \"from\": \"stops\"},"
      " {\"use\": \"stops\", \"from\": \"words\"}, {\"use\": \"words\", \"from\": \"plain\"}, {\"use\": \"plain\", "
      "\"from\": \"lines\"} ],"
      " \"sinks\": [ {\"use\": \"write\", \"from\": \"digest\"} ] }",
      "source:lines>1 parallel:plain,words,stops,digest,write>2 sink:write" },
    { "routes that exclude each other may make the same layer",
      "{ \"source\": " SOURCE ", \"stages\": [ {\"use\": \"plain\"},"
      " {\"use\": \"words\", \"from\": \"plain\", \"when\": {\"field\": \"language\", \"is\": \"ar\"}},"
      " {\"use\": \"pieces\", \"from\": \"plain\", \"when\": \"otherwise\"}, {\"use\": \"names\", \"from\": "
      "[\"words\", \"pieces\"]} ],"
      " \"sink\": {\"use\": \"write\"} }",
      "source:lines>1 parallel:plain>2,3 parallel:words>4 parallel:pieces>4 parallel:names,write>5 sink:write" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    graph g;
    char text[1024];
    graph_open(&g, rows[i].text);
    segments_text(&g.plan, text, sizeof text);
    if (strcmp(text, rows[i].segments) != 0) {
      fail_msg("%s:\n  found  %s\n  wanted %s", rows[i].name, text, rows[i].segments);
    }
    graph_close(&g);
  }
}

/* Any acyclic graph, its stages written in any order: each stage comes after all it reads from. */
static void running_order_follows_the_edges(void **state) {
  enum { STAGES = 12, ROUNDS = 300 };
  (void)state;
  uint32_t seed = 11;
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t shuffled[STAGES];
    for (uint32_t i = 0; i < STAGES; i++) {
      seed = seed * 1664525u + 1013904223u;
      uint32_t k = (seed >> 16) % (i + 1);
      shuffled[i] = shuffled[k];
      shuffled[k] = i;
    }
    char text[8192];
    size_t len = (size_t)sprintf(text, "{ \"source\": " SOURCE ", \"stages\": [ {\"use\": \"plain\", \"id\": \"s0\"}");
    for (uint32_t i = 0; i < STAGES; i++) {
      uint32_t self = shuffled[i] + 1;
      seed = seed * 1664525u + 1013904223u;
      len += (size_t)sprintf(text + len, ", {\"use\": \"script\", \"id\": \"s%u\", \"from\": [\"s%u\"", self, self - 1);
      for (uint32_t k = 0; k + 1 < self; k++) {
        if ((seed >> (k + 8)) % 4 == 0) {
          len += (size_t)sprintf(text + len, ", \"s%u\"", k);
        }
      }
      len += (size_t)sprintf(text + len, "]}");
    }
    sprintf(text + len, "], \"sink\": {\"use\": \"write\", \"from\": \"s%d\"} }", STAGES);
    graph g;
    graph_open(&g, text);
    assert_int_equal(g.plan.n_stages, STAGES + 3);
    for (uint32_t i = 0; i < g.plan.n_stages; i++) {
      for (uint32_t k = 0; k < g.plan.stages[i].n_from; k++) {
        assert_true(g.plan.stages[i].from[k] < i);
      }
    }
    assert_int_equal(g.plan.stages[g.plan.n_stages - 1].info->role, ROLE_SINK);
    graph_close(&g);
  }
}

static int world_open(void **state) {
  (void)state;
  installed = planner_world_new();
  return 0;
}

static int world_close(void **state) {
  (void)state;
  registry_free(installed);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(graphs_are_cut_at_every_border),
    cmocka_unit_test(running_order_follows_the_edges),
  };
  return cmocka_run_group_tests_name("segments", tests, world_open, world_close);
}
