/* SPDX-License-Identifier: Apache-2.0 */

/* Annotated articles, with the layers that the stages before entities would make of them. */
#ifndef NER_ARTICLES_H
#define NER_ARTICLES_H

#include "entities/scan.h"
#include "qanat/layers.h"
#include "tokenize/clitics.h"

/* A name that somebody marked. */
typedef struct marked {
  uint32_t begin; /* bytes */
  uint32_t end;
  uint32_t type;
  uint32_t optional; /* neither wanted nor wrong */
} marked;

typedef struct article {
  qn_view view;
  marked *marks;
  uint32_t n_marks;
  uint32_t number; /* its place among those that may be held out; SCAN_NONE: it is only trained on */
  uint32_t set;    /* of which file it is, by the caller's count */
  uint32_t n_tokens;
  uint32_t n_parts;
  uint32_t n_sentences;
  uint32_t *token[4]; /* begin, end, kind, script */
  uint32_t *part[4];  /* begin, end, token, kind */
  uint32_t *sentence[2];
  qn_heap_str *forms;
  char *heap;
  const void *token_columns[QN_TOKEN_N_COLUMNS];
  const void *part_columns[QN_PART_N_COLUMNS];
} article;

typedef struct articles {
  article *list;
  size_t n;
  size_t capacity;
  uint32_t n_numbered;
} articles;

/* Adds the articles of a file that corpus-to-training wrote, as those of a set, and cuts them. numbered: they may be held
 * out. A file that cannot be used ends the program. */
void articles_read(articles *all, const char *path, uint32_t set, int numbered, const clitics_model *clitics);

/* The layers of an article; they hold as long as it does. */
scan_input articles_input(const article *a);

#endif
