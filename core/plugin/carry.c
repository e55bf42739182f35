/* SPDX-License-Identifier: Apache-2.0 */

/* Blocks in and out of calls. */
#include "plugin/carry.h"

#include <errno.h>
#include <string.h>

#include "document/block.h"
#include "qanat/block.h"

carry_promise carry_promise_of(const schema_set *set, const stage_layout *layout) {
  carry_promise promise = { .set = set, .views = layout->views_given };
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    if (layout->layer_access[i] == LAYER_PROVIDES && layout->layer_slot[i] < schema_set_count(set)) {
      promise.layers |= UINT64_C(1) << layout->layer_slot[i];
    }
  }
  return promise;
}

static bool is_name(const char *name, qn_str text) {
  return strlen(name) == text.len && memcmp(name, text.data, text.len) == 0;
}

static bool is_promised_view(const carry_promise *self, uint32_t slot) {
  return slot == SCHEMA_VIEW_PAYLOAD || (self->views >> slot & 1) != 0;
}

static bool wants_view(void *arg, qn_str name) {
  const carry_promise *self = arg;
  for (uint32_t i = 0; i < schema_set_n_views(self->set); i++) {
    if (is_name(schema_set_view_name(self->set, i), name)) {
      return is_promised_view(self, i);
    }
  }
  return false;
}

static bool wants_layer(void *arg, qn_str name) {
  const carry_promise *self = arg;
  for (uint32_t i = 0; i < schema_set_count(self->set); i++) {
    if (is_name(schema_set_at(self->set, i)->name, name)) {
      return (self->layers >> i & 1) != 0;
    }
  }
  return false;
}

static bool wants_field(void *arg, qn_str name) {
  (void)arg;
  (void)name;
  return true;
}

static int lacking(const char *what, const char *name, qn_error *error) {
  return error_set(
      error, -EBADMSG, "bad-block",
      "the block has no %s \"%s\", which this source's \"layers\" promises: whoever sends must make it, or it "
      "must not be named here",
      what, name);
}

/* The stages behind rely on what the plan says they will find. */
static int check_promise(const carry_promise *self, document *made, qn_error *error) {
  for (uint32_t i = 0; i < schema_set_n_views(self->set); i++) {
    qn_view view;
    if (is_promised_view(self, i) && document_view_get(made, i, &view) != 0) {
      return lacking("view", schema_set_view_name(self->set, i), error);
    }
  }
  for (uint32_t i = 0; i < schema_set_count(self->set); i++) {
    qn_layer layer;
    if ((self->layers >> i & 1) != 0 && document_layer_get(made, i, SCHEMA_VIEW_TEXT, &layer) != 0) {
      return lacking("layer", schema_set_at(self->set, i)->name, error);
    }
  }
  return 0;
}

int carry_read(document_pool *pool, const carry_promise *promise, const void *block, size_t len,
               document **ret_document, qn_error *error) {
  carry_promise asked = *promise;
  const block_wanted wanted = { .view = wants_view, .layer = wants_layer, .field = wants_field, .arg = &asked };
  document *made = NULL;
  int rc = block_read_part(pool, block, len, &wanted, &made, error);
  if (rc != 0) {
    return rc;
  }
  rc = check_promise(promise, made, error);
  if (rc != 0) {
    document_unref(made);
    return rc;
  }
  *ret_document = made;
  return 0;
}

int carry_prepare(qn_call *call, size_t most_bytes) {
  host_call *body = (host_call *)call;
  if (call->env->info->role != ROLE_SINK || body->document == NULL || body->encoder == NULL) {
    body->alien_uses++;
    return -EINVAL;
  }
  size_t len = block_size(body->document);
  if (len > most_bytes) {
    return -EFBIG;
  }
  void *room;
  int rc = document_prepared_reserve(body->document, body->sink_slot, len, &room);
  return rc == 0 ? block_write(body->document, room, len, &len) : rc;
}
