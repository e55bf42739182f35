/* SPDX-License-Identifier: Apache-2.0 */

/* What speaks for and against a line being page furniture, as numbers for a weighted sum. */
#ifndef DECLUTTER_EVIDENCE_H
#define DECLUTTER_EVIDENCE_H

#include "declutter/lines.h"

/* One list for the code, the weights and the training script: name, then what it means. Each is 0 to 1. */
#define FURNITURE_FEATURES(X)                                                                                          \
  X(bias)         /* always 1 */                                                                                       \
  X(notice)       /* begins like a legal notice */                                                                     \
  X(inside)       /* share of words in phrases that are furniture anywhere */                                          \
  X(inside_any)   /* there is such a phrase, and the line has no more than 25 words */                                 \
  X(prompt)       /* begins with a prompt, and is short */                                                             \
  X(prompt_alone) /* ... and the prompt is most of it, or ends with a colon */                                         \
  X(list_head)    /* heads a list of links */                                                                          \
  X(nav)          /* share of menu words */                                                                            \
  X(nav_many)     /* three and more menu words make half of it */                                                      \
  X(separators)   /* menu separators, a third for each */                                                              \
  X(marked)       /* begins with a bullet, an arrow, a bracket */                                                      \
  X(symbols)      /* has pictographs, arrows, © */                                                                    \
  X(address)      /* URL, e-mail, @name */                                                                             \
  X(hashtag)                                                                                                           \
  X(numbers)          /* share of number words */                                                                      \
  X(times)            /* clock times */                                                                                \
  X(fused)            /* has words grown together */                                                                   \
  X(foreign)          /* all Latin on an Arabic page */                                                                \
  X(brackets)         /* stands in brackets */                                                                         \
  X(stops)            /* ends like a sentence */                                                                       \
  X(asks)             /* ends with a question mark */                                                                  \
  X(colon)            /* ends with a colon */                                                                          \
  X(words_1)          /* one word */                                                                                   \
  X(words_3)          /* two or three */                                                                               \
  X(words_7)          /* four to seven */                                                                              \
  X(words_14)         /* eight to fourteen */                                                                          \
  X(words_15)         /* fifteen and more */                                                                           \
  X(overlap)          /* share of its content words that the article uses elsewhere */                                 \
  X(strange)          /* two and more content words, none of which the article uses */                                 \
  X(before_title)     /* stands above the title */                                                                     \
  X(before_body)      /* stands between title and article */                                                           \
  X(after_body)       /* stands below the last paragraph */                                                            \
  X(in_list)          /* below a list head, with no paragraph between */                                               \
  X(beside_furniture) /* the line above or below is furniture by what it says */                                       \
  X(beside_short)     /* the lines above and below are no paragraphs either */                                         \
  X(date_only)        /* nothing but a date or a time */                                                               \
  X(no_stops)         /* ends unlike a sentence in an article whose paragraphs end like sentences */                   \
  X(tail)             /* below the article and unlike a sentence, in an article of sentences */                        \
  X(dateline)         /* between title and article, two or three short parts: place, agency, author */                 \
  X(names)            /* caption, byline or agency words */

enum {
#define FEATURE_INDEX(name) FEATURE_##name,
  FURNITURE_FEATURES(FEATURE_INDEX)
#undef FEATURE_INDEX
      N_FEATURES
};

/* Where a line stands on the page, as far as it is known by then. */
typedef struct line_place {
  bool before_title, before_body, after_body, in_list, beside_furniture, beside_short;
  bool date_only;
  bool page_is_arabic;
  bool page_stops; /* its paragraphs end with stops */
  float overlap;   /* share of content words that occur elsewhere in the article */
} line_place;

void evidence_of(const page_line *line, const line_place *place, float ret_features[N_FEATURES]);

/* The weighted sum: above 0 the line is furniture. */
float evidence_score(const float features[N_FEATURES]);

/* What can be said of a line alone: it is furniture beyond doubt, whatever stands around it. */
bool evidence_is_plain(const page_line *line);

#endif
