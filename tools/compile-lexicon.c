/* SPDX-License-Identifier: Apache-2.0 */

/* compile-lexicon OUT.qlex FILE.tsv...  compiles lexicon files; run by the build. Stops at nothing but says every bad
 * line, and fails if there was one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/lexicon_tsv.h"

enum { FILE_BYTES_MAX = 1 << 28 };

static void report(void *user, uint32_t line, const char *why) {
  fprintf(stderr, "%s:%u: %s\n", (const char *)user, line, why);
}

/* The bytes of a file, to be freed. 0 or a negative errno. */
static int read_file(const char *path, char **ret_bytes, size_t *ret_len) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return -errno;
  }
  char *bytes = NULL;
  size_t len = 0;
  size_t got = 1;
  int r = 0;
  while (got > 0 && r == 0) {
    char *grown = len < FILE_BYTES_MAX ? realloc(bytes, len + (1 << 20)) : NULL;
    if (grown == NULL) {
      r = len < FILE_BYTES_MAX ? -ENOMEM : -EFBIG;
      break;
    }
    bytes = grown;
    got = fread(bytes + len, 1, 1 << 20, file);
    len += got;
  }
  if (r == 0 && ferror(file)) {
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

static int add_file(lexicon_builder *builder, char *path) {
  char *bytes = NULL;
  size_t len = 0;
  int r = read_file(path, &bytes, &len);
  if (r == 0) {
    r = lexicon_tsv_read(builder, (qn_str){ bytes, len }, report, path);
    free(bytes);
  }
  if (r < 0) {
    fprintf(stderr, "compile-lexicon: %s: %s\n", path, strerror(-r));
  }
  return r;
}

static int write_file(lexicon_builder *builder, const char *path) {
  uint8_t *bytes = NULL;
  size_t len = 0;
  int r = lexicon_builder_finish(builder, &bytes, &len);
  if (r != 0) {
    return r;
  }
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    r = -errno;
  } else {
    r = fwrite(bytes, 1, len, file) == len ? 0 : -EIO;
    if (fclose(file) != 0 && r == 0) {
      r = -errno;
    }
  }
  free(bytes);
  return r;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: compile-lexicon OUT.qlex FILE.tsv...\n");
    return 2;
  }
  lexicon_builder *builder = NULL;
  int bad = 0;
  int r = lexicon_builder_new(&builder);
  for (int i = 2; i < argc && r >= 0; i++) {
    r = add_file(builder, argv[i]);
    bad += r > 0 ? r : 0;
  }
  if (r >= 0 && bad == 0) {
    r = write_file(builder, argv[1]);
  }
  lexicon_builder_free(builder);
  if (r < 0) {
    fprintf(stderr, "compile-lexicon: %s could not be made: %s\n", argv[1], strerror(-r));
  }
  return r < 0 || bad > 0;
}
