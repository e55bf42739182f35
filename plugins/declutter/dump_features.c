/* SPDX-License-Identifier: Apache-2.0 */

/* Prints what goes into each line's score, for train-weights: the names of the features, then a line a line of text
 * with its file and place. Lines that need no score (titles, plain prose) are left out.
 *
 * usage: dump-features furniture.tsv FILE... */
#include <stdio.h>
#include <stdlib.h>

#include "declutter/roles.h"

enum { FILE_MAX = 1 << 24, NO_SCORE = -9 };

static const char *const names[] = {
#define FEATURE_NAME(name) #name,
  FURNITURE_FEATURES(FEATURE_NAME)
#undef FEATURE_NAME
};

/* All bytes of a file, to be freed; NULL if it cannot be read. */
static char *read_file(const char *path, size_t *ret_len) {
  FILE *file = fopen(path, "rb");
  char *bytes = malloc(FILE_MAX);
  if (file == NULL || bytes == NULL) {
    fprintf(stderr, "dump-features: cannot read %s\n", path);
    free(bytes);
    bytes = NULL;
  } else {
    *ret_len = fread(bytes, 1, FILE_MAX, file);
  }
  if (file != NULL) {
    fclose(file);
  }
  return bytes;
}

static void dump(const page_roles *roles, const uint8_t *text, const char *path) {
  for (uint32_t i = 0; i < roles->page.n_lines; i++) {
    float features[N_FEATURES];
    if (roles->score[i] <= NO_SCORE) {
      continue;
    }
    roles_features(roles, text, i, features);
    printf("%s\t%u\t%u", path, roles->page.lines[i].begin, roles->page.lines[i].end);
    for (uint32_t k = 0; k < N_FEATURES; k++) {
      printf("\t%g", (double)features[k]);
    }
    printf("\n");
  }
}

int main(int argc, char **argv) {
  size_t len = 0;
  uint32_t bad_line = 0;
  phrase_table *phrases = NULL;
  page_roles roles = { .capacity = 0 };
  char *tsv = argc > 1 ? read_file(argv[1], &len) : NULL;
  if (tsv == NULL || phrases_new(tsv, len, &phrases, &bad_line) != 0) {
    fprintf(stderr, "usage: dump-features furniture.tsv FILE...\n");
    free(tsv);
    return 2;
  }
  for (uint32_t k = 0; k < N_FEATURES; k++) {
    printf("%s%s", k == 0 ? "" : "\t", names[k]);
  }
  printf("\n");
  int status = 0;
  for (int i = 2; i < argc; i++) {
    roles_options options = { .min_duplicate_words = 5, .duplicate_similarity = 0.8 };
    char *text = read_file(argv[i], &len);
    if (text == NULL || roles_find(&roles, (const uint8_t *)text, (uint32_t)len, phrases, &options) != 0) {
      status = 1;
    } else {
      dump(&roles, (const uint8_t *)text, argv[i]);
    }
    free(text);
  }
  roles_done(&roles);
  phrases_free(phrases);
  free(tsv);
  return status;
}
