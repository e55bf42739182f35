/* SPDX-License-Identifier: Apache-2.0 */

/* The table of hands. What is read from the file at its opening may be anything; it is only ever used as numbers. */
#include "delivery/hands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, SLOTS_MAX = 1 << 22 };

static const char magic[8] = "QNHANDS";

/* The file's begin; slots follow. One cache line. */
typedef struct head {
  char magic[8];
  uint32_t version, n_slots;
  uint8_t unused[48];
} head;

struct hands {
  head *head; /* mapped */
  size_t n_bytes;
  hand *slots;
  uint32_t n_slots;
  _Atomic uint32_t next;    /* where to look first */
  _Atomic uint32_t n_taken; /* slots that are somebody's or about to be */
};

static size_t size_of(uint32_t n_slots) {
  return sizeof(head) + (size_t)n_slots * sizeof(hand);
}

static int compare(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

/* The numbers that somebody was working on, each once. NULL: no memory, or none. */
static uint64_t *find_numbers(const uint64_t *slots, uint32_t n_slots, uint32_t *ret_n) {
  const uint64_t mask = (UINT64_C(1) << HAND_COUNT_SHIFT) - 1;
  uint64_t *numbers = calloc(n_slots, sizeof *numbers);
  uint32_t n = 0, n_distinct = 0;
  if (numbers == NULL) {
    return NULL;
  }
  for (uint32_t i = 0; i < n_slots; i++) {
    if (slots[i] >> HAND_COUNT_SHIFT != 0 && (slots[i] & mask) != 0) {
      numbers[n++] = slots[i] & mask;
    }
  }
  qsort(numbers, n, sizeof *numbers, compare);
  for (uint32_t i = 0; i < n; i++) {
    if (i == 0 || numbers[i] != numbers[i - 1]) {
      numbers[n_distinct++] = numbers[i];
    }
  }
  *ret_n = n_distinct;
  return numbers;
}

/* Reads a file's slots. NULL: it is no such file, or there is no memory. */
static uint64_t *read_slots(int file, size_t n_bytes, uint32_t *ret_n_slots) {
  head found;
  if (n_bytes < sizeof found || pread(file, &found, sizeof found, 0) != sizeof found ||
      memcmp(found.magic, magic, sizeof magic) != 0 || found.version != VERSION || found.n_slots == 0 ||
      found.n_slots > SLOTS_MAX || n_bytes != size_of(found.n_slots)) {
    return NULL;
  }
  size_t slot_bytes = (size_t)found.n_slots * sizeof(uint64_t);
  uint64_t *slots = malloc(slot_bytes);
  if (slots != NULL && pread(file, slots, slot_bytes, sizeof found) != (ssize_t)slot_bytes) {
    free(slots);
    return NULL;
  }
  *ret_n_slots = found.n_slots;
  return slots;
}

/* Tells what was in hand. */
static int tell(int file, size_t n_bytes, hands_told *was_in_hand, void *arg) {
  uint32_t n_slots = 0, n = 0;
  uint64_t *slots = read_slots(file, n_bytes, &n_slots);
  uint64_t *numbers = slots == NULL ? NULL : find_numbers(slots, n_slots, &n);
  int rc = n > 0 && was_in_hand != NULL ? was_in_hand(arg, numbers, n) : 0;
  free(slots);
  free(numbers);
  return rc;
}

/* Empties the file and maps it. Its blocks are there from the beginning: no room on the disk when a slot is first written would be the
 * process's end. */
static int map(int file, uint32_t n_slots, hands *self) {
  self->n_bytes = size_of(n_slots);
  int rc = ftruncate(file, 0) != 0 ? -errno : -posix_fallocate(file, 0, (off_t)self->n_bytes);
  if (rc != 0) {
    return rc;
  }
  void *mapped = mmap(NULL, self->n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) {
    return -errno;
  }
  self->head = mapped;
  self->slots = (hand *)(self->head + 1);
  self->n_slots = n_slots;
  self->head->version = VERSION;
  self->head->n_slots = n_slots;
  memcpy(self->head->magic, magic, sizeof magic);
  return 0;
}

static int open_file(const char *path, uint32_t n_slots, hands_told *was_in_hand, void *arg, hands *self) {
  struct stat status;
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return -errno;
  }
  int rc = fstat(file, &status) != 0 ? -errno : !S_ISREG(status.st_mode) ? -EINVAL : 0;
  rc = rc == 0 ? tell(file, (size_t)status.st_size, was_in_hand, arg) : rc;
  rc = rc == 0 ? map(file, n_slots, self) : rc;
  close(file);
  return rc;
}

int hands_open(const char *path, uint32_t n_slots, hands_told *was_in_hand, void *arg, hands **ret_hands,
               qn_error *error) {
  hands *self = calloc(1, sizeof *self);
  if (self == NULL || n_slots == 0 || n_slots > SLOTS_MAX) {
    free(self);
    return error_set(error, n_slots == 0 || n_slots > SLOTS_MAX ? -EINVAL : -ENOMEM, "journal",
                     "no memory for %u slots in %s", n_slots, path);
  }
  int rc = open_file(path, n_slots, was_in_hand, arg, self);
  if (rc != 0) {
    hands_close(self);
    return error_set(error, rc, "journal", "cannot make %s, where a worker notes what it has in hand: %s", path,
                     strerror(-rc));
  }
  *ret_hands = self;
  return 0;
}

void hands_close(hands *self) {
  if (self != NULL && self->head != NULL) {
    munmap(self->head, self->n_bytes);
  }
  free(self);
}

/* Who counts as a taker finds a slot: there are never more of those than slots, but the free one may move while it is looked for. */
hand *hands_take(hands *self, uint64_t number) {
  if (atomic_fetch_add_explicit(&self->n_taken, 1, memory_order_acquire) >= self->n_slots) {
    atomic_fetch_sub_explicit(&self->n_taken, 1, memory_order_relaxed);
    return NULL;
  }
  for (uint32_t i = atomic_fetch_add_explicit(&self->next, 1, memory_order_relaxed);; i++) {
    hand *slot = &self->slots[i % self->n_slots];
    uint64_t nobodys = 0;
    if (atomic_load_explicit(slot, memory_order_relaxed) == 0 &&
        atomic_compare_exchange_strong_explicit(slot, &nobodys, number, memory_order_relaxed, memory_order_relaxed)) {
      return slot;
    }
  }
}

void hands_give(hands *self, hand *slot) {
  if (slot != NULL) {
    atomic_store_explicit(slot, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&self->n_taken, 1, memory_order_release);
  }
}
