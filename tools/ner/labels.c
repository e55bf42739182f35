/* SPDX-License-Identifier: Apache-2.0 */

/* Lays marks over words, and widens those of places to their heads. */
#include "ner/labels.h"

#include <stdbool.h>
#include <string.h>

#include "entities/model.h"

/* True if word i, without what is attached to it, is what such a place is called by. Folded. */
static bool is_place_head(const scan *s, uint32_t i) {
  static const char *const heads[] = { "نهر", "جبل", "سد", "مطار", "وادي", "بحيره", "بحر", "خليج", "متنزه", "شلالات" };
  const scan_word *w = &s->words[i];
  uint32_t skip = (uint32_t)(w->key_len - w->core_len);
  if ((w->shape & WORD_ARABIC) == 0 || w->key_len > KEY_BYTES_MAX || w->form_len <= skip) {
    return false;
  }
  for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++) {
    size_t len = strlen(heads[k]);
    if (w->form_len - skip == len && memcmp(s->heap + w->form + skip, heads[k], len) == 0) {
      return true;
    }
  }
  return false;
}

/* True if the place that is marked from word i on begins with the word before it. */
static bool is_headed(const marked *m, const scan *s, uint32_t i, const uint8_t *labels) {
  return m->type == QN_ENTITY_TYPE_LOCATION && i > 0 && !scan_parts(s, i) && scan_is_whole(&s->words[i]) &&
         labels[i - 1] == 0 && is_place_head(s, i - 1);
}

static void label_mark(const marked *m, const scan *s, uint8_t *labels) {
  bool further = false;
  for (uint32_t i = 0; i < s->n_words; i++) {
    if (s->words[i].end <= m->begin || s->words[i].begin >= m->end) {
      continue;
    }
    if (!further && is_headed(m, s, i, labels)) {
      labels[i - 1] = (uint8_t)model_label(m->type, 0);
      further = true;
    }
    labels[i] = (uint8_t)model_label(m->type, further);
    further = true;
  }
}

void labels_fill(const article *a, const scan *s, uint8_t *labels) {
  memset(labels, 0, s->n_words);
  for (uint32_t k = 0; k < a->n_marks; k++) {
    label_mark(&a->marks[k], s, labels);
  }
}
