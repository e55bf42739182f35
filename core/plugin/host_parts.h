/* SPDX-License-Identifier: Apache-2.0 */

/* The functions of the host table that live in files of their own, and what those files share. Private to core/plugin. */
#ifndef CORE_PLUGIN_HOST_PARTS_H
#define CORE_PLUGIN_HOST_PARTS_H

#include "plugin/host.h"

/* The body of a qn_create; create stays first. */
typedef struct host_create_body {
  qn_create create;
  qn_error *error; /* create_fail()'s text */
  qn_error hint;   /* the last thing of the host's that failed: told if the stage says nothing itself */
} host_create_body;

static inline host_create_body *create_body(qn_create *create) {
  return (host_create_body *)(void *)create;
}

/* Copies a plugin's words into error: one line of valid UTF-8. A bad slug becomes fallback_slug. */
void host_words_copy(qn_error *error, int code, const char *slug, const char *fallback_slug, const char *text,
                     size_t len);

/* host_config.c */
int host_config_get(qn_create *create, const char *pointer, qn_value *ret_value);
int host_config_key(qn_create *create, const char *pointer, uint32_t index, qn_str *ret_key);
int host_create_fail(qn_create *create, const char *text, size_t len);

/* host_files.c */
int host_data_open(qn_create *create, const char *name, qn_str *ret_bytes);
int host_file_open(qn_create *create, const char *pointer, qn_str *ret_bytes);
void host_files_close(qn_env *env);
uint64_t host_files_bytes(const qn_env *env);

/* host_predicate.c */
int host_predicate_open(qn_create *create, const char *pointer, const qn_predicate **ret_predicate);
void host_predicates_close(qn_env *env);

/* host_memory.c */
void *host_alloc(qn_env *env, size_t bytes);
void *host_resize(qn_env *env, void *memory, size_t bytes);
void host_release(qn_env *env, void *memory);

#endif
