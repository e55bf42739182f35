/* SPDX-License-Identifier: Apache-2.0 */

/* What the finding of full names shares. */
#ifndef QUOTES_FULLNAME_H
#define QUOTES_FULLNAME_H

#include "find.h"

/* A name is looked for among so many mentions before and behind. */
enum { FULLNAME_LOOK_MENTIONS = 400 };

qn_str fullname_text(const quote_input *input, uint32_t mention);
int fullname_is_same(qn_str a, qn_str b);

/* The one person on the page with a last name in Latin letters that sounds like this one in Arabic letters, or QN_NO_ROW. */
uint32_t fullname_twin(const quote_input *input, uint32_t mention, qn_str name);

/* The name that a mention is a part of, where it stands. */
qn_str fullname_span(const quote_words *words, const quote_input *input, uint32_t mention);

#endif
