/* SPDX-License-Identifier: Apache-2.0 */

/* The inside of faults (see plan.h): collecting everything that is wrong, each with its place. Floor 3. */
#ifndef CORE_PIPELINE_FAULTS_H
#define CORE_PIPELINE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "pipeline/plan.h"
#include "pipeline/positions.h"

/* More are counted but not kept: nobody reads them, and a hostile file must not buy memory with them. */
enum { FAULTS_KEPT = 200 };

/* The text that later ranges are of. Copied. -ENOMEM. */
int faults_set_text(faults *faults, const char *path, const char *text, size_t len);

/* A fault in the text; pointer may be "" (the whole). -ENOMEM is remembered and told by faults_print. */
void faults_add(faults *faults, text_range range, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A fault in an argument of the command line ("--set a.b=1"), which range is of. */
void faults_add_argument(faults *faults, const char *argument, text_range range, const char *pointer,
                         const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A fault of the file as a whole: it can't be read. */
void faults_add_file(faults *faults, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
