/* SPDX-License-Identifier: Apache-2.0 */

/* Takes the members out of the JSON, whatever else there may be by then. */
#include "command/top_look.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { PIPELINES_MAX = 1024, STAGES_MAX = 1024, TROUBLES_MAX = 64 };

static const char *text_of(const cJSON *in, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(in, name));
  return text != NULL ? text : "";
}

/* Counts are never negative, nor anything else that a double can be. */
static double number_of(const cJSON *in, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(in, name);
  double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
  return isfinite(value) && value > 0 && value < 1e18 ? value : 0;
}

static bool truth_of(const cJSON *in, const char *name) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(in, name));
}

static const cJSON *part_of(const cJSON *in, const char *name) {
  return cJSON_GetObjectItemCaseSensitive(in, name);
}

static uint32_t count_of(const cJSON *list, uint32_t most) {
  int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
  return n < (int)most ? (uint32_t)n : most;
}

static void read_took(const cJSON *in, histogram_sum *sum) {
  const cJSON *took = part_of(in, "took");
  const cJSON *pair;
  sum->sum_ns = (uint64_t)number_of(took, "sum_ns");
  cJSON_ArrayForEach(pair, part_of(took, "buckets")) {
    const cJSON *index = cJSON_GetArrayItem(pair, 0);
    const cJSON *count = cJSON_GetArrayItem(pair, 1);
    bool good = cJSON_IsNumber(index) && cJSON_IsNumber(count) && index->valuedouble >= 0 &&
                index->valuedouble < HISTOGRAM_BUCKETS && count->valuedouble >= 0 && count->valuedouble < 1e18;
    if (good) {
      sum->counts[(uint32_t)index->valuedouble] += (uint64_t)count->valuedouble;
      sum->count += (uint64_t)count->valuedouble;
    }
  }
}

static int read_stages(const cJSON *list, top_pipeline *to) {
  to->stages = calloc(count_of(list, STAGES_MAX) + 1, sizeof *to->stages);
  if (to->stages == NULL) {
    return -ENOMEM;
  }
  const cJSON *in;
  cJSON_ArrayForEach(in, list) {
    if (to->n_stages == STAGES_MAX) {
      break;
    }
    top_stage *stage = &to->stages[to->n_stages++];
    *stage = (top_stage){ .id = text_of(in, "id"),
                          .use = text_of(in, "use"),
                          .role = text_of(in, "role"),
                          .documents = number_of(in, "documents"),
                          .failed = number_of(in, "failed"),
                          .dropped = number_of(in, "dropped"),
                          .retried = number_of(in, "retried"),
                          .time_ns = number_of(in, "time_ns"),
                          .queue = number_of(in, "queue"),
                          .restarts = number_of(in, "restarts") };
    read_took(in, &stage->took);
  }
  return 0;
}

static int read_troubles(const cJSON *list, top_pipeline *to) {
  to->troubles = calloc(count_of(list, TROUBLES_MAX) + 1, sizeof *to->troubles);
  if (to->troubles == NULL) {
    return -ENOMEM;
  }
  const cJSON *in;
  cJSON_ArrayForEach(in, list) {
    if (to->n_troubles == TROUBLES_MAX) {
      break;
    }
    to->troubles[to->n_troubles++] = (top_trouble){ .time_ms = (int64_t)number_of(in, "time_ms"),
                                                    .stage = text_of(in, "stage"),
                                                    .slug = text_of(in, "slug"),
                                                    .id = text_of(in, "id"),
                                                    .message = text_of(in, "message") };
  }
  return 0;
}

static int read_pipeline(const cJSON *in, top_pipeline *to) {
  const cJSON *counts = part_of(in, "counts");
  const cJSON *reload = part_of(in, "reload");
  *to = (top_pipeline){ .name = text_of(in, "name"),
                        .state = text_of(in, "state"),
                        .reload_message = text_of(reload, "message"),
                        .reload_ok = truth_of(reload, "ok"),
                        .generation = number_of(in, "generation"),
                        .failures = number_of(in, "failures"),
                        .admitted = number_of(counts, "admitted"),
                        .delivered = number_of(counts, "delivered"),
                        .dropped = number_of(counts, "dropped"),
                        .dead_lettered = number_of(counts, "dead_lettered"),
                        .in_flight = number_of(counts, "in_flight"),
                        .limit_documents = number_of(part_of(in, "limits"), "documents"),
                        .oldest_ms = number_of(in, "oldest_ms"),
                        .waiting = number_of(part_of(in, "line"), "waiting") };
  read_took(in, &to->took);
  int rc = read_stages(part_of(in, "stages"), to);
  return rc == 0 ? read_troubles(part_of(in, "troubles"), to) : rc;
}

static void read_worker(const cJSON *in, top_look *to) {
  const cJSON *process = part_of(in, "process");
  const cJSON *journal = part_of(in, "journal");
  to->version = text_of(in, "qanat");
  to->reason = text_of(in, "reason");
  to->ready = truth_of(in, "ready");
  to->draining = truth_of(in, "draining");
  to->now_ms = (int64_t)number_of(in, "now_ms");
  to->started_ms = (int64_t)number_of(in, "started_ms");
  to->memory_bytes = number_of(process, "memory_bytes");
  to->descriptors = number_of(process, "descriptors");
  to->dead_letters = number_of(in, "dead_letters");
  to->journal_state = text_of(journal, "state");
  to->journal_error = text_of(journal, "error");
  to->waiting = number_of(journal, "waiting");
  to->taken = number_of(journal, "taken");
  to->accepted = number_of(journal, "accepted");
  to->kept_bytes = number_of(journal, "bytes");
  to->commits = number_of(journal, "commits");
  to->commit_ns = number_of(journal, "commit_ns");
  to->max_documents = number_of(journal, "max_documents");
  to->oldest_ms = number_of(journal, "oldest_ms");
}

int top_look_read(const char *text, size_t len, top_look **ret_look, qn_error *error) {
  top_look *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory");
  }
  made->json = cJSON_ParseWithLength(text, len);
  const cJSON *list = part_of(made->json, "pipelines");
  if (!cJSON_IsArray(list) || text_of(made->json, "qanat")[0] == '\0') {
    top_look_free(made);
    return error_set(error, -EPROTO, "no-status", "what answers is no worker: its status is not one");
  }
  read_worker(made->json, made);
  made->pipelines = calloc(count_of(list, PIPELINES_MAX) + 1, sizeof *made->pipelines);
  int rc = made->pipelines != NULL ? 0 : -ENOMEM;
  const cJSON *in;
  cJSON_ArrayForEach(in, list) {
    if (rc != 0 || made->n_pipelines == PIPELINES_MAX) {
      break;
    }
    rc = read_pipeline(in, &made->pipelines[made->n_pipelines++]);
  }
  if (rc != 0) {
    top_look_free(made);
    return error_set(error, rc, "no-memory", "no memory");
  }
  *ret_look = made;
  return 0;
}

void top_look_free(top_look *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; self->pipelines != NULL && i < self->n_pipelines; i++) {
    free(self->pipelines[i].stages);
    free(self->pipelines[i].troubles);
  }
  free(self->pipelines);
  cJSON_Delete(self->json);
  free(self);
}
