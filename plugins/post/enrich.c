/* SPDX-License-Identifier: Apache-2.0 */

/* The transform `enrich`: documents to an HTTP service, which answers as programs of the stage `exec` do. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "post/sender.h"
#include "post/stages.h"

typedef struct enrich {
  exchange exchange;
  sender sender;
} enrich;

static void enrich_destroy(void *instance) {
  enrich *stage = instance;
  if (stage != NULL) {
    sender_done(&stage->sender);
    exchange_done(&stage->exchange);
    free(stage);
  }
}

/* --- replies --- */

static void take_reply(enrich *stage, ask_list *asks, const reply *reply, int rc, const reply_fault *fault) {
  ask *found = reply->has_id ? ask_list_take_id(asks, reply->id) : NULL;
  if (found == NULL && reply->has_id) {
    exchange_log(&stage->exchange, QN_LOG_WARNING, "the service answered number %" PRIu64 ", which it was not asked",
                 reply->id);
  } else if (found != NULL && rc == 0) {
    exchange_answer(&stage->exchange, found, reply);
  } else if (found != NULL) {
    exchange_refuse(&stage->exchange, found, fault);
  }
}

/* One JSON array of replies. What is wrong, or NULL. */
static const char *take_array(enrich *stage, ask_list *asks, json_in *in, reply_fault *fault) {
  json_in_enter(in, '[');
  for (uint32_t n = 0; json_in_more(in, ']', n); n++) {
    reply reply;
    int rc = reply_take(in, &reply, fault);
    take_reply(stage, asks, &reply, rc, fault);
    if (rc != 0 && in->fault != NULL) {
      return fault->text;
    }
  }
  return in->fault;
}

/* One reply a line, each on its own: a bad one spoils no other. */
static const char *take_lines(enrich *stage, ask_list *asks, char *body, size_t len, reply_fault *fault) {
  const char *wrong = NULL;
  char *end = body + len;
  for (char *at = body; at < end;) {
    char *stop = memchr(at, '\n', (size_t)(end - at));
    stop = stop == NULL ? end : stop;
    size_t line_len = (size_t)(stop - at);
    line_len -= line_len > 0 && at[line_len - 1] == '\r';
    if (line_len > 0) {
      reply reply;
      int rc = reply_read(at, line_len, &reply, fault);
      take_reply(stage, asks, &reply, rc, fault);
      wrong = reply.has_id ? wrong : fault->text;
    }
    at = stop + 1;
  }
  return wrong;
}

static void on_answered(void *arg, ask_list *asks, const client_result *result) {
  enrich *stage = arg;
  reply_fault fault = { "" };
  json_in in = { .at = result->body, .end = result->body + result->body_len };
  const char *wrong = NULL;
  if (json_in_peek(&in) != JSON_IN_ARRAY) {
    wrong = take_lines(stage, asks, result->body, result->body_len, &fault);
  } else if (json_in_open(&in, result->body, result->body_len)) {
    wrong = take_array(stage, asks, &in, &fault);
  } else {
    wrong = in.fault;
  }
  char text[700];
  const char *target = client_target(stage->sender.client);
  snprintf(text, sizeof text,
           wrong == NULL ? "the answer of %.250s left this document out"
                         : "the answer of %.250s cannot be read: %.400s",
           target, wrong == NULL ? "" : wrong);
  for (ask *at; (at = ask_list_pull(asks)) != NULL;) {
    exchange_end(&stage->exchange, at, QN_STATUS_RETRY, wrong == NULL ? "no-answer" : "bad-reply", text);
  }
}

/* --- the stage --- */

static void on_arrived(void *arg) {
  enrich *stage = arg;
  ask_list asks;
  qn_ticket ticket;
  ask_list_init(&asks);
  exchange_take(&stage->exchange, &asks);
  sender_put(&stage->sender, &asks);
  while (exchange_take_cancelled(&stage->exchange, &ticket)) {
    sender_cancel(&stage->sender, ticket);
  }
}

static int enrich_create(qn_create *create, void **ret_instance) {
  static const char no_memory[] = "no memory for the stage";
  enrich *stage = calloc(1, sizeof *stage);
  if (stage == NULL) {
    return create->host->create_fail(create, no_memory, sizeof no_memory - 1);
  }
  size_t line_max = (size_t)qn_config_i64(create, "/line_bytes", 16777216);
  size_t reply_max = (size_t)qn_config_i64(create, "/reply_bytes", 67108864);
  int rc = exchange_open(create, line_max, on_arrived, stage, &stage->exchange);
  rc = rc == 0 ? sender_open(create, &stage->exchange, reply_max, true, on_answered, stage, &stage->sender) : rc;
  if (rc != 0) {
    enrich_destroy(stage);
    return rc == -EINVAL ? rc : create->host->create_fail(create, no_memory, sizeof no_memory - 1);
  }
  *ret_instance = stage;
  return 0;
}

static qn_status enrich_process(void *instance, void *context, qn_call *call) {
  enrich *stage = instance;
  (void)context;
  return exchange_ask(&stage->exchange, call);
}

static void enrich_cancel(void *instance, qn_ticket ticket) {
  enrich *stage = instance;
  exchange_cancel(&stage->exchange, ticket);
}

static const qn_transform enrich_table = {
  .size = sizeof(qn_transform),
  .create = enrich_create,
  .destroy = enrich_destroy,
  .process = enrich_process,
  .cancel = enrich_cancel,
};

const qn_stage enrich_stage = { .size = sizeof(qn_stage), .name = "enrich", .transform = &enrich_table };
