/* SPDX-License-Identifier: Apache-2.0 */

/* Gives each line of a page its role: paragraph, heading, title, byline, caption, list, furniture or duplicate.
 *
 * How: paragraphs that read like prose mark where the article begins and ends; the title is the line above it that
 * speaks most of what the article speaks of; what is neither gets a weighted sum of what speaks for furniture. */
#ifndef DECLUTTER_ROLES_H
#define DECLUTTER_ROLES_H

#include "declutter/dates.h"
#include "declutter/evidence.h"
#include "declutter/repeats.h"

typedef struct roles_options {
  uint32_t min_duplicate_words;
  double duplicate_similarity;
  const uint8_t *title; /* what the source says the title is, or NULL */
  size_t title_len;
} roles_options;

/* Scratch space and result, kept from document to document. */
typedef struct page_roles {
  page_lines page;
  repeats found;
  uint8_t *role;     /* QN_BLOCK_ROLE_*, one a line */
  uint8_t *is_prose; /* scratch */
  uint8_t *in_list;  /* scratch */
  uint8_t *is_cut;   /* scratch: below the story, whatever it reads like */
  float *score;      /* scratch: over 0 is furniture */
  uint32_t capacity;
  uint32_t title;                /* the title's line, or REPEAT_NONE */
  bool title_given;              /* it is the one that the source gave */
  uint32_t byline;               /* the byline's line, or REPEAT_NONE */
  line_date date;                /* of publication, if a line says it */
  uint32_t body_begin, body_end; /* lines from the first paragraph to past the last; equal if there is none */
  uint32_t tail;                 /* from this line on paragraphs may be those of other stories */
  uint32_t stop_share;           /* percent of the paragraphs that end with stops */
  bool is_arabic;
  uint64_t vocabulary[1 << 9]; /* bits by stem: the words of the article's paragraphs */
} page_roles;

/* Reads the page and fills roles->role, one for each of roles->page.lines. found.of tells what duplicates repeat. 0,
 * -ENOMEM. */
int roles_find(page_roles *roles, const uint8_t *text, uint32_t len, const phrase_table *phrases,
               const roles_options *options);
void roles_done(page_roles *roles);

/* The share of a line's content words that the story's paragraphs use. Paragraphs use their own. */
float roles_overlap(const page_roles *roles, const page_line *line);

/* The features of a line as they went into its score; for the training script's dump. */
void roles_features(const page_roles *roles, const uint8_t *text, uint32_t line, float ret_features[N_FEATURES]);

#endif
