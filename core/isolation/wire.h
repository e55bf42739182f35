/* SPDX-License-Identifier: Apache-2.0 */

/* Frames between a run and the child that runs a stage for it: a head, then a body, through the socket or, if it is large,
 * in a sealed piece of memory that is passed along. What comes in is bounded before it is believed. Floor 4. */
#ifndef CORE_ISOLATION_WIRE_H
#define CORE_ISOLATION_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum { WIRE_INLINE_MAX = 1 << 20, WIRE_DOCUMENTS_MAX = 1024, WIRE_SLUG_MAX = 48, WIRE_MESSAGE_MAX = 1023 };

/* No frame has more. */
#define WIRE_BODY_MAX ((uint64_t)4 << 30)

typedef enum wire_kind {
  WIRE_SETUP = 1,   /* to the child: JSON, see setup.h */
  WIRE_READY = 2,   /* the stage is made */
  WIRE_REFUSED = 3, /* it is not: the body is a wire_result */
  WIRE_BATCH = 4,   /* to the child: n times wire_document and a block */
  WIRE_DONE = 5,    /* n times wire_result, slug and message, filled up to 8, and a part's block */
  WIRE_FILE = 6     /* to the child, behind the setup: the path of a file, which comes along; or n is why it does not */
} wire_kind;

typedef struct wire_document {
  uint64_t block_bytes;
  int64_t now_ms;
  uint32_t attempt;
  uint32_t reserved;
} wire_document;

typedef struct wire_result {
  uint64_t block_bytes; /* 0 but for OK */
  int32_t status;       /* QN_STATUS_*; of WIRE_REFUSED a negative errno */
  uint16_t slug_len;
  uint16_t message_len;
} wire_result;

/* A body that is being put together, or one that has come in. */
typedef struct wire_body {
  unsigned char *bytes;
  size_t len, capacity;
} wire_body;

typedef struct wire_frame {
  wire_kind kind;
  uint32_t n;
  const unsigned char *bytes;
  size_t len;
  void *mapped; /* NULL: bytes lie in the receiver's wire_body */
  int file;     /* of WIRE_FILE, to be closed with the frame; -1: none */
} wire_frame;

/* Room for so many more bytes behind those there; NULL: no memory. They count once len is raised. */
void *wire_room(wire_body *body, size_t bytes);
void wire_body_done(wire_body *body);

/* Called before the socket is used: waits until events (poll's) may be there. 0, or a negative errno that ends it.
 * NULL: the socket blocks. */
typedef int wire_wait(void *arg, short events);

/* 0; -EPIPE (the other side is gone), -ENOMEM, what wait gave. */
int wire_send(int fd, wire_kind kind, uint32_t n, const void *bytes, size_t len, wire_wait *wait, void *arg);
/* A file by its path. fd -1: it cannot be opened, for the reason `code`, an errno. Likewise. */
int wire_send_file(int socket, const char *path, int fd, int code, wire_wait *wait, void *arg);
/* 0; -EPIPE, -EBADMSG (no frame, or too much of it), -ENOMEM, what wait gave. body is scratch, reused. */
int wire_receive(int fd, wire_body *body, wire_frame *ret_frame, wire_wait *wait, void *arg);
void wire_frame_done(wire_frame *frame);

static inline size_t wire_align(size_t bytes) {
  return (bytes + 7) & ~(size_t)7;
}

#endif
