/* SPDX-License-Identifier: Apache-2.0 */

/* Libraries that few commands need, opened when one does. Linked with libcurl and libmicrohttpd, every command would load
 * them and the thirty libraries that they need, a quarter of the time until the first record. Floor 4. */
#ifndef CORE_SERVE_LATE_LIBRARY_H
#define CORE_SERVE_LATE_LIBRARY_H

#include <stddef.h>

#include "document/error.h"

/* Fills a table, which is nothing but pointers to functions, in the order of their names. 0; -ENOENT with an error that
 * says who needs the library and which Debian package has it; the table is then half filled. The library stays open. */
int late_library_open(const char *file, const char *who, const char *package, const char *const *names, size_t n_names,
                      void *table, qn_error *error);

#endif
