/* SPDX-License-Identifier: Apache-2.0 */

/* Learns names from the first choice and looks for them, and for their parts, in the whole document. */
#include "entities/second_pass.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "entities/names.h"
#include "entities/other_script.h"
#include "qanat/layers.h"

enum { TWIN_WORDS_MAX = 8 };

#define WITHOUT_DOUBT 0.8f

static bool is_name(const candidate *c) {
  return c->type <= QN_ENTITY_TYPE_EVENT;
}

/* The key of word i from byte begin on; its first word may have lost proclitics. */
static key key_from(const scan *s, uint32_t i, uint32_t begin) {
  const reading *readings;
  uint32_t n = match_readings(s, i, &readings);
  for (uint32_t k = 0; k < n; k++) {
    if (readings[k].begin == begin) {
      return readings[k].key;
    }
  }
  return (key){ 0, KEY_BYTES_MAX + 1 };
}

static key key_whole(const scan *s, uint32_t i) {
  return (key){ s->words[i].hash, s->words[i].key_len };
}

/* Learns words [first, last) of candidate c, and where it may be left off. */
static void learn_words(const scan *s, memory *m, const candidate *c, uint32_t first, uint32_t last, uint32_t begin,
                        uint8_t how) {
  key k = key_from(s, first, begin);
  for (uint32_t i = first + 1; i < last; i++) {
    if (s->words[i].key_len > KEY_BYTES_MAX) {
      continue; /* a hyphen or point inside the name */
    }
    memory_begins(m, k);
    k = key_join(k, key_whole(s, i));
  }
  memory_learn(m, k, c, how);
}

static void learn_person(const scan *s, memory *m, const candidate *c) {
  if (c->last - c->first < 2) {
    return;
  }
  uint32_t surname = c->last - 1;
  if (s->words[surname].key_len < 3 || s->words[surname].key_len > KEY_BYTES_MAX) {
    return;
  }
  learn_words(s, m, c, surname, c->last, s->words[surname].begin, MEMORY_SURNAME);
  if (surname > c->first + 1 && scan_is_god(s, surname)) {
    surname--; /* "ضيف الله" */
    learn_words(s, m, c, surname, c->last, s->words[surname].begin, MEMORY_SURNAME);
  }
  while (surname > c->first + 1 && names_is_particle(s, surname - 1)) {
    surname--;
    learn_words(s, m, c, surname, c->last, s->words[surname].begin, MEMORY_SURNAME);
  }
  uint16_t lore = c->begin == s->words[c->first].begin ? s->words[c->first].lore : s->words[c->first].core_lore;
  if (!names_is_particle(s, c->first) && (lore & LORE_COMMON) == 0) {
    learn_words(s, m, c, c->first, c->first + 1, c->begin, MEMORY_GIVEN);
  }
}

/* The first word of a longer name of an organisation or product, if it is no ordinary one. */
static void learn_short(const scan *s, memory *m, const candidate *c) {
  bool whole = c->begin == s->words[c->first].begin;
  uint16_t lore = whole ? s->words[c->first].lore : s->words[c->first].core_lore;
  bool one = c->last - c->first < 2 || c->from == FROM_LEXICON;
  if (!one && names_is_proper(s, c->first, lore) && (lore & (LORE_NAME_ANY | LORE_ENTITY)) == 0 &&
      (s->words[c->first].shape & WORD_ARTICLE) == 0) {
    learn_words(s, m, c, c->first, c->first + 1, c->begin, MEMORY_SHORT);
  }
}

static void propose_like(scan *s, const candidate *model, uint32_t first, uint32_t last, uint32_t begin, float score) {
  candidate proposed = *model;
  proposed.first = first;
  proposed.last = last;
  proposed.begin = begin;
  proposed.end = s->words[last - 1].end;
  proposed.score = score;
  proposed.from = FROM_DOCUMENT;
  proposed.chosen = 0;
  scan_propose(s, &proposed);
}

/* The end of what stands in parentheses that open at word i, or i if nothing short and proper does. */
static uint32_t enclosed_end(const scan *s, uint32_t i) {
  uint32_t end = i + 1;
  while (end < s->n_words && !scan_parts(s, end) && end - i <= TWIN_WORDS_MAX && scan_mark(s, end) != ')') {
    uint32_t mark = scan_mark(s, end);
    if (mark == 0x060C || mark == ',' || mark == ':' || mark == '(') {
      return i;
    }
    end++;
  }
  return scan_mark(s, end) == ')' && end > i + 1 ? end : i;
}

/* A name without entry is linked to its Latin spelling, words [first, last), which Arabic words [from, to) stand for. Persons
 * are not: few of those that the lexicon does not know are known by that name elsewhere. */
static void link_spelling(const scan *s, candidate *c, uint32_t first, uint32_t last, uint32_t from, uint32_t to) {
  bool acronym = last == first + 1 && (s->words[first].shape & WORD_CAPS) != 0;
  if (acronym && names_spelled_end(s, from) != to) {
    return; /* it stands for a longer name that we do not know; "إيه إس إم إل" is the acronym itself */
  }
  if (c->entry == SCAN_NONE && c->type != QN_ENTITY_TYPE_PERSON) {
    c->link = (qn_span){ s->words[first].core, s->words[last - 1].end };
  }
}

/* "أيغول ساتباييفا (Aigul Satbayeva)": what follows in parentheses in the other script is the same. */
static void learn_twin_behind(scan *s, memory *m, candidate *c) {
  if (scan_mark(s, c->last) != '(' || scan_parts(s, c->last)) {
    return;
  }
  uint32_t end = enclosed_end(s, c->last);
  uint32_t first = c->last + 1;
  if (end == c->last) {
    return;
  }
  bool latin = (s->words[c->first].shape & WORD_LATIN) != 0;
  bool other = (s->words[first].shape & (latin ? WORD_ARABIC : WORD_LATIN)) != 0;
  bool acronym = end == first + 1 && (s->words[first].shape & WORD_CAPS) != 0;
  if (!(other || acronym) || (!latin && names_latin_end(s, first) != end)) {
    return;
  }
  if (acronym && c->type == QN_ENTITY_TYPE_LOCATION && c->entry != SCAN_NONE) {
    return; /* "خط أنابيب قزوين (CPC)": of what is named by the place */
  }
  if (other) {
    link_spelling(s, c, latin ? c->first : first, latin ? c->last : end, latin ? first : c->first,
                  latin ? end : c->last);
  }
  learn_words(s, m, c, first, end, s->words[first].begin, MEMORY_FULL);
  propose_like(s, c, first, end, s->words[first].begin, 0.85f);
}

/* "إيه إس إم إل (ASML)" where only what is in parentheses is known: the words before it are its Arabic spelling. */
static void learn_twin_before(scan *s, memory *m, candidate *c) {
  if (c->first < 2 || scan_mark(s, c->first - 1) != '(' || scan_mark(s, c->last) != ')' || scan_parts(s, c->first) ||
      scan_parts(s, c->last) || (s->words[c->first].shape & WORD_LATIN) == 0) {
    return;
  }
  uint32_t first = c->first - 1;
  uint32_t most = (s->words[c->first].shape & WORD_CAPS) != 0 ? s->words[c->first].key_len : c->last - c->first + 1;
  while (first > 0 && c->first - 1 - first < most && names_is_proper(s, first - 1, s->words[first - 1].core_lore) &&
         (s->words[first - 1].shape & WORD_ARTICLE) == 0) {
    first--;
    if (scan_parts(s, first) || (s->words[first].shape & WORD_CLITIC) != 0) {
      break;
    }
  }
  if (first < c->first - 1) {
    link_spelling(s, c, c->first, c->last, first, c->first - 1);
    learn_words(s, m, c, first, c->first - 1, s->words[first].core, MEMORY_FULL);
    propose_like(s, c, first, c->first - 1, s->words[first].core, 0.8f);
  }
}

/* "شركتا ثريما ونيم": an unknown word joined to a name by و is a name of the same kind. */
static void follow_coordination(scan *s, const candidate *c) {
  uint32_t next = c->last;
  if (scan_parts(s, next) || (c->type != QN_ENTITY_TYPE_ORGANIZATION && c->type != QN_ENTITY_TYPE_LOCATION &&
                              c->type != QN_ENTITY_TYPE_PERSON && c->type != QN_ENTITY_TYPE_PRODUCT)) {
    return;
  }
  name_start starts[2];
  const scan_word *w = &s->words[next];
  uint32_t n = names_starts(s, next, starts);
  bool joined = n > 0 && starts[0].is_core && s->view.data[w->begin] == 0xD9 && s->view.data[w->begin + 1] == 0x88;
  if (!joined || !names_is_proper(s, next, starts[0].lore) || (starts[0].lore & (LORE_NAME_ANY | LORE_ENTITY)) != 0 ||
      (w->shape & WORD_ARTICLE) != 0 || names_is_ordinary(s, next) ||
      ((w->shape & WORD_ARABIC) != 0 && w->likeness < -2)) {
    return;
  }
  uint32_t last = (w->shape & WORD_LATIN) != 0 ? names_latin_end(s, next) : next + 1;
  uint32_t spelled = names_spelled_end(s, next);
  last = spelled > last ? spelled : last;
  if (last > next) {
    candidate like = *c;
    like.entry = SCAN_NONE;
    like.link = (qn_span){ 0, 0 };
    propose_like(s, &like, next, last, starts[0].begin, 0.58f);
  }
}

/* A name found by its surroundings that is also a doubtful alias of one thing of its type: what made the alias doubtful is
 * settled, so it is that thing. Candidates that end together lie together. */
static void adopt_entry(scan *s, uint32_t i, uint32_t n) {
  candidate *c = &s->candidates[i];
  const candidate *found = NULL;
  bool described = (s->triggers[c->first].head | s->triggers[c->first].open) != 0; /* many ministries share a name */
  if (c->entry != SCAN_NONE || c->from != FROM_PATTERN || c->type == QN_ENTITY_TYPE_PERSON || described) {
    return;
  }
  uint32_t at = i;
  while (at > 0 && s->candidates[at - 1].last == c->last) {
    at--;
  }
  for (; at < n && s->candidates[at].last == c->last; at++) {
    const candidate *other = &s->candidates[at];
    if (other->from == FROM_LEXICON && other->first == c->first && other->begin == c->begin && other->type == c->type) {
      if (found != NULL && (found->entry != other->entry || found->lexicon != other->lexicon)) {
        return;
      }
      found = other;
    }
  }
  if (found != NULL) {
    c->entry = found->entry;
    c->lexicon = found->lexicon;
  }
}

/* The place of an entry in the memory, among the keys of names. */
static key key_of_entry(const candidate *c) {
  return (key){ ((uint64_t)c->entry << 3 | c->lexicon) * 0xD6E8FEB86659FD93u + 1, KEY_BYTES_MAX };
}

/* True if the lexicon found these words as the end of a longer alias (context.c, "جبل كينيا") and calls something else so. */
static bool is_cut(const scan *s, const candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  bool asked =
      c->from == FROM_LEXICON && (c->type == QN_ENTITY_TYPE_LOCATION || c->type == QN_ENTITY_TYPE_ORGANIZATION);
  key k = asked ? match_key(s, c->first, c->last, c->begin) : (key){ 0, KEY_BYTES_MAX + 1 };
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  bool others = false;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && payload->entry == c->entry) {
      return false;
    }
    others = others || (payload->kind == QLEX_ENTITY && lex->entries[payload->entry].type == QN_ENTITY_TYPE_LOCATION);
  }
  return others;
}

/* True if word i is a year of our time by itself. */
static bool is_year(const scan *s, uint32_t i) {
  enum { DIGITS = 4 };
  const scan_word *w = &s->words[i];
  const char *form = s->heap + w->form;
  return (w->shape & (WORD_NUMBER | WORD_GLUED)) == WORD_NUMBER && w->form_len == DIGITS &&
         (memcmp(form, "19", 2) == 0 || memcmp(form, "20", 2) == 0);
}

/* "مونديال ألمانيا 2027": the year right behind an event tells which it is. */
static void extend_by_year(scan *s, const candidate *c) {
  if (c->type == QN_ENTITY_TYPE_EVENT && !scan_parts(s, c->last) && is_year(s, c->last)) {
    candidate whole = *c;
    whole.last++;
    whole.end = s->words[c->last].end;
    whole.score = c->score > 0.94f ? c->score : 0.94f; /* more than the event and the date together */
    whole.chosen = 0;
    scan_propose(s, &whole);
  }
}

static void learn(scan *s, memory *m) {
  uint32_t n = s->n_candidates; /* what is proposed on the way is not learnt from */
  for (uint32_t i = 0; i < n; i++) {
    if (s->candidates[i].chosen == 0 || !is_name(&s->candidates[i])) {
      continue;
    }
    adopt_entry(s, i, n);
    candidate c = s->candidates[i];
    if (c.from == FROM_LEXICON && c.score >= WITHOUT_DOUBT) {
      memory_learn(m, key_of_entry(&c), &c, MEMORY_FULL);
    }
    learn_twin_behind(s, m, &c);
    learn_twin_before(s, m, &c);
    s->candidates[i].link = c.link;
    bool told = (s->triggers[c.first].direct >> c.type & 1) != 0; /* "شركة X": it is one wherever it is named */
    bool guessed = c.last == c.first + 1 &&
                   (c.type == QN_ENTITY_TYPE_PERSON || (c.from == FROM_PATTERN && c.score < 0.8f && !told));
    if (!is_cut(s, &c)) {
      learn_words(s, m, &c, c.first, c.last, c.begin, guessed ? MEMORY_GUESS : MEMORY_FULL);
    }
    if (c.type == QN_ENTITY_TYPE_PERSON) {
      learn_person(s, m, &c);
    } else if (c.type == QN_ENTITY_TYPE_ORGANIZATION || c.type == QN_ENTITY_TYPE_PRODUCT) {
      learn_short(s, m, &c);
    }
    follow_coordination(s, &c);
    extend_by_year(s, &c);
  }
}

/* How much a second mention of this kind is believed at word i. */
static float remembered_score(const scan *s, const memory_slot *slot, uint32_t i, uint32_t n_words, bool whole) {
  static const float by_how[] = { 0.85f, 0.92f, 0.7f, 0.62f, 0.6f };
  const scan_word *w = &s->words[i];
  uint16_t lore = whole ? w->lore : w->core_lore;
  float score = by_how[slot->how];
  if (slot->how == MEMORY_FULL && slot->score > score) {
    score = slot->score + 0.005f; /* what it is called where that is clearest */
  }
  if (n_words > 1 && slot->how == MEMORY_FULL) {
    return 0.94f; /* more than its parts together */
  }
  if (n_words == 1) {
    if ((lore & LORE_FREQUENT) != 0) {
      score -= 0.45f;
    } else if ((lore & LORE_COMMON) != 0) {
      score -= 0.25f;
    }
    if ((w->shape & WORD_LATIN) != 0 && (w->shape & WORD_CAPITAL) == 0) {
      score -= 0.3f;
    }
    if (slot->how == MEMORY_GIVEN && (lore & LORE_ENTITY) != 0) {
      score -= 0.2f;
    }
  }
  return score;
}

static void recall_at(scan *s, const memory *m, uint32_t first, const reading *from) {
  uint32_t last = first;
  uint32_t n_words = 1;
  key k = from->key;
  for (const memory_slot *slot = memory_find(m, k); slot != NULL; slot = memory_find(m, k)) {
    if (slot->how != MEMORY_BEGINNING) {
      candidate model = {
        .type = slot->type, .lexicon = slot->lexicon, .entry = slot->entry, .link = slot->link, .value = SCAN_NONE
      };
      float score = remembered_score(s, slot, first, n_words, from->n_clitics == 0);
      bool doubted = from->n_clitics > 0 && from->begin != s->words[first].core;
      propose_like(s, &model, first, last + 1, from->begin, doubted ? score - 0.15f : score);
    }
    if (slot->prefix == 0 || !match_next(s, last, &last)) {
      return;
    }
    k = key_join(k, key_whole(s, last));
    n_words++;
  }
}

/* A doubtful alias of something that the document names without doubt elsewhere is likely that; one of a person whose
 * surname is somebody else's here is not. */
static void support(scan *s, const memory *m, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    candidate *c = &s->candidates[i];
    if (c->from != FROM_LEXICON) {
      continue;
    }
    if (c->score < WITHOUT_DOUBT && memory_find(m, key_of_entry(c)) != NULL) {
      c->score += 0.25f;
    }
    if (c->type == QN_ENTITY_TYPE_PERSON && c->last == c->first + 1) {
      const memory_slot *slot = memory_find(m, key_from(s, c->first, c->begin));
      bool other = slot != NULL && slot->how == MEMORY_SURNAME && slot->entry != c->entry;
      c->score -= other ? 0.3f : 0.0f;
    }
  }
}

int second_pass(scan *s, memory *m) {
  uint32_t n_first = s->n_candidates;
  uint32_t n_chosen = 0;
  for (uint32_t i = 0; i < n_first; i++) {
    n_chosen += s->candidates[i].chosen != 0 ? 2 * (s->candidates[i].last - s->candidates[i].first) + 16 : 0;
  }
  int r = memory_begin(m, s, n_chosen);
  if (r != 0) {
    return r;
  }
  learn(s, m);
  support(s, m, n_first);
  other_script_recall(s, n_first);
  for (uint32_t i = 0; i < s->n_words; i++) {
    const reading *readings;
    uint32_t n = match_readings(s, i, &readings);
    for (uint32_t k = 0; k < n; k++) {
      recall_at(s, m, i, &readings[k]);
    }
  }
  return s->failed;
}
