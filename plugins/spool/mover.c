/* SPDX-License-Identifier: Apache-2.0 */

/* One file after the other to where it belongs; and old ones out of done/. */
#include "spool/mover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "input/json_text.h"
#include "spool/beneath.h"
#include "spool/bookmark.h"

enum { WAIT_MS = 1000, EXPIRE_EVERY_S = 600, DAY_S = 86400, DEPTH_MAX = 32, SAID_MAX = 1024, TRY_AGAIN_MS = 2000 };

struct mover {
  mover_options options;
  pthread_t thread;
  time_t expired_at;
};

static void say(const mover *self, const char *what, const char *path, int code) {
  char text[SAID_MAX];
  snprintf(text, sizeof text, "%s %.600s: %s", what, path, strerror(-code));
  self->options.say(self->options.arg, text);
}

/* --- failed files --- */

static void write_time(json_text *to) {
  char text[32];
  time_t now = time(NULL);
  struct tm parts;
  gmtime_r(&now, &parts);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  json_text_string(to, (qn_str){ text, strlen(text) });
}

static void write_why(json_text *to, const ledger_file *file) {
  char general[256];
  const char *message = file->message;
  if (file->n_rejected == 0) {
    snprintf(general, sizeof general,
             "%" PRIu64 " of its %" PRIu64 " documents failed in the pipeline; the dead letters say where and why",
             file->n_failed, file->n_emitted);
    message = general;
  } else {
    json_text_plain(to, ",\"stage\":\"spool\",\"slug\":");
    json_text_string(to, (qn_str){ file->slug, strlen(file->slug) });
  }
  json_text_plain(to, ",\"message\":");
  json_text_string(to, (qn_str){ message, strlen(message) });
}

static void describe(const ledger_file *file, json_text *to) {
  json_text_plain(to, "{\"file\":");
  json_text_string(to, (qn_str){ file->path, strlen(file->path) });
  json_text_plain(to, ",\"time\":");
  write_time(to);
  json_text_plain(to, ",\"documents\":");
  json_text_u64(to, file->n_emitted);
  json_text_plain(to, ",\"failed\":");
  json_text_u64(to, file->n_failed);
  write_why(to, file);
  json_text_plain(to, "}\n");
}

static int write_whole(int fd, const json_text *text) {
  for (size_t at = 0; at < text->len;) {
    ssize_t n = write(fd, text->data + at, text->len - at);
    if (n < 0 && errno != EINTR) {
      return -errno;
    }
    at += n > 0 ? (size_t)n : 0;
  }
  return 0;
}

/* Writes NAME.error beside the failed file, by way of a name nobody looks at. */
static int write_error(const mover *self, const ledger_file *file, const char *path) {
  json_text text = { 0 };
  char *name = NULL, *part = NULL;
  int parent = beneath_open_parent(self->options.place->failed, path, false);
  int rc = parent < 0 ? parent : 0;
  describe(file, &text);
  if (rc == 0 && (text.spoilt || asprintf(&name, "%s.error", beneath_name(path)) < 0 ||
                  asprintf(&part, ".%s.error.tmp", beneath_name(path)) < 0)) {
    rc = -ENOMEM;
  }
  int fd = rc == 0 ? openat(parent, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666) : -1;
  rc = rc == 0 ? (fd < 0 ? -errno : write_whole(fd, &text)) : rc;
  if (fd >= 0) {
    close(fd);
  }
  rc = rc == 0 && renameat(parent, part, parent, name) != 0 ? -errno : rc;
  if (parent >= 0) {
    close(parent);
  }
  json_text_done(&text);
  free(name);
  free(part);
  return rc;
}

/* --- one file --- */

static int move_one(const mover *self, const ledger_file *file) {
  place *in = self->options.place;
  char mark[32], *path = NULL;
  time_t now = time(NULL);
  struct tm parts;
  bool failed = file->n_failed > 0;
  if (!failed && self->options.deletes) {
    return place_remove(in, file->claim, file->path);
  }
  gmtime_r(&now, &parts);
  strftime(mark, sizeof mark, "%Y%m%dT%H%M%SZ", &parts);
  int rc = place_settle(in, file->claim, file->path, failed ? in->failed : in->done, mark, &path);
  if (rc == 0 && failed) {
    int told = write_error(self, file, path);
    if (told != 0) {
      say(self, "cannot write why it failed beside failed/", path, told);
    }
  }
  free(path);
  return rc;
}

/* Whether the claimed file itself is missing, and not a folder that it was to go to. */
static bool is_gone(const mover *self, const ledger_file *file) {
  int fd = place_open_claim(self->options.place, file->claim, file->path);
  if (fd >= 0) {
    close(fd);
  }
  return fd == -ENOENT;
}

/* Tries until it works or the end is near; then it stays claimed, and comes again. */
static void settle_one(const mover *self, ledger_file *file) {
  /* First: a bookmark that outlived its file would skip the lines of one that is moved back. */
  bookmark_remove(self->options.place->root, file->path);
  int rc = move_one(self, file);
  bool gone = rc == -ENOENT && is_gone(self, file);
  while (rc != 0 && !gone && !ledger_is_closing(self->options.ledger)) {
    say(self,
        file->n_failed > 0 ? "it failed, but cannot be moved to failed/:" : "it is done, but cannot be moved away:",
        file->path, rc);
    for (int i = 0; i < TRY_AGAIN_MS / 100 && !ledger_is_closing(self->options.ledger); i++) {
      nanosleep(&(struct timespec){ .tv_nsec = 100 * 1000000 }, NULL);
    }
    rc = move_one(self, file);
    gone = rc == -ENOENT && is_gone(self, file);
  }
  if (gone) {
    say(self, "somebody took the file away while it was being processed:", file->path, rc);
  }
  ledger_close_file(self->options.ledger, file);
}

/* --- old files --- */

/* Removes what was moved here before `oldest`: a rename sets the time of change. Closes the folder. */
static void expire(int folder, time_t oldest, uint32_t depth) {
  DIR *entries = fdopendir(folder);
  if (entries == NULL) {
    close(folder);
    return;
  }
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    struct stat status;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
        fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    if (S_ISDIR(status.st_mode)) {
      int inner = depth < DEPTH_MAX ? beneath_open_folder(dirfd(entries), entry->d_name, false) : -1;
      if (inner >= 0) {
        expire(inner, oldest, depth + 1);
        unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR); /* if that was all */
      }
    } else if (S_ISREG(status.st_mode) && status.st_ctime < oldest) {
      unlinkat(dirfd(entries), entry->d_name, 0);
    }
  }
  closedir(entries);
}

static void expire_sometimes(mover *self) {
  time_t now = time(NULL);
  if (self->options.keep_days == 0 || now - self->expired_at < EXPIRE_EVERY_S) {
    return;
  }
  self->expired_at = now;
  int folder = beneath_open_folder(self->options.place->root, "done", false);
  if (folder >= 0) {
    expire(folder, now - (time_t)self->options.keep_days * DAY_S, 0);
  }
}

/* --- the thread --- */

static void *mover_main(void *arg) {
  mover *self = arg;
  for (;;) {
    ledger_file *file = ledger_take_finished(self->options.ledger, WAIT_MS);
    if (file != NULL) {
      settle_one(self, file);
    } else if (ledger_is_closing(self->options.ledger)) {
      return NULL;
    }
    expire_sometimes(self);
  }
}

int mover_start(const mover_options *options, mover **ret_mover) {
  sigset_t all, before;
  mover *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  self->options = *options;
  sigfillset(&all); /* signals are the program's business */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = -pthread_create(&self->thread, NULL, mover_main, self);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (rc != 0) {
    free(self);
    return rc;
  }
  *ret_mover = self;
  return 0;
}

void mover_stop(mover *self) {
  if (self == NULL) {
    return;
  }
  ledger_begin_closing(self->options.ledger);
  pthread_join(self->thread, NULL);
  free(self);
}
