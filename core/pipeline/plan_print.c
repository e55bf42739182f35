/* SPDX-License-Identifier: Apache-2.0 */

/* The plan for people: a table of the stages, cut where the segments are. The same plan prints the same bytes. */
#include <inttypes.h>
#include <string.h>

#include "pipeline/graph_words.h"
#include "pipeline/keys.h"
#include "pipeline/plan.h"

enum { COLUMNS = 6, CELL_BYTES = 1024 };

typedef struct row {
  char cells[COLUMNS][CELL_BYTES];
} row;

__attribute__((format(printf, 2, 3))) static void add(char *cell, const char *format, ...) {
  size_t len = strlen(cell);
  va_list args;
  va_start(args, format);
  vsnprintf(cell + len, CELL_BYTES - len, format, args);
  va_end(args);
}

/* token/1? may be read and is there; layers that are not there are left out. */
static void add_layers(const plan *self, const stage_layout *layout, bool written, char *cell) {
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    uint8_t access = layout->layer_access[i];
    uint8_t slot = layout->layer_slot[i];
    bool writes = access == LAYER_PROVIDES || access == LAYER_MODIFIES;
    if (writes != written || slot >= schema_set_count(self->schemas)) {
      continue;
    }
    add(cell, "%s%s%s", cell[0] == '\0' ? "" : " ", access == LAYER_MODIFIES ? "~" : "",
        schema_set_at(self->schemas, slot)->name);
    add(cell, "%s", access == LAYER_MAY_READ ? "?" : "");
  }
}

static void fill(const plan *self, const plan_stage *stage, row *ret_row) {
  static const char *const roles[] = { "source", "transform", "sink" };
  const stage_info *info = stage->info;
  memset(ret_row, 0, sizeof *ret_row);
  add(ret_row->cells[0], "%s", stage->id);
  if (strcmp(stage->id, info->name) != 0) {
    add(ret_row->cells[0], " (%s)", info->name);
  }
  add(ret_row->cells[1], "%s %s", info->manifest->name, info->manifest->version);
  add(ret_row->cells[2], "%s", roles[info->role]);
  if (info->role != ROLE_SOURCE) {
    add(ret_row->cells[3], "%s", schema_set_view_name(self->schemas, stage->layout.view_reads));
    for (uint32_t i = 0; i < stage->layout.n_views_else; i++) {
      add(ret_row->cells[3], " or %s", schema_set_view_name(self->schemas, stage->layout.views_else[i]));
    }
  } else {
    add(ret_row->cells[3], "-> %s", schema_set_view_name(self->schemas, SCHEMA_VIEW_PAYLOAD));
  }
  if (stage->layout.view_provides != SCHEMA_VIEW_NONE) {
    add(ret_row->cells[3], " -> %s", schema_set_view_name(self->schemas, stage->layout.view_provides));
  }
  add_layers(self, &stage->layout, false, ret_row->cells[4]);
  add_layers(self, &stage->layout, true, ret_row->cells[5]);
  for (uint32_t i = 0; i < COLUMNS; i++) {
    add(ret_row->cells[i], "%s", ret_row->cells[i][0] == '\0' ? "-" : "");
  }
}

static void put_row(FILE *stream, const char *const *cells, const int *widths) {
  fputs("  ", stream);
  for (uint32_t i = 0; i < COLUMNS; i++) {
    if (i + 1 == COLUMNS) {
      fprintf(stream, "%s\n", cells[i]);
    } else {
      fprintf(stream, "%-*s  ", widths[i], cells[i]);
    }
  }
}

static void print_cells(FILE *stream, const row *r, const int *widths) {
  const char *cells[COLUMNS];
  for (uint32_t i = 0; i < COLUMNS; i++) {
    cells[i] = r->cells[i];
  }
  put_row(stream, cells, widths);
}

static const char *kind_text(segment_kind kind) {
  switch (kind) {
  case SEGMENT_SOURCE:
    return "source";
  case SEGMENT_PARALLEL:
    return "parallel, on the workers";
  case SEGMENT_ORDERED:
    return "ordered";
  case SEGMENT_SERIAL:
    return "serial";
  case SEGMENT_BATCH:
    return "in batches";
  case SEGMENT_ASYNC:
    return "asynchronous";
  case SEGMENT_ISOLATED:
    return "isolated, in child processes";
  case SEGMENT_SPLIT:
    return "splits documents, one at a time";
  case SEGMENT_SINK:
    return "sink, in order";
  }
  return "?";
}

/* Which documents come to a stage, if not all. */
static void print_condition(const plan_stage *stage, FILE *stream) {
  char text[CELL_BYTES];
  if (stage->when != NULL) {
    graph_condition(stage, text, sizeof text);
    fprintf(stream, "    if %s\n", text);
  }
}

static void print_paths(FILE *stream, const char *what, const char *const *paths, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    fprintf(stream, "%s%s", i == 0 ? what : ", ", paths[i]);
  }
}

/* What an isolated stage may use and reach. */
static void print_isolation(const plan_isolation *of, FILE *stream) {
  char memory[32];
  keys_size_text(of->memory_bytes, memory, sizeof memory);
  fprintf(stream, "    each process: %s of memory", memory);
  if (of->cpu_ms > 0) {
    fprintf(stream, ", %" PRIu32 " ms of processor time a document", of->cpu_ms);
  }
  fprintf(stream, ", %s", of->network ? "the network" : "no network");
  print_paths(stream, "; reads ", of->read, of->n_read);
  print_paths(stream, "; writes ", of->write, of->n_write);
  fputc('\n', stream);
}

/* A segment's number, kind and where it leads; then its stages. */
static void print_segment(const plan *self, uint32_t index, FILE *stream, const int *widths) {
  const plan_segment *segment = &self->segments[index];
  fprintf(stream, "segment %" PRIu32 ": %s", index,
          segment->kind == SEGMENT_SINK && self->any_order ? "sink, in any order" : kind_text(segment->kind));
  for (uint32_t i = 0; i < segment->n_next; i++) {
    fprintf(stream, "%s %" PRIu32, i == 0 ? "; then" : ",", segment->next[i]);
  }
  fputc('\n', stream);
  for (uint32_t i = 0; i < segment->n_stages; i++) {
    const plan_stage *stage = &self->stages[segment->stages[i]];
    if (segment->kind == SEGMENT_PARALLEL && stage->info->role == ROLE_SINK) {
      fprintf(stream, "  prepare of %s\n", stage->id);
      continue;
    }
    row r;
    fill(self, stage, &r);
    print_cells(stream, &r, widths);
    print_condition(stage, stream);
    if (stage->isolate) {
      print_isolation(&stage->isolation, stream);
    }
  }
}

static void print_limits(const plan *self, FILE *stream) {
  char bytes[32];
  char document_bytes[32];
  char document_memory[32];
  keys_size_text(self->limits.bytes, bytes, sizeof bytes);
  keys_size_text(self->limits.document_bytes, document_bytes, sizeof document_bytes);
  keys_size_text(self->limits.document_memory, document_memory, sizeof document_memory);
  fprintf(stream, "limits: %" PRIu32 " documents and %s in flight; a document: %s, %s of memory\n",
          self->limits.documents, bytes, document_bytes, document_memory);
}

void plan_print(const plan *self, FILE *stream) {
  static const char *const titles[COLUMNS] = { "stage", "plugin", "role", "view", "reads", "makes" };
  int widths[COLUMNS];
  for (uint32_t i = 0; i < COLUMNS; i++) {
    widths[i] = (int)strlen(titles[i]);
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    row r;
    fill(self, &self->stages[i], &r);
    for (uint32_t k = 0; k < COLUMNS; k++) {
      int width = (int)strlen(r.cells[k]);
      widths[k] = width > widths[k] ? width : widths[k];
    }
  }
  fprintf(stream, "pipeline %s (%s)\n", self->name, self->path);
  fprintf(stream, "order: %s\n", self->any_order ? "any" : "as in the source");
  print_limits(self, stream);
  fputc('\n', stream);
  put_row(stream, titles, widths);
  for (uint32_t i = 0; i < self->n_segments; i++) {
    print_segment(self, i, stream, widths);
  }
}
