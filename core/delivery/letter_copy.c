/* SPDX-License-Identifier: Apache-2.0 */

/* Copies a letter into one piece of memory: measured first, filled then by the same walk. */
#include "delivery/letter_copy.h"

#include <stdlib.h>
#include <string.h>

#include "qanat/stage.h"

/* Where the walk is: with no memory yet it only counts. */
typedef struct place {
  char *memory;
  size_t used;
} place;

static void *take(place *at, size_t bytes) {
  void *here = at->memory == NULL ? NULL : at->memory + at->used;
  at->used += (bytes + 7) & ~(size_t)7; /* whatever comes next is aligned */
  return here;
}

static qn_str copy_str(place *at, qn_str text) {
  char *here = take(at, text.len);
  if (here != NULL && text.len > 0) {
    memcpy(here, text.data, text.len);
  }
  return (qn_str){ here, text.len };
}

static qn_str copy_text(place *at, const char *text) {
  return copy_str(at, (qn_str){ text, text != NULL ? strlen(text) : 0 });
}

static bool is_named(qn_str name, const char *wanted) {
  return name.len == strlen(wanted) && memcmp(name.data, wanted, name.len) == 0;
}

/* Which fields are kept beside the columns of their own. */
static bool is_kept(qn_str name, const qn_value *value) {
  return value->type >= QN_VALUE_BOOL && value->type <= QN_VALUE_STR && !is_named(name, "id") &&
         !is_named(name, "source") && !is_named(name, "media_type");
}

static void copy_fields(place *at, const document *from, letter_copy *copy) {
  uint32_t n = from == NULL ? 0 : document_n_fields(from);
  copy->n_fields = 0;
  copy->fields = take(at, n * sizeof *copy->fields);
  for (uint32_t i = 0; i < n; i++) {
    letter_field field = { 0 };
    document_field_at(from, i, &field.name, &field.value);
    if (!is_kept(field.name, &field.value)) {
      continue;
    }
    field.name = copy_str(at, field.name);
    if (field.value.type == QN_VALUE_STR) {
      field.value.as.str = copy_str(at, field.value.as.str);
    }
    if (copy->fields != NULL) {
      copy->fields[copy->n_fields] = field;
    }
    copy->n_fields++;
  }
}

static void copy_payload(place *at, const document *from, letter_copy *copy) {
  qn_view payload;
  /* A document that its source could not read has an empty one, which must not pass for what was in it. */
  copy->has_payload = from != NULL && document_view_get(from, SCHEMA_VIEW_PAYLOAD, &payload) == 0 && payload.len > 0;
  if (copy->has_payload) {
    copy->payload = copy_str(at, (qn_str){ (const char *)payload.data, payload.len });
  }
}

static qn_str media_type_of(const document *from) {
  qn_value value;
  bool found =
      from != NULL && document_field_get(from, QN_LIT("media_type"), &value) == 0 && value.type == QN_VALUE_STR;
  return found ? value.as.str : (qn_str){ NULL, 0 };
}

static qn_str copy_lines(place *at, const char *const *lines, uint32_t n) {
  size_t len = 0;
  for (uint32_t i = 0; i < n; i++) {
    len += strlen(lines[i]) + 1;
  }
  char *here = take(at, len);
  for (uint32_t i = 0, used = 0; here != NULL && i < n; i++) {
    size_t line = strlen(lines[i]);
    memcpy(here + used, lines[i], line);
    here[used + line] = '\n';
    used += (uint32_t)line + 1;
  }
  return (qn_str){ here, len };
}

static void walk(place *at, const letter *given, letter_copy *copy) {
  take(at, sizeof *copy);
  copy->stage = copy_text(at, given->stage);
  copy->slug = copy_text(at, given->slug);
  copy->message = copy_text(at, given->message);
  copy->source = copy_str(at, given->source);
  copy->id = copy_str(at, given->id);
  copy->media_type = copy_str(at, media_type_of(given->document));
  copy->origin = copy_text(at, given->origin);
  copy->confirmed = copy_lines(at, given->confirmed, given->n_confirmed);
  copy->is_part = given->is_part;
  copy->attempts = given->attempts;
  copy->time_ms = given->time_ms;
  copy_fields(at, given->document, copy);
  copy_payload(at, given->document, copy);
}

letter_copy *letter_copy_new(const letter *given) {
  letter_copy measured = { 0 };
  place at = { NULL, 0 };
  walk(&at, given, &measured);
  letter_copy *copy = malloc(at.used);
  if (copy == NULL) {
    return NULL;
  }
  *copy = (letter_copy){ .bytes = at.used };
  at = (place){ (char *)copy, 0 };
  walk(&at, given, copy);
  return copy;
}
