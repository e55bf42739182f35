/* SPDX-License-Identifier: Apache-2.0 */

/* Puts together what source, sinks and dead letters know of each document. */
#include "command/case_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* --- failures --- */

static int keep_letter(letter_store *store, const letter *note) {
  case_letters *self = (case_letters *)(void *)store;
  char *id = strndup(note->id.len > 0 ? note->id.data : "", note->id.len);
  cJSON *json = cJSON_CreateObject();
  bool good = id != NULL && cJSON_AddStringToObject(json, "id", id) != NULL &&
              cJSON_AddStringToObject(json, "stage", note->stage) != NULL &&
              cJSON_AddStringToObject(json, "slug", note->slug) != NULL &&
              cJSON_AddStringToObject(json, "message", note->message) != NULL &&
              cJSON_AddNumberToObject(json, "attempts", note->attempts) != NULL &&
              cJSON_AddItemToArray(self->all, json);
  free(id);
  if (!good) {
    cJSON_Delete(json);
    return -ENOMEM;
  }
  return 0;
}

int case_letters_init(case_letters *self) {
  *self = (case_letters){ .store = { .put = keep_letter }, .all = cJSON_CreateArray() };
  return self->all != NULL ? 0 : -ENOMEM;
}

void case_letters_done(case_letters *self) {
  cJSON_Delete(self->all);
  self->all = NULL;
}

/* --- documents --- */

static cJSON *find_id(const cJSON *list, const char *id) {
  cJSON *each;
  cJSON_ArrayForEach(each, list) {
    const char *other = cJSON_GetStringValue(member(each, "id"));
    if (other != NULL && strcmp(other, id) == 0) {
      return each;
    }
  }
  return NULL;
}

/* The document of that id in the list, made if it is new. NULL: no memory. */
static cJSON *document_of(cJSON *list, const char *id, const char *outcome) {
  cJSON *found = find_id(list, id);
  if (found != NULL) {
    return found;
  }
  cJSON *made = cJSON_CreateObject();
  if (cJSON_AddStringToObject(made, "id", id) == NULL || cJSON_AddStringToObject(made, "outcome", outcome) == NULL ||
      cJSON_AddArrayToObject(made, "sinks") == NULL || cJSON_AddObjectToObject(made, "at") == NULL ||
      !cJSON_AddItemToArray(list, made)) {
    cJSON_Delete(made);
    return NULL;
  }
  return made;
}

static bool add_inputs(const case_outcome *from, cJSON *list) {
  static const char *const outcomes[] = {
    [QN_OUTCOME_DELIVERED] = "delivered", [QN_OUTCOME_DROPPED] = "dropped", [QN_OUTCOME_DEAD_LETTERED] = "dead-lettered"
  };
  for (uint32_t i = 0; i < from->n_inputs; i++) {
    const case_input *input = &from->inputs[i];
    if (document_of(list, input->id, input->settled ? outcomes[input->outcome] : "unfinished") == NULL) {
      return false;
    }
  }
  return true;
}

/* What one sink got: it is named by each of its documents, which keep it. */
static bool add_got(const case_sink *sink, cJSON *list, cJSON *order) {
  cJSON *ids = cJSON_AddArrayToObject(order, sink->stage->id);
  bool good = ids != NULL;
  const cJSON *got;
  cJSON_ArrayForEach(got, sink->got) {
    const char *id = cJSON_GetStringValue(member(got, "id"));
    cJSON *document = good ? document_of(list, id != NULL ? id : "", "delivered") : NULL;
    cJSON *copy = document != NULL ? cJSON_Duplicate(got, 1) : NULL;
    good = copy != NULL && cJSON_AddItemToArray(ids, cJSON_CreateString(id != NULL ? id : ""));
    if (good && member(member(document, "at"), sink->stage->id) == NULL) {
      good = cJSON_AddItemToArray(member(document, "sinks"), cJSON_CreateString(sink->stage->id)) &&
             cJSON_AddItemToObject(member(document, "at"), sink->stage->id, copy);
      copy = good ? NULL : copy;
    }
    cJSON_Delete(copy);
  }
  return good;
}

static bool add_letters(const case_outcome *from, cJSON *list) {
  static const char *const keys[] = { "stage", "slug", "message", "attempts" };
  const cJSON *note;
  cJSON_ArrayForEach(note, from->letters->all) {
    cJSON *document = document_of(list, member(note, "id")->valuestring, "dead-lettered");
    bool good = document != NULL;
    for (size_t i = 0; good && i < sizeof keys / sizeof keys[0]; i++) {
      if (member(document, keys[i]) == NULL) {
        cJSON *copy = cJSON_Duplicate(member(note, keys[i]), 1);
        good = copy != NULL && cJSON_AddItemToObject(document, keys[i], copy);
      }
    }
    if (!good) {
      return false;
    }
  }
  return true;
}

/* The one stage that dropped documents, or NULL if there were several or none. */
static const char *dropper(const case_outcome *from) {
  const char *found = NULL;
  for (uint32_t i = 0; i < from->plan->n_stages; i++) {
    metrics_sum sum;
    runtime_stage_get(from->runtime, i, &sum);
    if (sum.dropped > 0) {
      if (found != NULL) {
        return NULL;
      }
      found = from->plan->stages[i].id;
    }
  }
  return found;
}

static bool add_droppers(const case_outcome *from, cJSON *list) {
  const char *stage = dropper(from);
  cJSON *document;
  cJSON_ArrayForEach(document, list) {
    if (stage != NULL && strcmp(member(document, "outcome")->valuestring, "dropped") == 0 &&
        cJSON_AddStringToObject(document, "stage", stage) == NULL) {
      return false;
    }
  }
  return true;
}

static bool add_counts(const case_outcome *from, cJSON *json) {
  runtime_counts counts;
  runtime_counts_get(from->runtime, &counts);
  cJSON *object = cJSON_AddObjectToObject(json, "counts");
  return cJSON_AddNumberToObject(object, "admitted", (double)counts.admitted) != NULL &&
         cJSON_AddNumberToObject(object, "delivered", (double)counts.delivered) != NULL &&
         cJSON_AddNumberToObject(object, "dropped", (double)counts.dropped) != NULL &&
         cJSON_AddNumberToObject(object, "dead_lettered", (double)counts.dead_lettered) != NULL &&
         cJSON_AddNumberToObject(object, "unfinished", (double)counts.unfinished) != NULL;
}

static bool add_stop(const case_outcome *from, cJSON *json) {
  if (from->stop == NULL) {
    return true;
  }
  cJSON *stops = cJSON_AddObjectToObject(json, "stops");
  return cJSON_AddStringToObject(stops, "slug", from->stop->slug) != NULL &&
         cJSON_AddStringToObject(stops, "message", from->stop->message) != NULL;
}

cJSON *case_result_json(const case_outcome *from) {
  cJSON *json = cJSON_CreateObject();
  cJSON *list = cJSON_AddArrayToObject(json, "documents");
  cJSON *order = cJSON_AddObjectToObject(json, "order");
  bool good = list != NULL && order != NULL && add_inputs(from, list);
  for (uint32_t i = 0; good && i < from->plan->n_stages; i++) {
    good = from->sinks[i].got == NULL || add_got(&from->sinks[i], list, order);
  }
  if (!good || !add_letters(from, list) || !add_droppers(from, list) || !add_counts(from, json) ||
      !add_stop(from, json)) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}
