/* SPDX-License-Identifier: Apache-2.0 */

/* Routing along the plan's edges. Leaves that have ended skip the segments between: only ordered borders must see
 * them, and in a line the one before the sink is the last of those. */
#include "runtime/route.h"

#include <assert.h>

border *route_onward(const segment *from, leaf *it) {
  segment *next = from->next;
  it->segment = next->index;
  it->step = 0;
  it->attempt = 1;
  border_put(&next->border, it);
  return &next->border;
}

border *route_ended(const segment *from, leaf *it) {
  assert(it->state != LEAF_LIVE);
  border *to = &from->end->border;
  border_put(to, it);
  return to;
}
