/* SPDX-License-Identifier: Apache-2.0 */

/* What does the lexicon cost: opening it, and asking it for a word it has, and for one it has not?
 *
 * bench_lexicon FILE.qlex  prints open_us, hit_ns, miss_ns and first_ns (the bit that settles most words). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "entities/lexicon.h"

enum { PRINTS = 1 << 16, ROUNDS = 32 };

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* A fixed sequence, the same on every run. */
static uint64_t next(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t x = (*state ^ *state >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

static void measure(const char *name, const lexicon *lex, const uint64_t *prints, int only_first) {
  uint64_t found = 0;
  double begin = now_ns();
  for (int round = 0; round < ROUNDS; round++) {
    for (uint32_t i = 0; i < PRINTS; i++) {
      found += only_first ? (uint64_t)lexicon_begins(lex, prints[i]) : (uint64_t)(lexicon_find(lex, prints[i]) != NULL);
    }
  }
  double ns = (now_ns() - begin) / ((double)PRINTS * ROUNDS);
  printf("%s %.1f (found %.3f)\n", name, ns, (double)found / ((double)PRINTS * ROUNDS));
}

static int run(const char *bytes, size_t len) {
  lexicon lex;
  lexicon_fault fault = { "" };
  double begin = now_ns();
  if (lexicon_open((qn_str){ bytes, len }, &lex, &fault) != 0) {
    fprintf(stderr, "bench_lexicon: %s\n", fault.what);
    return 1;
  }
  printf("open_us %.0f (%zu bytes)\n", (now_ns() - begin) / 1e3, len);
  uint64_t *prints = calloc(PRINTS, sizeof *prints);
  if (prints == NULL) {
    return 1;
  }
  uint64_t state = 1;
  for (uint32_t i = 0; i < PRINTS;) {
    uint64_t print = lex.slots[next(&state) & lex.slot_mask].print;
    if (print != 0) {
      prints[i++] = print;
    }
  }
  measure("hit_ns", &lex, prints, 0);
  for (uint32_t i = 0; i < PRINTS; i++) {
    prints[i] = next(&state) | 1;
  }
  measure("miss_ns", &lex, prints, 0);
  measure("first_ns", &lex, prints, 1);
  free(prints);
  return 0;
}

int main(int argc, char **argv) {
  struct stat facts;
  int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0 || fstat(fd, &facts) != 0) {
    fprintf(stderr, "usage: bench_lexicon FILE.qlex\n");
    return 2;
  }
  void *bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (bytes == MAP_FAILED) {
    perror("bench_lexicon");
    return 1;
  }
  return run(bytes, (size_t)facts.st_size);
}
