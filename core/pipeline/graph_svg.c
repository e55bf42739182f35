/* SPDX-License-Identifier: Apache-2.0 */

/* A plan as a drawing of its own: SVG that needs nothing but a browser. No script, no font, nothing from elsewhere. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/graph_layout.h"
#include "pipeline/graph_words.h"
#include "pipeline/memory.h"

enum { TITLE_HEIGHT = 58, NAME_LETTERS = 28, SMALL_LETTERS = 38, FRAME_SIDE = 12, FRAME_TOP = 22, FRAME_BOTTOM = 10 };

typedef struct drawing {
  const plan *plan;
  const graph_run *run;
  graph_layout layout;
  FILE *stream;
} drawing;

static const char style[] =
    "  <style>\n"
    "    text { font-family: system-ui, 'Noto Sans', 'Noto Sans Arabic', sans-serif; font-size: 11px; fill: #4a5160;\n"
    "      text-anchor: middle; direction: ltr; unicode-bidi: isolate }\n"
    "    .title { font-size: 17px; font-weight: 600; fill: #1b2330 }\n"
    "    .name { font-size: 13px; font-weight: 600; fill: #1b2330 }\n"
    "    .frame { fill: #f3f5f8; stroke: #c9d0da }\n"
    "    .kind { text-anchor: start; font-size: 10px; fill: #6b7484 }\n"
    "    .stage { stroke: #6b7484 }\n"
    "    .end { stroke: #2f6f62; stroke-width: 1.6 }\n"
    "    .edge { fill: none; stroke: #6b7484; stroke-width: 1.4 }\n"
    "    .maybe { stroke-dasharray: 5 3 }\n"
    "    .label { fill: #ffffff; stroke: #c9d0da }\n"
    "    .if { fill: #7a3e00 }\n"
    "  </style>\n";

/* As content or as the value of an attribute. */
static void put(const char *text, FILE *stream) {
  for (; *text != '\0'; text++) {
    switch (*text) {
    case '&':
      fputs("&amp;", stream);
      break;
    case '<':
      fputs("&lt;", stream);
      break;
    case '>':
      fputs("&gt;", stream);
      break;
    case '"':
      fputs("&quot;", stream);
      break;
    case '\'':
      fputs("&#39;", stream);
      break;
    default:
      putc(*text, stream);
    }
  }
}

/* Tenths of a pixel, by hand: no locale may put a comma there. */
static void put_number(double number, FILE *stream) {
  long tenths = lround(number * 10);
  fprintf(stream, tenths % 10 == 0 ? "%s%ld" : "%s%ld.%ld", tenths < 0 ? "-" : "", labs(tenths) / 10,
          labs(tenths) % 10);
}

static void put_attribute(const char *name, double number, FILE *stream) {
  fprintf(stream, " %s=\"", name);
  put_number(number, stream);
  putc('"', stream);
}

static void put_rect(const drawing *d, const char *class, layout_point corner, double width, double height,
                     double radius) {
  fprintf(d->stream, "<rect class=\"%s\"", class);
  put_attribute("x", corner.x, d->stream);
  put_attribute("y", corner.y, d->stream);
  put_attribute("width", width, d->stream);
  put_attribute("height", height, d->stream);
  put_attribute("rx", radius, d->stream);
}

static void put_text(const drawing *d, const char *class, layout_point at, const char *text) {
  fprintf(d->stream, "<text class=\"%s\"", class);
  put_attribute("x", at.x, d->stream);
  put_attribute("y", at.y, d->stream);
  putc('>', d->stream);
  put(text, d->stream);
  fputs("</text>", d->stream);
}

static void put_tip(const drawing *d, const char *text) {
  fputs("<title>", d->stream);
  put(text, d->stream);
  fputs("</title>", d->stream);
}

/* --- frames --- */

static void put_frame(const drawing *d, uint32_t segment) {
  layout_point first = { 0, 0 }, last = { 0, 0 };
  bool any = false;
  for (uint32_t i = 0; i < d->plan->n_stages; i++) {
    if (d->plan->stages[i].segment == segment) {
      last = d->layout.stages[i];
      first = any ? first : last;
      any = true;
    }
  }
  if (!any) {
    return;
  }
  layout_point corner = { first.x - LAYOUT_STAGE_WIDTH / 2.0 - FRAME_SIDE,
                          first.y - LAYOUT_STAGE_HEIGHT / 2.0 - FRAME_TOP };
  double height = last.y - first.y + LAYOUT_STAGE_HEIGHT + FRAME_TOP + FRAME_BOTTOM;
  fputs("  ", d->stream);
  put_rect(d, "frame", corner, LAYOUT_STAGE_WIDTH + 2 * FRAME_SIDE, height, 8);
  fputs("/>", d->stream);
  put_text(d, "kind", (layout_point){ corner.x + 10, corner.y + 14 },
           graph_segment_text(d->plan, &d->plan->segments[segment]));
  putc('\n', d->stream);
}

/* --- stages --- */

static void put_stage(const drawing *d, uint32_t index) {
  const plan_stage *stage = &d->plan->stages[index];
  layout_point middle = d->layout.stages[index];
  layout_point corner = { middle.x - LAYOUT_STAGE_WIDTH / 2.0, middle.y - LAYOUT_STAGE_HEIGHT / 2.0 };
  bool end = stage->info->role != ROLE_TRANSFORM;
  char tip[GRAPH_TIP_BYTES], text[GRAPH_LABEL_BYTES], color[8];
  graph_stage_tip(d->plan, stage, tip, sizeof tip);
  graph_color(d->run, index, color);
  fputs("  <g>", d->stream);
  put_tip(d, tip);
  put_rect(d, end ? "end" : "stage", corner, LAYOUT_STAGE_WIDTH, LAYOUT_STAGE_HEIGHT,
           end ? LAYOUT_STAGE_HEIGHT / 2.0 : 6);
  fprintf(d->stream, " fill=\"%s\"/>", color);
  graph_clean(stage->id, text, sizeof text);
  graph_cut(text, NAME_LETTERS);
  put_text(d, "name", (layout_point){ middle.x, middle.y - 3 }, text);
  graph_time_text(d->run, index, text, sizeof text);
  if (text[0] == '\0') {
    snprintf(text, sizeof text, "%s %s", stage->info->name, stage->info->manifest->version);
  }
  graph_cut(text, SMALL_LETTERS);
  put_text(d, "use", (layout_point){ middle.x, middle.y + 13 }, text);
  fputs("</g>\n", d->stream);
}

/* --- edges --- */

/* A point as two numbers, with what stands before it. */
static void put_point(const drawing *d, const char *before, double x, double y) {
  fputs(before, d->stream);
  put_number(x, d->stream);
  putc(' ', d->stream);
  put_number(y, d->stream);
}

/* Straight down, or by a curve that leaves and arrives upright. Between segments it arrives at the upper frame's edge
 * already upright, so that labels and titles stand beside nothing that slants. */
static void put_edge(const drawing *d, const layout_edge *edge) {
  const plan_stage *to = &d->plan->stages[edge->to];
  char tip[GRAPH_TIP_BYTES];
  graph_edge_tip(d->plan, &d->plan->stages[edge->from], to, tip, sizeof tip);
  fputs("  <g>", d->stream);
  put_tip(d, tip);
  fprintf(d->stream, "<path class=\"edge%s\" marker-end=\"url(#arrow)\" d=\"", to->when != NULL ? " maybe" : "");
  const layout_point *p = edge->points;
  double last_y = p[edge->n_points - 1].y - 6; /* the arrow's tip touches the stage */
  put_point(d, "M", p[0].x, p[0].y);
  for (uint32_t i = 1; i < edge->n_points; i++) {
    double y = i + 1 == edge->n_points ? last_y : p[i].y;
    double half = (p[i - 1].y + y) / 2;
    if (fabs(p[i].x - p[i - 1].x) < 0.5) {
      put_point(d, " L", p[i].x, y);
    } else {
      put_point(d, " C", p[i - 1].x, half);
      put_point(d, " ", p[i].x, half);
      put_point(d, " ", p[i].x, y);
    }
  }
  fputs("\"/></g>\n", d->stream);
}

/* The condition on the way into a stage, above its frame. */
static void put_condition(const drawing *d, uint32_t index) {
  const plan_stage *stage = &d->plan->stages[index];
  layout_point middle = d->layout.stages[index];
  char condition[GRAPH_LABEL_BYTES], label[GRAPH_LABEL_BYTES];
  graph_condition(stage, condition, sizeof condition);
  if (condition[0] == '\0') {
    return;
  }
  fputs("  <g>", d->stream);
  put_tip(d, condition);
  graph_cut(condition, SMALL_LETTERS);
  graph_isolate(condition, label, sizeof label);
  double width = fmin(graph_width(condition) * 6.1 + 14, LAYOUT_STAGE_WIDTH + 2.0 * FRAME_SIDE);
  double top = middle.y - LAYOUT_STAGE_HEIGHT / 2.0 - FRAME_TOP - 20;
  put_rect(d, "label", (layout_point){ middle.x - width / 2, top }, width, 17, 8.5);
  fputs("/>", d->stream);
  put_text(d, "if", (layout_point){ middle.x, top + 12 }, label);
  fputs("</g>\n", d->stream);
}

/* --- the whole --- */

static void put_head(const drawing *d) {
  char name[GRAPH_LABEL_BYTES], summary[GRAPH_LABEL_BYTES], label[GRAPH_LABEL_BYTES];
  double width = d->layout.width, height = d->layout.height + TITLE_HEIGHT;
  graph_name(d->plan, name, sizeof name);
  graph_run_text(d->run, summary, sizeof summary);
  fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"", d->stream);
  put_attribute("width", width, d->stream);
  put_attribute("height", height, d->stream);
  fputs(" viewBox=\"0 0 ", d->stream);
  put_point(d, "", width, height);
  fputs("\">\n  ", d->stream);
  put_tip(d, name);
  putc('\n', d->stream);
  fputs(style, d->stream);
  fputs("  <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"2\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" "
        "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#6b7484\"/></marker></defs>\n",
        d->stream);
  fputs("  <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n  ", d->stream);
  graph_cut(name, (uint32_t)(width / 10));
  graph_isolate(name, label, sizeof label);
  put_text(d, "title", (layout_point){ width / 2, 30 }, label);
  put_text(d, "sum", (layout_point){ width / 2, 48 }, summary);
  fputs("\n  <g transform=\"translate(0 ", d->stream);
  put_number(TITLE_HEIGHT, d->stream);
  fputs(")\">\n", d->stream);
}

int graph_svg(const plan *self, const graph_run *run, FILE *stream) {
  drawing d = { .plan = self, .run = run, .stream = stream };
  plan_memory *memory = NULL;
  int result = plan_memory_new(&memory);
  if (result == 0) {
    result = graph_layout_make(self, memory, &d.layout);
  }
  if (result != 0) {
    plan_memory_free(memory);
    return result;
  }
  put_head(&d);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    put_frame(&d, i);
  }
  for (uint32_t i = 0; i < d.layout.n_edges; i++) {
    put_edge(&d, &d.layout.edges[i]);
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    put_stage(&d, i);
    put_condition(&d, i);
  }
  fputs("  </g>\n</svg>\n", stream);
  plan_memory_free(memory);
  return 0;
}
