/* SPDX-License-Identifier: Apache-2.0 */

/* What of the journal is in flight in one run: a numbered place for each document, whose number is the run's cookie. Floor 4.
 *
 * A lock for a batch, not for a document: feeds take places many at a time, ends come many at a time. */
#ifndef CORE_SERVE_DOCKET_H
#define CORE_SERVE_DOCKET_H

#include <stdint.h>

#include "delivery/hands.h"
#include "delivery/journal.h"

typedef struct docket docket;

/* One of entry and trial is set while a place is taken. */
typedef struct place {
  journal_entry *entry;
  struct trial *trial;
  hand *hand;
  uint64_t next_free; /* in the docket's list */
} place;

int docket_new(journal *journal, docket **ret_docket); /* 0, -ENOMEM */
/* What is still there goes back to the journal. NULL is fine. */
void docket_free(docket *docket);

/* A place for the entry, or the trial. 0, -ENOMEM. [any] */
int docket_enter(docket *docket, journal_entry *entry, struct trial *trial, uint64_t *ret_cookie, hand **ret_hand);
/* Empties a place; what was in it is the caller's. [any] */
place docket_leave(docket *docket, uint64_t cookie);
/* The entries in these places, without trials. Returns how many. [any] */
uint32_t docket_entries(docket *docket, const uint64_t *cookies, uint32_t n, journal_entry **ret_entries);

#endif
