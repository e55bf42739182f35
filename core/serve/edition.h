/* SPDX-License-Identifier: Apache-2.0 */

/* A pipeline file as it was read once: its plan, and which of its sources go by the journal. Shared by the run made of it, by the
 * sources made of it and by pictures taken of it; the last to let go frees it. Floor 4. */
#ifndef CORE_SERVE_EDITION_H
#define CORE_SERVE_EDITION_H

#include <stdatomic.h>

#include "pipeline/plan.h"

/* A source whose documents go by the journal. In the plan a feed stands in its place. */
typedef struct journaled {
  stage_info feed_info;       /* what the plan has instead of the source's own; its address names the feed */
  const stage_info *original; /* the plugin's */
  uint32_t stage;             /* index in the plan */
  struct feed *feed;          /* of the run that is being built; one thread at a time */
} journaled;

typedef struct edition {
  _Atomic uint32_t n_users;
  plan *plan;
  uint32_t n_journaled;
  journaled *journaled;
  bool all_journaled; /* no source besides those */
} edition;

/* Plans the file. -EINVAL with faults filled; -errno. */
int edition_new(const char *path, const registry *registry, const char *const *sets, uint32_t n_sets,
                edition **ret_edition, faults *faults);
edition *edition_ref(edition *edition);
void edition_unref(edition *edition); /* NULL is fine [any] */

/* Whether runs of the two cannot live side by side, since both would own one output. */
bool edition_excludes(const edition *one, const edition *other);
/* Whether a source of the name is the same in both, with the same configuration. */
bool edition_same_source(const edition *one, const journaled *of_one, const edition *other, const journaled *of_other);

#endif
