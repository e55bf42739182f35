/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the annotations that people made of a record's document. Floor 5. */
#ifndef CORE_COMMAND_VIEW_GOLD_H
#define CORE_COMMAND_VIEW_GOLD_H

#include <cjson/cJSON.h>

#include "document/error.h"

/* Reads FOLDER/NAME.json for a record whose source, or else id, is the file NAME.txt in whatever folder. *ret_gold has
 * what the page compares and is the caller's to delete. 1: there is one; 0: none; -EINVAL, -EIO, -ENOMEM. */
int view_gold_read(const char *folder, const cJSON *record, cJSON **ret_gold, qn_error *error);

#endif
