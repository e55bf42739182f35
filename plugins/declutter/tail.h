/* SPDX-License-Identifier: Apache-2.0 */

/* What stands below the story and reads like one: comments of readers, teasers of other stories. */
#ifndef DECLUTTER_TAIL_H
#define DECLUTTER_TAIL_H

#include "declutter/roles.h"

/* Finds the line from which on paragraphs must prove that they belong to the story. Lines below the head of comments are taken out
 * of it at once. After the paragraphs were found, before their vocabulary is. */
void tail_find(page_roles *roles);

/* Takes the paragraphs of the tail out of the story if all of them are teasers of others. After the vocabulary was found. */
void tail_cut(page_roles *roles, const uint8_t *text);

#endif
