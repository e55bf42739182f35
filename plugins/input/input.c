/* SPDX-License-Identifier: Apache-2.0 */

/* Reads plain, gzip (any number of members) and zstd (any number of frames) input in large pieces. */
#include "input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 1 << 18, PEEK_BYTES = 4096 };

typedef enum input_form { FORM_PLAIN, FORM_GZIP, FORM_ZSTD } input_form;

struct file_input {
  const char *name; /* owned copy of the path, or "standard input" */
  char *path;
  int fd;
  int stop_fd;
  bool waits;     /* reading may block for ever: a pipe, a terminal */
  bool raw_ended; /* the file gave its last byte */
  bool inside;    /* in a gzip member or a zstd frame */
  input_form form;
  size_t size;     /* of a plain regular file */
  uint64_t n_read; /* bytes the file gave */
  z_stream inflate;
  ZSTD_DCtx *zstd;
  size_t raw_begin, raw_end; /* what raw still holds */
  size_t peek_begin, peek_end;
  uint8_t raw[RAW_BYTES];
  uint8_t peeked[PEEK_BYTES];
};

/* --- the file itself --- */

static ssize_t wait_and_read(file_input *input, void *buffer, size_t capacity) {
  for (;;) {
    if (input->waits && input->stop_fd >= 0) {
      struct pollfd fds[2] = { { .fd = input->fd, .events = POLLIN }, { .fd = input->stop_fd, .events = POLLIN } };
      if (poll(fds, 2, -1) < 0 && errno != EINTR) {
        return -errno;
      }
      if (fds[1].revents != 0) {
        return -ECANCELED;
      }
      if (fds[0].revents == 0) {
        continue;
      }
    }
    ssize_t n = read(input->fd, buffer, capacity);
    if (n >= 0 || (errno != EINTR && errno != EAGAIN)) {
      return n >= 0 ? n : -errno;
    }
  }
}

static ssize_t read_file(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  ssize_t n = wait_and_read(input, buffer, capacity);
  input->n_read += n > 0 ? (uint64_t)n : 0;
  if (n == 0) {
    input->raw_ended = true;
  } else if (n < 0 && n != -ECANCELED) {
    fault_set(fault, "cannot-read", "cannot read %s: %s", input->name, strerror((int)-n));
  }
  return n;
}

/* Fills raw if it is empty; 0 or negative errno. At the end raw stays empty. */
static int fill_raw(file_input *input, file_fault *fault) {
  if (input->raw_begin < input->raw_end || input->raw_ended) {
    return 0;
  }
  ssize_t n = read_file(input, input->raw, sizeof input->raw, fault);
  input->raw_begin = 0;
  input->raw_end = n > 0 ? (size_t)n : 0;
  return n < 0 ? (int)n : 0;
}

/* Fills raw with at least n bytes, if there are so many: for the magic number of input that comes in small pieces. */
static int fill_head(file_input *input, size_t n, file_fault *fault) {
  while (input->raw_end < n && !input->raw_ended) {
    ssize_t got = read_file(input, input->raw + input->raw_end, sizeof input->raw - input->raw_end, fault);
    if (got < 0) {
      return (int)got;
    }
    input->raw_end += (size_t)got;
  }
  return 0;
}

/* --- opening --- */

static bool ends_with(const char *text, const char *end) {
  size_t len = strlen(text), end_len = strlen(end);
  return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static int find_form(file_input *input, file_fault *fault) {
  static const uint8_t gzip_magic[] = { 0x1F, 0x8B }, zstd_magic[] = { 0x28, 0xB5, 0x2F, 0xFD };
  int rc = fill_head(input, sizeof zstd_magic, fault);
  if (rc != 0) {
    return rc;
  }
  if (input->raw_end >= sizeof gzip_magic && memcmp(input->raw, gzip_magic, sizeof gzip_magic) == 0) {
    input->form = FORM_GZIP;
    input->inflate.next_in = NULL;
    return inflateInit2(&input->inflate, 15 + 16) == Z_OK ? 0 : -ENOMEM;
  }
  if (input->raw_end >= sizeof zstd_magic && memcmp(input->raw, zstd_magic, sizeof zstd_magic) == 0) {
    input->form = FORM_ZSTD;
    input->zstd = ZSTD_createDCtx();
    return input->zstd != NULL ? 0 : -ENOMEM;
  }
  if (ends_with(input->name, ".gz") || ends_with(input->name, ".zst")) {
    fault_set(fault, "bad-compression", "%s: the name says it is compressed, but it does not begin so; rename it%s",
              input->name, input->raw_end == 0 ? " or fetch it again: it is empty" : "");
    return -EBADMSG;
  }
  return 0;
}

/* Looks at what fd is, if it could be opened. */
static int look_at(file_input *input, bool standard, file_fault *fault) {
  struct stat status;
  if (input->fd < 0 || fstat(input->fd, &status) != 0) {
    int rc = -errno;
    fault_set(fault, "cannot-read", "cannot read %s: %s", input->name, strerror(-rc));
    return rc;
  }
  if (S_ISDIR(status.st_mode)) {
    fault_set(fault, "cannot-read", "%s is a folder", input->name);
    return -EISDIR;
  }
  input->waits = !S_ISREG(status.st_mode);
  if (!input->waits && status.st_size > 0 && !standard) {
    input->size = (size_t)status.st_size;
    posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return 0;
}

static int open_path(file_input *input, file_fault *fault) {
  bool standard = strcmp(input->path, "-") == 0;
  input->name = standard ? "standard input" : input->path;
  input->fd = standard ? STDIN_FILENO : open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  return look_at(input, standard, fault);
}

/* fd is to be taken, or -1 for the file that name is the path of. */
static int open_any(const char *name, int fd, int stop_fd, file_input **ret_input, file_fault *fault) {
  file_input *input = malloc(sizeof *input);
  if (input == NULL) {
    fault_set(fault, "no-memory", "no memory to read %s", name);
    return -ENOMEM;
  }
  memset(input, 0, offsetof(file_input, raw)); /* the buffers are larger than most files */
  input->fd = fd;
  input->stop_fd = stop_fd;
  input->path = strdup(name);
  input->name = input->path;
  int rc = input->path == NULL ? -ENOMEM : fd < 0 ? open_path(input, fault) : look_at(input, false, fault);
  if (rc == 0) {
    rc = find_form(input, fault);
  }
  if (rc == -ENOMEM) {
    fault_set(fault, "no-memory", "no memory to read %s", name);
  }
  if (rc != 0) {
    input->fd = fd < 0 ? input->fd : -1; /* the caller's until we keep it */
    input_close(input);
    return rc;
  }
  *ret_input = input;
  return 0;
}

int input_open(const char *path, int stop_fd, file_input **ret_input, file_fault *fault) {
  return open_any(path, -1, stop_fd, ret_input, fault);
}

int input_take(int fd, const char *name, int stop_fd, file_input **ret_input, file_fault *fault) {
  int rc = open_any(name, fd, stop_fd, ret_input, fault);
  if (rc != 0) {
    close(fd);
  }
  return rc;
}

void input_close(file_input *input) {
  if (input == NULL) {
    return;
  }
  if (input->form == FORM_GZIP) {
    inflateEnd(&input->inflate);
  }
  ZSTD_freeDCtx(input->zstd);
  if (input->fd > STDIN_FILENO) {
    close(input->fd);
  }
  free(input->path);
  free(input);
}

size_t input_size(const file_input *input) {
  return input->form == FORM_PLAIN ? input->size : 0;
}

uint64_t input_taken(const file_input *input, int ended) {
  return ended && input->size > input->n_read ? input->size : input->n_read;
}

/* --- decompressing --- */

static ssize_t truncated(const file_input *input, file_fault *fault) {
  fault_set(fault, "truncated-input", "%s: the %s data ends in the middle; fetch the file again", input->name,
            input->form == FORM_GZIP ? "gzip" : "zstd");
  return -EBADMSG;
}

static ssize_t corrupt(const file_input *input, const char *why, file_fault *fault) {
  fault_set(fault, "bad-compression", "%s: broken %s data%s%s; fetch the file again", input->name,
            input->form == FORM_GZIP ? "gzip" : "zstd", why == NULL ? "" : ": ", why == NULL ? "" : why);
  return -EBADMSG;
}

/* Between gzip members: 1 if another begins, 0 at the end (zeros may pad it), negative for anything else. */
static ssize_t next_member(file_input *input, file_fault *fault) {
  for (;;) {
    int rc = fill_raw(input, fault);
    if (rc != 0) {
      return rc;
    }
    while (input->raw_begin < input->raw_end && input->raw[input->raw_begin] == 0) {
      input->raw_begin++;
    }
    if (input->raw_begin < input->raw_end) {
      break;
    }
    if (input->raw_ended) {
      return 0;
    }
  }
  if (input->raw[input->raw_begin] != 0x1F) {
    return corrupt(input, "other bytes follow it", fault);
  }
  inflateReset(&input->inflate);
  input->inside = true;
  return 1;
}

static ssize_t read_gzip(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  z_stream *z = &input->inflate;
  uInt room = capacity > UINT_MAX ? UINT_MAX : (uInt)capacity;
  z->next_out = buffer;
  z->avail_out = room;
  while (z->avail_out == room) {
    ssize_t rc = input->inside ? fill_raw(input, fault) : next_member(input, fault);
    if (rc < 0 || !input->inside) {
      return rc;
    }
    if (input->raw_begin == input->raw_end) {
      return truncated(input, fault);
    }
    z->next_in = input->raw + input->raw_begin;
    z->avail_in = (uInt)(input->raw_end - input->raw_begin);
    int state = inflate(z, Z_NO_FLUSH);
    input->raw_begin = input->raw_end - z->avail_in;
    input->inside = state != Z_STREAM_END;
    if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
      return corrupt(input, z->msg, fault);
    }
  }
  return room - z->avail_out;
}

static ssize_t read_zstd(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  ZSTD_outBuffer out = { buffer, capacity, 0 };
  while (out.pos == 0) {
    int rc = fill_raw(input, fault);
    if (rc != 0) {
      return rc;
    }
    ZSTD_inBuffer in = { input->raw, input->raw_end, input->raw_begin };
    bool ended = in.pos == in.size;
    if (ended && !input->inside) {
      return 0;
    }
    size_t left = ZSTD_decompressStream(input->zstd, &out, &in);
    if (ZSTD_isError(left)) {
      return corrupt(input, ZSTD_getErrorName(left), fault);
    }
    input->raw_begin = in.pos;
    input->inside = left != 0;
    if (ended && out.pos == 0 && input->inside) {
      return truncated(input, fault);
    }
  }
  return (ssize_t)out.pos;
}

static ssize_t read_plain(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  size_t held = input->raw_end - input->raw_begin;
  if (held == 0) {
    return input->raw_ended ? 0 : read_file(input, buffer, capacity, fault);
  }
  size_t n = held < capacity ? held : capacity;
  memcpy(buffer, input->raw + input->raw_begin, n);
  input->raw_begin += n;
  return (ssize_t)n;
}

static ssize_t read_any(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  switch (input->form) {
  case FORM_GZIP:
    return read_gzip(input, buffer, capacity, fault);
  case FORM_ZSTD:
    return read_zstd(input, buffer, capacity, fault);
  default:
    return read_plain(input, buffer, capacity, fault);
  }
}

ssize_t input_read(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  size_t held = input->peek_end - input->peek_begin;
  if (held == 0) {
    return read_any(input, buffer, capacity, fault);
  }
  size_t n = held < capacity ? held : capacity;
  memcpy(buffer, input->peeked + input->peek_begin, n);
  input->peek_begin += n;
  return (ssize_t)n;
}

ssize_t input_peek(file_input *input, void *buffer, size_t capacity, file_fault *fault) {
  while (input->peek_begin == 0 && input->peek_end < PEEK_BYTES && input->peek_end < capacity) {
    ssize_t n = read_any(input, input->peeked + input->peek_end, PEEK_BYTES - input->peek_end, fault);
    if (n < 0 && input->peek_end == 0) {
      return n;
    }
    if (n <= 0) {
      break; /* the next read meets the fault again */
    }
    input->peek_end += (size_t)n;
  }
  size_t held = input->peek_end - input->peek_begin;
  size_t n = held < capacity ? held : capacity;
  memcpy(buffer, input->peeked + input->peek_begin, n);
  return (ssize_t)n;
}
