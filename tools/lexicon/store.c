/* SPDX-License-Identifier: Apache-2.0 */

/* Lexicons from files. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "entities/lexicon_tsv.h"
#include "program.h"

enum { FILE_BYTES_MAX = 1 << 28, BLOCK = 1 << 16 };

int store_read(const char *path, uint8_t **ret_bytes, size_t *ret_len) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return -errno;
  }
  uint8_t *bytes = NULL;
  size_t len = 0;
  size_t room = 0;
  size_t got = 1;
  int r = 0;
  while (got > 0 && r == 0) {
    if (room - len < BLOCK) {
      room = room * 2 + BLOCK;
      uint8_t *grown = room <= FILE_BYTES_MAX ? realloc(bytes, room) : NULL;
      r = grown != NULL ? 0 : room <= FILE_BYTES_MAX ? -ENOMEM : -EFBIG;
      bytes = grown != NULL ? grown : bytes;
    }
    got = r == 0 ? fread(bytes + len, 1, BLOCK, file) : 0;
    len += got;
  }
  if (r == 0 && ferror(file) != 0) {
    r = -EIO;
  }
  fclose(file);
  if (r != 0) {
    free(bytes);
    return r;
  }
  *ret_bytes = bytes;
  *ret_len = len;
  return 0;
}

static void report(void *user, uint32_t line, const char *why) {
  fprintf(stderr, "%s:%u: %s\n", (const char *)user, line, why);
}

/* Compiles lines in place of them. 0, FAILED. */
static int compile(char *path, uint8_t **bytes, size_t *len) {
  lexicon_builder *builder = NULL;
  uint8_t *compiled = NULL;
  size_t compiled_len = 0;
  int r = lexicon_builder_new(&builder);
  r = r == 0 ? lexicon_tsv_read(builder, (qn_str){ (const char *)*bytes, *len }, report, path) : r;
  r = r == 0 ? lexicon_builder_finish(builder, &compiled, &compiled_len) : r;
  lexicon_builder_free(builder);
  if (r != 0) {
    if (r < 0) {
      fprintf(stderr, "qanat lexicon: %s cannot be compiled: %s\n", path, strerror(-r));
    }
    return FAILED;
  }
  free(*bytes);
  *bytes = compiled;
  *len = compiled_len;
  return DONE;
}

int store_open(const char *path, store *ret_store) {
  store opened = { .path = path };
  lexicon_fault fault = { "" };
  uint32_t magic = 0;
  int r = store_read(path, &opened.bytes, &opened.len);
  if (r != 0) {
    fprintf(stderr, "qanat lexicon: %s cannot be read: %s\n", path, strerror(-r));
    return FAILED;
  }
  if (opened.len >= sizeof magic) {
    memcpy(&magic, opened.bytes, sizeof magic);
  }
  if (magic != QLEX_MAGIC && compile((char *)path, &opened.bytes, &opened.len) != DONE) {
    free(opened.bytes);
    return FAILED;
  }
  if (lexicon_open((qn_str){ (const char *)opened.bytes, opened.len }, &opened.lex, &fault) != 0) {
    fprintf(stderr, "qanat lexicon: %s cannot be used: %s\n", path, fault.what);
    free(opened.bytes);
    return FAILED;
  }
  *ret_store = opened;
  return DONE;
}

/* The lexicon that is installed, or built, beside this program. */
static const char *shipped_path(char path[PATH_MAX]) {
  static const char name[] = "arabic-news.qlex";
  ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
  while (len > 0 && path[len - 1] != '/') {
    len--;
  }
  if (len <= 0 || (size_t)len + sizeof name > PATH_MAX) {
    return name;
  }
  memcpy(path + len, name, sizeof name);
  return path;
}

uint32_t store_open_all(int *argc, char **argv, store stores[LEXICONS_MAX]) {
  static char shipped[PATH_MAX];
  uint32_t n = 0;
  int kept = 1;
  int failed = 0;
  for (int i = 1; i < *argc; i++) {
    if (strcmp(argv[i], "--lexicon") != 0) {
      argv[kept++] = argv[i];
    } else if (i + 1 == *argc || n == LEXICONS_MAX) {
      fprintf(stderr,
              n == LEXICONS_MAX ? "qanat lexicon: at most %d lexicons are asked\n"
                                : "qanat lexicon: --lexicon needs a file (of at most %d)\n",
              LEXICONS_MAX);
      failed = 1;
      break;
    } else if (store_open(argv[++i], &stores[n]) == DONE) {
      n++;
    } else {
      failed = 1;
    }
  }
  *argc = kept;
  if (n == 0 && failed == 0) {
    failed = store_open(shipped_path(shipped), &stores[0]) != DONE;
    n = failed == 0 ? 1 : 0;
  }
  if (failed != 0) {
    store_close(stores, n);
    n = 0;
  }
  return n;
}

void store_close(store *stores, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    free(stores[i].bytes);
  }
}

const char *store_type_name(uint32_t type) {
  static const char *const names[] = { "PERSON", "ORGANIZATION", "LOCATION", "PRODUCT", "EVENT" };
  return type < 5 ? names[type] : "?";
}
