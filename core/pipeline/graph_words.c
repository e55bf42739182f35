/* SPDX-License-Identifier: Apache-2.0 */

/* Labels, tips and colours of the pictures of a plan. */
#include "pipeline/graph_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "document/utf8.h"

/* --- text from outside --- */

/* Decodes one code point; a byte that begins none is taken alone as U+FFFD. Returns its length. */
static size_t decode(const char *text, uint32_t *ret_code_point) {
  const uint8_t *bytes = (const uint8_t *)text;
  size_t len = utf8_step(bytes, strnlen(text, 4));
  if (len <= 1) {
    *ret_code_point = len == 1 ? bytes[0] : 0xFFFD;
    return 1;
  }
  uint32_t c = bytes[0] & (0x7Fu >> len);
  for (size_t i = 1; i < len; i++) {
    c = c << 6 | (bytes[i] & 0x3F);
  }
  *ret_code_point = c;
  return len;
}

/* Directional marks, embeddings, overrides and isolates. */
static bool is_directional(uint32_t c) {
  return c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* What XML can't hold, or a reader should not get. */
static bool is_unfit(uint32_t c) {
  return (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFFFE ||
         c == 0xFFFF || c == 0xFEFF;
}

void graph_clean(const char *text, char *ret_text, size_t capacity) {
  size_t n = 0;
  while (*text != '\0') {
    uint32_t c = 0;
    size_t len = decode(text, &c);
    const char *bytes = c == 0xFFFD ? "\xEF\xBF\xBD" : is_unfit(c) ? " " : text;
    size_t more = c == 0xFFFD ? 3 : is_unfit(c) ? 1 : len;
    text += len;
    if (is_directional(c)) {
      continue;
    }
    if (n + more >= capacity) {
      break;
    }
    memcpy(ret_text + n, bytes, more);
    n += more;
  }
  ret_text[n] = '\0';
}

/* Marks that sit on a letter take no room; East Asian letters take twice as much. */
static uint32_t width_of(uint32_t c) {
  bool mark = (c >= 0x300 && c < 0x370) || (c >= 0x64B && c < 0x660) || c == 0x670 || is_directional(c);
  bool wide = (c >= 0x1100 && c < 0x1160) || (c >= 0x2E80 && c < 0xA4D0) || (c >= 0xAC00 && c < 0xD7A4) ||
              (c >= 0xF900 && c < 0xFB00) || (c >= 0xFF00 && c < 0xFF61) || c >= 0x1F300;
  return mark ? 0 : wide ? 2 : 1;
}

uint32_t graph_width(const char *text) {
  uint32_t width = 0;
  while (*text != '\0') {
    uint32_t c = 0;
    text += decode(text, &c);
    width += width_of(c);
  }
  return width;
}

void graph_cut(char *text, uint32_t width) {
  static const char ellipsis[] = "…";
  uint32_t used = 0;
  char *end = text;
  if (graph_width(text) <= width) {
    return;
  }
  while (*end != '\0') {
    uint32_t c = 0;
    size_t len = decode(end, &c);
    if (used + width_of(c) > width - 1) {
      break;
    }
    used += width_of(c);
    end += len;
  }
  /* What is left out is longer than an ellipsis, or at least as long: a letter more than ASCII, or three of it. */
  if (strlen(end) >= sizeof ellipsis - 1) {
    memcpy(end, ellipsis, sizeof ellipsis);
  }
}

static bool is_right_to_left(uint32_t c) {
  return (c >= 0x590 && c < 0x900) || (c >= 0xFB1D && c < 0xFE00) || (c >= 0xFE70 && c < 0xFEFF) ||
         (c >= 0x10800 && c < 0x11000) || (c >= 0x1E800 && c < 0x1F000);
}

/* Bytes of the run that begins at a right-to-left letter: up to its last one, over single spaces. */
static size_t run_length(const char *text) {
  size_t end = 0;
  size_t at = 0;
  while (text[at] != '\0') {
    uint32_t c = 0;
    size_t len = decode(text + at, &c);
    if (!is_right_to_left(c) && c != ' ') {
      break;
    }
    at += len;
    end = c != ' ' ? at : end;
  }
  return end;
}

void graph_isolate(const char *text, char *ret_text, size_t capacity) {
  size_t n = 0;
  while (*text != '\0') {
    uint32_t c = 0;
    size_t len = decode(text, &c);
    bool apart = is_right_to_left(c);
    len = apart ? run_length(text) : len;
    if (n + len + 7 > capacity) {
      break;
    }
    n += (size_t)snprintf(ret_text + n, capacity - n, "%s%.*s%s", apart ? "\u2068" : "", (int)len, text,
                          apart ? "\u2069" : "");
    text += len;
  }
  ret_text[n] = '\0';
}

/* --- what is said --- */

__attribute__((format(printf, 3, 4))) static void add(char *text, size_t capacity, const char *format, ...) {
  size_t len = strlen(text);
  va_list args;
  va_start(args, format);
  vsnprintf(text + len, capacity - len, format, args);
  va_end(args);
}

void graph_name(const plan *self, char *ret_text, size_t capacity) {
  graph_clean(self->name, ret_text, capacity);
}

void graph_condition(const plan_stage *stage, char *ret_text, size_t capacity) {
  char text[GRAPH_LABEL_BYTES] = "";
  if (stage->when != NULL) {
    predicate_text(stage->when, text, sizeof text);
  }
  graph_clean(text, ret_text, capacity);
  for (char *c = ret_text; *c != '\0'; c++) {
    *c = *c == '\n' ? ' ' : *c;
  }
}

/* "reads token/1, block/1 (if there)"; a line, or nothing. */
static void add_layers(const plan *self, const stage_layout *layout, const char *what, layer_access one,
                       layer_access other, char *text, size_t capacity) {
  bool first = true;
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    layer_access access = (layer_access)layout->layer_access[i];
    if ((access != one && access != other) || layout->layer_slot[i] >= schema_set_count(self->schemas)) {
      continue;
    }
    add(text, capacity, "%s%s%s", first ? "\n" : ", ", first ? what : "",
        schema_set_at(self->schemas, layout->layer_slot[i])->name);
    add(text, capacity, "%s", access == LAYER_MAY_READ ? " (if there)" : "");
    first = false;
  }
}

void graph_stage_tip(const plan *self, const plan_stage *stage, char *ret_text, size_t capacity) {
  const stage_info *info = stage->info;
  const stage_layout *layout = &stage->layout;
  char text[GRAPH_TIP_BYTES] = "";
  add(text, sizeof text, "%s, of the plugin %s %s", info->name, info->manifest->name, info->manifest->version);
  if (info->description != NULL) {
    add(text, sizeof text, "\n%s", info->description);
  }
  if (info->role != ROLE_SOURCE) {
    add(text, sizeof text, "\nview: %s", schema_set_view_name(self->schemas, layout->view_reads));
  }
  if (layout->view_provides != SCHEMA_VIEW_NONE) {
    add(text, sizeof text, "\nmakes the view: %s", schema_set_view_name(self->schemas, layout->view_provides));
  }
  add_layers(self, layout, "reads: ", LAYER_READS, LAYER_MAY_READ, text, sizeof text);
  add_layers(self, layout, "changes: ", LAYER_MODIFIES, LAYER_MODIFIES, text, sizeof text);
  add_layers(self, layout, "makes: ", LAYER_PROVIDES, LAYER_PROVIDES, text, sizeof text);
  graph_clean(text, ret_text, capacity);
}

/* The slots of all layers made up to and in a stage. A plan's stages stand behind those they read from. */
static uint64_t layers_after(const plan *self, uint32_t index) {
  _Static_assert(SCHEMA_LAYERS_MAX <= 64, "a bit each");
  uint64_t after[PLAN_STAGES_MAX] = { 0 };
  for (uint32_t i = 0; i <= index; i++) {
    const plan_stage *stage = &self->stages[i];
    for (uint32_t k = 0; k < stage->n_from; k++) {
      after[i] |= after[stage->from[k]];
    }
    for (uint32_t k = 0; k < stage->layout.n_layers; k++) {
      bool made = stage->layout.layer_access[k] == LAYER_PROVIDES && stage->layout.layer_slot[k] < SCHEMA_LAYERS_MAX;
      after[i] |= made ? UINT64_C(1) << stage->layout.layer_slot[k] : 0;
    }
  }
  return after[index];
}

void graph_edge_tip(const plan *self, const plan_stage *from, const plan_stage *to, char *ret_text, size_t capacity) {
  uint64_t made = layers_after(self, (uint32_t)(from - self->stages));
  char text[GRAPH_TIP_BYTES] = "";
  char condition[GRAPH_LABEL_BYTES];
  const char *between = "\nwith ";
  add(text, sizeof text, "%s to %s", from->id, to->id);
  graph_condition(to, condition, sizeof condition);
  if (condition[0] != '\0') {
    add(text, sizeof text, "\nif %s", condition);
  }
  for (uint32_t i = 0; i < schema_set_count(self->schemas); i++) {
    if (made >> i & 1) {
      add(text, sizeof text, "%s%s", between, schema_set_at(self->schemas, i)->name);
      between = ", ";
    }
  }
  graph_clean(text, ret_text, capacity);
}

/* "1,234,567" */
static void add_number(double number, char *text, size_t capacity) {
  char digits[32];
  snprintf(digits, sizeof digits, "%.0f", number);
  size_t len = strlen(digits);
  for (size_t i = 0; i < len; i++) {
    add(text, capacity, "%s%c", i > 0 && (len - i) % 3 == 0 ? "," : "", digits[i]);
  }
}

static void add_time(double seconds, char *text, size_t capacity) {
  if (seconds < 0.01) {
    add(text, capacity, "%.2f ms", seconds * 1000);
  } else if (seconds < 10) {
    add(text, capacity, "%.0f ms", seconds * 1000);
  } else {
    add(text, capacity, "%.1f s", seconds);
  }
}

void graph_time_text(const graph_run *run, uint32_t stage, char *ret_text, size_t capacity) {
  ret_text[0] = '\0';
  if (run == NULL || !run->stages[stage].known) {
    return;
  }
  const graph_time *time = &run->stages[stage];
  add_number(time->documents, ret_text, capacity);
  add(ret_text, capacity, " document%s · ", time->documents == 1 ? "" : "s");
  add_time(time->seconds, ret_text, capacity);
  add(ret_text, capacity, " · %.0f %%", time->share * 100);
}

void graph_run_text(const graph_run *run, char *ret_text, size_t capacity) {
  ret_text[0] = '\0';
  if (run == NULL || run->admitted < 0 || run->seconds < 0) {
    return;
  }
  add_number(run->admitted, ret_text, capacity);
  add(ret_text, capacity, " document%s in ", run->admitted == 1 ? "" : "s");
  add_time(run->seconds, ret_text, capacity);
  if (run->workers > 0) {
    add(ret_text, capacity, ", %.0f worker%s", run->workers, run->workers == 1 ? "" : "s");
  }
}

const char *graph_segment_text(const plan *self, const plan_segment *segment) {
  static const char *const texts[] = { "source",       "parallel", "ordered", "serial",         "batches",
                                       "asynchronous", "isolated", "splits",  "sink, in order", "sink, any order" };
  return texts[segment->kind == SEGMENT_SINK && self->any_order ? SEGMENT_SINK + 1 : segment->kind];
}

bool graph_segment_shown(const plan *self, uint32_t segment) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    if (self->stages[i].segment == segment) {
      return true;
    }
  }
  return false;
}

void graph_color(const graph_run *run, uint32_t stage, char ret_color[8]) {
  static const int cold[3] = { 0xFF, 0xFF, 0xFF };
  static const int warm[3] = { 0xF2, 0x8C, 0x3B };
  double share = run != NULL && run->stages[stage].known ? fmin(fmax(run->stages[stage].share, 0), 1) : 0;
  double heat = sqrt(share); /* so that a tenth can be told from nothing */
  int c[3];
  for (int i = 0; i < 3; i++) {
    c[i] = (int)lround(cold[i] + (warm[i] - cold[i]) * heat);
  }
  snprintf(ret_color, 8, "#%02x%02x%02x", (unsigned)c[0] & 0xFF, (unsigned)c[1] & 0xFF, (unsigned)c[2] & 0xFF);
}
