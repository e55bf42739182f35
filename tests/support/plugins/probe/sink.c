/* SPDX-License-Identifier: Apache-2.0 */

/* Sinks that write numbers, one a line, and fail where they are told to. */
#include <errno.h>
#include <time.h>

#include "probe.h"
#include "qanat/direct.h"

typedef struct probe_sink probe_sink;

/* A write of the async form that is to be completed. */
typedef struct later {
  probe_sink *sink;
  qn_ticket ticket;
  qn_timer *timer;
} later;

struct probe_sink {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  FILE *file;
  int64_t delay_us, reject_every, retry_every, prepare_reject_every, fatal_at, flush_retries, flush_fatals, hang_every,
      hang_ms;
  int flush_fatal, finish_fatal, flush_pends, twice, heeds_cancel;
  char how;
};

static void sink_destroy(void *instance) {
  probe_sink *self = instance;
  if (self != NULL) {
    probe_say(self->host, self->env, "destroyed");
    fclose(self->file);
    free(self);
  }
}

static int sink_create(qn_create *create, void **ret_instance) {
  probe_sink *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return probe_refuse(create, "no memory");
  }
  qn_str path = qn_config_str(create, "/path");
  qn_str how = qn_config_str(create, "/how");
  char name[512];
  snprintf(name, sizeof name, "%.*s", (int)path.len, path.data);
  *self = (probe_sink){
    .host = create->host,
    .env = create->env,
    .io = create->host->extension(create->env, QN_IO_1),
    .file = fopen(name, "w"),
    .delay_us = qn_config_i64(create, "/delay_us", 0),
    .reject_every = qn_config_i64(create, "/reject_every", 0),
    .retry_every = qn_config_i64(create, "/retry_every", 0),
    .prepare_reject_every = qn_config_i64(create, "/prepare_reject_every", 0),
    .fatal_at = qn_config_i64(create, "/fatal_at", -1),
    .flush_retries = qn_config_i64(create, "/flush_retries", 0),
    .flush_fatals = qn_config_i64(create, "/flush_fatals", 0),
    .hang_every = qn_config_i64(create, "/hang_every", 0),
    .hang_ms = qn_config_i64(create, "/hang_ms", 0),
    .heeds_cancel = qn_config_i64(create, "/heeds_cancel", 0) != 0,
    .flush_fatal = qn_config_i64(create, "/flush_fatal", 0) != 0,
    .finish_fatal = qn_config_i64(create, "/finish_fatal", 0) != 0,
    .flush_pends = qn_config_i64(create, "/flush_pends", 0) != 0,
    .twice = qn_config_i64(create, "/twice", 0) != 0,
    .how = how.len > 0 ? how.data[0] : 'n',
  };
  if (self->file == NULL) {
    free(self);
    return probe_refuse(create, "cannot open the file");
  }
  const qn_direct *direct = create->host->extension(create->env, QN_DIRECT_1);
  if (qn_config_i64(create, "/unprepared", 0) != 0 && (direct == NULL || direct->unprepared(create->env) != 0)) {
    sink_destroy(self);
    return probe_refuse(create, "there is no qanat.direct/1");
  }
  *ret_instance = self;
  probe_say(self->host, self->env, "created");
  return 0;
}

static int sink_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  probe_say(host, env, "context opened");
  *ret_context = instance;
  return 0;
}

static void sink_context_close(void *context) {
  probe_sink *self = context;
  if (self != NULL) {
    probe_say(self->host, self->env, "context closed");
  }
}

static qn_status sink_prepare(void *instance, void *context, qn_call *call) {
  const probe_sink *self = instance;
  (void)context;
  char line[32];
  int64_t number = probe_number(call);
  if (probe_nth(number, self->prepare_reject_every)) {
    return qn_fail(call, QN_STATUS_REJECT, "told-to", "told to reject in prepare");
  }
  int len = snprintf(line, sizeof line, "%lld\n", (long long)number);
  return call->host->prepared_set(call, line, (size_t)len) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory");
}

/* What is to become of the item, before anything is written. */
static qn_status verdict(const probe_sink *self, qn_item *item) {
  int64_t number = probe_number(item->call);
  if (number == self->fatal_at) {
    return qn_fail(item->call, QN_STATUS_FATAL, "told-to", "the sink was told to break");
  }
  if (probe_nth(number, self->reject_every)) {
    return qn_fail(item->call, QN_STATUS_REJECT, "told-to", "the sink was told to reject");
  }
  if (probe_nth(number, self->retry_every) && item->call->attempt == 1) {
    return qn_fail(item->call, QN_STATUS_RETRY, "told-to", "the sink was told to try again");
  }
  return QN_STATUS_OK;
}

/* True: it was told that nobody waits. */
static int hang(const probe_sink *self, const qn_item *item) {
  enum { STEP_MS = 2 };
  int64_t left_ms =
      probe_nth(probe_number(item->call), self->hang_every) && item->call->attempt == 1 ? self->hang_ms : 0;
  for (; left_ms > 0; left_ms -= STEP_MS) {
    struct timespec nap = { .tv_nsec = STEP_MS * 1000000 };
    nanosleep(&nap, NULL);
    if (self->heeds_cancel && item->call->host->cancelled(item->call)) {
      return 1;
    }
  }
  return 0;
}

static void put(probe_sink *self, const qn_item *item) {
  if (item->prepared.data == NULL) { /* unprepared */
    fprintf(self->file, "%lld\n", (long long)probe_number(item->call));
    return;
  }
  fwrite(item->prepared.data, 1, item->prepared.len, self->file);
}

static void sink_write(void *instance, qn_item *const *items, uint32_t n_items) {
  probe_sink *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = verdict(self, items[i]);
    if (items[i]->status == QN_STATUS_OK && hang(self, items[i])) {
      items[i]->status = qn_fail(items[i]->call, QN_STATUS_RETRY, "gave-up", "nobody waits any more");
    }
    if (items[i]->status == QN_STATUS_OK) {
      put(self, items[i]);
    }
    if (self->delay_us > 0) {
      struct timespec nap = { .tv_nsec = self->delay_us * 1000 };
      nanosleep(&nap, NULL);
    }
  }
}

static qn_status sink_flush(void *instance, qn_call *call) {
  probe_sink *self = instance;
  if (self->flush_retries > 0) {
    self->flush_retries--;
    return qn_fail(call, QN_STATUS_RETRY, "told-to", "flush was told to try again");
  }
  if (self->flush_fatal || self->flush_fatals > 0) {
    self->flush_fatals--;
    return qn_fail(call, QN_STATUS_FATAL, "told-to", "flush was told to break");
  }
  return fflush(self->file) == 0 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_FATAL, "cannot-write", "cannot write");
}

static qn_status sink_finish(void *instance, qn_call *call, int success) {
  probe_sink *self = instance;
  probe_say(self->host, self->env, success ? "finished with success" : "finished without success");
  return self->finish_fatal ? qn_fail(call, QN_STATUS_FATAL, "told-to", "finish was told to break") : QN_STATUS_OK;
}

const qn_sink probe_sink_table = {
  .size = sizeof(qn_sink),
  .create = sink_create,
  .destroy = sink_destroy,
  .context_open = sink_context_open,
  .context_close = sink_context_close,
  .prepare = sink_prepare,
  .write = sink_write,
  .flush = sink_flush,
  .finish = sink_finish,
};

/* --- async --- */

static void complete(probe_sink *self, qn_ticket ticket) {
  self->host->complete(self->env, ticket, QN_STATUS_OK, NULL, NULL, 0);
  if (self->twice) {
    self->host->complete(self->env, ticket, QN_STATUS_FATAL, "late", "a late word", 11);
  }
}

static void on_timer(void *arg) {
  later *write = arg;
  write->sink->io->timer_stop(write->timer);
  complete(write->sink, write->ticket);
  free(write);
}

static void on_thread(void *arg) {
  later *write = arg;
  complete(write->sink, write->ticket);
}

/* Begins an operation that ends later, by the way the config names. */
static qn_status pend(probe_sink *self, qn_call *call) {
  if (self->how == 'b') { /* before: already completed when PENDING is returned */
    complete(self, call->ticket);
    return QN_STATUS_PENDING;
  }
  if (self->how == 'v') { /* vanish: it is never heard of again */
    return QN_STATUS_PENDING;
  }
  later *write = malloc(sizeof *write);
  if (write == NULL) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory");
  }
  *write = (later){ .sink = self, .ticket = call->ticket };
  int rc = self->how == 'o' ? self->io->offload(self->env, on_thread, free, write)
                            : self->io->timer_start(self->env, 1, 0, on_timer, write, &write->timer);
  if (rc != 0) {
    free(write);
    return qn_fail(call, QN_STATUS_FATAL, "no-timer", "cannot wait");
  }
  return QN_STATUS_PENDING;
}

static void async_write(void *instance, qn_item *const *items, uint32_t n_items) {
  probe_sink *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = verdict(self, items[i]);
    if (items[i]->status == QN_STATUS_OK) {
      put(self, items[i]);
      items[i]->status = self->how == 'n' ? QN_STATUS_OK : pend(self, items[i]->call);
    }
  }
}

static qn_status async_flush(void *instance, qn_call *call) {
  probe_sink *self = instance;
  fflush(self->file);
  return self->flush_pends ? pend(self, call) : QN_STATUS_OK;
}

const qn_sink probe_sink_async_table = {
  .size = sizeof(qn_sink),
  .create = sink_create,
  .destroy = sink_destroy,
  .context_open = sink_context_open,
  .context_close = sink_context_close,
  .prepare = sink_prepare,
  .write = async_write,
  .flush = async_flush,
  .finish = sink_finish,
};
