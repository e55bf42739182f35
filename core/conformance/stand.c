/* SPDX-License-Identifier: Apache-2.0 */

/* Opens and closes stands, and turns what a harness says into findings and into texts that can be compared. */
#include "conformance/stand.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 1500, TIMEOUT_LATE_MS = 100, SHOWN = 60, SLOW_SAMPLES = 10 };
static const int64_t frozen_ms = 1767225600000; /* 2026-01-01 */

/* --- life --- */

int stand_open(stand *self, const subject *what, teller *to, const stand_options *options, qn_error *error) {
  watch_left left;
  return stand_open_left(self, what, to, options, &left, error);
}

int stand_open_left(stand *self, const subject *what, teller *to, const stand_options *options, watch_left *ret_left,
                    qn_error *error) {
  static const stand_options usual = { .kind = WORLD_RICH };
  options = options != NULL ? options : &usual;
  *self = (stand){ .subject = what, .teller = to, .is_usual = options->kind == WORLD_RICH && options->config == NULL };
  int rc = world_open(&self->world, what->info, what->declared, options->kind, error);
  self->watch = rc == 0 ? malloc(sizeof *self->watch) : NULL;
  if (self->watch == NULL) {
    world_close(&self->world);
    return rc != 0 ? rc : error_set(error, -ENOMEM, "no-memory", "no memory");
  }
  watch_init(self->watch, what->info, what->table, &self->world.layout, to, &options->watch);
  const harness_guest guest = {
    .info = what->info,
    .table = &self->watch->stage,
    .id = what->info->name,
    .config = options->config != NULL ? options->config : what->config,
    .base_folder = what->base_folder,
    .layout = &self->world.layout,
    .schemas = self->world.schemas,
    .pool = self->world.pool,
    .now_ms = frozen_ms,
    .worker = options->worker,
    .kept = options->kept,
  };
  rc = harness_open_guest(&guest, &self->harness, error);
  if (rc != 0) {
    self->harness = NULL;
    ret_left->n_blocks = atomic_load(&self->watch->n_blocks);
    watch_done(self->watch);
    free(self->watch);
    self->watch = NULL;
    world_close(&self->world);
    return rc;
  }
  self->harness->timeout_ms = TIMEOUT_MS;
  return 0;
}

static rule_id left_rule(const char *slug) {
  return strcmp(slug, "not-completed") == 0 ? RULE_ASYNC_ENDS
         : strcmp(slug, "not-ended") == 0   ? RULE_SOURCE_STOP
                                            : RULE_LIFE_MEMORY;
}

void stand_close(stand *self) {
  if (self->harness == NULL) {
    return;
  }
  qn_error error = { 0 };
  bool known = false;
  bool late = teller_has(self->teller, RULE_ASYNC_ENDS) || teller_has(self->teller, RULE_ASYNC_CANCEL);
  uint64_t n_strays = qn_harness_stray_completions(self->harness);
  if (n_strays > 0 && !late) {
    teller_find(self->teller, RULE_ASYNC_ONCE,
                "complete() was called %llu times for tickets that nobody waited for, or twice",
                (unsigned long long)n_strays);
  }
  self->harness->timeout_ms = late ? TIMEOUT_LATE_MS : TIMEOUT_MS;
  int rc = harness_discard(self->harness, &error);
  self->harness = NULL;
  if (rc != 0) {
    rule_id rule = left_rule(error.slug);
    known = rule != RULE_LIFE_MEMORY;
    if (!known || !(teller_has(self->teller, RULE_ASYNC_CANCEL) || teller_has(self->teller, RULE_SOURCE_STOP))) {
      teller_find(self->teller, rule, "%s", error.message);
    }
  }
  if (known) {
    return; /* it still has what it was lent: nothing of that is freed under its hands */
  }
  watch_done(self->watch);
  free(self->watch);
  world_close(&self->world);
}

/* --- documents --- */

qn_harness_doc *stand_document(stand *self, const sample *from) {
  document *held = NULL;
  qn_error error = { 0 };
  int rc = world_document(&self->world, from, &held, &error);
  qn_harness_doc *made = rc == 0 ? doc_wrap(self->harness, held) : NULL;
  if (made == NULL) {
    teller_skip(self->teller, "sample %u (%s) could not be made: %s", from->number, from->name,
                rc == 0 ? "no memory" : error.message);
  }
  return made;
}

static rule_id layer_rule(const char *message) {
  static const struct {
    const char *words;
    rule_id rule;
  } rows[] = {
    { "begin must not be past end", RULE_LAYER_BOUNDS }, { "past the end of the view", RULE_LAYER_BOUNDS },
    { "inside a code point", RULE_LAYER_CODE_POINTS },   { "sorted by begin", RULE_LAYER_ORDER },
    { "the longest must come first", RULE_LAYER_ORDER }, { "across a break", RULE_LAYER_BREAKS },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (strstr(message, rows[i].words) != NULL) {
      return rows[i].rule;
    }
  }
  return RULE_LAYER_CELLS;
}

static rule_id fault_rule(const char *slug, const char *message) {
  return strcmp(slug, "bad-status") == 0                                 ? RULE_STATUS_ALLOWED
         : strcmp(slug, "no-message") == 0                               ? RULE_SAY_WHY
         : strcmp(slug, "bad-view") == 0 || strcmp(slug, "no-view") == 0 ? RULE_VIEW_BUILT
         : strcmp(slug, "bad-field") == 0                                ? RULE_FIELD_VALUE
                                                                         : layer_rule(message);
}

static const char *status_word(qn_status status) {
  static const char *const words[] = { "OK", "MORE", "DROP", "PENDING", "RETRY", "REJECT", "FATAL" };
  return status >= QN_STATUS_OK && status <= QN_STATUS_FATAL ? words[status] : "?";
}

/* Adds the parts of a split document behind it. */
static char *with_parts(stand *self, qn_harness_doc *document, char *text) {
  for (uint32_t i = 0; text != NULL && i < qn_harness_n_parts(document); i++) {
    char *part = world_dump(&self->world, qn_harness_part(document, i)->held);
    char *longer = NULL;
    if (part == NULL || asprintf(&longer, "%s\npart %u %s", text, i, part) < 0) {
      longer = NULL;
    }
    free(part);
    free(text);
    text = longer;
  }
  return text;
}

void stand_outcome(stand *self, qn_harness_doc *document, const qn_harness_outcome *from, outcome *ret_outcome) {
  *ret_outcome = (outcome){ .status = from->status,
                            .is_fault = from->is_fault != 0,
                            .timed_out = from->timed_out != 0,
                            .n_completions = from->n_completions };
  snprintf(ret_outcome->slug, sizeof ret_outcome->slug, "%s", from->slug);
  if (ret_outcome->is_fault) {
    teller_find(self->teller, fault_rule(from->slug, from->message), "%s", from->message);
  }
  bool fatal = from->status == QN_STATUS_FATAL && !ret_outcome->is_fault;
  self->n_fatal += fatal;
  self->n_others += !fatal;
  /* FATAL of every document is about the pipeline: something that the stage cannot do without is not there. */
  if (fatal && (self->n_others > 0 || self->is_usual)) {
    teller_find(self->teller, RULE_STATUS_FATAL, "it said FATAL of a document: %s", from->message);
  }
  if (from->timed_out != 0 && !teller_has(self->teller, RULE_ASYNC_ENDS)) {
    teller_find(self->teller, RULE_ASYNC_ENDS, "it returned PENDING, and did not complete it within %d ms", TIMEOUT_MS);
  }
  if (from->status != QN_STATUS_OK) {
    char *text = NULL;
    /* What hinders for now may be told in passing figures: how long was waited, how much was left. */
    const char *message = from->status == QN_STATUS_RETRY ? "" : from->message;
    int wrote = asprintf(&text, "%s %s: %s", status_word(from->status), from->slug, message);
    ret_outcome->text = wrote < 0 ? NULL : with_parts(self, document, text);
    return;
  }
  char *dump = world_dump(&self->world, document->held), *text = NULL;
  qn_str prepared = qn_harness_prepared(document);
  if (dump != NULL && asprintf(&text, "OK %s%s%.*s", dump, prepared.len > 0 ? "\nprepared " : "", (int)prepared.len,
                               prepared.len > 0 ? prepared.data : "") < 0) {
    text = NULL;
  }
  free(dump);
  ret_outcome->text = with_parts(self, document, text);
}

void outcome_done(outcome *self) {
  free(self->text);
  *self = (outcome){ 0 };
}

void stand_process(stand *self, const sample *from, outcome *ret_outcome) {
  qn_harness_outcome ended = { 0 };
  qn_harness_doc *document = stand_document(self, from);
  if (document == NULL) {
    *ret_outcome = (outcome){ .is_internal = true };
    return;
  }
  if (self->subject->info->role == ROLE_SINK) {
    qn_harness_prepare(self->harness, document, &ended);
  } else {
    qn_harness_process(self->harness, document, &ended);
  }
  stand_outcome(self, document, &ended, ret_outcome);
  qn_harness_doc_free(document);
}

/* A piece of a text about a place in it, without what a terminal would take for orders. */
static void show(const char *text, size_t at, char *ret_shown, size_t capacity) {
  size_t len = strlen(text), from = at > SHOWN / 2 ? at - SHOWN / 2 : 0, to = at + SHOWN < len ? at + SHOWN : len;
  size_t n = 0;
  while (from < at && ((uint8_t)text[from] & 0xC0) == 0x80) {
    from++;
  }
  while (to < len && ((uint8_t)text[to] & 0xC0) == 0x80) {
    to++;
  }
  for (size_t i = from; i < to && n + 1 < capacity; i++) {
    ret_shown[n++] = (uint8_t)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
  }
  ret_shown[n] = '\0';
}

bool stand_same_text(teller *to, rule_id rule, const char *first, const char *second, const char *what) {
  char left[4 * SHOWN], right[4 * SHOWN];
  if (strcmp(first, second) == 0) {
    return true;
  }
  size_t at = 0;
  while (first[at] != '\0' && first[at] == second[at]) {
    at++;
  }
  show(first, at, left, sizeof left);
  show(second, at, right, sizeof right);
  teller_find(to, rule, "%s: the results differ at byte %zu: \"…%s…\" and \"…%s…\"", what, at, left, right);
  return false;
}

bool stand_same(stand *self, rule_id rule, const outcome *first, const outcome *second, const char *what) {
  /* No memory for one of them, or no sample: nothing to compare. */
  return first->text == NULL || second->text == NULL ||
         stand_same_text(self->teller, rule, first->text, second->text, what);
}

/* --- samples --- */

int sample_list_make(const subject *what, uint32_t n, sample_list *ret_list) {
  n = what->is_slow && n > SLOW_SAMPLES ? SLOW_SAMPLES : n;
  n = what->only != NULL ? 1 : n;
  sample_list list = { calloc(n, sizeof *list.items), 0 };
  if (list.items == NULL) {
    return -ENOMEM;
  }
  int rc = 0;
  while (list.n < n && rc == 0) {
    sample *next = &list.items[list.n];
    rc = what->only != NULL ? sample_of(what->seed, what->only->number, what->only->bytes, what->only->len, next)
                            : sample_make(what->seed, list.n, next);
    list.n += rc == 0;
  }
  if (rc != 0) {
    sample_list_done(&list);
    return rc;
  }
  *ret_list = list;
  return 0;
}

void sample_list_done(sample_list *list) {
  for (uint32_t i = 0; i < list->n; i++) {
    sample_done(&list->items[i]);
  }
  free(list->items);
  *list = (sample_list){ 0 };
}
