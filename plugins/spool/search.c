/* SPDX-License-Identifier: Apache-2.0 */

/* Looking through folders, and watching them with inotify. */
#include "spool/search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spool/beneath.h"

enum {
  FOUND_MAX = 4096, /* files taken note of at once: there may be millions */
  SEEN_MAX = 4096,
  MOVED_MAX = 1024,
  WATCHES_MAX = 1024,
  DEPTH_MAX = 32,
  SLACK_MS = 2000 /* clocks of file servers and ours may differ */
};

typedef struct found {
  char *path;
  int64_t modified_ns;
} found;

/* A file that is not complete yet. */
typedef struct seen {
  char *path;
  int64_t modified_ns, changed_ns, size;
  uint64_t since_ms;
} seen;

typedef struct watched {
  int number;   /* inotify's */
  char *folder; /* "" or "a/b/" */
} watched;

struct search {
  search_options options;
  int root, notify;
  found *found; /* room for twice FOUND_MAX; sorted, from next on */
  uint32_t n_found, next;
  seen *seen, *before; /* of this look and the last, sorted by path */
  uint32_t n_seen, n_before;
  char *moved[MOVED_MAX]; /* paths of files renamed in since the last look */
  uint32_t n_moved;
  watched watches[WATCHES_MAX];
  uint32_t n_watches;
  uint32_t n_refused;
  uint64_t due_ms;
  uint64_t now_ms;     /* of a clock that never goes back */
  int64_t now_real_ns; /* of the clock that file times are of, or nearly */
  char path[PATH_MAX];
};

static int64_t nanoseconds(struct timespec time) {
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* --- being told --- */

static void watch_folder(search *self, int folder, size_t len) {
  char name[64];
  if (self->notify < 0 || self->n_watches == WATCHES_MAX) {
    return;
  }
  /* By descriptor: the path might lead elsewhere by now. */
  snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
  int number = inotify_add_watch(self->notify, name, IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE | IN_ONLYDIR);
  for (uint32_t i = 0; i < self->n_watches; i++) {
    if (self->watches[i].number == number) {
      return;
    }
  }
  char *copy = number < 0 ? NULL : strndup(self->path, len);
  if (copy != NULL) {
    self->watches[self->n_watches++] = (watched){ number, copy };
  }
}

static const char *folder_of(const search *self, int number) {
  for (uint32_t i = 0; i < self->n_watches; i++) {
    if (self->watches[i].number == number) {
      return self->watches[i].folder;
    }
  }
  return NULL;
}

static void forget_watch(search *self, int number) {
  for (uint32_t i = 0; i < self->n_watches; i++) {
    if (self->watches[i].number == number) {
      free(self->watches[i].folder);
      self->watches[i] = self->watches[--self->n_watches];
      return;
    }
  }
}

static void note_event(search *self, const struct inotify_event *event) {
  const char *folder = folder_of(self, event->wd);
  if ((event->mask & IN_IGNORED) != 0) {
    forget_watch(self, event->wd);
  } else if ((event->mask & IN_MOVED_TO) != 0 && folder != NULL && event->len > 0 && self->n_moved < MOVED_MAX) {
    char *path = NULL;
    if (asprintf(&path, "%s%s", folder, event->name) >= 0) {
      self->moved[self->n_moved++] = path;
    }
  }
}

static void read_events(search *self) {
  char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
  ssize_t n;
  while (self->notify >= 0 && (n = read(self->notify, buffer, sizeof buffer)) > 0) {
    for (char *at = buffer; at < buffer + n;) {
      const struct inotify_event *event = (const struct inotify_event *)(void *)at;
      note_event(self, event);
      at += sizeof *event + event->len;
    }
  }
}

static void forget_moved(search *self) {
  while (self->n_moved > 0) {
    free(self->moved[--self->n_moved]);
  }
}

static bool was_moved(const search *self, const char *path) {
  for (uint32_t i = 0; i < self->n_moved; i++) {
    if (strcmp(self->moved[i], path) == 0) {
      return true;
    }
  }
  return false;
}

/* --- complete or not --- */

static int compare_seen(const void *a, const void *b) {
  return strcmp(((const seen *)a)->path, ((const seen *)b)->path);
}

static const seen *seen_before(const search *self, const char *path) {
  const seen wanted = { .path = (char *)(uintptr_t)path };
  return self->n_before == 0 ? NULL
                             : bsearch(&wanted, self->before, self->n_before, sizeof *self->before, compare_seen);
}

static int wait_for(search *self, const seen *what) {
  uint64_t quiet = self->options.quiet_ms, age = self->now_ms - what->since_ms;
  uint64_t due = age < quiet ? quiet - age : 1;
  self->due_ms = due < self->due_ms ? due : self->due_ms;
  if (self->n_seen == SEEN_MAX) {
    return 0; /* its quiet time begins when there is room */
  }
  char *copy = strdup(self->path);
  if (copy == NULL) {
    return -ENOMEM;
  }
  self->seen[self->n_seen] = *what;
  self->seen[self->n_seen++].path = copy;
  return 0;
}

/* 1 if the file whose path stands in self->path is complete, 0 if not, -ENOMEM. */
static int is_complete(search *self, const struct stat *status) {
  seen now = { .modified_ns = nanoseconds(status->st_mtim),
               .changed_ns = nanoseconds(status->st_ctim),
               .size = status->st_size,
               .since_ms = self->now_ms };
  int64_t quiet_ns = (int64_t)(self->options.quiet_ms + SLACK_MS) * 1000000;
  if (self->options.quiet_ms == 0 || was_moved(self, self->path) ||
      (self->now_real_ns - now.changed_ns > quiet_ns && self->now_real_ns - now.modified_ns > quiet_ns)) {
    return 1;
  }
  const seen *then = seen_before(self, self->path);
  if (then != NULL && then->size == now.size && then->modified_ns == now.modified_ns &&
      then->changed_ns == now.changed_ns) {
    now.since_ms = then->since_ms;
  }
  if (self->now_ms - now.since_ms >= self->options.quiet_ms) {
    return 1;
  }
  return wait_for(self, &now);
}

/* --- what is there --- */

static int compare_names(const void *a, const void *b) {
  return strcmp(((const found *)a)->path, ((const found *)b)->path);
}

static int compare_times(const void *a, const void *b) {
  const found *first = a, *second = b;
  return first->modified_ns != second->modified_ns ? (first->modified_ns < second->modified_ns ? -1 : 1)
                                                   : strcmp(first->path, second->path);
}

/* Sorts, and keeps those that come first. */
static void keep_first(search *self) {
  qsort(self->found, self->n_found, sizeof *self->found,
        self->options.order == ORDER_NAME ? compare_names : compare_times);
  while (self->n_found > FOUND_MAX) {
    free(self->found[--self->n_found].path);
  }
}

static int note_file(search *self, const struct stat *status) {
  int rc = is_complete(self, status);
  if (rc <= 0) {
    return rc;
  }
  char *copy = strdup(self->path);
  if (copy == NULL) {
    return -ENOMEM;
  }
  self->found[self->n_found++] = (found){ copy, nanoseconds(status->st_mtim) };
  if (self->n_found == 2 * FOUND_MAX) {
    keep_first(self);
  }
  return 0;
}

static bool ends_with(const char *name, const char *end) {
  size_t len = strlen(name), end_len = strlen(end);
  return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Names of our own folders, and those that say "not yet" or "not for you". */
static bool is_left_out(const char *name, uint32_t depth) {
  return name[0] == '.' || ends_with(name, ".part") || ends_with(name, ".tmp") ||
         (depth == 0 && (strcmp(name, "claimed") == 0 || strcmp(name, "done") == 0 || strcmp(name, "failed") == 0));
}

static bool is_included(const search *self, const char *name) {
  for (uint32_t i = 0; i < self->options.n_include; i++) {
    if (fnmatch(self->options.include[i], name, 0) == 0) {
      return true;
    }
  }
  return self->options.n_include == 0;
}

static int look_into(search *self, int folder, size_t len, uint32_t depth);

/* One entry; its path stands in self->path. */
static int look_at(search *self, int folder, const char *name, size_t len, uint32_t depth) {
  struct stat status;
  if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return 0; /* gone, by another worker */
  }
  if (S_ISDIR(status.st_mode)) {
    size_t end = len + strlen(name);
    if (depth == self->options.depth || depth == DEPTH_MAX || end + 2 > sizeof self->path) {
      return 0;
    }
    int inner = beneath_open_folder(folder, name, false);
    if (inner < 0) {
      return 0;
    }
    self->path[end] = '/';
    return look_into(self, inner, end + 1, depth + 1);
  }
  if (!is_included(self, name)) {
    return 0;
  }
  if (!S_ISREG(status.st_mode)) {
    self->n_refused++;
    return 0;
  }
  return note_file(self, &status);
}

/* Looks through the folder, which it closes; the first len bytes of self->path are its path. */
static int look_into(search *self, int folder, size_t len, uint32_t depth) {
  watch_folder(self, folder, len);
  DIR *entries = fdopendir(folder);
  int rc = entries == NULL ? -errno : 0;
  for (struct dirent *entry; rc == 0 && (entry = readdir(entries)) != NULL;) {
    size_t more = strlen(entry->d_name);
    if (!is_left_out(entry->d_name, depth) && len + more + 1 < sizeof self->path) {
      memcpy(self->path + len, entry->d_name, more + 1);
      rc = look_at(self, dirfd(entries), entry->d_name, len, depth);
    }
  }
  if (entries != NULL) {
    closedir(entries);
  } else {
    close(folder);
  }
  return rc;
}

/* --- one look --- */

static void forget_seen(seen *all, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    free(all[i].path);
  }
}

static void forget_found(search *self) {
  while (self->next < self->n_found) {
    free(self->found[self->next++].path);
  }
  self->n_found = 0;
  self->next = 0;
}

int search_look(search *self) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  self->now_ms = (uint64_t)(nanoseconds(now) / 1000000);
  clock_gettime(CLOCK_REALTIME, &now);
  self->now_real_ns = nanoseconds(now);
  forget_found(self);
  self->n_refused = 0;
  self->due_ms = UINT64_MAX;
  seen *before = self->before;
  forget_seen(before, self->n_before);
  self->before = self->seen;
  self->n_before = self->n_seen;
  self->seen = before;
  self->n_seen = 0;
  if (self->n_before > 0) {
    qsort(self->before, self->n_before, sizeof *self->before, compare_seen);
  }
  read_events(self);
  int root = beneath_open_parent(self->root, "", false);
  int rc = root < 0 ? root : lseek(root, 0, SEEK_SET) < 0 ? -errno : 0;
  if (rc == 0) {
    rc = look_into(self, root, 0, 0);
  } else if (root >= 0) {
    close(root);
  }
  forget_moved(self);
  keep_first(self);
  return rc;
}

char *search_next(search *self) {
  return self->next == self->n_found ? NULL : self->found[self->next++].path;
}

uint64_t search_due_ms(const search *self) {
  return self->due_ms;
}

uint32_t search_n_waiting(const search *self) {
  return self->n_seen;
}

uint32_t search_n_refused(const search *self) {
  return self->n_refused;
}

int search_descriptor(const search *self) {
  return self->notify;
}

int search_new(int root, const search_options *options, search **ret_search) {
  search *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  self->options = *options;
  self->root = root;
  self->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC); /* without it, we look now and then */
  self->due_ms = UINT64_MAX;
  self->found = calloc((size_t)2 * FOUND_MAX, sizeof *self->found);
  self->seen = calloc(SEEN_MAX, sizeof *self->seen);
  self->before = calloc(SEEN_MAX, sizeof *self->before);
  if (self->found == NULL || self->seen == NULL || self->before == NULL) {
    search_free(self);
    return -ENOMEM;
  }
  *ret_search = self;
  return 0;
}

void search_free(search *self) {
  if (self == NULL) {
    return;
  }
  if (self->found != NULL) {
    forget_found(self);
  }
  forget_seen(self->seen, self->n_seen);
  forget_seen(self->before, self->n_before);
  forget_moved(self);
  while (self->n_watches > 0) {
    free(self->watches[--self->n_watches].folder);
  }
  if (self->notify >= 0) {
    close(self->notify);
  }
  free(self->found);
  free(self->seen);
  free(self->before);
  free(self);
}
