/* SPDX-License-Identifier: Apache-2.0 */

/* The id of a document that was given none. One place makes it, so that a sender is told what stands in the record. Floor 1. */
#ifndef CORE_DOCUMENT_MADE_ID_H
#define CORE_DOCUMENT_MADE_ID_H

#include <stddef.h>
#include <stdint.h>

#include "qanat/doc.h"

enum { MADE_ID_MAX = 256 };

/* Where it comes from and its place there: "a.jsonl#7". Too long an origin is cut at its front, at a code point, and told apart by a hash.
 * Runs for every document, so it does not print. Returns the length. */
size_t made_id(qn_str origin, uint64_t ordinal, char ret_id[MADE_ID_MAX]);

#endif
