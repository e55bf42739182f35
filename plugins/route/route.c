/* SPDX-License-Identifier: Apache-2.0 */

/* The route stage: rules in order, the first whose condition holds gives the field its value. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qanat/stage.h"

typedef struct rule {
  const qn_predicate *when;
  qn_str value;
} rule;

/* One block of memory: the rules behind it, then the strings. */
typedef struct route {
  const qn_host *host;
  qn_env *env;
  qn_str field;
  qn_str otherwise; /* data NULL: not given */
  uint32_t n_rules;
  rule rules[];
} route;

static int create_fail(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, qn_cstr_len(text));
}

static uint32_t count_rules(qn_create *create) {
  qn_value rules;
  return create->host->config_get(create, "/rules", &rules) == 0 ? (uint32_t)rules.as.i64 : 0;
}

static qn_str rule_value(qn_create *create, uint32_t index) {
  char pointer[40];
  snprintf(pointer, sizeof(pointer), "/rules/%u/value", index);
  return qn_config_str(create, pointer);
}

static size_t count_bytes(qn_create *create, uint32_t n_rules) {
  size_t bytes = qn_config_str(create, "/field").len + qn_config_str(create, "/otherwise").len;
  for (uint32_t i = 0; i < n_rules; i++) {
    bytes += rule_value(create, i).len;
  }
  return bytes;
}

/* Configuration strings hold only until create returns. */
static qn_str keep(char **room, qn_str text) {
  qn_str kept = { text.data != NULL ? *room : NULL, text.len };
  if (text.len > 0) {
    memcpy(*room, text.data, text.len);
    *room += text.len;
  }
  return kept;
}

static int open_rules(route *self, qn_create *create) {
  char *room = (char *)(self->rules + self->n_rules);
  self->field = keep(&room, qn_config_str(create, "/field"));
  self->otherwise = keep(&room, qn_config_str(create, "/otherwise"));
  for (uint32_t i = 0; i < self->n_rules; i++) {
    char pointer[40];
    snprintf(pointer, sizeof(pointer), "/rules/%u/when", i);
    self->rules[i].value = keep(&room, rule_value(create, i));
    int rc = create->host->predicate_open(create, pointer, &self->rules[i].when);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static void route_destroy(void *instance) {
  route *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static int route_create(qn_create *create, void **ret_instance) {
  uint32_t n_rules = count_rules(create);
  size_t bytes = sizeof(route) + n_rules * sizeof(rule) + count_bytes(create, n_rules);
  route *self = create->host->alloc(create->env, bytes);
  if (self == NULL) {
    return create_fail(create, "out of memory");
  }
  *self = (route){ .host = create->host, .env = create->env, .n_rules = n_rules };
  int rc = open_rules(self, create);
  if (rc != 0) {
    route_destroy(self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

static qn_status undecided(qn_call *call, int rc) {
  if (rc == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "out of memory while asking a condition");
  }
  return qn_fail(call, QN_STATUS_REJECT, "slow-pattern",
                 "a regular expression of its rules takes too many steps on this document; make it simpler");
}

static qn_status set_field(const route *self, qn_call *call, qn_str text) {
  qn_value value = { .type = QN_VALUE_STR };
  value.as.str = text;
  int rc = text.data != NULL ? self->host->field_set(call, self->field, &value) : 0;
  return rc == 0 ? QN_STATUS_OK
                 : qn_fail(call, QN_STATUS_REJECT, "no-room", "the document has no room for one more field");
}

static qn_status route_process(void *instance, void *context, qn_call *call) {
  const route *self = instance;
  (void)context;
  for (uint32_t i = 0; i < self->n_rules; i++) {
    int holds = self->host->predicate_holds(call, self->rules[i].when);
    if (holds < 0) {
      return undecided(call, holds);
    }
    if (holds) {
      return set_field(self, call, self->rules[i].value);
    }
  }
  return set_field(self, call, self->otherwise);
}

static const qn_transform transform = {
  .size = sizeof(qn_transform),
  .create = route_create,
  .destroy = route_destroy,
  .process = route_process,
};

static const qn_stage stage = { .size = sizeof(qn_stage), .name = "route", .transform = &transform };
static const qn_stage *const stages[] = { &stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
