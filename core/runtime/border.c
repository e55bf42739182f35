/* SPDX-License-Identifier: Apache-2.0 */

/* One of a window and a ring, and whom to wake. */
#include "runtime/border.h"

#include <string.h>

int border_init(border *self, bool ordered, uint32_t n_leaves) {
  memset(self, 0, sizeof *self);
  self->ordered = ordered;
  return ordered ? window_init(&self->window, n_leaves) : ring_init(&self->ring, n_leaves);
}

void border_done(border *self) {
  window_done(&self->window);
  ring_done(&self->ring);
}

void border_put(border *self, leaf *it) {
  if (self->ordered) {
    window_put(&self->window, it->receipt->sequence, it);
  } else {
    ring_push(&self->ring, it);
  }
}

void border_wake(border *self) {
  if (self->park == NULL) {
    if (border_ready(self)) {
      self->tell(self->arg);
    }
  } else if (!self->ordered || window_ready(&self->window)) {
    /* What is not the reader's next has no use for it: whoever puts that one wakes it. */
    park_wake(self->park);
  }
}

uint32_t border_take(border *self, leaf **leaves, uint32_t n_max) {
  return self->ordered ? window_take(&self->window, (void **)leaves, n_max)
                       : ring_pull(&self->ring, (void **)leaves, n_max);
}

bool border_ready(const border *self) {
  return self->ordered ? window_ready(&self->window) : ring_count(&self->ring) > 0;
}
