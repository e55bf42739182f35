/* SPDX-License-Identifier: Apache-2.0 */

/* Describes a stage. The JSON is close to the manifest, with what it leaves out filled in. */
#include "command/stage_text.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/config.h"

static const char *const role_names[] = { "source", "transform", "sink" };
static const char *const concurrency_names[] = { "parallel", "ordered", "serial" };
static const char *const call_names[] = { "one", "batch", "async", "sync" };
static const char *const access_names[] = { "reads", "may_read", "provides", "modifies" };
static const char *const access_words[] = { "reads", "may read", "provides", "modifies" };

const char *stage_role_name(stage_role role) {
  return role_names[role];
}

/* --- for people --- */

enum { LINE_WIDTH = 100, DESCRIPTION_INDENT = 8 };

/* Prints text in lines of at most LINE_WIDTH characters, broken at spaces; the first begins at column, the others after
 * indent spaces. */
static void print_wrapped(const char *text, unsigned column, unsigned indent, FILE *stream) {
  while (*text != '\0') {
    size_t len = strcspn(text, " ");
    unsigned width = 0;
    for (size_t i = 0; i < len; i++) {
      width += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    if (column > indent && column + width + 1 > LINE_WIDTH) {
      fprintf(stream, "\n%*s", (int)indent, "");
      column = indent;
    } else if (column > indent) {
      fputc(' ', stream);
      column++;
    }
    fwrite(text, 1, len, stream);
    column += width;
    text += len;
    text += strspn(text, " ");
  }
  fputc('\n', stream);
}

static void print_strings(const char *label, const char *const *strings, uint32_t n_strings, FILE *stream) {
  for (uint32_t i = 0; i < n_strings; i++) {
    fprintf(stream, "%s%s", i == 0 ? label : ", ", strings[i]);
  }
}

static void print_views(const stage_info *info, FILE *stream) {
  fputs("  view         ", stream);
  for (uint32_t i = 0; i < info->n_views_read; i++) {
    fprintf(stream, "%s%s", i == 0 ? "reads " : ", else ", info->views_read[i]);
  }
  fprintf(stream, "%s%s%s\n", info->n_views_read == 0 ? "none" : "", info->view_provided != NULL ? "; provides " : "",
          info->view_provided != NULL ? info->view_provided : "");
}

static void print_layers(const stage_info *info, FILE *stream) {
  fputs("  layers       ", stream);
  for (uint32_t i = 0; i < info->n_layers; i++) {
    bool first = i == 0 || info->layers[i].access != info->layers[i - 1].access;
    fprintf(stream, "%s%s%s%s", i > 0 ? (first ? "; " : ", ") : "", first ? access_words[info->layers[i].access] : "",
            first ? " " : "", info->layers[i].name);
  }
  fputs(info->layers_from_config ? "; and those its config names\n" : info->n_layers == 0 ? "none\n" : "\n", stream);
}

static void print_fields(const stage_info *info, FILE *stream) {
  fputs("  fields       ", stream);
  print_strings("reads ", info->fields_read, info->n_fields_read, stream);
  print_strings(info->n_fields_read > 0 ? "; writes " : "writes ", info->fields_written, info->n_fields_written,
                stream);
  fputs(info->n_fields_read + info->n_fields_written == 0 ? "none\n" : "\n", stream);
}

static bool is_required(const cJSON *schema, const char *key) {
  const cJSON *name;
  cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(schema, "required")) {
    if (cJSON_IsString(name) && strcmp(name->valuestring, key) == 0) {
      return true;
    }
  }
  return false;
}

/* One line a key, its description below, then the keys of an object in it; path is where the object stands. */
static void print_keys(const cJSON *schema, const char *path, FILE *stream) {
  const cJSON *property;
  cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
    char what[600], here[256];
    const cJSON *standard = cJSON_GetObjectItemCaseSensitive(property, "default");
    const char *description = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(property, "description"));
    snprintf(here, sizeof here, "%s%s%s", path, path[0] != '\0' ? "." : "", property->string);
    config_describe(property, what, sizeof what);
    fprintf(stream, "    %s: %s", here, what);
    char *value = standard != NULL ? cJSON_PrintUnformatted(standard) : NULL;
    if (value != NULL) {
      fprintf(stream, ", default %s", value);
      cJSON_free(value);
    } else if (is_required(schema, property->string)) {
      fputs(", required", stream);
    }
    fputc('\n', stream);
    if (description != NULL) {
      fprintf(stream, "%*s", DESCRIPTION_INDENT, "");
      print_wrapped(description, DESCRIPTION_INDENT, DESCRIPTION_INDENT, stream);
    }
    print_keys(property, here, stream);
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(property, "items");
    if (items != NULL) {
      strncat(here, "[]", sizeof here - strlen(here) - 1);
      print_keys(items, here, stream);
    }
  }
}

void stage_print(const stage_info *info, FILE *stream) {
  const manifest *from = info->manifest;
  fprintf(stream, "%s:", info->name);
  print_wrapped(info->description, (unsigned)strlen(info->name) + 1, 0, stream);
  fputc('\n', stream);
  fprintf(stream, "  role         %s\n", role_names[info->role]);
  fprintf(stream, "  concurrency  %s\n", concurrency_names[info->concurrency]);
  fprintf(stream, "  call         %s", call_names[info->call]);
  if (info->call == CALL_BATCH) {
    fprintf(stream, " of %u, waiting at most %u ms", info->batch_size, info->batch_wait_ms);
  }
  fprintf(stream, "%s\n",
          info->splits    ? "; splits documents"
          : info->replays ? "; gives again what has not settled"
                          : "");
  if (info->role != ROLE_SOURCE) {
    print_views(info, stream);
    print_layers(info, stream);
  }
  print_fields(info, stream);
  if (info->n_needs > 0) {
    print_strings("  needs        ", info->needs, info->n_needs, stream);
    fputc('\n', stream);
  }
  if (info->exclusive != NULL) {
    fprintf(stream, "  exclusive    the output that \"%s\" names\n", info->exclusive);
  }
  fprintf(stream, "  plugin       %s %s (%s), ABI %u.%u\n               %s\n", from->name, from->version, from->license,
          from->abi_major, from->abi_minor, from->path);
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(info->config, "properties");
  fputs(properties != NULL && properties->child != NULL ? "\n  config, under \"with\":\n" : "\n  config       none\n",
        stream);
  print_keys(info->config, "", stream);
}

/* --- for programs --- */

static bool add_strings(cJSON *object, const char *key, const char *const *strings, uint32_t n_strings) {
  cJSON *array = cJSON_AddArrayToObject(object, key);
  for (uint32_t i = 0; array != NULL && i < n_strings; i++) {
    if (!cJSON_AddItemToArray(array, cJSON_CreateString(strings[i]))) {
      return false;
    }
  }
  return array != NULL;
}

static bool add_layers(cJSON *object, const stage_info *info) {
  cJSON *layers = cJSON_AddObjectToObject(object, "layers");
  for (unsigned access = 0; layers != NULL && access < 4; access++) {
    cJSON *array = cJSON_AddArrayToObject(layers, access_names[access]);
    if (array == NULL) {
      return false;
    }
    for (uint32_t i = 0; i < info->n_layers; i++) {
      if ((unsigned)info->layers[i].access == access &&
          !cJSON_AddItemToArray(array, cJSON_CreateString(info->layers[i].name))) {
        return false;
      }
    }
  }
  return layers != NULL && cJSON_AddBoolToObject(layers, "from_config", info->layers_from_config) != NULL;
}

static bool add_view_and_fields(cJSON *object, const stage_info *info) {
  cJSON *view = cJSON_AddObjectToObject(object, "view");
  if (view == NULL || !add_strings(view, "reads", info->views_read, info->n_views_read)) {
    return false;
  }
  cJSON *provided = info->view_provided != NULL ? cJSON_AddStringToObject(view, "provides", info->view_provided)
                                                : cJSON_AddNullToObject(view, "provides");
  cJSON *fields = cJSON_AddObjectToObject(object, "fields");
  return provided != NULL && fields != NULL && add_strings(fields, "reads", info->fields_read, info->n_fields_read) &&
         add_strings(fields, "writes", info->fields_written, info->n_fields_written);
}

static bool add_forms(cJSON *object, const stage_info *info) {
  bool ok = cJSON_AddStringToObject(object, "concurrency", concurrency_names[info->concurrency]) != NULL &&
            cJSON_AddStringToObject(object, "call", call_names[info->call]) != NULL &&
            cJSON_AddBoolToObject(object, "splits", info->splits) != NULL &&
            cJSON_AddBoolToObject(object, "replays", info->replays) != NULL;
  if (ok && info->call == CALL_BATCH) {
    cJSON *batch = cJSON_AddObjectToObject(object, "batch");
    ok = batch != NULL && cJSON_AddNumberToObject(batch, "size", info->batch_size) != NULL &&
         cJSON_AddNumberToObject(batch, "wait_ms", info->batch_wait_ms) != NULL;
  }
  return ok;
}

static bool add_plugin(cJSON *object, const manifest *from) {
  char abi[32];
  snprintf(abi, sizeof abi, "%u.%u", from->abi_major, from->abi_minor);
  cJSON *plugin = cJSON_AddObjectToObject(object, "plugin");
  return plugin != NULL && cJSON_AddStringToObject(plugin, "name", from->name) != NULL &&
         cJSON_AddStringToObject(plugin, "version", from->version) != NULL &&
         cJSON_AddStringToObject(plugin, "license", from->license) != NULL &&
         cJSON_AddStringToObject(plugin, "description", from->description) != NULL &&
         cJSON_AddStringToObject(plugin, "abi", abi) != NULL &&
         cJSON_AddStringToObject(plugin, "path", from->path) != NULL;
}

static cJSON *ended(cJSON *object, bool ok) {
  if (!ok) {
    cJSON_Delete(object);
  }
  return ok ? object : NULL;
}

static bool add_names(cJSON *object, const stage_info *info) {
  return object != NULL && cJSON_AddStringToObject(object, "name", info->name) != NULL &&
         cJSON_AddStringToObject(object, "role", role_names[info->role]) != NULL &&
         cJSON_AddStringToObject(object, "description", info->description) != NULL;
}

cJSON *stage_json_summary(const stage_info *info) {
  cJSON *object = cJSON_CreateObject();
  return ended(object, add_names(object, info) &&
                           cJSON_AddStringToObject(object, "plugin", info->manifest->name) != NULL &&
                           cJSON_AddStringToObject(object, "version", info->manifest->version) != NULL);
}

cJSON *stage_json(const stage_info *info) {
  cJSON *object = cJSON_CreateObject();
  bool ok = add_names(object, info) && add_forms(object, info) && add_view_and_fields(object, info) &&
            add_layers(object, info) && add_strings(object, "needs", info->needs, info->n_needs);
  if (ok) {
    ok = (info->exclusive != NULL ? cJSON_AddStringToObject(object, "exclusive", info->exclusive)
                                  : cJSON_AddNullToObject(object, "exclusive")) != NULL;
  }
  cJSON *config = ok ? cJSON_Duplicate(info->config, 1) : NULL;
  if (config == NULL || !cJSON_AddItemToObject(object, "config", config)) {
    cJSON_Delete(config);
    return ended(object, false);
  }
  return ended(object, add_plugin(object, info->manifest));
}
