/* SPDX-License-Identifier: Apache-2.0 */

/* Unpacks a whole body that is compressed, to a bounded size: what would grow beyond it is refused after that many bytes. */
#ifndef HTTP_UNPACK_H
#define HTTP_UNPACK_H

#include <stddef.h>

typedef enum unpack_coding { CODING_NONE = 0, CODING_GZIP, CODING_ZSTD, CODING_UNKNOWN } unpack_coding;

/* Several members or frames one after the other are one text. ret_bytes is to be freed, and never NULL after success.
 * 0, -EBADMSG (not of that coding, damaged, or cut off), -EFBIG (more than max bytes), -ENOMEM. */
int unpack(unpack_coding coding, const char *bytes, size_t len, size_t max, char **ret_bytes, size_t *ret_len);

#endif
