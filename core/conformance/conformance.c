/* SPDX-License-Identifier: Apache-2.0 */

/* The parent: one child after the other, and what each found. */
#include "conformance/conformance.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance/check.h"
#include "conformance/child.h"
#include "conformance/config_case.h"
#include "conformance/configured.h"
#include "conformance/elf_file.h"
#include "conformance/scratch.h"
#include "document/utf8.h"
#include "plugin/registry_load.h"

enum { BUDGET_MS = 500, LONG_EFFORT = 20 };

typedef struct session {
  const conformance_options *options;
  report *report;
  manifest *manifest;
  const stage_info *info; /* NULL: of the file */
  configured stage;       /* with its configuration */
  cJSON *placed;          /* the configuration, which stage refers to */
  const check *check;     /* NULL: of the file */
  const char *check_name;
  uint32_t made; /* a bit for each layer that rows came out of */
  bool is_slow;  /* the stage took long over its documents */
  char *path;    /* absolute: children work elsewhere */
  char scratch[SCRATCH_PATH_MAX];
} session;

/* --- in the child --- */

static void load_check(const session *self, teller *to, const qn_plugin **ret_plugin) {
  qn_error error = { 0 };
  teller_at(to, NO_DOCUMENT, "loading it");
  int rc = registry_open(self->manifest, ret_plugin, &error);
  if (rc == -EPROTO) {
    teller_find(to, RULE_MANIFEST_SAME, "%s", error.message);
  } else if (rc == -ENOENT) {
    teller_find(to, RULE_FILE_EXPORTS, "%s", error.message);
  } else if (rc != 0) {
    teller_find(to, RULE_FILE_LOADS, "%s", error.message);
  }
}

static void data_check(const manifest *from, teller *to) {
  /* As a stage would open them: through the host, in create. Here by name, for all at once. */
  const char *slash = strrchr(from->path, '/');
  int folder_len = slash != NULL ? (int)(slash - from->path) : 1;
  const char *folder = slash != NULL ? from->path : ".";
  for (uint32_t i = 0; i < from->n_data; i++) {
    char own[PATH_MAX], beside[PATH_MAX];
    snprintf(own, sizeof own, "%.*s/%s/%s", folder_len, folder, from->name, from->data[i]);
    snprintf(beside, sizeof beside, "%.*s/%s", folder_len, folder, from->data[i]);
    if (access(own, R_OK) != 0 && access(beside, R_OK) != 0) {
      teller_find(to, RULE_MANIFEST_DATA, "%s cannot be read: %s", own, strerror(errno));
    }
  }
}

static void file_body(void *arg, teller *to) {
  const session *self = arg;
  teller_at(to, NO_DOCUMENT, "reading the file");
  elf_file_check(self->path, to);
}

static void load_body(void *arg, teller *to) {
  const session *self = arg;
  const qn_plugin *plugin = NULL;
  data_check(self->manifest, to);
  load_check(self, to, &plugin);
}

static void stage_body(void *arg, teller *to) {
  const session *self = arg;
  const conformance_options *options = self->options;
  const qn_plugin *plugin = NULL;
  load_check(self, to, &plugin);
  if (plugin == NULL || chdir(self->scratch) != 0) {
    return;
  }
  const subject what = {
    .path = self->path,
    .info = &self->stage.info,
    .declared = &self->stage.declared,
    .table = registry_entry(plugin, self->info->name),
    .config = self->stage.config,
    .config_is_given = options->config != NULL,
    .base_folder = options->base_folder != NULL ? options->base_folder : self->scratch,
    .scratch = self->scratch,
    .seed = options->seed,
    .effort = options->is_long ? LONG_EFFORT : 1,
    .budget_ms = options->is_long ? BUDGET_MS * LONG_EFFORT : BUDGET_MS,
    .limit_ms = options->limit_ms,
    .is_slow = self->is_slow,
    .only = options->only,
  };
  self->check->run(&what, to);
}

/* --- in the parent --- */

static void add_finding(session *self, rule_id rule, uint32_t document, const char *text) {
  char clean[3 * TELL_TEXT_MAX + 1];
  size_t n = utf8_repair((const uint8_t *)text, strlen(text), (uint8_t *)clean);
  for (size_t i = 0; i < n; i++) {
    clean[i] = (uint8_t)clean[i] < 0x20 || clean[i] == 0x7F ? ' ' : clean[i];
  }
  clean[n] = '\0';
  sample made = { .name = "" };
  bool named = document != NO_DOCUMENT && sample_make(self->options->seed, document, &made) == 0;
  report_add_finding(self->report, rule, self->info != NULL ? self->info->name : NULL, self->check_name, document,
                     named ? made.name : NULL, clean);
  sample_done(&made);
}

static void on_told(void *arg, const tell_record *record) {
  session *self = arg;
  if (record->kind == TELL_FINDING) {
    add_finding(self, (rule_id)record->rule, record->document, record->text);
  } else if (record->kind == TELL_SKIPPED) {
    report_skip_check(self->report, record->text);
  } else if (record->kind == TELL_MADE && record->document < STAGE_LAYERS_MAX) {
    self->made |= UINT32_C(1) << record->document;
  }
}

/* The line of a sanitizer's report that says what it is. */
static const char *report_line(const char *said) {
  const char *line = strstr(said, "ERROR: ");
  line = line != NULL ? line : strstr(said, "WARNING: ThreadSanitizer");
  line = line != NULL ? line : strstr(said, "runtime error: ");
  return line != NULL ? line : said;
}

static void add_end(session *self, const child_end *end) {
  char text[TELL_TEXT_MAX];
  const char *at = end->doing[0] != '\0' ? end->doing : "loading it";
  const char *line = report_line(end->said);
  int line_len = (int)strcspn(line, "\n");
  switch (end->kind) {
  case CHILD_DONE:
    return;
  case CHILD_CRASHED:
    snprintf(text, sizeof text, "it crashed: %s, while it was at: %s", strsignal(end->signal), at);
    break;
  case CHILD_HUNG:
    snprintf(text, sizeof text, "it was not done after %u ms, while it was at: %s", self->options->limit_ms, at);
    break;
  case CHILD_EXITED:
    snprintf(text, sizeof text, "it ended the process with status %d, while it was at: %s%s%.300s", end->status, at,
             end->said[0] != '\0' ? "; it wrote: " : "", end->said);
    break;
  case CHILD_SANITIZER:
    snprintf(text, sizeof text, "%.*s; while it was at: %s", line_len < 500 ? line_len : 500, line, at);
    break;
  }
  rule_id rule = end->kind == CHILD_EXITED      ? RULE_RUN_EXIT
                 : end->kind == CHILD_SANITIZER ? RULE_RUN_SANITIZER
                                                : end->rule;
  add_finding(self, rule, end->document, text);
}

/* Runs one check in a child. */
static int check_run(session *self, void (*body)(void *arg, teller *teller), qn_error *error) {
  const child_job job = { .body = body, .told = on_told, .arg = self, .time_ms = self->options->limit_ms };
  child_end end;
  uint64_t begin_ms = check_now_ms();
  int rc = scratch_fill(self->scratch, error);
  if (rc != 0) {
    return rc;
  }
  report_begin_check(self->report, self->info != NULL ? self->info->name : NULL, self->check_name);
  rc = child_run(&job, &end);
  if (rc == -EINTR) {
    return error_set(error, rc, "interrupted", "interrupted");
  }
  if (rc != 0) {
    return error_set(error, rc, "no-process", "cannot start a process for a check: %s", strerror(-rc));
  }
  add_end(self, &end);
  report_end_check(self->report, (uint32_t)(check_now_ms() - begin_ms));
  return 0;
}

/* --- the file --- */

static rule_id manifest_rule(int code) {
  return code == -ENOMSG    ? RULE_MANIFEST_THERE
         : code == -EPROTO  ? RULE_MANIFEST_ABI
         : code == -ENOEXEC ? RULE_FILE_SHARED
                            : RULE_MANIFEST_FORM;
}

/* What is exported may be too much, and that is no reason to stop. */
static bool lacks_symbol(const session *self) {
  for (uint32_t i = 0; i < self->report->n_findings; i++) {
    const finding *one = &self->report->findings[i];
    if (one->rule == RULE_FILE_EXPORTS && strstr(one->message, "does not export") != NULL) {
      return true;
    }
  }
  return false;
}

/* What is wrong with the file as a whole. ret_usable: its stages can be tried. */
static int file_run(session *self, bool *ret_usable, qn_error *error) {
  qn_error why = { 0 };
  bool all = self->options->check == NULL || strcmp(self->options->check, "file") == 0;
  self->check_name = "file";
  int rc = all ? check_run(self, file_body, error) : 0;
  if (rc != 0) {
    return rc;
  }
  /* Others may write to what an author is just building: that is no rule of plugins. */
  rc = manifest_read(self->path, true, &self->manifest, &why);
  if (rc == -ENOMEM) {
    return error_set(error, rc, "no-memory", "no memory");
  }
  if (rc != 0) {
    if (!report_has(self->report, NULL, manifest_rule(rc))) {
      report_begin_check(self->report, NULL, "manifest");
      add_finding(self, manifest_rule(rc), NO_DOCUMENT, why.message);
    }
    return 0;
  }
  self->report->plugin = strdup(self->manifest->name);
  self->report->version = strdup(self->manifest->version);
  self->check_name = "load";
  *ret_usable = !report_has(self->report, NULL, RULE_FILE_SHARED) &&
                !report_has(self->report, NULL, RULE_FILE_SYMBOLS) &&
                !report_has(self->report, NULL, RULE_FILE_STACK) && !lacks_symbol(self);
  if (*ret_usable && (self->options->check == NULL || strcmp(self->options->check, "load") == 0)) {
    rc = check_run(self, load_body, error);
    *ret_usable = !report_has(self->report, NULL, RULE_FILE_LOADS) &&
                  !report_has(self->report, NULL, RULE_MANIFEST_SAME) &&
                  !report_has(self->report, NULL, RULE_RUN_CRASH) && !report_has(self->report, NULL, RULE_RUN_HANG) &&
                  !report_has(self->report, NULL, RULE_RUN_EXIT) && !report_has(self->report, NULL, RULE_MANIFEST_DATA);
  }
  return rc;
}

/* --- a stage --- */

/* The stage's own output goes into the scratch folder, if it is not told where. */
static void output_set(const session *self, cJSON *config) {
  const char *key = self->info->exclusive;
  const cJSON *property =
      key != NULL
          ? cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(self->info->config, "properties"), key)
          : NULL;
  const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(property, "type"));
  if (type == NULL || strcmp(type, "string") != 0 || self->info->role != ROLE_SINK) {
    return;
  }
  cJSON_DeleteItemFromObjectCaseSensitive(config, key);
  cJSON_AddStringToObject(config, key, "${SCRATCH}/out");
}

/* The configuration that the checks begin from. */
static int config_make(session *self, qn_error *error) {
  const char *path = self->info->role == ROLE_SOURCE ? "${SCRATCH}/in" : "${SCRATCH}/in/a.txt";
  const config_words words = { .string = path, .file = "${SCRATCH}/in/a.txt" };
  const cJSON *given = self->options->config;
  cJSON *base = given != NULL ? cJSON_Duplicate(given, 1) : config_least(self->info->config, &words);
  if (given == NULL && base != NULL) {
    output_set(self, base);
  }
  cJSON *placed = base != NULL ? scratch_config(base, self->scratch) : NULL;
  cJSON_Delete(base);
  int rc = placed == NULL ? error_set(error, -ENOMEM, "no-memory", "no memory")
                          : configured_make(self->info, placed, &self->stage, error);
  self->placed = placed;
  return rc;
}

/* A rule whose breach makes a comparing check tell nothing new; RULE_N: there is none. */
static rule_id obstacle(const session *self) {
  static const rule_id rules[] = { RULE_RUN_CRASH,  RULE_RUN_HANG,       RULE_RUN_EXIT,     RULE_RUN_SANITIZER,
                                   RULE_SAME_AGAIN, RULE_SAME_ATTEMPT,   RULE_SAME_ORDER,   RULE_SAME_THREADS,
                                   RULE_ASYNC_ENDS, RULE_SPLIT_ENDS,     RULE_BATCH_STATUS, RULE_SPLIT_CREDIT,
                                   RULE_SAY_CREATE, RULE_LAYER_READ_ONLY };
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    if (report_has(self->report, self->info->name, rules[i])) {
      return rules[i];
    }
  }
  return RULE_N;
}

static void skip(session *self, const char *why) {
  report_begin_check(self->report, self->info->name, self->check_name);
  report_skip_check(self->report, why);
}

static uint32_t last_took_ms(const session *self) {
  return self->report->results[self->report->n_results - 1].elapsed_ms;
}

/* A stage whose samples never brought it to what it is for has been looked at less than the number of checks seems to say. */
static void note_unmade(const session *self) {
  const stage_info *info = &self->stage.info;
  if (self->options->check != NULL || info->role != ROLE_TRANSFORM || report_unchecked(self->report) != NULL) {
    return;
  }
  for (uint32_t i = 0; i < info->n_layers; i++) {
    if (info->layers[i].access == LAYER_PROVIDES && (self->made & UINT32_C(1) << i) == 0) {
      report_add_unmade(self->report, info->name, info->layers[i].name);
    }
  }
}

static int stage_run(session *self, const stage_info *info, qn_error *error) {
  self->info = info;
  self->stage = (configured){ 0 };
  self->is_slow = false;
  self->made = 0;
  int rc = config_make(self, error);
  const check *at;
  for (uint32_t i = 0; rc == 0 && (at = check_at(i)) != NULL; i++) {
    if (!at->applies(info) || (self->options->check != NULL && strcmp(self->options->check, at->name) != 0)) {
      continue;
    }
    self->check = at;
    self->check_name = at->name;
    rule_id first = obstacle(self);
    if (at->compares && first != RULE_N) {
      char why[100];
      snprintf(why, sizeof why, "what it would tell follows from %s", rule_get(first)->id);
      skip(self, why);
    } else {
      rc = check_run(self, stage_body, error);
      bool of_documents = strcmp(at->name, "documents") == 0;
      self->is_slow = self->is_slow || (rc == 0 && of_documents && last_took_ms(self) > self->options->limit_ms / 5);
    }
  }
  if (rc == 0) {
    note_unmade(self);
  }
  configured_done(&self->stage);
  cJSON_Delete(self->placed);
  self->placed = NULL;
  return rc;
}

static int stages_run(session *self, qn_error *error) {
  const char *wanted = self->options->stage;
  bool found = wanted == NULL;
  int rc = 0;
  for (uint32_t i = 0; i < self->manifest->n_stages && rc == 0; i++) {
    const stage_info *info = &self->manifest->stages[i];
    if (wanted == NULL || strcmp(info->name, wanted) == 0) {
      found = true;
      rc = stage_run(self, info, error);
    }
  }
  return found ? rc : error_set(error, -EINVAL, "no-stage", "%s has no stage \"%.64s\"", self->path, wanted);
}

int conformance_run(const conformance_options *options, report *ret_report, manifest **ret_manifest, qn_error *error) {
  report found = { .seed = options->seed };
  session self = { .options = options, .report = &found };
  bool usable = false;
  if (options->check != NULL && check_find(options->check) == NULL && strcmp(options->check, "file") != 0 &&
      strcmp(options->check, "load") != 0) {
    return error_set(error, -EINVAL, "no-check", "there is no check \"%.64s\"", options->check);
  }
  self.path = realpath(options->path, NULL);
  if (self.path == NULL) {
    int code = errno;
    return error_set(error, -code, "unreadable", "%s: %s", options->path, strerror(code));
  }
  int rc = scratch_make(self.scratch, error);
  if (rc == 0) {
    found.path = strdup(options->path);
    rc = file_run(&self, &usable, error);
    rc = rc == 0 && usable ? stages_run(&self, error) : rc;
    scratch_remove(self.scratch);
  }
  free(self.path);
  if (rc != 0) {
    report_done(&found);
    manifest_free(self.manifest);
    return rc;
  }
  *ret_report = found;
  *ret_manifest = self.manifest;
  return 0;
}
