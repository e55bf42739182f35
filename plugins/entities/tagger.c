/* SPDX-License-Identifier: Apache-2.0 */

/* Leads a document through the rooms, in order. */
#include "entities/tagger.h"

#include <errno.h>
#include <string.h>

#include "entities/choose.h"
#include "entities/context.h"
#include "entities/decode.h"
#include "entities/heads.h"
#include "entities/latin.h"
#include "entities/links.h"
#include "entities/match.h"
#include "entities/misread.h"
#include "entities/patterns.h"
#include "entities/persons.h"
#include "entities/second_pass.h"
#include "entities/triggers.h"
#include "entities/trust.h"
#include "qanat/layers.h"

struct tagger {
  scan scan;
  senses senses;
  chooser chooser;
  memory memory;
  links links;
  decoder decoder;
  const ner_model *model; /* NULL: none */
  value_scratch *values;
  mention *mentions;
  uint32_t mention_capacity;
};

int tagger_open(const qn_host *host, qn_env *env, const lexicon *lexicons, uint32_t n_lexicons, tagger **ret_tagger) {
  tagger *opened = host->alloc(env, sizeof *opened);
  if (opened == NULL) {
    return -ENOMEM;
  }
  memset(opened, 0, sizeof *opened);
  opened->scan.host = host;
  opened->scan.env = env;
  opened->scan.lexicons = lexicons;
  opened->scan.n_lexicons = n_lexicons;
  int r = value_scratch_open(host, env, &opened->values);
  if (r != 0) {
    tagger_close(opened);
    return r;
  }
  *ret_tagger = opened;
  return 0;
}

void tagger_close(tagger *t) {
  if (t == NULL) {
    return;
  }
  const qn_host *host = t->scan.host;
  qn_env *env = t->scan.env;
  value_scratch_close(t->values);
  memory_done(&t->memory, &t->scan);
  links_done(&t->links, &t->scan);
  decode_done(&t->decoder, &t->scan);
  choose_done(&t->chooser, &t->scan);
  host->release(env, t->mentions);
  scan_done(&t->scan);
  host->release(env, t);
}

/* The first word that ends behind byte, from *at on. */
static uint32_t word_at(const scan *s, uint32_t byte, uint32_t at) {
  while (at < s->n_words && s->words[at].end <= byte) {
    at++;
  }
  return at;
}

static void propose_values(scan *s) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < s->n_values; i++) {
    const value_mention *value = &s->values[i];
    uint32_t first = word_at(s, value->begin, at);
    uint32_t last = first;
    while (last < s->n_words && s->words[last].begin < value->end) {
      last++;
    }
    if (last > first) {
      candidate proposed = {
        .first = first,
        .last = last,
        .begin = value->begin,
        .end = value->end,
        .score = value->score,
        .type = (uint8_t)(QN_ENTITY_TYPE_MONEY + value->type),
        .from = FROM_VALUES,
        .entry = SCAN_NONE,
        .value = i,
      };
      scan_propose(s, &proposed);
    }
    at = first;
  }
}

static void fill_mention(const tagger *t, const candidate *c, mention *m) {
  const scan *s = &t->scan;
  *m = (mention){ .begin = c->begin,
                  .end = c->end,
                  .type = c->type,
                  .score = trust_score(t->model, c),
                  .trust_row = trust_row(c),
                  .link = links_name(&t->links, s, c) };
  if (c->value != SCAN_NONE) {
    m->value = &s->values[c->value];
  }
}

static int collect(tagger *t, const mention **ret_mentions, uint32_t *ret_n_mentions) {
  scan *s = &t->scan;
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    n += s->candidates[i].chosen;
  }
  int r = scan_grow(s, (void **)&t->mentions, &t->mention_capacity, n, sizeof(mention));
  if (r != 0) {
    return r;
  }
  n = 0;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    if (s->candidates[i].chosen != 0) {
      fill_mention(t, &s->candidates[i], &t->mentions[n++]);
    }
  }
  *ret_mentions = t->mentions;
  *ret_n_mentions = n;
  return 0;
}

void tagger_use_model(tagger *t, const ner_model *model) {
  t->model = model;
}

int tagger_first_choice(tagger *t, const scan_input *input, qn_str published, const scan **ret_scan) {
  scan *s = &t->scan;
  int r = values_find(t->values, &input->view, &input->tokens, published, &s->values, &s->n_values);
  if (r == 0) {
    r = scan_words(s, input);
  }
  if (r != 0) {
    return r;
  }
  match_all(s);
  misread_take_back(s);
  triggers_spread(s);
  senses_count(&t->senses, s);
  context_propose(s, &t->senses);
  persons_propose(s);
  heads_propose(s);
  latin_propose(s);
  propose_values(s);
  if (s->failed != 0) {
    return s->failed;
  }
  *ret_scan = s;
  return choose_best(&t->chooser, s);
}

/* What the trained model says of the first choice, and a choice that heeds it. */
static int ask_model(tagger *t) {
  int r = decode_propose(&t->decoder, t->model, &t->scan);
  return r == 0 ? choose_best(&t->chooser, &t->scan) : r;
}

int tagger_run(tagger *t, const scan_input *input, qn_str published, const mention **ret_mentions,
               uint32_t *ret_n_mentions) {
  const scan *first;
  int r = tagger_first_choice(t, input, published, &first);
  if (r == 0 && t->model != NULL) {
    r = ask_model(t);
  }
  if (r == 0) {
    patterns_propose(&t->scan); /* after the model, which has learnt without */
    r = second_pass(&t->scan, &t->memory);
  }
  if (r == 0) {
    r = choose_best(&t->chooser, &t->scan);
  }
  if (r == 0) {
    r = links_find(&t->links, &t->scan, &t->senses);
  }
  return r == 0 ? collect(t, ret_mentions, ret_n_mentions) : r;
}

int tagger_run_alone(tagger *t, const scan_input *input, const mention **ret_mentions, uint32_t *ret_n_mentions) {
  const scan *first;
  int r = tagger_first_choice(t, input, (qn_str){ NULL, 0 }, &first);
  if (r == 0 && t->model != NULL) {
    r = decode_alone(&t->decoder, t->model, &t->scan);
  }
  if (r == 0) {
    r = choose_best(&t->chooser, &t->scan);
  }
  return r == 0 ? collect(t, ret_mentions, ret_n_mentions) : r;
}
