/* SPDX-License-Identifier: Apache-2.0 */

/* One of an order and a ring, and whom to wake. */
#include "runtime/border.h"

#include <string.h>

int border_init(border *self, const border_form *form) {
  memset((void *)self, 0, sizeof *self);
  self->ordered = form->ordered;
  return form->ordered ? order_init(&self->order, form->n_leaves, form->has_groups, form->index)
                       : ring_init(&self->ring, form->n_leaves);
}

void border_done(border *self) {
  if (self->ordered) {
    order_done(&self->order);
  } else {
    ring_done(&self->ring);
  }
}

void border_put(border *self, leaf *it) {
  if (self->ordered) {
    order_put(&self->order, it);
  } else {
    ring_push(&self->ring, it);
  }
}

void border_wake(border *self) {
  if (self->park == NULL) {
    if (border_ready(self)) {
      self->tell(self->arg);
    }
  } else if (!self->ordered || order_ready(&self->order)) {
    /* What is not the reader's next has no use for it: whoever puts that one wakes it. */
    park_wake(self->park);
  }
}

uint32_t border_take(border *self, leaf **leaves, uint32_t n_max) {
  return self->ordered ? order_take(&self->order, leaves, n_max) : ring_pull(&self->ring, (void **)leaves, n_max);
}

bool border_ready(const border *self) {
  return self->ordered ? order_ready(&self->order) : ring_count(&self->ring) > 0;
}

uint32_t border_count(const border *self) {
  return self->ordered ? window_count(&self->order.window) : ring_count(&self->ring);
}
