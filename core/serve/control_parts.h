/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the control share. Floor 4, private. */
#ifndef CORE_SERVE_CONTROL_PARTS_H
#define CORE_SERVE_CONTROL_PARTS_H

#include "document/json_writer.h"
#include "serve/control.h"

/* What to do with a request that was let through. */
typedef void control_handler(const control_options *options, const control_request *request, control_answer *answer);

control_handler control_get_page, control_get_healthy, control_get_ready, control_get_metrics, control_get_status,
    control_get_graph;                                                                             /* control_look.c */
control_handler control_get_letters, control_retry_letters, control_post_reload, control_post_try; /* control_do.c */

/* The value of a parameter of the query, decoded, NUL-terminated. False: it is not there, is too long, or has a NUL. */
bool control_query(qn_str target, const char *name, char *value, size_t size);
/* The same as a number. -ENOENT: it is not there; -EINVAL: it is none, or not from least to most. */
int control_query_number(qn_str target, const char *name, int64_t least, int64_t most, int64_t *ret_value);

/* The answer is what was written, which it takes; 503 if memory ran out. */
void control_give(control_answer *answer, uint32_t status, const char *content_type, json_writer *written);

/* The pipeline that the query names, or the only one. NULL, with the answer filled: there is none. */
const service_pipeline *control_pipeline(const control_request *request, const service_report *report,
                                         control_answer *answer);

#endif
