/* SPDX-License-Identifier: Apache-2.0 */

/* Strings that outlive create(): lists out of the configuration, and copies that are valid UTF-8. */
#ifndef INPUT_COPIES_H
#define INPUT_COPIES_H

#include "qanat/stage.h"

/* Copies the strings of the array at pointer. 0, -ENOENT (no array there), -ENOMEM. */
int copies_read(qn_create *create, const char *pointer, char ***ret_strings, uint32_t *ret_n);
void copies_free(char **strings, uint32_t n); /* NULL is fine */

/* A copy of bytes as valid UTF-8 without NUL, to be freed; what is neither becomes U+FFFD. ret_len may be NULL. NULL: no
 * memory. */
char *copies_clean(const char *bytes, size_t len, size_t *ret_len);

/* The same of a file's name, which must stay unlike those of other files: a byte that is neither, and those of a U+FFFD, become
 * U+FFFD and two hexadecimal digits each. Of a name that is longer than COPIES_NAME_MAX bytes then, the end is kept behind a
 * number made of all of it. */
enum { COPIES_NAME_MAX = 4096 };
char *copies_name(const char *name);

#endif
