/* SPDX-License-Identifier: Apache-2.0 */

/* The top of a reply: id, status, slug and message. Fields and layers are only found here; who it is for must be known
 * before they can be read. */
#include "exchange/reply.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int reply_say(reply_fault *fault, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(fault->text, sizeof fault->text, format, arguments);
  va_end(arguments);
  return -EINVAL;
}

static bool is(qn_str text, const char *word) {
  return strlen(word) == text.len && memcmp(word, text.data, text.len) == 0;
}

static int read_id(json_in *in, reply *to, reply_fault *fault) {
  json_number number;
  if (!json_in_number(in, &number)) {
    return -EINVAL;
  }
  if (!number.whole || number.i64 < 0) {
    return reply_say(fault, "\"id\" must be the number that the request had");
  }
  to->id = (uint64_t)number.i64;
  to->has_id = true;
  return 0;
}

static int read_status(json_in *in, reply *to, reply_fault *fault) {
  static const struct {
    const char *word;
    qn_status status;
  } words[] = {
    { "ok", QN_STATUS_OK }, { "drop", QN_STATUS_DROP }, { "reject", QN_STATUS_REJECT }, { "retry", QN_STATUS_RETRY }
  };
  qn_str text;
  if (!json_in_string(in, &text)) {
    return -EINVAL;
  }
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (is(text, words[i].word)) {
      to->status = words[i].status;
      return 0;
    }
  }
  return reply_say(fault, "its \"status\" is \"%.*s\"; it can be \"ok\", \"drop\", \"reject\" or \"retry\"",
                   (int)(text.len < 40 ? text.len : 40), text.data);
}

static int read_slug(json_in *in, reply *to, reply_fault *fault) {
  qn_str text;
  if (!json_in_string(in, &text)) {
    return -EINVAL;
  }
  bool good = text.len > 0 && text.len < sizeof to->slug;
  for (size_t i = 0; good && i < text.len; i++) {
    char c = text.data[i];
    good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  }
  if (!good) {
    return reply_say(fault, "its \"slug\" must be a short name of a-z, 0-9 and -, at most 48 bytes");
  }
  memcpy(to->slug, text.data, text.len);
  to->slug[text.len] = '\0';
  return 0;
}

static int read_message(json_in *in, reply *to, reply_fault *fault) {
  (void)fault;
  return json_in_string(in, &to->message) ? 0 : -EINVAL;
}

static int find_object(json_in *in, qn_str *ret_value, const char *what, reply_fault *fault) {
  if (json_in_peek(in) != JSON_IN_OBJECT) {
    return reply_say(fault, "its \"%s\" must be an object", what);
  }
  *ret_value = (qn_str){ in->at, (size_t)(in->end - in->at) };
  return 0;
}

static int find_fields(json_in *in, reply *to, reply_fault *fault) {
  return find_object(in, &to->fields, "fields", fault);
}

static int find_layers(json_in *in, reply *to, reply_fault *fault) {
  return find_object(in, &to->layers, "layers", fault);
}

static const struct {
  const char *key;
  int (*read)(json_in *in, reply *to, reply_fault *fault);
} members[] = { { "id", read_id },           { "status", read_status }, { "slug", read_slug },
                { "message", read_message }, { "fields", find_fields }, { "layers", find_layers } };

enum { N_MEMBERS = sizeof members / sizeof members[0] };

/* The value is one that json_in_skip has checked. */
static int read_value(qn_str key, json_in value, uint32_t *seen, reply *to, reply_fault *fault) {
  for (uint32_t i = 0; i < N_MEMBERS; i++) {
    if (!is(key, members[i].key)) {
      continue;
    }
    if ((*seen & 1u << i) != 0) {
      return reply_say(fault, "\"%s\" stands there twice", members[i].key);
    }
    *seen |= 1u << i;
    int rc = members[i].read(&value, to, fault);
    return value.fault != NULL ? reply_say(fault, "its \"%s\": %s", members[i].key, value.fault) : rc;
  }
  return reply_say(
      fault, "\"%.*s\" is unknown; there are \"id\", \"status\", \"slug\", \"message\", \"fields\" and \"layers\"",
      (int)(key.len < 40 ? key.len : 40), key.data);
}

/* The first fault counts, but the reader goes on: who the reply was for may stand at its end. */
static int read_members(json_in *in, reply *to, reply_fault *fault) {
  uint32_t seen = 0;
  int rc = 0;
  for (uint32_t n = 0; json_in_more(in, '}', n); n++) {
    qn_str key;
    reply_fault here;
    json_in value = { 0 };
    if (!json_in_key(in, &key)) {
      break;
    }
    json_in_peek(in);
    value.at = in->at;
    if (!json_in_skip(in, NULL)) {
      break;
    }
    value.end = in->at;
    if (read_value(key, value, &seen, to, &here) != 0 && rc == 0) {
      *fault = here;
      rc = -EINVAL;
    }
  }
  return rc;
}

int reply_take(json_in *in, reply *ret_reply, reply_fault *fault) {
  *ret_reply = (reply){ .status = QN_STATUS_OK };
  int rc = json_in_enter(in, '{') ? read_members(in, ret_reply, fault) : 0;
  if (in->fault != NULL) {
    return reply_say(fault, "it is no JSON object: %s", in->fault);
  }
  if (rc == 0 && !ret_reply->has_id) {
    return reply_say(fault, "it has no \"id\"");
  }
  return rc;
}

int reply_read(char *bytes, size_t len, reply *ret_reply, reply_fault *fault) {
  json_in in;
  *ret_reply = (reply){ .status = QN_STATUS_OK };
  if (!json_in_open(&in, bytes, len)) {
    return reply_say(fault, "%s", in.fault);
  }
  int rc = reply_take(&in, ret_reply, fault);
  if (rc == 0 && !json_in_at_end(&in)) {
    return reply_say(fault, "something stands behind its end");
  }
  return rc;
}
