/* SPDX-License-Identifier: Apache-2.0 */

/* The stage normalize: provides the view "normalized", in which one spelling has one form. */
#include <errno.h>
#include <stdlib.h>

#include "qanat/stage.h"
#include "rewrite.h"

static int normalize_create(qn_create *create, void **ret_instance) {
  static const struct {
    const char *pointer;
    uint32_t rule;
  } switches[] = {
    { "/compose", REWRITE_COMPOSE }, { "/presentation_forms", REWRITE_SHAPES }, { "/diacritics", REWRITE_DIACRITICS },
    { "/tatweel", REWRITE_TATWEEL }, { "/invisible", REWRITE_INVISIBLE },       { "/controls", REWRITE_CONTROLS },
    { "/spaces", REWRITE_SPACES },   { "/punctuation", REWRITE_PUNCTUATION },
  };
  rewrite_plan *plan = calloc(1, sizeof *plan);
  if (plan == NULL) {
    const char text[] = "no memory for the stage's tables";
    return create->host->create_fail(create, text, sizeof text - 1);
  }
  uint32_t rules = 0;
  for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
    rules |= qn_config_i64(create, switches[i].pointer, 1) != 0 ? switches[i].rule : 0;
  }
  rewrite_plan_init(plan, rules);
  *ret_instance = plan;
  return 0;
}

static void normalize_destroy(void *instance) {
  free(instance);
}

/* The kernel's way to the host's room. The first time it gets what a text with few changes needs, so that it seldom
 * comes again. */
typedef struct room_source {
  qn_call *call;
  uint32_t view_len;
} room_source;

static int room_grow(void *arg, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room) {
  const room_source *source = arg;
  uint32_t usual_bytes = source->view_len + source->view_len / 32 + 64; /* a view is at most 1 GiB */
  uint32_t usual_runs = source->view_len / 64 + 64;
  return source->call->host->view_reserve(source->call, bytes > usual_bytes ? bytes : usual_bytes,
                                          n_runs > usual_runs ? n_runs : usual_runs, ret_room);
}

static qn_status fail_for(qn_call *call, int error) {
  if (error == -EFBIG) {
    return qn_fail(call, QN_STATUS_REJECT, "too-large",
                   "the normalized text is over limits.document_bytes; raise that limit or split the document");
  }
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the normalized text");
  }
  return qn_fail(call, QN_STATUS_FATAL, "host-refused", "the host refused a view that normalize declares");
}

static qn_status normalize_process(void *instance, void *context, qn_call *call) {
  const rewrite_plan *plan = instance;
  qn_view view;
  rewrite_result result;
  qn_view_room room;
  (void)context;
  int error = call->host->view_get(call, &view);
  if (error != 0) {
    return fail_for(call, error);
  }
  room_source source = { call, view.len };
  error = rewrite_view(plan, &view, room_grow, &source, &result);
  if (error == 0 && result.unchanged) {
    error = call->host->view_alias(call, (qn_span){ 0, view.len });
    return error == 0 ? QN_STATUS_OK : fail_for(call, error);
  }
  if (error == 0 && result.n_bytes == 0) { /* nothing is left, so no room was taken yet */
    error = room_grow(&source, 0, 0, &room);
  }
  if (error == 0) {
    error = call->host->view_commit(call, result.n_bytes, result.n_runs);
  }
  return error == 0 ? QN_STATUS_OK : fail_for(call, error);
}

static const qn_transform normalize_table = {
  .size = sizeof(qn_transform),
  .create = normalize_create,
  .destroy = normalize_destroy,
  .process = normalize_process,
};

static const qn_stage normalize_stage = {
  .size = sizeof(qn_stage),
  .name = "normalize",
  .transform = &normalize_table,
};

static const qn_stage *const stages[] = { &normalize_stage };

const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), 1, stages };
