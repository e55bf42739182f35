/* SPDX-License-Identifier: Apache-2.0 */

/* Decides which quotations are speech, and whose. */
#include "find.h"

#include <string.h>

#include "qanat/layers.h"
#include "text/lent.h"

enum {
  NEAR_TOKENS = 14,    /* a verb of saying so near announces what follows it */
  SPEAKER_TOKENS = 14, /* a speaker stands so near behind the verb */
  LOOK_BACK_MENTIONS = 400,
  FOLLOW_ON_BYTES = 600, /* a quotation so near to the last one may go on with it */
  FOLLOW_ON_WORDS = 4
};

/* The search of one document. */
typedef struct finder {
  const quote_words *words;
  const quote_input *input;
  uint32_t last_speaker; /* mention, or QN_NO_ROW */
  uint32_t last_of[2];   /* the last speaker with a verb in the masculine and in the feminine, or QN_NO_ROW */
  uint32_t last_end;     /* of the last quotation that was speech */
  uint32_t n_rows;
} finder;

void quote_scratch_init(quote_scratch *scratch, const qn_host *host, qn_env *env) {
  memset(scratch, 0, sizeof(*scratch));
  scratch->host = host;
  scratch->env = env;
}

void quote_scratch_done(quote_scratch *scratch) {
  scratch->host->release(scratch->env, scratch->marks);
  scratch->host->release(scratch->env, scratch->rows);
}

/* --- is it speech? --- */

static uint32_t count_words(const quote_input *input, const quote_marks *marks) {
  uint32_t n = 0;
  uint32_t token = token_at(&input->tokens, marks->begin);
  for (; token < input->tokens.n_rows && input->tokens.begin[token] < marks->end; token++) {
    n += qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token) == QN_TOKEN_KIND_WORD;
  }
  return n;
}

static int is_speech(const finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t n_words = count_words(f->input, marks);
  uint32_t distance = cue->verb_before == QN_NO_ROW ? UINT32_MAX : cue->left - cue->verb_before;
  if (n_words == 0) {
    return 0;
  }
  if (cue->has_colon || cue->verb_after != QN_NO_ROW) {
    return n_words >= 2 || cue->verb_before != QN_NO_ROW;
  }
  if (distance != UINT32_MAX && cue->has_link) {
    return n_words >= 2;
  }
  if (distance <= NEAR_TOKENS) {
    return n_words >= 3 || (n_words == 2 && distance <= 6);
  }
  if (n_words >= f->words->min_words) {
    return 1;
  }
  return n_words >= FOLLOW_ON_WORDS && f->n_rows > 0 && marks->outer_begin - f->last_end < FOLLOW_ON_BYTES &&
         cue->clause == cue->left;
}

/* --- who says it? --- */

static uint32_t mention_at(const qn_layer *entities, uint32_t offset) {
  return token_at(entities, offset); /* both are sorted by begin */
}

static uint32_t type_of(const finder *f, uint32_t mention) {
  return qn_layer_u32(&f->input->entities, QN_ENTITY_TYPE, mention);
}

/* The first mention of a type that begins between two offsets. */
static uint32_t mention_after(const finder *f, uint32_t from, uint32_t to, uint32_t type) {
  const qn_layer *entities = &f->input->entities;
  for (uint32_t i = mention_at(entities, from); i < entities->n_rows && entities->begin[i] < to; i++) {
    if (type_of(f, i) == type) {
      return i;
    }
  }
  return QN_NO_ROW;
}

/* The last mention of a type that begins between two offsets. */
static uint32_t mention_before(const finder *f, uint32_t from, uint32_t to, uint32_t type) {
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

static uint32_t token_begin(const finder *f, uint32_t token) {
  const qn_layer *tokens = &f->input->tokens;
  return token < tokens->n_rows ? tokens->begin[token] : f->input->view.len;
}

static qn_str mention_text(const finder *f, uint32_t mention) {
  const qn_layer *entities = &f->input->entities;
  return (qn_str){ (const char *)f->input->view.data + entities->begin[mention],
                   entities->end[mention] - entities->begin[mention] };
}

static int ends_with(qn_str text, qn_str tail) {
  return text.len > tail.len && text.data[text.len - tail.len - 1] == ' ' &&
         memcmp(text.data + text.len - tail.len, tail.data, tail.len) == 0;
}

/* Where what the verb says begins, at most so many tokens behind it: at إن or أن. Nobody named from there on is its subject. */
static uint32_t subject_end(const finder *f, uint32_t verb, uint32_t n_tokens) {
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

static qn_str token_text(const finder *f, uint32_t token) {
  const qn_layer *tokens = &f->input->tokens;
  return (qn_str){ (const char *)f->input->view.data + tokens->begin[token],
                   tokens->end[token] - tokens->begin[token] };
}

/* The word right behind a verb as the last name of a person named before: "وقالت الغربي". */
static uint32_t surname_behind(const finder *f, uint32_t verb, uint32_t to) {
  uint32_t token = verb + 1;
  uint32_t mention = QN_NO_ROW;
  if (token >= f->input->tokens.n_rows || f->input->tokens.end[token] > to) {
    return QN_NO_ROW;
  }
  qn_str name = token_text(f, token);
  uint32_t i = mention_at(&f->input->entities, token_begin(f, verb));
  for (uint32_t n = 0; i > 0 && n < LOOK_BACK_MENTIONS && mention == QN_NO_ROW; n++) {
    i--;
    mention = type_of(f, i) == QN_ENTITY_TYPE_PERSON && ends_with(mention_text(f, i), name) ? i : QN_NO_ROW;
  }
  return mention;
}

/* The first person behind a verb, up to an offset, but not far. */
static uint32_t named_behind(const finder *f, uint32_t verb, uint32_t to) {
  uint32_t limit = subject_end(f, verb, SPEAKER_TOKENS);
  to = to < limit ? to : limit;
  uint32_t speaker = mention_after(f, token_begin(f, verb), to, QN_ENTITY_TYPE_PERSON);
  return speaker != QN_NO_ROW ? speaker : surname_behind(f, verb, to);
}

/* Where the sentence that holds an offset ends. */
static uint32_t sentence_end(const finder *f, uint32_t offset) {
  const qn_layer *sentences = &f->input->sentences;
  uint32_t row = token_at(sentences, offset + 1);
  return row > 0 && sentences->end[row - 1] > offset ? sentences->end[row - 1] : f->input->view.len;
}

static uint32_t speaker_behind(const finder *f, const quote_cue *cue) {
  uint32_t from = token_begin(f, cue->verb_after);
  if (cue->is_named_first) {
    return mention_before(f, 0, from, QN_ENTITY_TYPE_PERSON);
  }
  return named_behind(f, cue->verb_after, sentence_end(f, from));
}

static uint32_t speaker_before(const finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t clause = token_begin(f, cue->clause);
  if (cue->verb_before != QN_NO_ROW) {
    uint32_t speaker = named_behind(f, cue->verb_before, marks->outer_begin);
    if (speaker == QN_NO_ROW) {
      speaker = mention_before(f, clause, token_begin(f, cue->verb_before), QN_ENTITY_TYPE_PERSON);
    }
    return speaker;
  }
  return mention_before(f, clause, marks->outer_begin, QN_ENTITY_TYPE_PERSON);
}

static int is_feminine(const finder *f, uint32_t verb) {
  qn_str form = qn_layer_str(&f->input->tokens, QN_TOKEN_FORM, verb);
  return wordset_has_loose(&f->words->feminine, form.data, form.len);
}

/* Who spoke last; of a verb's gender, where somebody of it spoke. */
static uint32_t last_speaker(const finder *f, uint32_t verb) {
  uint32_t same = verb != QN_NO_ROW ? f->last_of[is_feminine(f, verb)] : QN_NO_ROW;
  return same != QN_NO_ROW ? same : f->last_speaker;
}

/* Nobody is named: an organisation by the verb, else who spoke last, else the last person there was. */
static uint32_t speaker_unnamed(const finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t verb = cue->verb_after != QN_NO_ROW ? cue->verb_after : cue->verb_before;
  uint32_t speaker = QN_NO_ROW;
  if (verb != QN_NO_ROW) {
    uint32_t to = verb < cue->left ? marks->outer_begin : sentence_end(f, token_begin(f, verb));
    uint32_t limit = token_begin(f, verb + 4);
    speaker = mention_after(f, token_begin(f, verb), to < limit ? to : limit, QN_ENTITY_TYPE_ORGANIZATION);
  }
  if (speaker == QN_NO_ROW) {
    speaker = last_speaker(f, verb);
  }
  uint32_t person = mention_before(f, 0, marks->outer_begin, QN_ENTITY_TYPE_PERSON);
  if (speaker == QN_NO_ROW || (person != QN_NO_ROW && f->input->entities.begin[person] > f->last_end)) {
    speaker = person != QN_NO_ROW ? person : speaker;
  }
  return speaker;
}

static uint32_t speaker_find(const finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t speaker = QN_NO_ROW;
  if (cue->verb_after != QN_NO_ROW) {
    speaker = speaker_behind(f, cue);
  }
  if (speaker == QN_NO_ROW) {
    speaker = speaker_before(f, marks, cue);
  }
  return speaker != QN_NO_ROW ? speaker : speaker_unnamed(f, marks, cue);
}

/* --- names --- */

static int begins_with(qn_str text, qn_str head) {
  return text.len > head.len && text.data[head.len] == ' ' && memcmp(text.data, head.data, head.len) == 0;
}

/* The link, or the fullest form of the name that the text gave before. */
static qn_str speaker_name(const finder *f, uint32_t mention) {
  const qn_layer *entities = &f->input->entities;
  qn_str link = qn_layer_str(entities, QN_ENTITY_LINK, mention);
  qn_str name = mention_text(f, mention);
  if (link.len > 0) {
    return link;
  }
  uint32_t type = type_of(f, mention);
  for (uint32_t i = mention, n = 0; i > 0 && n < LOOK_BACK_MENTIONS; n++) {
    i--;
    qn_str text = mention_text(f, i);
    if (type_of(f, i) == type && (ends_with(text, name) || begins_with(text, name))) {
      link = qn_layer_str(entities, QN_ENTITY_LINK, i);
      if (link.len > 0) {
        return link;
      }
      name = text;
    }
  }
  return name;
}

int quote_find(quote_scratch *scratch, const quote_words *words, const quote_input *input, const quote_row **ret_rows,
               uint32_t *ret_n_rows) {
  finder f = { .words = words, .input = input, .last_speaker = QN_NO_ROW, .last_of = { QN_NO_ROW, QN_NO_ROW } };
  int fault = marks_find(scratch, &input->view);
  void *rows = scratch->rows;
  fault = fault != 0 ? fault
                     : lent_room(scratch->host, scratch->env, &rows, &scratch->rows_capacity, scratch->n_marks,
                                 sizeof(*scratch->rows));
  scratch->rows = rows;
  if (fault != 0) {
    return fault;
  }
  for (uint32_t i = 0; i < scratch->n_marks; i++) {
    const quote_marks *marks = &scratch->marks[i];
    quote_cue cue;
    cue_find(words, input, marks, &cue);
    if (!is_speech(&f, marks, &cue)) {
      continue;
    }
    quote_row row = { .begin = marks->begin, .end = marks->end };
    row.entity = speaker_find(&f, marks, &cue);
    if (row.entity != QN_NO_ROW) {
      row.speaker = speaker_name(&f, row.entity);
      f.last_speaker = row.entity;
      uint32_t verb = cue.verb_after != QN_NO_ROW ? cue.verb_after : cue.verb_before;
      if (verb != QN_NO_ROW) {
        f.last_of[is_feminine(&f, verb)] = row.entity;
      }
    }
    f.last_end = marks->outer_end;
    scratch->rows[f.n_rows++] = row;
  }
  *ret_rows = scratch->rows;
  *ret_n_rows = f.n_rows;
  return 0;
}
