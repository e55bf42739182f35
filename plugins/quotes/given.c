/* SPDX-License-Identifier: Apache-2.0 */

/* Puts names together of which only a part was marked: two mentions with one space between them, given names that no list
 * has before a last name, what goes on behind "عبد" and "بن". */
#include <string.h>

#include "fullname.h"
#include "qanat/layers.h"
#include "text/utf8.h"

enum {
  GIVEN_NAMES_MAX = 3, /* words before a last name that may be its given names */
  TITLE_TOKENS_MAX = 6 /* words of a title between the verb and the name */
};

#define ALEF_LAM "\xD8\xA7\xD9\x84"
#define LAM "\xD9\x84"
#define ABD "\xD8\xB9\xD8\xA8\xD8\xAF"

static qn_str form_of(const quote_input *input, uint32_t token) {
  return qn_layer_str(&input->tokens, QN_TOKEN_FORM, token);
}

static int is_definite(qn_str form) {
  return form.len > 4 && memcmp(form.data, ALEF_LAM, 4) == 0;
}

static int is_abd(qn_str form) {
  return form.len == sizeof(ABD) - 1 && memcmp(form.data, ABD, form.len) == 0;
}

/* The mention that holds a token, or QN_NO_ROW. */
static uint32_t mention_of(const quote_input *input, uint32_t token) {
  uint32_t mention = token_at(&input->entities, input->tokens.begin[token] + 1);
  return mention > 0 && input->entities.end[mention - 1] > input->tokens.begin[token] ? mention - 1 : QN_NO_ROW;
}

static int is_person(const quote_input *input, uint32_t mention) {
  return mention != QN_NO_ROW && qn_layer_u32(&input->entities, QN_ENTITY_TYPE, mention) == QN_ENTITY_TYPE_PERSON;
}

/* A word, one space before the token behind it. */
static int is_neighbour(const quote_input *input, uint32_t token) {
  const qn_layer *tokens = &input->tokens;
  return qn_layer_u32(tokens, QN_TOKEN_KIND, token) == QN_TOKEN_KIND_WORD &&
         tokens->begin[token + 1] == tokens->end[token] + 1 && input->view.data[tokens->end[token]] == ' ';
}

/* What somebody is: "مدير", or of something named before, "كاتبها". */
static int is_role(const quote_words *words, qn_str form) {
  static const char *const owners[] = { "ها", "هم", "ه" };
  if (wordset_has_loose(&words->roles, form.data, form.len)) {
    return 1;
  }
  for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
    size_t len = strlen(owners[i]);
    if (form.len > len + 4 && memcmp(form.data + form.len - len, owners[i], len) == 0) {
      return wordset_has_loose(&words->roles, form.data, form.len - len);
    }
  }
  return 0;
}

/* "والغابات", "للإنتاج": something is attached before the article. */
static int is_attached(qn_str form) {
  return form.len > 6 && (memcmp(form.data + 2, ALEF_LAM, 4) == 0 || memcmp(form.data, LAM LAM, 4) == 0);
}

/* Might this be a given name? Neither a verb of saying nor a title, and in Arabic letters. */
static int may_be_given(const quote_words *words, const quote_input *input, uint32_t token) {
  qn_str form = form_of(input, token);
  return form.len > 0 && !is_attached(form) && (uint8_t)form.data[0] >= 0x80 && mention_of(input, token) == QN_NO_ROW &&
         !wordset_has_loose(&words->saying, form.data, form.len) && !is_role(words, form) &&
         !wordset_has_loose(&words->particles, form.data, form.len);
}

/* Is what begins at a token the subject of a verb of saying, or of a clause that begins with its name? Before it stand
 * only titles: definite words, heads of offices, places and institutions. */
static int is_announced(const quote_words *words, const quote_input *input, uint32_t token) {
  for (uint32_t n = 0; n < TITLE_TOKENS_MAX && token > 0 && is_neighbour(input, token - 1); n++) {
    token--;
    qn_str form = form_of(input, token);
    if (cue_is_saying(words, input, token) || wordset_has(&words->presenting, form.data, form.len)) {
      return 1;
    }
    if (!is_definite(form) && mention_of(input, token) == QN_NO_ROW && !is_role(words, form)) {
      return 0;
    }
  }
  return 0;
}

/* The token where the name begins that goes on with the one at last. Only before a single word may given names stand that
 * nothing marks. */
static uint32_t first_token(const quote_words *words, const quote_input *input, uint32_t last, int is_single) {
  uint32_t token = last;
  int is_joined = 0;
  for (uint32_t n = 0; n < GIVEN_NAMES_MAX && token > 0 && is_neighbour(input, token - 1); n++) {
    qn_str form = form_of(input, token - 1);
    uint32_t mention = mention_of(input, token - 1);
    is_joined = is_person(input, mention) && input->entities.end[mention] == input->tokens.end[token - 1];
    if (is_joined) {
      token = token_at(&input->tokens, input->entities.begin[mention]);
    } else if (!is_single) {
      break;
    } else if (is_definite(form) && token > 1 && is_neighbour(input, token - 2) && is_abd(form_of(input, token - 2))) {
      token -= 2; /* "عبد الإله بنجلون" */
    } else if (!is_definite(form) && may_be_given(words, input, token - 1)) {
      token--;
    } else {
      break;
    }
  }
  return is_joined || is_announced(words, input, token) ? token : last;
}

/* "آدم رجال:": behind a single name, one word before a colon, a comma or إن that may be the rest of it. */
static int ends_subject(const quote_words *words, const quote_input *input, uint32_t mention, uint32_t token) {
  const qn_layer *tokens = &input->tokens;
  uint32_t behind = token + 1;
  if (behind >= tokens->n_rows || tokens->begin[token - 1] > input->entities.begin[mention] ||
      is_definite(form_of(input, token)) || !may_be_given(words, input, token) ||
      qn_layer_u32(tokens, QN_TOKEN_KIND, token) != QN_TOKEN_KIND_WORD) {
    return 0;
  }
  uint32_t code = utf8_peek(input->view.data, tokens->begin[behind]);
  qn_str form = form_of(input, behind);
  return code == ':' || code == ',' || code == 0x60C || wordset_has(&words->linking, form.data, form.len);
}

/* Where the name ends that a mention begins. */
static uint32_t name_end(const quote_words *words, const quote_input *input, uint32_t mention) {
  const qn_layer *tokens = &input->tokens;
  uint32_t end = input->entities.end[mention];
  uint32_t next = token_at(tokens, end);
  if (next > 2 && tokens->end[next - 1] == end && tokens->begin[next - 3] >= input->entities.begin[mention] &&
      cue_is_saying(words, input, next - 1)) {
    return tokens->end[next - 2]; /* "آدم فورد رأى": the verb behind it was taken for a part of the name */
  }
  if (next == 0 || next >= tokens->n_rows || tokens->end[next - 1] != end || !is_neighbour(input, next - 1)) {
    return end;
  }
  uint32_t behind = mention_of(input, next);
  if (is_person(input, behind) && input->entities.begin[behind] == tokens->begin[next]) {
    return input->entities.end[behind];
  }
  qn_str form = form_of(input, next);
  if (ends_subject(words, input, mention, next)) {
    return tokens->end[next];
  }
  if (is_abd(form_of(input, next - 1)) && is_definite(form)) {
    return tokens->end[next];
  }
  if (wordset_has(&words->sons, form.data, form.len) && next + 1 < tokens->n_rows && is_neighbour(input, next) &&
      qn_layer_u32(tokens, QN_TOKEN_KIND, next + 1) == QN_TOKEN_KIND_WORD) {
    return tokens->end[next + 1];
  }
  return end;
}

qn_str fullname_span(const quote_words *words, const quote_input *input, uint32_t mention) {
  uint32_t begin = input->entities.begin[mention];
  uint32_t end = name_end(words, input, mention);
  uint32_t token = token_at(&input->tokens, begin);
  if (token < input->tokens.n_rows && input->tokens.begin[token] == begin) {
    int is_single = token + 1 >= input->tokens.n_rows || input->tokens.begin[token + 1] >= input->entities.end[mention];
    begin = input->tokens.begin[first_token(words, input, token, is_single)];
  }
  return (qn_str){ (const char *)input->view.data + begin, end - begin };
}
