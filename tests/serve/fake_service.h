/* SPDX-License-Identifier: Apache-2.0 */

/* A service that only seems to be one: fixed figures, with names and words that are hard to write down. What is asked of it is
 * answered by how the pipeline is called. */
#ifndef TESTS_SERVE_FAKE_SERVICE_H
#define TESTS_SERVE_FAKE_SERVICE_H

#include "serve/service.h"

/* folder: where it keeps dead letters; plugin_folder: of the probe. */
service *fake_service_new(const char *folder, const char *plugin_folder);
void fake_service_free(service *fake);

/* The names of its two pipelines: one plain, one that no format takes as it is. */
extern const char fake_plain[], fake_odd[];
enum { FAKE_LETTERS = 7 };

#endif
