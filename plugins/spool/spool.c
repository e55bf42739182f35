/* SPDX-License-Identifier: Apache-2.0 */

/* The source that watches a folder: files are claimed, read, and moved away once all their documents have ended. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "exchange/setting.h"
#include "input/copies.h"
#include "input/reader.h"
#include "spool/bookmark.h"
#include "spool/ledger.h"
#include "spool/mover.h"
#include "spool/place.h"
#include "spool/search.h"

enum { SAID_MAX = 1024 };

/* A dead worker's file, which is ours now. */
typedef struct adopted {
  struct adopted *next;
  uint64_t claim;
  char *path; /* owned */
} adopted;

/* What the lent thread touches, but for: the ledger, which is shared; place->done and the like, which do not change; stop_fd. */
typedef struct spool {
  const qn_host *host;
  qn_env *env;
  place place;
  search *search;
  ledger *ledger;
  mover *mover;
  file_reader reader;
  char **include;
  uint32_t n_include;
  adopted *adopted, **last_adopted;
  ledger_file *reading; /* NULL: none */
  uint64_t rescan_ms;
  uint64_t marked_ms;   /* when the bookmark of the file being read was looked at */
  uint64_t n_stretched; /* documents of it in stretches that have ended */
  uint64_t n_lines_marked;
  bool once;        /* ends when nothing is left */
  uint32_t refused; /* links and such, as told last */
  int stop_fd;
} spool;

static void say(void *arg, const char *text) {
  const spool *self = arg;
  self->host->log(self->env, QN_LOG_WARNING, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void tell(const spool *self, const char *format, ...) {
  char text[SAID_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  say((void *)(uintptr_t)self, text);
}

/* --- life --- */

static void free_adopted(spool *self) {
  while (self->adopted != NULL) {
    adopted *old = self->adopted;
    self->adopted = old->next;
    free(old->path);
    free(old);
  }
}

/* Lines whose documents have all come out need not be read again. */
static void leave_bookmark(const spool *self, const ledger_file *file) {
  const file_reader *reader = &self->reader;
  uint64_t n_lines = reader->n_through > reader->skip_lines ? reader->n_through : reader->skip_lines;
  bool is_clean = file->n_failed == 0 && file->n_settled == reader->n_emitted;
  int fd = file == self->reading && reader->input != NULL && is_clean && n_lines > 0
               ? place_open_claim(&self->place, file->claim, file->path)
               : -1;
  if (fd >= 0) {
    bookmark_write(self->place.root, file->path, fd, n_lines); /* or it is read from its begin */
    close(fd);
  }
}

/* What was claimed and has not ended goes back, so that others, or we when we come again, find it at once. */
static void give_back(spool *self) {
  uint32_t index = 0;
  for (ledger_file *file; self->ledger != NULL && (file = ledger_left(self->ledger, &index)) != NULL;) {
    leave_bookmark(self, file);
    place_give_back(&self->place, file->claim, file->path); /* or it stays claimed, and is taken over later */
  }
  for (adopted *at = self->adopted; at != NULL; at = at->next) {
    place_give_back(&self->place, at->claim, at->path);
  }
}

static void spool_destroy(void *instance) {
  spool *self = instance;
  if (self == NULL) {
    return;
  }
  mover_stop(self->mover);
  give_back(self);
  free_adopted(self);
  reader_done(&self->reader);
  search_free(self->search);
  ledger_free(self->ledger);
  copies_free(self->include, self->n_include);
  place_close(&self->place);
  if (self->stop_fd >= 0) {
    close(self->stop_fd);
  }
  free(self);
}

static int adopt(void *arg, uint64_t claim, char *path) {
  spool *self = arg;
  adopted *one = malloc(sizeof *one);
  if (one == NULL) {
    return -ENOMEM;
  }
  *one = (adopted){ NULL, claim, path };
  *self->last_adopted = one;
  self->last_adopted = &one->next;
  return 0;
}

static int open_place(spool *self, qn_create *create) {
  char *path = NULL;
  file_fault fault = { "", "no memory for the source" };
  int rc = setting_copy(create, "/folder", &path);
  if (rc == 0 && path == NULL) {
    return setting_refuse(create, "\"folder\" must be set");
  }
  rc = rc == 0 ? place_open(path, &self->place, &fault) : rc;
  if (rc == 0) {
    rc = place_adopt(&self->place, adopt, self);
    if (rc != 0) {
      fault_set(&fault, "", "cannot take over what dead workers left in %.300s/claimed: %s", path, strerror(-rc));
    }
  }
  free(path);
  return rc == 0 ? 0 : setting_refuse(create, fault.text);
}

static int open_search(spool *self, qn_create *create) {
  qn_str order = qn_config_str(create, "/order");
  int rc = copies_read(create, "/include", &self->include, &self->n_include);
  const search_options options = {
    .depth = (uint32_t)qn_config_i64(create, "/subfolders", 8),
    .order = order.len == 4 && memcmp(order.data, "name", 4) == 0 ? ORDER_NAME : ORDER_TIME,
    .quiet_ms = (uint64_t)qn_config_i64(create, "/quiet_ms", 1000),
    .include = self->include,
    .n_include = self->n_include,
  };
  rc = rc == 0 || rc == -ENOENT ? search_new(self->place.root, &options, &self->search) : rc;
  return rc == 0 ? 0 : setting_refuse(create, "no memory for the source, or no descriptors are left");
}

static int start_mover(spool *self, qn_create *create) {
  qn_str done = qn_config_str(create, "/done");
  const mover_options options = {
    .place = &self->place,
    .ledger = self->ledger,
    .deletes = done.len == 6 && memcmp(done.data, "delete", 6) == 0,
    .keep_days = (uint32_t)qn_config_i64(create, "/done_days", 0),
    .say = say,
    .arg = self,
  };
  return mover_start(&options, &self->mover) == 0 ? 0 : setting_refuse(create, "no thread is left for the source");
}

static int spool_create(qn_create *create, void **ret_instance) {
  spool *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return setting_refuse(create, "no memory for the source");
  }
  self->host = create->host;
  self->env = create->env;
  self->place = (place){ -1, -1, -1, -1, -1, -1, "", 0 };
  self->last_adopted = &self->adopted;
  self->rescan_ms = (uint64_t)qn_config_i64(create, "/rescan_ms", 10000);
  self->once = qn_config_i64(create, "/once", 0) != 0;
  self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int rc = self->stop_fd < 0 || reader_init(&self->reader, create, "spool") != 0 ||
                   ledger_new((uint32_t)qn_config_i64(create, "/claimed", 1024), &self->ledger) != 0
               ? setting_refuse(create, "no memory for the source, or no descriptors are left")
               : open_place(self, create);
  rc = rc == 0 ? open_search(self, create) : rc;
  rc = rc == 0 ? start_mover(self, create) : rc;
  if (rc != 0) {
    spool_destroy(self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

static void spool_interrupt(void *instance) {
  const spool *self = instance;
  uint64_t one = 1;
  ssize_t n = write(self->stop_fd, &one, sizeof one);
  (void)n; /* it can only fail by being set already */
}

static void spool_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  spool *self = instance;
  for (uint32_t i = 0; i < n_receipts; i++) {
    ledger_settle(self->ledger, receipts[i].cookie, receipts[i].outcome == QN_OUTCOME_DEAD_LETTERED);
  }
}

/* --- waiting --- */

static bool is_stopped(const spool *self) {
  struct pollfd stop = { .fd = self->stop_fd, .events = POLLIN };
  return poll(&stop, 1, 0) > 0;
}

/* Waits until fd is readable (-1: nothing is), the time is up, or it is to stop. */
static void wait_for(const spool *self, int fd, uint64_t timeout_ms) {
  struct pollfd fds[2] = { { .fd = self->stop_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
  poll(fds, 2, timeout_ms > INT32_MAX ? -1 : (int)timeout_ms);
}

static bool has_room(const spool *self) {
  struct pollfd room = { .fd = ledger_descriptor(self->ledger), .events = POLLIN };
  return poll(&room, 1, 0) > 0;
}

/* --- files --- */

static uint64_t clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* All documents of the file being read are on their way. */
static int end_file(spool *self) {
  ledger_file *file = self->reading;
  self->reading = NULL;
  ledger_read(self->ledger, file, self->reader.n_emitted, self->reader.n_rejected, &self->reader.rejected);
  return 0;
}

/* Opens the claimed file and emits it, or begins to split it. Faults of the file are a rejected document. */
static int read_claimed(spool *self, qn_call *call) {
  ledger_file *file = self->reading;
  file_reader *reader = &self->reader;
  file_input *input;
  reader->cookie = ledger_cookie(file);
  int rc = reader_set_name(reader, file->path);
  if (rc != 0) {
    return rc;
  }
  int fd = place_open_claim(&self->place, file->claim, file->path);
  if (fd < 0) {
    fault_set(&reader->fault, fd == -EINVAL ? "not-a-file" : "cannot-read", "cannot read %s: %s", file->path,
              fd == -EINVAL ? "it is no regular file" : strerror(-fd));
    rc = reader_reject(reader, call, 0, reader->fault.slug, reader->fault.text);
    return rc == 0 ? end_file(self) : rc;
  }
  uint64_t n_lines = bookmark_read(self->place.root, file->path, fd);
  self->n_stretched = self->n_lines_marked = 0;
  self->marked_ms = clock_ms();
  if (input_take(fd, file->path, -1, &input, &reader->fault) != 0) {
    rc = reader_reject(reader, call, 0, reader->fault.slug, reader->fault.text);
  } else {
    rc = reader_begin(reader, call, input, file->path);
    reader->skip_lines = n_lines;
    if (reader->input != input) {
      input_close(input);
    }
  }
  if (rc == 0 && reader->input == NULL) {
    end_file(self);
  }
  return rc;
}

/* Takes note of a claimed file and reads it; there is room in the ledger. */
static int begin_file(spool *self, qn_call *call, uint64_t claim, char *path) {
  self->reading = ledger_open(self->ledger, claim, path);
  return read_claimed(self, call);
}

static int begin_adopted(spool *self, qn_call *call) {
  adopted *one = self->adopted;
  self->adopted = one->next;
  if (self->adopted == NULL) {
    self->last_adopted = &self->adopted;
  }
  uint64_t claim = one->claim;
  char *path = one->path;
  free(one);
  return begin_file(self, call, claim, path);
}

/* Claims a file that was found and reads it. 0, also if another worker was first. */
static int begin_found(spool *self, qn_call *call, char *path) {
  uint64_t claim;
  int rc = place_claim(&self->place, path, &claim);
  if (rc == 0) {
    return begin_file(self, call, claim, path);
  }
  if (rc != -ENOENT) {
    tell(self, "cannot claim %.600s: %s; it is tried again", path, strerror(-rc));
    wait_for(self, -1, self->rescan_ms);
  }
  free(path);
  return rc == -ENOMEM ? rc : 0;
}

/* Nothing is there to be read: waits for something. 1: nothing will be. */
static int wait_for_files(spool *self) {
  if (search_n_refused(self->search) != self->refused) {
    self->refused = search_n_refused(self->search);
    if (self->refused > 0) {
      tell(self, "%" PRIu32 " entries of the folder are left where they are: links, pipes or devices, no plain files",
           self->refused);
    }
  }
  uint64_t due_ms = search_due_ms(self->search);
  if (self->once && due_ms == UINT64_MAX) {
    return 1;
  }
  wait_for(self, search_descriptor(self->search), due_ms < self->rescan_ms ? due_ms : self->rescan_ms);
  return 0;
}

/* The next file. 0, 1 when there are no more, negative errno. */
static int next_file(spool *self, qn_call *call) {
  char *path;
  if (!has_room(self)) {
    wait_for(self, ledger_descriptor(self->ledger), UINT64_MAX);
    return 0;
  }
  if (self->adopted != NULL) {
    return begin_adopted(self, call);
  }
  if ((path = search_next(self->search)) != NULL) {
    return begin_found(self, call, path);
  }
  int rc = search_look(self->search);
  if (rc != 0 && rc != -ENOMEM) {
    tell(self, "cannot look through the folder: %s; it is tried again", strerror(-rc));
    wait_for(self, -1, self->rescan_ms);
    return 0;
  }
  if (rc == 0 && (path = search_next(self->search)) != NULL) {
    return begin_found(self, call, path);
  }
  return rc == 0 ? wait_for_files(self) : rc;
}

enum { STRETCH_DOCUMENTS = 128, MARK_EVERY_MS = 200 };

/* Leaves word of how far the file is through, so that one who takes over after a crash does not repeat all of it. */
static void mark_progress(spool *self) {
  ledger_file *file = self->reading;
  uint64_t now_ms = clock_ms();
  if (self->reader.n_emitted - self->n_stretched >= STRETCH_DOCUMENTS) {
    self->n_stretched = self->reader.n_emitted;
    ledger_stretch_end(self->ledger, file, self->reader.n_emitted, self->reader.n_through);
  }
  if (now_ms - self->marked_ms < MARK_EVERY_MS) {
    return;
  }
  self->marked_ms = now_ms;
  uint64_t n_lines = ledger_lines_through(self->ledger, file);
  int fd = n_lines > self->n_lines_marked ? place_open_claim(&self->place, file->claim, file->path) : -1;
  if (fd >= 0) {
    bookmark_write(self->place.root, file->path, fd, n_lines); /* or more is repeated */
    self->n_lines_marked = n_lines;
    close(fd);
  }
}

static int next_line(spool *self, qn_call *call) {
  mark_progress(self);
  self->reader.cookie = ledger_cookie(self->reading);
  int rc = reader_line(&self->reader, call);
  if (rc == 0 || rc < 0) {
    return rc;
  }
  input_close(reader_end_lines(&self->reader));
  end_file(self);
  return 0;
}

static qn_status spool_next(void *instance, qn_call *call) {
  spool *self = instance;
  int rc = is_stopped(self) ? 1 : self->reader.input != NULL ? next_line(self, call) : next_file(self, call);
  if (rc == 0) {
    return QN_STATUS_MORE;
  }
  if (rc == 1 || rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  if (rc == -ENOMEM) {
    return qn_fail(call, QN_STATUS_FATAL, "no-memory", "no memory to read the next document");
  }
  char text[128];
  snprintf(text, sizeof text, "the host took no document: %s", strerror(-rc));
  return qn_fail(call, QN_STATUS_FATAL, "cannot-emit", text);
}

static const qn_source spool_table = {
  .size = sizeof(qn_source),
  .create = spool_create,
  .destroy = spool_destroy,
  .next = spool_next,
  .interrupt = spool_interrupt,
  .settled = spool_settled,
};

static const qn_stage spool_stage = { .size = sizeof(qn_stage), .name = "spool", .source = &spool_table };
static const qn_stage *const stages[] = { &spool_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
