/* SPDX-License-Identifier: Apache-2.0 */

/* The control over a fake service, for tests from outside: says where it listens, and ends with its input.
 *
 * usage: control_stand FOLDER PLUGIN_FOLDER ADDRESS [TOKEN_FILE] */
#include <stdio.h>
#include <unistd.h>

#include "fake_service.h"
#include "serve/control_http.h"

int main(int argc, char **argv) {
  if (argc < 4) {
    fputs("usage: control_stand FOLDER PLUGIN_FOLDER ADDRESS [TOKEN_FILE]\n", stderr);
    return 2;
  }
  char socket_path[600];
  control_token token = { 0 };
  qn_error error = { 0 };
  control *made = NULL;
  control_http *http = NULL;
  if (argc > 4 && control_token_read(argv[4], &token, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  service *fake = fake_service_new(argv[1], argv[2]);
  const control_options options = { .service = fake, .version = "1.2.3" };
  if (control_new(&options, &made, &error) != 0) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  snprintf(socket_path, sizeof socket_path, "%s/control.sock", argv[1]);
  const control_http_options http_options = {
    .control = made, .address = argv[3], .fd = -1, .socket_path = socket_path, .token = &token
  };
  int rc = control_http_start(&http_options, &http, &error);
  if (rc == 0) {
    printf("%s\n", control_http_address(http));
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
  } else {
    fprintf(stderr, "%s\n", error.message);
  }
  control_http_stop(http);
  control_free(made);
  fake_service_free(fake);
  return rc == 0 ? 0 : 1;
}
