/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat stages`: what is installed, from the manifests alone; no code of a plugin runs. */
#include <stdio.h>
#include <string.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/stage_text.h"
#include "plugin/config.h"
#include "plugin/registry.h"

enum { NAMES_MAX = 1024 };

typedef struct stages_options {
  bool json;
  const char *name; /* NULL: all */
  plugin_arguments plugins;
} stages_options;

static void print_help(FILE *stream) {
  fputs("usage: qanat stages [--json] [--plugins FOLDER]... [NAME]\n\n"
        "Lists the installed stages; with NAME, says what that stage reads, writes and can be told.\n"
        "Reads the manifests of plugins and runs none of their code.\n\n"
        "  --json             for programs: an array of stages, or one object\n"
        "  --plugins FOLDER   looks there first; may be repeated (also: QANAT_PLUGIN_PATH)\n"
        "  --allow-writable-plugins\n"
        "                     takes plugin files that others than their owner may write\n"
        "  -h, --help         this\n\n"
        "exit status: 0 done, 1 it can't be written, 2 there is no such stage or the command line is wrong\n",
        stream);
}

/* Length of the first sentence, without its stop: a list has no room for more. */
static int first_sentence(const char *text) {
  const char *stop = strstr(text, ". ");
  size_t len = stop != NULL ? (size_t)(stop - text) : strlen(text);
  return (int)(len > 0 && text[len - 1] == '.' ? len - 1 : len);
}

static int list(const registry *installed, bool json) {
  cJSON *array = json ? cJSON_CreateArray() : NULL;
  unsigned width = 4, plugin_width = 6;
  for (uint32_t i = 0; i < registry_n_stages(installed); i++) {
    const stage_info *info = registry_stage_at(installed, i);
    width = strlen(info->name) > width ? (unsigned)strlen(info->name) : width;
    unsigned length = (unsigned)(strlen(info->manifest->name) + strlen(info->manifest->version) + 1);
    plugin_width = length > plugin_width ? length : plugin_width;
  }
  if (!json) {
    printf("%-*s  %-9s  %-*s  %s\n", (int)width, "NAME", "ROLE", (int)plugin_width, "PLUGIN", "DESCRIPTION");
  }
  for (uint32_t i = 0; i < registry_n_stages(installed); i++) {
    const stage_info *info = registry_stage_at(installed, i);
    if (json) {
      cJSON_AddItemToArray(array, stage_json_summary(info));
      continue;
    }
    char plugin[160];
    snprintf(plugin, sizeof plugin, "%s %s", info->manifest->name, info->manifest->version);
    printf("%-*s  %-9s  %-*s  %.*s\n", (int)width, info->name, stage_role_name(info->role), (int)plugin_width, plugin,
           first_sentence(info->description), info->description);
  }
  return json ? answer_json("stages", array) : EXIT_DONE;
}

static int unknown(const registry *installed, const char *name) {
  const char *names[NAMES_MAX] = { NULL };
  uint32_t n = registry_n_stages(installed);
  n = n < NAMES_MAX ? n : NAMES_MAX;
  for (uint32_t i = 0; i < n; i++) {
    names[i] = registry_stage_at(installed, i)->name;
  }
  const char *near = config_nearest(name, names, n);
  fprintf(stderr, "qanat stages: there is no stage '%s'", name);
  if (near != NULL) {
    fprintf(stderr, "; did you mean '%s'?\n", near);
  } else {
    fprintf(stderr, "; 'qanat stages' lists the %u that are installed\n", registry_n_stages(installed));
  }
  return EXIT_USAGE;
}

static int describe(const registry *installed, const stages_options *options) {
  const stage_info *info = registry_find(installed, options->name);
  if (info == NULL) {
    return unknown(installed, options->name);
  }
  if (options->json) {
    return answer_json("stages", stage_json(info));
  }
  stage_print(info, stdout);
  return EXIT_DONE;
}

static void warn_of_refusals(const registry *installed) {
  for (uint32_t i = 0; i < registry_n_refusals(installed); i++) {
    fprintf(stderr, "qanat: warning: plugin refused: %s\n", registry_refusal_at(installed, i)->error.message);
  }
}

static int tell(const stages_options *options) {
  registry *installed = NULL;
  int status = arguments_open_registry("stages", &options->plugins, &installed);
  if (status == EXIT_DONE) {
    warn_of_refusals(installed);
    status = options->name != NULL ? describe(installed, options) : list(installed, options->json);
    status = answer_end("stages", status);
  }
  registry_free(installed);
  return status;
}

int command_stages(int argc, char **argv) {
  stages_options options = { 0 };
  const argument_option table[] = {
    { .name = "json", .flag = &options.json },
    { .name = "plugins", .list = &options.plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options.plugins.allow_writable },
  };
  arguments given = { .command = "stages",
                      .print_help = print_help,
                      .options = table,
                      .n_options = sizeof table / sizeof table[0],
                      .operand = "stage",
                      .most_operands = 1 };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    options.name = given.operands.n > 0 ? given.operands.items[0] : NULL;
    status = tell(&options);
  }
  argument_list_done(&options.plugins.folders);
  arguments_done(&given);
  return status;
}
