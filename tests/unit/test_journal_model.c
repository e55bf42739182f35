/* SPDX-License-Identifier: Apache-2.0 */

/* The journal against a model of it: anything in any order, with restarts between; and by many threads at once.
 * QANAT_JOURNAL_STEPS=200000 for the long form. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_world.h"

#include <cmocka.h>

/* --- one thread, and a model --- */

enum { MODEL_DOCUMENTS = 20000, MODEL_KEYS = 50, MODEL_SINKS = 3 };

typedef struct model_document {
  bool waits, is_new; /* is_new: of this opening, so that its cookie holds */
  size_t n_bytes;
  uint64_t ordinal;
  char confirmed[16];
  journal_entry *taken;
} model_document;

typedef struct model {
  journal_world *world;
  model_document *documents; /* by number */
  uint64_t last_number, n_put;
  uint64_t keys[MODEL_KEYS]; /* ordinal of the document that has it, from 1 on */
  char kept[MODEL_SINKS][16];
  uint64_t n_known;
  unsigned seed;
} model;

static uint32_t below(model *self, uint32_t n) {
  return (uint32_t)rand_r(&self->seed) % n;
}

static void open_model(model *self) {
  static const uint64_t memories[] = { 2000, 30000, 1 << 20 };
  const journal_options options = { .memory_bytes = memories[below(self, 3)],
                                    .body_bytes = below(self, 2) == 0 ? 300 : 5000,
                                    .commit_ms = below(self, 3) };
  self->world = world_open(&options);
  self->n_known = 0;
}

static void put_some(model *self) {
  for (uint32_t n = below(self, 30) + 1; n > 0 && self->last_number + 1 < MODEL_DOCUMENTS; n--) {
    uint64_t ordinal = ++self->n_put;
    size_t n_bytes = below(self, 8) == 0 ? below(self, 3000) : below(self, 100);
    char key[16] = "";
    uint32_t chosen = below(self, 4) == 0 ? below(self, MODEL_KEYS) : MODEL_KEYS;
    if (chosen < MODEL_KEYS) {
      snprintf(key, sizeof key, "key-%u", chosen);
    }
    world_put(self->world, ordinal, n_bytes, chosen < MODEL_KEYS ? key : NULL);
    if (chosen < MODEL_KEYS && self->keys[chosen] != 0) {
      self->n_known++;
      continue;
    }
    if (chosen < MODEL_KEYS) {
      self->keys[chosen] = ordinal;
    }
    self->last_number++;
    self->documents[self->last_number] =
        (model_document){ .waits = true, .is_new = true, .n_bytes = n_bytes, .ordinal = ordinal };
  }
  world_flush(self->world);
}

/* The ones that wait longest come first, and are what the model has. */
static void take_some(model *self) {
  journal_entry *entry = NULL;
  uint64_t number = 1;
  while (number <= self->last_number && !self->documents[number].waits) {
    number++;
  }
  if (number > self->last_number) {
    return;
  }
  assert_int_equal(journal_take(self->world->line, below(self, 40) + 1, &entry), 0);
  for (journal_entry *next; entry != NULL; entry = next, number++) {
    while (!self->documents[number].waits) {
      number++;
    }
    model_document *document = &self->documents[number];
    next = entry->next;
    assert_int_equal(entry->number, number);
    assert_int_equal(entry->cookie, document->is_new ? 1000 + document->ordinal : 0);
    assert_true(world_is(entry->confirmed, document->confirmed));
    assert_int_equal(entry->payload_bytes, document->n_bytes);
    if (below(self, 2) == 0) {
      world_check(entry, document->ordinal, document->n_bytes);
      if (below(self, 2) == 0) {
        journal_unload(entry);
      }
    }
    document->taken = entry;
    document->waits = false;
  }
}

static void confirm_some(model *self) {
  journal_entry *entries[16];
  uint32_t n = 0, sink = below(self, MODEL_SINKS);
  char name[2] = { (char)('a' + (char)sink), '\0' }, line[4];
  snprintf(line, sizeof line, "%s\n", name);
  for (uint64_t i = 1; i <= self->last_number && n < 16; i++) {
    model_document *document = &self->documents[i];
    if (document->taken != NULL && below(self, 3) == 0) {
      entries[n++] = document->taken;
      if (strstr(document->confirmed, line) == NULL) {
        strcat(document->confirmed, line);
      }
    }
  }
  bool keeps = below(self, 2) == 0;
  if (keeps) {
    snprintf(self->kept[sink], sizeof self->kept[sink], "%u", below(self, 1000000));
  }
  assert_int_equal(journal_confirm(self->world->journal, "news", name, entries, n, keeps ? self->kept[sink] : NULL,
                                   keeps ? strlen(self->kept[sink]) : 0),
                   0);
}

/* Settles or returns about as many of those taken as one in so many. */
static void end_some(model *self, uint32_t one_in, bool may_settle) {
  for (uint64_t i = 1; i <= self->last_number; i++) {
    model_document *document = &self->documents[i];
    if (document->taken == NULL || below(self, one_in) != 0) {
      continue;
    }
    if (may_settle && below(self, 3) > 0) {
      journal_settle(document->taken);
    } else {
      journal_return(document->taken);
      document->waits = true;
    }
    document->taken = NULL;
  }
}

static void compare_counts(model *self) {
  journal_counts counts;
  uint64_t n_waiting = 0, n_taken = 0, n_bytes = 0;
  world_flush(self->world);
  for (uint64_t i = 1; i <= self->last_number; i++) {
    const model_document *document = &self->documents[i];
    n_waiting += document->waits;
    n_taken += document->taken != NULL;
    n_bytes += document->waits || document->taken != NULL ? document->n_bytes : 0;
  }
  journal_line_counts_get(self->world->line, &counts);
  assert_int_equal(counts.waiting, n_waiting);
  assert_int_equal(counts.taken, n_taken);
  assert_int_equal(counts.bytes, n_bytes);
  assert_int_equal(counts.known, self->n_known);
}

static void compare_kept(model *self) {
  for (uint32_t sink = 0; sink < MODEL_SINKS; sink++) {
    char name[2] = { (char)('a' + (char)sink), '\0' };
    void *bytes = NULL;
    size_t n = 0;
    int rc = journal_kept(self->world->journal, "news", name, &bytes, &n);
    assert_int_equal(rc, self->kept[sink][0] == '\0' ? -ENOENT : 0);
    assert_int_equal(n, strlen(self->kept[sink]));
    assert_true(n == 0 || memcmp(bytes, self->kept[sink], n) == 0);
    free(bytes);
  }
}

static void restart(model *self) {
  end_some(self, 1, true);
  compare_counts(self);
  world_close(self->world);
  for (uint64_t i = 1; i <= self->last_number; i++) {
    self->documents[i].is_new = false;
  }
  open_model(self);
  compare_kept(self);
  compare_counts(self);
}

static void anything_in_any_order_is_as_the_model_has_it(void **state) {
  (void)state;
  const char *steps = getenv("QANAT_JOURNAL_STEPS");
  int n_steps = steps != NULL ? atoi(steps) : 600;
  model self = { .seed = (unsigned)n_steps + 1, .documents = calloc(MODEL_DOCUMENTS, sizeof(model_document)) };
  open_model(&self);
  for (int step = 0; step < n_steps; step++) {
    switch (below(&self, 12)) {
    case 0:
      restart(&self);
      break;
    case 1:
    case 2:
    case 3:
      put_some(&self);
      break;
    case 4:
    case 5:
    case 6:
      take_some(&self);
      break;
    case 7:
    case 8:
      confirm_some(&self);
      break;
    case 9:
      compare_counts(&self);
      break;
    default:
      end_some(&self, 1 + below(&self, 3), true);
      break;
    }
  }
  end_some(&self, 1, false);
  world_close(self.world);
  free(self.documents);
}

/* --- many threads --- */

enum { N_PRODUCERS = 3, N_TAKERS = 3, N_EACH = 1500 };

typedef struct crowd {
  journal_world *world;
  atomic_uint n_settled, n_answered;
  atomic_uchar settled[N_PRODUCERS * N_EACH];
  atomic_bool stop;
} crowd;

typedef struct member {
  crowd *crowd;
  uint32_t index;
  pthread_t thread;
} member;

static void count_answer(void *arg, const journal_entry *entry) {
  crowd *self = arg;
  (void)entry;
  atomic_fetch_add(&self->n_answered, 1);
}

static void *produce(void *arg) {
  const member *self = arg;
  unsigned seed = self->index;
  for (uint32_t i = 0; i < N_EACH; i++) {
    if (rand_r(&seed) % 10 == 0) {
      journal_entry *entry = NULL;
      if (journal_reserve(self->crowd->world->line, 100, &entry) == 0) {
        journal_cancel(entry);
      }
    }
    world_put(self->crowd->world, self->index * N_EACH + i, (size_t)rand_r(&seed) % 600, NULL);
  }
  return NULL;
}

static void finish(crowd *self, journal_entry *entry) {
  assert_int_equal(atomic_fetch_add(&self->settled[entry->ordinal], 1), 0);
  journal_settle(entry);
  atomic_fetch_add(&self->n_settled, 1);
}

static void *take_and_end(void *arg) {
  const member *self = arg;
  journal_world *world = self->crowd->world;
  unsigned seed = 100 + self->index;
  journal_entry *entry = NULL;
  qn_error error = { 0 };
  while (journal_take(world->line, 1 + (uint32_t)rand_r(&seed) % 20, &entry) == 0) {
    for (journal_entry *next; entry != NULL; entry = next) {
      next = entry->next;
      hand *slot = hands_take(journal_hands(world->journal), entry->number);
      hand_begin(slot);
      assert_int_equal(journal_load(entry, &error), 0);
      hand_end(slot);
      hands_give(journal_hands(world->journal), slot);
      int chosen = rand_r(&seed) % 4;
      if (chosen == 0) {
        assert_int_equal(journal_confirm(world->journal, "news", "out", &entry, 1, "state", 5), 0);
      }
      if (chosen == 1) {
        journal_return(entry);
      } else {
        finish(self->crowd, entry);
      }
    }
  }
  return NULL;
}

/* What a reload does, and what looks on. */
static void *meddle(void *arg) {
  const member *self = arg;
  journal_world *world = self->crowd->world;
  const journal_events events = { .accepted = count_answer };
  journal_counts counts;
  while (!atomic_load(&self->crowd->stop)) {
    journal_line *line = NULL;
    qn_error error = { 0 };
    journal_line_watch(world->line, &events, self->crowd);
    journal_counts_get(world->journal, &counts);
    assert_true(counts.waiting + counts.taken <= counts.max_documents);
    assert_int_equal(journal_line_get(world->journal, "news", "http", &line, &error), 0);
    assert_ptr_equal(line, world->line);
    assert_int_equal(journal_sync(world->journal, 20000), 0);
  }
  return NULL;
}

static void threads_put_take_and_return_each_document_once(void **state) {
  (void)state;
  const journal_options options = {
    .max_documents = 400, .max_bytes = 100000, .memory_bytes = 20000, .body_bytes = 500, .commit_ms = 1
  };
  crowd self = { .world = world_open(&options) };
  member members[N_PRODUCERS + N_TAKERS + 1];
  journal_line_watch(self.world->line, &(journal_events){ .accepted = count_answer }, &self);
  for (uint32_t i = 0; i < N_PRODUCERS + N_TAKERS + 1; i++) {
    members[i] = (member){ &self, i, 0 };
    void *(*work)(void *) = i < N_PRODUCERS ? produce : i < N_PRODUCERS + N_TAKERS ? take_and_end : meddle;
    assert_int_equal(pthread_create(&members[i].thread, NULL, work, &members[i]), 0);
  }
  for (uint32_t i = 0; i < N_PRODUCERS; i++) {
    pthread_join(members[i].thread, NULL);
  }
  while (atomic_load(&self.n_settled) < N_PRODUCERS * N_EACH) {
    assert_int_equal(journal_sync(self.world->journal, 20000), 0);
  }
  atomic_store(&self.stop, true);
  journal_interrupt_take(self.world->line, true);
  for (uint32_t i = N_PRODUCERS; i < N_PRODUCERS + N_TAKERS + 1; i++) {
    pthread_join(members[i].thread, NULL);
  }
  world_flush(self.world);
  assert_int_equal(atomic_load(&self.n_answered), N_PRODUCERS * N_EACH);
  journal_counts counts = world_count(self.world);
  assert_int_equal(counts.waiting + counts.taken + counts.bytes, 0);
  assert_int_equal(counts.settled, N_PRODUCERS * N_EACH);
  world_close(self.world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(anything_in_any_order_is_as_the_model_has_it, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(threads_put_take_and_return_each_document_once, world_enter, world_leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
