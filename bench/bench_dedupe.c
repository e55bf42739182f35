/* SPDX-License-Identifier: Apache-2.0 */

/* What does it cost to look for near copies, and does that grow with the documents in memory?
 *
 * bench_dedupe [DOCUMENTS]  prints cut_ns_per_byte (text to shingles), and then for 1,000, 10,000, ... documents of 300
 * shingles: ns to look for one that is new (miss), for a copy with 0.76 in common (hit, and the share of those found) and to
 * remember one (add), and the bytes a document takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dedupe/shingles.h"
#include "dedupe/window.h"
#include "plugin/host.h"

enum { SHINGLES = 300, CHANGED = 40, PROBES = 2000, TEXT_BYTES = 1 << 20, ROUNDS = 20 };

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t x = (*state ^ *state >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

static void make_document(print *to, uint64_t number, uint32_t n_changed) {
  uint64_t state = number, other = ~number;
  print_begin(to);
  for (uint32_t i = 0; i < SHINGLES; i++) {
    print_add(to, (uint32_t)(next(i < n_changed ? &other : &state) >> 40));
  }
  print_end(to);
}

static void measure_cutting(print *to) {
  static const char *const words[] = { "وصل ",  "الوفد ",   "إلى ",  "المَدينة، ",
                                       "صباح ", "Reuters ", "2026 ", "مؤتمراتهم\n" };
  const shingle_form form = { .letters = false, .size = 3 };
  uint8_t *text = malloc(TEXT_BYTES);
  uint64_t state = 1;
  size_t len = 0;
  if (text == NULL) {
    exit(1);
  }
  while (len + 32 < TEXT_BYTES) {
    const char *word = words[next(&state) & 7];
    memcpy(text + len, word, strlen(word));
    len += strlen(word);
  }
  double begin = now_ns();
  for (int i = 0; i < ROUNDS; i++) {
    shingles_make(&form, text, len / 256 * 256 - 3, to);
  }
  printf("cut_ns_per_byte %.2f\n", (now_ns() - begin) / ROUNDS / (double)len);
  free(text);
}

/* Time of PROBES calls, without that of making their documents. */
static double measure_finding(window *in, print *wanted, print *other, uint64_t first, uint64_t step,
                              uint32_t n_changed, uint32_t *ret_found) {
  double ns = 0;
  window_match match;
  *ret_found = 0;
  for (uint64_t i = 0; i < PROBES; i++) {
    make_document(wanted, first + i * step, n_changed);
    double begin = now_ns();
    *ret_found += window_find(in, wanted, QN_LIT("probe"), print_distance_of(0.7), 0.7, other, &match);
    ns += now_ns() - begin;
  }
  return ns / PROBES;
}

static int measure_window(uint64_t n_documents, print *wanted, print *other) {
  qn_env env = { 0 };
  window *in = NULL;
  const window_bounds bounds = { n_documents, (uint64_t)64 << 30 };
  if (window_new(host_table(), &env, &bounds, &in) != 0) {
    return 1;
  }
  double add_ns = 0;
  char id[32];
  for (uint64_t i = 0; i < n_documents; i++) {
    make_document(wanted, i, 0);
    qn_str name = { id, (size_t)snprintf(id, sizeof id, "news/%llu.txt:0", (unsigned long long)i) };
    double begin = now_ns();
    if (window_add(in, wanted, name) != 0) {
      fprintf(stderr, "bench_dedupe: no memory for %llu documents\n", (unsigned long long)n_documents);
      return 1;
    }
    add_ns += now_ns() - begin;
  }
  uint32_t found = 0, wrong = 0;
  uint64_t step = n_documents > PROBES ? n_documents / PROBES : 1;
  double hit_ns = measure_finding(in, wanted, other, 0, step, CHANGED, &found);
  double miss_ns = measure_finding(in, wanted, other, 1000000000, 1, 0, &wrong);
  printf("documents %llu miss_ns %.0f hit_ns %.0f found %.3f add_ns %.0f bytes_per_document %.0f\n",
         (unsigned long long)n_documents, miss_ns, hit_ns,
         found / (double)(n_documents < PROBES ? n_documents : PROBES), add_ns / (double)n_documents,
         (double)window_count(in).bytes / (double)n_documents);
  window_free(in);
  return wrong != 0;
}

int main(int argc, char **argv) {
  uint64_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
  print *wanted = calloc(1, sizeof *wanted), *other = calloc(1, sizeof *other);
  int failed = wanted == NULL || other == NULL;
  if (!failed) {
    measure_cutting(wanted);
  }
  for (uint64_t n = 1000; !failed && n <= most; n *= 10) {
    failed = measure_window(n, wanted, other);
  }
  free(wanted);
  free(other);
  return failed;
}
