/* SPDX-License-Identifier: Apache-2.0 */

/* Gets the bytes of inputs from where the case has them, and finds the source each comes from. */
#include "command/case_inputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/case_base64.h"

enum { INPUT_BYTES_MAX = 256 * 1024 * 1024 };

static const char *text_of(const cJSON *object, const char *key) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* --- bytes --- */

static int read_file(const case_file *file, const char *name, case_input *input, qn_error *error) {
  char *path = case_file_path(file, name);
  char *bytes = NULL;
  int rc = path == NULL ? -ENOMEM : case_bytes_read(path, INPUT_BYTES_MAX, &bytes, &input->len);
  if (rc != 0) {
    error_set(error, rc, "input", "the input \"%.200s\" cannot be read from %s: %s", input->id,
              path != NULL ? path : name, strerror(-rc));
  }
  input->bytes = input->owned = bytes;
  free(path);
  return rc;
}

static int decode(const char *text, case_input *input) {
  uint8_t *bytes = malloc(strlen(text) / 4 * 3 + 1);
  if (bytes == NULL) {
    return -ENOMEM;
  }
  input->len = case_base64_decode(text, bytes);
  input->bytes = input->owned = bytes;
  return 0;
}

static void borrow(const char *text, const char *media_type, case_input *input) {
  input->bytes = text;
  input->len = strlen(text);
  input->media_type = media_type;
}

static int read_bytes(const case_file *file, const cJSON *json, case_input *input, qn_error *error) {
  const char *text = text_of(json, "text"), *html = text_of(json, "html");
  int rc = 0;
  input->media_type = "";
  if (text != NULL) {
    borrow(text, "text/plain; charset=utf-8", input);
  } else if (html != NULL) {
    borrow(html, "text/html; charset=utf-8", input);
  } else if (text_of(json, "file") != NULL) {
    rc = read_file(file, text_of(json, "file"), input, error);
  } else {
    rc = decode(text_of(json, "base64"), input);
  }
  const char *media_type = text_of(json, "media_type");
  input->media_type = media_type != NULL ? media_type : input->media_type;
  return rc;
}

/* --- sources --- */

/* The source named, or the first; the plan's n_stages if it has none of that name. */
static uint32_t find_source(const plan *planned, const char *id) {
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    const plan_stage *stage = &planned->stages[i];
    if (stage->info->role == ROLE_SOURCE && (id == NULL || strcmp(stage->id, id) == 0)) {
      return i;
    }
  }
  return planned->n_stages;
}

static int read_one(const case_file *file, const plan *planned, const cJSON *json, case_input *input, qn_error *error) {
  const char *id = text_of(json, "id"), *source = text_of(json, "source"), *from = text_of(json, "from");
  input->id = id != NULL ? id : "document";
  input->source = source != NULL ? source : input->id;
  input->fields = cJSON_GetObjectItemCaseSensitive(json, "fields");
  input->stage = find_source(planned, from);
  if (input->stage == planned->n_stages) {
    return error_set(error, -EINVAL, "input",
                     "the input \"%.200s\" comes from \"%.100s\", which is no source of the pipeline", input->id, from);
  }
  return read_bytes(file, json, input, error);
}

int case_inputs_read(const case_file *file, const plan *planned, const cJSON *json, case_inputs *ret_inputs,
                     qn_error *error) {
  const cJSON *one = cJSON_GetObjectItemCaseSensitive(json, "input");
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "inputs");
  uint32_t n = one != NULL ? 1 : (uint32_t)cJSON_GetArraySize(list);
  case_inputs made = { .all = calloc((size_t)n + 1, sizeof *made.all) };
  int rc = made.all == NULL ? -ENOMEM : 0;
  const cJSON *each = one != NULL ? one : list->child;
  for (; rc == 0 && made.n < n; each = each->next) {
    rc = read_one(file, planned, each, &made.all[made.n++], error);
  }
  if (rc != 0) {
    case_inputs_done(&made);
    return rc == -ENOMEM ? error_set(error, rc, "no-memory", "no memory for the inputs") : rc;
  }
  *ret_inputs = made;
  return 0;
}

void case_inputs_done(case_inputs *self) {
  for (uint32_t i = 0; self->all != NULL && i < self->n; i++) {
    free(self->all[i].owned);
  }
  free(self->all);
  *self = (case_inputs){ 0 };
}
