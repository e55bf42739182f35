/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the arguments of a command by a table of its options, and says what is wrong with them in the same words
 * everywhere. Floor 5.
 *
 * Options may stand before, between and after operands: --option VALUE, --option=VALUE, -o VALUE, -oVALUE, flags
 * together as -qv, and long names shortened as far as they stay clear. After -- everything is an operand, and - alone
 * always is. --help and -h need no row: they print the help, and the command is over. Strings stay those of argv. */
#ifndef CORE_COMMAND_ARGUMENTS_H
#define CORE_COMMAND_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "plugin/registry.h"

enum { ARGUMENTS_VALUES_MAX = 4096, ARGUMENTS_FOLDERS_MAX = 64 };

/* Values in the order they were given. */
typedef struct argument_list {
  const char **items; /* owned, the strings are not */
  uint32_t n;
} argument_list;

/* EXIT_DONE, or another exit status after saying why the value can't be taken. */
typedef int argument_reader(void *arg, const char *value);

/* An option. Where its value goes says of which kind it is: exactly one of flag, string, list, number, choice and read
 * is set. What comes later replaces what came before, except in lists. */
typedef struct argument_option {
  const char *name; /* without the dashes */
  char letter;      /* short form; 0: none */
  bool *flag;
  const char **string;
  argument_list *list; /* repeatable */
  uint32_t at_most;    /* values in list; 0: ARGUMENTS_VALUES_MAX */
  uint64_t *number;
  uint64_t least, most; /* of number */
  unsigned *choice;     /* index into words */
  const char *const *words;
  unsigned n_words;
  argument_reader *read;
  void *arg; /* of read */
} argument_option;

typedef struct arguments {
  const char *command; /* its name in messages: "check" */
  void (*print_help)(FILE *stream);
  const argument_option *options;
  unsigned n_options;
  const char *operand;    /* what an operand is, for messages: "pipeline" */
  uint32_t most_operands; /* 0: any number */
  argument_list operands; /* filled in */
} arguments;

/* True: go on. False: the command is over with *ret_status; help was printed, or the reason was said. */
bool arguments_read(arguments *self, int argc, char **argv, int *ret_status);
void arguments_done(arguments *self);

/* Each says on standard error what is wrong: "qanat COMMAND: ...; see 'qanat COMMAND --help'"; that value is none of the
 * words that what can be, and which is near; that there is no memory. EXIT_USAGE, EXIT_USAGE, EXIT_FAILED. */
int arguments_refuse(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
int arguments_refuse_word(const char *command, const char *what, const char *const *words, unsigned n_words,
                          const char *value);
int arguments_no_memory(const char *command);

/* Adds value at the end; the string stays the caller's. EXIT_DONE, EXIT_FAILED (no memory; said so). */
int argument_list_add(argument_list *list, const char *command, const char *value);
void argument_list_done(argument_list *list);

/* Reads values as numbers of dead letters, from 1 on. The caller frees ret_numbers. EXIT_DONE, or another after saying
 * why. */
int arguments_letter_numbers(const char *command, const char *const *values, uint32_t n_values, int64_t **ret_numbers);

/* What --plugins and --allow-writable-plugins say. */
typedef struct plugin_arguments {
  argument_list folders;
  bool allow_writable;
} plugin_arguments;

/* Opens the registry of the installed plugins. EXIT_DONE, or EXIT_FAILED after saying why. */
int arguments_open_registry(const char *command, const plugin_arguments *plugins, registry **ret_registry);

#endif
