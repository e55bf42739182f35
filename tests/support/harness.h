/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a few transforms over one document at a time, in the calling thread, without the runtime.
 *
 * Uses the real plugins from the build tree, the real planner and the real host; what fails in setting up fails the
 * test with the message a composer would see. */
#ifndef TESTS_SUPPORT_HARNESS_H
#define TESTS_SUPPORT_HARNESS_H

#include "document/document.h"
#include "pipeline/plan.h"
#include "plugin/host.h"

typedef struct harness harness;

/* stages_json: what stands under "stages" in a pipeline file, e.g. [{"use":"decode"},{"use":"normalize"}]. */
harness *harness_new(const char *stages_json);
/* Asserts that no document and no allocation of a stage is live. */
void harness_free(harness *harness);

/* Pushes a payload through all stages. The document (to be unref'd) if every stage said OK; else NULL, and the status,
 * stage and error are below. */
document *harness_push(harness *harness, const void *payload, size_t len);
document *harness_push_text(harness *harness, const char *text);
qn_status harness_status(const harness *harness);
const char *harness_failed_stage(const harness *harness);
const qn_error *harness_error(const harness *harness);

/* Sets a field on the documents pushed from now on (copied; a few). */
void harness_set_field(harness *harness, const char *name, const char *value);

/* A layer by name, offsets in the text; fails the test if the document does not have it. */
qn_layer harness_layer(harness *harness, document *document, const char *name);
/* The text, or another view by name. */
qn_view harness_view(harness *harness, document *document, const char *name);
/* The bytes that a span of the text covers, as a NUL-terminated copy to be freed. */
char *harness_text_of(document *document, uint32_t begin, uint32_t end);
/* The record, as a NUL-terminated copy to be freed. */
char *harness_record(harness *harness, document *document);

/* The laws every transform keeps, over rubbish and over the given texts: the same record twice and from several threads
 * at once; spans inside the text, on code-point borders and sorted (the host checks them: a fault is a failed push);
 * any bytes give output or an error with a message. */
void harness_check_laws(harness *harness, const char *const *texts, uint32_t n_texts);

/* Path of a file below the source root, to be freed. */
char *harness_source_path(const char *relative);

#endif
