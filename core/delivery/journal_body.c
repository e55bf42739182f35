/* SPDX-License-Identifier: Apache-2.0 */

/* Large payloads in files of their own: they would fill the database's log, and hold up its commits twice. */
#include "delivery/journal_body.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char folder_name[] = "bodies";

/* FOLDER/bodies, or with a place FOLDER/bodies/PLACE. NULL: no memory. */
static char *name_of(const char *folder, int64_t place) {
  char *path = NULL;
  int n = place < 0 ? asprintf(&path, "%s/%s", folder, folder_name)
                    : asprintf(&path, "%s/%s/%016" PRIx64, folder, folder_name, (uint64_t)place);
  return n < 0 ? NULL : path;
}

static int no_memory(qn_error *error) {
  return error_set(error, -ENOMEM, "journal", "no memory for a body of the journal");
}

/* What to do about it depends on why. */
static int fault(const char *doing, const char *path, int number, qn_error *error) {
  const char *remedy = number == ENOSPC || number == EDQUOT   ? "make room on its disk"
                       : number == EMFILE || number == ENFILE ? "let the worker have more open files"
                                                              : "look after its disk and its permissions";
  return error_set(error, -number, "journal", "cannot %s %s: %s; %s", doing, path, strerror(number), remedy);
}

static int write_bytes(int file, const uint8_t *bytes, size_t n_bytes) {
  while (n_bytes > 0) {
    ssize_t n = write(file, bytes, n_bytes);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return -errno;
    }
    bytes += n;
    n_bytes -= (size_t)n;
  }
  return 0;
}

int journal_body_write(const char *folder, int64_t place, const void *bytes, size_t n_bytes, qn_error *error) {
  char *path = name_of(folder, place);
  if (path == NULL) {
    return no_memory(error);
  }
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  int rc = file < 0 ? -errno : write_bytes(file, bytes, n_bytes);
  if (rc == 0 && fsync(file) != 0) {
    rc = -errno;
  }
  if (file >= 0) {
    close(file);
  }
  if (rc != 0) {
    fault("write", path, -rc, error);
    unlink(path);
  }
  free(path);
  return rc;
}

int journal_body_sync_folder(const char *folder, qn_error *error) {
  char *path = name_of(folder, -1);
  if (path == NULL) {
    return no_memory(error);
  }
  int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int rc = file < 0 || fsync(file) != 0 ? fault("write", path, errno, error) : 0;
  if (file >= 0) {
    close(file);
  }
  free(path);
  return rc;
}

/* As many bytes as wanted, and then the end. */
static int read_bytes(int file, uint8_t *bytes, size_t n_bytes) {
  uint8_t beyond;
  size_t n_read = 0;
  while (n_read < n_bytes) {
    ssize_t n = read(file, bytes + n_read, n_bytes - n_read);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return n < 0 ? -errno : -EBADMSG;
    }
    n_read += (size_t)n;
  }
  return read(file, &beyond, 1) == 0 ? 0 : -EBADMSG;
}

static int read_path(const char *path, void *bytes, size_t n_bytes, qn_error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  int rc = file < 0 ? -errno : read_bytes(file, bytes, n_bytes);
  if (file >= 0) {
    close(file);
  }
  if (rc == -ENOENT || rc == -EBADMSG) {
    rc = error_set(error, -EBADMSG, "body-lost", "%s, the payload of a document, %s", path,
                   rc == -ENOENT ? "is gone" : "is not of the size that was written");
  } else if (rc != 0) {
    fault("read", path, -rc, error);
  }
  return rc;
}

int journal_body_read(const char *folder, int64_t place, void *bytes, size_t n_bytes, qn_error *error) {
  char *path = name_of(folder, place);
  int rc = path == NULL ? no_memory(error) : read_path(path, bytes, n_bytes, error);
  free(path);
  return rc;
}

int journal_body_read_in(const char *bodies, int64_t place, void *bytes, size_t n_bytes, qn_error *error) {
  char *path = NULL;
  if (asprintf(&path, "%s/%016" PRIx64, bodies, (uint64_t)place) < 0) {
    return no_memory(error);
  }
  int rc = read_path(path, bytes, n_bytes, error);
  free(path);
  return rc;
}

void journal_body_remove(const char *folder, int64_t place) {
  char *path = name_of(folder, place);
  if (path != NULL) {
    unlink(path); /* one that stays is removed when the journal is opened next */
  }
  free(path);
}

/* The place that a file is named by; negative: it is none of ours. */
static int64_t place_of(const char *name) {
  char *end;
  if (strlen(name) != 16 || strspn(name, "0123456789abcdef") != 16) {
    return -1;
  }
  uint64_t place = strtoull(name, &end, 16);
  return place > INT64_MAX ? -1 : (int64_t)place;
}

int journal_body_open(const char *folder, int (*is_kept)(void *arg, int64_t place), void *arg, qn_error *error) {
  char *path = name_of(folder, -1);
  if (path == NULL) {
    return no_memory(error);
  }
  DIR *entries = mkdir(path, 0700) == 0 || errno == EEXIST ? opendir(path) : NULL;
  int rc = entries == NULL ? fault("open", path, errno, error) : 0;
  for (struct dirent *entry; rc == 0 && (entry = readdir(entries)) != NULL;) {
    int64_t place = place_of(entry->d_name);
    int kept = place < 0 ? 1 : is_kept(arg, place);
    rc = kept < 0 ? kept : 0;
    if (kept == 0) {
      unlinkat(dirfd(entries), entry->d_name, 0);
    }
  }
  if (entries != NULL) {
    closedir(entries);
  }
  free(path);
  return rc;
}

/* --- the hash --- */

static uint64_t mix(uint64_t state, uint64_t word) {
  state = (state ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return state ^ (state >> 29);
}

/* Four lanes, so that the multiplications of one do not wait for another's. */
uint64_t journal_body_hash(const void *bytes, size_t n_bytes) {
  const uint8_t *at = bytes;
  uint64_t lanes[4] = { 1, 2, 3, 4 }, words[4];
  size_t left = n_bytes;
  for (; left >= sizeof words; left -= sizeof words, at += sizeof words) {
    memcpy(words, at, sizeof words);
    for (int i = 0; i < 4; i++) {
      lanes[i] = mix(lanes[i], words[i]);
    }
  }
  memset(words, 0, sizeof words);
  if (left > 0) {
    memcpy(words, at, left);
  }
  uint64_t hash = n_bytes;
  for (int i = 0; i < 4; i++) {
    hash = mix(hash, mix(lanes[i], words[i]));
  }
  return hash;
}
