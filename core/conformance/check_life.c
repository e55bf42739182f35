/* SPDX-License-Identifier: Apache-2.0 */

/* Birth and death: destroy(NULL), and a thousand lives that leave nothing behind. */
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conformance/check.h"

enum { LIVES = 1000, LIVES_WARM = 20, KEPT_PER_LIFE = 8, THREADS_WAIT_MS = 300 };

/* Sanitizers keep books of their own, which the C library's do not show. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

static size_t memory_now(void) {
  if (__sanitizer_get_current_allocated_bytes != NULL) {
    return __sanitizer_get_current_allocated_bytes();
  }
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/* How many entries a folder of /proc has. */
static uint32_t entries_in(const char *path) {
  DIR *folder = opendir(path);
  uint32_t n = 0;
  while (folder != NULL && readdir(folder) != NULL) {
    n++;
  }
  if (folder != NULL) {
    closedir(folder);
  }
  return n;
}

/* Threads that were joined may still be on their way out. */
static uint32_t threads_after(uint32_t expected) {
  uint64_t until_ms = check_now_ms() + THREADS_WAIT_MS;
  uint32_t n = entries_in("/proc/self/task");
  while (n > expected && check_now_ms() < until_ms) {
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
    n = entries_in("/proc/self/task");
  }
  return n;
}

static void null_check(const subject *what, teller *to) {
  const qn_stage *table = what->table;
  teller_blame(to, RULE_LIFE_NULL, RULE_LIFE_NULL);
  teller_at(to, NO_DOCUMENT, "destroy(NULL)");
  host_destroy(table, NULL);
  teller_at(to, NO_DOCUMENT, "context_close(NULL)");
  if (table->transform != NULL && table->transform->context_close != NULL) {
    table->transform->context_close(NULL);
  } else if (table->sink != NULL && table->sink->context_close != NULL) {
    table->sink->context_close(NULL);
  }
  teller_blame(to, RULE_RUN_CRASH, RULE_RUN_HANG);
}

typedef struct holdings {
  size_t memory;
  uint32_t descriptors, threads;
} holdings;

typedef struct lot {
  const subject *subject;
  teller *teller;
  uint32_t n, done;
  uint64_t until_ms;
} lot;

static void *lot_live(void *arg) {
  lot *self = arg;
  for (; self->done < self->n && (self->done < 2 || check_now_ms() < self->until_ms); self->done++) {
    stand one;
    qn_error error = { 0 };
    if (stand_open(&one, self->subject, self->teller, NULL, &error) != 0) {
      break;
    }
    stand_close(&one);
  }
  return NULL;
}

/* So many lives, or as many as there is time for, in a thread of their own: what malloc keeps for a thread is given back when it
 * ends, and does not look like a leak then. */
static uint32_t lives(const subject *what, teller *to, uint32_t n, uint64_t until_ms) {
  lot all = { .subject = what, .teller = to, .n = n, .until_ms = until_ms };
  pthread_t thread;
  if (pthread_create(&thread, NULL, lot_live, &all) == 0) {
    pthread_join(thread, NULL);
  }
  return all.done;
}

static void compare(teller *to, const holdings *before, const holdings *middle, const holdings *after,
                    uint32_t n_lives) {
  uint64_t bound = (uint64_t)KEPT_PER_LIFE * (n_lives / 2);
  if (middle->descriptors > before->descriptors && after->descriptors > middle->descriptors) {
    teller_find(to, RULE_LIFE_DESCRIPTORS, "after %u lives there are %u descriptors more", n_lives,
                after->descriptors - before->descriptors);
  }
  if (after->threads > before->threads) {
    teller_find(to, RULE_LIFE_THREADS, "after %u lives there are %u threads more", n_lives,
                after->threads - before->threads);
  } else if (teller_has(to, RULE_LIFE_MEMORY)) {
    return; /* told already, as what the host itself counts */
  } else if (middle->memory > before->memory + bound && after->memory > middle->memory + bound) {
    /* Twice in a row: a cache that fills once is no leak. */
    teller_find(to, RULE_LIFE_GROWTH, "after %u lives it holds %zu bytes more: %zu a life", n_lives,
                after->memory - before->memory, (after->memory - before->memory) / n_lives);
  }
}

void check_life(const subject *what, teller *to) {
  stand first;
  null_check(what, to);
  if (!check_stand_open(what, to, NULL, &first)) {
    return;
  }
  stand_close(&first);
  teller_at(to, NO_DOCUMENT, "creating and destroying it again and again");
  uint64_t begin_ms = check_now_ms();
  lives(what, to, LIVES_WARM, begin_ms + what->budget_ms);
  holdings before = { memory_now(), entries_in("/proc/self/fd"), entries_in("/proc/self/task") };
  uint32_t n = lives(what, to, LIVES / 2, begin_ms + 2 * what->budget_ms);
  holdings middle = { memory_now(), entries_in("/proc/self/fd"), threads_after(before.threads) };
  n += lives(what, to, n, begin_ms + 4 * what->budget_ms);
  holdings after = { memory_now(), entries_in("/proc/self/fd"), threads_after(before.threads) };
  if (n >= 4) {
    compare(to, &before, &middle, &after, n);
  }
}
