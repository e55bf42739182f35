/* SPDX-License-Identifier: Apache-2.0 */

/* Puts what arrives in any order back into order: many writers, one reader. Floor 4.
 *
 * Sequences that are in flight at one time lie within the window, because admission has no more credits than that
 * and everything settles in order; so a writer finds its place free and a put is one store. */
#ifndef CORE_RUNTIME_WINDOW_H
#define CORE_RUNTIME_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

typedef struct window {
  void *_Atomic *places;
  uint64_t mask;
  _Alignas(64) _Atomic uint64_t next; /* the sequence the reader waits for; written by the reader */
} window;

int window_init(window *window, uint32_t n_items); /* 0, -ENOMEM */
void window_done(window *window);

void window_put(window *window, uint64_t sequence, void *item); /* [any] */
bool window_ready(const window *window);                        /* [any] true if the reader would find something */
uint32_t window_count(const window *window);                    /* [any] how many stand there; looks at every place */
uint32_t window_take(window *window, void **items, uint32_t n_max); /* the one reader */

#endif
