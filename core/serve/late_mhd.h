/* SPDX-License-Identifier: Apache-2.0 */

/* Libmicrohttpd, opened by a worker that has a control by HTTP (late_library.h). Floor 4. */
#ifndef CORE_SERVE_LATE_MHD_H
#define CORE_SERVE_LATE_MHD_H

#include <microhttpd.h>

#include "document/error.h"

/* Its functions, by their names without MHD_. A zeroed table has none. */
typedef struct late_mhd {
  __typeof__(MHD_start_daemon) *start_daemon;
  __typeof__(MHD_stop_daemon) *stop_daemon;
  __typeof__(MHD_lookup_connection_value) *lookup_connection_value;
  __typeof__(MHD_suspend_connection) *suspend_connection;
  __typeof__(MHD_resume_connection) *resume_connection;
  __typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
  __typeof__(MHD_add_response_header) *add_response_header;
  __typeof__(MHD_queue_response) *queue_response;
  __typeof__(MHD_destroy_response) *destroy_response;
} late_mhd;

/* 0; -ENOENT with an error that says what to install. The library stays open. */
int late_mhd_open(late_mhd *ret_mhd, qn_error *error);

#endif
