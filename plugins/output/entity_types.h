/* SPDX-License-Identifier: Apache-2.0 */

/* The names of entity/1's types, as the record writes them. */
#ifndef OUTPUT_ENTITY_TYPES_H
#define OUTPUT_ENTITY_TYPES_H

#include "qanat/layers.h"

static inline const char *entity_type_name(uint32_t type) {
  static const char *const names[] = {
    [QN_ENTITY_TYPE_PERSON] = "PERSON",     [QN_ENTITY_TYPE_ORGANIZATION] = "ORGANIZATION",
    [QN_ENTITY_TYPE_LOCATION] = "LOCATION", [QN_ENTITY_TYPE_PRODUCT] = "PRODUCT",
    [QN_ENTITY_TYPE_EVENT] = "EVENT",       [QN_ENTITY_TYPE_MONEY] = "MONEY",
    [QN_ENTITY_TYPE_PERCENT] = "PERCENT",   [QN_ENTITY_TYPE_DATE] = "DATE",
    [QN_ENTITY_TYPE_QUANTITY] = "QUANTITY",
  };
  return type < sizeof names / sizeof names[0] ? names[type] : "";
}

#endif
