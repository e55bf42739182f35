/* SPDX-License-Identifier: Apache-2.0 */

/* What the sound plugins share: each does something that few stages do, keeps every rule, and must be found to. */
#ifndef TESTS_BADPLUGINS_SOUND_SOUND_H
#define TESTS_BADPLUGINS_SOUND_SOUND_H

#include "../bad.h"

/* A manifest with one stage of a role. */
#define SOUND_MANIFEST(role, stage, more)                                                                              \
  "{\"name\":\"" stage                                                                                                 \
  "\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Keeps the rules.\",\"abi\":\"1.0\",\"stages\":" \
  "{\"" stage "\":{\"role\":\"" role "\",\"description\":\"Keeps the rules.\"" more "}}}"

#define SOUND_DESCRIPTOR(stage_name, role)                                                                             \
  static const qn_stage stage = { .size = sizeof stage, .name = stage_name, .role = &role };                           \
  static const qn_stage *const stages[] = { &stage };                                                                  \
  const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages }

#endif
