/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of token/1, sound but for their spans, which are left to the plugin. */
#ifndef TESTS_BADPLUGINS_RULES_TOKENS_H
#define TESTS_BADPLUGINS_RULES_TOKENS_H

#include "../bad.h"

#define TOKENS ",\"layers\":{\"provides\":[\"token/1\"]}"

/* Room for n tokens in layer 0, with their cells filled in. OK, or what to return. */
static qn_status tokens_reserve(qn_call *call, uint32_t n, qn_view *ret_text, qn_rows *ret_rows) {
  if (call->host->view_get(call, ret_text) != 0 || call->host->layer_reserve(call, 0, n, 0, ret_rows) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for rows");
  }
  for (uint32_t i = 0; i < n; i++) {
    ((uint32_t *)ret_rows->columns[QN_TOKEN_KIND])[i] = QN_TOKEN_KIND_WORD;
    ((uint32_t *)ret_rows->columns[QN_TOKEN_SCRIPT])[i] = QN_TOKEN_SCRIPT_LATIN;
    ((qn_heap_str *)ret_rows->columns[QN_TOKEN_FORM])[i] = (qn_heap_str){ QN_NO_ROW, 0 };
  }
  return QN_STATUS_OK;
}

static qn_status tokens_commit(qn_call *call, uint32_t n) {
  return call->host->layer_commit(call, 0, n, 0) == 0 ? QN_STATUS_OK
                                                      : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for rows");
}

#endif
