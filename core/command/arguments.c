/* SPDX-License-Identifier: Apache-2.0 */

/* Reads arguments by a table. getopt_long is not used: it keeps its place in global variables, reorders argv, and cannot
 * say which of several flags behind one dash is unknown or that a flag was given a value. */
#include "command/arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "plugin/config.h"

enum { SHOWN_MAX = 60, OPTIONS_MAX = 64, LIST_FIRST = 8, HELPED = -1 };

static const argument_option help_option = { .name = "help", .letter = 'h' };

/* Where reading is. */
typedef struct reading {
  arguments *self;
  int argc, at; /* the argument being read */
  char **argv;
} reading;

int arguments_refuse(const char *command, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "qanat %s: ", command);
  vfprintf(stderr, format, args);
  fprintf(stderr, "; see 'qanat %s --help'\n", command);
  va_end(args);
  return EXIT_USAGE;
}

int arguments_no_memory(const char *command) {
  fprintf(stderr, "qanat %s: no memory\n", command);
  return EXIT_FAILED;
}

int arguments_refuse_word(const char *command, const char *what, const char *const *words, unsigned n_words,
                          const char *value) {
  const char *near = config_nearest(value, words, n_words);
  fprintf(stderr, "qanat %s: %s is ", command, what);
  for (unsigned i = 0; i < n_words; i++) {
    fprintf(stderr, "%s%s", i == 0 ? "" : i + 1 < n_words ? ", " : " or ", words[i]);
  }
  fprintf(stderr, ", not '%.*s'%s%s%s\n", SHOWN_MAX, value, near != NULL ? "; did you mean '" : "",
          near != NULL ? near : "", near != NULL ? "'?" : "");
  return EXIT_USAGE;
}

/* --- lists --- */

/* Grows at every power of two, so that the length says how much room there is. */
int argument_list_add(argument_list *list, const char *command, const char *value) {
  bool full = list->n == 0 || (list->n >= LIST_FIRST && (list->n & (list->n - 1)) == 0);
  if (full) {
    size_t capacity = list->n == 0 ? LIST_FIRST : (size_t)list->n * 2;
    const char **larger = realloc(list->items, capacity * sizeof *larger);
    if (larger == NULL) {
      return arguments_no_memory(command);
    }
    list->items = larger;
  }
  list->items[list->n++] = value;
  return EXIT_DONE;
}

void argument_list_done(argument_list *list) {
  free(list->items);
  *list = (argument_list){ 0 };
}

/* --- values --- */

static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < least || number > most) {
    return false;
  }
  *ret_number = number;
  return true;
}

static int take_number(const arguments *self, const argument_option *option, const char *value) {
  if (read_number(value, option->least, option->most, option->number)) {
    return EXIT_DONE;
  }
  return arguments_refuse(self->command, "--%s takes a whole number from %" PRIu64 " to %" PRIu64 ", not '%.*s'",
                          option->name, option->least, option->most, SHOWN_MAX, value);
}

static int take_listed(const arguments *self, const argument_option *option, const char *value) {
  uint32_t at_most = option->at_most > 0 ? option->at_most : ARGUMENTS_VALUES_MAX;
  if (option->list->n >= at_most) {
    return arguments_refuse(self->command, "--%s can be given %" PRIu32 " times and no more", option->name, at_most);
  }
  return argument_list_add(option->list, self->command, value);
}

static int take_word(const arguments *self, const argument_option *option, const char *value) {
  for (unsigned i = 0; i < option->n_words; i++) {
    if (strcmp(option->words[i], value) == 0) {
      *option->choice = i;
      return EXIT_DONE;
    }
  }
  char what[SHOWN_MAX];
  snprintf(what, sizeof what, "--%s", option->name);
  return arguments_refuse_word(self->command, what, option->words, option->n_words, value);
}

static int take_value(const arguments *self, const argument_option *option, const char *value) {
  if (option->string != NULL) {
    *option->string = value;
    return EXIT_DONE;
  }
  if (option->list != NULL) {
    return take_listed(self, option, value);
  }
  if (option->number != NULL) {
    return take_number(self, option, value);
  }
  return option->choice != NULL ? take_word(self, option, value) : option->read(option->arg, value);
}

/* --- options --- */

static bool is_flag(const argument_option *option) {
  return option->flag != NULL || option == &help_option;
}

static int take_flag(const argument_option *option) {
  if (option == &help_option) {
    return HELPED;
  }
  *option->flag = true;
  return EXIT_DONE;
}

/* The value is what follows in the same argument, or the next argument. */
static int take_with_value(reading *now, const argument_option *option, const char *value, const char *as_written) {
  if (value == NULL && now->at + 1 == now->argc) {
    return arguments_refuse(now->self->command, "%s needs a value", as_written);
  }
  return take_value(now->self, option, value != NULL ? value : now->argv[++now->at]);
}

static int refuse_unknown(const arguments *self, const char *name, size_t len) {
  const char *names[OPTIONS_MAX];
  char word[SHOWN_MAX + 1];
  unsigned n = 0;
  for (; n < self->n_options && n + 1 < OPTIONS_MAX; n++) {
    names[n] = self->options[n].name;
  }
  names[n++] = help_option.name;
  snprintf(word, sizeof word, "%.*s", len < SHOWN_MAX ? (int)len : SHOWN_MAX, name);
  const char *near = config_nearest(word, names, n);
  fprintf(stderr, "qanat %s: there is no option '--%s'%s%s%s\n'qanat %s --help' lists the options.\n", self->command,
          word, near != NULL ? "; did you mean '--" : "", near != NULL ? near : "", near != NULL ? "'?" : "",
          self->command);
  return EXIT_USAGE;
}

/* The option of that name, or the only one that begins so. Of several, ret_other is the second. */
static const argument_option *find_long(const arguments *self, const char *name, size_t len,
                                        const argument_option **ret_other) {
  const argument_option *begins = NULL;
  for (unsigned i = 0; i <= self->n_options && len > 0; i++) {
    const argument_option *option = i < self->n_options ? &self->options[i] : &help_option;
    if (strncmp(option->name, name, len) != 0) {
      continue;
    }
    if (option->name[len] == '\0') {
      *ret_other = NULL;
      return option;
    }
    *ret_other = begins;
    begins = option;
  }
  return begins;
}

static int read_long(reading *now) {
  const char *name = now->argv[now->at] + 2;
  size_t len = strcspn(name, "=");
  const char *value = name[len] == '=' ? name + len + 1 : NULL;
  const argument_option *other = NULL;
  const argument_option *option = find_long(now->self, name, len, &other);
  if (option == NULL) {
    return refuse_unknown(now->self, name, len);
  }
  if (other != NULL) {
    return arguments_refuse(now->self->command, "'--%.*s' could be --%s or --%s", (int)len, name, other->name,
                            option->name);
  }
  if (!is_flag(option)) {
    char as_written[SHOWN_MAX];
    snprintf(as_written, sizeof as_written, "--%s", option->name);
    return take_with_value(now, option, value, as_written);
  }
  return value == NULL ? take_flag(option) : arguments_refuse(now->self->command, "--%s takes no value", option->name);
}

static const argument_option *find_letter(const arguments *self, char letter) {
  for (unsigned i = 0; i < self->n_options; i++) {
    if (self->options[i].letter == letter) {
      return &self->options[i];
    }
  }
  return letter == help_option.letter ? &help_option : NULL;
}

/* Flags behind one dash, the last of which may be an option with its value. */
static int read_letters(reading *now) {
  int status = EXIT_DONE;
  for (const char *at = now->argv[now->at] + 1; status == EXIT_DONE && *at != '\0'; at++) {
    const argument_option *option = find_letter(now->self, *at);
    const char as_written[] = { '-', *at, '\0' };
    if (option == NULL) {
      return arguments_refuse(now->self->command, "there is no option '-%.*s'", SHOWN_MAX, at);
    }
    if (!is_flag(option)) {
      return take_with_value(now, option, at[1] != '\0' ? at + 1 : NULL, as_written);
    }
    status = take_flag(option);
  }
  return status;
}

static int read_operand(arguments *self, const char *text) {
  if (self->most_operands > 0 && self->operands.n == self->most_operands) {
    return self->most_operands == 1
               ? arguments_refuse(self->command, "one %s at a time; '%.*s' is one too many", self->operand, SHOWN_MAX,
                                  text)
               : arguments_refuse(self->command, "'%.*s' is one %s too many", SHOWN_MAX, text, self->operand);
  }
  return argument_list_add(&self->operands, self->command, text);
}

static int read_all(reading *now) {
  bool options_ended = false;
  int status = EXIT_DONE;
  for (now->at = 1; status == EXIT_DONE && now->at < now->argc; now->at++) {
    const char *argument = now->argv[now->at];
    if (options_ended || argument[0] != '-' || argument[1] == '\0') {
      status = read_operand(now->self, argument);
    } else if (strcmp(argument, "--") == 0) {
      options_ended = true;
    } else {
      status = argument[1] == '-' ? read_long(now) : read_letters(now);
    }
  }
  return status;
}

bool arguments_read(arguments *self, int argc, char **argv, int *ret_status) {
  reading now = { .self = self, .argc = argc, .argv = argv };
  int status = read_all(&now);
  if (status == HELPED) {
    self->print_help(stdout);
  }
  *ret_status = status == HELPED ? EXIT_DONE : status;
  return status == EXIT_DONE;
}

void arguments_done(arguments *self) {
  argument_list_done(&self->operands);
}

/* --- what several commands do with their arguments --- */

int arguments_letter_numbers(const char *command, const char *const *values, uint32_t n_values, int64_t **ret_numbers) {
  int64_t *numbers = calloc((size_t)n_values + 1, sizeof *numbers);
  if (numbers == NULL) {
    return arguments_no_memory(command);
  }
  for (uint32_t i = 0; i < n_values; i++) {
    uint64_t number;
    if (!read_number(values[i], 1, INT64_MAX, &number)) {
      fprintf(stderr, "qanat %s: '%.*s' is no number of a dead letter; 'qanat deadletter list' shows them\n", command,
              SHOWN_MAX, values[i]);
      free(numbers);
      return EXIT_USAGE;
    }
    numbers[i] = (int64_t)number;
  }
  *ret_numbers = numbers;
  return EXIT_DONE;
}

int arguments_open_registry(const char *command, const plugin_arguments *plugins, registry **ret_registry) {
  const registry_options search = { .folders = plugins->folders.items,
                                    .n_folders = plugins->folders.n,
                                    .allow_writable = plugins->allow_writable };
  qn_error error = { 0 };
  if (registry_new(&search, ret_registry, &error) != 0) {
    fprintf(stderr, "qanat %s: %s\n", command, error.message);
    return EXIT_FAILED;
  }
  return EXIT_DONE;
}
