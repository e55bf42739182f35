/* SPDX-License-Identifier: Apache-2.0 */

/* What does isolation cost: a document of 4 KB handed to a stage in a child process and back, in batches of 32?
 *
 * The stage does nothing, so what is measured is the way there and back. The program is its own stage host. Prints the least of
 * several rounds, as others on the machine can only add to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "isolation/child.h"
#include "isolation/stage_host.h"
#include "plugin/registry.h"

enum { ROUNDS = 20, BATCHES = 200, BATCH = 32, DOCUMENT_BYTES = 4096 };

static void die(const char *what) {
  fprintf(stderr, "bench_isolation: %s\n", what);
  exit(1);
}

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static document *make_document(document_pool *pool) {
  document *doc = NULL;
  uint8_t *room;
  if (document_new(pool, &doc) != 0 || document_payload_reserve(doc, DOCUMENT_BYTES, &room) != 0) {
    die("no memory");
  }
  memset(room, 'a', DOCUMENT_BYTES);
  document_payload_commit(doc, DOCUMENT_BYTES);
  return doc;
}

/* Microseconds a document, of the best round. New documents each time, so that their memory does not grow. */
static double measure(child *stage, document_pool *pool, uint32_t n_batch, uint32_t n_batches) {
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double spent_us = 0;
    for (uint32_t i = 0; i < n_batches; i++) {
      child_item items[BATCH] = { 0 };
      qn_error error = { 0 };
      for (uint32_t k = 0; k < n_batch; k++) {
        items[k] = (child_item){ .document = make_document(pool), .attempt = 1 };
      }
      double begin_us = now_us();
      if (child_run_batch(stage, items, n_batch, &error) != 0) {
        die(error.message);
      }
      spent_us += now_us() - begin_us;
      for (uint32_t k = 0; k < n_batch; k++) {
        if (items[k].status != QN_STATUS_OK) {
          die(items[k].error.message);
        }
        document_unref(items[k].document);
      }
    }
    double each_us = spent_us / ((double)n_batch * n_batches);
    best = each_us < best ? each_us : best;
  }
  return best;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], STAGE_HOST_ARGUMENT) == 0) {
    return stage_host_main();
  }
  const char *folders[] = { argc > 1 ? argv[1] : "." };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  const document_limits limits = { .document_bytes = 1 << 20 };
  const stage_layout layout = { .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_NONE };
  registry *installed = NULL;
  schema_set *set = NULL;
  document_pool *pool = NULL;
  child *stage = NULL;
  qn_error error = { 0 };
  cJSON *config = cJSON_CreateObject();
  if (registry_new(&options, &installed, &error) != 0 || schema_set_new(&set) != 0 ||
      document_pool_new(set, &limits, &pool) != 0 || registry_find(installed, "noop") == NULL) {
    die("usage: bench_isolation FOLDER_OF_NOOP");
  }
  const child_options child_of = { .stage = { .info = registry_find(installed, "noop"),
                                              .id = "noop",
                                              .config = config,
                                              .base_folder = "",
                                              .layout = &layout,
                                              .schemas = set,
                                              .limits = limits } };
  double begin_us = now_us();
  if (child_new(&child_of, &stage, &error) != 0) {
    die(error.message);
  }
  printf("start of a child:          %8.0f us\n", now_us() - begin_us);
  printf("4 KB, batches of 32:       %8.2f us a document\n", measure(stage, pool, BATCH, BATCHES));
  printf("4 KB, one at a time:       %8.2f us a document\n", measure(stage, pool, 1, 10 * BATCHES));
  child_free(stage);
  cJSON_Delete(config);
  document_pool_free(pool);
  schema_set_free(set);
  registry_free(installed);
  return 0;
}
