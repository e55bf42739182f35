/* SPDX-License-Identifier: Apache-2.0 */

/* The answers of one connection: one a line that came, in the order of the lines, whatever order they become known in. */
#ifndef SOCKET_ANSWERS_H
#define SOCKET_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "input/json_text.h"

typedef enum answer_status {
  ANSWER_WAITED_FOR = 0,
  ANSWER_ACCEPTED, /* the document is safe */
  ANSWER_KNOWN,    /* it was accepted before */
  ANSWER_REFUSED,  /* not taken; may be sent again */
  ANSWER_REJECTED  /* not taken, and will not be */
} answer_status;

typedef struct answer {
  uint64_t line;
  answer_status status;
  char *id;      /* owned; may be NULL */
  char *message; /* owned; NULL: none */
} answer;

typedef struct answers {
  answer *ring;
  uint32_t capacity; /* a power of two, or 0 */
  uint32_t n;
  uint32_t first; /* the number of the first that is still here; all numbers wrap */
} answers;

void answers_done(answers *answers);

/* Opens the answer to a line. Its number is what answers_give() takes. 0, -ENOMEM. */
int answers_open(answers *answers, uint64_t line, uint32_t *ret_number);
/* Says of which document it will tell, unless it is given another id. */
void answers_name(answers *answers, uint32_t number, qn_str id);
/* Takes the answer opened last back: its line has not been read after all. */
void answers_withdraw(answers *answers);
/* Gives the answer, once; id and message are copied (at most 256 and 1024 bytes). Numbers that are none are ignored. A want of memory
 * costs its id and message. */
void answers_give(answers *answers, uint32_t number, answer_status status, qn_str id, qn_str message);

/* Writes the answers that are known and that no unknown one stands before, one JSON object a line. */
void answers_write(answers *answers, json_text *to);

#endif
