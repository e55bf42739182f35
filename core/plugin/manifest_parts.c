/* SPDX-License-Identifier: Apache-2.0 */

/* The small readers a manifest is made with: each takes one key, reports what is wrong with it and goes on. */
#include "plugin/manifest_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/config.h"

void manifest_fault(manifest_faults *faults, const char *format, ...) {
  faults->count++;
  size_t room = sizeof faults->text - faults->len;
  if (room < 8) {
    return;
  }
  char one[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(one, sizeof one, format, arguments);
  va_end(arguments);
  int wrote = snprintf(faults->text + faults->len, room, "%s%s", faults->len > 0 ? "; " : "", one);
  faults->len += wrote < 0 ? 0 : (size_t)wrote < room ? (size_t)wrote : room - 1;
}

static unsigned words_count(const char *const *words) {
  unsigned n = 0;
  while (words[n] != NULL) {
    n++;
  }
  return n;
}

bool manifest_keys(manifest_faults *faults, const char *what, const cJSON *object, const char *const *known) {
  if (!cJSON_IsObject(object)) {
    manifest_fault(faults, "%s must be an object", what);
    return false;
  }
  const cJSON *member;
  cJSON_ArrayForEach(member, object) {
    unsigned i = 0;
    while (known[i] != NULL && strcmp(known[i], member->string) != 0) {
      i++;
    }
    if (known[i] == NULL) {
      const char *near = config_nearest(member->string, known, words_count(known));
      manifest_fault(faults, "%s has no key \"%.64s\"%s%s%s", what, member->string,
                     near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    }
  }
  return true;
}

const char *manifest_string(manifest_faults *faults, const char *what, const cJSON *object, const char *key, size_t max,
                            bool required) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (item == NULL) {
    if (required) {
      manifest_fault(faults, "%s lacks \"%s\"", what, key);
    }
    return NULL;
  }
  const char *text = cJSON_GetStringValue(item);
  if (text == NULL || text[strspn(text, " \t\n")] == '\0' || strlen(text) > max) {
    manifest_fault(faults, "%s \"%s\" must be a string of 1 to %zu bytes", what, key, max);
    return NULL;
  }
  return text;
}

unsigned manifest_choice(manifest_faults *faults, const char *what, const cJSON *object, const char *key,
                         const char *const *choices, unsigned fallback) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (item == NULL) {
    return fallback;
  }
  const char *word = cJSON_GetStringValue(item);
  char list[160] = "";
  size_t len = 0;
  for (unsigned i = 0; choices[i] != NULL; i++) {
    if (word != NULL && strcmp(choices[i], word) == 0) {
      return i;
    }
    len += (size_t)snprintf(list + len, sizeof list - len, "%s\"%s\"", i > 0 ? ", " : "", choices[i]);
  }
  manifest_fault(faults, "%s \"%s\" must be one of %s", what, key, list);
  return fallback;
}

bool manifest_bool(manifest_faults *faults, const char *what, const cJSON *object, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  if (item != NULL && !cJSON_IsBool(item)) {
    manifest_fault(faults, "%s \"%s\" must be true or false", what, key);
  }
  return cJSON_IsTrue(item);
}

static bool is_listed(const char *text, const char *const *list, uint32_t n_list) {
  for (uint32_t i = 0; i < n_list; i++) {
    if (strcmp(list[i], text) == 0) {
      return true;
    }
  }
  return false;
}

void manifest_strings(manifest_faults *faults, const char *what, const cJSON *object, const char *key,
                      bool (*is_ok)(const char *text), const char **list, uint32_t capacity, uint32_t *n_list) {
  const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key);
  const cJSON *element;
  if (array != NULL && !cJSON_IsArray(array)) {
    manifest_fault(faults, "%s \"%s\" must be an array of strings", what, key);
    return;
  }
  cJSON_ArrayForEach(element, array) {
    const char *text = cJSON_GetStringValue(element);
    if (text == NULL || !is_ok(text)) {
      manifest_fault(faults, "%s \"%s\" has the element \"%.64s\", which is no valid name", what, key,
                     text != NULL ? text : "(no string)");
    } else if (is_listed(text, list, *n_list)) {
      manifest_fault(faults, "%s \"%s\" names \"%.64s\" again", what, key, text);
    } else if (*n_list == capacity) {
      manifest_fault(faults, "%s \"%s\" goes over the limit of %u names", what, key, capacity);
      return;
    } else {
      list[(*n_list)++] = text;
    }
  }
}

static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Lower-case words of letters and digits, the first beginning with a letter, joined by single separators. */
static bool words_ok(const char *text, size_t len, const char *separators) {
  if (len == 0 || len > MANIFEST_NAME_MAX || !is_lower(text[0])) {
    return false;
  }
  for (size_t i = 0; i < len; i++) {
    bool separator = strchr(separators, text[i]) != NULL;
    bool doubled = separator && (i + 1 == len || strchr(separators, text[i + 1]) != NULL);
    if (doubled || (!separator && !is_lower(text[i]) && !is_digit(text[i]))) {
      return false;
    }
  }
  return true;
}

bool manifest_name_ok(const char *text) {
  return words_ok(text, strlen(text), "._-");
}

bool manifest_view_ok(const char *text) {
  return words_ok(text, strlen(text), "_");
}

bool manifest_layer_ok(const char *text) {
  const char *slash = strchr(text, '/');
  if (slash == NULL || strlen(text) > MANIFEST_NAME_MAX || !words_ok(text, (size_t)(slash - text), "._-")) {
    return false;
  }
  size_t digits = strspn(slash + 1, "0123456789");
  return digits >= 1 && digits <= 4 && slash[1] != '0' && slash[1 + digits] == '\0';
}

/* Letters and digits, and of the others those given, not as the first if they are in not_first. */
static bool letters_ok(const char *text, const char *others, const char *not_first) {
  for (const char *c = text; *c != '\0'; c++) {
    bool plain = is_lower(*c) || is_digit(*c) || (*c >= 'A' && *c <= 'Z');
    if (!plain && (strchr(others, *c) == NULL || (c == text && strchr(not_first, *c) != NULL))) {
      return false;
    }
  }
  return text[0] != '\0' && strlen(text) <= MANIFEST_NAME_MAX;
}

bool manifest_file_ok(const char *text) {
  return letters_ok(text, "_.-", ".");
}

bool manifest_field_ok(const char *text) {
  return strcmp(text, "*") == 0 || (letters_ok(text, "_.-", ".-") && !is_digit(text[0]));
}

bool manifest_symbol_ok(const char *text) {
  return letters_ok(text, "_-", "_-") && !is_digit(text[0]);
}
