/* SPDX-License-Identifier: Apache-2.0 */

/* gzip, for the bodies of requests. */
#ifndef POST_SQUEEZE_H
#define POST_SQUEEZE_H

#include <stddef.h>

/* ret_bytes is to be freed. 0, -ENOMEM. [any] */
int squeeze(const char *bytes, size_t len, char **ret_bytes, size_t *ret_len);

#endif
