/* SPDX-License-Identifier: Apache-2.0 */

/* What commands print, and the check that it arrived. */
#include "command/answer.h"

#include <stdio.h>
#include <unistd.h>

#include "command/arguments.h"
#include "command/command.h"

int answer_json(const char *command, cJSON *json) {
  char *text = json != NULL ? cJSON_Print(json) : NULL;
  cJSON_Delete(json);
  if (text == NULL) {
    return arguments_no_memory(command);
  }
  puts(text);
  cJSON_free(text);
  return EXIT_DONE;
}

void answer_faults(const char *path, const faults *found) {
  uint32_t n = faults_count(found);
  faults_print(found, stderr, isatty(STDERR_FILENO) == 1);
  fprintf(stderr, "%s: %u fault%s\n", path, n, n == 1 ? "" : "s");
}

int answer_end(const char *command, int status) {
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    fprintf(stderr, "qanat %s: cannot write to standard output\n", command);
    return EXIT_FAILED;
  }
  return status;
}
