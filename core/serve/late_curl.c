/* SPDX-License-Identifier: Apache-2.0 */

/* Libcurl, by the version of its interface that this was built for. */
#include "serve/late_curl.h"

#include "serve/late_library.h"

/* In the order of the table. */
static const char *const names[] = {
  "curl_global_init",   "curl_easy_init",    "curl_easy_setopt",  "curl_easy_perform",   "curl_easy_getinfo",
  "curl_easy_strerror", "curl_easy_cleanup", "curl_slist_append", "curl_slist_free_all",
};
_Static_assert(sizeof names / sizeof names[0] == sizeof(late_curl) / sizeof(void *), "each function has its name");

int late_curl_open(late_curl *ret_curl, qn_error *error) {
  late_curl found = { 0 };
  int rc = late_library_open("libcurl.so.4", "traces are sent by libcurl", "libcurl4", names,
                             sizeof names / sizeof names[0], &found, error);
  if (rc == 0) {
    *ret_curl = found;
  }
  return rc;
}
