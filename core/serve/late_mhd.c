/* SPDX-License-Identifier: Apache-2.0 */

/* Libmicrohttpd, by the version of its interface that this was built for. */
#include "serve/late_mhd.h"

#include "serve/late_library.h"

/* In the order of the table. */
static const char *const names[] = {
  "MHD_start_daemon",        "MHD_stop_daemon",       "MHD_lookup_connection_value",
  "MHD_suspend_connection",  "MHD_resume_connection", "MHD_create_response_from_buffer",
  "MHD_add_response_header", "MHD_queue_response",    "MHD_destroy_response",
};
_Static_assert(sizeof names / sizeof names[0] == sizeof(late_mhd) / sizeof(void *), "each function has its name");

int late_mhd_open(late_mhd *ret_mhd, qn_error *error) {
  late_mhd found = { 0 };
  int rc = late_library_open("libmicrohttpd.so.12", "the worker's control is served by libmicrohttpd",
                             "libmicrohttpd12", names, sizeof names / sizeof names[0], &found, error);
  if (rc == 0) {
    *ret_mhd = found;
  }
  return rc;
}
