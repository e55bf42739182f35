/* SPDX-License-Identifier: Apache-2.0 */

/* What brokers have in common: the small interface that a client library is put behind, and the source and the sink
 * that are made of it. No part of the ABI.
 *
 * A client is a table of functions over one connection of one library. It knows nothing of documents; the room knows
 * nothing of the library. All functions of a client run on the one thread that the host lends to the source or sink, and
 * may block for as long as they were told; only wake() comes from other threads. settled() of the source runs on the
 * loop: it notes down and wakes, nothing else.
 *
 * A source's plugin gives the host this, and a sink's likewise:
 *
 *   static int my_create(qn_create *create, void **ret) { return broker_source_new(create, &my_consumer, ret); }
 *   static const qn_source table = { .size = sizeof(qn_source), .create = my_create, .destroy = broker_source_destroy,
 *     .next = broker_source_next, .interrupt = broker_source_interrupt, .settled = broker_source_settled };
 *
 * Configuration that the room reads itself, and that every broker's manifest spells alike, stands in docs/brokers.md. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qanat/stage.h"

/* Why something failed: for people, and what to do about it. */
typedef struct broker_fault {
  int code;          /* negative errno */
  bool is_permanent; /* trying again does not help: wrong password, no such topic */
  char slug[48];
  char text[512];
} broker_fault;

/* Fills the fault and returns code. */
int broker_fault_set(broker_fault *fault, int code, const char *slug, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same for what trying again does not help. */
int broker_fault_final(broker_fault *fault, int code, const char *slug, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

typedef struct broker_header {
  qn_str name;
  qn_value value; /* BOOL, I64, F64 or STR */
} broker_header;

/* Names one delivery to the client that made it; the room only keeps it. */
typedef struct broker_tag {
  uint64_t position; /* delivery tag, offset */
  uint32_t lane;     /* partition, or 0 */
  uint32_t session;  /* of the connection or assignment; the client ignores what is of an older one */
} broker_tag;

/* A message, either way. Strings are lent: by the client until release(), or by the room until publish() returns. */
typedef struct broker_message {
  qn_str body;
  qn_str content_type;  /* empty: unknown */
  qn_str id;            /* stable identity, or empty; at most 256 bytes are used */
  qn_str key;           /* routing key or partition key */
  qn_str source;        /* in: the queue or topic it came from, for people */
  uint64_t ordinal;     /* in: its place there, as far as it is known */
  int64_t timestamp_ms; /* 0: unknown */
  uint32_t attempt;     /* in: 1 for the first delivery */
  uint32_t n_headers;
  const broker_header *headers;
  broker_tag tag; /* in */
} broker_message;

/* --- the client of a source --- */

typedef struct broker_source broker_source;

/* What becomes of a delivery. Flags, so that a table can name several. */
typedef enum broker_verdict {
  BROKER_ACK = 1,        /* done: never deliver it again */
  BROKER_RETURN = 2,     /* deliver it again, to anybody, not before the delay has passed */
  BROKER_DEAD_LETTER = 4 /* keep it where people look for what failed */
} broker_verdict;

typedef struct broker_consumer {
  const char *name;        /* "amqp", for messages */
  unsigned holds_messages; /* BROKER_* verdicts for which settle() is to get the whole message again */

  /* Reads the client's own configuration; no connection yet. create_fail() says what is wrong. 0, -EINVAL, -ENOMEM. [create] */
  int (*open)(qn_create *create, broker_source *source, uint32_t prefetch, void **ret_client);
  void (*close)(void *client); /* disconnects too; NULL is fine [create] */

  /* Connects, makes sure of queues and subscriptions, asks for at most prefetch unsettled deliveries. Blocks for a connect
   * time-out at most. 0, negative errno with fault. Called again after any function said that the connection is lost. */
  int (*connect)(void *client, broker_fault *fault);
  /* Lets go of the connection without a word that could block; what was not settled comes again. */
  void (*disconnect)(void *client);

  /* The next delivery, waiting for up to wait_ms, and keeping the session alive meanwhile. 1 with a message that the room
   * gives back by release(); 0 if there is none; negative errno: the connection is lost. */
  int (*fetch)(void *client, uint32_t wait_ms, const broker_message **ret_message, broker_fault *fault);
  void (*release)(void *client, const broker_message *message); /* also after disconnect() */
  /* The message's document was emitted, and settle() will not ask for the message: it may go, though it has not settled. NULL: release()
   * is as good. */
  void (*let_go)(void *client, const broker_message *message);
  /* Keeps the session alive while there is no credit for another document: takes no delivery out, holds the broker back.
   * Returns after wait_ms, or at wake(). 0; negative errno: the connection is lost. */
  int (*serve)(void *client, uint32_t wait_ms, broker_fault *fault);

  /* Says what became of a delivery. message is NULL unless the verdict is one of holds_messages and what the pipeline wants of its
   * failures can lead to one of those; BROKER_RETURN without it leaves the delivery to the next session. One of an older session is
   * ignored: 0. What it sends may be kept back until commit(). 0; negative errno: the connection is lost. */
  int (*settle)(void *client, broker_tag tag, broker_verdict verdict, uint32_t delay_ms, const broker_message *message,
                broker_fault *fault);
  /* Sends what settle() kept back. is_last: waits until the broker has it, within a time-out. 0, negative errno. */
  int (*commit)(void *client, bool is_last, broker_fault *fault);
  /* The document of this delivery is still at work: renews what would otherwise run out. NULL where nothing does. */
  int (*extend)(void *client, broker_tag tag, broker_fault *fault);
  uint32_t extend_ms; /* how often; 0: never */

  /* Makes fetch or serve return soon, also one that is only about to begin. [any] */
  void (*wake)(void *client);
} broker_consumer;

/* For a client inside fetch(), serve() or disconnect(): applies by settle() what has settled by now, after waiting up to wait_ms
 * for something to settle (partitions are taken away, say). Returns how many deliveries it has settled. [lent] */
uint32_t broker_source_settle_some(broker_source *source, uint32_t wait_ms);
/* For a client inside open(): as it is configured, it wants messages again for these verdicts only. [create] */
void broker_source_hold(broker_source *source, unsigned verdicts);
/* True once the source is to end: a client that waits for long looks. [lent] */
bool broker_source_is_ending(const broker_source *source);

int broker_source_new(qn_create *create, const broker_consumer *table, void **ret_source);
void broker_source_destroy(void *source);
qn_status broker_source_next(void *source, qn_call *call);
void broker_source_interrupt(void *source);
void broker_source_settled(void *source, const qn_receipt *receipts, uint32_t n_receipts);

/* --- the client of a sink --- */

typedef struct broker_sink broker_sink;

typedef struct broker_producer {
  const char *name;

  /* As for sources. window is how many messages may be unconfirmed. */
  int (*open)(qn_create *create, broker_sink *sink, uint32_t window, void **ret_client);
  void (*close)(void *client);
  int (*connect)(void *client, broker_fault *fault);
  /* What was not confirmed will be published again by the room, with the same id. */
  void (*disconnect)(void *client);

  /* Takes a message, which holds still until it is confirmed or disconnect() has returned, and owes broker_sink_confirmed(token) from a later
   * serve(). 0; -EAGAIN: serve first; -EMSGSIZE or any fault that is permanent: this message can never pass;
   * other negative errno: the connection is lost. */
  int (*publish)(void *client, const broker_message *message, uint64_t token, broker_fault *fault);
  /* Waits for up to wait_ms for confirms and tells the room of them; returns as soon as there were any. 0; negative errno: the
   * connection is lost. */
  int (*serve)(void *client, uint32_t wait_ms, broker_fault *fault);
} broker_producer;

/* The broker has the message for good, or (fault not NULL) it refused it: it is published again after a while. [lent] */
void broker_sink_confirmed(broker_sink *sink, uint64_t token, const broker_fault *fault);

int broker_sink_new(qn_create *create, const broker_producer *table, void **ret_sink);
void broker_sink_destroy(void *sink);
int broker_sink_context_open(void *sink, qn_env *env, const qn_host *host, void **ret_context);
void broker_sink_context_close(void *context);
qn_status broker_sink_prepare(void *sink, void *context, qn_call *call);
void broker_sink_write(void *sink, qn_item *const *items, uint32_t n_items);
qn_status broker_sink_flush(void *sink, qn_call *call);
qn_status broker_sink_finish(void *sink, qn_call *call, int success);

#endif
