/* SPDX-License-Identifier: Apache-2.0 */

/* Gathers candidates: runs of up to four words that can be a noun and what goes with it, and the names of things. Every
 * mention is entered in a table by its terms, so that "الرقائق الصينية" and "للرقائق الصينية" are one phrase. */
#include "phrases.h"

#include <errno.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/hash.h"
#include "text/lent.h"

/* Makes room for the phrases of a document: a table as large as this document needs. */
static int table_open(phrase_scratch *scratch, uint32_t n_phrases_max) {
  uint64_t n_slots = 1024;
  while (n_slots < (uint64_t)n_phrases_max * 5 / 4) {
    n_slots *= 2;
  }
  void *phrases = scratch->phrases;
  int fault = lent_room(scratch->host, scratch->env, &phrases, &scratch->phrases_capacity, n_phrases_max,
                        sizeof(*scratch->phrases));
  scratch->phrases = phrases;
  void *slots = scratch->slots;
  if (fault == 0) {
    fault = lent_room(scratch->host, scratch->env, &slots, &scratch->slots_capacity, (uint32_t)n_slots,
                      sizeof(*scratch->slots));
    scratch->slots = slots;
  }
  if (fault == 0) {
    memset(scratch->slots, 0, n_slots * sizeof(*scratch->slots));
  }
  scratch->mask = (uint32_t)n_slots - 1;
  scratch->n_phrases_max = n_phrases_max;
  scratch->n_phrases = 0;
  return fault;
}

/* A mention on its way into the table. */
typedef struct mention {
  uint64_t key;
  uint64_t surface;
  uint32_t token;
  uint32_t n_tokens;
  uint32_t begin;
  uint32_t end;
  uint32_t sentence;
  uint32_t entity; /* type + 1, or 0 */
  uint32_t is_open;
  uint32_t is_cut;
} mention;

/* The slot of a phrase, or the empty one where it goes. */
static phrase_slot *slot_of(const phrase_scratch *scratch, uint64_t key) {
  uint32_t at = (uint32_t)(key >> 20) & scratch->mask;
  for (;; at = (at + 1) & scratch->mask) {
    phrase_slot *slot = &scratch->slots[at];
    if (slot->number == 0 || (slot->mark == (uint32_t)key && scratch->phrases[slot->number - 1].key == key)) {
      return slot;
    }
  }
}

static void mention_enter(phrase_scratch *scratch, const mention *m) {
  phrase_slot *slot = slot_of(scratch, m->key);
  if (slot->number == 0) {
    if (scratch->n_phrases == scratch->n_phrases_max) {
      return; /* more names than tokens */
    }
    scratch->phrases[scratch->n_phrases] = (phrase){ .key = m->key,
                                                     .surface = m->surface,
                                                     .votes = 0,
                                                     .sentence = m->sentence,
                                                     .begin = m->begin,
                                                     .end = m->end,
                                                     .text = { m->begin, m->end },
                                                     .token = m->token,
                                                     .n_tokens = (uint8_t)m->n_tokens,
                                                     .last_sentence = UINT32_MAX };
    *slot = (phrase_slot){ (uint32_t)m->key, ++scratch->n_phrases };
  }
  phrase *p = &scratch->phrases[slot->number - 1];
  p->count++;
  p->n_open += m->is_open;
  p->n_cut += m->is_cut;
  p->entity = m->entity != 0 ? (uint8_t)m->entity : p->entity;
  if (p->last_sentence != m->sentence && p->n_sentences < UINT16_MAX) {
    p->n_sentences++;
  }
  p->last_sentence = m->sentence;
  /* The majority of forms, if there is one, is the form that is left. */
  if (p->surface == m->surface) {
    p->votes++;
  } else if (p->votes > 0) {
    p->votes--;
  } else {
    p->surface = m->surface;
    p->text = (qn_span){ m->begin, m->end };
    p->token = m->token;
    p->n_tokens = (uint8_t)m->n_tokens;
    p->votes = 1;
  }
}

/* --- runs of words --- */

/* True if token b may follow token a in one phrase. */
static int may_follow(const phrase_token *a, const phrase_token *b) {
  if (b->term == 0 || (b->traits & (TRAIT_PARTS | TRAIT_VERB)) != 0) {
    return 0;
  }
  if ((a->traits & TRAIT_NAMED) != 0) {
    return 0; /* "غينيا السفينة": what follows a name begins something else */
  }
  if ((a->traits & TRAIT_DEFINITE) != 0 && (b->traits & TRAIT_ARABIC) != 0) {
    return (b->traits & TRAIT_DEFINITE) != 0; /* "الشركة صباح": a sentence, no phrase */
  }
  return (a->traits & TRAIT_ARABIC) != 0 || (b->traits & TRAIT_ARABIC) == 0;
}

/* A single word is a phrase if its looks say that it is a noun. */
static int may_stand_alone(const phrase_token *t) {
  return (t->traits & (TRAIT_DEFINITE | TRAIT_CAPITAL)) != 0;
}

/* A word that opens its sentence without an article is most often the verb. */
static int may_begin(const phrase_token *t, int is_first) {
  return t->term != 0 && (t->traits & (TRAIT_VERB | TRAIT_INSIDE)) == 0 &&
         !(is_first && (t->traits & (TRAIT_ARABIC | TRAIT_DEFINITE)) == TRAIT_ARABIC);
}

static void runs_enter(phrase_scratch *scratch, const phrase_input *input, uint32_t sentence, uint32_t first,
                       uint32_t end) {
  for (uint32_t i = first; i < end; i++) {
    const phrase_token *t = &scratch->tokens[i];
    if (!may_begin(t, i == first)) {
      continue;
    }
    mention m = { .token = i, .begin = t->begin, .sentence = sentence };
    m.is_cut = i > first && may_begin(t - 1, i - 1 == first) && may_follow(t - 1, t);
    uint64_t key = hash_step(0, t->term);
    uint64_t surface = t->traits & TRAIT_DEFINITE;
    for (uint32_t n = 1; n <= PHRASE_WORDS_MAX; n++) {
      const phrase_token *last = &scratch->tokens[i + n - 1];
      m.key = key;
      m.surface = surface;
      m.n_tokens = n;
      m.end = input->tokens.end[i + n - 1];
      m.is_open = i + n < end && may_follow(last, last + 1);
      if ((n > 1 || may_stand_alone(t)) && (last->traits & TRAIT_GOES_ON) == 0) {
        mention_enter(scratch, &m);
      }
      if (!m.is_open) {
        break;
      }
      key = hash_step(key, last[1].term);
      surface = surface * 2 + (last[1].traits & TRAIT_DEFINITE);
    }
  }
}

/* --- names --- */

/* The tokens that a mention covers, from token on. */
static uint32_t tokens_within(const phrase_input *input, uint32_t n_tokens, uint32_t token, uint32_t end) {
  uint32_t n = 0;
  while (token + n < n_tokens && input->tokens.begin[token + n] < end) {
    n++;
  }
  return n;
}

static int is_name(uint32_t type) {
  return type == QN_ENTITY_TYPE_PERSON || type == QN_ENTITY_TYPE_ORGANIZATION || type == QN_ENTITY_TYPE_LOCATION ||
         type == QN_ENTITY_TYPE_PRODUCT || type == QN_ENTITY_TYPE_EVENT;
}

/* Names count by their link, so that both scripts and all spellings are one. */
static void name_enter(phrase_scratch *scratch, const phrase_input *input, uint32_t row, uint32_t token,
                       uint32_t sentence) {
  uint32_t type = qn_layer_u32(&input->entities, QN_ENTITY_TYPE, row);
  qn_str link = qn_layer_str(&input->entities, QN_ENTITY_LINK, row);
  mention m = { .token = token,
                .begin = input->entities.begin[row],
                .end = input->entities.end[row],
                .sentence = sentence,
                .entity = type + 1 };
  m.n_tokens = tokens_within(input, scratch->n_tokens, token, m.end);
  if (!is_name(type) || m.n_tokens == 0 || m.n_tokens > PHRASE_NAME_WORDS_MAX) {
    return;
  }
  m.surface = hash_bytes(HASH_SEED, input->view.data + m.begin, m.end - m.begin);
  for (uint32_t i = 0; i < m.n_tokens; i++) {
    m.key = hash_step(m.key, scratch->tokens[token + i].term);
  }
  if (link.len > 0) {
    m.key = hash_bytes(HASH_SEED, (const uint8_t *)link.data, link.len);
  }
  mention_enter(scratch, &m);
}

/* Enters the phrases of all sentences; tokens, mentions and sentences move along together. */
static void mentions_enter(phrase_scratch *scratch, const phrase_input *input) {
  const qn_layer *sentences = &input->sentences;
  uint32_t n_tokens = scratch->n_tokens;
  uint32_t token = 0;
  uint32_t entity = 0;
  for (uint32_t row = 0; row < sentences->n_rows && token < n_tokens; row++) {
    while (token < n_tokens && input->tokens.begin[token] < sentences->begin[row]) {
      token++;
    }
    uint32_t first = token;
    while (token < n_tokens && input->tokens.begin[token] < sentences->end[row]) {
      token++;
    }
    runs_enter(scratch, input, row, first, token);
    while (entity < input->entities.n_rows && input->entities.begin[entity] < sentences->begin[row]) {
      entity++;
    }
    for (uint32_t at = first; entity < input->entities.n_rows && input->entities.end[entity] <= sentences->end[row];
         entity++) {
      while (at < token && input->tokens.end[at] <= input->entities.begin[entity]) {
        at++;
      }
      if (at < token) {
        name_enter(scratch, input, entity, at, row);
      }
    }
  }
}

/* Puts what was picked in the order of the text: by begin, then longest first. */
static void order_by_place(const phrase_scratch *scratch, uint32_t *picked, uint32_t n_picked) {
  for (uint32_t i = 1; i < n_picked; i++) {
    uint32_t one = picked[i];
    const phrase *p = &scratch->phrases[one];
    uint32_t at = i;
    for (; at > 0; at--) {
      const phrase *q = &scratch->phrases[picked[at - 1]];
      if (q->begin < p->begin || (q->begin == p->begin && q->end >= p->end)) {
        break;
      }
      picked[at] = picked[at - 1];
    }
    picked[at] = one;
  }
}

int phrase_find(phrase_scratch *scratch, const phrase_words *words, const phrase_input *input,
                const uint32_t **ret_picked, uint32_t *ret_n_picked) {
  int fault = phrase_tokens_read(scratch, words, input);
  /* A token begins at most one run of each length, and one name. */
  fault = fault != 0 ? fault : table_open(scratch, scratch->n_tokens * (PHRASE_WORDS_MAX + 1));
  if (fault != 0) {
    return fault;
  }
  mentions_enter(scratch, input);
  void *ranking = scratch->ranking;
  fault = lent_room(scratch->host, scratch->env, &ranking, &scratch->ranking_capacity, scratch->n_phrases,
                    sizeof(*scratch->ranking));
  scratch->ranking = ranking;
  if (fault != 0) {
    return fault;
  }
  if (scratch->n_phrases == 0) {
    *ret_picked = NULL;
    *ret_n_picked = 0;
    return 0;
  }
  for (uint32_t i = 0; i < scratch->n_phrases; i++) {
    scratch->ranking[i] = i;
  }
  uint32_t n = phrase_rank(scratch, scratch->ranking, scratch->n_phrases, words->limit);
  order_by_place(scratch, scratch->ranking, n);
  *ret_picked = scratch->ranking;
  *ret_n_picked = n;
  return 0;
}
