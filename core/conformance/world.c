/* SPDX-License-Identifier: Apache-2.0 */

/* Opens a world, and puts payload, text, fields and a view into its documents; their layers are in giving.c. */
#include "conformance/world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/chance.h"
#include "conformance/giving.h"
#include "document/block.h"
#include "document/utf8.h"

enum { DOCUMENT_BYTES = 16 << 20, RUNS_MAX = 4096 };

/* --- opening --- */

static const layer_schema *schema_among(const manifest *from, const char *name) {
  for (uint32_t i = 0; i < from->n_schemas; i++) {
    if (strcmp(from->schemas[i].name, name) == 0) {
      return &from->schemas[i];
    }
  }
  return NULL;
}

static const layer_schema *schema_of(const world *self, const char *name) {
  const layer_schema *found = schema_among(self->declared, name);
  found = found != NULL ? found : schema_among(self->info->manifest, name);
  return found != NULL ? found : schema_known(name);
}

static int layers_lay_out(world *self, qn_error *error) {
  const stage_info *info = self->info;
  self->layout.n_layers = info->n_layers;
  for (uint32_t i = 0; i < info->n_layers; i++) {
    uint32_t slot = UINT8_MAX;
    bool absent = info->layers[i].access == LAYER_MAY_READ && self->kind == WORLD_BARE;
    const layer_schema *schema = schema_of(self, info->layers[i].name);
    if (schema == NULL) {
      return error_set(error, -EINVAL, "no-layer", "nobody declares the layer \"%s\"", info->layers[i].name);
    }
    int rc = absent ? 0 : schema_set_add(self->schemas, schema, &slot, error);
    if (rc != 0) {
      return rc;
    }
    self->layout.layer_slot[i] = (uint8_t)slot;
    self->layout.layer_access[i] = (uint8_t)info->layers[i].access;
  }
  return 0;
}

static int views_lay_out(world *self, qn_error *error) {
  const stage_info *info = self->info;
  uint32_t slot = SCHEMA_VIEW_NONE;
  const char *reads = info->n_views_read == 0 ? "payload" /* a source */
                                              : info->views_read[self->kind == WORLD_RICH ? 0 : info->n_views_read - 1];
  int rc = schema_set_add_view(self->schemas, reads, &slot, error);
  self->layout.view_reads = (uint8_t)slot;
  self->given_view = slot > SCHEMA_VIEW_TEXT ? (uint8_t)slot : SCHEMA_VIEW_NONE;
  self->layout.view_provides = SCHEMA_VIEW_NONE;
  if (rc == 0 && info->view_provided != NULL) {
    rc = schema_set_add_view(self->schemas, info->view_provided, &slot, error);
    self->layout.view_provides = (uint8_t)slot;
  }
  self->text_is_given = self->layout.view_provides != SCHEMA_VIEW_TEXT;
  return rc;
}

bool world_kinds_differ(const stage_info *info) {
  bool may_read = false;
  for (uint32_t i = 0; i < info->n_layers; i++) {
    may_read = may_read || info->layers[i].access == LAYER_MAY_READ;
  }
  return info->n_views_read > 1 || may_read;
}

int world_open(world *self, const stage_info *info, const manifest *declared, world_kind kind, qn_error *error) {
  static const document_limits limits = { .document_bytes = DOCUMENT_BYTES };
  *self = (world){ .info = info, .declared = declared, .kind = kind };
  int rc = schema_set_new(&self->schemas);
  rc = rc == 0 ? layers_lay_out(self, error) : rc;
  rc = rc == 0 ? views_lay_out(self, error) : rc;
  self->layout.n_fields_written = info->n_fields_written;
  self->layout.fields_written = info->fields_written;
  for (uint32_t i = 0; i < info->n_fields_written; i++) {
    self->layout.may_set_any_field |= strcmp(info->fields_written[i], "*") == 0;
  }
  rc = rc == 0 ? document_pool_new(self->schemas, &limits, &self->pool) : rc;
  rc = rc == 0 ? builder_new(&self->building) : rc;
  rc = rc == 0 ? record_encoder_new(&self->encoder) : rc;
  if (rc != 0) {
    world_close(self);
  }
  return rc == -ENOMEM ? error_set(error, rc, "no-memory", "no memory") : rc;
}

void world_close(world *self) {
  record_encoder_free(self->encoder);
  builder_free(self->building);
  if (self->pool != NULL) {
    document_pool_free(self->pool);
  }
  schema_set_free(self->schemas);
  *self = (world){ 0 };
}

/* --- fields --- */

static int field_str(document *doc, const char *name, const char *text) {
  qn_value value = { .type = QN_VALUE_STR, .as.str = { text, strlen(text) } };
  return document_field_set(doc, (qn_str){ name, strlen(name) }, &value);
}

/* A value such as a field of that name may have, or one that nobody expects there. */
static int field_give(document *doc, const char *name, chance *from) {
  static const char *const titles[] = { "مدارس جديدة في المدينة", "Nova-7 بـ57 مليونا", "", "«»", "\u202Eعنوان" };
  static const char *const dates[] = { "2026-01-16", "2026-01-16T12:00:00Z", "yesterday", "", "9999-99-99" };
  static const char *const languages[] = { "ar", "en", "", "x-rubbish", "AR-sa" };
  static const char *const types[] = { "text/plain", "text/html; charset=windows-1256", "text/html", "",
                                       "rubbish/;;=" };
  static const char *const others[] = { "a", "", "قيمة", "http://a.example/" };
  const char *const *values = strcmp(name, "title") == 0        ? titles
                              : strcmp(name, "published") == 0  ? dates
                              : strcmp(name, "language") == 0   ? languages
                              : strcmp(name, "media_type") == 0 ? types
                                                                : others;
  uint32_t n = values == others ? 4 : 5;
  qn_value number = { .type = QN_VALUE_I64, .as.i64 = INT64_MIN };
  switch (chance_below(from, 6)) {
  case 0:
    return 0;
  case 1:
    return document_field_set(doc, (qn_str){ name, strlen(name) }, &number);
  default:
    return field_str(doc, name, values[chance_below(from, n)]);
  }
}

static int fields_give(world *self, document *doc, const sample *from) {
  static const char *const usual[] = { "title", "published", "language", "media_type" };
  chance luck = chance_for(from->seed, 1);
  char id[64];
  snprintf(id, sizeof id, "sample-%u", from->number);
  int rc = field_str(doc, "id", id);
  rc = rc == 0 ? field_str(doc, "source", "samples") : rc;
  for (size_t i = 0; rc == 0 && i < sizeof usual / sizeof usual[0]; i++) {
    rc = field_give(doc, usual[i], &luck);
  }
  for (uint32_t i = 0; rc == 0 && i < self->info->n_fields_read; i++) {
    const char *name = self->info->fields_read[i];
    if (strcmp(name, "*") != 0 && strcmp(name, "id") != 0 && strcmp(name, "source") != 0) {
      rc = field_give(doc, name, &luck);
    }
  }
  return rc;
}

/* --- payload and text --- */

static int payload_give(world *self, document *doc, const sample *from) {
  uint8_t *room = NULL;
  size_t capacity = self->text_is_given ? from->len * 3 : from->len, len = from->len;
  int rc = document_payload_reserve(doc, capacity, &room);
  if (rc != 0) {
    return rc;
  }
  if (self->text_is_given) {
    len = utf8_repair(from->bytes, from->len, room);
  } else if (len > 0) {
    memcpy(room, from->bytes, len);
  }
  return document_payload_commit(doc, len);
}

static int text_give(world *self, document *doc, qn_error *error) {
  const stage_layout decode = { .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_TEXT };
  qn_view payload;
  int rc = document_view_get(doc, SCHEMA_VIEW_PAYLOAD, &payload);
  if (rc != 0) {
    return rc;
  }
  builder_begin(self->building, doc, &decode);
  rc = builder_view_alias(self->building, (qn_span){ 0, payload.len });
  return rc == 0 ? builder_seal(self->building, error) : rc;
}

/* --- the view between --- */

/* Where the code point behind at ends. */
static uint32_t after(const qn_view *text, uint32_t at) {
  do {
    at++;
  } while (at < text->len && !utf8_is_border(text->data[at]));
  return at;
}

/* Writes the next run: most often a copy, else something cut out, replaced or put in. Returns where it stands in the text. */
static uint32_t run_write(const qn_view *text, chance *luck, uint32_t at, qn_view_room *room, uint32_t *ret_len,
                          uint32_t run) {
  static const char other[] = "بديل";
  uint32_t end = at;
  for (uint32_t n = 1 + chance_below(luck, 120); n > 0 && end < text->len; n--) {
    end = after(text, end);
  }
  bool last = run + 2 == RUNS_MAX;
  uint32_t kind = last ? 9 : chance_below(luck, 10);
  end = last ? text->len : end;
  room->derived[run] = *ret_len;
  room->base[run] = at;
  room->kind[run] = QN_RUN_COPY;
  if (kind == 0) {
    room->kind[run] = QN_RUN_REPLACE | QN_RUN_BREAK; /* cut out: nothing for these bytes */
  } else if (kind == 1) {
    room->kind[run] = QN_RUN_REPLACE;
    memcpy(room->data + *ret_len, other, sizeof other - 1);
    *ret_len += sizeof other - 1;
  } else {
    room->kind[run] = kind == 2 ? QN_RUN_COPY | QN_RUN_BREAK : QN_RUN_COPY;
    memcpy(room->data + *ret_len, text->data + at, end - at);
    *ret_len += end - at;
  }
  return end;
}

static int view_give(world *self, document *doc, const sample *from, qn_error *error) {
  const stage_layout derive = { .view_reads = SCHEMA_VIEW_TEXT, .view_provides = self->given_view };
  chance luck = chance_for(from->seed, 2);
  qn_view text;
  qn_view_room room;
  builder_begin(self->building, doc, &derive);
  int rc = builder_view_get(self->building, &text);
  if (rc != 0) {
    return rc;
  }
  if (chance_once_in(&luck, 4)) {
    rc = builder_view_alias(self->building, (qn_span){ 0, text.len });
    return rc == 0 ? builder_seal(self->building, error) : rc;
  }
  rc = builder_view_reserve(self->building, text.len + RUNS_MAX * 8, RUNS_MAX, &room);
  if (rc != 0) {
    return rc;
  }
  uint32_t len = 0, n_runs = 0;
  for (uint32_t at = 0; at < text.len && n_runs + 1 < RUNS_MAX; n_runs++) {
    at = run_write(&text, &luck, at, &room, &len, n_runs);
  }
  rc = builder_view_commit(self->building, len, n_runs);
  return rc == 0 ? builder_seal(self->building, error) : rc;
}

int world_document(world *self, const sample *from, document **ret_document, qn_error *error) {
  document *doc = NULL;
  error->message[0] = '\0';
  int rc = document_new(self->pool, &doc);
  if (rc != 0) {
    return error_set(error, rc, "no-memory", "no memory for a document");
  }
  rc = payload_give(self, doc, from);
  rc = rc == 0 ? fields_give(self, doc, from) : rc;
  rc = rc == 0 && self->text_is_given ? text_give(self, doc, error) : rc;
  rc = rc == 0 && self->given_view != SCHEMA_VIEW_NONE ? view_give(self, doc, from, error) : rc;
  rc = rc == 0 ? giving_layers(self, doc, from, error) : rc;
  if (rc != 0) {
    document_unref(doc);
    return error->message[0] != '\0' ? rc : error_set(error, rc, "no-sample", "%s", strerror(-rc));
  }
  *ret_document = doc;
  return 0;
}

/* --- reading --- */

static uint64_t hash_of(const uint8_t *bytes, size_t len) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

char *world_dump(world *self, document *doc) {
  size_t size = block_size(doc), len = 0;
  qn_str record = { NULL, 0 };
  uint8_t *block = malloc(size);
  char *dump = NULL;
  if (block != NULL && block_write(doc, block, size, &len) == 0 &&
      record_encode(self->encoder, doc, NULL, &record) == 0 &&
      asprintf(&dump, "%.*s\nblock %016" PRIx64, (int)record.len, record.data, hash_of(block, len)) < 0) {
    dump = NULL;
  }
  free(block);
  return dump;
}
