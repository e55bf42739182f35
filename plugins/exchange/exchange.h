/* SPDX-License-Identifier: Apache-2.0 */

/* What stages that ask somebody outside do alike: they write a document as a line that bears a number, carry it from the
 * worker to the loop, and turn the reply with that number into what the document gets.
 *
 * A worker makes an ask and puts it; the loop takes asks, sends them on its way, and ends each exactly once. */
#ifndef EXCHANGE_EXCHANGE_H
#define EXCHANGE_EXCHANGE_H

#include <stdatomic.h>

#include "exchange/reply.h"
#include "qanat/io.h"

enum { EXCHANGE_PARTS_MAX = 64 };

/* A document on its way. */
typedef struct ask {
  struct ask *next;
  qn_call *call; /* NULL: ended already, only the reply is still to come */
  qn_ticket ticket;
  uint64_t id;
  uint64_t since_ms; /* whoever holds it */
  bool is_first;     /* the first attempt of the pipeline */
  bool alone;        /* whoever holds it: it must not share its fate with others */
  uint8_t n_returns; /* whoever holds it: how often it came back without a fault of its own */
  size_t len;
  char line[]; /* JSON, with a newline behind */
} ask;

/* Asks in order. */
typedef struct ask_list {
  ask *first;
  ask **link; /* where the next goes */
  uint32_t n;
} ask_list;

typedef struct cancelled {
  struct cancelled *next;
  qn_ticket ticket;
} cancelled;

typedef struct exchange {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  qn_wake *wake;
  size_t line_max;
  qn_record_options record;
  qn_str parts[EXCHANGE_PARTS_MAX]; /* their bytes are owned */
  shapes shapes;
  reply_body body; /* [loop] */
  _Atomic uint64_t next_id;
  ask *_Atomic arrived;         /* newest first */
  cancelled *_Atomic cancelled; /* newest first */
  _Atomic bool broken;          /* once true, `why` does not change */
  char why[600];
} exchange;

/* Reads "parts", "offsets" and "layers" of the configuration; arrived is called on the loop when there is something to
 * take. 0, -ENOMEM, or -EINVAL after create_fail(). [create] */
int exchange_open(qn_create *create, size_t line_max, void (*arrived)(void *arg), void *arg, exchange *ret_exchange);
/* Also for one that is all zero, or was not opened whole. Asks that nobody took are freed. */
void exchange_done(exchange *exchange);

/* What process() and cancel() of such a stage do. [worker], [any] */
qn_status exchange_ask(exchange *exchange, qn_call *call);
void exchange_cancel(exchange *exchange, qn_ticket ticket);

/* Moves what has arrived to the end of the list. [loop] */
void exchange_take(exchange *exchange, ask_list *list);
/* Takes the next ticket that nobody waits for any more. False: none. [loop] */
bool exchange_take_cancelled(exchange *exchange, qn_ticket *ret_ticket);

/* Ends an ask with what a reply says, or otherwise; the ask is gone then. NULL slug and text only with OK and DROP. [loop] */
void exchange_answer(exchange *exchange, ask *ask, const reply *reply);
void exchange_end(exchange *exchange, ask *ask, qn_status status, const char *slug, const char *text);
/* Ends it because its reply is no good: REJECT. */
void exchange_refuse(exchange *exchange, ask *ask, const reply_fault *fault);
/* Nobody waits for it: ends it, but keeps the ask for the reply that is still to come. */
void exchange_abandon(exchange *exchange, ask *ask);
/* From now on all is FATAL, with this reason. [loop] */
void exchange_break(exchange *exchange, const char *why);

void exchange_log(const exchange *exchange, uint32_t level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- lists --- */

void ask_list_init(ask_list *list);
void ask_list_push(ask_list *list, ask *ask);
/* In front of all; others keep their order. */
void ask_list_push_front(ask_list *list, ask *ask);
ask *ask_list_pull(ask_list *list); /* NULL: empty */
/* Takes out the one with this number, or ticket. NULL: none. */
ask *ask_list_take_id(ask_list *list, uint64_t id);
ask *ask_list_take_ticket(ask_list *list, qn_ticket ticket);

#endif
