/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of names in rows: a text, and what the stage entities is to make of it. */
#ifndef TESTS_ENTITY_ROWS_H
#define TESTS_ENTITY_ROWS_H

#include <stddef.h>

/* The stages before entities, and entities as written. */
#define ENTITY_STAGES(entities)                                                                                        \
  "[{\"use\":\"decode\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"},{\"use\":\"tokenize\"}," entities "]"

typedef struct entity_row {
  const char *text;
  const char *mentions; /* TYPE:surface=link, joined by |; only names */
} entity_row;

/* Fails the test unless each text has these mentions. */
void entity_rows_check(const char *with, const entity_row *rows, size_t n_rows);

/* A lexicon file of the composer's own, to be unlinked; stages_json, of size bytes, becomes the stages that read it: without the
 * model, which may take names that nobody knows for anything. */
void entity_rows_lexicon(const char *text, char path[64], char *stages_json, size_t size);

#endif
