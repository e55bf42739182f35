/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat new stage`: a project of a stage's own, outside this tree, that builds, passes its tests and the checker as it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/arguments.h"
#include "command/command.h"
#include "command/new_project.h"
#include "qanat/version.h"

enum { NAME_MAX_LEN = 40, SETS_MAX = 6 };

static const char *const langs[] = { "c", "c++", "rust", "lua" };
static const char *const roles[] = { "source", "transform", "sink" };
static const char *const calls[] = { "one", "batch", "async", "sync" };
static const char *const licenses[] = { "MIT", "Apache-2.0" };

enum { LANG_C = 0, LANG_LUA = 3, ROLE_IS_TRANSFORM = 1, CALL_IS_ASYNC = 2, CALL_IS_SYNC = 3 };

typedef struct new_options {
  const char *name;
  unsigned lang, role, call, license;
  plugin_arguments plugins;
} new_options;

static void print_help(FILE *stream) {
  fputs(
      "usage: qanat new stage NAME [OPTION...]\n\n"
      "Makes the folder NAME with a stage of that name: its manifest, source, build, tests, CI script and pipeline to "
      "try it.\n"
      "It builds, passes its tests and 'qanat test-stage' as it is; docs/writing-a-stage.md goes on from there.\n\n"
      "      --lang LANG        c (default), c++, rust (std alone, no crates) or lua (a script for the stage \"lua\")\n"
      "      --role ROLE        source, transform (default) or sink\n"
      "      --call FORM        how a transform is called: one (default), batch or async; a source or sink: sync "
      "(default)\n"
      "                         or, in C, async\n"
      "      --license LICENSE  MIT (default) or Apache-2.0\n"
      "      --plugins FOLDER   looks there for plugins first, whose names are taken; repeatable\n"
      "      --allow-writable-plugins\n"
      "                         takes plugin files that others than their owner may write\n"
      "  -h, --help             this\n\n"
      "exit status: 0 made, 1 it can't be written, 2 something is wrong with the name or the command line\n",
      stream);
}

/* --- the name --- */

/* Lower-case words joined by '-' or '_': good for a folder, a file, a stage and, with '_', for an identifier. */
static bool name_ok(const char *name) {
  bool after_letter = false;
  for (const char *c = name; *c != '\0'; c++) {
    bool letter = *c >= 'a' && *c <= 'z';
    bool digit = *c >= '0' && *c <= '9';
    bool joint = *c == '-' || *c == '_';
    if (!(letter || (digit && c != name) || (joint && after_letter))) {
      return false;
    }
    after_letter = !joint;
  }
  return after_letter && strlen(name) <= NAME_MAX_LEN;
}

static int check_name(const new_options *options) {
  if (!name_ok(options->name)) {
    return arguments_refuse(
        "new",
        "'%s' is no name for a stage: lower-case words joined by '-' or '_', at most %d letters, such as "
        "'word-count'",
        options->name, NAME_MAX_LEN);
  }
  registry *installed = NULL;
  int status = arguments_open_registry("new", &options->plugins, &installed);
  const stage_info *taken = status == EXIT_DONE ? registry_find(installed, options->name) : NULL;
  if (taken != NULL) {
    status = arguments_refuse("new", "there is a stage '%s' already, in %s: choose another name", options->name,
                              taken->manifest->path);
  }
  registry_free(installed);
  return status;
}

/* --- the project --- */

/* What may be said of a name: as an identifier, and in capitals. */
static void spell(const char *name, char *ret_ident, char *ret_upper) {
  size_t i = 0;
  for (; name[i] != '\0'; i++) {
    ret_ident[i] = name[i] == '-' ? '_' : name[i];
    ret_upper[i] = ret_ident[i] >= 'a' && ret_ident[i] <= 'z' ? (char)(ret_ident[i] - 'a' + 'A') : ret_ident[i];
  }
  ret_ident[i] = '\0';
  ret_upper[i] = '\0';
}

static int make(const new_options *options, qn_error *error) {
  char ident[NAME_MAX_LEN + 1], upper[NAME_MAX_LEN + 1], year[16], abi[16], by_role[32];
  const char *lang = langs[options->lang];
  const char *role = roles[options->role];
  const char *call = calls[options->call];
  bool apart = options->role != ROLE_IS_TRANSFORM && options->call == CALL_IS_ASYNC;
  time_t now = time(NULL);
  struct tm today;
  spell(options->name, ident, upper);
  gmtime_r(&now, &today);
  snprintf(year, sizeof year, "%d", today.tm_year + 1900);
  snprintf(abi, sizeof abi, "%d.%d", QN_ABI_MAJOR, 0); /* all that the templates use is in the first */
  snprintf(by_role, sizeof by_role, "%s-%s%s", lang, role, apart ? "-async" : "");
  const template_value values[] = { { "NAME", options->name }, { "IDENT", ident },
                                    { "UPPER", upper },        { "LICENSE", licenses[options->license] },
                                    { "YEAR", year },          { "ABI", abi },
                                    { "CALL", call },          { "ROLE", role } };
  const char *holding[] = { lang, role, call };
  const char *sets[SETS_MAX] = { options->lang == LANG_LUA ? "lua" : "native", role, by_role,
                                 options->license == 0 ? "mit" : "apache" };
  const template_terms terms = { .n_values = sizeof values / sizeof values[0],
                                 .values = values,
                                 .n_holding = sizeof holding / sizeof holding[0],
                                 .holding = holding };
  return new_project_write(options->name, sets, 4, &terms, error);
}

static int create(const new_options *options) {
  qn_error error = { 0 };
  int status = check_name(options);
  if (status != EXIT_DONE) {
    return status;
  }
  int rc = make(options, &error);
  if (rc != 0) {
    fprintf(stderr, "qanat new: %s\n", error.message);
    return rc == -EEXIST ? EXIT_USAGE : EXIT_FAILED;
  }
  printf("%s: a %s in %s. Next:\n\n  cd %s\n", options->name, roles[options->role], langs[options->lang],
         options->name);
  if (options->lang == LANG_LUA) {
    printf("  qanat check pipeline.json\n  qanat test %s.test.json\n  qanat run pipeline.json\n", options->name);
  } else {
    printf("  meson setup build && meson test -C build\n  qanat test-stage build/%s.so\n"
           "  qanat run --plugins build pipeline.json\n",
           options->name);
  }
  return EXIT_DONE;
}

static int obey(new_options *options, const arguments *given, bool has_call) {
  const char *const things[] = { "stage" };
  if (given->operands.n == 0 || strcmp(given->operands.items[0], "stage") != 0) {
    return given->operands.n == 0 ? arguments_refuse("new", "a new what? There is: stage")
                                  : arguments_refuse_word("new", "thing to make", things, 1, given->operands.items[0]);
  }
  if (given->operands.n == 1) {
    return arguments_refuse("new", "what shall the stage be called?");
  }
  options->name = given->operands.items[1];
  bool transforms = options->role == ROLE_IS_TRANSFORM;
  if (transforms && options->call == CALL_IS_SYNC) {
    return arguments_refuse(
        "new", "--call sync is for sources and sinks: a transform takes one document, a batch or is async");
  }
  if (!transforms && options->call != CALL_IS_SYNC && options->call != CALL_IS_ASYNC) {
    return arguments_refuse("new", "--call %s is for transforms: a %s is sync or async", calls[options->call],
                            roles[options->role]);
  }
  if (!transforms && options->call == CALL_IS_ASYNC && options->lang != LANG_C && options->lang != LANG_LUA) {
    return arguments_refuse("new", "an asynchronous %s is made in C only: take --lang c, or --call sync",
                            roles[options->role]);
  }
  if (options->lang == LANG_LUA && (has_call || options->role != ROLE_IS_TRANSFORM)) {
    return arguments_refuse("new", "a script in Lua is a transform that is called with one document at a time");
  }
  return create(options);
}

int command_new(int argc, char **argv) {
  enum { CALL_UNSET = sizeof calls / sizeof calls[0] };
  new_options options = { .role = ROLE_IS_TRANSFORM, .call = CALL_UNSET };
  const argument_option rows[] = {
    { .name = "lang", .choice = &options.lang, .words = langs, .n_words = sizeof langs / sizeof langs[0] },
    { .name = "role", .choice = &options.role, .words = roles, .n_words = sizeof roles / sizeof roles[0] },
    { .name = "call", .choice = &options.call, .words = calls, .n_words = sizeof calls / sizeof calls[0] },
    { .name = "license",
      .choice = &options.license,
      .words = licenses,
      .n_words = sizeof licenses / sizeof licenses[0] },
    { .name = "plugins", .list = &options.plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options.plugins.allow_writable },
  };
  arguments given = { .command = "new",
                      .print_help = print_help,
                      .options = rows,
                      .n_options = sizeof rows / sizeof rows[0],
                      .operand = "name",
                      .most_operands = 2 };
  int status = EXIT_DONE;
  if (arguments_read(&given, argc, argv, &status)) {
    bool has_call = options.call != CALL_UNSET;
    options.call = has_call ? options.call : options.role == ROLE_IS_TRANSFORM ? 0 : CALL_IS_SYNC;
    status = obey(&options, &given, has_call);
  }
  arguments_done(&given);
  argument_list_done(&options.plugins.folders);
  return status;
}
