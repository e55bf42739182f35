/* SPDX-License-Identifier: Apache-2.0 */

/* Answers before they are sent, and those that tell of a problem (RFC 9457). */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include <stdbool.h>

#include "input/json_text.h"

typedef struct answer {
  unsigned status;  /* 0: there is none yet */
  const char *type; /* of the body; a constant */
  char *body;       /* owned; NULL: empty */
  size_t len;
  const char *allow; /* for Allow; a constant, or NULL */
  bool retry_later;  /* Retry-After */
  bool authenticate; /* WWW-Authenticate */
  bool codings;      /* Accept-Encoding: what is spoken here */
} answer;

extern const char problem_type[]; /* application/problem+json */
extern const char problem_json[]; /* application/json */

/* Writes the members of a problem, and leaves its object open. slug names it for programs, detail says for people what to do. */
void problem_begin(json_text *text, unsigned status, const char *slug, qn_str detail);

/* A whole one. */
void problem_answer(answer *ret_answer, unsigned status, const char *slug, const char *detail);

/* What has been written becomes the body. */
void answer_body(answer *answer, unsigned status, const char *type, json_text *text);
void answer_done(answer *answer);

/* What the status is called. */
const char *problem_title(unsigned status);

#endif
