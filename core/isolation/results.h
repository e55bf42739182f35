/* SPDX-License-Identifier: Apache-2.0 */

/* Reads what comes back of a batch, which the stage's process may have forged. Floor 4. */
#ifndef CORE_ISOLATION_RESULTS_H
#define CORE_ISOLATION_RESULTS_H

#include "isolation/child.h"
#include "isolation/wire.h"

/* Gives n items their statuses, and puts into their documents what the layout lets the stage put there. A document whose part
 * does not hold is rejected and as it was. 0; -EBADMSG: the frame is no answer; ret_n_done (raised from what it was) items have
 * their status all the same, from the front. */
int results_read(const wire_frame *from, const stage_layout *layout, child_item *items, uint32_t n,
                 uint32_t *ret_n_done);

#endif
