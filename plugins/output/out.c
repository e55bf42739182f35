/* SPDX-License-Identifier: Apache-2.0 */

/* Writes lines to the file that was opened. */
#include "output/out_body.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20, NAME_EXTRA = 32, SAY_MAX = 1024 };

int out_fail(out_fault *fault, int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault->code = code;
  vsnprintf(fault->text, sizeof fault->text, format, args);
  va_end(args);
  return code;
}

void out_say(const out_file *out, const char *format, ...) {
  char text[SAY_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (out->say != NULL) {
    out->say(out->say_arg, text);
  }
}

/* What to do about an errno of opening or writing. */
static const char *remedy(int code) {
  switch (code) {
  case -ENOSPC:
  case -EDQUOT:
    return "; make room (--resume goes on with a run, if the sink can)";
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

int out_fail_io(out_fault *fault, int code, const char *what, const char *path) {
  return out_fail(fault, code, "cannot %s %s: %s%s", what, path, strerror(-code), remedy(code));
}

static const char *open_name(const out_file *out) {
  if (!out->owns_fd) {
    return "standard output";
  }
  return out->part != NULL ? out->part : out->behind ? out->whole : out->path;
}

/* --- opening --- */

int out_name_piece(out_file *out, out_fault *fault) {
  size_t size = strlen(out->path) + NAME_EXTRA;
  free(out->whole);
  out->whole = malloc(size);
  if (out->whole == NULL) {
    return out_fail(fault, -ENOMEM, "no memory for the sink");
  }
  if (out->piece > 0) {
    snprintf(out->whole, size, "%s.%" PRIu64, out->path, out->piece);
  } else {
    snprintf(out->whole, size, "%s", out->path);
  }
  return 0;
}

/* Opens what the path names. A regular file, or nothing yet, is one of ours; anything else is written directly. */
static int open_path(out_file *out, const out_options *options, out_fault *fault) {
  struct stat status;
  if (strcmp(out->path, "-") == 0) {
    out->fd = STDOUT_FILENO;
    out->owns_fd = false;
    return 0;
  }
  if (stat(out->path, &status) != 0 || S_ISREG(status.st_mode)) {
    return options->append ? out_behind_open(out, options, fault) : out_part_open(out, options, fault);
  }
  out->fd = open(out->path, O_WRONLY | O_CLOEXEC);
  return out->fd < 0 ? out_fail_io(fault, -errno, "write to", out->path) : 0;
}

int out_open(const out_options *options, out_file **ret_out, out_fault *fault) {
  out_file *out = calloc(1, sizeof *out);
  if (out == NULL) {
    return out_fail(fault, -ENOMEM, "no memory for the sink");
  }
  out->fd = -1;
  out->owns_fd = true;
  out->resume = options->resume;
  out->sync = options->sync;
  out->form = options->form;
  out->head = options->head;
  out->head_len = options->head_len;
  out->say = options->say;
  out->say_arg = options->say_arg;
  out->rotate_bytes = options->rotate_bytes;
  out->path = strndup(options->path, options->path_len);
  out->buffer = malloc(BUFFER_BYTES);
  int rc = out->path == NULL || out->buffer == NULL ? out_fail(fault, -ENOMEM, "no memory for the sink") : 0;
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
    return out_fail(fault, code, "%s was closed by its reader", open_name(out));
  }
  return out_fail_io(fault, code, "write to", open_name(out));
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
    return out_fail(fault, rc, "cannot rename %s to %s: %s; the records are in the former", out->part, out->whole,
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
  rc = out->behind ? out_behind_next(out, fault) : out_part_next(out, fault);
  out->failed = rc;
  return rc;
}

static int failed_before(const out_file *out, out_fault *fault) {
  return out_fail(fault, out->failed, "%s: an earlier write failed: %s", open_name(out), strerror(-out->failed));
}

/* Takes bytes, and a line end if asked, into the buffer, or past it if they are large. */
static int gather(out_file *out, const char *bytes, size_t len, bool ends_line, out_fault *fault) {
  size_t all = len + ends_line;
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

static int begin_file(out_file *out, out_fault *fault) {
  return out->piece_bytes == 0 && out->head_len > 0 ? gather(out, out->head, out->head_len, false, fault) : 0;
}

/* Takes bytes into one piece. */
static int take(out_file *out, const char *bytes, size_t len, bool ends_line, out_fault *fault) {
  if (out->failed != 0) {
    return failed_before(out, fault);
  }
  if (out->piece > 0 && out->piece_bytes > 0 && out->piece_bytes + len + ends_line > out->rotate_bytes) {
    int rc = rotate(out, fault);
    if (rc != 0) {
      return rc;
    }
  }
  int rc = begin_file(out, fault);
  return rc == 0 ? gather(out, bytes, len, ends_line, fault) : rc;
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
  int rc = out->behind ? out_behind_follow(out, fault) : 0;
  if (rc != 0) {
    out->failed = rc;
    return rc;
  }
  rc = write_all(out, NULL, 0, false, fault);
  return rc == 0 ? force(out, fault) : rc;
}

/* The name is for whole outputs. What has it already is not this run's, which nobody would see who looks there. */
static void tell_part(const out_file *out) {
  if (out->part == NULL || !out->started) {
    return;
  }
  out_say(out,
          access(out->whole, F_OK) == 0
              ? "not every document came out: those that did are in %s; %s is that of an earlier run"
              : "not every document came out: those that did are in %s, and there is no %s",
          out->part, out->whole);
}

int out_finish(out_file *out, bool success, out_fault *fault) {
  if (!success) {
    int rc = out->failed != 0 ? 0 : out_flush(out, fault); /* the failure itself has been told already */
    tell_part(out);
    return rc;
  }
  int rc = out->failed == 0 && !out->behind ? begin_file(out, fault) : 0; /* a table of no rows has its header */
  return rc == 0 ? end_piece(out, fault) : rc;
}
