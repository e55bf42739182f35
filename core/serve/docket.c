/* SPDX-License-Identifier: Apache-2.0 */

/* Places in an array that grows, with the free ones in a list. */
#include "serve/docket.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "serve/trial.h"

enum { FIRST_PLACES = 256 };

#define NO_PLACE UINT64_MAX

struct docket {
  journal *journal;
  pthread_mutex_t mutex; /* all that follows */
  place *places;
  uint64_t n_places;
  uint64_t first_free;
};

int docket_new(journal *from, docket **ret_docket) {
  docket *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->journal = from;
  made->first_free = NO_PLACE;
  pthread_mutex_init(&made->mutex, NULL);
  *ret_docket = made;
  return 0;
}

static void clear(docket *self, place *at) {
  hands_give(journal_hands(self->journal), at->hand);
  if (at->entry != NULL) {
    journal_return(at->entry);
  }
  if (at->trial != NULL) {
    trial_end(at->trial, NULL);
  }
}

void docket_free(docket *self) {
  if (self == NULL) {
    return;
  }
  for (uint64_t i = 0; i < self->n_places; i++) {
    clear(self, &self->places[i]);
  }
  pthread_mutex_destroy(&self->mutex);
  free(self->places);
  free(self);
}

/* [locked] */
static int grow(docket *self) {
  uint64_t wanted = self->n_places == 0 ? FIRST_PLACES : self->n_places * 2;
  place *larger = realloc(self->places, wanted * sizeof *larger);
  if (larger == NULL) {
    return -ENOMEM;
  }
  for (uint64_t i = wanted; i-- > self->n_places;) {
    larger[i] = (place){ .next_free = self->first_free };
    self->first_free = i;
  }
  self->places = larger;
  self->n_places = wanted;
  return 0;
}

int docket_enter(docket *self, journal_entry *entry, struct trial *of, uint64_t *ret_cookie, hand **ret_hand) {
  hand *slot = entry != NULL ? hands_take(journal_hands(self->journal), entry->number) : NULL;
  pthread_mutex_lock(&self->mutex);
  int rc = self->first_free == NO_PLACE ? grow(self) : 0;
  if (rc == 0) {
    uint64_t cookie = self->first_free;
    self->first_free = self->places[cookie].next_free;
    self->places[cookie] = (place){ .entry = entry, .trial = of, .hand = slot };
    *ret_cookie = cookie;
    *ret_hand = slot;
  }
  pthread_mutex_unlock(&self->mutex);
  if (rc != 0) {
    hands_give(journal_hands(self->journal), slot);
  }
  return rc;
}

place docket_leave(docket *self, uint64_t cookie) {
  pthread_mutex_lock(&self->mutex);
  place was = self->places[cookie];
  self->places[cookie] = (place){ .next_free = self->first_free };
  self->first_free = cookie;
  pthread_mutex_unlock(&self->mutex);
  hands_give(journal_hands(self->journal), was.hand);
  was.hand = NULL;
  return was;
}

uint32_t docket_entries(docket *self, const uint64_t *cookies, uint32_t n, journal_entry **ret_entries) {
  uint32_t n_found = 0;
  pthread_mutex_lock(&self->mutex);
  for (uint32_t i = 0; i < n; i++) {
    journal_entry *entry = cookies[i] < self->n_places ? self->places[cookies[i]].entry : NULL;
    if (entry != NULL) {
      ret_entries[n_found++] = entry;
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return n_found;
}
