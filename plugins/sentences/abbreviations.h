/* SPDX-License-Identifier: Apache-2.0 */

/* The words that say whether a stop beside them ends a sentence. Words are as written in a normalized text; Latin ones
 * are compared without case. */
#ifndef SENTENCES_ABBREVIATIONS_H
#define SENTENCES_ABBREVIATIONS_H

#include <stdint.h>

typedef enum abbreviation {
  ABBREVIATION_NONE = 0,
  ABBREVIATION_TITLE,  /* a name follows: Mr. St. vs. */
  ABBREVIATION_NUMBER, /* before a number: No. Fig. Sept. */
  ABBREVIATION_SUFFIX, /* may end a sentence as well: Inc. Jr. U.S. a.m. */
  ABBREVIATION_LETTER  /* the Arabic name of a Latin letter: إف. in جون إف. كينيدي */
} abbreviation;

abbreviation abbreviation_of(const uint8_t *word, uint32_t len);

/* Words that tell who spoke: after a question or an exclamation in quotation marks the sentence goes on with them. */
int abbreviation_is_speech(const uint8_t *word, uint32_t len);

/* Words that an English sentence likes to begin with. */
int abbreviation_is_starter(const uint8_t *word, uint32_t len);

#endif
