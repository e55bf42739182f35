/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps every second row of a layer, adds one behind them all, and writes a string to it. */
#include <errno.h>

#include "sound.h"

enum { ENTITY = 0 };

BAD_NOTE(SOUND_MANIFEST(
    "transform", "sound-modifies",
    ",\"view\":{\"reads\":[\"normalized\",\"content\",\"text\"]},\"layers\":{\"modifies\":[\"entity/1\"]}"));

BAD_LIFE

static void row_copy(const qn_rows *rows, uint32_t to, uint32_t from) {
  static const uint32_t widths[] = {
    4, sizeof(qn_heap_str), 8, 8, 8, sizeof(qn_heap_str), sizeof(qn_heap_str), sizeof(qn_heap_str), sizeof(qn_heap_str)
  };
  rows->begin[to] = rows->begin[from];
  rows->end[to] = rows->end[from];
  for (uint32_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
    char *cells = rows->columns[i];
    memmove(cells + (size_t)to * widths[i], cells + (size_t)from * widths[i], widths[i]);
  }
}

static void row_add(const qn_rows *rows, uint32_t row, uint32_t at) {
  static const uint32_t strings[] = { QN_ENTITY_LINK, QN_ENTITY_UNIT, QN_ENTITY_DATE, QN_ENTITY_RESOLVED,
                                      QN_ENTITY_MODIFIER };
  static const uint32_t numbers[] = { QN_ENTITY_SCORE, QN_ENTITY_AMOUNT, QN_ENTITY_AMOUNT_MAX };
  rows->begin[row] = rows->end[row] = at;
  ((uint32_t *)rows->columns[QN_ENTITY_TYPE])[row] = QN_ENTITY_TYPE_EVENT;
  for (uint32_t i = 0; i < 5; i++) {
    ((qn_heap_str *)rows->columns[strings[i]])[row] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  for (uint32_t i = 0; i < 3; i++) {
    ((double *)rows->columns[numbers[i]])[row] = 0.5;
  }
  memcpy(rows->heap, "End", 3);
  ((qn_heap_str *)rows->columns[QN_ENTITY_LINK])[row] = (qn_heap_str){ rows->heap_base, 3 };
}

static qn_status process(void *instance, void *context, qn_call *call) {
  qn_view text;
  qn_rows rows;
  (void)instance;
  (void)context;
  int rc = call->host->view_get(call, &text);
  rc = rc == 0 ? call->host->layer_edit(call, ENTITY, 1, 3, &rows) : rc;
  if (rc != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for rows");
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < rows.n_filled; i += 2) {
    row_copy(&rows, n++, i);
  }
  row_add(&rows, n++, text.len);
  return call->host->layer_replace(call, ENTITY, n, rows.heap_base + 3) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for rows");
}

BAD_DESCRIPTOR("sound-modifies");
