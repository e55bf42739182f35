/* SPDX-License-Identifier: Apache-2.0 */

/* Libcurl, opened by whoever sends traces (late_library.h). Floor 4. */
#ifndef CORE_SERVE_LATE_CURL_H
#define CORE_SERVE_LATE_CURL_H

#include <curl/curl.h>

#include "document/error.h"

/* Its functions, by their names without curl_. A zeroed table has none. */
typedef struct late_curl {
  __typeof__(curl_global_init) *global_init;
  __typeof__(curl_easy_init) *easy_init;
  __typeof__(curl_easy_setopt) *easy_setopt;
  __typeof__(curl_easy_perform) *easy_perform;
  __typeof__(curl_easy_getinfo) *easy_getinfo;
  __typeof__(curl_easy_strerror) *easy_strerror;
  __typeof__(curl_easy_cleanup) *easy_cleanup;
  __typeof__(curl_slist_append) *slist_append;
  __typeof__(curl_slist_free_all) *slist_free_all;
} late_curl;

/* 0; -ENOENT with an error that says what to install. The library stays open. */
int late_curl_open(late_curl *ret_curl, qn_error *error);

#endif
