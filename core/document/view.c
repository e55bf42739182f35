/* SPDX-License-Identifier: Apache-2.0 */

/* Sealing a view: check what the stage wrote, bring its runs into normal form, carry the base's breaks over, and
 * compose the alignment down to the text, so that every view maps there in one step. */
#include "document/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"

void view_scratch_done(view_scratch *scratch) {
  run_list_done(&scratch->runs);
  run_list_done(&scratch->composed);
  free(scratch->breaks);
  *scratch = (view_scratch){ 0 };
}

bool view_holds(const view *self, qn_span span) {
  return span.begin <= span.end && span.end <= self->len &&
         (span.begin == self->len || utf8_is_border(self->data[span.begin])) &&
         (span.end == self->len || utf8_is_border(self->data[span.end]));
}

qn_span view_round(const view *self, qn_span span) {
  uint32_t begin = span.begin < self->len ? span.begin : self->len;
  uint32_t end = span.end < self->len ? span.end : self->len;
  end = end < begin ? begin : end;
  bool empty = begin == end;
  while (begin > 0 && begin < self->len && !utf8_is_border(self->data[begin])) {
    begin--;
  }
  if (empty) {
    return (qn_span){ begin, begin };
  }
  while (end < self->len && !utf8_is_border(self->data[end])) {
    end++;
  }
  return (qn_span){ begin, end };
}

static int no_memory(const char *name, qn_error *error) {
  return error_set(error, -ENOMEM, "no-memory",
                   "no memory for view \"%s\", or the document is over limits.document_memory", name);
}

/* --- breaks --- */

static int break_push(view_scratch *scratch, uint32_t offset) {
  if (scratch->n_breaks == scratch->break_capacity) {
    uint32_t capacity = scratch->break_capacity < 32 ? 32 : scratch->break_capacity * 2;
    uint32_t *breaks = realloc(scratch->breaks, capacity * sizeof *breaks);
    if (breaks == NULL) {
      return -ENOMEM;
    }
    scratch->breaks = breaks;
    scratch->break_capacity = capacity;
  }
  if (scratch->n_breaks == 0 || scratch->breaks[scratch->n_breaks - 1] < offset) {
    scratch->breaks[scratch->n_breaks++] = offset;
  }
  return 0;
}

/* Where the draft's next break flag is, from run *at on; len if there is none. */
static uint32_t next_own_break(const view_draft *draft, uint32_t *at) {
  while (*at < draft->n_runs && (draft->kind[*at] & QN_RUN_BREAK) == 0) {
    (*at)++;
  }
  return *at < draft->n_runs ? draft->derived[*at] : draft->len;
}

/* A break of the base stays where it was; inside a unit it goes to the unit's end. */
static uint32_t base_break(const alignment *to_base, const view *base, uint32_t index, uint32_t len) {
  if (index >= base->n_breaks) {
    return len;
  }
  return alignment_map(to_base, ALIGNMENT_TO_DERIVED, (qn_span){ 0, base->breaks[index] }).end;
}

/* The draft's own breaks and the base's, merged; those at either end say nothing. */
static int gather_breaks(view_scratch *scratch, const view_base *base, const view_draft *draft) {
  alignment to_base = { scratch->runs.runs, scratch->runs.n, 0 };
  uint32_t own_at = 0;
  uint32_t base_at = 0;
  scratch->n_breaks = 0;
  for (;;) {
    uint32_t own = next_own_break(draft, &own_at);
    uint32_t inherited = base_break(&to_base, base->view, base_at, draft->len);
    uint32_t offset = own < inherited ? own : inherited;
    if (own_at >= draft->n_runs && base_at >= base->view->n_breaks) {
      return 0;
    }
    own_at += own_at < draft->n_runs && own == offset;
    base_at += base_at < base->view->n_breaks && inherited == offset;
    if (offset > 0 && offset < draft->len && break_push(scratch, offset) != 0) {
      return -ENOMEM;
    }
  }
}

/* --- sealing --- */

/* Takes scratch->runs (to the base) and breaks into the arena as the view of data. */
static int seal(view_scratch *scratch, arena *memory, const view_base *base, const uint8_t *data, uint32_t len,
                view **ret_view) {
  const run_list *runs = &scratch->runs;
  view *sealed = arena_alloc(memory, sizeof *sealed);
  if (sealed == NULL) {
    return -ENOMEM;
  }
  *sealed = (view){ .data = data, .len = len, .n_breaks = scratch->n_breaks };
  if (base->lower != NULL && !base->lower->identity) {
    int rc = run_list_compose(&scratch->composed, runs, base->lower, base->bottom_len);
    if (rc != 0) {
      return rc;
    }
    runs = &scratch->composed;
  }
  if (run_list_is_identity(runs)) {
    sealed->alignment.identity = 1;
  } else {
    size_t bytes = ((size_t)runs->n + 1) * sizeof *runs->runs;
    run *copy = arena_alloc(memory, bytes);
    if (copy == NULL) {
      return -ENOMEM;
    }
    memcpy(copy, runs->runs, bytes);
    sealed->alignment = (alignment){ copy, runs->n, 0 };
  }
  if (scratch->n_breaks > 0) {
    uint32_t *breaks = arena_alloc(memory, scratch->n_breaks * sizeof *breaks);
    if (breaks == NULL) {
      return -ENOMEM;
    }
    memcpy(breaks, scratch->breaks, scratch->n_breaks * sizeof *breaks);
    sealed->breaks = breaks;
  }
  *ret_view = sealed;
  return 0;
}

/* --- what a stage wrote --- */

static int run_fault(const char *name, uint32_t index, const char *rule, qn_error *error) {
  return error_set(error, -EINVAL, "bad-view", "view \"%s\", run %u: %s", name, index, rule);
}

/* The rule that run index of the draft breaks, or NULL. */
static const char *run_check(const view_base *base, const view_draft *draft, uint32_t index) {
  const view *below = base->view;
  bool last = index + 1 == draft->n_runs;
  uint32_t derived = draft->derived[index];
  uint32_t from = draft->base[index];
  uint32_t next_derived = last ? draft->len : draft->derived[index + 1];
  uint32_t next_from = last ? below->len : draft->base[index + 1];
  if (index == 0 && derived != 0) {
    return "the first run must begin at derived offset 0";
  }
  if ((draft->kind[index] & ~(QN_RUN_REPLACE | QN_RUN_BREAK)) != 0) {
    return "the kind must be QN_RUN_COPY or QN_RUN_REPLACE, perhaps with QN_RUN_BREAK";
  }
  if (next_derived < derived || next_derived > draft->len || next_from < from || next_from > below->len) {
    return "derived and base offsets must ascend and stay inside their views";
  }
  if (derived < draft->len && !utf8_is_border(draft->data[derived])) {
    return "it begins inside a code point of the derived view";
  }
  if (!base->is_payload && from < below->len && !utf8_is_border(below->data[from])) {
    return "it begins inside a code point of the base";
  }
  if ((draft->kind[index] & QN_RUN_REPLACE) != 0) {
    return NULL;
  }
  uint32_t len = next_derived - derived;
  if (len > next_from - from) {
    return "a copy is longer than its base; use QN_RUN_REPLACE where bytes were added";
  }
  return len == 0 || memcmp(draft->data + derived, below->data + from, len) == 0
             ? NULL
             : "a copy differs from its base; use QN_RUN_REPLACE where bytes were changed";
}

static int draft_check(const char *name, const view_base *base, const view_draft *draft, qn_error *error) {
  if (draft->n_runs == 0 && draft->len > 0) {
    return error_set(error, -EINVAL, "bad-view", "view \"%s\" has %u bytes but no run that says where they come from",
                     name, draft->len);
  }
  if (!utf8_valid(draft->data, draft->len)) {
    return error_set(error, -EINVAL, "bad-view",
                     "view \"%s\" is not UTF-8 without NUL at byte %zu; replace such bytes before committing", name,
                     utf8_fault(draft->data, draft->len));
  }
  for (uint32_t i = 0; i < draft->n_runs; i++) {
    const char *rule = run_check(base, draft, i);
    if (rule != NULL) {
      return run_fault(name, i, rule, error);
    }
  }
  return 0;
}

static int draft_runs(run_list *runs, const view_base *base, const view_draft *draft) {
  runs->n = 0;
  for (uint32_t i = 0; i < draft->n_runs; i++) {
    bool last = i + 1 == draft->n_runs;
    uint32_t derived = draft->derived[i];
    uint32_t from = draft->base[i];
    uint32_t next_derived = last ? draft->len : draft->derived[i + 1];
    bool copy = (draft->kind[i] & QN_RUN_REPLACE) == 0;
    uint32_t to = copy ? from + (next_derived - derived) : last ? base->view->len : draft->base[i + 1];
    if (next_derived > derived && run_list_push(runs, derived, from, to, copy) != 0) {
      return -ENOMEM;
    }
  }
  return run_list_finish(runs, draft->len, base->view->len);
}

int view_build(view_scratch *scratch, arena *memory, const char *name, const view_base *base, const view_draft *draft,
               view **ret_view, qn_error *error) {
  int rc = draft_check(name, base, draft, error);
  if (rc != 0) {
    return rc;
  }
  uint8_t *data = arena_alloc(memory, (size_t)draft->len + 1);
  if (data == NULL || draft_runs(&scratch->runs, base, draft) != 0 || gather_breaks(scratch, base, draft) != 0) {
    return no_memory(name, error);
  }
  if (draft->len > 0) {
    memcpy(data, draft->data, draft->len);
  }
  data[draft->len] = 0;
  rc = seal(scratch, memory, base, data, draft->len, ret_view);
  return rc == 0 ? 0 : no_memory(name, error);
}

/* --- a piece of the base --- */

/* A piece of the payload must be UTF-8; a piece of a view already is, so only its ends are looked at. */
static int piece_check(const char *name, const view_base *base, qn_span piece, qn_error *error) {
  const view *below = base->view;
  if (piece.begin > piece.end || piece.end > below->len) {
    return error_set(error, -EINVAL, "bad-view",
                     "view \"%s\" is to be bytes %u to %u of its base, which has %u; begin must not pass end, nor end "
                     "the base",
                     name, piece.begin, piece.end, below->len);
  }
  const uint8_t *data = below->data + piece.begin;
  uint32_t len = piece.end - piece.begin;
  if (base->is_payload) {
    return utf8_valid(data, len)
               ? 0
               : error_set(error, -EINVAL, "bad-view",
                           "view \"%s\" cannot be the payload as it is: byte %zu is not UTF-8 without NUL; decode it "
                           "with view_reserve and view_commit",
                           name, piece.begin + utf8_fault(data, len));
  }
  return view_holds(below, piece)
             ? 0
             : error_set(error, -EINVAL, "bad-view",
                         "view \"%s\" is to be bytes %u to %u of its base, which cuts a code point in two", name,
                         piece.begin, piece.end);
}

/* The whole base: everything but the name is shared. */
static int alias_whole(arena *memory, const view_base *base, view **ret_view) {
  view *sealed = arena_alloc(memory, sizeof *sealed);
  if (sealed == NULL) {
    return -ENOMEM;
  }
  *sealed = *base->view;
  sealed->alignment = base->lower != NULL ? *base->lower : (alignment){ .identity = 1 };
  *ret_view = sealed;
  return 0;
}

int view_alias(view_scratch *scratch, arena *memory, const char *name, const view_base *base, qn_span piece,
               view **ret_view, qn_error *error) {
  int rc = piece_check(name, base, piece, error);
  if (rc != 0) {
    return rc;
  }
  uint32_t len = piece.end - piece.begin;
  if (len == base->view->len) {
    rc = alias_whole(memory, base, ret_view);
    return rc == 0 ? 0 : no_memory(name, error);
  }
  uint32_t derived = 0;
  uint8_t kind = QN_RUN_COPY;
  view_draft draft = { base->view->data + piece.begin, len, len > 0, &derived, &piece.begin, &kind };
  rc = draft_runs(&scratch->runs, base, &draft);
  rc = rc == 0 ? gather_breaks(scratch, base, &draft) : rc;
  rc = rc == 0 ? seal(scratch, memory, base, draft.data, len, ret_view) : rc;
  return rc == 0 ? 0 : no_memory(name, error);
}
