/* SPDX-License-Identifier: Apache-2.0 */

/* What stages that read many layers do alike with what the host lends them. All inline: no part of the ABI. */
#ifndef TEXT_LENT_H
#define TEXT_LENT_H

#include <errno.h>

#include "qanat/stage.h"

/* A layer under "may_read": empty if the pipeline does not have it. 0, or the host's error. */
static inline int lent_layer_or_none(qn_call *call, uint32_t layer, qn_layer *ret_layer) {
  qn_layer none = { 0, 0, NULL, NULL, NULL, NULL };
  int error = call->host->layer_get(call, layer, ret_layer);
  if (error == -ENOENT) {
    *ret_layer = none;
    return 0;
  }
  return error;
}

/* The document's title as a text: a span of the view, as declutter sets it, or a string from the source. Empty if
 * there is none. The stage reads the field "title". */
static inline qn_str lent_title(qn_call *call, const qn_view *view) {
  qn_value value;
  qn_str title = { NULL, 0 };
  if (call->host->field_get(call, QN_LIT("title"), &value) != 0) {
    return title;
  }
  if (value.type == QN_VALUE_STR) {
    return value.as.str;
  }
  if (value.type == QN_VALUE_SPAN && value.as.span.begin <= value.as.span.end && value.as.span.end <= view->len) {
    title.data = (const char *)view->data + value.as.span.begin;
    title.len = value.as.span.end - value.as.span.begin;
  }
  return title;
}

/* Makes room for count elements of size bytes in *memory, with some to spare; what is there is kept. 0, -ENOMEM. */
static inline int lent_room(const qn_host *host, qn_env *env, void **memory, uint32_t *capacity, uint32_t count,
                            size_t size) {
  if (count <= *capacity) {
    return 0;
  }
  uint64_t wanted = (uint64_t)count + count / 2;
  if (wanted > UINT32_MAX / 2 || wanted > SIZE_MAX / size) {
    return -ENOMEM;
  }
  void *grown = host->resize(env, *memory, (size_t)wanted * size);
  if (grown == NULL) {
    return -ENOMEM;
  }
  *memory = grown;
  *capacity = (uint32_t)wanted;
  return 0;
}

#endif
