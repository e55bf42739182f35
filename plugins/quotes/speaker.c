/* SPDX-License-Identifier: Apache-2.0 */

/* Finds who says a quotation. */
#include "find.h"

#include <string.h>

#include "qanat/layers.h"

enum {
  SPEAKER_TOKENS = 14, /* a speaker stands so near behind the verb */
  TITLE_TOKENS = 5,    /* what somebody is stands so near before the name */
  ACT_TOKENS = 120,    /* who speaks on, spoke so near before */
  LOOK_BACK_MENTIONS = 400
};

/* Somebody who is not named says it: nobody is to be looked for. */
#define NOBODY (QN_NO_ROW - 1)

#define ALEF_LAM "\xD8\xA7\xD9\x84"

static uint32_t mention_at(const qn_layer *entities, uint32_t offset) {
  return token_at(entities, offset); /* both are sorted by begin */
}

static uint32_t type_of(const quote_finder *f, uint32_t mention) {
  return qn_layer_u32(&f->input->entities, QN_ENTITY_TYPE, mention);
}

/* The first mention of a type that begins between two offsets. */
static uint32_t mention_after(const quote_finder *f, uint32_t from, uint32_t to, uint32_t type) {
  const qn_layer *entities = &f->input->entities;
  for (uint32_t i = mention_at(entities, from); i < entities->n_rows && entities->begin[i] < to; i++) {
    if (type_of(f, i) == type) {
      return i;
    }
  }
  return QN_NO_ROW;
}

/* The last mention of a type that begins between two offsets. */
static uint32_t mention_before(const quote_finder *f, uint32_t from, uint32_t to, uint32_t type) {
  const qn_layer *entities = &f->input->entities;
  uint32_t i = mention_at(entities, to);
  for (uint32_t n = 0; i > 0 && n < LOOK_BACK_MENTIONS && entities->begin[i - 1] >= from; n++) {
    i--;
    if (type_of(f, i) == type) {
      return i;
    }
  }
  return QN_NO_ROW;
}

static uint32_t token_begin(const quote_finder *f, uint32_t token) {
  const qn_layer *tokens = &f->input->tokens;
  return token < tokens->n_rows ? tokens->begin[token] : f->input->view.len;
}

static qn_str mention_text(const quote_finder *f, uint32_t mention) {
  const qn_layer *entities = &f->input->entities;
  return (qn_str){ (const char *)f->input->view.data + entities->begin[mention],
                   entities->end[mention] - entities->begin[mention] };
}

/* Where what the verb says begins, at most so many tokens behind it: at إن or أن. Nobody named from there on is its subject. */
static uint32_t subject_end(const quote_finder *f, uint32_t verb, uint32_t n_tokens) {
  const qn_layer *tokens = &f->input->tokens;
  uint32_t token = verb + 1;
  for (; token < tokens->n_rows && token < verb + n_tokens; token++) {
    qn_str form = qn_layer_str(tokens, QN_TOKEN_FORM, token);
    if (wordset_has(&f->words->linking, form.data, form.len)) {
      break;
    }
  }
  return token_begin(f, token);
}

static qn_str token_text(const quote_finder *f, uint32_t token) {
  const qn_layer *tokens = &f->input->tokens;
  return (qn_str){ (const char *)f->input->view.data + tokens->begin[token],
                   tokens->end[token] - tokens->begin[token] };
}

static qn_str form_of(const quote_finder *f, uint32_t token) {
  return token < f->input->tokens.n_rows ? qn_layer_str(&f->input->tokens, QN_TOKEN_FORM, token) : (qn_str){ NULL, 0 };
}

static int is_in(const wordset *set, qn_str form) {
  return form.len > 0 && wordset_has(set, form.data, form.len);
}

/* "قال الله تعالى": what follows is scripture. No last name either, though theirs ends with it who are called عبد الله. */
static int is_divine(const quote_finder *f, uint32_t token) {
  return is_in(&f->words->divine, form_of(f, token));
}

/* The word right behind a verb as the last name of a person named before: "وقالت الغربي". */
static uint32_t surname_behind(const quote_finder *f, uint32_t verb, uint32_t to) {
  uint32_t token = verb + 1;
  uint32_t mention = QN_NO_ROW;
  if (token >= f->input->tokens.n_rows || f->input->tokens.end[token] > to || is_divine(f, token)) {
    return QN_NO_ROW;
  }
  qn_str name = token_text(f, token);
  uint32_t i = mention_at(&f->input->entities, token_begin(f, verb));
  for (uint32_t n = 0; i > 0 && n < LOOK_BACK_MENTIONS && mention == QN_NO_ROW; n++) {
    i--;
    mention = type_of(f, i) == QN_ENTITY_TYPE_PERSON && fullname_ends_with(mention_text(f, i), name) ? i : QN_NO_ROW;
  }
  return mention;
}

/* The first person behind a verb, up to an offset, but not far. */
static uint32_t named_behind(const quote_finder *f, uint32_t verb, uint32_t to) {
  uint32_t limit = subject_end(f, verb, SPEAKER_TOKENS);
  to = to < limit ? to : limit;
  uint32_t speaker = mention_after(f, token_begin(f, verb), to, QN_ENTITY_TYPE_PERSON);
  return speaker != QN_NO_ROW ? speaker : surname_behind(f, verb, to);
}

/* Where the sentence that holds an offset ends. */
static uint32_t sentence_end(const quote_finder *f, uint32_t offset) {
  const qn_layer *sentences = &f->input->sentences;
  uint32_t row = token_at(sentences, offset + 1);
  return row > 0 && sentences->end[row - 1] > offset ? sentences->end[row - 1] : f->input->view.len;
}

/* --- subjects that are no names --- */

static int is_definite(qn_str form) {
  return form.len > 4 && memcmp(form.data, ALEF_LAM, 4) == 0;
}

static qn_str without_article(qn_str form) {
  return is_definite(form) ? (qn_str){ form.data + 4, form.len - 4 } : form;
}

/* Does the head of a title stand right before a mention? Not where عن or أن part them: "كتبت الصحيفة عن فلان". */
static int has_title(const quote_finder *f, uint32_t mention, qn_str head) {
  const qn_layer *tokens = &f->input->tokens;
  uint32_t token = token_at(tokens, f->input->entities.begin[mention]);
  for (uint32_t n = 0; n < TITLE_TOKENS && token > 0; n++) {
    token--;
    qn_str form = without_article(form_of(f, token));
    int is_parted = is_in(&f->words->targets, form) || is_in(&f->words->linking, form);
    int is_others = mention > 0 && type_of(f, mention - 1) == QN_ENTITY_TYPE_PERSON &&
                    f->input->entities.end[mention - 1] > tokens->begin[token];
    if (is_parted || is_others || qn_layer_u32(tokens, QN_TOKEN_KIND, token) != QN_TOKEN_KIND_WORD) {
      return 0;
    }
    if (form.len == head.len && memcmp(form.data, head.data, head.len) == 0) {
      return 1;
    }
  }
  return 0;
}

/* "قالت رئيسة الوزراء", "قال الوزير": the last one before who was introduced by that word. */
static uint32_t described_behind(const quote_finder *f, uint32_t verb) {
  qn_str form = form_of(f, verb + 1);
  qn_str head = without_article(form);
  uint32_t i = mention_at(&f->input->entities, token_begin(f, verb));
  if (!is_definite(form) && !is_in(&f->words->roles, form)) {
    return QN_NO_ROW;
  }
  for (uint32_t n = 0; i > 0 && n < LOOK_BACK_MENTIONS; n++) {
    i--;
    if (type_of(f, i) == QN_ENTITY_TYPE_PERSON && has_title(f, i, head)) {
      return i;
    }
  }
  return QN_NO_ROW;
}

/* "وقال خلال جولة في ثانوية فلان": what a preposition behind the verb leads to, unless a title announces it; "وقال عن فلان",
 * "ورد على المدرب فلان" even then. */
static int is_led_to(const quote_finder *f, uint32_t verb, uint32_t mention) {
  uint32_t token = token_at(&f->input->tokens, f->input->entities.begin[mention]);
  qn_str preposition = form_of(f, verb + 1);
  qn_str title = token > 0 ? form_of(f, token - 1) : (qn_str){ NULL, 0 };
  uint32_t begin = is_in(&f->words->roles, without_article(title)) ? token - 1 : token;
  if (is_in(&f->words->targets, preposition) && begin == verb + 2) {
    return 1;
  }
  return is_in(&f->words->prepositions, preposition) && token > verb + 2 && !is_definite(title) &&
         !is_in(&f->words->roles, title);
}

/* The subject of a verb, where the words behind it tell; NOBODY for "a spokesman". */
static uint32_t subject_behind(const quote_finder *f, uint32_t verb, uint32_t to) {
  qn_str form = form_of(f, verb + 1);
  if (is_divine(f, verb + 1)) {
    return NOBODY;
  }
  uint32_t speaker = named_behind(f, verb, to);
  if (speaker != QN_NO_ROW && is_led_to(f, verb, speaker)) {
    return QN_NO_ROW;
  }
  if (speaker != QN_NO_ROW || token_begin(f, verb + 1) >= to) {
    return speaker;
  }
  if (is_in(&f->words->nobodies, form)) {
    return NOBODY;
  }
  if (is_in(&f->words->institutions, form)) {
    speaker = mention_before(f, 0, token_begin(f, verb), QN_ENTITY_TYPE_ORGANIZATION);
    return speaker != QN_NO_ROW ? speaker : NOBODY;
  }
  speaker = described_behind(f, verb);
  return speaker == QN_NO_ROW && is_in(&f->words->nobodies, without_article(form)) ? NOBODY : speaker;
}

static uint32_t speaker_behind(const quote_finder *f, const quote_cue *cue) {
  uint32_t from = token_begin(f, cue->verb_after);
  if (cue->is_named_first) {
    return mention_before(f, 0, from, QN_ENTITY_TYPE_PERSON);
  }
  return subject_behind(f, cue->verb_after, sentence_end(f, from));
}

/* "« ... »، بحسب فلان": whom the words are taken from, right behind them. */
static uint32_t source_behind(const quote_finder *f, const quote_marks *marks, const quote_cue *cue) {
  if (!cue->has_source || cue->verb_before != QN_NO_ROW) {
    return QN_NO_ROW;
  }
  uint32_t to = sentence_end(f, token_begin(f, cue->right));
  uint32_t limit = token_begin(f, cue->right + SPEAKER_TOKENS);
  to = to < limit ? to : limit;
  uint32_t speaker = mention_after(f, marks->outer_end, to, QN_ENTITY_TYPE_PERSON);
  return speaker != QN_NO_ROW ? speaker : mention_after(f, marks->outer_end, to, QN_ENTITY_TYPE_ORGANIZATION);
}

static uint32_t speaker_before(const quote_finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t clause = token_begin(f, cue->clause);
  uint32_t verb = cue->verb_before;
  if (verb == QN_NO_ROW) {
    return mention_before(f, clause, marks->outer_begin, QN_ENTITY_TYPE_PERSON);
  }
  uint32_t speaker = subject_behind(f, verb, marks->outer_begin);
  if (speaker != QN_NO_ROW || is_in(&f->words->honorifics, form_of(f, verb + 1))) {
    return speaker;
  }
  if (is_in(&f->words->participles, form_of(f, verb))) {
    speaker = mention_after(f, clause, token_begin(f, verb), QN_ENTITY_TYPE_PERSON);
    for (uint32_t token = verb; speaker == QN_NO_ROW && token > cue->clause; token--) {
      if (cue_is_saying(f->words, f->input, token - 1)) {
        return surname_behind(f, token - 1, token_begin(f, verb)); /* "وصرح زطشي قائلا" */
      }
    }
    return speaker;
  }
  return mention_before(f, clause, token_begin(f, verb), QN_ENTITY_TYPE_PERSON);
}

int speaker_is_feminine(const quote_finder *f, uint32_t verb) {
  qn_str form = qn_layer_str(&f->input->tokens, QN_TOKEN_FORM, verb);
  return wordset_has_loose(&f->words->feminine, form.data, form.len);
}

/* Whose words, quoted or not, stand last before an offset and behind the last quotation; of the verb's gender. */
static uint32_t last_act(const quote_finder *f, uint32_t verb, uint32_t before) {
  uint32_t token = token_at(&f->input->tokens, before);
  for (uint32_t n = 0; n < ACT_TOKENS && token > 0 && token_begin(f, token - 1) >= f->last_end; n++) {
    token--;
    if (!cue_is_saying(f->words, f->input, token) ||
        (verb != QN_NO_ROW && speaker_is_feminine(f, token) != speaker_is_feminine(f, verb))) {
      continue;
    }
    uint32_t speaker = named_behind(f, token, sentence_end(f, token_begin(f, token)));
    if (speaker != QN_NO_ROW) {
      return speaker;
    }
  }
  return QN_NO_ROW;
}

/* Who spoke last; of a verb's gender, where somebody of it spoke. */
static uint32_t last_speaker(const quote_finder *f, uint32_t verb) {
  uint32_t same = verb != QN_NO_ROW ? f->last_of[speaker_is_feminine(f, verb)] : QN_NO_ROW;
  return same != QN_NO_ROW ? same : f->last_speaker;
}

/* Nobody is named: an organisation by the verb, else who spoke last, else the last person there was. */
static uint32_t speaker_unnamed(const quote_finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t verb = cue->verb_after != QN_NO_ROW ? cue->verb_after : cue->verb_before;
  uint32_t speaker = QN_NO_ROW;
  if (verb != QN_NO_ROW) {
    uint32_t to = verb < cue->left ? marks->outer_begin : sentence_end(f, token_begin(f, verb));
    uint32_t limit = token_begin(f, verb + 4);
    speaker = mention_after(f, token_begin(f, verb), to < limit ? to : limit, QN_ENTITY_TYPE_ORGANIZATION);
  }
  if (speaker == QN_NO_ROW) {
    speaker = last_act(f, verb, token_begin(f, cue->clause));
  }
  if (speaker != QN_NO_ROW) {
    return speaker;
  }
  speaker = last_speaker(f, verb);
  uint32_t before = cue->verb_before != QN_NO_ROW ? token_begin(f, cue->verb_before) : marks->outer_begin;
  uint32_t person = mention_before(f, 0, before, QN_ENTITY_TYPE_PERSON);
  if (speaker == QN_NO_ROW || (person != QN_NO_ROW && f->input->entities.begin[person] > f->last_end)) {
    speaker = person != QN_NO_ROW ? person : speaker;
  }
  return speaker;
}

uint32_t speaker_find(const quote_finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t speaker = QN_NO_ROW;
  if (cue->verb_after != QN_NO_ROW) {
    speaker = speaker_behind(f, cue);
  } else {
    speaker = source_behind(f, marks, cue);
  }
  if (speaker == QN_NO_ROW) {
    speaker = speaker_before(f, marks, cue);
  }
  if (speaker == QN_NO_ROW) {
    speaker = speaker_unnamed(f, marks, cue);
  }
  return speaker == NOBODY ? QN_NO_ROW : speaker;
}
