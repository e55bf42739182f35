/* SPDX-License-Identifier: Apache-2.0 */

/* Writes a document as the record: one JSON object on a line, driven by the layers' schemas. Floor 1. */
#ifndef CORE_DOCUMENT_RECORD_H
#define CORE_DOCUMENT_RECORD_H

#include "document/document.h"
#include "qanat/stage.h"

/* Scratch space of one thread; reused from document to document. */
typedef struct record_encoder record_encoder;

int record_encoder_new(record_encoder **ret_encoder);
void record_encoder_free(record_encoder *encoder);

/* ret_json holds until the next encode. options may be NULL (bytes, all parts). 0, -ENOMEM. */
int record_encode(record_encoder *encoder, document *document, const qn_record_options *options, qn_str *ret_json);

#endif
