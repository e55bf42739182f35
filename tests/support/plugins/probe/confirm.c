/* SPDX-License-Identifier: Apache-2.0 */

/* A sink that hears later what is durable (qanat/confirm.h): it holds on to what it was lent, and writes it down as it confirms it. So
 * its file has what it has confirmed and nothing else, and memory that did not hold still is noticed. */
#include "probe.h"

#include <time.h>

#include "qanat/confirm.h"

typedef struct confirm_sink {
  const qn_host *host;
  qn_env *env;
  const qn_confirm *confirm; /* NULL: flush() confirms all */
  FILE *file;
  int64_t step, keep, in_write, too_many, mute_at, fatal_at, flush_fatal_at, reject_every, retry_every;
  int64_t n_confirmed;
  uint32_t first, n, capacity, n_idle;
  int is_broken;
  qn_str *held; /* the oldest at first */
} confirm_sink;

static void confirm_destroy(void *instance) {
  confirm_sink *self = instance;
  if (self != NULL) {
    if (self->file != NULL) {
      fclose(self->file);
    }
    free(self->held);
    free(self);
  }
}

static int confirm_create(qn_create *create, void **ret_instance) {
  confirm_sink *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return probe_refuse(create, "no memory");
  }
  qn_str path = qn_config_str(create, "/path");
  char name[512];
  snprintf(name, sizeof name, "%.*s", (int)path.len, path.data);
  int asks = qn_config_i64(create, "/asks", 1) != 0;
  *self = (confirm_sink){
    .host = create->host,
    .env = create->env,
    .confirm = asks ? create->host->extension(create->env, QN_CONFIRM_1) : NULL,
    .file = fopen(name, "w"),
    .step = qn_config_i64(create, "/step", 1),
    .keep = qn_config_i64(create, "/keep", 0),
    .in_write = qn_config_i64(create, "/in_write", 0),
    .too_many = qn_config_i64(create, "/too_many", 0),
    .mute_at = qn_config_i64(create, "/mute_at", -1),
    .fatal_at = qn_config_i64(create, "/fatal_at", -1),
    .flush_fatal_at = qn_config_i64(create, "/flush_fatal_at", -1),
    .reject_every = qn_config_i64(create, "/reject_every", 0),
    .retry_every = qn_config_i64(create, "/retry_every", 0),
  };
  if (self->file == NULL || (asks && self->confirm == NULL)) {
    int rc = probe_refuse(create, self->file == NULL ? "cannot open the file" : "there is no qanat.confirm/1");
    confirm_destroy(self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

static qn_status confirm_prepare(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  char line[32];
  int len = snprintf(line, sizeof line, "%lld\n", (long long)probe_number(call));
  return call->host->prepared_set(call, line, (size_t)len) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory");
}

/* The oldest so many have arrived. */
static void arrive(confirm_sink *self, int64_t n_items) {
  uint32_t n = n_items < (int64_t)self->n ? (uint32_t)n_items : self->n;
  for (uint32_t i = 0; i < n; i++) {
    qn_str line = self->held[self->first + i];
    fwrite(line.data, 1, line.len, self->file);
  }
  self->first += n;
  self->n -= n;
  self->n_confirmed += n;
  if (self->confirm != NULL && n > 0) {
    self->confirm->items(self->env, n);
  }
}

static int hold(confirm_sink *self, qn_str line) {
  if (self->first + self->n == self->capacity && self->first > self->capacity / 2) {
    memmove(self->held, self->held + self->first, self->n * sizeof *self->held);
    self->first = 0;
  }
  if (self->first + self->n == self->capacity) {
    uint32_t capacity = self->capacity == 0 ? 64 : self->capacity * 2;
    qn_str *larger = realloc(self->held, capacity * sizeof *larger);
    if (larger == NULL) {
      return -1;
    }
    self->held = larger;
    self->capacity = capacity;
  }
  self->held[self->first + self->n++] = line;
  return 0;
}

static qn_status confirm_item(confirm_sink *self, const qn_item *item) {
  int64_t number = probe_number(item->call);
  if (self->is_broken || number == self->fatal_at) {
    self->is_broken = 1;
    return qn_fail(item->call, QN_STATUS_FATAL, "told-to", "the sink was told to break");
  }
  if (probe_nth(number, self->reject_every)) {
    return qn_fail(item->call, QN_STATUS_REJECT, "told-to", "the sink was told to reject");
  }
  if ((probe_nth(number, self->retry_every) && item->call->attempt == 1) || hold(self, item->prepared) != 0) {
    return qn_fail(item->call, QN_STATUS_RETRY, "told-to", "the sink was told to try again");
  }
  return QN_STATUS_OK;
}

static void confirm_write(void *instance, qn_item *const *items, uint32_t n_items) {
  confirm_sink *self = instance;
  self->n_idle = 0;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = confirm_item(self, items[i]);
    arrive(self, self->in_write);
  }
}

/* Holds back the newest as long as more may come: it takes many turns without any to let go of those. */
static qn_status confirm_flush(void *instance, qn_call *call) {
  enum { PATIENCE = 200 };
  confirm_sink *self = instance;
  if (self->flush_fatal_at >= 0 && self->n_confirmed >= self->flush_fatal_at) {
    return qn_fail(call, QN_STATUS_FATAL, "told-to", "flush was told to break");
  }
  if (self->too_many != 0) {
    self->confirm->items(self->env, self->n + 1);
    return self->too_many == 1 ? QN_STATUS_PENDING : QN_STATUS_OK;
  }
  if (self->mute_at >= 0 && self->n_confirmed >= self->mute_at) {
    struct timespec nap = { .tv_nsec = 2000000 };
    nanosleep(&nap, NULL);
    return call->host->cancelled(call) ? qn_fail(call, QN_STATUS_FATAL, "told-to", "nobody waits any more")
                                       : QN_STATUS_PENDING;
  }
  int64_t free_to_go = ++self->n_idle > PATIENCE ? self->n : (int64_t)self->n - self->keep;
  arrive(self, free_to_go < self->step ? (free_to_go > 0 ? free_to_go : 0) : self->step);
  return self->n == 0 ? QN_STATUS_OK : QN_STATUS_PENDING;
}

/* What is still held must hold still until here, if it was asked for. */
static qn_status confirm_finish(void *instance, qn_call *call, int success) {
  confirm_sink *self = instance;
  (void)call;
  for (uint32_t i = 0; self->confirm != NULL && i < self->n; i++) {
    qn_str line = self->held[self->first + i];
    if (line.len < 2 || line.data[line.len - 1] != '\n') {
      probe_say(self->host, self->env, "what was lent has changed");
    }
  }
  self->n = 0;
  fflush(self->file);
  probe_say(self->host, self->env, success ? "finished with success" : "finished without success");
  return QN_STATUS_OK;
}

const qn_sink probe_sink_confirm_table = {
  .size = sizeof(qn_sink),
  .create = confirm_create,
  .destroy = confirm_destroy,
  .prepare = confirm_prepare,
  .write = confirm_write,
  .flush = confirm_flush,
  .finish = confirm_finish,
};
