/* SPDX-License-Identifier: Apache-2.0 */

/* One request, from its header to its answer.
 *
 * It is read, prepared (unpacked, taken apart; large ones on a lent thread, which then owns body, drafts and prepared), taken
 * (its documents are emitted, a few at a time), and answered once it is known what became of each. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "http/media.h"
#include "http/problem.h"
#include "http/source.h"

typedef enum request_phase {
  REQUEST_READS = 0, /* its body comes */
  REQUEST_PREPARED,  /* its drafts are being made, or are made */
  REQUEST_TAKEN,     /* its documents are being emitted, or are on their way */
  REQUEST_ASKS,      /* the worker is asked for the answer */
  REQUEST_ANSWERED   /* the answer is there */
} request_phase;

typedef enum take_state {
  TAKE_TODO = 0, /* not emitted yet */
  TAKE_SENT,     /* emitted; nothing is known yet */
  TAKE_ACCEPTED, /* on the disk */
  TAKE_KNOWN,    /* its key was there before */
  TAKE_ENDED,    /* it came out: `end` */
  TAKE_BAD,      /* it is no document: slug and detail */
  TAKE_LARGE,    /* more than the pipeline takes */
  TAKE_FULL,     /* there is no room */
  TAKE_FAILED,   /* it could not be written; end->message says why, if it is there */
  TAKE_STOPPED   /* the source stops */
} take_state;

/* How a document came out. Strings are owned; NULL: empty. */
typedef struct take_end {
  uint32_t attempts;
  char *record;
  size_t record_len;
  char *stage, *slug, *message;
} take_end;

typedef struct taken {
  take_state state;
  uint32_t outcome; /* QN_OUTCOME_*, once it has ended */
  uint32_t line;
  uint64_t cookie; /* 0: none */
  const char *slug, *detail;
  char *id;      /* owned; NULL: not emitted */
  take_end *end; /* NULL: nothing more is known, or there was no memory for it */
} taken;

enum { QUERY_FIELDS_MAX = 5 };

struct request {
  http_source *source;
  struct MHD_Connection *connection;
  peer *peer;
  request *next, **link; /* of all requests */
  request *next_to_take;
  request_phase phase;
  bool is_suspended;
  bool is_offloaded;
  bool is_in_line;      /* to be taken */
  bool is_begun;        /* its header was read */
  bool waits;           /* ?wait=1 */
  bool is_garbled;      /* where its body ends is not clear, so nothing can follow it */
  bool is_swallowing;   /* the answer is there already, the rest of the body is read and forgotten */
  uint64_t deadline_ms; /* of waiting for what becomes of it; 0: none */

  /* What the header says. Strings are MHD's, and hold as long as the request. */
  media_kind kind;
  unpack_coding coding;
  const char *content_type;
  const char *key;
  const char *id;
  const char *trace_parent; /* what Trace Context says; NULL: nothing that is one */
  draft_field fields[QUERY_FIELDS_MAX];
  uint32_t n_fields;
  uint64_t expected; /* bytes of the body; UINT64_MAX: not said */

  char *body;
  size_t len, capacity;
  size_t charged; /* of source->bodies_bytes */
  uint64_t swallowed;
  int prepared; /* what came of it */
  drafts drafts;

  taken *documents;
  uint32_t n_documents, n_emitted, n_open;

  answer answer;
  char *target;            /* owned; NULL: the request is not for the worker */
  const char *method;      /* MHD's */
  struct control_ask *ask; /* while the worker is asked */
};

/* --- request.c: MHD's callbacks --- */

void *request_begin(void *arg, const char *target, struct MHD_Connection *connection);
enum MHD_Result request_handle(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_len, void **state);
void request_completed(void *arg, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code);

/* The answer is there, or is wanted now: goes on with the connection. */
void request_resume(request *request);
/* Those that have waited long enough, and all of them when the source stops. */
void requests_sweep(http_source *source);
void requests_stop(http_source *source, bool at_once);

/* The longest body it may have. */
size_t request_body_max(const request *request);

/* --- header.c --- */

/* Reads what the header says into the request. What is wrong is put into its answer. */
void header_read(request *request, const char *url, const char *method);

/* --- prepare.c --- */

/* The body is whole. */
void request_prepare(request *request);
void request_body_free(request *request);

/* --- take.c --- */

void request_take(request *request);
/* Emits what waits, as far as there is credit and this turn allows. */
void taking_run(http_source *source);
/* Has those answered who have waited for room long enough. */
void taking_sweep(http_source *source);
void take_accepted(void *instance, const qn_acceptance *const *acceptances, uint32_t n);
void take_finished(void *instance, const qn_finish *const *finishes, uint32_t n);
void take_settled(http_source *source, const qn_receipt *receipts, uint32_t n);
/* Nothing more is waited for: what is open stays so, what is not emitted gets this state. */
void request_give_up(request *request, take_state rest);
void request_leave(request *request); /* the line of those to be taken */
void request_documents_free(request *request);

/* --- outcome.c --- */

/* Makes the answer from what is known of the documents. */
void outcome_answer(request *request);

#endif
