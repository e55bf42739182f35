/* SPDX-License-Identifier: Apache-2.0 */

/* Reads lexicon files (tab-separated; see lexicon/README.md) into a builder. */
#ifndef ENTITIES_LEXICON_TSV_H
#define ENTITIES_LEXICON_TSV_H

#include "entities/lexicon_builder.h"

/* Told of every line that cannot be used: its number from 1 and why, a constant sentence without a stop. */
typedef void (*lexicon_tsv_report)(void *user, uint32_t line, const char *why);

/* Adds all lines of a file's text. Lines of kinds that the recognizers do not use are passed over. Returns how many
 * lines were refused; -ENOMEM, -E2BIG. */
int lexicon_tsv_read(lexicon_builder *builder, qn_str text, lexicon_tsv_report report, void *user);

#endif
