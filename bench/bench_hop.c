/* SPDX-License-Identifier: Apache-2.0 */

/* What does one hop cost: a document handed from one stage to the next within a segment?
 *
 * A lane of many no-op stages from a real plugin, opened by the code that workers use, is run over one document again
 * and again; an empty lane measures what is not the hops. Prints the least of several rounds, as others on the machine can
 * only add to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/lane.h"
#include "runtime/runtime.h"

enum { STAGES = 48, ROUNDS = 15, RUNS = 20000 };

/* What a lane needs around it, opened once. */
typedef struct bench {
  registry *registry;
  plan *plan;
  document_pool *pool;
  metrics *metrics;
  builder *builder;
  record_encoder *encoder;
  qn_env envs[STAGES];
  lane_stage stages[STAGES];
  host_hooks hooks;
} bench;

static void die(const char *what) {
  fprintf(stderr, "bench_hop: %s\n", what);
  exit(1);
}

static plan *make_plan(const registry *installed) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  fputs("{\"name\":\"hop\",\"source\":{\"use\":\"noop-source\"},\"sink\":{\"use\":\"noop-sink\"},\"stages\":[", stream);
  for (int i = 0; i < STAGES; i++) {
    fprintf(stream, "%s{\"use\":\"noop\"}", i > 0 ? "," : "");
  }
  fputs("]}", stream);
  fclose(stream);
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0 || plan_parse("hop.json", text, len, installed, NULL, &made, found) != 0) {
    faults_print(found, stderr, false);
    die("no plan");
  }
  faults_free(found);
  free(text);
  return made;
}

static void open_stages(bench *self) {
  qn_error error = { 0 };
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    const plan_stage *planned = &self->plan->stages[i];
    const qn_stage *table = NULL;
    if (planned->info->role != ROLE_TRANSFORM) {
      continue;
    }
    if (registry_load(self->registry, planned->info, &table, &error) != 0) {
      die(error.message);
    }
    host_env_init(&self->envs[n], planned->info, planned->id, planned->config, "", &self->hooks);
    self->stages[n] = (lane_stage){ .env = &self->envs[n],
                                    .table = table,
                                    .layout = &planned->layout,
                                    .cell = metrics_cell_of(self->metrics, 0, i),
                                    .stage = i };
    n++;
  }
}

static void open_bench(bench *self, const char *folder) {
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  qn_error error = { 0 };
  if (registry_new(&options, &self->registry, &error) != 0) {
    die(error.message);
  }
  self->plan = make_plan(self->registry);
  const document_limits limits = { self->plan->limits.document_bytes, self->plan->limits.document_memory };
  if (document_pool_new(self->plan->schemas, &limits, &self->pool) != 0 || builder_new(&self->builder) != 0 ||
      record_encoder_new(&self->encoder) != 0 || metrics_new(1, self->plan->n_stages, &self->metrics) != 0) {
    die("no memory");
  }
  open_stages(self);
}

/* The least time that one run of a lane with so many stages took, in nanoseconds. */
static double time_lane(bench *self, uint32_t n_stages) {
  qn_error error = { 0 };
  lane l;
  receipt r = { .first = { .receipt = &r } };
  uint8_t *payload = NULL;
  if (lane_open(&l, self->stages, n_stages, self->builder, self->encoder, NULL, &error) != 0 ||
      document_new(self->pool, &r.first.document) != 0 ||
      document_payload_reserve(r.first.document, 4096, &payload) != 0) {
    die("no memory");
  }
  memset(payload, 'a', 4096);
  document_payload_commit(r.first.document, 4096);
  double least_ns = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t begin_ns = metrics_now_ns();
    for (int i = 0; i < RUNS; i++) {
      r.first.step = 0;
      r.first.attempt = 1;
      if (lane_run(&l, &r.first) != QN_STATUS_OK) {
        die("a no-op failed");
      }
    }
    double ns = (double)(metrics_now_ns() - begin_ns) / RUNS;
    least_ns = ns < least_ns ? ns : least_ns;
  }
  document_unref(r.first.document);
  lane_close(&l);
  return least_ns;
}

int main(int argc, char **argv) {
  static bench b;
  if (argc != 2) {
    die("usage: bench_hop FOLDER-OF-NOOP");
  }
  open_bench(&b, argv[1]);
  double empty_ns = time_lane(&b, 0);
  double full_ns = time_lane(&b, STAGES);
  printf("hop_ns %.1f\n", (full_ns - empty_ns) / STAGES);
  record_encoder_free(b.encoder);
  builder_free(b.builder);
  metrics_free(b.metrics);
  document_pool_free(b.pool);
  plan_free(b.plan);
  registry_free(b.registry);
  return 0;
}
