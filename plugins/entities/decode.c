/* SPDX-License-Identifier: Apache-2.0 */

/* Forward and backward over a stretch, then the names that the probabilities spell. */
#include "entities/decode.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "entities/names.h"
#include "qanat/layers.h"

/* What is believed less than PROPOSED_MIN is not proposed, and no more than BELIEF_MAX is believed, so that the values of the
 * grammars go first. A guess that the model believes less than DOUBTED_MAX loses more than the difference; of persons, half of
 * whose name is worse than too much, less. A name of the lexicon loses only what the model is sure to be none, but so much the
 * more. One of a composer's own lexicon is left alone where it stands without doubt. */
#define PROPOSED_MIN 0.5f
#define DOUBTED_MAX 0.5f
#define DOUBTED_BY 1.5f
#define PERSON_DOUBTED_MAX 0.35f
#define BELIEF_MAX 0.94f
#define REFUTED_MAX 0.3f
#define REFUTED_BY 2.0f
#define LOSS_MAX 40.0f /* what is less likely counts as this */
#define KNOWN_MIN 0.7f

enum { KNOWN_WORDS_MAX = 32 };

/* Odds of one label behind another. */
static void read_follows(const ner_model *model, decoder *d) {
  float unit = 1.0f / (float)model->header->steps;
  memset(d->follows, 0, sizeof d->follows);
  memset(d->precedes, 0, sizeof d->precedes);
  for (uint32_t from = 0; from <= MODEL_LABELS; from++) {
    for (uint32_t to = 0; to < MODEL_LABELS; to++) {
      float weight = (float)model->header->follows[from][to] * unit;
      d->follows[from][to] = model_may_follow(from, to) ? expf(weight > 20.0f    ? 20.0f
                                                               : weight < -20.0f ? -20.0f
                                                                                 : weight)
                                                        : 0.0f;
      if (from < MODEL_LABELS) {
        d->precedes[to][from] = d->follows[from][to];
      }
    }
  }
}

/* Odds by how many steps a label is behind the likeliest. */
static int read_odds_by_loss(const ner_model *model, decoder *d, scan *s) {
  uint32_t n = (uint32_t)LOSS_MAX * model->header->steps + 2;
  int r = scan_grow(s, (void **)&d->odds_by_loss, &d->losses_capacity, n, sizeof(float));
  if (r != 0) {
    return r;
  }
  float unit = 1.0f / (float)model->header->steps;
  for (uint32_t loss = 0; loss < n; loss++) {
    float weight = -(float)loss * unit;
    d->odds_by_loss[loss] = expf(weight < -LOSS_MAX ? -LOSS_MAX : weight);
  }
  d->n_losses = n;
  return 0;
}

static int use_model(decoder *d, const ner_model *model, scan *s) {
  int r = weigh_use(&d->weigher, model, s);
  if (r == 0) {
    r = word_types_use(&d->types, model, s);
  }
  if (r != 0 || d->model == model) {
    return r;
  }
  r = read_odds_by_loss(model, d, s);
  if (r == 0) {
    read_follows(model, d);
    d->model = model;
  }
  return r;
}

/* Odds of the labels of a word by itself, the likeliest 1. */
static void read_odds(const decoder *d, const weigh_row sums, float *ret_odds) {
  int32_t most = sums[0];
  for (uint32_t y = 1; y < MODEL_LABELS; y++) {
    most = sums[y] > most ? sums[y] : most;
  }
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    uint32_t loss = (uint32_t)(most - sums[y]);
    ret_odds[y] = d->odds_by_loss[loss < d->n_losses ? loss : d->n_losses - 1];
  }
  ret_odds[MODEL_LABELS] = 0.0f;
}

/* A mark that stands inside a name: "Coca-Cola", "J.P. Morgan", "AT&T". Behind most stops no word is glued. */
static bool is_inner_mark(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  if (w->mark == '&') {
    return true;
  }
  bool joins = w->mark == '-' || w->mark == '.' || w->mark == '\'';
  return joins && (w->shape & WORD_GLUED) != 0 && i + 1 < s->n_words && (s->words[i + 1].shape & WORD_GLUED) != 0;
}

/* An ordinary word that is nobody's name and that no recognizer has proposed. */
static bool is_ordinary(const scan_word *w, const word_facts *f) {
  return f->rule == 0 && f->doubt == 0 && f->around == 0 && w->mark == 0 &&
         (w->shape & (WORD_NUMBER | WORD_ARABIC)) == WORD_ARABIC &&
         (w->core_lore & (LORE_COMMON | LORE_NAME_ANY)) == LORE_COMMON;
}

/* True if nothing speaks for a name here: an amount or a date, a mark that names do not have inside, or an ordinary word
 * that no recognizer has proposed; after_plain: so is the word before. Behind a word that is not plain only frequent words
 * are: a rarer one may end its name. What is plain is taken for none without being asked about, which is most of what the
 * model would cost. */
static bool is_plain(const scan *s, const word_facts *f, uint32_t i, bool after_plain) {
  const scan_word *w = &s->words[i];
  if (features_is_value(f)) {
    return true;
  }
  if (is_ordinary(w, f)) {
    return after_plain || (w->core_lore & LORE_FREQUENT) != 0;
  }
  if (f->rule != 0 || f->doubt != 0) {
    return false;
  }
  if (w->mark != 0) {
    return !is_inner_mark(s, i);
  }
  if ((w->shape & WORD_NUMBER) != 0) {
    return after_plain;
  }
  if ((w->shape & WORD_ARABIC) == 0 || (w->core_lore & LORE_COMMON) == 0) {
    return false;
  }
  return after_plain && (w->core_lore & LORE_FREQUENT) != 0;
}

/* The last cell of a word's row, which is no label's, says that it is plain. */
static bool was_plain(const float *odds) {
  return odds[MODEL_LABELS] > 0.0f;
}

static void set_plain(float *row) {
  memset(row, 0, sizeof(label_row));
  row[0] = 1.0f;
  row[MODEL_LABELS] = 1.0f;
}

static void scale(float *row) {
  float sum = 1e-30f;
  for (uint32_t y = 0; y < MODEL_LABELS; y++) {
    sum += row[y];
  }
  for (uint32_t y = 0; y < MODEL_ROW; y++) {
    row[y] /= sum;
  }
}

/* What a row of probabilities leads to, over a table with a row for each of its labels. */
static void lead_on(const float *row, const label_row *table, float *ret_sum) {
  label_row sum = { 0 };
  for (uint32_t from = 0; from < MODEL_LABELS; from++) {
    for (uint32_t y = 0; y < MODEL_ROW; y++) {
      sum[y] += row[from] * table[from][y];
    }
  }
  memcpy(ret_sum, sum, sizeof sum);
}

/* Plain words have label 0 for certain and no rows of their own, in both directions. */
static void go_ahead(const decoder *d, uint32_t n) {
  const label_row *odds = (const label_row *)d->odds;
  label_row *ahead = (label_row *)d->ahead;
  for (uint32_t i = 0; i < n; i++) {
    label_row led_to;
    const float *reach = d->follows[i == 0 ? MODEL_LABELS : 0];
    if (was_plain(odds[i])) {
      continue;
    }
    if (i > 0 && !was_plain(odds[i - 1])) {
      lead_on(ahead[i - 1], d->follows, led_to);
      reach = led_to;
    }
    for (uint32_t y = 0; y < MODEL_ROW; y++) {
      ahead[i][y] = reach[y] * odds[i][y];
    }
    scale(ahead[i]);
  }
}

static void go_behind(const decoder *d, uint32_t n) {
  const label_row *odds = (const label_row *)d->odds;
  label_row *behind = (label_row *)d->behind;
  for (uint32_t y = 0; y < MODEL_ROW; y++) {
    behind[n - 1][y] = y < MODEL_LABELS ? 1.0f : 0.0f;
  }
  for (uint32_t i = n - 1; i > 0; i--) {
    label_row next;
    if (was_plain(odds[i - 1])) {
      continue;
    }
    if (was_plain(odds[i])) {
      memcpy(behind[i - 1], d->precedes[0], sizeof(label_row));
    } else {
      for (uint32_t y = 0; y < MODEL_ROW; y++) {
        next[y] = odds[i][y] * behind[i][y];
      }
      lead_on(next, d->precedes, behind[i - 1]);
    }
    scale(behind[i - 1]);
  }
}

static int make_room(decoder *d, scan *s, uint32_t n) {
  uint32_t n_floats = n * MODEL_ROW;
  int r = scan_grow(s, (void **)&d->odds, &d->odds_capacity, n_floats, sizeof(float));
  if (r == 0) {
    r = scan_grow(s, (void **)&d->ahead, &d->ahead_capacity, n_floats, sizeof(float));
  }
  return r == 0 ? scan_grow(s, (void **)&d->behind, &d->behind_capacity, n_floats, sizeof(float)) : r;
}

/* Odds of the labels of a word by itself. */
static void ask(decoder *d, const feature_stretch *in, uint32_t i, float *ret_odds) {
  uint64_t features[FEATURES_MAX];
  weigh_row sums = { 0 };
  word_types_expect(&d->types, in, i, d->type_hashes);
  uint32_t n_features = weigh_expect(&d->weigher, features, features_here(in, i, features));
  word_types_weigh(&d->types, &d->weigher, in, i, d->type_hashes, sums);
  weigh_add(&d->weigher, features, n_features, sums);
  read_odds(d, sums, ret_odds);
}

/* Probabilities of the labels of the words [first, last), in d->odds. */
static int decode_stretch(decoder *d, scan *s, uint32_t first, uint32_t last) {
  feature_stretch in = { s, d->facts, first, last };
  uint32_t n = last - first;
  uint32_t n_asked = 0;
  int r = make_room(d, s, n);
  if (r != 0) {
    return r;
  }
  label_row *odds = (label_row *)d->odds;
  bool after_plain = true;
  for (uint32_t i = 0; i < n; i++) {
    const word_facts *f = &d->facts[first + i];
    bool plain = is_plain(s, f, first + i, after_plain);
    if (plain) {
      set_plain(odds[i]);
    } else {
      features_look_up(s, d->facts, first + (i > 0 ? i - 1 : 0), first + (i + 1 < n ? i + 2 : n));
      ask(d, &in, first + i, odds[i]);
      n_asked++;
    }
    after_plain = plain || is_ordinary(&s->words[first + i], f); /* not one ordinary word after the other */
  }
  if (n_asked == 0) {
    return 0;
  }
  go_ahead(d, n);
  go_behind(d, n);
  for (uint32_t i = 0; i < n; i++) {
    if (was_plain(odds[i])) {
      continue;
    }
    for (uint32_t y = 0; y < MODEL_ROW; y++) {
      odds[i][y] = ((label_row *)d->ahead)[i][y] * ((label_row *)d->behind)[i][y];
    }
    scale(odds[i]);
  }
  return 0;
}

/* How likely the words [first, last) of the stretch are a name of a type: as its least likely word. */
static float belief(const decoder *d, uint32_t first, uint32_t last, uint32_t n, uint32_t type) {
  const label_row *odds = (const label_row *)d->odds;
  float least = odds[first][model_label(type, 0)];
  for (uint32_t i = first + 1; i < last; i++) {
    float p = odds[i][model_label(type, 1)];
    least = p < least ? p : least;
  }
  if (last < n) {
    float ended = 1.0f - odds[last][model_label(type, 1)];
    least = ended < least ? ended : least;
  }
  return least;
}

static void propose(scan *s, uint32_t first, uint32_t last, uint32_t type, float score) {
  name_start starts[2];
  uint32_t begin = s->words[first].begin;
  if (names_starts(s, first, starts) > 0) {
    begin = starts[0].begin;
  }
  candidate proposed = {
    .first = first,
    .last = last,
    .begin = begin,
    .end = s->words[last - 1].end,
    .score = score,
    .type = (uint8_t)type,
    .from = FROM_PATTERN,
    .entry = SCAN_NONE,
    .value = SCAN_NONE,
  };
  scan_propose(s, &proposed);
}

static uint32_t likeliest(const float *row) {
  uint32_t best = 0;
  for (uint32_t y = 1; y < MODEL_LABELS; y++) {
    best = row[y] > row[best] ? y : best;
  }
  return best;
}

/* Raises the best candidate that is just this; false if there is none. */
static bool confirm(scan *s, uint32_t from, uint32_t n_candidates, uint32_t first, uint32_t last, uint32_t type,
                    float score) {
  candidate *best = NULL;
  for (uint32_t k = from; k < n_candidates && s->candidates[k].last <= last; k++) {
    candidate *c = &s->candidates[k];
    if (c->first == first && c->last == last && c->type == type && (best == NULL || c->score > best->score)) {
      best = c;
    }
  }
  if (best != NULL && best->score < score) {
    best->score = score;
  }
  return best != NULL;
}

/* True if a composer's lexicon, which is asked before the shipped one, has this name without doubt. */
static bool is_composers(const scan *s, const candidate *c) {
  return c->entry != SCAN_NONE && c->lexicon + 1u < s->n_lexicons && c->score >= KNOWN_MIN;
}

/* True if words [first, last) share a word with a chosen name of a composer's. */
static bool is_own(const scan *s, uint32_t from, uint32_t n_candidates, uint32_t first, uint32_t last) {
  if (s->n_lexicons < 2) {
    return false;
  }
  for (uint32_t k = from; k < n_candidates && s->candidates[k].last < last + KNOWN_WORDS_MAX; k++) {
    const candidate *c = &s->candidates[k];
    bool overlaps = c->chosen != 0 && c->first < last && c->last > first;
    if (overlaps && is_composers(s, c)) {
      return true;
    }
  }
  return false;
}

/* Latin words without a capital or a digit anywhere: prose, whatever the model, which knows Arabic texts, makes of it. */
static bool is_lower_latin(const scan *s, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i < last; i++) {
    const scan_word *w = &s->words[i];
    if ((w->shape & WORD_LATIN) == 0 || (w->shape & (WORD_CAPITAL | WORD_DIGITS)) != 0) {
      return false;
    }
    for (uint32_t at = w->begin; at < w->end; at++) {
      uint8_t byte = s->view.data[at];
      if (byte >= 0x80 || (byte >= 'A' && byte <= 'Z')) {
        return false;
      }
    }
  }
  return true;
}

/* Words of an ordinary phrase: no name, whatever the model makes of them. */
static bool is_phrase(const scan *s, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i < last; i++) {
    if ((s->words[i].core_lore & LORE_PHRASE) == 0) {
      return false;
    }
  }
  return true;
}

/* "إن غرب ليبيا آمن": a direction and a place that is known without doubt begin no other name, unless a title announces one. */
static bool is_only_placed(const scan *s, uint32_t first, uint32_t last, uint32_t type) {
  const uint8_t place = 1u << QN_ENTITY_TYPE_LOCATION;
  return type != QN_ENTITY_TYPE_LOCATION && last - first >= 2 && (s->triggers[first].title >> type & 1) == 0 &&
         (s->triggers[first + 1].cue & place) != 0 && (s->triggers[first + 1].owned & place) != 0;
}

/* إن, or "لرويترز" behind who said something to it. */
static bool ends_no_name(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  bool told = (w->shape & WORD_CLITIC) != 0 && !names_is_joined(s, i) && (w->lore & LORE_NAME_ANY) == 0 &&
              (w->core_lore & (LORE_ENTITY | LORE_ALIAS)) == (LORE_ENTITY | LORE_ALIAS);
  return told || (w->core_lore & (LORE_FREQUENT | LORE_NAME_ANY)) == LORE_FREQUENT;
}

/* The end of a name of words [first, last): no person's ends with a word like إن. */
static uint32_t trimmed(const scan *s, uint32_t first, uint32_t last, uint32_t type) {
  while (type == QN_ENTITY_TYPE_PERSON && last > first + 1 && ends_no_name(s, last - 1)) {
    last--;
  }
  return last;
}

/* Names that begin where a beginning is the likeliest label. */
static void propose_names(const decoder *d, scan *s, uint32_t first, uint32_t last, uint32_t n_candidates,
                          uint32_t from, bool alone) {
  const label_row *odds = (const label_row *)d->odds;
  uint32_t n = last - first;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t label = was_plain(odds[i]) ? 0 : likeliest(odds[i]);
    if (label % 2 == 0 || (s->words[first + i].shape & WORD_LETTERS) == 0) {
      continue;
    }
    uint32_t type = label / 2;
    uint32_t end = i + 1;
    while (end < n && likeliest(odds[end]) == label + 1) {
      end++;
    }
    float score = belief(d, i, end, n, type);
    score = score > BELIEF_MAX ? BELIEF_MAX : score;
    end = trimmed(s, first + i, first + end, type) - first;
    while (type == QN_ENTITY_TYPE_PERSON && i + 1 < end &&
           (s->words[first + i].lore & (LORE_FREQUENT | LORE_NAME_ANY)) == LORE_FREQUENT) {
      i++; /* "لها محمد" */
    }
    if (alone) {
      propose(s, first + i, first + end, type, score > PROPOSED_MIN ? score : PROPOSED_MIN);
      continue;
    }
    bool kept = is_own(s, from, n_candidates, first + i, first + end) || is_lower_latin(s, first + i, first + end) ||
                is_phrase(s, first + i, first + end) || is_only_placed(s, first + i, first + end, type);
    if (score >= PROPOSED_MIN && !confirm(s, from, n_candidates, first + i, first + end, type, score) && !kept) {
      propose(s, first + i, first + end, type, score);
    }
  }
}

static uint32_t label_of(const decoder *d, uint32_t i) {
  const label_row *odds = (const label_row *)d->odds;
  return was_plain(odds[i]) ? 0 : likeliest(odds[i]);
}

/* A name that begins with what announces places: of three words or more it is another's without that word (جنوب شرق آسيا); of two
 * (شمال لبنان) either may be meant. */
static bool is_directed(const scan *s, const candidate *c) {
  return c->last - c->first >= 3 && (s->triggers[c->first + 1].cue >> QN_ENTITY_TYPE_LOCATION & 1) != 0;
}

/* "جنوب شرق آسيا": a name of several words that the lexicon has without doubt, of which the model takes only a part, for a name of
 * the same type. */
static bool is_cut_short(const decoder *d, const scan *s, const candidate *c, uint32_t first, uint32_t last) {
  uint32_t begins = c->type * 2u + 1;
  uint32_t goes_on = begins + 1;
  bool cut = false;
  const trigger *t = &s->triggers[c->first];
  bool is_headed =
      (s->words[c->first].core_lore & LORE_TITLE) != 0 || (t->head | t->open) != 0; /* ميناء may stay outside */
  if (c->last - c->first < 2 || (is_headed && !is_directed(s, c)) || c->score < KNOWN_MIN ||
      label_of(d, c->first - first) == goes_on || (c->last < last && label_of(d, c->last - first) == goes_on)) {
    return false;
  }
  for (uint32_t i = c->first - first; i < c->last - first; i++) {
    uint32_t label = label_of(d, i);
    if (label != 0 && label != begins && label != goes_on) {
      return false;
    }
    cut |= label == begins;
  }
  return cut;
}

/* Lowers what the other recognizers found and the model does not share. Candidates are sorted by their ends; *at is
 * the first that may end in the stretch. */
static void doubt(const decoder *d, scan *s, uint32_t first, uint32_t last, uint32_t n_candidates, uint32_t *at) {
  while (*at < n_candidates && s->candidates[*at].last <= first) {
    ++*at;
  }
  for (uint32_t k = *at; k < n_candidates && s->candidates[k].last <= last; k++) {
    candidate *c = &s->candidates[k];
    if (c->from == FROM_VALUES || c->type > QN_ENTITY_TYPE_EVENT || c->first < first || is_composers(s, c)) {
      continue;
    }
    if (c->type == QN_ENTITY_TYPE_EVENT && c->from == FROM_LEXICON && c->last - c->first > 1 && c->score >= KNOWN_MIN) {
      continue;
    }
    float p = belief(d, c->first - first, c->last - first, last - first, c->type);
    if (c->from == FROM_LEXICON) {
      c->score -= p < REFUTED_MAX && !is_cut_short(d, s, c, first, last) ? REFUTED_BY * (REFUTED_MAX - p) : 0.0f;
    } else if (c->type == QN_ENTITY_TYPE_PERSON) {
      c->score -= p < PERSON_DOUBTED_MAX ? PERSON_DOUBTED_MAX - p : 0.0f;
    } else if (p < DOUBTED_MAX) {
      c->score -= DOUBTED_BY * (DOUBTED_MAX - p);
    }
  }
}

static int decode(decoder *d, const ner_model *model, scan *s, bool alone) {
  uint32_t n_candidates = s->n_candidates;
  uint32_t at = 0;
  int r = scan_grow(s, (void **)&d->facts, &d->facts_capacity, s->n_words, sizeof(word_facts));
  if (r == 0) {
    r = scan_grow(s, (void **)&d->type_hashes, &d->hashes_capacity, s->n_words, sizeof(uint64_t));
  }
  if (r == 0) {
    r = use_model(d, model, s);
  }
  if (r == 0) {
    r = echo_begin(&d->echoes, s);
  }
  if (r != 0) {
    return r;
  }
  features_gather(s, &d->echoes, d->facts);
  if (s->n_words > 0) {
    memset(d->type_hashes, 0, s->n_words * sizeof *d->type_hashes);
  }
  for (uint32_t first = 0; first < s->n_words && r == 0;) {
    uint32_t last = features_stretch(s, first);
    r = decode_stretch(d, s, first, last);
    if (r == 0) {
      doubt(d, s, first, last, n_candidates, &at);
      propose_names(d, s, first, last, n_candidates, at, alone);
    }
    first = last;
  }
  return r != 0 ? r : s->failed;
}

int decode_propose(decoder *d, const ner_model *model, scan *s) {
  return decode(d, model, s, false);
}

int decode_alone(decoder *d, const ner_model *model, scan *s) {
  uint32_t n_candidates = s->n_candidates;
  int r = decode(d, model, s, true);
  for (uint32_t k = 0; k < n_candidates; k++) {
    if (s->candidates[k].type <= QN_ENTITY_TYPE_EVENT) {
      s->candidates[k].score = 0.0f;
    }
  }
  return r;
}

void decode_done(decoder *d, const scan *s) {
  if (s->host != NULL) {
    weigh_done(&d->weigher, s);
    echo_done(&d->echoes, s);
    word_types_done(&d->types, s);
    s->host->release(s->env, d->facts);
    s->host->release(s->env, d->type_hashes);
    s->host->release(s->env, d->odds_by_loss);
    s->host->release(s->env, d->odds);
    s->host->release(s->env, d->ahead);
    s->host->release(s->env, d->behind);
  }
}
