/* SPDX-License-Identifier: Apache-2.0 */

/* A plan in the language of Graphviz. */
#include <inttypes.h>

#include "pipeline/graph_words.h"

/* As it stands between quotation marks; a backslash would begin an escape of dot's own. */
static void put(const char *text, FILE *stream) {
  for (; *text != '\0'; text++) {
    if (*text == '\n') {
      fputs("\\n", stream);
    } else {
      if (*text == '"' || *text == '\\') {
        putc('\\', stream);
      }
      putc(*text, stream);
    }
  }
}

static void put_stage(const plan *self, const graph_run *run, uint32_t index, FILE *stream) {
  static const char *const shapes[] = { "cds", "box", "cylinder" };
  const plan_stage *stage = &self->stages[index];
  char tip[GRAPH_TIP_BYTES], time[GRAPH_LABEL_BYTES], color[8];
  graph_stage_tip(self, stage, tip, sizeof tip);
  graph_time_text(run, index, time, sizeof time);
  graph_color(run, index, color);
  fprintf(stream, "    s%" PRIu32 " [shape=%s, fillcolor=\"%s\", label=\"", index, shapes[stage->info->role], color);
  put(stage->id, stream);
  fputs(time[0] != '\0' ? "\\n" : "", stream);
  put(time, stream);
  fputs("\", tooltip=\"", stream);
  put(tip, stream);
  fputs("\"];\n", stream);
}

static void put_segment(const plan *self, const graph_run *run, uint32_t index, FILE *stream) {
  fprintf(stream, "  subgraph cluster_%" PRIu32 " {\n    label=\"%s\";\n", index,
          graph_segment_text(self, &self->segments[index]));
  for (uint32_t i = 0; i < self->n_stages; i++) {
    if (self->stages[i].segment == index) {
      put_stage(self, run, i, stream);
    }
  }
  fputs("  }\n", stream);
}

static void put_edge(const plan *self, uint32_t from, uint32_t to, FILE *stream) {
  char tip[GRAPH_TIP_BYTES], condition[GRAPH_LABEL_BYTES], label[GRAPH_LABEL_BYTES];
  graph_edge_tip(self, &self->stages[from], &self->stages[to], tip, sizeof tip);
  graph_condition(&self->stages[to], condition, sizeof condition);
  graph_isolate(condition, label, sizeof label);
  fprintf(stream, "  s%" PRIu32 " -> s%" PRIu32 " [", from, to);
  if (label[0] != '\0') {
    fputs("style=dashed, label=\"", stream);
    put(label, stream);
    fputs("\", labeltooltip=\"", stream);
    put(tip, stream);
    fputs("\", ", stream);
  }
  fputs("edgetooltip=\"", stream);
  put(tip, stream);
  fputs("\"];\n", stream);
}

int graph_dot(const plan *self, const graph_run *run, FILE *stream) {
  char name[GRAPH_LABEL_BYTES], summary[GRAPH_LABEL_BYTES];
  graph_name(self, name, sizeof name);
  graph_run_text(run, summary, sizeof summary);
  fputs("digraph \"", stream);
  put(name, stream);
  fputs("\" {\n  label=\"", stream);
  put(name, stream);
  fputs(summary[0] != '\0' ? "\\n" : "", stream);
  put(summary, stream);
  fputs("\";\n  labelloc=t;\n  fontname=\"sans-serif\";\n"
        "  node [style=\"filled,rounded\", fillcolor=white, fontname=\"sans-serif\"];\n"
        "  edge [fontname=\"sans-serif\", fontsize=10];\n"
        "  graph [fontsize=10, color=gray60, style=rounded];\n",
        stream);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    if (graph_segment_shown(self, i)) {
      put_segment(self, run, i, stream);
    }
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    for (uint32_t k = 0; k < self->stages[i].n_from; k++) {
      put_edge(self, self->stages[i].from[k], i, stream);
    }
  }
  fputs("}\n", stream);
  return 0;
}
