/* SPDX-License-Identifier: Apache-2.0 */

/* A plugin's tables once its file is loaded: what they must hold to match the manifest that was believed. */
#include "plugin/registry_load.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static const char symbol[] = "qn_plugin_v1";

/* What went wrong with which stage, in the words of every refusal here. */
static int differs(const stage_info *info, const char *what, qn_error *error) {
  return error_set(
      error, -EPROTO, "descriptor-differs",
      "%s: its manifest and its code disagree on stage \"%s\": %s; rebuild the plugin, so that both are of "
      "one version (%s)",
      info->manifest->path, info->name, what, info->manifest->version);
}

static int transform_check(const stage_info *info, const qn_transform *table, qn_error *error) {
  if (!QN_HAS(table, cancel)) {
    return differs(info, "its qn_transform is smaller than ABI 1.0's", error);
  }
  if (table->create == NULL || table->destroy == NULL) {
    return differs(info, "create or destroy is missing", error);
  }
  if (info->call == CALL_BATCH ? table->process_batch == NULL : table->process == NULL) {
    return differs(info, info->call == CALL_BATCH ? "process_batch is missing" : "process is missing", error);
  }
  return 0;
}

static int source_check(const stage_info *info, const qn_source *table, qn_error *error) {
  if (!QN_HAS(table, settled)) {
    return differs(info, "its qn_source is smaller than ABI 1.0's", error);
  }
  if (table->create == NULL || table->destroy == NULL) {
    return differs(info, "create or destroy is missing", error);
  }
  if (info->call == CALL_SYNC && table->next == NULL) {
    return differs(info, "it is sync, and next is missing", error);
  }
  if (info->call == CALL_ASYNC && (table->start == NULL || table->credit == NULL || table->stop == NULL)) {
    return differs(info, "it is async, and start, credit or stop is missing", error);
  }
  return 0;
}

static int sink_check(const stage_info *info, const qn_sink *table, qn_error *error) {
  if (!QN_HAS(table, finish)) {
    return differs(info, "its qn_sink is smaller than ABI 1.0's", error);
  }
  if (table->create == NULL || table->destroy == NULL || table->write == NULL) {
    return differs(info, "create, destroy or write is missing", error);
  }
  return 0;
}

static int stage_check(const stage_info *info, const qn_stage *stage, qn_error *error) {
  const void *own[] = { [ROLE_SOURCE] = stage->source, [ROLE_TRANSFORM] = stage->transform, [ROLE_SINK] = stage->sink };
  unsigned n_tables = 0;
  for (unsigned i = 0; i < 3; i++) {
    n_tables += own[i] != NULL;
  }
  if (own[info->role] == NULL) {
    return differs(info, "the table of its role is missing", error);
  }
  if (n_tables != 1) {
    return differs(info, "it has tables of several roles", error);
  }
  switch (info->role) {
  case ROLE_SOURCE:
    return source_check(info, stage->source, error);
  case ROLE_TRANSFORM:
    return transform_check(info, stage->transform, error);
  case ROLE_SINK:
    break;
  }
  return sink_check(info, stage->sink, error);
}

/* The descriptor's entry of that name, or NULL. */
static const qn_stage *stage_find(const qn_plugin *plugin, const char *name) {
  for (uint32_t i = 0; i < plugin->n_stages; i++) {
    const qn_stage *stage = plugin->stages[i];
    if (stage != NULL && QN_HAS(stage, sink) && stage->name != NULL && strcmp(stage->name, name) == 0) {
      return stage;
    }
  }
  return NULL;
}

int registry_match(const manifest *declared, const qn_plugin *plugin, qn_error *error) {
  if (!QN_HAS(plugin, stages) || plugin->stages == NULL) {
    return error_set(error, -EPROTO, "descriptor-differs",
                     "%s: its qn_plugin_v1 is smaller than ABI 1.0's or has no stages; set its size to "
                     "sizeof(qn_plugin)",
                     declared->path);
  }
  for (uint32_t i = 0; i < declared->n_stages; i++) {
    const stage_info *info = &declared->stages[i];
    const qn_stage *stage = stage_find(plugin, info->name);
    int rc = stage == NULL ? differs(info, "qn_plugin_v1 does not have it", error) : stage_check(info, stage, error);
    if (rc != 0) {
      return rc;
    }
  }
  if (plugin->n_stages != declared->n_stages) {
    return error_set(error, -EPROTO, "descriptor-differs",
                     "%s: its manifest has %u stages and its qn_plugin_v1 has %u; name every stage in both",
                     declared->path, declared->n_stages, plugin->n_stages);
  }
  return 0;
}

int registry_open(const manifest *declared, const qn_plugin **ret_plugin, qn_error *error) {
  /* NODELETE: threads, atexit handlers and pointers of a library may outlive whoever closes it. */
  void *library = dlopen(declared->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == NULL) {
    const char *reason = dlerror();
    return error_set(error, -ELIBACC, "cannot-load",
                     "%s: cannot be loaded: %s; install the library it lacks, or rebuild it with `-Wl,-z,defs`, which "
                     "finds missing symbols",
                     declared->path, reason != NULL ? reason : "unknown reason");
  }
  const qn_plugin *plugin = dlsym(library, symbol);
  int rc = plugin == NULL ? error_set(error, -ENOENT, "no-symbol",
                                      "%s: does not export %s; define it as `const qn_plugin %s` after including "
                                      "qanat/stage.h, and let the version script keep it global",
                                      declared->path, symbol, symbol)
                          : registry_match(declared, plugin, error);
  dlclose(library); /* only counts: the library stays */
  if (rc == 0) {
    *ret_plugin = plugin;
  }
  return rc;
}

const qn_stage *registry_entry(const qn_plugin *plugin, const char *name) {
  return stage_find(plugin, name);
}
