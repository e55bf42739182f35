/* SPDX-License-Identifier: Apache-2.0 */

/* The source that takes JSON Lines from sockets: its life, and whose turn it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "exchange/setting.h"
#include "socket/connection.h"

enum { SWEEP_MS = 250, TURNS_AT_ONCE = 32 };

uint64_t socket_now_ms(const socket_source *source) {
  return source->io->now_ms(source->env);
}

void socket_say(socket_source *source, const char *text) {
  enum { MINUTE_MS = 60000 };
  uint64_t now_ms = socket_now_ms(source);
  if (source->said_ms == 0 || now_ms - source->said_ms > MINUTE_MS) {
    source->said_ms = now_ms > 0 ? now_ms : 1;
    source->host->log(source->env, QN_LOG_WARNING, text, strlen(text));
  }
}

/* --- turns --- */

/* Lets those that have lines take turns; a few at once, so that the loop has time for others too. */
static void take_turns(socket_source *source) {
  for (int i = 0; i < TURNS_AT_ONCE && source->first_ready != NULL && !source->starved; i++) {
    connection *next = source->first_ready;
    connection_turn(next);
    if (source->starved) {
      return; /* it stays the first */
    }
    if (next->is_ready) {
      source->first_ready = next->next_ready;
      if (source->first_ready == NULL) {
        source->last_ready = &source->first_ready;
      }
      next->is_ready = false;
    }
    connection_go_on(next);
  }
  if (source->first_ready != NULL && !source->starved) {
    source->io->wake_send(source->wake);
  }
}

static void on_wake(void *arg) {
  take_turns(arg);
}

static void socket_credit(void *instance, qn_call *call) {
  socket_source *source = instance;
  (void)call;
  source->starved = false;
  take_turns(source);
}

/* --- what became of documents --- */

static void give(socket_source *source, uint64_t cookie, answer_status status, qn_str id, qn_str message) {
  uint32_t number;
  connection *to = connection_find(source, cookie, &number);
  if (to != NULL) {
    answers_give(&to->answers, number, status, id, message);
    if (!to->is_told) {
      to->is_told = true;
      to->next_told = source->first_told;
      source->first_told = to;
    }
  }
}

/* Many answers go out with one call. Going on may end a connection, but none of the others. */
static void send_given(socket_source *source) {
  while (source->first_told != NULL) {
    connection *next = source->first_told;
    source->first_told = next->next_told;
    next->is_told = false;
    connection_go_on(next);
  }
}

static void on_accepted(void *instance, const qn_acceptance *const *acceptances, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    const qn_acceptance *told = acceptances[i];
    answer_status status = told->outcome == QN_INTAKE_ACCEPTED ? ANSWER_ACCEPTED
                           : told->outcome == QN_INTAKE_KNOWN  ? ANSWER_KNOWN
                                                               : ANSWER_REFUSED;
    give(instance, told->cookie, status, told->id, told->message);
  }
  send_given(instance);
}

/* Without a journal a document is safe when it has come out. */
static void socket_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  socket_source *source = instance;
  for (uint32_t i = 0; i < n_receipts && source->intake == NULL; i++) {
    bool failed = receipts[i].outcome == QN_OUTCOME_DEAD_LETTERED;
    give(source, receipts[i].cookie, failed ? ANSWER_REJECTED : ANSWER_ACCEPTED, (qn_str){ NULL, 0 },
         failed ? QN_LIT("a stage failed on it; the dead letters of the run say why") : (qn_str){ NULL, 0 });
  }
  send_given(source);
}

static const qn_intake_events intake_events = { .size = sizeof intake_events, .accepted = on_accepted };

/* --- life --- */

static void close_all(socket_source *source) {
  for (uint32_t i = 0; source->slots != NULL && i < source->settings.n_connections; i++) {
    if (source->slots[i] != NULL) {
      connection_close(source->slots[i]);
    }
  }
}

static void socket_destroy(void *instance) {
  socket_source *source = instance;
  if (source == NULL) {
    return;
  }
  close_all(source);
  door_close(source);
  if (source->io != NULL) {
    source->io->timer_stop(source->sweep);
    source->io->wake_close(source->wake);
  }
  free(source->slots);
  free(source->generations);
  members_done(&source->members);
  settings_done(&source->settings);
  free(source);
}

static int make_room(socket_source *source, qn_create *create) {
  uint32_t n = source->settings.n_connections;
  source->slots = calloc(n, sizeof(connection *));
  source->generations = calloc(n, sizeof *source->generations);
  if (source->slots == NULL || source->generations == NULL ||
      getrandom(&source->mark, sizeof source->mark, 0) != sizeof source->mark) {
    return setting_refuse(create, "no memory for the source");
  }
  return 0;
}

static int socket_create(qn_create *create, void **ret_instance) {
  socket_source *source = calloc(1, sizeof *source);
  if (source == NULL) {
    return setting_refuse(create, "no memory for the source");
  }
  source->host = create->host;
  source->env = create->env;
  source->door = -1;
  source->last_ready = &source->first_ready;
  source->io = create->host->extension(create->env, QN_IO_1);
  source->intake = create->host->extension(create->env, QN_INTAKE_1);
  int rc = source->io == NULL ? setting_refuse(create, "this host has no loop to listen on (qanat.io/1)") : 0;
  rc = rc == 0 ? settings_read(create, &source->settings, &source->members, &source->key_member) : rc;
  rc = rc == 0 ? make_room(source, create) : rc;
  rc = rc == 0 ? door_open(source, create) : rc;
  if (rc == 0 && source->intake != NULL && source->intake->listen(create->env, &intake_events, source) != 0) {
    rc = setting_refuse(create, "the journal does not answer this source: a fault of the host");
  }
  if (rc != 0) {
    socket_destroy(source);
    return rc;
  }
  *ret_instance = source;
  return 0;
}

void socket_end_if_done(socket_source *source) {
  if (!source->stopping || source->call == NULL || source->n_used > 0 || source->reading_tokens) {
    return;
  }
  qn_ticket ticket = source->call->ticket;
  source->io->timer_stop(source->sweep);
  source->sweep = NULL;
  source->call = NULL;
  source->host->complete(source->env, ticket, QN_STATUS_OK, NULL, NULL, 0);
}

static void on_sweep(void *arg) {
  socket_source *source = arg;
  uint64_t now_ms = socket_now_ms(source);
  if (!source->stopping) {
    door_look_at_tokens(source);
  }
  for (uint32_t i = 0; i < source->settings.n_connections; i++) {
    if (source->slots[i] != NULL && source->stopping && now_ms >= source->stop_at_ms) {
      connection_close(source->slots[i]);
    } else if (source->slots[i] != NULL) {
      connection_sweep(source->slots[i], now_ms);
    }
  }
  socket_end_if_done(source);
}

static qn_status socket_start(void *instance, qn_call *call) {
  socket_source *source = instance;
  source->call = call;
  int rc = source->io->wake_open(source->env, on_wake, source, &source->wake);
  rc = rc == 0 ? source->io->timer_start(source->env, SWEEP_MS, SWEEP_MS, on_sweep, source, &source->sweep) : rc;
  rc = rc == 0 ? door_watch(source) : rc;
  if (rc != 0) {
    source->call = NULL;
    return qn_fail(call, QN_STATUS_FATAL, "cannot-listen",
                   "the listening socket cannot be watched; are descriptors left?");
  }
  return QN_STATUS_PENDING;
}

static void socket_stop(void *instance, qn_call *call) {
  socket_source *source = instance;
  (void)call;
  source->stopping = true;
  source->stop_at_ms = socket_now_ms(source) + source->settings.stop_ms;
  door_shut(source);
  for (uint32_t i = 0; i < source->settings.n_connections; i++) {
    if (source->slots[i] != NULL) {
      connection_end(source->slots[i]);
      connection_go_on(source->slots[i]);
    }
  }
  socket_end_if_done(source);
}

static const qn_source socket_table = {
  .size = sizeof(qn_source),
  .create = socket_create,
  .destroy = socket_destroy,
  .start = socket_start,
  .credit = socket_credit,
  .stop = socket_stop,
  .settled = socket_settled,
};

static const qn_stage socket_stage = { .size = sizeof(qn_stage), .name = "socket", .source = &socket_table };
static const qn_stage *const stages[] = { &socket_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
