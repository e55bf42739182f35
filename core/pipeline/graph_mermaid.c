/* SPDX-License-Identifier: Apache-2.0 */

/* A plan in the language of Mermaid, which Markdown pages draw. It knows no tips, so layers stand in comments. */
#include <ctype.h>
#include <inttypes.h>

#include "pipeline/graph_words.h"

/* Everything but letters, digits and what is not ASCII may mean something to Mermaid or to the page. */
static void put(const char *text, FILE *stream) {
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c >= 0x80 || isalnum(c) || c == ' ' || c == '-' || c == '/' || c == ',' || c == '.') {
      putc(c, stream);
    } else {
      fprintf(stream, "#%d;", c);
    }
  }
}

static void put_comment(const char *text, FILE *stream) {
  fputs("  %% ", stream);
  for (; *text != '\0'; text++) {
    if (*text == '\n') {
      fputs("; ", stream);
    } else {
      putc(*text == '{' || *text == '}' ? ' ' : *text, stream); /* %%{ begins a directive */
    }
  }
  putc('\n', stream);
}

static void put_stage(const plan *self, const graph_run *run, uint32_t index, FILE *stream) {
  static const char *const shapes[][2] = { { "([", "])" }, { "[", "]" }, { "[(", ")]" } };
  const plan_stage *stage = &self->stages[index];
  char time[GRAPH_LABEL_BYTES], color[8];
  graph_time_text(run, index, time, sizeof time);
  fprintf(stream, "    s%" PRIu32 "%s\"", index, shapes[stage->info->role][0]);
  put(stage->id, stream);
  fputs(time[0] != '\0' ? "<br/>" : "", stream);
  put(time, stream);
  fprintf(stream, "\"%s\n", shapes[stage->info->role][1]);
  if (time[0] != '\0') {
    graph_color(run, index, color);
    fprintf(stream, "    style s%" PRIu32 " fill:%s,color:#1b1b1b\n", index, color);
  }
}

static void put_edge(const plan *self, uint32_t from, uint32_t to, FILE *stream) {
  char condition[GRAPH_LABEL_BYTES], label[GRAPH_LABEL_BYTES];
  graph_condition(&self->stages[to], condition, sizeof condition);
  graph_isolate(condition, label, sizeof label);
  if (label[0] == '\0') {
    fprintf(stream, "  s%" PRIu32 " --> s%" PRIu32 "\n", from, to);
    return;
  }
  fprintf(stream, "  s%" PRIu32 " -.->|\"", from);
  put(label, stream);
  fprintf(stream, "\"| s%" PRIu32 "\n", to);
}

static void put_title(const plan *self, const graph_run *run, FILE *stream) {
  char text[GRAPH_LABEL_BYTES];
  graph_name(self, text, sizeof text);
  put_comment(text, stream);
  graph_run_text(run, text, sizeof text);
  if (text[0] != '\0') {
    put_comment(text, stream);
  }
}

int graph_mermaid(const plan *self, const graph_run *run, FILE *stream) {
  char tip[GRAPH_TIP_BYTES];
  fputs("flowchart TD\n", stream);
  put_title(self, run, stream);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    if (!graph_segment_shown(self, i)) {
      continue;
    }
    fprintf(stream, "  subgraph g%" PRIu32 "[\"%s\"]\n", i, graph_segment_text(self, &self->segments[i]));
    for (uint32_t k = 0; k < self->n_stages; k++) {
      if (self->stages[k].segment == i) {
        put_stage(self, run, k, stream);
      }
    }
    fputs("  end\n", stream);
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    graph_stage_tip(self, &self->stages[i], tip, sizeof tip);
    put_comment(tip, stream);
    for (uint32_t k = 0; k < self->stages[i].n_from; k++) {
      put_edge(self, self->stages[i].from[k], i, stream);
    }
  }
  return 0;
}
