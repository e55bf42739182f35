/* SPDX-License-Identifier: Apache-2.0 */

/* The JSON Schema of pipeline files, from the tables that read them and the manifests of the installed stages, so that
 * an editor knows exactly what the checker knows.
 *
 * Draft 7, since that is what editors complete from. Where the checker takes "${NAME}" for a number, so does the
 * schema. */
#include <string.h>

#include "pipeline/draft.h"
#include "pipeline/plan.h"

/* What is being built; one failure spoils it all, so it is looked at once at the end. */
typedef struct schema_builder {
  const registry *installed;
  bool failed;
} schema_builder;

static cJSON *put(schema_builder *b, cJSON *parent, const char *key, cJSON *value) {
  bool good = parent != NULL && value != NULL &&
              (key == NULL ? cJSON_AddItemToArray(parent, value) : cJSON_AddItemToObject(parent, key, value));
  if (!good) {
    cJSON_Delete(value);
    b->failed = true;
    return NULL;
  }
  return value;
}

static cJSON *put_object(schema_builder *b, cJSON *parent, const char *key) {
  return put(b, parent, key, cJSON_CreateObject());
}

static cJSON *put_array(schema_builder *b, cJSON *parent, const char *key) {
  return put(b, parent, key, cJSON_CreateArray());
}

static void put_text(schema_builder *b, cJSON *parent, const char *key, const char *text) {
  put(b, parent, key, cJSON_CreateString(text));
}

static cJSON *put_fragment(schema_builder *b, cJSON *parent, const char *key, const char *json) {
  return put(b, parent, key, cJSON_Parse(json));
}

/* --- references --- */

static bool is_type(const cJSON *schema, const char *type) {
  const cJSON *own = cJSON_GetObjectItemCaseSensitive(schema, "type");
  return cJSON_IsString(own) && strcmp(own->valuestring, type) == 0;
}

/* "${NAME}" may stand for anything that is not a string, and for a string of a certain form. */
static bool takes_reference(const cJSON *schema) {
  return is_type(schema, "integer") || is_type(schema, "number") || is_type(schema, "boolean") ||
         cJSON_GetObjectItemCaseSensitive(schema, "enum") != NULL ||
         (is_type(schema, "string") && (cJSON_GetObjectItemCaseSensitive(schema, "maxLength") != NULL));
}

/* Moves what says something about the value into anyOf, beside the reference; title and defaults stay outside. */
static void allow_reference(schema_builder *b, cJSON *schema) {
  cJSON *strict = cJSON_CreateObject();
  for (cJSON *next, *member = schema->child; member != NULL && strict != NULL; member = next) {
    next = member->next;
    if (strcmp(member->string, "description") == 0 || strcmp(member->string, "default") == 0) {
      continue;
    }
    cJSON *copy = cJSON_Duplicate(member, 1);
    put(b, strict, member->string, copy);
    cJSON_Delete(cJSON_DetachItemViaPointer(schema, member));
  }
  cJSON *any = put_array(b, schema, "anyOf");
  put(b, any, NULL, strict);
  put_fragment(b, any, NULL, "{\"type\":\"string\",\"pattern\":\"[$][{]\"}");
}

/* Everywhere in a schema. Those under anyOf are left as they are: they say themselves what they take. */
static void allow_references(schema_builder *b, cJSON *schema) {
  if (!cJSON_IsObject(schema)) {
    return;
  }
  cJSON *property = NULL;
  cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
    allow_references(b, property);
  }
  allow_references(b, cJSON_GetObjectItemCaseSensitive(schema, "items"));
  allow_references(b, cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties"));
  if (takes_reference(schema)) {
    allow_reference(b, schema);
  }
}

/* --- configurations --- */

/* A key with a default need not be given, even if the manifest says it is required. */
static void drop_defaulted(cJSON *schema) {
  cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  for (cJSON *next, *name = required == NULL ? NULL : required->child; name != NULL; name = next) {
    next = name->next;
    const cJSON *property = cJSON_GetObjectItemCaseSensitive(properties, name->valuestring);
    if (cJSON_GetObjectItemCaseSensitive(property, "default") != NULL) {
      cJSON_Delete(cJSON_DetachItemViaPointer(required, name));
    }
  }
}

/* From the language of manifests to JSON Schema: "file" is a string there, "predicate" a condition like those under
 * "when", and unknown keys are refused. */
static void publish(schema_builder *b, cJSON *schema) {
  if (!cJSON_IsObject(schema)) {
    return;
  }
  if (is_type(schema, "file")) {
    cJSON *type = cJSON_CreateString("string");
    if (type == NULL || !cJSON_ReplaceItemInObjectCaseSensitive(schema, "type", type)) {
      cJSON_Delete(type);
      b->failed = true;
    }
  }
  if (is_type(schema, "predicate")) {
    cJSON_DeleteItemFromObjectCaseSensitive(schema, "type");
    put_fragment(b, put_array(b, schema, "allOf"), NULL, "{\"$ref\":\"#/definitions/condition\"}");
  }
  cJSON *property = NULL;
  cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
    publish(b, property);
  }
  publish(b, cJSON_GetObjectItemCaseSensitive(schema, "items"));
  cJSON *others = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
  publish(b, others);
  if (is_type(schema, "object") && others == NULL) {
    put(b, schema, "additionalProperties", cJSON_CreateFalse());
  }
  drop_defaulted(schema);
}

static void put_layers(schema_builder *b, cJSON *config, stage_role role) {
  cJSON *properties = cJSON_GetObjectItemCaseSensitive(config, "properties");
  if (properties == NULL) {
    properties = put_object(b, config, "properties");
  }
  if (cJSON_GetObjectItemCaseSensitive(properties, "layers") != NULL) {
    return;
  }
  if (role == ROLE_SOURCE) {
    put_fragment(b, properties, "layers",
                 "{\"type\":\"object\",\"additionalProperties\":false,"
                 "\"description\":\"What documents that arrive as blocks bring.\",\"properties\":{"
                 "\"views\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                 "\"provides\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                 "\"schemas\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\"}}}}");
  } else {
    put_fragment(b, properties, "layers",
                 "{\"type\":\"object\",\"additionalProperties\":false,"
                 "\"description\":\"Layers of this stage besides those it always has.\",\"properties\":{"
                 "\"reads\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                 "\"may_read\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                 "\"provides\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
                 "\"schemas\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\"}}}}");
  }
}

/* If "use" is this stage, "with" looks like this. */
static void put_stage(schema_builder *b, cJSON *conditions, const stage_info *info) {
  cJSON *condition = put_object(b, conditions, NULL);
  cJSON *use = put_object(b, put_object(b, put_object(b, condition, "if"), "properties"), "use");
  put_text(b, use, "const", info->name);
  cJSON *then = put_object(b, condition, "then");
  cJSON *with = put(b, put_object(b, then, "properties"), "with", cJSON_Duplicate(info->config, 1));
  if (with == NULL) {
    return;
  }
  publish(b, with);
  if (info->layers_from_config) {
    put_layers(b, with, info->role);
  }
  allow_references(b, with);
  const cJSON *required = cJSON_GetObjectItemCaseSensitive(with, "required");
  if (required != NULL && required->child != NULL) {
    put_text(b, put_array(b, then, "required"), NULL, "with");
  }
}

/* --- the file --- */

static void put_rules(schema_builder *b, cJSON *parent, const key_rule *rules, uint32_t n_rules) {
  cJSON *properties = put_object(b, parent, "properties");
  for (uint32_t i = 0; i < n_rules; i++) {
    if (rules[i].schema != NULL) {
      allow_references(b, put_fragment(b, properties, rules[i].name, rules[i].schema));
    }
  }
}

static void put_place(schema_builder *b, cJSON *definitions, const char *name, stage_role place) {
  uint32_t n_rules = 0;
  const key_rule *rules = draft_stage_rules(place, &n_rules);
  cJSON *definition = put_object(b, definitions, name);
  put_text(b, definition, "type", "object");
  put_text(b, put_array(b, definition, "required"), NULL, "use");
  put_rules(b, definition, rules, n_rules);
  cJSON *properties = cJSON_GetObjectItemCaseSensitive(definition, "properties");
  cJSON *use = put_object(b, properties, "use");
  put_text(b, use, "description", "The installed stage that does the work.");
  cJSON *choices = put_array(b, use, "anyOf");
  put_fragment(b, properties, "with", "{\"type\":\"object\",\"description\":\"The stage's settings.\"}");
  put(b, definition, "additionalProperties", cJSON_CreateFalse());
  cJSON *conditions = put_array(b, definition, "allOf");
  for (uint32_t i = 0; i < registry_n_stages(b->installed); i++) {
    const stage_info *info = registry_stage_at(b->installed, i);
    if (info->role != place) {
      continue;
    }
    cJSON *choice = put_object(b, choices, NULL);
    put_text(b, choice, "const", info->name);
    put_text(b, choice, "description", info->description == NULL ? "" : info->description);
    put_stage(b, conditions, info);
  }
  put_fragment(b, choices, NULL, "{\"type\":\"string\",\"pattern\":\"[$][{]\"}");
}

static const char condition_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,"
    "\"description\":\"A condition on a document: a field or a layer with a test, or a combination of conditions.\","
    "\"properties\":{"
    "\"field\":{\"type\":\"string\",\"minLength\":1},\"layer\":{\"type\":\"string\",\"minLength\":1},"
    "\"is\":{\"description\":\"Equal to this, or to one of these.\"},"
    "\"above\":{\"type\":[\"number\",\"string\"]},\"at_least\":{\"type\":[\"number\",\"string\"]},"
    "\"below\":{\"type\":[\"number\",\"string\"]},\"at_most\":{\"type\":[\"number\",\"string\"]},"
    "\"present\":{\"type\":\"boolean\"},\"matches\":{\"type\":\"string\",\"minLength\":1},"
    "\"count\":{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":1,\"properties\":{"
    "\"min\":{\"type\":\"integer\",\"minimum\":0},\"max\":{\"type\":\"integer\",\"minimum\":0}}},"
    "\"any\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#/definitions/condition\"}},"
    "\"all\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#/definitions/condition\"}},"
    "\"not\":{\"$ref\":\"#/definitions/condition\"}}}";

cJSON *plan_file_schema(const registry *installed) {
  schema_builder b = { .installed = installed };
  cJSON *root = cJSON_CreateObject();
  uint32_t n_rules = 0;
  const key_rule *rules = draft_rules(&n_rules);
  put_text(&b, root, "$schema", "http://json-schema.org/draft-07/schema#");
  put_text(&b, root, "title", "Qanat pipeline");
  put_text(&b, root, "type", "object");
  put_rules(&b, root, rules, n_rules);
  put_fragment(&b, root, "allOf",
               "[{\"oneOf\":[{\"required\":[\"source\"]},{\"required\":[\"sources\"]}]},"
               "{\"oneOf\":[{\"required\":[\"sink\"]},{\"required\":[\"sinks\"]}]}]");
  put(&b, root, "additionalProperties", cJSON_CreateFalse());
  cJSON *definitions = put_object(&b, root, "definitions");
  put_place(&b, definitions, "source", ROLE_SOURCE);
  put_place(&b, definitions, "stage", ROLE_TRANSFORM);
  put_place(&b, definitions, "sink", ROLE_SINK);
  allow_references(&b, put_fragment(&b, definitions, "condition", condition_schema));
  if (b.failed) {
    cJSON_Delete(root);
    return NULL;
  }
  return root;
}
