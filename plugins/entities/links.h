/* SPDX-License-Identifier: Apache-2.0 */

/* What the mentions that were chosen are linked to: the name of their entry, a name that is composed for the country the
 * document speaks of, the alias that an unlisted spelling is a variant of, or the Latin spelling that stands elsewhere in the
 * document. On weak evidence, nothing. */
#ifndef ENTITIES_LINKS_H
#define ENTITIES_LINKS_H

#include "entities/national.h"
#include "entities/senses.h"
#include "entities/variants.h"

typedef struct links {
  variants variants;
  national national;
  char *text; /* names composed for this document */
  uint32_t text_capacity;
  uint32_t text_used;
} links;

void links_done(links *l, const scan *s);

/* Links the chosen candidates that have no entry. 0, -ENOMEM. */
int links_find(links *l, scan *s, const senses *d);

/* The link of a chosen candidate, empty if it has none; holds until the next document. */
qn_str links_name(const links *l, const scan *s, const candidate *c);

#endif
