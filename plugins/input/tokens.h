/* SPDX-License-Identifier: Apache-2.0 */

/* The bearer tokens of a file, one a line, which is looked at again now and then. Reading blocks, so it is done on a lent thread into
 * a set of its own; the loop swaps. */
#ifndef INPUT_TOKENS_H
#define INPUT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { TOKENS_MAX = 64, TOKENS_FILE_MAX = 64 << 10 };

typedef struct tokens {
  char *text; /* the file; owned */
  struct {
    const char *data;
    size_t len;
  } all[TOKENS_MAX];
  unsigned n;
  struct stat seen; /* what the file was when it was read */
} tokens;

/* Reads the file. 0, -ENODATA (it holds no token), -EFBIG, -ENOMEM, -errno. */
int tokens_read(const char *path, tokens *ret_tokens);
/* True if the file is no longer what was read. */
bool tokens_are_stale(const tokens *tokens, const char *path);
void tokens_done(tokens *tokens);

/* Takes a time that depends only on what was given, and on the tokens' number and lengths. */
bool tokens_have(const tokens *tokens, const char *given);

#endif
