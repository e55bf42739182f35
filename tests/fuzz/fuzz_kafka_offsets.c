/* SPDX-License-Identifier: Apache-2.0 */

/* Any course of taking, settling and committing, with offsets and sequences from outside: nothing unsettled is ever passed. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/offsets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS_MAX = 4096, STEP_BYTES = 3 };

typedef struct told {
  int64_t offset;
  uint32_t sequence;
  int settled;
} told;

static void must(int holds) {
  if (!holds) {
    abort();
  }
}

static uint32_t find(const told *all, uint32_t n, uint32_t sequence) {
  uint32_t at = n;
  while (at > 0 && all[at - 1].sequence != sequence) {
    at--;
  }
  return at; /* one behind it; 0: never given */
}

static void take(offsets *self, told *all, uint32_t *n, uint32_t step, int64_t *offset) {
  uint32_t sequence;
  bool full = offsets_full(self);
  int64_t next = *offset + (int8_t)step;
  int rc = offsets_take(self, next, &sequence);
  if (rc == 0) {
    must(!full && next >= 0 && (*n == 0 || next > all[*n - 1].offset));
    all[(*n)++] = (told){ next, sequence, 0 };
    *offset = next;
  } else {
    must(rc == -ENOBUFS ? full : rc == -EINVAL);
  }
}

static void settle(offsets *self, told *all, uint32_t n, uint32_t sequence) {
  uint32_t at = find(all, n, sequence);
  int rc = offsets_settle(self, sequence);
  must(rc == 0 ? at > 0 && !all[at - 1].settled : at == 0 || all[at - 1].settled);
  if (rc == 0) {
    all[at - 1].settled = 1;
  }
}

static void check(const offsets *self, const told *all, uint32_t n) {
  int64_t due;
  uint32_t first = 0;
  while (first < n && all[first].settled) {
    first++;
  }
  if (offsets_due(self, &due)) {
    must(first > 0 && due == all[first - 1].offset + 1);
  }
  must(self->n_window == n - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  offsets self;
  told *all = calloc(STEPS_MAX, sizeof *all);
  uint32_t n = 0;
  int64_t offset = 0, due;
  if (size < 4 || all == NULL || offsets_init(&self, 1 + data[0]) != 0) {
    free(all);
    return 0;
  }
  self.first = data[1] % 2 == 0 ? 0 : UINT32_MAX - data[2];
  for (size_t at = 4; at + STEP_BYTES <= size && at < (size_t)STEPS_MAX * STEP_BYTES; at += STEP_BYTES) {
    uint32_t step = data[at + 1] | (uint32_t)data[at + 2] << 8;
    switch (data[at] % 8) {
    case 0:
    case 1:
    case 2:
      take(&self, all, &n, step, &offset);
      break;
    case 3:
      if (offsets_due(&self, &due)) {
        offsets_committed(&self, step % 2 == 0 ? due : due - 1);
      }
      break;
    case 4:
      settle(&self, all, n, step); /* any number */
      break;
    default:
      if (n > 0) {
        settle(&self, all, n, all[n - 1 - step % n].sequence);
      }
    }
    check(&self, all, n);
  }
  offsets_done(&self);
  free(all);
  return 0;
}
