/* SPDX-License-Identifier: Apache-2.0 */

/* Puts values from the command line into the tree.
 *
 * A path is "stages.ID.with.key", "limits.documents", or a JSON pointer if it begins with a slash. A stage is named by
 * its id or by its index. The last component may be new; a member on the way that is missing becomes an object. */
#include "pipeline/overrides.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"
#include "pipeline/entries.h"
#include "pipeline/keys.h"
#include "plugin/config.h"

/* One argument being applied. */
typedef struct setting {
  pipeline_file *file;
  const char *argument; /* "--set limits.documents=5" */
  size_t path, equals;  /* places in argument: the path begins, the = stands */
  bool literal;
  stage_entries entries;
} setting;

__attribute__((format(printf, 3, 4))) static void fault(setting *s, text_range range, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *message = NULL;
  if (vasprintf(&message, format, args) >= 0) {
    faults_add_argument(s->file->faults, s->argument, range, "", "%s", message);
    free(message);
  }
  va_end(args);
}

static text_range path_range(const setting *s) {
  return (text_range){ s->path, s->equals };
}

/* --- values --- */

static void first_report(void *arg, text_range range, const char *pointer, const char *message) {
  setting *s = arg;
  (void)pointer;
  size_t value = s->equals + 1;
  fault(s, (text_range){ value + range.begin, value + range.end }, "%s", message);
}

static void no_report(void *arg, text_range range, const char *pointer, const char *message) {
  (void)arg;
  (void)range;
  (void)pointer;
  (void)message;
}

/* JSON, or else a string as it stands. Text that begins like a container or string but is not one is a slip. */
static int value_parse(setting *s, cJSON **ret_value) {
  const char *text = s->argument + s->equals + 1;
  size_t len = strlen(text);
  size_t bad = utf8_fault((const uint8_t *)text, len);
  if (bad < len) {
    fault(s, (text_range){ s->equals + 1 + bad, s->equals + 2 + bad }, "the value is not UTF-8");
    return -EINVAL;
  }
  positions *scanned = NULL;
  bool must = text[0] == '{' || text[0] == '[' || text[0] == '"';
  int result = len == 0 ? -EINVAL : positions_scan(text, len, must ? first_report : no_report, s, &scanned);
  positions_free(scanned);
  if (result == -ENOMEM || (result != 0 && must)) {
    return result;
  }
  *ret_value = result == 0 ? cJSON_ParseWithLength(text, len + 1) : cJSON_CreateString(text);
  return *ret_value == NULL ? -ENOMEM : 0;
}

/* --- walking --- */

/* Takes value. Records where it came from. */
static int value_put(setting *s, cJSON *parent, const char *pointer, const char *key, cJSON *value) {
  const char *full = pipeline_file_child(s->file, pointer, key);
  bool good = full != NULL;
  cJSON *old =
      cJSON_IsArray(parent) ? cJSON_GetArrayItem(parent, atoi(key)) : cJSON_GetObjectItemCaseSensitive(parent, key);
  if (good && old != NULL && cJSON_IsArray(parent)) {
    good = cJSON_ReplaceItemInArray(parent, atoi(key), value);
  } else if (good && old != NULL) {
    good = cJSON_ReplaceItemInObjectCaseSensitive(parent, key, value);
  } else if (good) {
    good = cJSON_IsArray(parent) ? cJSON_AddItemToArray(parent, value) : cJSON_AddItemToObject(parent, key, value);
  }
  if (!good) {
    cJSON_Delete(value);
    return -ENOMEM;
  }
  text_range last = path_range(s);
  for (size_t i = s->path; i < s->equals; i++) {
    bool separates = s->argument[i] == '.' || s->argument[i] == '/';
    last.begin = separates && i + 1 < s->equals ? i + 1 : last.begin;
  }
  s->file->origins[s->file->n_origins++] = (file_origin){ .pointer = full,
                                                          .argument = s->argument,
                                                          .path = path_range(s),
                                                          .key = last,
                                                          .value = { s->equals + 1, strlen(s->argument) },
                                                          .literal = s->literal };
  return 0;
}

static bool is_index(const char *text, size_t len) {
  bool good = len > 0 && len < 7;
  for (size_t i = 0; good && i < len; i++) {
    good = text[i] >= '0' && text[i] <= '9';
  }
  return good;
}

/* The entry that the path behind "stages." names; ids may hold dots, so the longest that fits counts. */
static const stage_entry *entry_named(const setting *s, const char *rest, size_t len, stage_role place) {
  const stage_entry *found = NULL;
  size_t found_len = 0;
  for (uint32_t i = 0; i < s->entries.n; i++) {
    const stage_entry *entry = &s->entries.all[i];
    size_t id_len = entry->id == NULL ? 0 : strlen(entry->id);
    bool fits = entry->place == place && id_len > found_len && id_len <= len && memcmp(rest, entry->id, id_len) == 0 &&
                (id_len == len || rest[id_len] == '.');
    if (fits) {
      found = entry;
      found_len = id_len;
    }
  }
  return found;
}

/* Splits the next component off the dotted or slashed path at *at. */
static char *component_next(const setting *s, size_t *at) {
  char separator = s->argument[s->path] == '/' ? '/' : '.';
  if (separator == '/') {
    char *end = strndup(s->argument + *at, s->equals - *at);
    const char *rest = end;
    char *component = end == NULL ? NULL : positions_component(&rest);
    *at += component == NULL ? 0 : (size_t)(rest - end);
    free(end);
    return component;
  }
  const char *begin = s->argument + *at;
  const char *dot = memchr(begin, '.', s->equals - *at);
  size_t len = dot == NULL ? s->equals - *at : (size_t)(dot - begin);
  *at += len + (dot != NULL);
  return strndup(begin, len);
}

/* An array's element: by index, or, for stages, by id. Ret_key is its index as text, from the plan's memory. */
static int element_find(setting *s, const cJSON *array, const char *pointer, const char *component, size_t begin,
                        const char **ret_key) {
  text_range range = { begin, begin + strlen(component) };
  int n = cJSON_GetArraySize(array);
  if (is_index(component, strlen(component))) {
    if (atoi(component) > n) {
      fault(s, range, "there is no element %s: %s has %d, counted from 0", component, pointer, n);
      return -EINVAL;
    }
    *ret_key = plan_memory_format(s->file->memory, "%d", atoi(component));
    return *ret_key == NULL ? -ENOMEM : 0;
  }
  fault(s, range, "%s is a list: name an element by its index, from 0", pointer);
  return -EINVAL;
}

static const stage_role *place_of(const char *pointer) {
  static const stage_role places[] = { ROLE_SOURCE, ROLE_TRANSFORM, ROLE_SINK };
  return strcmp(pointer, "/sources") == 0  ? &places[0]
         : strcmp(pointer, "/stages") == 0 ? &places[1]
         : strcmp(pointer, "/sinks") == 0  ? &places[2]
                                           : NULL;
}

/* The stage named at *at, which moves behind it. NULL: by index, or a fault. */
static const stage_entry *stage_find(setting *s, const char *pointer, size_t *at, bool *ret_faulty) {
  const stage_role *place = place_of(pointer);
  bool slashed = s->argument[s->path] == '/';
  const char *rest = s->argument + *at + slashed;
  size_t len = s->equals - *at - slashed;
  size_t first = strcspn(rest, slashed ? "/=" : ".=");
  if (place == NULL || is_index(rest, first)) {
    return NULL;
  }
  const stage_entry *entry = entry_named(s, rest, slashed ? first : len, *place);
  if (entry != NULL) {
    *at += slashed + strlen(entry->id);
    *at += !slashed && *at < s->equals;
    return entry;
  }
  char *id = strndup(rest, first);
  const char *near = id == NULL ? NULL : stage_entries_nearest(&s->entries, id);
  fault(s, (text_range){ *at + slashed, *at + slashed + first }, "no stage has the id \"%.*s\"%s%s%s", (int)first, rest,
        near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near, near == NULL ? "" : "\"?");
  free(id);
  *ret_faulty = true;
  return NULL;
}

/* Where the walk along the path is. */
typedef struct walk {
  cJSON *parent;
  const char *pointer; /* of parent */
  size_t at;           /* how far into the argument */
} walk;

/* Into the stage that was found. */
static int step_stage(setting *s, walk *to, const stage_entry *entry) {
  if (to->at >= s->equals) {
    fault(s, path_range(s), "a whole stage can't be set, only what is in it: stages.%s.with.KEY=VALUE", entry->id);
    return -EINVAL;
  }
  to->parent = entry->object;
  to->pointer = entry->pointer;
  return 1;
}

/* The next component, as a key that fits what parent is. begin: where it stands. */
static int key_next(setting *s, walk *to, size_t begin, const char **ret_key) {
  char *component = component_next(s, &to->at);
  const char *key = component == NULL ? NULL : plan_memory_copy(s->file->memory, component, strlen(component));
  free(component);
  if (key == NULL) {
    return -ENOMEM;
  }
  text_range range = { begin, begin + strlen(key) };
  if (key[0] == '\0') {
    fault(s, range, "a name is missing here");
    return -EINVAL;
  }
  if (cJSON_IsArray(to->parent)) {
    return element_find(s, to->parent, to->pointer, key, begin, ret_key);
  }
  if (!cJSON_IsObject(to->parent)) {
    fault(s, range, "%s is %s, so nothing in it can be set", to->pointer, keys_found(to->parent));
    return -EINVAL;
  }
  *ret_key = key;
  return 0;
}

/* Down to the member or element key, which is made an object if it is missing. */
static int step_down(setting *s, walk *to, const char *key, size_t begin) {
  cJSON *child = NULL;
  if (cJSON_IsArray(to->parent)) {
    child = cJSON_GetArrayItem(to->parent, atoi(key));
    if (child == NULL) {
      fault(s, (text_range){ begin, begin + strlen(key) }, "there is no element %s in %s", key, to->pointer);
      return -EINVAL;
    }
  } else {
    child = cJSON_GetObjectItemCaseSensitive(to->parent, key);
    child = child != NULL ? child : cJSON_AddObjectToObject(to->parent, key);
  }
  to->pointer = child == NULL ? NULL : pipeline_file_child(s->file, to->pointer, key);
  to->parent = child;
  return to->pointer == NULL ? -ENOMEM : 1;
}

/* Goes one component down, or puts value there (and takes it) if it is the last. Returns 1 while there is more. */
static int step(setting *s, walk *to, cJSON **value) {
  bool faulty = false;
  const stage_entry *entry = cJSON_IsArray(to->parent) ? stage_find(s, to->pointer, &to->at, &faulty) : NULL;
  if (entry != NULL || faulty) {
    return faulty ? -EINVAL : step_stage(s, to, entry);
  }
  size_t begin = to->at + (s->argument[s->path] == '/');
  const char *key = NULL;
  int result = key_next(s, to, begin, &key);
  if (result != 0) {
    return result;
  }
  if (to->at < s->equals) {
    return step_down(s, to, key, begin);
  }
  cJSON *taken = *value;
  *value = NULL;
  return value_put(s, to->parent, to->pointer, key, taken);
}

static int set_path(setting *s, cJSON *value) {
  walk to = { .parent = s->file->root, .pointer = "", .at = s->path };
  int more = 1;
  for (int depth = 0; more > 0; depth++) {
    if (depth == POSITIONS_DEPTH_MAX) {
      fault(s, path_range(s), "the path is deeper than %d levels", POSITIONS_DEPTH_MAX);
      more = -EINVAL;
      break;
    }
    more = step(s, &to, &value);
  }
  cJSON_Delete(value);
  return more;
}

static int set_apply(pipeline_file *file, const char *set) {
  setting s = { .file = file, .argument = plan_memory_format(file->memory, "--set %s", set), .path = strlen("--set ") };
  if (s.argument == NULL) {
    return -ENOMEM;
  }
  const char *equals = strchr(set, '=');
  s.equals = s.path + (equals == NULL ? strlen(set) : (size_t)(equals - set));
  if (equals == NULL || equals == set) {
    fault(&s, path_range(&s), "write PATH=VALUE, for example stages.summarize.with.sentences=5");
    return 0;
  }
  cJSON *value = NULL;
  int result = stage_entries_read(file, false, &s.entries);
  if (result == 0) {
    result = value_parse(&s, &value);
  }
  if (result == 0) {
    result = set_path(&s, value);
  }
  return result == -ENOMEM ? result : 0;
}

/* --- inputs and -o --- */

/* The one entry of a place whose stage has the config property, or NULL after a fault. */
static const stage_entry *only_entry(setting *s, stage_role place, const registry *installed, const char *property) {
  const char *what = place == ROLE_SOURCE ? "source" : "sink";
  const stage_entry *found = NULL;
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->entries.n; i++) {
    if (s->entries.all[i].place == place) {
      found = &s->entries.all[i];
      n++;
    }
  }
  text_range all = { 0, strlen(s->argument) };
  if (n > 1) {
    fault(s, all, "this pipeline has %u %ss: say which with --set %ss.ID.with.%s=...", n, what, what, property);
    return NULL;
  }
  const cJSON *use = found == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(found->object, "use");
  const stage_info *info = cJSON_IsString(use) ? registry_find(installed, use->valuestring) : NULL;
  if (info == NULL) {
    return NULL; /* told where the stage is checked */
  }
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(info->config, "properties");
  if (cJSON_GetObjectItemCaseSensitive(properties, property) == NULL) {
    fault(s, all, "the %s \"%s\" has no setting \"%s\" to take this", what, use->valuestring, property);
    return NULL;
  }
  return found;
}

static int put_with(setting *s, const stage_entry *entry, const char *property, cJSON *value) {
  cJSON *with = cJSON_GetObjectItemCaseSensitive(entry->object, "with");
  const char *pointer = pipeline_file_child(s->file, entry->pointer, "with");
  if (with == NULL) {
    with = cJSON_AddObjectToObject(entry->object, "with");
  }
  if (with == NULL || pointer == NULL || value == NULL) {
    cJSON_Delete(value);
    return -ENOMEM;
  }
  if (!cJSON_IsObject(with)) {
    cJSON_Delete(value);
    return 0; /* told where the stage is checked */
  }
  return value_put(s, with, pointer, property, value);
}

static int inputs_apply(pipeline_file *file, const registry *installed, const plan_options *options) {
  setting s = { .file = file, .argument = plan_memory_format(file->memory, "input %s", options->inputs[0]) };
  int result = s.argument == NULL ? -ENOMEM : stage_entries_read(file, false, &s.entries);
  if (result != 0) {
    return result;
  }
  s.equals = strlen("input");
  s.literal = true;
  const stage_entry *entry = only_entry(&s, ROLE_SOURCE, installed, "paths");
  if (entry == NULL) {
    return 0;
  }
  cJSON *paths = cJSON_CreateArray();
  for (uint32_t i = 0; i < options->n_inputs; i++) {
    if (!utf8_valid((const uint8_t *)options->inputs[i], strlen(options->inputs[i]))) {
      /* JSON carries only UTF-8; a name that is not can still be reached through its folder or a glob. */
      fault(&s, (text_range){ 0, strlen(s.argument) }, "input %u is not UTF-8: name its folder or a pattern instead",
            i);
      continue;
    }
    cJSON *path = cJSON_CreateString(options->inputs[i]);
    if (!cJSON_AddItemToArray(paths, path)) {
      cJSON_Delete(path);
      cJSON_Delete(paths);
      return -ENOMEM;
    }
  }
  return put_with(&s, entry, "paths", paths);
}

static int output_apply(pipeline_file *file, const registry *installed, const plan_options *options) {
  setting s = {
    .file = file, .argument = plan_memory_format(file->memory, "-o %s", options->output), .equals = 2, .literal = true
  };
  int result = s.argument == NULL ? -ENOMEM : stage_entries_read(file, false, &s.entries);
  if (result != 0) {
    return result;
  }
  if (!utf8_valid((const uint8_t *)options->output, strlen(options->output))) {
    fault(&s, (text_range){ 3, strlen(s.argument) }, "the name is not UTF-8");
    return 0;
  }
  const stage_entry *entry = only_entry(&s, ROLE_SINK, installed, "path");
  return entry == NULL ? 0 : put_with(&s, entry, "path", cJSON_CreateString(options->output));
}

int overrides_apply(pipeline_file *file, const registry *installed, const plan_options *options) {
  file->origins = plan_memory_take(file->memory, (size_t)options->n_sets + 2, sizeof(file_origin));
  int result = file->origins == NULL ? -ENOMEM : 0;
  for (uint32_t i = 0; i < options->n_sets && result == 0; i++) {
    result = set_apply(file, options->sets[i]);
  }
  if (result == 0 && options->n_inputs != 0) {
    result = inputs_apply(file, installed, options);
  }
  if (result == 0 && options->output != NULL) {
    result = output_apply(file, installed, options);
  }
  return result;
}
