/* SPDX-License-Identifier: Apache-2.0 */

/* Walks a value and its schema side by side. */
#include "pipeline/typed_values.h"

#include <errno.h>
#include <string.h>

/* The schema of a member or element, or NULL. */
static const cJSON *schema_of(const cJSON *schema, const cJSON *child) {
  if (child->string == NULL) {
    return cJSON_GetObjectItemCaseSensitive(schema, "items");
  }
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *own = cJSON_GetObjectItemCaseSensitive(properties, child->string);
  return own != NULL ? own : cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
}

int typed_values_walk(const typed_values *self, const cJSON *schema, const cJSON *value, const char *pointer) {
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
  const cJSON *child = NULL;
  uint32_t index = 0;
  if (pointer == NULL) {
    return -ENOMEM;
  }
  if (cJSON_IsString(type) && strcmp(type->valuestring, self->type) == 0) {
    return self->visit(self->arg, value, pointer);
  }
  cJSON_ArrayForEach(child, value) {
    const cJSON *own = schema_of(schema, child);
    const char *here = own == NULL             ? NULL
                       : child->string != NULL ? pipeline_file_child(self->file, pointer, child->string)
                                               : pipeline_file_item(self->file, pointer, index);
    int result = own != NULL ? typed_values_walk(self, own, child, here) : 0;
    if (result != 0) {
      return result;
    }
    index++;
  }
  return 0;
}
