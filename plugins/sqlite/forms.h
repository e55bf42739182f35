/* SPDX-License-Identifier: Apache-2.0 */

/* What a document is found by, besides its text: the match keys of its words, with and without what is attached. */
#ifndef SQLITE_FORMS_H
#define SQLITE_FORMS_H

#include "qanat/stage.h"

/* Scratch space of one thread. */
typedef struct forms {
  const qn_host *host;
  qn_env *env;
  uint8_t *text;
  size_t len, capacity;
} forms;

void forms_init(forms *self, const qn_host *host, qn_env *env);
void forms_done(forms *self);

/* Fills text with words and spaces between. Without tokens it is the key of the whole text. 0, -ENOMEM. */
int forms_make(forms *self, const qn_view *view, const qn_layer *tokens, const qn_layer *parts);

#endif
