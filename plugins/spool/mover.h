/* SPDX-License-Identifier: Apache-2.0 */

/* Takes finished files to done/ or failed/, on a thread of its own: file systems may be slow, and neither the loop nor the one who
 * reads should wait for them. */
#ifndef SPOOL_MOVER_H
#define SPOOL_MOVER_H

#include "spool/ledger.h"
#include "spool/place.h"

typedef struct mover_options {
  place *place;                             /* the mover's alone to settle in */
  ledger *ledger;                           /* shared */
  bool deletes;                             /* done files are removed */
  uint32_t keep_days;                       /* how long done files are kept; 0: for ever */
  void (*say)(void *arg, const char *text); /* [mover's thread] */
  void *arg;
} mover_options;

typedef struct mover mover;

int mover_start(const mover_options *options, mover **ret_mover); /* 0, -ENOMEM, -errno */
/* Takes what is finished, then ends. NULL is fine. */
void mover_stop(mover *mover);

#endif
