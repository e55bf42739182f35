/* SPDX-License-Identifier: Apache-2.0 */

/* sendmsg, recvmsg and memfds. A received memory is mapped only once it is sealed against every change, so that its
 * writer can neither change what was checked nor shorten what is being read. */
#include "isolation/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define WIRE_MAGIC UINT32_C(0x54414E51)

enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

typedef struct wire_head {
  uint32_t magic;
  uint32_t kind;
  uint32_t n;
  uint32_t in_memory; /* 1: the body lies in a memfd that comes along */
  uint64_t len;
} wire_head;

/* --- bodies --- */

void *wire_room(wire_body *body, size_t bytes) {
  if (bytes > SIZE_MAX / 4 || body->len > SIZE_MAX / 4) {
    return NULL;
  }
  size_t needed = body->len + bytes;
  if (needed > body->capacity) {
    size_t capacity = needed + needed / 2 + 4096;
    unsigned char *grown = realloc(body->bytes, capacity);
    if (grown == NULL) {
      return NULL;
    }
    body->bytes = grown;
    body->capacity = capacity;
  }
  return body->bytes + body->len;
}

void wire_body_done(wire_body *body) {
  free(body->bytes);
  *body = (wire_body){ 0 };
}

/* --- the socket --- */

static int wait_for(wire_wait *wait, void *arg, short events) {
  return wait != NULL ? wait(arg, events) : 0;
}

static int gone_or(int code) {
  return code == ECONNRESET || code == EPIPE || code == ENOTCONN ? -EPIPE : -code;
}

/* fd is passed with the first bytes; -1: none. */
static int send_all(int socket, struct iovec *pieces, size_t n_pieces, int fd, wire_wait *wait, void *arg) {
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = { .msg_iov = pieces, .msg_iovlen = n_pieces };
  if (fd >= 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    control.head =
        (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
  }
  while (message.msg_iovlen > 0) {
    ssize_t n = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (n < 0) {
      int rc = errno == EAGAIN ? wait_for(wait, arg, POLLOUT) : errno == EINTR ? 0 : gone_or(errno);
      if (rc != 0) {
        return rc;
      }
      continue;
    }
    message.msg_control = NULL;
    message.msg_controllen = 0;
    size_t sent = (size_t)n;
    while (message.msg_iovlen > 0 && sent >= message.msg_iov->iov_len) {
      sent -= message.msg_iov->iov_len;
      message.msg_iov++;
      message.msg_iovlen--;
    }
    if (message.msg_iovlen > 0) {
      message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
      message.msg_iov->iov_len -= sent;
    }
  }
  return 0;
}

/* The first goes to ret_fd if it has none yet; all others are closed, however many were passed at once. */
static void take_fds(struct msghdr *message, int *ret_fd) {
  const struct cmsghdr *with = CMSG_FIRSTHDR(message);
  if (with == NULL || with->cmsg_level != SOL_SOCKET || with->cmsg_type != SCM_RIGHTS) {
    return;
  }
  size_t n = (with->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < n; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(with) + i * sizeof fd, sizeof fd);
    if (ret_fd != NULL && *ret_fd < 0) {
      *ret_fd = fd;
    } else {
      close(fd);
    }
  }
}

/* What is passed with them goes to ret_fd, or is closed. */
static int receive_all(int socket, void *bytes, size_t len, int *ret_fd, wire_wait *wait, void *arg) {
  size_t at = 0;
  while (at < len) {
    union {
      struct cmsghdr head;
      char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec piece = { .iov_base = (char *)bytes + at, .iov_len = len - at };
    struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    ssize_t n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (n < 0) {
      int rc = errno == EAGAIN ? wait_for(wait, arg, POLLIN) : errno == EINTR ? 0 : gone_or(errno);
      if (rc != 0) {
        return rc;
      }
      continue;
    }
    take_fds(&message, ret_fd);
    if (n == 0) {
      return -EPIPE;
    }
    at += (size_t)n;
  }
  return 0;
}

/* --- memory that is passed --- */

static int memory_make(const void *bytes, size_t len, int *ret_fd) {
  int fd = memfd_create("qanat-documents", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    return -errno;
  }
  for (size_t at = 0; at < len;) {
    ssize_t n = write(fd, (const char *)bytes + at, len - at);
    if (n < 0 && errno != EINTR) {
      int rc = errno == ENOSPC || errno == EFBIG ? -ENOMEM : -errno;
      close(fd);
      return rc;
    }
    at += n > 0 ? (size_t)n : 0;
  }
  if (fcntl(fd, F_ADD_SEALS, SEALS) != 0) {
    int rc = -errno;
    close(fd);
    return rc;
  }
  *ret_fd = fd;
  return 0;
}

static int memory_map(int fd, uint64_t len, wire_frame *frame) {
  struct stat info;
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &info) != 0 || (uint64_t)info.st_size != len) {
    return -EBADMSG;
  }
  void *mapped = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) {
    return -ENOMEM;
  }
  frame->mapped = mapped;
  frame->bytes = mapped;
  return 0;
}

/* --- frames --- */

int wire_send(int socket, wire_kind kind, uint32_t n, const void *bytes, size_t len, wire_wait *wait, void *arg) {
  wire_head head = { .magic = WIRE_MAGIC, .kind = kind, .n = n, .in_memory = len > WIRE_INLINE_MAX, .len = len };
  struct iovec pieces[2] = { { &head, sizeof head }, { (void *)(uintptr_t)bytes, len } };
  int fd = -1;
  if (head.in_memory) {
    int rc = memory_make(bytes, len, &fd);
    if (rc != 0) {
      return rc;
    }
  }
  int rc = send_all(socket, pieces, head.in_memory || len == 0 ? 1 : 2, fd, wait, arg);
  if (fd >= 0) {
    close(fd);
  }
  return rc;
}

int wire_send_file(int socket, const char *path, int fd, int code, wire_wait *wait, void *arg) {
  wire_head head = { .magic = WIRE_MAGIC, .kind = WIRE_FILE, .n = fd < 0 ? (uint32_t)code : 0, .len = strlen(path) };
  struct iovec pieces[2] = { { &head, sizeof head }, { (void *)(uintptr_t)path, head.len } };
  return send_all(socket, pieces, 2, fd, wait, arg);
}

/* Whether what a head says can be: a body within bounds, and a descriptor where one is due. */
static bool head_ok(const wire_head *head, int fd) {
  bool known = head->magic == WIRE_MAGIC && head->kind >= WIRE_SETUP && head->kind <= WIRE_FILE;
  bool bounded = head->n <= WIRE_DOCUMENTS_MAX && head->in_memory <= 1 && head->len <= WIRE_BODY_MAX;
  bool file = head->kind == WIRE_FILE && head->in_memory == 0 && (fd >= 0) == (head->n == 0);
  bool body = head->in_memory == 1 ? fd >= 0 && head->len > 0 : head->len <= WIRE_INLINE_MAX;
  return known && bounded && body && (head->kind != WIRE_FILE || file);
}

int wire_receive(int socket, wire_body *body, wire_frame *ret_frame, wire_wait *wait, void *arg) {
  wire_head head;
  int fd = -1;
  int rc = receive_all(socket, &head, sizeof head, &fd, wait, arg);
  wire_frame frame = { .file = -1 };
  rc = rc == 0 && !head_ok(&head, fd) ? -EBADMSG : rc;
  if (rc == 0) {
    frame = (wire_frame){ .kind = (wire_kind)head.kind, .n = head.n, .len = head.len, .file = -1 };
    if (head.in_memory == 1) {
      rc = memory_map(fd, head.len, &frame);
    } else {
      body->len = 0;
      frame.bytes = wire_room(body, head.len + 1);
      rc = frame.bytes == NULL ? -ENOMEM : receive_all(socket, body->bytes, head.len, NULL, wait, arg);
    }
  }
  if (rc == 0 && head.kind == WIRE_FILE) {
    frame.file = fd;
    fd = -1;
  }
  if (fd >= 0) {
    close(fd);
  }
  if (rc == 0) {
    *ret_frame = frame;
  }
  return rc;
}

void wire_frame_done(wire_frame *frame) {
  if (frame->mapped != NULL) {
    munmap(frame->mapped, frame->len);
  }
  if (frame->kind == WIRE_FILE && frame->file >= 0) {
    close(frame->file);
  }
  *frame = (wire_frame){ .file = -1 };
}
