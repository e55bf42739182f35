/* SPDX-License-Identifier: Apache-2.0 */

/* Goes through the chosen places in their order, from the word for several universities on. */
#include "entities/campuses.h"

#include <stdbool.h>
#include <string.h>

#include "entities/patterns.h"
#include "qanat/layers.h"

/* Folded. */
static const char *const several[] = { "جامعتي", "جامعتا", "جامعات" };
static const char ONE[] = "جامعه";

static bool is_several(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  for (size_t k = 0; k < sizeof several / sizeof several[0]; k++) {
    size_t len = strlen(several[k]);
    if (w->form_len >= len && w->form_len <= len + 2 &&
        memcmp(s->heap + w->form + w->form_len - len, several[k], len) == 0) {
      return true;
    }
  }
  return false;
}

/* True if nothing but و or a comma stands between a word's begin and the mention before it. */
static bool goes_on(const scan *s, uint32_t end, const candidate *c) {
  const scan_word *w = &s->words[c->first];
  bool joined = c->first == end && c->begin == w->begin + 2 && s->view.data[w->begin] == 0xD9 &&
                s->view.data[w->begin + 1] == 0x88;
  bool comma = c->first == end + 1 && (scan_mark(s, end) == ',' || scan_mark(s, end) == 0x060C);
  return (joined || comma) && !scan_parts(s, c->first);
}

static void take_university(const scan *s, const senses *d, candidate *c) {
  pattern_match match;
  bool known = patterns_find_with(s, d, c, ONE, QN_ENTITY_TYPE_ORGANIZATION, &match) != 0 && match.is_composed == 0;
  c->type = QN_ENTITY_TYPE_ORGANIZATION;
  c->entry = known ? match.entry : SCAN_NONE;
  c->lexicon = known ? (uint8_t)match.lexicon : c->lexicon;
}

/* A town, or a place that nobody knows: there are universities of countries, but nobody calls them so. What a composer's lexicon
 * says of a name holds. */
static bool may_name_one(const scan *s, const candidate *c) {
  return c->entry == SCAN_NONE ||
         (s->lexicons[c->lexicon].entries[c->entry].class == QLEX_CLASS_CITY && c->lexicon + 1u == s->n_lexicons);
}

void campuses_tell(scan *s, const senses *d) {
  uint32_t end = SCAN_NONE; /* of the university before */
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    candidate *c = &s->candidates[i];
    if (c->chosen == 0) {
      continue;
    }
    bool told =
        c->first > 0 && c->begin == s->words[c->first].begin && !scan_parts(s, c->first) && is_several(s, c->first - 1);
    bool meant = c->composed == 0 && (told || (end != SCAN_NONE && goes_on(s, end, c)));
    if (meant && c->type == QN_ENTITY_TYPE_LOCATION && may_name_one(s, c)) {
      take_university(s, d, c);
    }
    end = meant ? c->last : SCAN_NONE;
  }
}
