/* SPDX-License-Identifier: Apache-2.0 */

/* Where a leaf goes from a segment. Each returns the border it was put into, to be woken. Floor 4. */
#ifndef CORE_RUNTIME_ROUTE_H
#define CORE_RUNTIME_ROUTE_H

#include "runtime/state.h"

/* Through the segment: on to the next. [any] */
border *route_onward(const segment *from, leaf *leaf);
/* Ended in the segment: to the end of the line, where it keeps its place in the order and settles. [any] */
border *route_ended(const segment *from, leaf *leaf);

#endif
