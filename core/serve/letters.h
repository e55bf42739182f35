/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters of a worker: the file's store, which is opened again when it could not write, and the last few failures to be looked
 * at. Floor 4. */
#ifndef CORE_SERVE_LETTERS_H
#define CORE_SERVE_LETTERS_H

#include "delivery/letter.h"
#include "serve/service.h"

typedef struct letters letters;

/* Opens the file, so that what is wrong is told at the start. Strings are copied. 0, or a negative errno with error filled. */
int letters_new(const char *path, const char *pipeline, letters **ret_letters, qn_error *error);
void letters_free(letters *letters); /* NULL is fine */
letter_store *letters_store(letters *letters);

/* Also keeps what went wrong apart from documents. [any] */
void letters_note(letters *letters, const char *stage, const char *slug, const char *message);
/* The last ones, newest first; at most SERVICE_TROUBLES. [any] */
uint32_t letters_troubles(letters *letters, service_trouble *ret_troubles);
uint64_t letters_count(letters *letters); /* put since the start [any] */

#endif
