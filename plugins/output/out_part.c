/* SPDX-License-Identifier: Apache-2.0 */

/* Opening a file that only gets its name once it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "output/out_body.h"

/* NAME.part, or NAME.3.part. */
static int name_part(out_file *out, out_fault *fault) {
  int rc = out_name_piece(out, fault);
  if (rc != 0) {
    return rc;
  }
  size_t size = strlen(out->whole) + sizeof ".part";
  free(out->part);
  out->part = malloc(size);
  if (out->part == NULL) {
    return out_fail(fault, -ENOMEM, "no memory for the sink");
  }
  snprintf(out->part, size, "%s.part", out->whole);
  return 0;
}

/* Opens the part for writing, holding it against other runs. */
static int open_part(out_file *out, out_fault *fault) {
  out->created = access(out->part, F_OK) != 0;
  int fd = open(out->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) {
    return out_fail_io(fault, -errno, "write to", out->part);
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(fd);
    out->created = false;
    return out_fail(fault, -EBUSY, "another run is writing to %s; wait for it, or choose another path", out->part);
  }
  out->fd = fd;
  out->started = false;
  out->keep_bytes = 0;
  out->piece_bytes = 0;
  return 0;
}

int out_part_next(out_file *out, out_fault *fault) {
  int rc = name_part(out, fault);
  return rc == 0 ? open_part(out, fault) : rc;
}

/* Steps over the pieces of an earlier run; they are whole. Their lines count as written. */
static int skip_pieces(out_file *out, const out_options *options, out_fault *fault) {
  for (;;) {
    uint64_t bytes;
    int rc = name_part(out, fault);
    if (rc != 0) {
      return rc;
    }
    int fd = open(out->whole, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      return errno == ENOENT ? 0 : out_fail_io(fault, -errno, "read", out->whole);
    }
    rc = out->resume ? out_scan_lines(options, fd, &bytes) : -EEXIST;
    close(fd);
    if (rc == -EEXIST) {
      return out_fail(fault, rc, "%s exists from an earlier run; remove its pieces, choose another path, or set resume",
                      out->whole);
    }
    if (rc != 0) {
      return out_fail_io(fault, rc, "read", out->whole);
    }
    out->piece++;
  }
}

int out_part_open(out_file *out, const out_options *options, out_fault *fault) {
  int rc = 0;
  if (out->rotate_bytes > 0) {
    out->piece = 1;
    rc = skip_pieces(out, options, fault);
  } else {
    rc = name_part(out, fault);
  }
  if (rc == 0) {
    rc = open_part(out, fault);
  }
  if (rc == 0 && out->resume) {
    rc = out_scan_lines(options, out->fd, &out->keep_bytes);
    out->piece_bytes = out->keep_bytes;
    rc = rc == 0 ? 0 : out_fail_io(fault, rc, "read", out->part);
  }
  return rc;
}
