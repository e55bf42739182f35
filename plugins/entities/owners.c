/* SPDX-License-Identifier: Apache-2.0 */

/* Gathers the organisations of a document. */
#include "entities/owners.h"

#include "qanat/layers.h"

static bool is_named(const owners *o, uint32_t lexicon, uint32_t entry) {
  for (uint32_t i = 0; i < o->n_named; i++) {
    if (o->named[i].entry == entry && o->named[i].lexicon == lexicon) {
      return true;
    }
  }
  return false;
}

static void gather(owners *o, const scan *s) {
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit *h = &s->hits[i];
    for (uint32_t p = 0; p < h->n_payloads && o->n_named < OWNERS_MAX; p++) {
      const qlex_payload *payload = &h->payloads[p];
      bool sure = payload->kind == QLEX_ENTITY && (payload->flags & (QLEX_AMBIGUOUS | QLEX_NATIONAL)) == 0;
      if (sure && s->lexicons[h->lexicon].entries[payload->entry].type == QN_ENTITY_TYPE_ORGANIZATION &&
          !is_named(o, h->lexicon, payload->entry)) {
        o->named[o->n_named++] = (owner){ payload->entry, h->lexicon };
      }
    }
  }
  o->gathered = true;
}

bool owners_are_named(owners *o, const scan *s, uint32_t lexicon, uint32_t entry) {
  uint32_t wanted = s->lexicons[lexicon].entries[entry].owner;
  if (wanted == QLEX_NO_OWNER) {
    return false;
  }
  if (!o->gathered) {
    gather(o, s);
  }
  return is_named(o, lexicon, wanted);
}
