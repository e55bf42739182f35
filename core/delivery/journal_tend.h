/* SPDX-License-Identifier: Apache-2.0 */

/* What the journal's thread does between batches: tells of room, keeps the files small, looks for the oldest. Floor 3, private. */
#ifndef CORE_DELIVERY_JOURNAL_TEND_H
#define CORE_DELIVERY_JOURNAL_TEND_H

#include "delivery/journal_inside.h"

/* What is due; if nothing is, and nothing is queued, waits until something may be. [locked; given away meanwhile] */
void journal_tend(journal *self);
/* Writes the log back into the file if it has grown. [locked; given away meanwhile] */
void journal_tend_log(journal *self);
/* Whether a document could be written now. 0, or a negative errno with error filled. [no lock] */
int journal_tend_probe(journal *self, qn_error *error);

#endif
