/* SPDX-License-Identifier: Apache-2.0 */

/* The program behind `qanat lexicon`: compiles lexicons and says what is in them and why. One file a command. */
#ifndef TOOLS_LEXICON_PROGRAM_H
#define TOOLS_LEXICON_PROGRAM_H

#include <stdbool.h>

#include "entities/lexicon.h"

enum { DONE = 0, FAILED = 1, WRONG_USE = 2, LEXICONS_MAX = 8 };

/* A lexicon in memory, from a compiled file or from lines that are compiled here. */
typedef struct store {
  lexicon lex;
  uint8_t *bytes; /* owned */
  size_t len;
  const char *path;
} store;

/* Reads a file whole; the bytes, aligned to 8, are to be freed. 0 or a negative errno. */
int store_read(const char *path, uint8_t **ret_bytes, size_t *ret_len);

/* Opens path: compiled if it begins as such files do, else lines. Tells what is wrong on standard error. 0 or FAILED. */
int store_open(const char *path, store *ret_store);

/* Opens the lexicons that --lexicon FILE names, which it takes out of the arguments, or the one beside this program if none
 * does. Returns how many, 0 if that failed and was told. */
uint32_t store_open_all(int *argc, char **argv, store stores[LEXICONS_MAX]);

void store_close(store *stores, uint32_t n);

/* "PERSON" to "EVENT". */
const char *store_type_name(uint32_t type);

int command_build(int argc, char **argv);
int command_lookup(int argc, char **argv);
int command_stats(int argc, char **argv);

#endif
