/* SPDX-License-Identifier: Apache-2.0 */

/* The sink `post`: records to an HTTP service. A record is delivered when the service has said 2xx. */
#include "post/stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "post/sender.h"

enum { ANSWER_KEPT = 4096, LOOK_MS = 250 };

typedef struct post_sink {
  exchange exchange; /* of it only the way records are written */
  sender sender;
  qn_timer *look; /* while something is to be sent or answered: no callback tells a sink that nobody waits */
} post_sink;

static void post_destroy(void *instance) {
  post_sink *sink = instance;
  if (sink != NULL) {
    if (sink->look != NULL) {
      sink->exchange.io->timer_stop(sink->look);
    }
    sender_done(&sink->sender);
    exchange_done(&sink->exchange);
    free(sink);
  }
}

static void on_answered(void *arg, ask_list *asks, const client_result *result) {
  post_sink *sink = arg;
  (void)result;
  for (ask *at; (at = ask_list_pull(asks)) != NULL;) {
    exchange_end(&sink->exchange, at, QN_STATUS_OK, NULL, NULL);
  }
}

static void on_arrived(void *arg) {
  (void)arg; /* a sink's documents come by write() */
}

static int post_create(qn_create *create, void **ret_instance) {
  static const char no_memory[] = "no memory for the sink";
  post_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) {
    return create->host->create_fail(create, no_memory, sizeof no_memory - 1);
  }
  int rc = exchange_open(create, SIZE_MAX, on_arrived, sink, &sink->exchange);
  rc = rc == 0 ? sender_open(create, &sink->exchange, ANSWER_KEPT, false, on_answered, sink, &sink->sender) : rc;
  if (rc != 0) {
    post_destroy(sink);
    return rc == -EINVAL ? rc : create->host->create_fail(create, no_memory, sizeof no_memory - 1);
  }
  *ret_instance = sink;
  return 0;
}

static qn_status post_prepare(void *instance, void *context, qn_call *call) {
  const post_sink *sink = instance;
  qn_str json;
  (void)context;
  int rc = call->host->record_encode(call, &sink->exchange.record, &json);
  rc = rc == 0 ? call->host->prepared_set(call, json.data, json.len) : rc;
  return rc == 0 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory to encode the record");
}

static void on_look(void *arg) {
  post_sink *sink = arg;
  if (!sender_look(&sink->sender)) {
    sink->exchange.io->timer_stop(sink->look);
    sink->look = NULL;
  }
}

static void post_write(void *instance, qn_item *const *items, uint32_t n_items) {
  post_sink *sink = instance;
  ask_list asks;
  ask_list_init(&asks);
  for (uint32_t i = 0; i < n_items; i++) {
    qn_str record = items[i]->prepared;
    ask *made = malloc(sizeof *made + record.len + 1);
    if (made == NULL) {
      items[i]->status = qn_fail(items[i]->call, QN_STATUS_RETRY, "no-memory", "no memory for the request");
      continue;
    }
    *made = (ask){ .call = items[i]->call, .ticket = items[i]->call->ticket, .len = record.len + 1 };
    memcpy(made->line, record.data, record.len);
    made->line[record.len] = '\n';
    items[i]->status = QN_STATUS_PENDING;
    ask_list_push(&asks, made);
  }
  sender_put(&sink->sender, &asks);
  if (sink->look == NULL) { /* without it what hangs hangs until "timeout_ms" */
    sink->exchange.io->timer_start(sink->exchange.env, LOOK_MS, LOOK_MS, on_look, sink, &sink->look);
  }
}

static const qn_sink post_table = {
  .size = sizeof(qn_sink),
  .create = post_create,
  .destroy = post_destroy,
  .prepare = post_prepare,
  .write = post_write,
};

const qn_stage post_stage = { .size = sizeof(qn_stage), .name = "post", .sink = &post_table };
