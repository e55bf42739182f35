/* SPDX-License-Identifier: Apache-2.0 */

/* What a file holds, as its name or its first bytes tell. */
#ifndef INPUT_FORMAT_H
#define INPUT_FORMAT_H

#include "input/input.h"
#include "qanat/doc.h"

typedef enum file_format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_HTML, FORMAT_JSONL, FORMAT_JSON } file_format;

/* The format with this name in a configuration; FORMAT_AUTO for any other. */
file_format format_named(qn_str name);

/* The format of a file: by its name, also before .gz and .zst, else by its first bytes. FORMAT_AUTO: neither tells. */
file_format format_find(file_input *input, const char *path, file_fault *fault);

#endif
