/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.confirm/1": for synchronous sinks that hear a while after write() what is durable, such as those that send to
 * a broker. With flush() alone nothing is written while they wait, and no document settles before all have; with this, documents settle
 * as word of them comes, and more is written meanwhile.
 *
 * Get it with host->extension(env, QN_CONFIRM_1) in create; NULL where there is none, and then flush() waits for all as ever. A
 * sink that has got it gives and takes more than others:
 *
 * - flush() may return PENDING: not everything is durable yet. It is called again, at once if there is nothing to write. It should wait
 *   a little for word, briefly at first, since documents may come meanwhile. OK still means that everything is.
 * - What an item lends (its prepared bytes, the views of its document) holds still beyond write(), until the item is
 *   confirmed, flush() has returned OK, or finish() has returned. So nothing has to be copied.
 * - finish() is called as soon as the sink has failed for good, and must let go of what items lent, not of what prepare() uses: that
 *   may run on workers meanwhile, and be called after it.
 *
 * Not together with qanat.keep/1: what flush() stores there counts for all that was written before it. */
#ifndef QANAT_CONFIRM_H
#define QANAT_CONFIRM_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_CONFIRM_1 "qanat.confirm/1"

typedef struct qn_confirm {
  uint32_t size;
  uint32_t reserved;

  /* The n_items oldest of those that write() has taken (OK) and that are not confirmed yet are durable: their documents settle soon. Items
   * of a write() under way count as far as they will be OK. Inside write and flush, not with no item left to confirm. 0, -EINVAL (no such
   * sink). To confirm more than were taken is the plugin's fault, and ends the run. [lent] */
  int (*items)(qn_env *env, uint32_t n_items);
} qn_confirm;

#ifdef __cplusplus
}
#endif

#endif
