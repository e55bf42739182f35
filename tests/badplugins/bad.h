/* SPDX-License-Identifier: Apache-2.0 */

/* What the bad plugins share. Their manifests are written here by hand, since qanat-manifest would refuse many of them;
 * each plugin breaks one rule, which its first comment names, and keeps all others. */
#ifndef TESTS_BADPLUGINS_BAD_H
#define TESTS_BADPLUGINS_BAD_H

#include "qanat/layers.h"
#include "qanat/stage.h"

#include <string.h>

/* The note that carries the text of a manifest. */
#define BAD_NOTE(text)                                                                                                 \
  __attribute__((used, section(".note.qanat"), aligned(4))) static const struct {                                      \
    uint32_t name_bytes, manifest_bytes, type;                                                                         \
    char name[8];                                                                                                      \
    char manifest[(sizeof(text) + 2) / 4 * 4 + 4];                                                                     \
  } note = { 6, sizeof(text) - 1, 1, "Qanat", text }

/* A manifest with one transform; more is text that goes into the stage, e.g. ",\"call\":\"async\"". */
#define BAD_MANIFEST(abi, stage, more)                                                                                 \
  "{\"name\":\"" stage                                                                                                 \
  "\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a rule.\",\"abi\":\"" abi                \
  "\",\"stages\":{\"" stage "\":{\"role\":\"transform\",\"description\":\"Breaks a rule.\"" more "}}}"

/* The usual descriptor around a process function. */
#define BAD_DESCRIPTOR(stage_name)                                                                                     \
  static const qn_transform transform = {                                                                              \
    .size = sizeof transform, .create = create, .destroy = destroy, .process = process                                 \
  };                                                                                                                   \
  static const qn_stage stage = { .size = sizeof stage, .name = stage_name, .transform = &transform };                 \
  static const qn_stage *const stages[] = { &stage };                                                                  \
  const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages }

/* A sound create and destroy, for plugins whose fault lies elsewhere. */
#define BAD_LIFE                                                                                                       \
  static int create(qn_create *with, void **ret_instance) {                                                            \
    (void)with;                                                                                                        \
    *ret_instance = NULL;                                                                                              \
    return 0;                                                                                                          \
  }                                                                                                                    \
  static void destroy(void *instance) {                                                                                \
    (void)instance;                                                                                                    \
  }

/* A sound process, likewise. */
#define BAD_PROCESS_OK                                                                                                 \
  static qn_status process(void *instance, void *context, qn_call *call) {                                             \
    (void)instance;                                                                                                    \
    (void)context;                                                                                                     \
    (void)call;                                                                                                        \
    return QN_STATUS_OK;                                                                                               \
  }

#endif
