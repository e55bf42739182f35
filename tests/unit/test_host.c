/* SPDX-License-Identifier: Apache-2.0 */

/* The host table as a stage sees it: config, files, memory, calls that are allowed and calls that are not. */
#include <errno.h>
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

/* After the ABI: cmocka has a macro called fail, as the host table has a function. */
#include <cmocka.h>

#define MANIFEST(stage)                                                                                                \
  "{\"name\":\"acme\",\"version\":\"1.0\",\"license\":\"MIT\",\"description\":\"d\",\"abi\":\"1.0\",\"data\":[\"w."    \
  "bin\"],"                                                                                                            \
  "\"stages\":{\"s\":{\"description\":\"d\"," stage "}}}"

/* A stage of a manifest, with an env for it. */
typedef struct guest {
  manifest *manifest;
  cJSON *config;
  qn_env env;
  const qn_host *host;
} guest;

static void guest_open(guest *self, const char *path, const char *json, const char *config, const host_hooks *hooks) {
  qn_error error = { 0 };
  memset(self, 0, sizeof *self);
  if (manifest_parse(path, json, strlen(json), &self->manifest, &error) != 0) {
    fail_msg("%s", error.message);
  }
  cJSON *given = cJSON_Parse(config);
  assert_non_null(given);
  assert_int_equal(config_check(self->manifest->stages[0].config, given, NULL, NULL, &self->config), 0);
  cJSON_Delete(given);
  host_env_init(&self->env, &self->manifest->stages[0], "s", self->config, ".", hooks);
  self->host = host_table();
}

static void guest_close(guest *self) {
  host_env_done(&self->env);
  cJSON_Delete(self->config);
  manifest_free(self->manifest);
}

/* --- create: what happens inside is up to the test at hand --- */

static int (*create_body)(qn_create *create);

static int create(qn_create *with, void **ret_instance) {
  *ret_instance = NULL;
  return create_body(with);
}

static void destroy(void *instance) {
  (void)instance;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return QN_STATUS_OK;
}

static const qn_transform transform = {
  .size = sizeof transform, .create = create, .destroy = destroy, .process = process
};
static const qn_stage stage = { .size = sizeof stage, .name = "s", .transform = &transform };

static int run_create(guest *self, int (*body)(qn_create *), qn_error *error) {
  void *instance = NULL;
  create_body = body;
  return host_create(&self->env, &stage, &instance, error);
}

static int read_config(qn_create *with) {
  static const struct {
    const char *pointer;
    uint32_t type;
    int64_t i64;
    double f64;
    const char *str;
  } rows[] = {
    { "/n", QN_VALUE_I64, 7, 0, NULL },      { "/x", QN_VALUE_F64, 0, 2.0, NULL },
    { "/b", QN_VALUE_BOOL, 1, 0, NULL },     { "/t", QN_VALUE_STR, 0, 0, "ab" },
    { "/list", QN_VALUE_ARRAY, 2, 0, NULL }, { "/list/1", QN_VALUE_STR, 0, 0, "q" },
    { "/map", QN_VALUE_OBJECT, 2, 0, NULL }, { "/map/k~1", QN_VALUE_I64, 3, 0, NULL },
    { "", QN_VALUE_OBJECT, 7, 0, NULL },     { "/standard", QN_VALUE_I64, 5, 0, NULL },
  };
  qn_value value;
  qn_str key;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(with->host->config_get(with, rows[i].pointer, &value), 0);
    assert_int_equal(value.type, rows[i].type);
    if (value.type == QN_VALUE_STR) {
      assert_int_equal(value.as.str.len, strlen(rows[i].str));
      assert_memory_equal(value.as.str.data, rows[i].str, value.as.str.len);
    } else if (value.type == QN_VALUE_F64) {
      assert_true(value.as.f64 == rows[i].f64);
    } else {
      assert_int_equal(value.as.i64, rows[i].i64);
    }
  }
  assert_int_equal(with->host->config_get(with, "/none", &value), -ENOENT);
  assert_int_equal(with->host->config_key(with, "/map", 1, &key), 0);
  assert_int_equal(key.len, 2);
  assert_memory_equal(key.data, "k/", 2);
  assert_int_equal(with->host->config_key(with, "/map", 2, &key), -ENOENT);
  assert_int_equal(with->host->config_key(with, "/map", UINT32_MAX, &key), -ENOENT);
  assert_int_equal(with->host->config_key(with, "/n", 0, &key), -ENOENT);
  assert_int_equal(qn_config_i64(with, "/n", 1), 7);
  assert_int_equal(qn_config_i64(with, "/none", 1), 1);
  assert_true(qn_config_f64(with, "/n", 1) == 7.0);
  return 0;
}

static void config_values_have_the_types_of_the_schema(void **state) {
  (void)state;
  guest guest_of;
  qn_error error = { 0 };
  guest_open(&guest_of, "acme.so",
             MANIFEST("\"role\":\"transform\",\"config\":{\"type\":\"object\",\"properties\":{"
                      "\"n\":{\"type\":\"integer\"},\"x\":{\"type\":\"number\"},\"b\":{\"type\":\"boolean\"},"
                      "\"t\":{\"type\":\"string\"},\"list\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                      "\"map\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}},"
                      "\"standard\":{\"type\":\"integer\",\"default\":5}}}"),
             "{\"n\":7,\"x\":2,\"b\":true,\"t\":\"ab\",\"list\":[\"p\",\"q\"],\"map\":{\"j\":1,\"k/\":3}}", NULL);
  assert_int_equal(run_create(&guest_of, read_config, &error), 0);
  guest_close(&guest_of);
}

/* --- files --- */

static char folder[PATH_MAX];

static int folder_make(void **state) {
  (void)state;
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/qanat-host-XXXXXX", base != NULL ? base : "/tmp");
  return mkdtemp(folder) != NULL ? 0 : -1;
}

static int folder_remove(void **state) {
  (void)state;
  static const char *const names[] = { "acme/w.bin", "acme/acme.so", "acme", "words.txt", "empty.txt", "" };
  char path[PATH_MAX + 64];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    remove(path);
  }
  return 0;
}

static void write_file(const char *name, const char *text) {
  char path[PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
}

static int open_words(qn_create *with) {
  qn_str bytes, empty, again;
  assert_int_equal(with->host->file_open(with, "/words", &bytes), 0);
  assert_int_equal(bytes.len, 5);
  assert_memory_equal(bytes.data, "words", 5);
  assert_int_equal(with->host->file_open(with, "/words", &again), 0);
  assert_memory_equal(again.data, "words", 5);
  assert_int_equal(with->host->file_open(with, "/empty", &empty), 0);
  assert_int_equal(empty.len, 0);
  assert_non_null(empty.data);
  assert_int_equal(with->host->file_open(with, "/none", &bytes), -ENOENT);
  assert_int_equal(with->host->data_open(with, "w.bin", &bytes), 0);
  assert_memory_equal(bytes.data, "data", 4);
  return 0;
}

#define FILE_MANIFEST                                                                                                  \
  MANIFEST("\"role\":\"transform\",\"config\":{\"type\":\"object\",\"properties\":{\"words\":{\"type\":\"file\"},"     \
           "\"empty\":{\"type\":\"file\"},\"plain\":{\"type\":\"string\"}}}")

static void files_of_config_and_data_are_lent(void **state) {
  (void)state;
  static const char *const plugin_paths[] = { "acme.so", "acme/acme.so" }; /* data in acme/, both times */
  for (size_t i = 0; i < 2; i++) {
    guest guest_of;
    qn_error error = { 0 };
    char path[PATH_MAX + 64], config[PATH_MAX + 128];
    write_file("words.txt", "words");
    write_file("empty.txt", "");
    snprintf(path, sizeof path, "%s/acme", folder);
    mkdir(path, 0700);
    write_file("acme/w.bin", "data");
    snprintf(path, sizeof path, "%s/%s", folder, plugin_paths[i]);
    snprintf(config, sizeof config, "{\"words\":\"words.txt\",\"empty\":\"%s/empty.txt\"}", folder);
    guest_open(&guest_of, path, FILE_MANIFEST, config, NULL);
    guest_of.env.base_folder = folder;
    assert_int_equal(run_create(&guest_of, open_words, &error), 0);
    guest_close(&guest_of);
  }
}

static int open_and_leave_words_to_host(qn_create *with) {
  qn_str bytes;
  return with->host->file_open(with, "/words", &bytes);
}

static int open_plain(qn_create *with) {
  qn_str bytes;
  return with->host->file_open(with, "/plain", &bytes);
}

static void files_that_cannot_be_opened_are_explained(void **state) {
  (void)state;
  static const struct {
    const char *config;
    int (*body)(qn_create *);
    int rc;
    const char *words;
  } rows[] = {
    { "{\"words\":\"none.txt\"}", open_and_leave_words_to_host, -ENOENT,
      "/none.txt (configured at /words) cannot be opened: No such file" },
    { "{\"words\":\".\"}", open_and_leave_words_to_host, -EISDIR, "cannot be opened: Is a directory" },
    { "{\"words\":\"/dev/null\"}", open_and_leave_words_to_host, -EINVAL, "/dev/null (configured at /words)" },
    { "{\"plain\":\"words.txt\"}", open_plain, -EINVAL, "which its manifest does not give the type \"file\"" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    guest guest_of;
    qn_error error = { 0 };
    guest_open(&guest_of, "acme.so", FILE_MANIFEST, rows[i].config, NULL);
    guest_of.env.base_folder = folder;
    assert_int_equal(run_create(&guest_of, rows[i].body, &error), rows[i].rc);
    if (strstr(error.message, rows[i].words) == NULL) {
      fail_msg("expected \"%s\"; says \"%s\"", rows[i].words, error.message);
    }
    guest_close(&guest_of);
  }
}

/* --- memory --- */

static void memory_is_aligned_counted_and_can_be_made_to_fail(void **state) {
  (void)state;
  guest guest_of;
  guest_open(&guest_of, "acme.so", MANIFEST("\"role\":\"transform\""), "{}", NULL);
  const qn_host *host = guest_of.host;
  qn_env *env = &guest_of.env;
  char *memory = host->alloc(env, 100);
  assert_non_null(memory);
  assert_int_equal((uintptr_t)memory % 16, 0);
  memset(memory, 'x', 100);
  assert_int_equal(env->memory, 100);
  memory = host->resize(env, memory, 5000);
  assert_non_null(memory);
  assert_int_equal(memory[99], 'x');
  assert_int_equal(env->memory, 5000);
  assert_null(host->alloc(env, SIZE_MAX));
  assert_null(host->resize(env, memory, SIZE_MAX - 8));
  host->release(env, memory);
  host->release(env, NULL);
  assert_int_equal(env->memory, 0);
  env->fail_after = env->n_allocs + 2;
  void *first = host->alloc(env, 1);
  assert_non_null(first);
  assert_null(host->alloc(env, 1));
  assert_null(host->resize(env, first, 2));
  host->release(env, first);
  guest_close(&guest_of);
}

/* --- calls --- */

static const char text[] = "\xD9\x86\xD8\xB5 text";

typedef struct desk {
  guest guest_of;
  schema_set *schemas;
  document_pool *pool;
  document *doc;
  builder *building;
  record_encoder *encoder;
  stage_layout layout;
  host_call call;
} desk;

static void desk_open(desk *self, const char *json, const host_hooks *hooks) {
  static const document_limits limits = { .document_bytes = 1 << 20 };
  const stage_layout decode = { .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_TEXT };
  uint8_t *payload = NULL;
  memset(self, 0, sizeof *self);
  guest_open(&self->guest_of, "acme.so", json, "{}", hooks);
  assert_int_equal(schema_set_new(&self->schemas), 0);
  assert_int_equal(document_pool_new(self->schemas, &limits, &self->pool), 0);
  assert_int_equal(builder_new(&self->building), 0);
  assert_int_equal(record_encoder_new(&self->encoder), 0);
  assert_int_equal(document_new(self->pool, &self->doc), 0);
  assert_int_equal(document_payload_reserve(self->doc, sizeof text - 1, &payload), 0);
  memcpy(payload, text, sizeof text - 1);
  assert_int_equal(document_payload_commit(self->doc, sizeof text - 1), 0);
  builder_begin(self->building, self->doc, &decode);
  assert_int_equal(builder_view_alias(self->building, (qn_span){ 0, sizeof text - 1 }), 0);
  assert_int_equal(builder_seal(self->building, NULL), 0);
  self->layout =
      (stage_layout){ .view_reads = SCHEMA_VIEW_TEXT, .view_provides = SCHEMA_VIEW_NONE, .may_set_any_field = 1 };
  host_call_init(&self->call, &self->guest_of.env, self->building, self->encoder);
}

static void desk_close(desk *self) {
  document_unref(self->doc);
  record_encoder_free(self->encoder);
  builder_free(self->building);
  document_pool_free(self->pool);
  schema_set_free(self->schemas);
  guest_close(&self->guest_of);
}

static void call_ended_other_than_ok_keeps_nothing(void **state) {
  (void)state;
  static const struct {
    const char *manifest;
    qn_status said, expected;
    int kept;
  } rows[] = {
    { MANIFEST("\"role\":\"transform\""), QN_STATUS_OK, QN_STATUS_OK, 1 },
    { MANIFEST("\"role\":\"transform\""), QN_STATUS_DROP, QN_STATUS_DROP, 0 },
    { MANIFEST("\"role\":\"transform\""), QN_STATUS_RETRY, QN_STATUS_RETRY, 0 },
    { MANIFEST("\"role\":\"transform\""), QN_STATUS_FATAL, QN_STATUS_FATAL, 0 },
    { MANIFEST("\"role\":\"transform\""), -1, QN_STATUS_REJECT, 0 },
    { MANIFEST("\"role\":\"transform\",\"splits\":true"), QN_STATUS_MORE, QN_STATUS_MORE, 0 },
    { MANIFEST("\"role\":\"transform\""), QN_STATUS_MORE, QN_STATUS_REJECT, 0 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    desk at;
    desk_open(&at, rows[i].manifest, NULL);
    const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = 1 } };
    qn_value found;
    host_call_begin(&at.call, at.doc, &at.layout);
    assert_int_equal(at.guest_of.host->field_set(&at.call.call, QN_LIT("f"), &value), 0);
    assert_int_equal(host_call_end(&at.call, rows[i].said), rows[i].expected);
    assert_int_equal(document_field_get(at.doc, QN_LIT("f"), &found) == 0, rows[i].kept);
    bool failed = rows[i].expected >= QN_STATUS_RETRY;
    assert_int_equal(at.call.error.message[0] != '\0', failed);
    desk_close(&at);
  }
}

static void call_pending_seals_when_it_is_completed(void **state) {
  (void)state;
  desk at;
  const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = 1 } };
  qn_value found;
  desk_open(&at, MANIFEST("\"role\":\"transform\",\"call\":\"async\""), NULL);
  host_call_begin(&at.call, at.doc, &at.layout);
  assert_int_equal(at.guest_of.host->field_set(&at.call.call, QN_LIT("f"), &value), 0);
  assert_int_equal(host_call_end(&at.call, QN_STATUS_PENDING), QN_STATUS_PENDING);
  assert_int_equal(host_call_end(&at.call, QN_STATUS_OK), QN_STATUS_OK);
  assert_int_equal(document_field_get(at.doc, QN_LIT("f"), &found), 0);
  desk_close(&at);
}

static void fail_keeps_words_clean_and_short(void **state) {
  (void)state;
  desk at;
  char words[5001];
  desk_open(&at, MANIFEST("\"role\":\"transform\""), NULL);
  host_call_begin(&at.call, at.doc, &at.layout);
  for (size_t i = 0; i < 5000; i += 2) {
    memcpy(words + i, "\xD9\x86", 2);
  }
  const qn_host *host = at.guest_of.host;
  assert_int_equal((host->fail)(&at.call.call, QN_STATUS_REJECT, "too-long", words, 5000), QN_STATUS_REJECT);
  assert_string_equal(at.call.error.slug, "too-long");
  size_t len = strlen(at.call.error.message);
  assert_in_range(len, 900, sizeof at.call.error.message - 1);
  assert_int_equal(len % 2, 0);
  memset(words, 0xFF, 5000);
  (host->fail)(&at.call.call, QN_STATUS_REJECT, "Not A Slug", words, 5000);
  assert_string_equal(at.call.error.slug, "failed");
  (host->fail)(&at.call.call, QN_STATUS_REJECT, NULL, NULL, 5000);
  assert_string_equal(at.call.error.message, "");
  host_call_end(&at.call, QN_STATUS_REJECT);
  assert_non_null(strstr(at.call.error.message, "without saying why"));
  host_call_begin(&at.call, at.doc, &at.layout);
  assert_string_equal(at.call.error.message, "");
  desk_close(&at);
}

static void call_without_builder_still_reads(void **state) {
  (void)state;
  desk at;
  qn_view view;
  qn_value value;
  qn_layer layer;
  qn_view_room room;
  desk_open(&at, MANIFEST("\"role\":\"sink\""), NULL);
  const qn_value title = { .type = QN_VALUE_SPAN, .as = { .span = { 0, 4 } } };
  assert_int_equal(document_field_set(at.doc, QN_LIT("title"), &title), 0);
  host_call reading;
  host_call_init(&reading, &at.guest_of.env, NULL, NULL);
  host_call_begin(&reading, at.doc, &at.layout);
  const qn_host *host = at.guest_of.host;
  assert_int_equal(host->view_get(&reading.call, &view), 0);
  assert_int_equal(view.len, sizeof text - 1);
  assert_int_equal(host->field_get(&reading.call, QN_LIT("title"), &value), 0);
  assert_int_equal(value.as.span.end, 4);
  assert_int_equal(reading.alien_uses, 0);
  assert_int_equal(host->layer_get(&reading.call, 0, &layer), -EINVAL);
  assert_int_equal(host->view_reserve(&reading.call, 1, 1, &room), -EINVAL);
  assert_int_equal(reading.alien_uses, 2);
  assert_int_equal(host_call_end(&reading, QN_STATUS_OK), QN_STATUS_OK);
  desk_close(&at);
}

static void call_without_document_reads_nothing(void **state) {
  (void)state;
  desk at;
  qn_view view;
  qn_layer layer;
  qn_value value;
  qn_str json;
  uint8_t *payload;
  desk_open(&at, MANIFEST("\"role\":\"source\""), NULL);
  host_call call;
  host_call_init(&call, &at.guest_of.env, NULL, NULL);
  host_call_begin(&call, NULL, NULL);
  const qn_host *host = at.guest_of.host;
  assert_int_equal(host->view_get(&call.call, &view), -EINVAL);
  assert_int_equal(host->layer_get(&call.call, 0, &layer), -EINVAL);
  assert_int_equal(host->field_get(&call.call, QN_LIT("id"), &value), -EINVAL);
  assert_int_equal(host->field_set(&call.call, QN_LIT("id"), &value), -EINVAL);
  assert_int_equal(host->record_encode(&call.call, NULL, &json), -EINVAL);
  assert_int_equal(host->prepared_set(&call.call, "x", 1), -EINVAL);
  assert_int_equal(host->emit_reserve(&call.call, 1, &payload), -EINVAL); /* no hooks */
  assert_int_equal(call.alien_uses, 7);
  assert_int_equal(host_call_end(&call, QN_STATUS_MORE), QN_STATUS_MORE);
  assert_int_equal(host->cancelled(&call.call), 0);
  atomic_store(&call.cancelled, 1);
  assert_int_equal(host->cancelled(&call.call), 1);
  host_call_begin(&call, NULL, NULL);
  assert_int_equal(host->cancelled(&call.call), 0);
  desk_close(&at);
}

static void sink_prepares_bytes_and_record(void **state) {
  (void)state;
  desk at;
  qn_str json;
  desk_open(&at, MANIFEST("\"role\":\"sink\""), NULL);
  at.call.sink_slot = 3;
  host_call_begin(&at.call, at.doc, &at.layout);
  const qn_host *host = at.guest_of.host;
  assert_int_equal(host->record_encode(&at.call.call, NULL, &json), 0);
  assert_int_equal(json.data[0], '{');
  assert_int_equal(host->prepared_set(&at.call.call, json.data, json.len), 0);
  assert_int_equal(host_call_end(&at.call, QN_STATUS_OK), QN_STATUS_OK);
  qn_str kept = document_prepared_get(at.doc, 3);
  assert_int_equal(kept.len, json.len);
  desk_close(&at);
}

/* --- hooks --- */

static char heard[2048];

static int hear_field(qn_call *call, qn_str name, const qn_value *value) {
  (void)call;
  (void)value;
  snprintf(heard, sizeof heard, "field %.*s", (int)name.len, name.data);
  return 0;
}

static int hear_reject(qn_call *call, const qn_emit *emit, const char *slug, const char *words, size_t len) {
  (void)call;
  (void)emit;
  snprintf(heard, sizeof heard, "%s: %.*s", slug, (int)len, words);
  return 0;
}

static void hear_complete(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *words,
                          size_t len) {
  (void)env;
  snprintf(heard, sizeof heard, "%u %d %s %.*s", ticket.slot, (int)status, slug != NULL ? slug : "-", (int)len,
           words != NULL ? words : "");
}

static void hooks_hear_only_what_is_allowed_and_clean(void **state) {
  (void)state;
  guest guest_of;
  const host_hooks hooks = { .emit_field = hear_field, .emit_reject = hear_reject, .complete = hear_complete };
  const qn_value value = { .type = QN_VALUE_I64 };
  const qn_emit emit = { .source = { "a", 1 } };
  guest_open(&guest_of, "acme.so", MANIFEST("\"role\":\"source\",\"fields\":{\"writes\":[\"title\"]}"), "{}", &hooks);
  const qn_host *host = guest_of.host;
  host_call call;
  host_call_init(&call, &guest_of.env, NULL, NULL);
  host_call_begin(&call, NULL, NULL);
  assert_int_equal(host->emit_field(&call.call, QN_LIT("title"), &value), 0);
  assert_string_equal(heard, "field title");
  assert_int_equal(host->emit_field(&call.call, QN_LIT("titles"), &value), -EPERM);
  assert_int_equal(host->emit_reject(&call.call, &emit, "bad-file", "it is\nbad\xFF", 10), 0);
  assert_string_equal(heard, "bad-file: it is bad\xEF\xBF\xBD");
  assert_int_equal(host->emit_reject(&call.call, &emit, NULL, NULL, 0), 0);
  assert_string_equal(heard, "failed: the source rejected it without saying why");
  host->complete(&guest_of.env, (qn_ticket){ 4, 1 }, QN_STATUS_RETRY, "busy", "later\n", 6);
  assert_string_equal(heard, "4 4 busy later");
  host->complete(&guest_of.env, (qn_ticket){ 4, 1 }, QN_STATUS_OK, "busy", "later", 5);
  assert_string_equal(heard, "4 0 - ");
  assert_null(host->extension(&guest_of.env, "qanat.io/1"));
  guest_close(&guest_of);
}

static void table_is_whole_and_says_its_version(void **state) {
  (void)state;
  const qn_host *host = host_table();
  assert_int_equal(host->size, sizeof *host);
  assert_int_equal(host->abi_major, QN_ABI_MAJOR);
  assert_int_equal(host->abi_minor, QN_ABI_MINOR);
  /* Every entry after the head is a function. */
  const char *at = (const char *)host + offsetof(qn_host, log);
  for (; at < (const char *)host + sizeof *host; at += sizeof(void *)) {
    void *entry;
    memcpy(&entry, at, sizeof entry);
    assert_non_null(entry);
  }
}

int main(void) {
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_values_have_the_types_of_the_schema),
    IN_FOLDER(files_of_config_and_data_are_lent),
    IN_FOLDER(files_that_cannot_be_opened_are_explained),
    cmocka_unit_test(memory_is_aligned_counted_and_can_be_made_to_fail),
    cmocka_unit_test(call_ended_other_than_ok_keeps_nothing),
    cmocka_unit_test(call_pending_seals_when_it_is_completed),
    cmocka_unit_test(fail_keeps_words_clean_and_short),
    cmocka_unit_test(call_without_builder_still_reads),
    cmocka_unit_test(call_without_document_reads_nothing),
    cmocka_unit_test(sink_prepares_bytes_and_record),
    cmocka_unit_test(hooks_hear_only_what_is_allowed_and_clean),
    cmocka_unit_test(table_is_whole_and_says_its_version),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
