/* SPDX-License-Identifier: Apache-2.0 */

/* The table of the subject. */
#include "subject.h"

static const qn_stage *const stages[] = { &subject_words,   &subject_pairs, &subject_later, &subject_lines,
                                          &subject_numbers, &subject_ticks, &subject_keep,  &subject_post };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin),
                                 .n_stages = sizeof stages / sizeof stages[0],
                                 .stages = stages };
