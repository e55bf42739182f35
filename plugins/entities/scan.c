/* SPDX-License-Identifier: Apache-2.0 */

/* Turns the token, part and sentence layers into words with keys and shapes. */
#include "entities/scan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/letters.h"
#include "text/utf8.h"

int scan_grow_to(scan *s, void **array, uint32_t *capacity, uint32_t n, size_t size) {
  uint32_t wanted = *capacity < 256 ? 256 : *capacity;
  while (wanted < n) {
    if (wanted > UINT32_MAX / 2) {
      return -ENOMEM;
    }
    wanted *= 2;
  }
  void *grown = s->host->resize(s->env, *array, (size_t)wanted * size);
  if (grown == NULL) {
    return -ENOMEM;
  }
  *array = grown;
  *capacity = wanted;
  return 0;
}

void scan_done(scan *s) {
  if (s->host != NULL) {
    s->host->release(s->env, s->words);
    s->host->release(s->env, s->readings);
    s->host->release(s->env, s->first_readings);
    s->host->release(s->env, s->hits);
    s->host->release(s->env, s->candidates);
    s->host->release(s->env, s->triggers);
  }
}

int scan_is_god(const scan *s, uint32_t i) {
  static const char TAIL[] = "لله";
  enum { LONGEST = 10 }; /* bytes of "والله"; "عبدالله" is longer */
  const scan_word *w = &s->words[i];
  uint32_t n = sizeof TAIL - 1;
  return w->form_len >= n && w->form_len <= LONGEST && memcmp(s->heap + w->form + w->form_len - n, TAIL, n) == 0;
}

void scan_propose(scan *s, const candidate *proposed) {
  if (proposed->type == QN_ENTITY_TYPE_PERSON && scan_is_god(s, proposed->first)) {
    return;
  }
  int r = scan_grow(s, (void **)&s->candidates, &s->candidate_capacity, s->n_candidates + 1, sizeof(candidate));
  if (r != 0) {
    s->failed = r;
    return;
  }
  s->candidates[s->n_candidates++] = *proposed;
}

/* Capitals and digits of a word, from the view: the form has lost them. */
static uint16_t latin_shape(const uint8_t *text, uint32_t begin, uint32_t end) {
  uint16_t shape = 0;
  uint32_t n_letters = 0;
  uint32_t n_upper = 0;
  uint32_t pos = begin;
  while (pos < end) {
    uint8_t class = letters_class(utf8_next(text, &pos));
    uint32_t kind = class & LETTERS_KIND_MASK;
    if (kind == LETTERS_DIGIT) {
      shape |= WORD_DIGITS;
    } else if (kind == LETTERS_LETTER) {
      bool upper = (class & LETTERS_UPPER) != 0;
      shape |= n_letters == 0 && upper ? WORD_CAPITAL : 0;
      n_letters++;
      n_upper += upper;
    }
  }
  if (n_letters >= 2 && n_upper == n_letters) {
    shape |= WORD_CAPS;
  }
  return shape;
}

static bool has_article(const uint8_t *text, uint32_t begin, uint32_t end) {
  static const uint8_t article[] = { 0xD8, 0xA7, 0xD9, 0x84 }; /* ال */
  return end - begin > 6 && memcmp(text + begin, article, sizeof article) == 0;
}

/* True if there is a line end between two bytes of the view. Mostly there is one space, which needs no call. */
static bool has_line_end(const uint8_t *text, uint32_t begin, uint32_t end) {
  if (begin + 1 == end) {
    return text[begin] == '\n';
  }
  return begin < end && memchr(text + begin, '\n', end - begin) != NULL;
}

typedef struct cursor {
  uint32_t part;
  uint32_t sentence;
  uint32_t next_break;
} cursor;

/* The core of token i: behind its last proclitic. */
static uint32_t core_of(const scan_input *input, cursor *at, uint32_t token) {
  const qn_layer *parts = &input->parts;
  uint32_t core = input->tokens.begin[token];
  while (at->part < parts->n_rows && qn_layer_u32(parts, QN_PART_TOKEN, at->part) < token) {
    at->part++;
  }
  while (at->part < parts->n_rows && qn_layer_u32(parts, QN_PART_TOKEN, at->part) == token) {
    if (qn_layer_u32(parts, QN_PART_KIND, at->part) == QN_PART_KIND_PROCLITIC &&
        parts->end[at->part] < input->tokens.end[token]) {
      core = parts->end[at->part];
    }
    at->part++;
  }
  return core;
}

/* WORD_FIRST, WORD_GLUED and WORD_SENTENCE of a token that begins at begin, after one that ended at previous. */
static uint16_t place_shape(const scan_input *input, cursor *at, uint32_t token, uint32_t previous, uint32_t begin) {
  uint16_t shape = 0;
  bool cut = false;
  while (at->next_break < input->view.n_breaks && input->view.breaks[at->next_break] <= begin) {
    at->next_break++;
    cut = true;
  }
  if (token == 0 || cut || has_line_end(input->view.data, previous, begin)) {
    shape |= WORD_FIRST | WORD_SENTENCE;
  } else if (previous == begin) {
    shape |= WORD_GLUED;
  }
  while (at->sentence < input->sentences.n_rows && input->sentences.begin[at->sentence] <= begin) {
    at->sentence++;
    shape |= WORD_SENTENCE;
  }
  return shape;
}

static void fill_word(const scan_input *input, cursor *at, uint32_t token, scan_word *ret_word) {
  const qn_layer *tokens = &input->tokens;
  const uint8_t *text = input->view.data;
  scan_word w = { .begin = tokens->begin[token], .end = tokens->end[token] };
  uint32_t kind = qn_layer_u32(tokens, QN_TOKEN_KIND, token);
  uint32_t script = qn_layer_u32(tokens, QN_TOKEN_SCRIPT, token);
  const qn_heap_str *form = (const qn_heap_str *)tokens->columns[QN_TOKEN_FORM] + token;
  w.shape = place_shape(input, at, token, token > 0 ? tokens->end[token - 1] : 0, w.begin);
  w.core = core_of(input, at, token);
  w.key_len = KEY_BYTES_MAX + 1;
  w.core_len = KEY_BYTES_MAX + 1;
  if (kind == QN_TOKEN_KIND_PUNCTUATION || kind == QN_TOKEN_KIND_SYMBOL) {
    uint32_t code = utf8_peek(text, w.begin);
    w.mark = code < UINT16_MAX ? (uint16_t)code : UINT16_MAX;
  } else if (kind == QN_TOKEN_KIND_WORD || kind == QN_TOKEN_KIND_NUMBER) {
    w.shape |= kind == QN_TOKEN_KIND_WORD ? WORD_LETTERS : WORD_NUMBER;
  }
  if (form->offset != QN_NO_ROW && form->len > 0) {
    w.form = form->offset;
    w.form_len = form->len > UINT16_MAX ? UINT16_MAX : (uint16_t)form->len;
  }
  if (script == QN_TOKEN_SCRIPT_ARABIC) {
    w.shape |= WORD_ARABIC;
  } else if (script == QN_TOKEN_SCRIPT_LATIN || script == QN_TOKEN_SCRIPT_MIXED) {
    w.shape |= WORD_LATIN | latin_shape(text, w.core, w.end);
  }
  w.shape |= w.core > w.begin ? WORD_CLITIC : 0;
  w.shape |= has_article(text, w.core, w.end) ? WORD_ARTICLE : 0;
  *ret_word = w;
}

/* Keys of the whole form and of the core. The proclitics of the core are letters of the view that fold to as many
 * bytes as they have, so that the core's form is the end of the whole one. */
static void fill_keys(const scan_input *input, scan_word *w) {
  const char *form = input->tokens.heap + w->form;
  if (w->mark != 0 && w->mark != '+') {
    return;
  }
  key whole = key_of(form, w->form_len);
  if (w->form_len == 0 || whole.len == 0 || whole.len > KEY_BYTES_MAX) {
    return;
  }
  w->hash = whole.hash;
  w->key_len = (uint8_t)whole.len;
  w->core_hash = whole.hash;
  w->core_len = w->key_len;
  uint32_t n_clitic = 0;
  for (uint32_t pos = w->begin; pos < w->core;) {
    uint32_t at = pos;
    uint32_t class_kind = letters_kind(utf8_next(input->view.data, &pos));
    n_clitic += class_kind == LETTERS_LETTER ? pos - at : 0;
  }
  if (n_clitic > 0 && n_clitic < w->form_len && utf8_is_lead((uint8_t)form[n_clitic])) {
    key core = key_of(form + n_clitic, w->form_len - n_clitic);
    w->core_hash = core.hash;
    w->core_len = (uint8_t)core.len;
  }
}

int scan_words(scan *s, const scan_input *input) {
  uint32_t n = input->tokens.n_rows;
  int r = scan_grow(s, (void **)&s->words, &s->word_capacity, n + 1, sizeof(scan_word));
  if (r == 0) {
    r = scan_grow(s, (void **)&s->triggers, &s->trigger_capacity, n + 1, sizeof(trigger));
  }
  if (r == 0) {
    r = scan_grow(s, (void **)&s->first_readings, &s->first_capacity, n + 1, sizeof(uint32_t));
  }
  if (r != 0) {
    return r;
  }
  cursor at = { 0, 0, 0 };
  for (uint32_t i = 0; i < n; i++) {
    fill_word(input, &at, i, &s->words[i]);
    fill_keys(input, &s->words[i]);
  }
  memset(s->triggers, 0, (size_t)(n + 1) * sizeof(trigger));
  memset(s->first_readings, 0, (size_t)(n + 1) * sizeof(uint32_t));
  s->n_words = n;
  s->view = input->view;
  s->heap = input->tokens.heap;
  s->n_hits = 0;
  s->n_candidates = 0;
  s->failed = 0;
  return 0;
}
