/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat stages`: what is installed, from the manifests alone; no code of a plugin runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/stage_text.h"
#include "plugin/config.h"
#include "plugin/registry.h"

enum { FOLDERS_MAX = 64, NAMES_MAX = 1024 };

typedef struct stages_options {
  bool json, help, allow_writable;
  const char *name; /* NULL: all */
  uint32_t n_folders;
  const char *folders[FOLDERS_MAX];
} stages_options;

static void print_help(FILE *stream) {
  fputs("usage: qanat stages [--json] [--plugins FOLDER]... [NAME]\n\n"
        "Lists the installed stages; with NAME, says what that stage reads, writes and can be told.\n"
        "Reads the manifests of plugins and runs none of their code.\n\n"
        "  --json             for programs: an array of stages, or one object\n"
        "  --plugins FOLDER   looks there first; may be repeated (also: QANAT_PLUGIN_PATH)\n"
        "  --allow-writable-plugins\n"
        "                     takes plugin files that others than their owner may write\n",
        stream);
}

/* Takes the argument at *at in; EXIT_DONE or EXIT_USAGE. */
static int argument_take(stages_options *options, int argc, char **argv, int *at) {
  const char *argument = argv[*at];
  if (strcmp(argument, "--json") == 0) {
    options->json = true;
  } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
    options->help = true;
  } else if (strcmp(argument, "--allow-writable-plugins") == 0) {
    options->allow_writable = true;
  } else if (strcmp(argument, "--plugins") == 0) {
    if (*at + 1 == argc || options->n_folders == FOLDERS_MAX) {
      fprintf(stderr, "qanat stages: --plugins needs a folder, and at most %d can be given\n", FOLDERS_MAX);
      return EXIT_USAGE;
    }
    options->folders[options->n_folders++] = argv[++*at];
  } else if (argument[0] == '-') {
    fprintf(stderr, "qanat stages: there is no option '%s'; see 'qanat stages --help'\n", argument);
    return EXIT_USAGE;
  } else if (options->name != NULL) {
    fprintf(stderr, "qanat stages: one stage at a time; '%s' is one too many\n", argument);
    return EXIT_USAGE;
  } else {
    options->name = argument;
  }
  return EXIT_DONE;
}

static int print_json(cJSON *json) {
  char *text = json != NULL ? cJSON_Print(json) : NULL;
  cJSON_Delete(json);
  if (text == NULL) {
    fputs("qanat stages: no memory\n", stderr);
    return EXIT_FAILED;
  }
  puts(text);
  cJSON_free(text);
  return EXIT_DONE;
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
  return json ? print_json(array) : EXIT_DONE;
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
    return print_json(stage_json(info));
  }
  stage_print(info, stdout);
  return EXIT_DONE;
}

static void warn_of_refusals(const registry *installed) {
  for (uint32_t i = 0; i < registry_n_refusals(installed); i++) {
    fprintf(stderr, "qanat: warning: plugin refused: %s\n", registry_refusal_at(installed, i)->error.message);
  }
}

int command_stages(int argc, char **argv) {
  stages_options options = { 0 };
  for (int at = 1; at < argc; at++) {
    int status = argument_take(&options, argc, argv, &at);
    if (status != EXIT_DONE) {
      return status;
    }
  }
  if (options.help) {
    print_help(stdout);
    return EXIT_DONE;
  }
  const registry_options search = { .folders = options.folders,
                                    .n_folders = options.n_folders,
                                    .allow_writable = options.allow_writable };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&search, &installed, &error) != 0) {
    fprintf(stderr, "qanat stages: %s\n", error.message);
    return EXIT_FAILED;
  }
  warn_of_refusals(installed);
  int status = options.name != NULL ? describe(installed, &options) : list(installed, options.json);
  registry_free(installed);
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    fputs("qanat stages: cannot write to standard output\n", stderr);
    return EXIT_FAILED;
  }
  return status;
}
