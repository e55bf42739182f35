/* SPDX-License-Identifier: Apache-2.0 */

/* Opening a file to go on behind what it has: what a crash left unconfirmed is cut off, so that documents which are delivered
 * again come out once. Nothing is cut off a file that is not known to be ours, but for a line that breaks off. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/out_body.h"

/* A file, however it is called now. */
typedef struct identity {
  uint64_t device, inode;
  int64_t born_ns; /* 0: the file system does not say */
} identity;

typedef struct place {
  identity file;
  uint64_t piece, offset;
} place;

static int identity_get(int fd, identity *ret_identity, uint64_t *ret_size) {
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &status) != 0) {
    return -errno;
  }
  bool has_birth = (status.stx_mask & STATX_BTIME) != 0;
  *ret_identity = (identity){
    .device = (uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor,
    .inode = status.stx_ino,
    .born_ns = has_birth ? status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec : 0,
  };
  *ret_size = status.stx_size;
  return 0;
}

/* Numbers of inodes are given anew, and numbers of devices may change when the machine starts: the time of birth tells best. */
static bool identity_equal(const identity *a, const identity *b) {
  return a->inode == b->inode &&
         (a->born_ns != 0 && b->born_ns != 0 ? a->born_ns == b->born_ns : a->device == b->device);
}

size_t out_state(const out_file *out, char *ret_state) {
  identity file;
  uint64_t size;
  if (!out->behind || identity_get(out->fd, &file, &size) != 0) {
    return 0;
  }
  return (size_t)snprintf(ret_state, OUT_STATE_MAX,
                          "1 piece %" PRIu64 " device %" PRIu64 " inode %" PRIu64 " born %" PRId64 " offset %" PRIu64,
                          out->piece, file.device, file.inode, file.born_ns, size);
}

static bool read_state(const char *state, size_t len, place *ret_place) {
  char text[OUT_STATE_MAX];
  place found;
  if (state == NULL || len >= sizeof text) {
    return false;
  }
  memcpy(text, state, len);
  text[len] = '\0';
  if (sscanf(text, "1 piece %" SCNu64 " device %" SCNu64 " inode %" SCNu64 " born %" SCNd64 " offset %" SCNu64,
             &found.piece, &found.file.device, &found.file.inode, &found.file.born_ns, &found.offset) != 5) {
    return false;
  }
  *ret_place = found;
  return true;
}

/* --- pieces --- */

/* The highest number of a piece that is there; 1 if there is none. Those before may have been taken away. */
static int find_last_piece(const out_file *out, uint64_t *ret_piece, out_fault *fault) {
  const char *slash = strrchr(out->path, '/');
  const char *name = slash == NULL ? out->path : slash + 1;
  char *folder = slash == NULL ? strdup(".") : strndup(out->path, (size_t)(slash - out->path) + 1);
  DIR *entries = folder == NULL ? NULL : opendir(folder);
  uint64_t last = 1;
  size_t len = strlen(name);
  if (entries == NULL) {
    int rc = out_fail_io(fault, folder == NULL ? -ENOMEM : -errno, "read the folder of", out->path);
    free(folder);
    return rc;
  }
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    const char *digits = entry->d_name + len + 1;
    if (strncmp(entry->d_name, name, len) != 0 || entry->d_name[len] != '.' || digits[0] < '1' || digits[0] > '9' ||
        strlen(digits) > 18 || strspn(digits, "0123456789") != strlen(digits)) {
      continue;
    }
    uint64_t number = strtoull(digits, NULL, 10);
    last = number > last ? number : last;
  }
  closedir(entries);
  free(folder);
  *ret_piece = last;
  return 0;
}

/* --- one file --- */

/* A file's name must outlive a fall of the machine too. Some file systems cannot sync folders, and then need not. */
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
  int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  free(folder);
}

static int hold(int fd, const char *path, out_fault *fault) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return out_fail(fault, -EBUSY, "another run or worker is writing to %s; wait for it, or choose another path", path);
  }
  return 0;
}

static int write_all(int fd, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t n = write(fd, bytes, len);
    if (n < 0 && errno != EINTR) {
      return -errno;
    }
    bytes += n > 0 ? n : 0;
    len -= n > 0 ? (size_t)n : 0;
  }
  return 0;
}

/* Cuts off a line that breaks off, and ends one that is whole. */
static int mend_end(out_file *out, uint64_t *size, out_fault *fault) {
  uint64_t whole = 0;
  char last = '\n';
  int rc = *size > 0 ? out_find_end(out->form, out->fd, *size, &whole) : 0;
  if (rc == 0 && whole < *size) {
    out_say(out, "%s ends in the middle of a line: its last %" PRIu64 " bytes were not whole and are cut off",
            out->whole, *size - whole);
    rc = ftruncate(out->fd, (off_t)whole) != 0 ? -errno : 0;
  } else if (rc == 0 && whole > 0 && pread(out->fd, &last, 1, (off_t)(whole - 1)) == 1 && last != '\n') {
    rc = write_all(out->fd, "\n", 1);
    whole++;
  }
  if (rc != 0) {
    return out_fail_io(fault, rc, "go on with", out->whole);
  }
  *size = whole;
  return 0;
}

/* Opens the piece numbered now. trusted: it is known to end well. */
static int open_whole(out_file *out, bool trusted, out_fault *fault) {
  identity file;
  uint64_t size = 0;
  out->created = access(out->whole, F_OK) != 0;
  int fd = open(out->whole, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) {
    return out_fail_io(fault, -errno, "write to", out->whole);
  }
  int rc = hold(fd, out->whole, fault);
  if (rc == 0) {
    rc = identity_get(fd, &file, &size);
    rc = rc == 0 ? 0 : out_fail_io(fault, rc, "look at", out->whole);
  }
  if (rc != 0) {
    out->created = false;
    close(fd);
    return rc;
  }
  out->fd = fd;
  rc = trusted ? 0 : mend_end(out, &size, fault);
  out->piece_bytes = size;
  if (rc == 0 && out->created && out->sync) {
    sync_folder(out->whole);
  }
  return rc;
}

int out_behind_next(out_file *out, out_fault *fault) {
  int rc = out_name_piece(out, fault);
  return rc == 0 ? open_whole(out, false, fault) : rc;
}

/* --- taking back --- */

/* Removes the pieces behind the last that counts. */
static int remove_later(out_file *out, uint64_t piece, out_fault *fault) {
  for (out->piece = piece + 1; piece > 0; out->piece++) {
    int rc = out_name_piece(out, fault);
    if (rc != 0) {
      return rc;
    }
    if (unlink(out->whole) != 0) {
      return errno == ENOENT ? 0 : out_fail_io(fault, -errno, "remove", out->whole);
    }
    out_say(out, "%s was begun and never confirmed: removed; its documents are delivered again", out->whole);
  }
  return 0;
}

static int cut(const out_file *out, int fd, uint64_t size, uint64_t offset, out_fault *fault) {
  if (size == offset) {
    return 0;
  }
  out_say(out,
          "%s: the last %" PRIu64 " bytes were never confirmed and are cut off; their documents are delivered again",
          out->whole, size - offset);
  if (ftruncate(fd, (off_t)offset) != 0 || fsync(fd) != 0) {
    return out_fail_io(fault, -errno, "cut", out->whole);
  }
  return 0;
}

/* Brings the file back to where it counts. ret_trusted: it is there now. */
static int take_back(out_file *out, const place *kept, bool *ret_trusted, out_fault *fault) {
  identity file;
  uint64_t size = 0;
  out->piece = kept->piece;
  int rc = out_name_piece(out, fault);
  if (rc != 0) {
    return rc;
  }
  int fd = open(out->whole, O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    out_say(out, "%s is gone; a new file is begun", out->whole);
    return 0;
  }
  rc = fd < 0 ? -errno : identity_get(fd, &file, &size);
  if (rc != 0) {
    rc = out_fail_io(fault, rc, "write to", out->whole);
  } else if (!identity_equal(&file, &kept->file) || size < kept->offset) {
    out_say(out, "%s %s; what comes is added behind its last whole line", out->whole,
            size < kept->offset ? "is shorter than it was" : "is another file than before");
  } else {
    rc = hold(fd, out->whole, fault);
    rc = rc == 0 ? cut(out, fd, size, kept->offset, fault) : rc;
    *ret_trusted = rc == 0;
  }
  if (fd >= 0) {
    close(fd);
  }
  return rc == 0 && *ret_trusted ? remove_later(out, kept->piece, fault) : rc;
}

/* --- opening --- */

static int tell_kept(out_file *out, const out_options *options, out_fault *fault) {
  uint64_t last = out->piece, bytes;
  for (out->piece = last == 0 ? 0 : 1; out->piece <= last; out->piece++) {
    int rc = out_name_piece(out, fault);
    int fd = rc == 0 ? open(out->whole, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 && (rc != 0 || errno == ENOENT)) {
      if (rc != 0) {
        return rc;
      }
      continue;
    }
    rc = fd < 0 ? -errno : out_scan_lines(options, fd, &bytes);
    if (fd >= 0) {
      close(fd);
    }
    if (rc != 0) {
      return out_fail_io(fault, rc, "read", out->whole);
    }
  }
  out->piece = last;
  return out_name_piece(out, fault);
}

int out_behind_open(out_file *out, const out_options *options, out_fault *fault) {
  place kept = { .offset = 0 };
  bool trusted = false;
  out->behind = true;
  bool known = read_state(options->state, options->state_len, &kept);
  int rc = known ? take_back(out, &kept, &trusted, fault) : 0;
  out->piece = 0;
  if (rc == 0 && out->rotate_bytes > 0) {
    rc = find_last_piece(out, &out->piece, fault);
  }
  rc = rc == 0 ? out_name_piece(out, fault) : rc;
  rc = rc == 0 ? open_whole(out, trusted && out->piece == kept.piece, fault) : rc;
  return rc == 0 && out->resume ? tell_kept(out, options, fault) : rc;
}

int out_behind_follow(out_file *out, out_fault *fault) {
  struct stat named, opened;
  if (fstat(out->fd, &opened) != 0) {
    return out_fail_io(fault, -errno, "look at", out->whole);
  }
  out->piece_bytes = (uint64_t)opened.st_size + out->n_buffered;
  if (stat(out->whole, &named) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
    return 0;
  }
  out_say(out, "%s was moved or removed; a new file is begun", out->whole);
  close(out->fd);
  out->fd = -1;
  int rc = open_whole(out, false, fault);
  if (rc == 0 && out->piece_bytes == 0 && out->head_len > 0) {
    rc = write_all(out->fd, out->head, out->head_len);
    rc = rc == 0 ? 0 : out_fail_io(fault, rc, "write to", out->whole);
    out->piece_bytes = out->head_len;
  }
  out->piece_bytes += out->n_buffered;
  return rc;
}
