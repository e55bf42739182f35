/* SPDX-License-Identifier: Apache-2.0 */

/* What comes of each bad plugin: refused by name and reason before its code runs, or caught in the act. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/config.h"
#include "plugin/host.h"
#include "plugin/registry.h"

/* After the ABI: cmocka has a macro called fail, as the host table has a function. */
#include <cmocka.h>

/* --- folders of plugins --- */

static char folder[PATH_MAX];

static int folder_make(void **state) {
  (void)state;
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/qanat-plugins-XXXXXX", base != NULL ? base : "/tmp");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info;
  (void)kind;
  (void)at;
  return remove(path);
}

static int folder_remove(void **state) {
  (void)state;
  return nftw(folder, entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static void path_in_folder(const char *name, char *ret_path) {
  assert_true(snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX);
}

static void file_copy(const char *from, const char *to, mode_t mode) {
  static char bytes[1 << 16];
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(in >= 0 && out >= 0);
  ssize_t n;
  while ((n = read(in, bytes, sizeof bytes)) > 0) {
    assert_int_equal(write(out, bytes, (size_t)n), n);
  }
  assert_int_equal(n, 0);
  assert_int_equal(fchmod(out, mode), 0);
  close(in);
  close(out);
}

/* Copies build/tests/badplugins/NAME.so into the folder as TARGET. */
static void folder_add_as(const char *name, const char *target, mode_t mode) {
  char from[PATH_MAX], to[PATH_MAX];
  snprintf(from, sizeof from, "%s/tests/badplugins/%s.so", getenv("QANAT_BUILD_ROOT"), name);
  path_in_folder(target, to);
  file_copy(from, to, mode);
}

static void folder_add(const char *name) {
  char target[300];
  snprintf(target, sizeof target, "%s.so", name);
  folder_add_as(name, target, 0644);
}

static void folder_add_text(const char *name, const char *text) {
  char path[PATH_MAX];
  path_in_folder(name, path);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

static registry *folder_scan(bool allow_writable) {
  const char *folders[] = { folder };
  registry_options options = {
    .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = allow_writable
  };
  registry *found = NULL;
  qn_error error = { 0 };
  if (registry_new(&options, &found, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return found;
}

/* The one refusal must be of that slug and say those words, the file among them. */
static void refused(const registry *found, const char *file, const char *slug, const char *words) {
  char path[PATH_MAX];
  assert_int_equal(registry_n_refusals(found), 1);
  const registry_refusal *refusal = registry_refusal_at(found, 0);
  path_in_folder(file, path);
  assert_string_equal(refusal->path, path);
  if (strcmp(refusal->error.slug, slug) != 0 || strstr(refusal->error.message, words) == NULL ||
      strstr(refusal->error.message, path) == NULL) {
    fail_msg("%s: expected %s, \"%s\"; says %s, \"%s\"", file, slug, words, refusal->error.slug,
             refusal->error.message);
  }
}

/* --- refused from the manifest --- */

static void plugin_refused_when_scanned_names_file_reason_and_remedy(void **state) {
  (void)state;
  static const struct {
    const char *name, *slug, *words;
  } rows[] = {
    { "no_manifest", "no-manifest", "has no Qanat manifest; make one with `qanat-manifest" },
    { "other_owner", "no-manifest", "has no Qanat manifest" },
    { "abi_too_new", "abi-too-new", "needs stage ABI 1.99, and this Qanat has 1.0; use a newer Qanat or an older" },
    { "abi_too_old", "abi-too-old", "built for stage ABI 0.7, which this Qanat (ABI 1.0) no longer runs; rebuild" },
    { "manifest_not_json", "bad-manifest", "its manifest is not JSON from byte" },
    { "manifest_faults", "bad-manifest",
      "its manifest has 2 faults: stage \"manifest-faults\" has no key \"calls\"; did you mean \"call\"?; stage "
      "\"manifest-faults\" has the layer \"tokens/1\", which is neither known nor declared" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char file[300];
    folder_make(NULL);
    folder_add(rows[i].name);
    registry *found = folder_scan(false);
    snprintf(file, sizeof file, "%s.so", rows[i].name);
    refused(found, file, rows[i].slug, rows[i].words);
    assert_int_equal(registry_n_stages(found), 0);
    registry_free(found);
    folder_remove(NULL);
  }
}

static void file_that_is_no_shared_object_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = { "", "This is no shared object.\n",
                                       "\x7f"
                                       "ELF",
                                       "\x7f"
                                       "ELF\x02\x01\x01 and so on" };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    folder_add_text("not_elf.so", texts[i]);
    registry *found = folder_scan(false);
    refused(found, "not_elf.so", "not-elf", "not an ELF file; a plugin is a shared object");
    registry_free(found);
  }
}

static void executable_and_folder_and_pipe_are_refused(void **state) {
  (void)state;
  char path[PATH_MAX];
  path_in_folder("pipe.so", path);
  assert_int_equal(mkfifo(path, 0600), 0);
  registry *found = folder_scan(false);
  refused(found, "pipe.so", "not-elf", "not a file");
  registry_free(found);
  unlink(path);
  path_in_folder("folder.so", path);
  assert_int_equal(mkdir(path, 0700), 0);
  found = folder_scan(false);
  refused(found, "folder.so", "not-elf", "not a file");
  registry_free(found);
}

static void file_truncated_anywhere_is_refused_cleanly(void **state) {
  (void)state;
  char path[PATH_MAX];
  struct stat info;
  folder_add("good");
  path_in_folder("good.so", path);
  assert_int_equal(stat(path, &info), 0);
  for (off_t len = info.st_size - 1; len >= 0; len -= len > 4096 ? 997 : 13) {
    assert_int_equal(truncate(path, len), 0);
    registry *found = folder_scan(false);
    assert_int_equal(registry_n_stages(found) + registry_n_refusals(found), 1);
    registry_free(found);
  }
}

static void file_writable_by_others_is_refused_unless_allowed(void **state) {
  (void)state;
  folder_add_as("good", "good.so", 0666);
  registry *found = folder_scan(false);
  refused(found, "good.so", "writable", "anybody may write this file, so its code is not run; say `chmod go-w`");
  registry_free(found);
  found = folder_scan(true);
  assert_non_null(registry_find(found, "mark"));
  registry_free(found);
}

static void file_writable_by_the_owners_own_group_is_fine(void **state) {
  (void)state;
  char path[PATH_MAX];
  folder_add_as("good", "good.so", 0664);
  path_in_folder("good.so", path);
  registry *found = folder_scan(false);
  assert_int_equal(registry_n_refusals(found), 0);
  registry_free(found);
}

static void file_writable_by_another_group_is_refused(void **state) {
  (void)state;
  char path[PATH_MAX];
  folder_add_as("good", "good.so", 0664);
  path_in_folder("good.so", path);
  assert_int_equal(chown(path, (uid_t)-1, getegid() + 4242), 0);
  assert_int_equal(chmod(path, 0664), 0);
  registry *found = folder_scan(false);
  refused(found, "good.so", "writable", "its group");
  registry_free(found);
}

static void stage_name_of_two_files_is_refused_naming_both(void **state) {
  (void)state;
  char first[PATH_MAX];
  folder_add("duplicate");
  folder_add("good");
  registry *found = folder_scan(false);
  refused(found, "good.so", "duplicate-stage", "has a stage \"mark\"");
  path_in_folder("duplicate.so", first);
  assert_non_null(strstr(registry_refusal_at(found, 0)->error.message, first));
  assert_string_equal(registry_find(found, "mark")->manifest->version, "2.0");
  registry_free(found);
}

static void layer_declared_with_other_columns_is_refused(void **state) {
  (void)state;
  folder_add("good");
  folder_add("layer_differs");
  registry *found = folder_scan(false);
  refused(found, "layer_differs.so", "layer-differs", "declares the layer \"test.mark/1\" with other columns");
  registry_free(found);
}

/* --- refused when loaded --- */

static void plugin_refused_when_loaded_names_file_reason_and_remedy(void **state) {
  (void)state;
  static const struct {
    const char *name, *stage, *slug, *words;
    int rc;
  } rows[] = {
    { "no_symbol", "no-symbol", "no-symbol", "does not export qn_plugin_v1; define it", -ENOENT },
    { "cannot_load", "cannot-load", "cannot-load", "function_of_no_library", -ELIBACC },
    { "stage_missing", "stage-missing", "descriptor-differs", "qn_plugin_v1 does not have it", -EPROTO },
    { "stage_extra", "stage-extra", "descriptor-differs", "1 stages and its qn_plugin_v1 has 2", -EPROTO },
    { "wrong_role", "wrong-role", "descriptor-differs", "the table of its role is missing", -EPROTO },
    { "no_process", "no-process", "descriptor-differs", "process_batch is missing", -EPROTO },
    { "small_table", "small-table", "descriptor-differs", "smaller than ABI 1.0's", -EPROTO },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    folder_make(NULL);
    folder_add(rows[i].name);
    registry *found = folder_scan(false);
    const stage_info *info = registry_find(found, rows[i].stage);
    assert_non_null(info);
    const qn_stage *stage = NULL;
    qn_error error = { 0 };
    assert_int_equal(registry_load(found, info, &stage, &error), rows[i].rc);
    assert_null(stage);
    assert_string_equal(error.slug, rows[i].slug);
    if (strstr(error.message, rows[i].words) == NULL || strstr(error.message, info->manifest->path) == NULL) {
      fail_msg("%s: expected \"%s\"; says \"%s\"", rows[i].name, rows[i].words, error.message);
    }
    registry_free(found);
    folder_remove(NULL);
  }
}

/* --- caught in the act --- */

static const char text[] = "\xD9\x86\xD8\xB5 qanat and qanat";

/* One stage of one plugin over one document. */
typedef struct trial {
  registry *installed;
  const qn_stage *stage;
  cJSON *config;
  qn_env env;
  void *instance;
  schema_set *schemas;
  document_pool *pool;
  document *doc;
  builder *building;
  stage_layout layout;
  host_call call;
  char logged[512];
} trial;

static void log_keep(void *arg, qn_env *env, uint32_t level, const char *line, size_t len) {
  trial *self = arg;
  (void)env;
  (void)level;
  snprintf(self->logged, sizeof self->logged, "%.*s", (int)len, line);
}

static void layout_make(trial *self, const stage_info *info) {
  self->layout = (stage_layout){ .n_layers = info->n_layers,
                                 .view_reads = SCHEMA_VIEW_TEXT,
                                 .view_provides = SCHEMA_VIEW_NONE,
                                 .n_fields_written = info->n_fields_written,
                                 .fields_written = info->fields_written };
  for (uint32_t i = 0; i < info->n_layers; i++) {
    uint32_t slot = 0;
    const layer_schema *schema = registry_layer(self->installed, info->layers[i].name);
    assert_int_equal(schema_set_add(self->schemas, schema, &slot, NULL), 0);
    self->layout.layer_slot[i] = (uint8_t)slot;
    self->layout.layer_access[i] = (uint8_t)info->layers[i].access;
  }
}

/* A document whose text is its payload, as `decode` would make it. */
static void document_make(trial *self) {
  const stage_layout decode = { .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_TEXT };
  uint8_t *payload = NULL;
  assert_int_equal(document_new(self->pool, &self->doc), 0);
  assert_int_equal(document_payload_reserve(self->doc, sizeof text - 1, &payload), 0);
  memcpy(payload, text, sizeof text - 1);
  assert_int_equal(document_payload_commit(self->doc, sizeof text - 1), 0);
  builder_begin(self->building, self->doc, &decode);
  assert_int_equal(builder_view_alias(self->building, (qn_span){ 0, sizeof text - 1 }), 0);
  assert_int_equal(builder_seal(self->building, NULL), 0);
}

/* Loads and creates; the result of create. */
static int trial_open(trial *self, const char *stage_name, const char *config, const host_hooks *hooks,
                      qn_error *error) {
  static const document_limits limits = { .document_bytes = 1 << 20 };
  memset(self, 0, sizeof *self);
  self->installed = folder_scan(false);
  const stage_info *info = registry_find(self->installed, stage_name);
  assert_non_null(info);
  if (registry_load(self->installed, info, &self->stage, error) != 0) {
    fail_msg("%s", error->message);
  }
  cJSON *given = cJSON_Parse(config);
  assert_int_equal(config_check(info->config, given, NULL, NULL, &self->config), 0);
  cJSON_Delete(given);
  host_env_init(&self->env, info, stage_name, self->config, folder, hooks);
  assert_int_equal(schema_set_new(&self->schemas), 0);
  layout_make(self, info);
  assert_int_equal(document_pool_new(self->schemas, &limits, &self->pool), 0);
  assert_int_equal(builder_new(&self->building), 0);
  document_make(self);
  int rc = host_create(&self->env, self->stage, &self->instance, error);
  host_call_init(&self->call, &self->env, self->building, NULL);
  return rc;
}

static void trial_close(trial *self) {
  document_unref(self->doc);
  builder_free(self->building);
  document_pool_free(self->pool);
  schema_set_free(self->schemas);
  host_env_done(&self->env);
  cJSON_Delete(self->config);
  registry_free(self->installed);
}

static qn_status trial_process(trial *self) {
  host_call_begin(&self->call, self->doc, &self->layout);
  qn_status status = self->stage->transform->process(self->instance, NULL, &self->call.call);
  return host_call_end(&self->call, status);
}

static void create_that_fails_tells_why_or_whose_fault_it_is(void **state) {
  (void)state;
  static const struct {
    const char *name, *stage, *words;
  } rows[] = {
    { "create_fails", "create-fails", "stage \"create-fails\": the service is not configured; set \"url\"" },
    { "create_fails_silently", "create-fails-silently",
      "its create failed (Input/output error) without saying why, which is a fault of the plugin "
      "create-fails-silently 1.0 (" },
    { "create_fails_and_succeeds", "create-fails-and-succeeds", "half done" },
    { "data_undeclared", "data-undeclared", "does not list under \"data\": a fault of the plugin" },
    { "data_missing", "data-missing", "data-missing/words.bin cannot be opened: No such file or directory; reinstall" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    trial one;
    qn_error error = { 0 };
    folder_make(NULL);
    folder_add(rows[i].name);
    assert_true(trial_open(&one, rows[i].stage, "{}", NULL, &error) < 0);
    assert_null(one.instance);
    if (strstr(error.message, rows[i].words) == NULL) {
      fail_msg("%s: expected \"%s\"; says \"%s\"", rows[i].name, rows[i].words, error.message);
    }
    trial_close(&one);
    folder_remove(NULL);
  }
}

static void process_that_breaks_a_rule_is_rejected_and_leaves_no_trace(void **state) {
  (void)state;
  static const struct {
    const char *name, *stage;
    qn_status status;
    const char *words;
  } rows[] = {
    { "fail_empty", "fail-empty", QN_STATUS_REJECT,
      "it returned REJECT without saying why; a fault of the plugin fail-empty 1.0 (" },
    { "fail_missing", "fail-missing", QN_STATUS_RETRY,
      "it returned RETRY without saying why; a fault of the plugin fail-missing 1.0 (" },
    { "fail_rubbish", "fail-rubbish", QN_STATUS_REJECT, "a b\xEF\xBF\xBD [0m" },
    { "status_unknown", "status-unknown", QN_STATUS_REJECT, "returned an unknown status (99)" },
    { "status_more", "status-more", QN_STATUS_REJECT, "returned MORE (1), which its manifest does not allow" },
    { "status_pending", "status-pending", QN_STATUS_REJECT, "returned PENDING (3), which its manifest does not allow" },
    { "span_outside", "span-outside", QN_STATUS_REJECT,
      "layer \"token/1\", row 0 (bytes 19 to 21): end is past the end of the view; a fault of the plugin span-outside "
      "1.0 (" },
    { "span_backwards", "span-backwards", QN_STATUS_REJECT,
      "layer \"token/1\", row 0 (bytes 2 to 1): begin must not be past end" },
    { "span_in_code_point", "span-in-code-point", QN_STATUS_REJECT,
      "layer \"token/1\", row 0 (bytes 1 to 4): begin and end must not be inside a code point" },
    { "rows_unsorted", "rows-unsorted", QN_STATUS_REJECT,
      "layer \"token/1\", row 1 (bytes 2 to 6): rows must be sorted" },
    { "symbol_unknown", "symbol-unknown", QN_STATUS_REJECT,
      "layer \"token/1\", row 0, column \"kind\": 1000 is not a symbol" },
    { "string_outside", "string-outside", QN_STATUS_REJECT,
      "layer \"token/1\", row 0, column \"form\": the string is not inside the heap" },
    { "rows_too_many", "rows-too-many", QN_STATUS_REJECT, "refused" },
    { "layer_undeclared", "layer-undeclared", QN_STATUS_REJECT, "the layer was refused" },
    { "layer_read_only", "layer-read-only", QN_STATUS_REJECT, "the layer was refused" },
    { "field_undeclared", "field-undeclared", QN_STATUS_REJECT, "the field was refused" },
    { "emits_alone", "emits-alone", QN_STATUS_REJECT, "the emit was refused" },
    { "view_undeclared", "view-undeclared", QN_STATUS_REJECT, "the view was refused" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    trial one;
    qn_error error = { 0 };
    qn_layer layer;
    folder_make(NULL);
    folder_add(rows[i].name);
    assert_int_equal(trial_open(&one, rows[i].stage, "{}", NULL, &error), 0);
    /* Twice: what a retry finds is what the first try found. */
    for (int round = 0; round < 2; round++) {
      qn_status status = trial_process(&one);
      if (status != rows[i].status || strstr(one.call.error.message, rows[i].words) == NULL) {
        fail_msg("%s: expected %d, \"%s\"; came out as %d, \"%s\"", rows[i].name, (int)rows[i].status, rows[i].words,
                 (int)status, one.call.error.message);
      }
      assert_true(one.call.error.slug[0] != '\0');
      assert_true(one.call.error.code < 0);
    }
    for (uint32_t slot = 0; slot < schema_set_count(one.schemas); slot++) {
      assert_int_equal(document_layer_get(one.doc, slot, SCHEMA_VIEW_TEXT, &layer), -ENOENT);
    }
    assert_int_equal(document_n_fields(one.doc), 0);
    host_destroy(one.stage, one.instance);
    trial_close(&one);
    folder_remove(NULL);
  }
}

static void plugin_that_keeps_memory_is_named_in_the_log(void **state) {
  (void)state;
  trial one;
  const host_hooks hooks = { .log = log_keep, .arg = &one };
  qn_error error = { 0 };
  folder_add("keeps_memory");
  assert_int_equal(trial_open(&one, "keeps-memory", "{}", &hooks, &error), 0);
  void *kept = one.instance;
  host_destroy(one.stage, one.instance);
  char path[PATH_MAX];
  path_in_folder("keeps_memory.so", path);
  qn_env env = one.env; /* as it was before done() */
  host_env_done(&one.env);
  assert_non_null(strstr(one.logged, "kept 100 bytes of the host's memory after destroy, a fault of the plugin"));
  assert_non_null(strstr(one.logged, path));
  host_table()->release(&env, kept);
  trial_close(&one);
}

/* --- and the good one --- */

static void good_plugin_marks_words_of_config_and_data(void **state) {
  (void)state;
  trial one;
  char to[PATH_MAX], from[PATH_MAX];
  qn_error error = { 0 };
  path_in_folder("good", to);
  assert_int_equal(mkdir(to, 0700), 0);
  folder_add_as("good", "good/good.so", 0644);
  snprintf(from, sizeof from, "%s/tests/badplugins/good/good.txt", getenv("QANAT_SOURCE_ROOT"));
  path_in_folder("good/good.txt", to);
  file_copy(from, to, 0644);
  if (trial_open(&one, "mark", "{\"word\":\"and\"}", NULL, &error) != 0) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(trial_process(&one), QN_STATUS_OK);
  qn_layer marks;
  assert_int_equal(document_layer_get(one.doc, 0, SCHEMA_VIEW_TEXT, &marks), 0);
  assert_int_equal(marks.n_rows, 3);
  static const uint32_t begins[] = { 5, 11, 15 }, words[] = { 1, 0, 1 };
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(marks.begin[i], begins[i]);
    assert_int_equal(qn_layer_u32(&marks, 0, i), words[i]);
  }
  qn_value value;
  assert_int_equal(document_field_get(one.doc, QN_LIT("marks"), &value), 0);
  assert_int_equal(value.as.i64, 3);
  assert_int_equal(one.call.alien_uses, 0);
  host_destroy(one.stage, one.instance);
  assert_int_equal(one.env.memory, 0);
  trial_close(&one);
}

static void good_plugin_without_memory_fails_cleanly(void **state) {
  (void)state;
  trial one;
  char to[PATH_MAX], from[PATH_MAX];
  qn_error error = { 0 };
  folder_add("good");
  path_in_folder("good", to);
  assert_int_equal(mkdir(to, 0700), 0);
  snprintf(from, sizeof from, "%s/tests/badplugins/good/good.txt", getenv("QANAT_SOURCE_ROOT"));
  path_in_folder("good/good.txt", to);
  file_copy(from, to, 0644);
  assert_int_equal(trial_open(&one, "mark", "{}", NULL, &error), 0);
  host_destroy(one.stage, one.instance);
  one.env.fail_after = 1;
  one.env.n_allocs = 0;
  assert_true(host_create(&one.env, one.stage, &one.instance, &error) < 0);
  assert_string_equal(error.message, "stage \"mark\": no memory");
  trial_close(&one);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

/* By itself, so that it is counted as skipped where it cannot be tried. */
static int main_as_root(void) {
  const struct CMUnitTest tests[] = { IN_FOLDER(file_writable_by_another_group_is_refused) };
  if (geteuid() != 0) {
    puts("1..0 # SKIP only root may give a file to any group");
    return 0;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "as-root") == 0) {
    return main_as_root();
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(plugin_refused_when_scanned_names_file_reason_and_remedy),
    IN_FOLDER(file_that_is_no_shared_object_is_refused),
    IN_FOLDER(executable_and_folder_and_pipe_are_refused),
    IN_FOLDER(file_truncated_anywhere_is_refused_cleanly),
    IN_FOLDER(file_writable_by_others_is_refused_unless_allowed),
    IN_FOLDER(file_writable_by_the_owners_own_group_is_fine),
    IN_FOLDER(stage_name_of_two_files_is_refused_naming_both),
    IN_FOLDER(layer_declared_with_other_columns_is_refused),
    cmocka_unit_test(plugin_refused_when_loaded_names_file_reason_and_remedy),
    cmocka_unit_test(create_that_fails_tells_why_or_whose_fault_it_is),
    cmocka_unit_test(process_that_breaks_a_rule_is_rejected_and_leaves_no_trace),
    IN_FOLDER(plugin_that_keeps_memory_is_named_in_the_log),
    IN_FOLDER(good_plugin_marks_words_of_config_and_data),
    IN_FOLDER(good_plugin_without_memory_fails_cleanly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
