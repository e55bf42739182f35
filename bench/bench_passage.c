/* SPDX-License-Identifier: Apache-2.0 */

/* What does the passage of a bare document cost: admitted by a source, run by a worker, taken by a sink, settled?
 *
 * Runs the whole runtime with stages that do nothing. passage_ns is the wall-clock time a document, passage_cpu_ns the
 * processor time of all threads; both with 4 KB of payload, which the source writes. The best of several rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/runtime.h"

enum { ROUNDS = 7, DOCUMENTS = 300000 };

static void die(const char *what) {
  fprintf(stderr, "bench_passage: %s\n", what);
  exit(1);
}

static plan *make_plan(const registry *installed) {
  char text[512];
  int len =
      snprintf(text, sizeof text,
               "{\"name\":\"passage\",\"source\":{\"use\":\"noop-source\",\"with\":{\"count\":%d,\"bytes\":4096}},"
               "\"stages\":[{\"use\":\"noop\"}],\"sink\":{\"use\":\"noop-sink\"}}",
               DOCUMENTS);
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0 || plan_parse("passage.json", text, (size_t)len, installed, NULL, &made, found) != 0) {
    faults_print(found, stderr, false);
    die("no plan");
  }
  faults_free(found);
  return made;
}

static double cpu_ns(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static void run_once(const plan *made, registry *installed, double *least_ns, double *least_cpu_ns) {
  const runtime_options options = { .n_workers = 1 };
  runtime *running = NULL;
  qn_error error = { 0 };
  if (runtime_load(made, installed, &options, &running, &error) != 0) {
    die(error.message);
  }
  double cpu = cpu_ns();
  uint64_t begin_ns = metrics_now_ns();
  if (runtime_run(running, &error) != 0) {
    die(error.message);
  }
  double ns = (double)(metrics_now_ns() - begin_ns) / DOCUMENTS;
  cpu = (cpu_ns() - cpu) / DOCUMENTS;
  *least_ns = ns < *least_ns ? ns : *least_ns;
  *least_cpu_ns = cpu < *least_cpu_ns ? cpu : *least_cpu_ns;
  runtime_free(running);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    die("usage: bench_passage FOLDER-OF-NOOP");
  }
  const char *folders[] = { argv[1] };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&options, &installed, &error) != 0) {
    die(error.message);
  }
  plan *made = make_plan(installed);
  double least_ns = 1e9, least_cpu_ns = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    run_once(made, installed, &least_ns, &least_cpu_ns);
  }
  printf("passage_ns %.0f\npassage_cpu_ns %.0f\n", least_ns, least_cpu_ns);
  plan_free(made);
  registry_free(installed);
  return 0;
}
