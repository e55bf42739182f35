/* SPDX-License-Identifier: Apache-2.0 */

/* What the pictures of a plan say, before any language escapes it. Private to the graph_ files. Floor 3. */
#ifndef CORE_PIPELINE_GRAPH_WORDS_H
#define CORE_PIPELINE_GRAPH_WORDS_H

#include "pipeline/graph.h"

enum { GRAPH_LABEL_BYTES = 512, GRAPH_TIP_BYTES = 4096 };

/* Text from outside made fit to be shown: valid UTF-8 without control characters and without those that change the
 * direction of what stands around; cut at a code point. Line feeds stay. */
void graph_clean(const char *text, char *ret_text, size_t capacity);

/* About how wide a text is, in letters, and the text cut to that width with an ellipsis. */
uint32_t graph_width(const char *text);
void graph_cut(char *text, uint32_t width);

/* Puts right-to-left runs apart from what stands around them (U+2068, U+2069), so that a condition reads in its order. */
void graph_isolate(const char *text, char *ret_text, size_t capacity);

void graph_name(const plan *plan, char *ret_text, size_t capacity);
/* The condition on the way into a stage, or "". */
void graph_condition(const plan_stage *stage, char *ret_text, size_t capacity);
/* Plugin, views, layers, a line each. */
void graph_stage_tip(const plan *plan, const plan_stage *stage, char *ret_text, size_t capacity);
/* What a document has with it on leaving a stage: "with token/1, entity/1". */
void graph_edge_tip(const plan *plan, const plan_stage *from, const plan_stage *to, char *ret_text, size_t capacity);
/* "12,000 documents · 340 ms · 46 %", or "" if nothing is known. */
void graph_time_text(const graph_run *run, uint32_t stage, char *ret_text, size_t capacity);
/* "12,000 documents in 3.2 s, 2 workers", or "". */
void graph_run_text(const graph_run *run, char *ret_text, size_t capacity);

const char *graph_segment_text(const plan *plan, const plan_segment *segment);
/* Whether any stage is drawn in it: one that only prepares for a sink is not, since the sink stands in its own. */
bool graph_segment_shown(const plan *plan, uint32_t segment);

/* "#rrggbb": the warmer, the more of the run's time a stage took. */
void graph_color(const graph_run *run, uint32_t stage, char ret_color[8]);

#endif
