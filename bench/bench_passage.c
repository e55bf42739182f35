/* SPDX-License-Identifier: Apache-2.0 */

/* What does the passage of a bare document cost, by the shape of its pipeline: admitted by a source, run by workers, handed
 * over, forked, joined, taken by sinks, settled?
 *
 * Runs the whole runtime with stages that do nothing. For each shape: wall-clock time a document, processor time of all
 * threads, and what the shape adds to the line's processor time; with 4 KB of payload, which the source writes. The best
 * of several rounds, the shapes in turn, so that a noisy moment hits all of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "runtime/runtime.h"

enum { ROUNDS = 5, DOCUMENTS = 150000, WORKERS = 1 };

#define NOOP(id, from) "{'id':'" id "','use':'noop','from':" from "}"
#define SINK "{'id':'out','use':'noop-sink','from':"

typedef struct shape {
  const char *name, *what;
  const char *stages, *sinks;
  double least_ns, least_cpu_ns;
  plan *plan;
} shape;

static shape shapes[] = {
  { "line", "one segment, one sink", NOOP("a", "'in'"), SINK "'a'}", 1e9, 1e9, NULL },
  { "serial", "a hand-over to a serial stage and back", NOOP("a", "'in'") ",{'id':'b','use':'noop-serial','from':'a'}",
    SINK "'b'}", 1e9, 1e9, NULL },
  { "ordered", "a hand-over to an ordered stage and back",
    NOOP("a", "'in'") ",{'id':'b','use':'noop-ordered','from':'a'}", SINK "'b'}", 1e9, 1e9, NULL },
  { "batch", "a hand-over to a stage that takes 32 at once",
    NOOP("a", "'in'") ",{'id':'b','use':'noop-batch','from':'a'}", SINK "'b'}", 1e9, 1e9, NULL },
  { "route", "one of two ways by a condition, merged",
    NOOP("a", "'in'") ",{'id':'b','use':'noop','from':'a','when':{'field':'source','is':'x'}},"
                      "{'id':'c','use':'noop','from':'a','when':'otherwise'}",
    SINK "['b','c']}", 1e9, 1e9, NULL },
  { "diamond", "forked in two, joined", NOOP("a", "'in'") "," NOOP("b", "'a'") "," NOOP("c", "'a'"), SINK "['b','c']}",
    1e9, 1e9, NULL },
  { "fan-out-2", "forked to two sinks", NOOP("a", "'in'"), SINK "'a'},{'id':'p','use':'noop-sink','from':'a'}", 1e9,
    1e9, NULL },
  { "fan-out-4", "forked to four sinks", NOOP("a", "'in'"),
    SINK "'a'},{'id':'p','use':'noop-sink','from':'a'},{'id':'q','use':'noop-sink','from':'a'},"
         "{'id':'r','use':'noop-sink','from':'a'}",
    1e9, 1e9, NULL },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void die(const char *what) {
  fprintf(stderr, "bench_passage: %s\n", what);
  exit(1);
}

static plan *make_plan(const shape *of, const registry *installed) {
  char text[2048];
  int len = snprintf(text, sizeof text,
                     "{'name':'passage','source':{'id':'in','use':'noop-source','with':{'count':%d,'bytes':4096}},"
                     "'stages':[%s],'sinks':[%s]}",
                     DOCUMENTS, of->stages, of->sinks);
  for (int i = 0; i < len; i++) {
    text[i] = text[i] == '\'' ? '"' : text[i];
  }
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

static void run_once(shape *of, registry *installed) {
  const runtime_options options = { .n_workers = WORKERS };
  runtime *running = NULL;
  qn_error error = { 0 };
  if (runtime_load(of->plan, installed, &options, &running, &error) != 0) {
    die(error.message);
  }
  double cpu = cpu_ns();
  uint64_t begin_ns = metrics_now_ns();
  if (runtime_run(running, &error) != 0) {
    die(error.message);
  }
  double ns = (double)(metrics_now_ns() - begin_ns) / DOCUMENTS;
  cpu = (cpu_ns() - cpu) / DOCUMENTS;
  of->least_ns = ns < of->least_ns ? ns : of->least_ns;
  of->least_cpu_ns = cpu < of->least_cpu_ns ? cpu : of->least_cpu_ns;
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
  for (uint32_t i = 0; i < SHAPES; i++) {
    shapes[i].plan = make_plan(&shapes[i], installed);
  }
  for (int round = 0; round < ROUNDS; round++) {
    for (uint32_t i = 0; i < SHAPES; i++) {
      run_once(&shapes[i], installed);
    }
  }
  printf("%-10s %8s %8s %8s  (ns a document; %d worker)\n", "shape", "wall", "cpu", "adds", WORKERS);
  for (uint32_t i = 0; i < SHAPES; i++) {
    const shape *of = &shapes[i];
    printf("%-10s %8.0f %8.0f %8.0f  %s\n", of->name, of->least_ns, of->least_cpu_ns,
           of->least_cpu_ns - shapes[0].least_cpu_ns, of->what);
    plan_free(of->plan);
  }
  registry_free(installed);
  return 0;
}
