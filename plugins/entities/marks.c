/* SPDX-License-Identifier: Apache-2.0 */

/* Looks for a sign in the bytes of the view. */
#include "entities/marks.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "qanat/layers.h"

enum { MARK = 2 }; /* bytes of a sign */

/* A folded name, a sign, and who is meant with it. */
static const struct {
  const char *form;
  const char *mark;
  const char *name;
} told[] = {
  { "عمان", "\xD9\x91", "Amman" }, /* shadda */
  { "عمان", "\xD9\x8F", "Oman" },  /* damma */
};

enum { N_TOLD = sizeof told / sizeof told[0] };

static bool has_mark(const scan *s, const scan_word *w, const char *mark) {
  for (uint32_t at = w->begin; at + MARK <= w->end; at++) {
    if (memcmp(s->view.data + at, mark, MARK) == 0) {
      return true;
    }
  }
  return false;
}

static bool ends_with(const scan *s, const scan_word *w, const char *form) {
  size_t len = strlen(form);
  return w->form_len >= len && memcmp(s->heap + w->form + w->form_len - len, form, len) == 0;
}

int marks_tell(const scan *s, uint32_t i, const lexicon *lex, uint32_t entry) {
  const scan_word *w = &s->words[i];
  int said = 0;
  if ((w->shape & WORD_ARABIC) == 0 || w->end - w->begin <= w->form_len) {
    return 0; /* it has no sign, as nearly every word */
  }
  qn_str name = lexicon_name(lex, entry);
  for (size_t k = 0; k < N_TOLD; k++) {
    if (ends_with(s, w, told[k].form) && has_mark(s, w, told[k].mark)) {
      bool meant = name.len == strlen(told[k].name) && memcmp(name.data, told[k].name, name.len) == 0;
      said = meant ? 1 : said == 0 ? -1 : said;
    }
  }
  return said;
}

void marks_correct(const scan *s, candidate *c) {
  bool asked = c->chosen != 0 && c->type == QN_ENTITY_TYPE_LOCATION && c->last == c->first + 1 && c->composed == 0 &&
               c->entry != SCAN_NONE;
  const lexicon *lex = &s->lexicons[c->lexicon];
  if (!asked || marks_tell(s, c->first, lex, c->entry) >= 0) {
    return;
  }
  key k = match_key(s, c->first, c->last, c->begin);
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && marks_tell(s, c->first, lex, payload->entry) > 0) {
      c->entry = payload->entry;
      return;
    }
  }
}
