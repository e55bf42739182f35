/* SPDX-License-Identifier: Apache-2.0 */

/* One batch of what was queued: a transaction, and what follows from it. Floor 3, private; the journal's thread. */
#ifndef CORE_DELIVERY_JOURNAL_BATCH_H
#define CORE_DELIVERY_JOURNAL_BATCH_H

#include "delivery/journal_inside.h"

/* Writes all of the list in one transaction, or nothing. 0, or a negative errno with error filled. [writing_mutex] */
int journal_batch_write(journal *self, journal_op *first, qn_error *error);
/* What a transaction that was committed means: sources are told, documents wait or are gone, and the ops are freed. [no lock] */
void journal_batch_finish(journal *self, journal_op *first);
/* The documents of the list, all of them put, were not taken. [no lock] */
void journal_batch_refuse(journal *self, journal_op *first, const qn_error *error);

#endif
