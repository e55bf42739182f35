/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers for documents on their way, by which their request is found again. One that is dropped is never found again: the host may
 * speak of a document long after nobody waits for it. */
#ifndef HTTP_COOKIES_H
#define HTTP_COOKIES_H

#include <stdint.h>

struct request;

typedef struct cookie_slot {
  struct request *request; /* NULL: free */
  uint32_t index;          /* the document in it; or the next free slot */
  uint32_t generation;
} cookie_slot;

typedef struct cookies {
  cookie_slot *slots;
  uint32_t n, capacity;
  uint32_t first_free; /* index + 1; 0: none */
} cookies;

/* 0, -ENOMEM. Never gives 0 as a cookie. */
int cookies_take(cookies *cookies, struct request *request, uint32_t index, uint64_t *ret_cookie);
/* The request, or NULL. */
struct request *cookies_find(const cookies *cookies, uint64_t cookie, uint32_t *ret_index);
void cookies_drop(cookies *cookies, uint64_t cookie); /* one that is taken */
void cookies_done(cookies *cookies);

#endif
