/* SPDX-License-Identifier: Apache-2.0 */

/* Words of pipelines, stages and documents, of which nobody promises that they are UTF-8, in formats that must be. Floor 4. */
#ifndef CORE_SERVE_SAFE_TEXT_H
#define CORE_SERVE_SAFE_TEXT_H

#include "document/json_writer.h"

/* A JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void safe_json_string(json_writer *to, const char *text, size_t len);
/* "name":"text" with a comma behind. */
void safe_json_member(json_writer *to, const char *name, const char *text);
/* A label's value as Prometheus has it, with its quotes. */
void safe_label(json_writer *to, const char *text);

#endif
