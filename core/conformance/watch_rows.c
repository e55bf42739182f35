/* SPDX-License-Identifier: Apache-2.0 */

/* Room to write into: a little more is asked of the host than is lent, and what stands there must stay. Lent room is filled
 * with a pattern, so that a stage which counts on zeros is seen. */
#include <errno.h>
#include <string.h>

#include "conformance/watch.h"
#include "document/layer.h"

enum { GUARD_ROWS = 8, GUARD_BYTES = 64 };

static const layer_schema *schema_at(const qn_call *call, uint32_t layer) {
  const qn_harness *harness = call->env->owner;
  const watch *self = watch_of(call->env);
  return schema_set_at(harness->schemas, self->layout->layer_slot[layer]);
}

/* Fills or looks at n elements from first on. */
static void fill_from(void *bytes, size_t first, size_t n, size_t width, uint8_t fill) {
  memset((uint8_t *)bytes + first * width, fill, n * width);
}

static bool holds_from(const void *bytes, size_t first, size_t n, size_t width, uint8_t fill) {
  const uint8_t *at = (const uint8_t *)bytes + first * width;
  for (size_t i = 0; i < n * width; i++) {
    if (at[i] != fill) {
      return false;
    }
  }
  return true;
}

static bool is_declared(const watch *self, uint32_t layer, layer_access access) {
  return layer < self->layout->n_layers && self->layout->layer_access[layer] == access;
}

static int undeclared(watch *self, uint32_t layer, const char *what) {
  teller_find(self->teller, RULE_LAYER_DECLARED, "%s of layer %u, which its manifest has not declared for that", what,
              layer);
  return -EINVAL;
}

/* --- rows --- */

static void rows_fill(const watched_call *at, uint32_t layer, const watched_room *room, uint32_t from_row) {
  const layer_schema *schema = schema_at(at->call, layer);
  uint32_t n = room->n_rows + GUARD_ROWS - from_row;
  fill_from(room->rows.begin, from_row, n, 4, at->fill);
  fill_from(room->rows.end, from_row, n, 4, at->fill);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    fill_from(room->rows.columns[i], from_row, n, layer_width(schema->columns[i].type), at->fill);
  }
  fill_from(room->rows.heap, 0, room->heap_bytes + GUARD_BYTES, 1, at->fill);
}

static void room_check(watch *self, const watched_call *at, uint32_t layer) {
  const watched_room *room = &at->rooms[layer];
  if (!room->is_open || !room->is_guarded) {
    return;
  }
  const layer_schema *schema = schema_at(at->call, layer);
  const char *what = NULL;
  if (!holds_from(room->rows.begin, room->n_rows, GUARD_ROWS, 4, at->fill) ||
      !holds_from(room->rows.end, room->n_rows, GUARD_ROWS, 4, at->fill)) {
    what = "begin or end";
  }
  for (uint32_t i = 0; i < schema->n_columns && what == NULL; i++) {
    if (!holds_from(room->rows.columns[i], room->n_rows, GUARD_ROWS, layer_width(schema->columns[i].type), at->fill)) {
      what = schema->columns[i].name;
    }
  }
  if (what != NULL) {
    teller_find(self->teller, RULE_LAYER_ROOM, "layer \"%s\": it wrote behind the %u rows lent to it, into %s",
                schema->name, room->n_rows, what);
  } else if (!holds_from(room->rows.heap, room->heap_bytes, GUARD_BYTES, 1, at->fill)) {
    teller_find(self->teller, RULE_LAYER_ROOM, "layer \"%s\": it wrote behind the %u bytes of heap lent to it",
                schema->name, room->heap_bytes);
  }
}

int watch_layer_reserve(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!is_declared(self, layer, LAYER_PROVIDES)) {
    return undeclared(self, layer, "layer_reserve");
  }
  if (at == NULL || n_rows > UINT32_MAX - GUARD_ROWS || heap_bytes > UINT32_MAX - GUARD_BYTES) {
    return self->next.layer_reserve(call, layer, n_rows, heap_bytes, ret_rows);
  }
  watched_room *room = &at->rooms[layer];
  room_check(self, at, layer);
  room->is_open = false;
  qn_rows lent;
  int rc = self->next.layer_reserve(call, layer, n_rows + GUARD_ROWS, heap_bytes + GUARD_BYTES, &lent);
  if (rc != 0) {
    return rc;
  }
  *room =
      (watched_room){ .is_open = true, .is_guarded = true, .n_rows = n_rows, .heap_bytes = heap_bytes, .rows = lent };
  rows_fill(at, layer, room, 0);
  *ret_rows = lent;
  ret_rows->capacity = n_rows;
  ret_rows->heap_capacity = heap_bytes;
  return 0;
}

int watch_layer_commit(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!is_declared(self, layer, LAYER_PROVIDES)) {
    return undeclared(self, layer, "layer_commit");
  }
  watched_room *room = at != NULL ? &at->rooms[layer] : NULL;
  if (room != NULL && room->is_open && (n_rows > room->n_rows || heap_bytes > room->heap_bytes)) {
    teller_find(self->teller, RULE_LAYER_COMMIT, "layer %u: %u rows and %u bytes committed, of %u and %u reserved",
                layer, n_rows, heap_bytes, room->n_rows, room->heap_bytes);
    return -EINVAL;
  }
  if (room != NULL) {
    room_check(self, at, layer);
    room->is_open = false;
  }
  int rc = self->next.layer_commit(call, layer, n_rows, heap_bytes);
  if (rc == -EINVAL) {
    teller_find(self->teller, RULE_LAYER_COMMIT, "layer %u: layer_commit without a layer_reserve before it", layer);
  }
  if (rc == 0 && n_rows > 0) {
    teller_made(self->teller, layer);
  }
  return rc;
}

int watch_layer_edit(qn_call *call, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!is_declared(self, layer, LAYER_MODIFIES)) {
    return undeclared(self, layer, "layer_edit");
  }
  if (at == NULL || more_rows > UINT32_MAX - GUARD_ROWS || more_heap > UINT32_MAX - GUARD_BYTES) {
    return self->next.layer_edit(call, layer, more_rows, more_heap, ret_rows);
  }
  watched_room *room = &at->rooms[layer];
  qn_rows lent;
  int rc = self->next.layer_edit(call, layer, more_rows + GUARD_ROWS, more_heap + GUARD_BYTES, &lent);
  if (rc != 0) {
    return rc;
  }
  *room = (watched_room){
    .is_open = true, .is_guarded = true, .n_rows = lent.n_filled + more_rows, .heap_bytes = more_heap, .rows = lent
  };
  rows_fill(at, layer, room, lent.n_filled);
  *ret_rows = lent;
  ret_rows->capacity = room->n_rows;
  ret_rows->heap_capacity = more_heap;
  return 0;
}

int watch_layer_replace(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!is_declared(self, layer, LAYER_MODIFIES)) {
    return undeclared(self, layer, "layer_replace");
  }
  watched_room *room = at != NULL ? &at->rooms[layer] : NULL;
  if (room != NULL && room->is_open &&
      (n_rows > room->n_rows || heap_bytes > room->rows.heap_base + room->heap_bytes)) {
    teller_find(self->teller, RULE_LAYER_COMMIT, "layer %u: layer_replace by %u rows and %u bytes, more than were lent",
                layer, n_rows, heap_bytes);
    return -EINVAL;
  }
  if (room != NULL) {
    room_check(self, at, layer);
    room->is_open = false;
  }
  int rc = self->next.layer_replace(call, layer, n_rows, heap_bytes);
  if (rc == -EINVAL) {
    teller_find(self->teller, RULE_LAYER_COMMIT, "layer %u: layer_replace without a layer_edit before it", layer);
  }
  return rc;
}

/* --- the view --- */

static void view_check(watch *self, const watched_call *at) {
  const watched_view *view = &at->view;
  if (!view->is_open || !view->is_guarded) {
    return;
  }
  const qn_view_room *room = &view->room;
  if (!holds_from(room->data, view->bytes, GUARD_BYTES, 1, at->fill)) {
    teller_find(self->teller, RULE_LAYER_ROOM, "it wrote behind the %u bytes lent to it for its view", view->bytes);
  } else if (!holds_from(room->derived, view->n_runs, GUARD_ROWS, 4, at->fill) ||
             !holds_from(room->base, view->n_runs, GUARD_ROWS, 4, at->fill) ||
             !holds_from(room->kind, view->n_runs, GUARD_ROWS, 1, at->fill)) {
    teller_find(self->teller, RULE_LAYER_ROOM, "it wrote behind the %u runs lent to it for its view", view->n_runs);
  }
}

static bool view_allowed(watch *self, const char *what) {
  if (self->layout->view_provides != SCHEMA_VIEW_NONE) {
    return true;
  }
  teller_find(self->teller, RULE_VIEW_DECLARED, "%s, and its manifest provides no view", what);
  return false;
}

int watch_view_reserve(qn_call *call, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!view_allowed(self, "view_reserve")) {
    return -EINVAL;
  }
  if (at == NULL || bytes > UINT32_MAX / 2 || n_runs > UINT32_MAX / 2) {
    return self->next.view_reserve(call, bytes, n_runs, ret_room);
  }
  watched_view *view = &at->view;
  view_check(self, at);
  uint32_t old_bytes = view->is_open ? view->bytes : 0, old_runs = view->is_open ? view->n_runs : 0;
  bytes = bytes > old_bytes ? bytes : old_bytes;
  n_runs = n_runs > old_runs ? n_runs : old_runs;
  qn_view_room lent;
  int rc = self->next.view_reserve(call, bytes + GUARD_BYTES, n_runs + GUARD_ROWS, &lent);
  if (rc != 0) {
    view->is_open = false;
    return rc;
  }
  *view = (watched_view){ .is_open = true, .is_guarded = true, .bytes = bytes, .n_runs = n_runs, .room = lent };
  fill_from(lent.data, old_bytes, bytes + GUARD_BYTES - old_bytes, 1, at->fill);
  fill_from(lent.derived, old_runs, n_runs + GUARD_ROWS - old_runs, 4, at->fill);
  fill_from(lent.base, old_runs, n_runs + GUARD_ROWS - old_runs, 4, at->fill);
  fill_from(lent.kind, old_runs, n_runs + GUARD_ROWS - old_runs, 1, at->fill);
  *ret_room = lent;
  ret_room->capacity = bytes;
  ret_room->run_capacity = n_runs;
  return 0;
}

int watch_view_commit(qn_call *call, uint32_t bytes, uint32_t n_runs) {
  watch *self = watch_of(call->env);
  watched_call *at = watch_call_get(self, call);
  if (!view_allowed(self, "view_commit")) {
    return -EINVAL;
  }
  watched_view *view = at != NULL ? &at->view : NULL;
  if (view != NULL && view->is_open && (bytes > view->bytes || n_runs > view->n_runs)) {
    teller_find(self->teller, RULE_VIEW_BUILT, "%u bytes and %u runs committed, of %u and %u reserved", bytes, n_runs,
                view->bytes, view->n_runs);
    return -EINVAL;
  }
  if (view != NULL) {
    view_check(self, at);
    view->is_open = false;
  }
  int rc = self->next.view_commit(call, bytes, n_runs);
  if (rc == -EINVAL) {
    teller_find(self->teller, RULE_VIEW_BUILT, "view_commit without a view_reserve before it, or a second one");
  }
  return rc;
}

int watch_view_alias(qn_call *call, qn_span of_base) {
  watch *self = watch_of(call->env);
  if (!view_allowed(self, "view_alias")) {
    return -EINVAL;
  }
  int rc = self->next.view_alias(call, of_base);
  if (rc == -EINVAL) {
    teller_find(self->teller, RULE_VIEW_BUILT,
                "view_alias of bytes %u to %u was refused: they are not in the base, or the "
                "view is there already",
                of_base.begin, of_base.end);
  }
  return rc;
}

void watch_guards_check(watch *self, const watched_call *at) {
  for (uint32_t i = 0; i < self->layout->n_layers && i < STAGE_LAYERS_MAX; i++) {
    room_check(self, at, i);
  }
  view_check(self, at);
}
