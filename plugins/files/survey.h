/* SPDX-License-Identifier: Apache-2.0 */

/* Counts, beside the reading, how much there is to read, so that people can be told how long it takes. */
#ifndef FILES_SURVEY_H
#define FILES_SURVEY_H

#include <stdint.h>

typedef struct files_survey files_survey;

/* Walks the paths as the source does, on a thread of its own. Copies what it is given. 0, or a negative errno. */
int survey_start(const char *const *paths, uint32_t n_paths, const char *const *include, uint32_t n_include,
                 files_survey **ret_survey);

/* Bytes on disk of all files, once that is known; 0 before, and always if an input's end can't be known. [any] */
uint64_t survey_total(const files_survey *survey);

/* Stops the thread wherever it is. NULL is fine. */
void survey_free(files_survey *survey);

#endif
