/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the members that make a document and turns them into its text and fields. */
#include "input/json_document.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "input/copies.h"

enum {
  KEEP_MAX = MEMBERS_MAX - MEMBER_KEPT - 1,
  ID_MAX_BYTES = 256,
  LANGUAGE_MAX_BYTES = 35 /* the longest BCP 47 tag that needs no private parts */
};

/* The field names of the members from MEMBER_TITLE on. */
static const char *const member_fields[MEMBER_KEPT] = {
  [MEMBER_TITLE] = "title",   [MEMBER_PUBLISHED] = "published",
  [MEMBER_BYLINE] = "byline", [MEMBER_LANGUAGE] = "language",
  [MEMBER_URL] = "url",
};

/* --- configuration --- */

static int read_kept(members *self, qn_create *create) {
  char **kept;
  uint32_t n_kept;
  int rc = copies_read(create, "/keep", &kept, &n_kept);
  if (rc != 0) {
    return rc == -ENOENT ? 0 : rc;
  }
  for (uint32_t i = 0; i < n_kept && i < KEEP_MAX; i++) {
    self->names[self->n++] = kept[i];
    kept[i] = NULL;
  }
  copies_free(kept, n_kept);
  return 0;
}

int members_read(qn_create *create, members *ret_members) {
  static const char *const keys[MEMBER_KEPT] = {
    "/fields/text",      "/fields/id",     "/fields/media_type", "/fields/title",
    "/fields/published", "/fields/byline", "/fields/language",   "/fields/url",
  };
  members self = { .depth_max = JSON_DEPTH_MAX };
  qn_str media_type = qn_config_str(create, "/media_type");
  self.media_type =
      media_type.data == NULL ? strdup("text/plain; charset=utf-8") : strndup(media_type.data, media_type.len);
  int rc = self.media_type == NULL ? -ENOMEM : 0;
  for (uint32_t i = 0; i < MEMBER_KEPT && rc == 0; i++) {
    qn_str name = qn_config_str(create, keys[i]);
    self.names[i] = name.data != NULL ? strndup(name.data, name.len) : strdup(strrchr(keys[i], '/') + 1);
    rc = self.names[i] == NULL ? -ENOMEM : 0;
    self.n = i + 1;
  }
  rc = rc == 0 ? read_kept(&self, create) : rc;
  self.n_fields = self.n;
  if (rc != 0) {
    members_done(&self);
    return rc;
  }
  *ret_members = self;
  return 0;
}

int members_also(members *self, const char *name, size_t len) {
  char *copy = strndup(name, len);
  if (copy == NULL || self->n == MEMBERS_MAX) {
    free(copy);
    return -ENOMEM;
  }
  self->names[self->n++] = copy;
  return 0;
}

void members_done(members *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    free(self->names[i]);
  }
  free(self->media_type);
  *self = (members){ 0 };
}

/* --- one object --- */

/* A short string member, decoded and clean, to be freed; NULL with 0 if it is absent, empty or something else. */
static int take_string(const json_value *value, char **ret_text, size_t *ret_len) {
  *ret_text = NULL;
  *ret_len = 0;
  if ((value->kind != JSON_STRING && value->kind != JSON_NUMBER) || value->len == 0) {
    return 0;
  }
  char *raw = malloc(value->len);
  if (raw == NULL) {
    return -ENOMEM;
  }
  size_t len = value->len;
  if (value->kind == JSON_STRING) {
    len = json_string_decode(value, raw);
  } else {
    memcpy(raw, value->data, len);
  }
  *ret_text = copies_clean(raw, len, ret_len);
  free(raw);
  return *ret_text == NULL ? -ENOMEM : 0;
}

static int refuse_textless(const members *self, json_kind kind, file_fault *fault) {
  fault_set(fault, "no-text", "%s \"%.200s\"; set fields.text to the member that holds the text",
            kind == JSON_NONE ? "there is no member" : "no text: not a string is the member", self->names[MEMBER_TEXT]);
  return -EBADMSG;
}

int json_document_read(const members *self, const char *json, size_t len, json_document *ret_document,
                       file_fault *fault) {
  json_document found = { .id = NULL };
  json_fault syntax;
  if (json_pick_within(json, len, self->depth_max, (const char *const *)self->names, found.values, self->n, &syntax) !=
      0) {
    fault_set(fault, "bad-json", "malformed JSON at byte %zu: %s", syntax.offset + 1, syntax.text);
    return -EBADMSG;
  }
  if (found.values[MEMBER_TEXT].kind != JSON_STRING) {
    return refuse_textless(self, found.values[MEMBER_TEXT].kind, fault);
  }
  int rc = take_string(&found.values[MEMBER_ID], &found.id, &found.id_len);
  if (rc == 0) {
    rc = take_string(&found.values[MEMBER_MEDIA_TYPE], &found.media_type, &found.media_type_len);
  }
  if (rc == 0 && found.id_len > ID_MAX_BYTES) {
    fault_set(fault, "bad-id", "the id is longer than 256 bytes; set fields.id");
    rc = -EBADMSG;
  }
  if (rc != 0) {
    json_document_done(&found);
    return rc;
  }
  *ret_document = found;
  return 0;
}

void json_document_done(json_document *document) {
  free(document->id);
  free(document->media_type);
  document->id = NULL;
  document->media_type = NULL;
}

int json_document_string(const json_document *document, uint32_t index, char **ret_text, size_t *ret_len) {
  return take_string(&document->values[index], ret_text, ret_len);
}

size_t json_document_room(const json_document *document) {
  return document->values[MEMBER_TEXT].len;
}

qn_str json_document_id(const json_document *document) {
  return (qn_str){ document->id, document->id_len };
}

qn_str json_document_media_type(const members *self, const json_document *document) {
  if (document->media_type == NULL) {
    return (qn_str){ self->media_type, strlen(self->media_type) };
  }
  return (qn_str){ document->media_type, document->media_type_len };
}

/* --- fields --- */

static qn_value number_of(const char *text) {
  qn_value value = { .type = QN_VALUE_F64 };
  value.as.f64 = strtod(text, NULL);
  if (value.as.f64 >= -9e15 && value.as.f64 <= 9e15 && value.as.f64 == (double)(int64_t)value.as.f64) {
    value.type = QN_VALUE_I64;
    value.as.i64 = strtoll(text, NULL, 10);
  }
  return value;
}

static int set_field(qn_call *call, const char *name, const json_value *json) {
  qn_value value = { .type = QN_VALUE_NONE };
  char *text = NULL;
  size_t len;
  if (json->kind == JSON_TRUE || json->kind == JSON_FALSE) {
    value.type = QN_VALUE_BOOL;
    value.as.i64 = json->kind == JSON_TRUE;
  } else {
    int rc = take_string(json, &text, &len);
    if (rc != 0 || text == NULL) {
      return rc;
    }
    value.type = QN_VALUE_STR;
    value.as.str = (qn_str){ text, len };
    if (json->kind == JSON_NUMBER) {
      value = number_of(text);
    }
  }
  int rc = call->host->emit_field(call, (qn_str){ name, strlen(name) }, &value);
  free(text);
  return rc;
}

static int set_fields(const members *self, qn_call *call, const json_value *values) {
  for (uint32_t i = MEMBER_TITLE; i < self->n_fields; i++) {
    const json_value *value = &values[i];
    bool language = i == MEMBER_LANGUAGE;
    if (i < MEMBER_KEPT && (value->kind != JSON_STRING || (language && value->len > LANGUAGE_MAX_BYTES))) {
      continue;
    }
    int rc = set_field(call, i < MEMBER_KEPT ? member_fields[i] : self->names[i], value);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

int json_document_fill(const members *self, qn_call *call, const json_document *document, uint8_t *payload,
                       size_t *ret_len, file_fault *fault) {
  int rc = set_fields(self, call, document->values);
  if (rc == -E2BIG || rc == -EINVAL) {
    fault_set(fault, "bad-field",
              "a member is too large for a field (64 fields or 64 KiB in all); leave it out of \"keep\"");
    return -EBADMSG;
  }
  if (rc != 0) {
    return rc;
  }
  *ret_len = json_string_decode(&document->values[MEMBER_TEXT], (char *)payload);
  return 0;
}
