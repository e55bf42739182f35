/* SPDX-License-Identifier: Apache-2.0 */

/* Which ways documents can take through the draft: what stands above a stage, what every document has passed that comes to
 * it, and which stages no document passes both of. Floor 3. */
#ifndef CORE_PIPELINE_DRAFT_ROUTES_H
#define CORE_PIPELINE_DRAFT_ROUTES_H

#include "pipeline/draft.h"

typedef struct routes routes;

/* Works the ways out, for a draft without cycles; in the plan's memory. 0, -ENOMEM. */
int routes_make(const draft *draft, const uint32_t *order, routes **ret_routes);

/* True if documents may come from one to the other; a stage is above itself. */
bool routes_is_above(const routes *routes, uint32_t stage, uint32_t below);
/* True if no document passes both, for certain: they stand behind different sources, or behind conditions on the same fork
 * that exclude each other. */
bool routes_exclude(const routes *routes, uint32_t a, uint32_t b);
/* True if every document that comes to a stage comes by this one of what it reads from, perhaps among others. */
bool routes_is_certain(const routes *routes, uint32_t stage, uint32_t from);

/* Reports what may not meet at a stage that reads from several: branches that both set a field, or of which one splits. */
void routes_check_join(routes *routes, draft *draft, uint32_t stage);

#endif
