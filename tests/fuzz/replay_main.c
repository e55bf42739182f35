/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a fuzz target over files and folders: the committed corpus, and inputs that once crashed it. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_file(const char *path, unsigned *n_inputs) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 1;
  }
  struct stat about;
  uint8_t *data = NULL;
  size_t len = 0;
  int failed = fstat(fileno(file), &about) != 0;
  if (!failed) {
    len = (size_t)about.st_size;
    data = malloc(len > 0 ? len : 1);
    failed = data == NULL || fread(data, 1, len, file) != len;
  }
  fclose(file);
  if (!failed) {
    LLVMFuzzerTestOneInput(data, len);
    (*n_inputs)++;
  } else {
    fprintf(stderr, "%s: cannot be read\n", path);
  }
  free(data);
  return failed;
}

/* Folders are gone through with what is in them. */
static int replay(const char *path, unsigned *n_inputs) {
  DIR *folder = opendir(path);
  if (folder == NULL) {
    return replay_file(path, n_inputs);
  }
  int failed = 0;
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    if (entry->d_name[0] != '.') {
      char name[4096];
      snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
      failed |= replay(name, n_inputs);
    }
  }
  closedir(folder);
  return failed;
}

int main(int argc, char **argv) {
  int failed = 0;
  unsigned n_inputs = 0;
  for (int i = 1; i < argc; i++) {
    failed |= replay(argv[i], &n_inputs);
  }
  if (n_inputs == 0) {
    fprintf(stderr, "usage: %s FILE-OR-FOLDER...\nno input was replayed\n", argv[0]);
    return 1;
  }
  printf("%u inputs replayed\n", n_inputs);
  return failed;
}
