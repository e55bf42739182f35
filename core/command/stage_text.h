/* SPDX-License-Identifier: Apache-2.0 */

/* One stage as its manifest declares it, for people and for programs. Floor 5. */
#ifndef CORE_COMMAND_STAGE_TEXT_H
#define CORE_COMMAND_STAGE_TEXT_H

#include <stdio.h>

#include "plugin/manifest.h"

const char *stage_role_name(stage_role role);

/* All of it, as a page of text. */
void stage_print(const stage_info *info, FILE *stream);

/* All of it, or what a list shows. Owned by the caller; NULL: no memory. */
cJSON *stage_json(const stage_info *info);
cJSON *stage_json_summary(const stage_info *info);

#endif
