/* SPDX-License-Identifier: Apache-2.0 */

/* Random graphs of stages of every kind, with random outcomes, delays and few credits: every document must settle, and what
 * each sink gets, in which order, must be what a model of the graph foretells.
 *
 * QANAT_GRAPHS=FIRST:COUNT chooses the seeds; a failure names the seed and its pipeline, and QANAT_GRAPHS_SHOW=1 shows all. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "graph_world.h"
#include "isolation/stage_host.h"
#include "runtime/runtime.h"

enum { DEFAULT_COUNT = 200, HANG_SECONDS = 60 };
#define GROWN_SECONDS 0.4

/* The thread sanitizer follows descriptors by their numbers, and libuv closes some behind its back: whoever opens one in another
 * thread then races with a ghost. */
#if defined(__SANITIZE_THREAD__)
#define SEES_GHOSTS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEES_GHOSTS 1
#endif
#endif
#ifndef SEES_GHOSTS
#define SEES_GHOSTS 0
#endif

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

/* Every line of a stands in b, in the same order. */
static bool is_some_of(const char *a, const char *b) {
  while (*a != '\0' && *b != '\0') {
    size_t len = strcspn(b, "\n");
    bool is_same = strcspn(a, "\n") == len && strncmp(a, b, len) == 0;
    a += is_same ? len + 1 : 0;
    b += len + 1;
  }
  return *a == '\0';
}

static bool same_lines(const world *w, const char *found, const char *wanted, char letter, bool is_whole) {
  char *a = lines_of(found, letter, w->any_order);
  char *b = lines_of(wanted, letter, w->any_order);
  bool same = is_whole ? strcmp(a, b) == 0 : is_some_of(a, b);
  if (!same) {
    fprintf(stderr, "--- wanted\n%s--- found\n%s", b, a);
  }
  free(a);
  free(b);
  return same;
}

static bool check_sink(const world *w, uint32_t index, const char *wanted, bool is_whole) {
  char path[128];
  snprintf(path, sizeof path, "%s/%u", w->folder, index);
  char *found = read_file(path);
  bool same = true;
  for (uint32_t i = 0; i < w->n_nodes; i++) { /* sources are in order each by itself */
    same = same && (w->nodes[i].role != NODE_SOURCE || same_lines(w, found, wanted, (char)('a' + i), is_whole));
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

typedef struct stopper {
  runtime *running;
  uint32_t after_us;
} stopper;

static void *stop_later(void *arg) {
  const stopper *self = arg;
  usleep(self->after_us);
  runtime_stop(self->running);
  return NULL;
}

/* What runtime_run returned. */
static int run_to_end(const world *w, runtime *running, qn_error *error) {
  if (w->ends != END_STOP) {
    return runtime_run(running, error);
  }
  stopper after = { running, w->ends_at };
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, stop_later, &after), 0);
  int rc = runtime_run(running, error);
  pthread_join(thread, NULL);
  return rc;
}

/* True if the run came to its end by itself, or by the limit. */
static bool run_world(const world *w, const plan *made, registry *installed, runtime_counts *ret_counts,
                      letter_store *letters) {
  const runtime_options options = { .n_workers = w->n_workers,
                                    .letters = letters,
                                    .stage_host = "/proc/self/exe",
                                    .limit_documents = w->ends == END_LIMIT ? w->ends_at : 0 };
  runtime *running = NULL;
  qn_error error = { 0 };
  assert_int_equal(runtime_load(made, installed, &options, &running, &error), 0);
  int rc = run_to_end(w, running, &error);
  if (rc != 0 && !(rc == -EINTR && w->ends == END_STOP) &&
      !(w->ends == END_FATAL && strstr(error.message, "a bottomless pit") != NULL)) {
    fail_msg("seed %" PRIu64 ": %s", w->seed, error.message);
  }
  runtime_counts_get(running, ret_counts);
  runtime_free(running);
  return rc == 0;
}

static void foretell(const world *w, uint64_t n_max, foretold *out, char **ret_lines) {
  size_t lens[NODES_MAX];
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    out->lines[i] = open_memstream(&ret_lines[i], &lens[i]);
  }
  graph_world_foretell(w, n_max, out);
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    fclose(out->lines[i]);
  }
}

static bool is_as_foretold(const foretold *expected, const runtime_counts *counts, const letter_store *letters) {
  return counts->admitted == expected->n_admitted && counts->parts == expected->n_parts &&
         counts->delivered == expected->n_by_outcome[DELIVERED] &&
         counts->dropped == expected->n_by_outcome[DROPPED] + expected->n_by_outcome[NOTHING] &&
         counts->dead_lettered == expected->n_by_outcome[FAILED] && letter_memory_count(letters) == expected->n_letters;
}

/* Of a run that ended early: nothing is lost from the account. */
static bool is_conserved(const world *w, const foretold *expected, const runtime_counts *counts,
                         const letter_store *letters) {
  uint64_t n_settled = counts->delivered + counts->dropped + counts->dead_lettered + counts->unfinished;
  return counts->admitted == n_settled && counts->in_flight == 0 && counts->admitted <= expected->n_admitted &&
         counts->parts <= expected->n_parts && letter_memory_count(letters) >= counts->dead_lettered &&
         (w->ends == END_FATAL || counts->unfinished == 0);
}

static void compare(const world *w, bool is_whole, const foretold *expected, char *const *lines,
                    const runtime_counts *counts, const letter_store *letters, const char *text) {
  bool good = is_whole ? is_as_foretold(expected, counts, letters) : is_conserved(w, expected, counts, letters);
  for (uint32_t i = 0; good && i < w->n_nodes; i++) {
    good = w->nodes[i].role != NODE_SINK || check_sink(w, i, lines[i], is_whole);
  }
  if (!good) {
    fail_msg("seed %" PRIu64 ": admitted %" PRIu64 "/%" PRIu64 " delivered %" PRIu64 "/%" PRIu64 " dropped %" PRIu64
             "/%" PRIu64 " failed %" PRIu64 "/%" PRIu64 " parts %" PRIu64 "/%" PRIu64 " letters %" PRIu64 "/%" PRIu64
             " unfinished %" PRIu64 " (found/wanted%s)\n%s",
             w->seed, counts->admitted, expected->n_admitted, counts->delivered, expected->n_by_outcome[DELIVERED],
             counts->dropped, expected->n_by_outcome[DROPPED] + expected->n_by_outcome[NOTHING], counts->dead_lettered,
             expected->n_by_outcome[FAILED], counts->parts, expected->n_parts, letter_memory_count(letters),
             expected->n_letters, counts->unfinished, is_whole ? "" : " at most", text);
  }
}

/* Whether the model can tell what becomes of all that was admitted; with how many documents of each source. */
static bool is_certain(const world *w, bool ended_well, const runtime_counts *counts, uint64_t *ret_n_max) {
  bool one_source = w->nodes[1].role != NODE_SOURCE;
  bool tries_once = true;
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    tries_once = tries_once && w->nodes[i].attempts <= 1;
  }
  *ret_n_max = UINT64_MAX;
  if ((w->ends == END_LIMIT && one_source) || (w->ends == END_STOP && one_source && tries_once)) {
    *ret_n_max = counts->admitted;
    return true;
  }
  return ended_well && w->ends != END_LIMIT;
}

/* --- kills from outside --- */

typedef struct killer {
  uint32_t n_kills;
  _Atomic bool over;
} killer;

/* One of the processes that this one has started, whichever thread it was; 0: there is none. */
static pid_t some_child(uint32_t random) {
  pid_t found[64];
  uint32_t n = 0;
  DIR *tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  for (const struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/children", task->d_name);
    FILE *list = task->d_name[0] != '.' ? fopen(path, "re") : NULL;
    while (list != NULL && n < 64 && fscanf(list, "%d", &found[n]) == 1) {
      n++;
    }
    if (list != NULL) {
      fclose(list);
    }
  }
  closedir(tasks);
  return n > 0 ? found[random % n] : 0;
}

/* One that is hardly there yet is left alone: a stage that cannot be started a few times in a row rightly ends the run. */
static bool is_grown(pid_t pid) {
  char path[64], text[1024] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return false;
  }
  size_t len = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[len] = '\0';
  const char *rest = strrchr(text, ')');
  unsigned long long began = 0;
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  bool known = rest != NULL &&
               sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                      &began) == 1;
  double age = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)began / (double)sysconf(_SC_CLK_TCK);
  return known && age > GROWN_SECONDS;
}

static void *kill_now_and_then(void *arg) {
  killer *self = arg;
  uint32_t random = 4711;
  while (!atomic_load(&self->over)) {
    random = random * 1664525 + 1013904223;
    usleep(5000 + (random >> 8) % 20000);
    pid_t pid = some_child(random >> 4);
    self->n_kills += pid > 0 && is_grown(pid) && kill(pid, SIGKILL) == 0;
  }
  return NULL;
}

/* kills: its stage hosts die of it now and then, so what the model tells is what may come at most. */
static void check_run(const world *w, const plan *made, registry *installed, const char *text, bool kills) {
  watch dog = { .text = text, .seed = w->seed };
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, bite, &dog), 0);
  letter_store *letters = NULL;
  runtime_counts counts;
  assert_int_equal(letter_memory_new(1, &letters), 0);
  killer ends = { .n_kills = 0 };
  pthread_t killing;
  assert_int_equal(kills ? pthread_create(&killing, NULL, kill_now_and_then, &ends) : 0, 0);
  bool ended_well = run_world(w, made, installed, &counts, letters);
  dog.over = true;
  pthread_join(thread, NULL);
  if (kills) {
    atomic_store(&ends.over, true);
    pthread_join(killing, NULL);
    assert_true(ended_well && ends.n_kills > 0);
    assert_true(counts.delivered > counts.dead_lettered);
    ended_well = false;
  }
  uint64_t n_max;
  bool is_whole = is_certain(w, ended_well, &counts, &n_max);
  foretold expected = { 0 };
  char *lines[NODES_MAX] = { NULL };
  foretell(w, n_max, &expected, lines);
  compare(w, is_whole, &expected, lines, &counts, letters, text);
  letters->close(letters);
  for (uint32_t i = 0; i < w->n_nodes; i++) {
    free(lines[i]);
  }
}

/* False: the planner refused the graph, as it must some (a split on one of two branches that meet). */
static bool try_world(const world *w, registry *installed, bool kills) {
  size_t len = 0;
  char *text = graph_world_pipeline(w, &len);
  if (getenv("QANAT_GRAPHS_SHOW") != NULL) {
    fprintf(stderr, "seed %" PRIu64 ": %s", w->seed, text);
  }
  faults *found = NULL;
  plan *made = NULL;
  assert_int_equal(faults_new(&found), 0);
  bool planned = plan_parse("maze.json", text, len, installed, NULL, &made, found) == 0;
  faults_free(found);
  if (planned) {
    check_run(w, made, installed, text, kills);
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
    world w;
    graph_world_make(&w, seed, folder);
    n_planned += try_world(&w, installed, false);
  }
  registry_free(installed);
  rmdir(folder);
  print_message("# %" PRIu64 " of %" PRIu64 " graphs ran\n", n_planned, count);
  assert_true(count < 20 || n_planned * 2 > count);
}

/* --- isolated stages, on purpose --- */

/* One source, these transforms in a line, one sink. */
static world line_of(const char *const *uses, uint32_t n_uses, uint32_t count, const char *folder) {
  world w = { .n_nodes = n_uses + 2, .credits = 40, .n_workers = 3 };
  snprintf(w.folder, sizeof w.folder, "%s", folder);
  w.nodes[0] = (node){ .role = NODE_SOURCE, .use = "maze-source", .count = count };
  for (uint32_t i = 1; i <= n_uses; i++) {
    w.nodes[i] = (node){
      .role = NODE_TRANSFORM, .use = uses[i - 1], .isolated = true, .attempts = 1, .n_from = 1, .from = { i - 1 }
    };
  }
  w.nodes[n_uses + 1] = (node){ .role = NODE_SINK, .use = "maze-sink", .n_from = 1, .from = { n_uses } };
  return w;
}

static void run_isolated(const char *const *uses, uint32_t n_uses, uint32_t count, uint32_t trouble, bool kills) {
  char folder[] = "/tmp/qanat-graphs-XXXXXX";
  assert_non_null(mkdtemp(folder));
  registry *installed = open_maze();
  world w = line_of(uses, n_uses, count, folder);
  for (uint32_t i = 1; i <= n_uses; i++) {
    w.nodes[i].trouble = trouble;
    w.nodes[i].attempts = trouble > 0 ? 4 : 1;
    w.nodes[i].spin_us = kills ? 500 : 0;
  }
  assert_true(try_world(&w, installed, kills));
  registry_free(installed);
  rmdir(folder);
}

static void isolated_ordered_stages_keep_order_over_retries(void **state) {
  (void)state;
  static const char *const uses[] = { "maze-ordered", "maze-batch-ordered", "maze-one", "maze-serial" };
  run_isolated(uses, 4, 400, 40, false);
}

static void runs_whose_stage_hosts_are_killed_lose_no_document(void **state) {
  (void)state;
  static const char *const uses[] = { "maze-one", "maze-ordered", "maze-batch" };
  run_isolated(uses, 3, 4000, 0, true);
}

/* A run of its own, which counts as skipped where children cannot be found or are watched over by a sanitizer. */
static int kill_stage_hosts(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(runs_whose_stage_hosts_are_killed_lose_no_document) };
  if (SEES_GHOSTS || access("/proc/thread-self/children", R_OK) != 0) {
    printf("1..0 # SKIP %s\n",
           SEES_GHOSTS ? "the thread sanitizer sees ghosts in what was killed" : "the kernel tells of no children");
    return 0;
  }
  return cmocka_run_group_tests_name("graphs_killed", tests, NULL, NULL);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], STAGE_HOST_ARGUMENT) == 0) {
    return stage_host_main(); /* started by a run, for an isolated stage of a graph */
  }
  if (argc > 1 && strcmp(argv[1], "killed") == 0) {
    return kill_stage_hosts();
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(graphs_of_any_shape_settle_as_foretold),
    cmocka_unit_test(isolated_ordered_stages_keep_order_over_retries),
  };
  return cmocka_run_group_tests_name("graphs", tests, NULL, NULL);
}
