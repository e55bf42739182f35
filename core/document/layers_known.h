/* SPDX-License-Identifier: Apache-2.0 */

/* The table that tools/generate-layers makes of include/qanat/layers.json. Private to core/document. */
#ifndef CORE_DOCUMENT_LAYERS_KNOWN_H
#define CORE_DOCUMENT_LAYERS_KNOWN_H

#include "document/schema.h"

extern const layer_schema layers_known[];
extern const uint32_t layers_known_count;

#endif
