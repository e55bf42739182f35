/* SPDX-License-Identifier: Apache-2.0 */

/* Small steps through a configuration. */
#include "exchange/setting.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

uint32_t setting_count(qn_create *create, const char *pointer) {
  qn_value value;
  bool is_there = create->host->config_get(create, pointer, &value) == 0;
  return is_there && (value.type == QN_VALUE_ARRAY || value.type == QN_VALUE_OBJECT) ? (uint32_t)value.as.i64 : 0;
}

int setting_copy(qn_create *create, const char *pointer, char **ret_copy) {
  qn_str text = qn_config_str(create, pointer);
  char *copy = text.data == NULL ? NULL : strndup(text.data, text.len);
  if (text.data != NULL && copy == NULL) {
    return -ENOMEM;
  }
  *ret_copy = copy;
  return 0;
}

void setting_member(const char *object, qn_str name, char *ret_pointer) {
  size_t len = (size_t)snprintf(ret_pointer, SETTING_POINTER_MAX, "%.300s/", object);
  for (size_t i = 0; i < name.len && len + 3 < SETTING_POINTER_MAX; i++) {
    bool special = name.data[i] == '/' || name.data[i] == '~';
    ret_pointer[len++] = special ? '~' : name.data[i];
    if (special) {
      ret_pointer[len++] = name.data[i] == '/' ? '1' : '0';
    }
  }
  ret_pointer[len] = '\0';
}

int setting_refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}
