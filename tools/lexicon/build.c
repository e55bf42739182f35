/* SPDX-License-Identifier: Apache-2.0 */

/* Compiles lexicon files into one. Stops at nothing but says every bad line, and fails if there was one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/lexicon_tsv.h"
#include "program.h"

static void report(void *user, uint32_t line, const char *why) {
  fprintf(stderr, "%s:%u: %s\n", (const char *)user, line, why);
}

/* Lines refused, or a negative errno, which was told. */
static int add_file(lexicon_builder *builder, char *path) {
  uint8_t *bytes = NULL;
  size_t len = 0;
  int r = store_read(path, &bytes, &len);
  if (r == 0) {
    r = lexicon_tsv_read(builder, (qn_str){ (const char *)bytes, len }, report, path);
    free(bytes);
  }
  if (r < 0) {
    fprintf(stderr, "qanat lexicon: %s: %s\n", path, strerror(-r));
  }
  return r;
}

/* By a file beside it, so that nobody meets half a lexicon. */
static int write_file(const char *path, const uint8_t *bytes, size_t len) {
  size_t path_len = strlen(path);
  char *part = malloc(path_len + sizeof ".part");
  if (part == NULL) {
    return -ENOMEM;
  }
  memcpy(part, path, path_len);
  memcpy(part + path_len, ".part", sizeof ".part");
  FILE *file = fopen(part, "wb");
  int r = file != NULL ? 0 : -errno;
  if (r == 0) {
    r = fwrite(bytes, 1, len, file) == len ? 0 : -EIO;
    if (fclose(file) != 0 && r == 0) {
      r = -errno;
    }
    if (r == 0 && rename(part, path) != 0) {
      r = -errno;
    }
    if (r != 0) {
      remove(part);
    }
  }
  free(part);
  return r;
}

static int finish(lexicon_builder *builder, const char *path) {
  uint8_t *bytes = NULL;
  size_t len = 0;
  int r = lexicon_builder_finish(builder, &bytes, &len);
  if (r == 0 && path != NULL) {
    r = write_file(path, bytes, len);
  }
  free(bytes);
  if (r != 0) {
    fprintf(stderr, "qanat lexicon: %s cannot be written: %s\n", path != NULL ? path : "the lexicon", strerror(-r));
  }
  return r != 0 ? FAILED : DONE;
}

int command_build(int argc, char **argv) {
  const char *output = NULL;
  lexicon_builder *builder = NULL;
  int n_files = 0;
  int n_bad = 0;
  int r = lexicon_builder_new(&builder);
  for (int i = 1; i < argc && r >= 0; i++) {
    if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0) {
      if (i + 1 == argc) {
        fprintf(stderr, "qanat lexicon: %s needs the name of a file\n", argv[i]);
        lexicon_builder_free(builder);
        return WRONG_USE;
      }
      output = argv[++i];
      continue;
    }
    r = add_file(builder, argv[i]);
    n_bad += r > 0 ? r : 0;
    n_files++;
  }
  int status = FAILED;
  if (n_files == 0 && r >= 0) {
    fputs("qanat lexicon: build needs a file of lines; 'qanat lexicon --help' says more\n", stderr);
    status = WRONG_USE;
  } else if (n_bad > 0) {
    fprintf(stderr, "qanat lexicon: %d lines cannot be used; correct or remove them\n", n_bad);
  } else if (r >= 0) {
    status = finish(builder, output);
  }
  lexicon_builder_free(builder);
  return status;
}
