/* SPDX-License-Identifier: Apache-2.0 */

/* Stops: full stops, question and exclamation marks with the marks that close behind them, and the judgement whether
 * one ends a sentence. Looks at one line only. */
#ifndef SENTENCES_STOPS_H
#define SENTENCES_STOPS_H

#include <stdint.h>

/* The line that a stop stands in; valid UTF-8 from begin to end of text. */
typedef struct stop_line {
  const uint8_t *text;
  uint32_t begin;
  uint32_t end;
} stop_line;

typedef struct stop {
  uint32_t begin;      /* of the first mark */
  uint32_t marks_end;  /* behind the last . ! ? */
  uint32_t end;        /* behind the closing marks */
  uint32_t n_points;   /* full stops; an ellipsis sign counts as three */
  uint32_t n_hard;     /* question and exclamation marks */
  uint32_t n_straight; /* straight quotation marks among the closing ones */
  int closes_quote;    /* a closing mark is a quotation mark */
} stop;

/* Reads the stop at pos, where stop_mark() is true. open_quotes is the number of straight quotation marks before it in
 * the line: an odd number makes the next one a closing one. */
void stop_read(const stop_line *line, uint32_t pos, uint32_t open_quotes, stop *ret_stop);

/* How many bytes at pos are one mark of a stop; 0 if there is none. */
uint32_t stop_mark(const stop_line *line, uint32_t pos);

/* True if a sentence ends behind the stop. */
int stop_ends_sentence(const stop_line *line, const stop *stop);

#endif
