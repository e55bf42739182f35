/* SPDX-License-Identifier: Apache-2.0 */

/* Who makes or owns what a doubtful name may mean, where the document names them: الصعود is Ascend beside Huawei. */
#ifndef ENTITIES_OWNERS_H
#define ENTITIES_OWNERS_H

#include <stdbool.h>

#include "entities/scan.h"

enum { OWNERS_MAX = 64 /* organisations of one document that are looked at */ };

typedef struct owner {
  uint32_t entry;
  uint32_t lexicon;
} owner;

/* The organisations that a document names without doubt; gathered when first asked for. Zeroed: not gathered. */
typedef struct owners {
  owner named[OWNERS_MAX];
  uint32_t n_named;
  bool gathered;
} owners;

/* True if entry of a lexicon is made or owned by an organisation that the document of s names. */
bool owners_are_named(owners *o, const scan *s, uint32_t lexicon, uint32_t entry);

#endif
