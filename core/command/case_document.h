/* SPDX-License-Identifier: Apache-2.0 */

/* A document as JSON, with all that stages made of it: what a test compares. Floor 5. */
#ifndef CORE_COMMAND_CASE_DOCUMENT_H
#define CORE_COMMAND_CASE_DOCUMENT_H

#include <cjson/cJSON.h>

#include "document/document.h"

/* { "id", "fields", "views", "layers", "record", "summary" }. Rows have the text they stand on ("at"), "begin" and "end" in
 * bytes of the text, and their columns that hold a value. record is what the host's encoder wrote. NULL: no memory. */
cJSON *case_document_json(document *document, qn_str record);

#endif
