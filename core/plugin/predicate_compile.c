/* SPDX-License-Identifier: Apache-2.0 */

/* From a checked predicate to its program.
 *
 * Each test knows where to go on if it holds or not, so a list is compiled from its end: the last part leads to where
 * the whole leads, each other one to the part behind it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/predicate_parts.h"

/* Where a condition leads. */
typedef struct step_way {
  uint32_t yes, no;
} step_way;

typedef struct compiler {
  predicate *made;
  const schema_set *schemas;
  int result; /* the first failure; steps made after it are never run */
  qn_error *error;
} compiler;

/* --- how much room --- */

static void count(const cJSON *json, uint32_t *n_steps, uint32_t *n_values) {
  const cJSON *member;
  cJSON_ArrayForEach(member, json) {
    if (member->string != NULL && strcmp(member->string, "is") == 0 && cJSON_IsArray(member)) {
      *n_values += (uint32_t)cJSON_GetArraySize(member);
      *n_steps += 1;
    } else if (member->string != NULL && strcmp(member->string, "count") == 0) {
      *n_steps += 1;
    } else if (cJSON_IsArray(member) || cJSON_IsObject(member)) {
      count(member, n_steps, n_values);
    } else {
      *n_steps += 1; /* "field" and "layer" too: a little room to spare */
      *n_values += 1;
    }
  }
}

/* --- tests --- */

static qn_value value_of(const cJSON *json) {
  qn_value value = { .type = QN_VALUE_STR };
  if (cJSON_IsString(json)) {
    value.as.str = (qn_str){ json->valuestring, strlen(json->valuestring) };
  } else if (cJSON_IsNumber(json)) {
    value.type = QN_VALUE_F64;
    value.as.f64 = json->valuedouble;
  } else {
    value.type = QN_VALUE_BOOL;
    value.as.i64 = cJSON_IsTrue(json);
  }
  return value;
}

static void values_take(compiler *c, predicate_step *step, const cJSON *json) {
  qn_value *values = c->made->values + c->made->n_values;
  const cJSON *one = cJSON_IsArray(json) ? json->child : json;
  step->values = values;
  for (; one != NULL; one = cJSON_IsArray(json) ? one->next : NULL) {
    values[step->n_values++] = value_of(one);
  }
  c->made->n_values += step->n_values;
}

static void count_take(predicate_step *step, const cJSON *json) {
  const cJSON *min = cJSON_GetObjectItemCaseSensitive(json, "min");
  const cJSON *max = cJSON_GetObjectItemCaseSensitive(json, "max");
  step->min = min != NULL ? (uint32_t)min->valuedouble : 0;
  step->max = max != NULL ? (uint32_t)max->valuedouble : UINT32_MAX;
}

static uint32_t test_compile(compiler *c, const cJSON *subject, bool is_layer, const cJSON *test, step_way way) {
  static const struct {
    const char *key;
    predicate_test test;
  } tests[] = { { "present", TEST_PRESENT },   { "is", TEST_IS },       { "above", TEST_ABOVE },
                { "at_least", TEST_AT_LEAST }, { "below", TEST_BELOW }, { "at_most", TEST_AT_MOST },
                { "matches", TEST_MATCHES },   { "count", TEST_COUNT } };
  uint32_t index = c->made->n_steps++;
  predicate_step *step = &c->made->steps[index];
  *step = (predicate_step){ .if_yes = way.yes, .if_no = way.no, .slot = SCHEMA_LAYERS_MAX };
  step->name = (qn_str){ subject->valuestring, strlen(subject->valuestring) };
  for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
    step->test = strcmp(tests[i].key, test->string) == 0 ? tests[i].test : step->test;
  }
  if (is_layer && c->schemas != NULL) {
    step->slot = schema_set_find(c->schemas, subject->valuestring);
  }
  if (step->test == TEST_PRESENT) {
    step->test = is_layer ? TEST_LAYER_PRESENT : TEST_PRESENT;
    if (cJSON_IsFalse(test)) {
      step->if_yes = way.no;
      step->if_no = way.yes;
    }
  } else if (step->test == TEST_COUNT) {
    count_take(step, test);
  } else if (step->test == TEST_MATCHES) {
    int result = pattern_compile(test->valuestring, &step->pattern, c->error);
    c->result = c->result == 0 ? result : c->result;
  } else {
    values_take(c, step, test);
  }
  return index;
}

/* --- combinations --- */

static uint32_t compile(compiler *c, const cJSON *json, step_way way);

/* The steps of a list, from its end: as far as part and all behind it. */
static uint32_t list_compile(compiler *c, const cJSON *list, bool all, step_way way) {
  const cJSON *parts[PREDICATE_PARTS_MAX];
  uint32_t n = 0;
  for (const cJSON *part = list->child; part != NULL && n < PREDICATE_PARTS_MAX; part = part->next) {
    parts[n++] = part;
  }
  step_way here = way;
  uint32_t first = way.no;
  while (n > 0) {
    first = compile(c, parts[--n], here);
    here = all ? (step_way){ first, way.no } : (step_way){ way.yes, first };
  }
  return first;
}

/* All tests of one field or layer. */
static uint32_t tests_compile(compiler *c, const cJSON *json, step_way way) {
  const cJSON *field = cJSON_GetObjectItemCaseSensitive(json, "field");
  const cJSON *subject = field != NULL ? field : cJSON_GetObjectItemCaseSensitive(json, "layer");
  const cJSON *test;
  step_way here = way;
  cJSON_ArrayForEach(test, json) {
    if (test != subject) {
      here.yes = test_compile(c, subject, field == NULL, test, here);
    }
  }
  return here.yes;
}

static uint32_t compile(compiler *c, const cJSON *json, step_way way) {
  const cJSON *all = cJSON_GetObjectItemCaseSensitive(json, "all");
  const cJSON *any = cJSON_GetObjectItemCaseSensitive(json, "any");
  const cJSON *not = cJSON_GetObjectItemCaseSensitive(json, "not");
  if (all != NULL || any != NULL) {
    return list_compile(c, all != NULL ? all : any, all != NULL, way);
  }
  return not != NULL ? compile(c, not, (step_way){ way.no, way.yes }) : tests_compile(c, json, way);
}

/* --- the whole --- */

static void first_fault(void *arg, const char *pointer, int at_key, const char *message) {
  qn_error *error = arg;
  (void)at_key;
  if (error != NULL && error->message[0] == '\0') {
    error_set(error, -EINVAL, "bad-condition", "%s%s%s", pointer, pointer[0] != '\0' ? ": " : "", message);
  }
}

static predicate *predicate_new(const cJSON *json) {
  uint32_t n_steps = 0, n_values = 0;
  predicate *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return NULL;
  }
  count(json, &n_steps, &n_values);
  self->source = cJSON_Duplicate(json, true);
  self->steps = calloc(n_steps, sizeof *self->steps);
  self->values = calloc(n_values + 1, sizeof *self->values);
  if (self->source == NULL || self->steps == NULL || self->values == NULL) {
    predicate_free(self);
    return NULL;
  }
  return self;
}

int predicate_compile(const cJSON *json, const schema_set *schemas, predicate **ret_predicate, qn_error *error) {
  if (error != NULL) {
    error->message[0] = '\0';
  }
  if (predicate_check(json, first_fault, error) != 0) {
    return -EINVAL;
  }
  compiler c = { .made = predicate_new(json), .schemas = schemas, .error = error };
  if (c.made == NULL) {
    return -ENOMEM;
  }
  c.made->first = compile(&c, c.made->source, (step_way){ STEP_YES, STEP_NO });
  if (c.result != 0) {
    predicate_free(c.made);
    return c.result;
  }
  *ret_predicate = c.made;
  return 0;
}

void predicate_free(predicate *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < self->n_steps; i++) {
    pattern_free(self->steps[i].pattern);
  }
  free(self->steps);
  free(self->values);
  cJSON_Delete(self->source);
  free(self);
}
