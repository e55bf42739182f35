/* SPDX-License-Identifier: Apache-2.0 */

/* SHA-256 by libcrypto, which has it in the processor's own instructions where there are any. */
#include "cache/cache_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef QANAT_WITH_CRYPTO

#include <openssl/evp.h>

enum { PIECE_BYTES = 256 * 1024 };

struct cache_hash {
  EVP_MD *kind;
  EVP_MD_CTX *state;
  bool failed; /* asked for once, at the end */
};

int cache_hash_new(cache_hash **ret_hash, qn_error *error) {
  cache_hash *self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    self->state = EVP_MD_CTX_new();
  }
  if (self == NULL || self->kind == NULL || self->state == NULL) {
    cache_hash_free(self);
    return error_set(error, -ENOMEM, "no-memory", "no memory for the cache's keys, or libcrypto has no SHA-256");
  }
  *ret_hash = self;
  return 0;
}

void cache_hash_free(cache_hash *self) {
  if (self == NULL) {
    return;
  }
  EVP_MD_CTX_free(self->state);
  EVP_MD_free(self->kind);
  free(self);
}

void cache_hash_begin(cache_hash *self) {
  self->failed = EVP_DigestInit_ex2(self->state, self->kind, NULL) != 1;
}

static void put(cache_hash *self, const void *bytes, size_t len) {
  if (len > 0) {
    self->failed |= EVP_DigestUpdate(self->state, bytes, len) != 1;
  }
}

void cache_hash_number(cache_hash *self, uint64_t number) {
  uint8_t bytes[8];
  for (int i = 0; i < 8; i++) {
    bytes[i] = (uint8_t)(number >> (8 * i));
  }
  put(self, bytes, sizeof bytes);
}

void cache_hash_add(cache_hash *self, const void *bytes, size_t len) {
  cache_hash_number(self, len);
  put(self, bytes, len);
}

void cache_hash_text(cache_hash *self, const char *text) {
  cache_hash_add(self, text, strlen(text));
}

int cache_hash_end(cache_hash *self, cache_key *ret_key) {
  cache_key key;
  unsigned len = 0;
  self->failed |= EVP_DigestFinal_ex(self->state, key.bytes, &len) != 1 || len != sizeof key.bytes;
  if (self->failed) {
    return -EIO;
  }
  *ret_key = key;
  return 0;
}

static int add_file(cache_hash *self, int fd, uint8_t *piece) {
  for (;;) {
    ssize_t got = read(fd, piece, PIECE_BYTES);
    if (got == 0) {
      return 0;
    }
    if (got < 0 && errno != EINTR) {
      return -errno;
    }
    put(self, piece, got > 0 ? (size_t)got : 0);
  }
}

int cache_hash_file(cache_hash *self, const char *path, cache_key *ret_key) {
  /* O_NONBLOCK: a named pipe in the file's place must not hold us up. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  int rc = fd < 0 || fstat(fd, &info) != 0 ? -errno : S_ISREG(info.st_mode) ? 0 : -EINVAL;
  uint8_t *piece = rc == 0 ? malloc(PIECE_BYTES) : NULL;
  rc = rc == 0 && piece == NULL ? -ENOMEM : rc;
  if (rc == 0) {
    cache_hash_begin(self);
    rc = add_file(self, fd, piece);
  }
  rc = rc == 0 ? cache_hash_end(self, ret_key) : rc;
  free(piece);
  if (fd >= 0) {
    close(fd);
  }
  return rc;
}

#else

struct cache_hash {
  char none;
};

int cache_hash_new(cache_hash **ret_hash, qn_error *error) {
  (void)ret_hash;
  return error_set(error, -ENOTSUP, "no-cache",
                   "this qanat was built without libcrypto, which the cache needs for its keys; install libssl-dev and "
                   "build it again");
}

/* The rest is never reached. */
void cache_hash_free(cache_hash *self) {
  (void)self;
}

void cache_hash_begin(cache_hash *self) {
  (void)self;
}

void cache_hash_add(cache_hash *self, const void *bytes, size_t len) {
  (void)self;
  (void)bytes;
  (void)len;
}

void cache_hash_text(cache_hash *self, const char *text) {
  (void)self;
  (void)text;
}

void cache_hash_number(cache_hash *self, uint64_t number) {
  (void)self;
  (void)number;
}

int cache_hash_end(cache_hash *self, cache_key *ret_key) {
  (void)self;
  (void)ret_key;
  return -ENOTSUP;
}

int cache_hash_file(cache_hash *self, const char *path, cache_key *ret_key) {
  (void)self;
  (void)path;
  (void)ret_key;
  return -ENOTSUP;
}

#endif
