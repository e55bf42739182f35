/* SPDX-License-Identifier: Apache-2.0 */

/* Answers before they are sent, and those that tell of a problem (RFC 9457). */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include <stdbool.h>

#include "input/json_text.h"

typedef struct answer {
  unsigned status;  /* 0: there is none yet */
  const char *type; /* of the body */
  char *body;       /* owned; NULL: empty */
  size_t len;
  const char *allow;  /* Allow, or NULL */
  const char *policy; /* Content-Security-Policy, or NULL */
  char *headers;      /* owned: what the strings above point into if they are no constants */
  bool retry_later;   /* Retry-After */
  bool authenticate;  /* WWW-Authenticate */
  bool codings;       /* Accept-Encoding: what is spoken here */
  bool is_private;    /* not for caches, nor to be guessed at */
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
