/* SPDX-License-Identifier: Apache-2.0 */

/* Compares unknown words with the chosen names of the other script, by what transliteration makes of their letters. */
#include "entities/other_script.h"

#include <stdbool.h>
#include <string.h>

#include "entities/names.h"
#include "entities/spelling.h"
#include "qanat/layers.h"

/* How near spellings must be, in sixteenths of a nat a letter: of some 400 pairs in our articles all but two were right up to
 * NEAR, half of those beyond. */
enum {
  ANCHORS_MAX = 48, /* names that are looked for in one document */
  LETTERS_MIN = 4,
  NEAR = 16,
  NEAR_SHORT = 8, /* the same for names of fewer letters than ... */
  SHORT = 5,
  MARGIN = 3 /* by which another name must be farther */
};

#define BELIEVED 0.75f

typedef struct anchor {
  spelling letters;
  uint32_t candidate;
  bool latin;
} anchor;

static const char ARTICLE[] = "ال";

/* The letters of a word without what is attached to it; none if it is no word of the script. */
static void letters_of(const scan *s, uint32_t i, bool latin, spelling *ret_letters) {
  const scan_word *w = &s->words[i];
  ret_letters->n = 0;
  if ((w->shape & WORD_LETTERS) == 0 || w->key_len > KEY_BYTES_MAX ||
      (w->shape & (latin ? WORD_LATIN : WORD_ARABIC)) == 0) {
    return;
  }
  uint32_t skip = (uint32_t)(w->key_len - w->core_len);
  const char *form = s->heap + w->form + skip;
  size_t len = (size_t)w->form_len - skip;
  size_t article = sizeof ARTICLE - 1;
  if (!latin && len > 2 * article && memcmp(form, ARTICLE, article) == 0) {
    form += article;
    len -= article;
  }
  spelling_of(form, len, ret_letters);
}

/* The word that a name is called by alone; SCAN_NONE if there is none. */
static uint32_t short_name(const candidate *c) {
  return c->type == QN_ENTITY_TYPE_PERSON ? c->last - 1 : c->last == c->first + 1 ? c->first : SCAN_NONE;
}

static uint32_t gather(const scan *s, uint32_t n_first, anchor *anchors, uint32_t *ret_n_latin) {
  uint32_t n = 0;
  *ret_n_latin = 0;
  for (uint32_t k = 0; k < n_first && n < ANCHORS_MAX; k++) {
    const candidate *c = &s->candidates[k];
    uint32_t word = c->chosen != 0 && c->type <= QN_ENTITY_TYPE_PRODUCT ? short_name(c) : SCAN_NONE;
    if (word == SCAN_NONE) {
      continue;
    }
    bool latin = (s->words[word].shape & WORD_LATIN) != 0;
    letters_of(s, word, latin, &anchors[n].letters);
    if (anchors[n].letters.n >= LETTERS_MIN) {
      anchors[n].candidate = k;
      anchors[n].latin = latin;
      *ret_n_latin += latin;
      n++;
    }
  }
  return n;
}

/* True if two candidates are the same thing, as far as is known. */
static bool is_same(const candidate *a, const candidate *b) {
  return a->type == b->type && a->entry == b->entry && (a->entry == SCAN_NONE || a->lexicon == b->lexicon);
}

/* The anchor that the letters of a word spell; NULL if there is none, or several of more than one type. */
static const anchor *nearest(const scan *s, const anchor *anchors, uint32_t n, const spelling *letters, bool latin,
                             bool *ret_is_shared) {
  const anchor *found = NULL;
  uint32_t least = NEAR + MARGIN + 1;
  uint32_t other_type = SPELLING_FAR;
  uint32_t other = SPELLING_FAR;
  for (uint32_t k = 0; k < n; k++) {
    const spelling *of = &anchors[k].letters;
    if (anchors[k].latin == latin || of->n > 2 * letters->n || letters->n > 2 * of->n) {
      continue;
    }
    uint32_t distance = spelling_distance(spelling_costs, letters, of, NEAR + MARGIN);
    uint32_t loser = distance < least ? least : distance;
    const candidate *c = &s->candidates[anchors[k].candidate];
    const candidate *before = found != NULL ? &s->candidates[found->candidate] : NULL;
    if (before != NULL && !is_same(before, c)) {
      other = loser < other ? loser : other;
      other_type = before->type != c->type && loser < other_type ? loser : other_type;
    }
    if (distance < least) {
      least = distance;
      found = &anchors[k];
    }
  }
  uint32_t near = found != NULL && found->letters.n < SHORT ? NEAR_SHORT : NEAR;
  *ret_is_shared = other < least + MARGIN;
  return found != NULL && least <= near && other_type >= least + MARGIN ? found : NULL;
}

/* True if word i may be a name that nobody knows. */
static bool is_open(const scan *s, uint32_t i, bool latin) {
  const scan_word *w = &s->words[i];
  if ((w->core_lore & (LORE_COMMON | LORE_TITLE | LORE_PHRASE | LORE_STOP)) != 0) {
    return false;
  }
  return !latin || (w->shape & (WORD_CAPITAL | WORD_CAPS)) == WORD_CAPITAL;
}

/* is_shared: it may be another of that name as well. */
static void propose_as(scan *s, uint32_t i, const candidate *of, bool is_shared) {
  candidate proposed = *of;
  if (is_shared) {
    proposed.entry = SCAN_NONE;
    proposed.link = (qn_span){ 0, 0 };
  }
  proposed.first = i;
  proposed.last = i + 1;
  proposed.begin = s->words[i].core;
  proposed.end = s->words[i].end;
  proposed.score = BELIEVED;
  proposed.from = FROM_DOCUMENT;
  proposed.chosen = 0;
  scan_propose(s, &proposed);
}

void other_script_recall(scan *s, uint32_t n_first) {
  anchor anchors[ANCHORS_MAX];
  uint32_t n_latin = 0;
  uint32_t n = gather(s, n_first, anchors, &n_latin);
  for (uint32_t i = 0; i < s->n_words && n > 0; i++) {
    bool latin = (s->words[i].shape & WORD_LATIN) != 0;
    spelling letters;
    if ((latin ? n == n_latin : n_latin == 0) || (s->words[i].shape & WORD_LETTERS) == 0 || !is_open(s, i, latin)) {
      continue;
    }
    letters_of(s, i, latin, &letters);
    bool is_shared = false;
    const anchor *of = letters.n >= LETTERS_MIN ? nearest(s, anchors, n, &letters, latin, &is_shared) : NULL;
    if (of != NULL) {
      propose_as(s, i, &s->candidates[of->candidate], is_shared);
    }
  }
}
