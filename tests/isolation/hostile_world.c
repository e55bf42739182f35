/* SPDX-License-Identifier: Apache-2.0 */

/* One child of the hostile plugin, set up as the runtime would. */
#include "hostile_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const fields[] = { "answer" };

static char folder[4096];

void world_folder_set(const char *where) {
  strncpy(folder, where, sizeof folder - 1);
}

static void count_line(void *arg, uint32_t level, const char *text, size_t len) {
  world *self = arg;
  (void)level;
  self->n_farewells += len == 8 && memcmp(text, "farewell", 8) == 0;
  self->n_lines += len > 0;
}

void world_open(world *self, const char *create) {
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  const document_limits limits = { .document_bytes = 64 << 20 };
  qn_error error = { 0 };
  memset(self, 0, sizeof *self);
  assert_int_equal(registry_new(&options, &self->registry, &error), 0);
  assert_int_equal(schema_set_new(&self->set), 0);
  assert_int_equal(document_pool_new(self->set, &limits, &self->pool), 0);
  self->layout = (stage_layout){ .view_reads = SCHEMA_VIEW_PAYLOAD,
                                 .view_provides = SCHEMA_VIEW_NONE,
                                 .n_fields_written = 1,
                                 .fields_written = fields };
  self->timeout_ms = TIMEOUT_MS;
  self->isolation = (plan_isolation){ .memory_bytes = MEMORY_BYTES };
  self->config = cJSON_CreateObject();
  cJSON_AddStringToObject(self->config, "create", create);
}

int world_start(world *self, const char *stage, qn_error *error) {
  const child_options options = { .stage = { .info = registry_find(self->registry, stage),
                                             .id = stage,
                                             .config = self->config,
                                             .base_folder = "",
                                             .layout = &self->layout,
                                             .schemas = self->set,
                                             .limits = { .document_bytes = 64 << 20 },
                                             .isolation = self->isolation },
                                  .timeout_ms = self->timeout_ms,
                                  .log = count_line,
                                  .arg = self };
  assert_non_null(options.stage.info);
  return child_new(&options, &self->child, error);
}

void world_close(world *self) {
  child_free(self->child);
  self->child = NULL;
  cJSON_Delete(self->config);
  document_pool_free(self->pool); /* asserts that no document is left */
  schema_set_free(self->set);
  registry_free(self->registry);
}

document *document_of(world *self, const char *payload, size_t len) {
  document *doc;
  uint8_t *room;
  assert_int_equal(document_new(self->pool, &doc), 0);
  assert_int_equal(document_payload_reserve(doc, len, &room), 0);
  memcpy(room, payload, len);
  assert_int_equal(document_payload_commit(doc, len), 0);
  return doc;
}

int64_t answer_of(const document *doc) {
  qn_value value = { 0 };
  return document_field_get(doc, QN_LIT("answer"), &value) == 0 ? value.as.i64 : INT64_MIN;
}

/* A batch of good documents with one that says `what` among them. */
void run_among_others(world *self, const char *what, child_item *ret_item) {
  child_item items[BATCH] = { 0 };
  qn_error error = { 0 };
  for (uint32_t i = 0; i < BATCH; i++) {
    const char *payload = i == BATCH / 2 ? what : "good";
    items[i] = (child_item){ .document = document_of(self, payload, strlen(payload)), .attempt = 1 };
  }
  assert_int_equal(child_run_batch(self->child, items, BATCH, &error), 0);
  for (uint32_t i = 0; i < BATCH; i++) {
    if (i != BATCH / 2) {
      assert_int_equal(items[i].status, QN_STATUS_OK);
      assert_int_equal(answer_of(items[i].document), 4);
      document_unref(items[i].document);
    }
  }
  *ret_item = items[BATCH / 2];
}
