/* SPDX-License-Identifier: Apache-2.0 */

/* Builds a compiled lexicon in memory from entries and their aliases. The same entries in the same order give the same
 * bytes. Not thread-safe; bounded: more than 2^24 aliases are refused. */
#ifndef ENTITIES_LEXICON_BUILDER_H
#define ENTITIES_LEXICON_BUILDER_H

#include "entities/lexicon_form.h"
#include "qanat/doc.h"

typedef struct lexicon_builder lexicon_builder;

/* 0, -ENOMEM. */
int lexicon_builder_new(lexicon_builder **ret_builder);

/* Accepts NULL. */
void lexicon_builder_free(lexicon_builder *builder);

/* Begins an entry, or goes on with the one of that name and type; the aliases that follow belong to it. type is 0 (PERSON) to
 * 4 (EVENT). 0, -ENOMEM, -E2BIG. */
int lexicon_builder_entry(lexicon_builder *builder, qn_str name, uint8_t type, uint8_t class);

/* Says which country the entry begun last lies in or belongs to, or which organisation makes or owns it, by the canonical
 * name of that (an entry of class country or of type ORGANIZATION, now or later; what is no such name is passed over); "*":
 * whichever country a document speaks of. 0, -ENOMEM, -E2BIG, -EINVAL. */
int lexicon_builder_belongs(lexicon_builder *builder, qn_str name);

/* Adds an alias, as people write it, of the entry begun last. An alias that two calls give with other flags is
 * ambiguous if one of them says so. 0; -ENOMEM; -E2BIG; -EINVAL if it has no letter or digit or is too long; -EILSEQ. */
int lexicon_builder_alias(lexicon_builder *builder, qn_str alias, uint8_t kind, uint16_t flags);

/* Writes the lexicon; the bytes are aligned to 8 and to be given to free(). 0, -ENOMEM, -E2BIG. */
int lexicon_builder_finish(lexicon_builder *builder, uint8_t **ret_bytes, size_t *ret_len);

#endif
