/* SPDX-License-Identifier: Apache-2.0 */

/* Picks the configured members out of each object. Depth and number of values are looked at first, in one pass over the bytes,
 * so that nothing deep or wide is ever begun. */
#include "http/json_documents.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "exchange/json_in.h"

enum { PATH_BYTES = 512, WAY_MAX = 16 };

const char *const json_member_fields[MEMBER_KEPT] = {
  [MEMBER_TITLE] = "title",   [MEMBER_PUBLISHED] = "published",
  [MEMBER_BYLINE] = "byline", [MEMBER_LANGUAGE] = "language",
  [MEMBER_URL] = "url",
};

typedef struct reader {
  const json_rules *rules;
  json_in in;
  drafts *out;
  draft *draft;
  uint64_t seen; /* a bit for each member */
  size_t field_bytes;
  uint32_t n_way; /* objects that are open */
  bool no_memory;
  char path[PATH_BYTES];
} reader;

_Static_assert(MEMBERS_MAX <= 64, "a bit for each member");

/* --- bounds --- */

static const char *skip_string(const char *at, const char *end) {
  for (at++; at < end && *at != '"'; at++) {
    at += *at == '\\';
  }
  return at < end ? at : end - 1;
}

/* What is too much of it, or NULL. Counts commas and brackets outside strings, whatever else is wrong. */
static const char *too_much(const json_rules *rules, const char *bytes, size_t len) {
  uint32_t depth = 0;
  uint64_t n_values = 1;
  for (const char *at = bytes, *end = bytes + len; at < end; at++) {
    if (*at == '"') {
      at = skip_string(at, end);
    } else if (*at == ',') {
      n_values++;
    } else if (*at == '{' || *at == '[') {
      n_values++;
      depth++;
    } else if ((*at == '}' || *at == ']') && depth > 0) {
      depth--;
    }
    if (depth > rules->max_depth) {
      return "it is nested deeper than \"depth\" of the source allows";
    }
    if (n_values > rules->max_values) {
      return "it holds more values than \"members\" of the source allows";
    }
  }
  return NULL;
}

/* --- values --- */

static void add_field(reader *self, const char *name, qn_value value) {
  size_t bytes = strlen(name) + (value.type == QN_VALUE_STR ? value.as.str.len : sizeof value.as);
  self->field_bytes += bytes;
  if (self->field_bytes > DRAFT_FIELDS_MAX) {
    draft_spoil(self->out, self->draft, "bad-field", "its fields are longer than 56 KiB in all");
  } else if (drafts_add_field(self->out, name, &value) != 0) {
    self->no_memory = true;
  }
}

/* A string or the digits of a number; false: something else, which is passed by. */
static bool take_text(reader *self, bool numbers, qn_str *ret_text) {
  json_in_kind kind = json_in_peek(&self->in);
  if (kind == JSON_IN_STRING) {
    return json_in_string(&self->in, ret_text);
  }
  return json_in_skip(&self->in, ret_text) && kind == JSON_IN_NUMBER && numbers;
}

static void take_known(reader *self, uint32_t member) {
  qn_str text = { NULL, 0 };
  bool is_there = take_text(self, member == MEMBER_ID, &text);
  if (member == MEMBER_TEXT && !is_there) {
    draft_spoil(self->out, self->draft, "no-text", "the member that holds the text (\"fields.text\") is not a string");
  } else if (!is_there || text.len == 0) {
    return;
  } else if (member == MEMBER_TEXT) {
    self->draft->text = text;
  } else if (member == MEMBER_ID) {
    self->draft->id = text;
    if (text.len > DRAFT_ID_MAX) {
      draft_spoil(self->out, self->draft, "bad-id", "the id is longer than 256 bytes");
    }
  } else if (member == MEMBER_MEDIA_TYPE) {
    self->draft->media_type = text;
  } else if (member != MEMBER_LANGUAGE || text.len <= DRAFT_LANGUAGE_MAX) {
    add_field(self, json_member_fields[member], (qn_value){ .type = QN_VALUE_STR, .as.str = text });
  }
}

static void take_kept(reader *self, const char *name) {
  qn_value value = { .type = QN_VALUE_NONE };
  json_number number;
  bool flag = false;
  switch (json_in_peek(&self->in)) {
  case JSON_IN_STRING:
    value.type = json_in_string(&self->in, &value.as.str) && value.as.str.len > 0 ? QN_VALUE_STR : QN_VALUE_NONE;
    break;
  case JSON_IN_BOOL:
    value.type = json_in_bool(&self->in, &flag) ? QN_VALUE_BOOL : QN_VALUE_NONE;
    value.as.i64 = flag;
    break;
  case JSON_IN_NUMBER:
    if (json_in_number(&self->in, &number)) {
      value.type = number.whole ? QN_VALUE_I64 : QN_VALUE_F64;
      if (number.whole) {
        value.as.i64 = number.i64;
      } else {
        value.as.f64 = number.f64;
      }
    }
    break;
  default:
    json_in_skip(&self->in, NULL);
  }
  if (value.type != QN_VALUE_NONE) {
    add_field(self, name, value);
  }
}

/* --- objects --- */

/* The member of this path, n_members if none is; ret_below: others lie below it. */
static uint32_t find_member(const json_rules *rules, const char *path, size_t len, bool *ret_below) {
  uint32_t found = rules->n_members;
  *ret_below = false;
  for (uint32_t i = 0; i < rules->n_members; i++) {
    const char *name = rules->members[i];
    if (strncmp(name, path, len) != 0) {
      continue;
    }
    found = name[len] == '\0' && found == rules->n_members ? i : found;
    *ret_below = *ret_below || name[len] == '.';
  }
  return found;
}

static void take_member(reader *self, uint32_t member) {
  if ((self->seen >> member & 1) != 0) {
    json_in_fail(&self->in, "a member that is to be read occurs twice");
    return;
  }
  self->seen |= UINT64_C(1) << member;
  if (member < MEMBER_KEPT) {
    take_known(self, member);
  } else {
    take_kept(self, self->rules->members[member]);
  }
}

static bool read_object(reader *self, size_t path_len);

static void read_member(reader *self, size_t path_len) {
  qn_str key;
  bool below = false;
  size_t dot = path_len > 0;
  if (!json_in_key(&self->in, &key)) {
    return;
  }
  size_t len = path_len + dot + key.len;
  uint32_t member = self->rules->n_members;
  if (len <= PATH_BYTES && memchr(key.data, '\0', key.len) == NULL) {
    self->path[path_len] = dot != 0 ? '.' : self->path[path_len];
    memcpy(self->path + path_len + dot, key.data, key.len);
    member = find_member(self->rules, self->path, len, &below);
  }
  if (below && self->n_way < WAY_MAX && json_in_peek(&self->in) == JSON_IN_OBJECT) {
    read_object(self, len);
  } else if (member < self->rules->n_members) {
    take_member(self, member);
  } else {
    json_in_skip(&self->in, NULL);
  }
}

/* Recursion is bounded by WAY_MAX, more than any name of the configuration has dots. */
static bool read_object(reader *self, size_t path_len) {
  self->n_way++;
  if (json_in_enter(&self->in, '{')) {
    for (uint32_t n = 0; json_in_more(&self->in, '}', n); n = 1) {
      read_member(self, path_len);
    }
  }
  self->n_way--;
  return self->in.fault == NULL;
}

/* One object. 0, -ENOMEM. */
static int read_one(const json_rules *rules, char *bytes, size_t len, uint32_t line, drafts *out) {
  reader self = { .rules = rules, .out = out, .draft = drafts_add(out, line) };
  if (self.draft == NULL) {
    return -ENOMEM;
  }
  const char *fault = too_much(rules, bytes, len);
  if (fault == NULL && json_in_open(&self.in, bytes, len) && read_object(&self, 0) && !json_in_at_end(&self.in)) {
    json_in_fail(&self.in, "something follows the object");
  }
  fault = fault != NULL ? fault : self.in.fault;
  if (fault != NULL) {
    self.draft->slug = NULL; /* what is no JSON has nothing else that could be wrong */
    draft_spoil(out, self.draft, "bad-json", fault);
  } else if ((self.seen >> MEMBER_TEXT & 1) == 0) {
    draft_spoil(out, self.draft, "no-text", "there is no member that holds the text (\"fields.text\" of the source)");
  }
  return self.no_memory ? -ENOMEM : 0;
}

static bool is_blank(const char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r') {
      return false;
    }
  }
  return true;
}

static int read_lines(const json_rules *rules, char *bytes, size_t len, drafts *out) {
  uint32_t line = 0;
  int rc = 0;
  for (size_t at = 0; at < len && rc == 0; at++) {
    char *newline = memchr(bytes + at, '\n', len - at);
    size_t line_len = newline == NULL ? len - at : (size_t)(newline - (bytes + at));
    line += line < UINT32_MAX;
    if (!is_blank(bytes + at, line_len)) {
      rc = out->n == rules->max_documents ? -E2BIG : read_one(rules, bytes + at, line_len, line, out);
    }
    at += line_len;
  }
  return rc;
}

int json_documents_read(const json_rules *rules, char *bytes, size_t len, int lines, drafts *ret_drafts) {
  drafts out = { 0 };
  size_t mark = len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  int rc =
      lines ? read_lines(rules, bytes + mark, len - mark, &out) : read_one(rules, bytes + mark, len - mark, 0, &out);
  if (rc != 0) {
    drafts_done(&out);
    return rc;
  }
  *ret_drafts = out;
  return 0;
}
