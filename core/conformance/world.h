/* SPDX-License-Identifier: Apache-2.0 */

/* The pipeline that a stage under test believes to be in: schemas, its layout, and documents that hold what it reads.
 *
 * What comes before the stage in a real pipeline is made up from the sample's seed: valid, and no more than valid. Floor 4. */
#ifndef CORE_CONFORMANCE_WORLD_H
#define CORE_CONFORMANCE_WORLD_H

#include "conformance/sample.h"
#include "document/builder.h"
#include "document/record.h"
#include "plugin/manifest.h"

/* Two pipelines a stage must do in: one that has all it may read, in the view it likes best; and one that has as little as
 * its manifest allows. */
typedef enum world_kind { WORLD_RICH = 0, WORLD_BARE = 1, WORLD_KINDS } world_kind;

typedef struct world {
  const stage_info *info;
  const manifest *declared;
  world_kind kind;
  schema_set *schemas;
  document_pool *pool;
  stage_layout layout;
  uint8_t text_is_given; /* the stage does not make it itself */
  uint8_t given_view;    /* slot of a view between the text and the stage, or SCHEMA_VIEW_NONE */
  builder *building;
  record_encoder *encoder;
} world;

/* declared has the schemas of layers that the configuration declares. 0, -ENOMEM, or -EINVAL (the manifest asks for more views or layers than a pipeline has). */
int world_open(world *ret_world, const stage_info *info, const manifest *declared, world_kind kind, qn_error *error);
void world_close(world *world);

/* Whether both kinds are the same for the stage. */
bool world_kinds_differ(const stage_info *info);

/* The sample as it comes to the stage. The caller unrefs it. 0, -ENOMEM, -EINVAL (a fault of this program; error says). */
int world_document(world *world, const sample *from, document **ret_document, qn_error *error);

/* Everything the document holds, as text: the record, and the views and places that it does not show. free() it. NULL: no
 * memory. Equal documents give equal texts. */
char *world_dump(world *world, document *document);

#endif
