/* SPDX-License-Identifier: Apache-2.0 */

/* Rows for the layers a stage reads, made up by their schemas. Private to core/conformance. */
#ifndef CORE_CONFORMANCE_GIVING_H
#define CORE_CONFORMANCE_GIVING_H

#include "conformance/world.h"

/* Puts every layer that the world's stage reads, may read or modifies into the document. 0, -ENOMEM, -EINVAL. */
int giving_layers(world *world, document *document, const sample *from, qn_error *error);

#endif
