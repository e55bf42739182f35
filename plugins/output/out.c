/* SPDX-License-Identifier: Apache-2.0 */

/* Writes lines to a file that only gets its name once it is whole. */
#include "output/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20, SCAN_BYTES = 1 << 18, NAME_EXTRA = 32 };

struct out_file {
  char *path;  /* the final name, without piece number */
  char *part;  /* what is open now, if it is to be renamed; else NULL */
  char *whole; /* what part becomes */
  int fd;
  bool owns_fd; /* not standard output */
  bool resume, sync;
  bool created; /* the open file did not exist before */
  bool started; /* the open file has been cut to keep_bytes */
  uint64_t rotate_bytes;
  uint64_t piece;       /* number of the open piece, from 1; 0 if it never rotates */
  uint64_t keep_bytes;  /* whole lines found in the open file when resuming */
  uint64_t piece_bytes; /* of lines in the open file and the buffer */
  size_t n_buffered;
  int failed; /* the error that stopped it */
  char *buffer;
};

static int fail(out_fault *fault, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(out_fault *fault, int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault->code = code;
  vsnprintf(fault->text, sizeof fault->text, format, args);
  va_end(args);
  return code;
}

/* What to do about an errno of opening or writing. */
static const char *remedy(int code) {
  switch (code) {
  case -ENOSPC:
  case -EDQUOT:
    return "; make room and run again (--resume goes on, if the sink can)";
  case -EACCES:
  case -EPERM:
  case -EROFS:
    return "; choose another path or change its permissions";
  case -ENOENT:
  case -ENOTDIR:
    return "; its folder must exist";
  case -EISDIR:
    return "; name a file in it";
  default:
    return "";
  }
}

static int fail_io(out_fault *fault, int code, const char *what, const char *path) {
  return fail(fault, code, "cannot %s %s: %s%s", what, path, strerror(-code), remedy(code));
}

static const char *open_name(const out_file *out) {
  return !out->owns_fd ? "standard output" : out->part != NULL ? out->part : out->path;
}

/* --- finding what an earlier run left --- */

/* Tells of all whole lines in fd; ret_bytes is where the last of them ends. */
static int scan_lines(const out_options *options, int fd, uint64_t *ret_bytes) {
  size_t capacity = SCAN_BYTES, filled = 0;
  uint64_t whole = 0;
  char *buffer = malloc(capacity);
  int rc = buffer == NULL ? -ENOMEM : 0;
  while (rc == 0) {
    ssize_t n = read(fd, buffer + filled, capacity - filled);
    if (n <= 0) {
      rc = n < 0 && errno != EINTR ? -errno : 0;
      if (n == 0 || rc != 0) {
        break;
      }
      continue;
    }
    filled += (size_t)n;
    char *line = buffer, *end = buffer + filled, *newline;
    while (rc == 0 && (newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
      rc = options->kept == NULL ? 0 : options->kept(options->arg, line, (size_t)(newline - line));
      whole += (uint64_t)(newline + 1 - line);
      line = newline + 1;
    }
    filled = (size_t)(end - line);
    memmove(buffer, line, filled);
    if (filled == capacity) {
      char *larger = capacity > SIZE_MAX / 2 ? NULL : realloc(buffer, capacity * 2);
      rc = larger == NULL ? -ENOMEM : rc;
      buffer = larger == NULL ? buffer : larger;
      capacity = larger == NULL ? capacity : capacity * 2;
    }
  }
  free(buffer);
  if (rc == 0) {
    *ret_bytes = whole;
  }
  return rc;
}

/* --- names and opening --- */

/* Sets the names of the piece to be opened: NAME and NAME.part, or NAME.3 and NAME.3.part. */
static int name_piece(out_file *out) {
  size_t size = strlen(out->path) + NAME_EXTRA;
  free(out->part);
  free(out->whole);
  out->part = malloc(size);
  out->whole = malloc(size);
  if (out->part == NULL || out->whole == NULL) {
    return -ENOMEM;
  }
  if (out->piece > 0) {
    snprintf(out->whole, size, "%s.%" PRIu64, out->path, out->piece);
  } else {
    snprintf(out->whole, size, "%s", out->path);
  }
  snprintf(out->part, size, "%s.part", out->whole);
  return 0;
}

/* Opens the part for writing, holding it against other runs. */
static int open_part(out_file *out, out_fault *fault) {
  out->created = access(out->part, F_OK) != 0;
  int fd = open(out->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) {
    return fail_io(fault, -errno, "write to", out->part);
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(fd);
    out->created = false;
    return fail(fault, -EBUSY, "another run is writing to %s; wait for it, or choose another path", out->part);
  }
  out->fd = fd;
  out->started = false;
  out->keep_bytes = 0;
  out->piece_bytes = 0;
  return 0;
}

/* Steps over the pieces of an earlier run; they are whole. Their lines count as written. */
static int skip_pieces(out_file *out, const out_options *options, out_fault *fault) {
  for (;;) {
    uint64_t bytes;
    int rc = name_piece(out);
    if (rc != 0) {
      return fail(fault, rc, "no memory for the sink");
    }
    int fd = open(out->whole, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      return errno == ENOENT ? 0 : fail_io(fault, -errno, "read", out->whole);
    }
    rc = out->resume ? scan_lines(options, fd, &bytes) : -EEXIST;
    close(fd);
    if (rc == -EEXIST) {
      return fail(fault, rc, "%s exists from an earlier run; remove its pieces, choose another path, or set resume",
                  out->whole);
    }
    if (rc != 0) {
      return fail_io(fault, rc, "read", out->whole);
    }
    out->piece++;
  }
}

static int open_new_file(out_file *out, const out_options *options, out_fault *fault) {
  int rc = 0;
  if (out->rotate_bytes > 0) {
    out->piece = 1;
    rc = skip_pieces(out, options, fault);
  } else if (name_piece(out) != 0) {
    rc = fail(fault, -ENOMEM, "no memory for the sink");
  }
  if (rc == 0) {
    rc = open_part(out, fault);
  }
  if (rc == 0 && out->resume) {
    rc = scan_lines(options, out->fd, &out->keep_bytes);
    out->piece_bytes = out->keep_bytes;
    rc = rc == 0 ? 0 : fail_io(fault, rc, "read", out->part);
  }
  return rc;
}

/* Opens what the path names. A regular file, or nothing yet, gets a part; anything else is written directly. */
static int open_path(out_file *out, const out_options *options, out_fault *fault) {
  struct stat status;
  if (strcmp(out->path, "-") == 0) {
    out->fd = STDOUT_FILENO;
    out->owns_fd = false;
    return 0;
  }
  if (stat(out->path, &status) != 0 || S_ISREG(status.st_mode)) {
    return open_new_file(out, options, fault);
  }
  out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
  return out->fd < 0 ? fail_io(fault, -errno, "write to", out->path) : 0;
}

int out_open(const out_options *options, out_file **ret_out, out_fault *fault) {
  out_file *out = calloc(1, sizeof *out);
  if (out == NULL) {
    return fail(fault, -ENOMEM, "no memory for the sink");
  }
  out->fd = -1;
  out->owns_fd = true;
  out->resume = options->resume;
  out->sync = options->sync;
  out->rotate_bytes = options->rotate_bytes;
  out->path = strndup(options->path, options->path_len);
  out->buffer = malloc(BUFFER_BYTES);
  int rc = out->path == NULL || out->buffer == NULL ? fail(fault, -ENOMEM, "no memory for the sink") : 0;
  if (rc == 0) {
    rc = open_path(out, options, fault);
  }
  if (rc != 0) {
    out_close(out);
    return rc;
  }
  *ret_out = out;
  return 0;
}

void out_close(out_file *out) {
  if (out == NULL) {
    return;
  }
  if (out->created && !out->started && out->part != NULL) {
    unlink(out->part); /* nothing was ever written: leave no trace */
  }
  if (out->fd >= 0 && out->owns_fd) {
    close(out->fd);
  }
  free(out->path);
  free(out->part);
  free(out->whole);
  free(out->buffer);
  free(out);
}

/* --- writing --- */

static int stop(out_file *out, int code, out_fault *fault) {
  out->failed = code;
  if (code == -EPIPE) {
    return fail(fault, code, "%s was closed by its reader", open_name(out));
  }
  return fail_io(fault, code, "write to", open_name(out));
}

/* Cuts the file to what is to be kept, before the first byte. */
static int start(out_file *out, out_fault *fault) {
  if (out->started) {
    return 0;
  }
  out->started = true;
  if (out->part == NULL) {
    return 0;
  }
  if (ftruncate(out->fd, (off_t)out->keep_bytes) != 0 || lseek(out->fd, (off_t)out->keep_bytes, SEEK_SET) < 0) {
    return stop(out, -errno, fault);
  }
  return 0;
}

/* Takes n written bytes off the front of the pieces. Returns how many pieces are left; *at moves to the first. */
static int take_written(struct iovec **at, int n_left, size_t n) {
  while (n_left > 0 && n >= (*at)->iov_len) {
    n -= (*at)->iov_len;
    (*at)++;
    n_left--;
  }
  if (n_left > 0) {
    (*at)->iov_base = (char *)(*at)->iov_base + n;
    (*at)->iov_len -= n;
  }
  return n_left;
}

/* Writes the buffer and what comes after it, whole. */
static int write_all(out_file *out, const char *bytes, size_t len, bool ends_line, out_fault *fault) {
  char newline = '\n';
  struct iovec pieces[3] = {
    { out->buffer, out->n_buffered },
    { (void *)(uintptr_t)bytes, len },
    { &newline, ends_line },
  };
  struct iovec *at = pieces;
  int rc = start(out, fault);
  for (int n_left = take_written(&at, 3, 0); rc == 0 && n_left > 0;) {
    ssize_t n = writev(out->fd, at, n_left);
    if (n >= 0) {
      n_left = take_written(&at, n_left, (size_t)n);
    } else if (errno == EAGAIN) { /* somebody made our standard output non-blocking */
      struct pollfd wait = { .fd = out->fd, .events = POLLOUT };
      poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      rc = stop(out, -errno, fault);
    }
  }
  out->n_buffered = 0;
  return rc;
}

/* Forces what was written to the disk; pipes and terminals have none. */
static int force(out_file *out, out_fault *fault) {
  if (!out->sync || fdatasync(out->fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP) {
    return 0;
  }
  return stop(out, -errno, fault);
}

/* Flushes the open piece and gives it its name. */
static int end_piece(out_file *out, out_fault *fault) {
  int rc = out_flush(out, fault);
  if (rc == 0 && out->part != NULL && rename(out->part, out->whole) != 0) {
    rc = -errno;
    out->failed = rc;
    return fail(fault, rc, "cannot rename %s to %s: %s; the records are in the former", out->part, out->whole,
                strerror(-rc));
  }
  return rc;
}

static int rotate(out_file *out, out_fault *fault) {
  int rc = end_piece(out, fault);
  if (rc != 0) {
    return rc;
  }
  close(out->fd);
  out->fd = -1;
  out->created = false;
  out->piece++;
  rc = name_piece(out) == 0 ? open_part(out, fault) : fail(fault, -ENOMEM, "no memory for the sink");
  out->failed = rc;
  return rc;
}

static int failed_before(const out_file *out, out_fault *fault) {
  return fail(fault, out->failed, "%s: an earlier write failed: %s", open_name(out), strerror(-out->failed));
}

/* Takes bytes, and a line end if asked, into one piece. */
static int take(out_file *out, const char *bytes, size_t len, bool ends_line, out_fault *fault) {
  size_t all = len + ends_line;
  if (out->failed != 0) {
    return failed_before(out, fault);
  }
  if (out->piece > 0 && out->piece_bytes > 0 && out->piece_bytes + all > out->rotate_bytes) {
    int rc = rotate(out, fault);
    if (rc != 0) {
      return rc;
    }
  }
  out->piece_bytes += all;
  if (all > BUFFER_BYTES - out->n_buffered) {
    return write_all(out, bytes, len, ends_line, fault);
  }
  if (len > 0) {
    memcpy(out->buffer + out->n_buffered, bytes, len);
  }
  if (ends_line) {
    out->buffer[out->n_buffered + len] = '\n';
  }
  out->n_buffered += all;
  return 0;
}

int out_append(out_file *out, const char *line, size_t len, out_fault *fault) {
  return take(out, line, len, true, fault);
}

int out_write(out_file *out, const char *bytes, size_t len, out_fault *fault) {
  return take(out, bytes, len, false, fault);
}

int out_flush(out_file *out, out_fault *fault) {
  if (out->failed != 0) {
    return failed_before(out, fault);
  }
  int rc = write_all(out, NULL, 0, false, fault);
  return rc == 0 ? force(out, fault) : rc;
}

int out_finish(out_file *out, bool success, out_fault *fault) {
  if (!success) {
    return out->failed != 0 ? 0 : out_flush(out, fault); /* the failure itself has been told already */
  }
  return end_piece(out, fault);
}
