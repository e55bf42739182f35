/* SPDX-License-Identifier: Apache-2.0 */

/* Gathers asks into requests and judges what comes back by its HTTP status; what a good answer means, its owner says.
 *
 * A request is sent when enough has gathered or the oldest has waited long enough. If a service refuses a request of
 * several documents for what is in it, each is sent again alone, so that one bad document costs no other. */
#ifndef POST_SENDER_H
#define POST_SENDER_H

#include "exchange/exchange.h"
#include "post/client.h"

typedef enum sender_form {
  SENDER_LINES, /* one JSON value a line */
  SENDER_ARRAY, /* one JSON array */
  SENDER_OBJECT /* one JSON value: a request a document */
} sender_form;

struct sender_batch;

typedef struct sender {
  exchange *exchange;
  client *client;
  sender_form form;
  uint32_t documents_max;
  size_t bytes_max;
  uint64_t wait_ms;
  /* Ends all asks of a request that was answered well (2xx). */
  void (*answered)(void *arg, ask_list *asks, const client_result *result);
  void *arg;

  ask_list waiting;
  size_t waiting_bytes;
  qn_timer *timer;              /* until the oldest has waited enough */
  struct sender_batch *batches; /* on their way */
} sender;

/* Reads "form" and the "batch_..." keys, and opens the client. 0, -EINVAL after create_fail(), -ENOMEM. [create] */
int sender_open(qn_create *create, exchange *exchange, size_t keep_max, bool refuse_longer,
                void (*answered)(void *arg, ask_list *asks, const client_result *result), void *arg,
                sender *ret_sender);
/* Also one that is all zero. What was not answered is freed without a word. */
void sender_done(sender *sender);

/* Takes over asks. */
void sender_put(sender *sender, ask_list *asks);
/* Nobody waits for this ticket any more. */
void sender_cancel(sender *sender, qn_ticket ticket);
/* Ends what the host says that nobody waits for any more. False: there is nothing left to ask for. */
bool sender_look(sender *sender);

#endif
