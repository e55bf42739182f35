/* SPDX-License-Identifier: Apache-2.0 */

/* What to call a speaker: by the link, else by the fullest form of the name that the page gives anywhere. A last name
 * alone stands for the longer mention that ends with it, in either script; where the page has none, for the words before
 * it that can only be the rest of the name. */
#include <string.h>

#include "fullname.h"
#include "qanat/layers.h"

enum { SPANS_EACH_SIDE = 20 }; /* a name is looked at where it stands, so often before and behind */

#define ALEF_LAM "\xD8\xA7\xD9\x84"

qn_str fullname_text(const quote_input *input, uint32_t mention) {
  const qn_layer *entities = &input->entities;
  return (qn_str){ (const char *)input->view.data + entities->begin[mention],
                   entities->end[mention] - entities->begin[mention] };
}

static qn_str link_of(const quote_input *input, uint32_t mention) {
  return qn_layer_str(&input->entities, QN_ENTITY_LINK, mention);
}

int fullname_is_same(qn_str a, qn_str b) {
  return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static int is_one_word(qn_str name) {
  return name.len > 0 && memchr(name.data, ' ', name.len) == NULL;
}

/* --- longer mentions --- */

static int begins_with(qn_str text, qn_str head) {
  return text.len > head.len && text.data[head.len] == ' ' && memcmp(text.data, head.data, head.len) == 0;
}

static qn_str without_article(qn_str word) {
  if (word.len > 4 && memcmp(word.data, ALEF_LAM, 4) == 0) {
    return (qn_str){ word.data + 4, word.len - 4 };
  }
  return word;
}

int fullname_ends_with(qn_str text, qn_str tail) {
  if (text.len > tail.len && text.data[text.len - tail.len - 1] == ' ' &&
      memcmp(text.data + text.len - tail.len, tail.data, tail.len) == 0) {
    return 1;
  }
  /* "حصرية" of "عبد القادر الحصرية": a last name is said with its article and without. */
  size_t at = text.len;
  while (at > 0 && text.data[at - 1] != ' ') {
    at--;
  }
  return at > 0 && is_one_word(tail) &&
         fullname_is_same(without_article((qn_str){ text.data + at, text.len - at }), without_article(tail));
}

static int is_fuller(const quote_input *input, uint32_t mention, uint32_t type, qn_str name) {
  qn_str text = fullname_text(input, mention);
  return qn_layer_u32(&input->entities, QN_ENTITY_TYPE, mention) == type &&
         (fullname_ends_with(text, name) || begins_with(text, name));
}

/* A mention of the same type that is longer than *name and has it, before this one or else behind it: the one with a link if
 * there is one. *name becomes the longest. */
static uint32_t fuller_find(const quote_input *input, uint32_t mention, qn_str *name) {
  uint32_t type = qn_layer_u32(&input->entities, QN_ENTITY_TYPE, mention);
  uint32_t fullest = QN_NO_ROW;
  for (uint32_t i = mention, n = 0; i > 0 && n < FULLNAME_LOOK_MENTIONS; n++) {
    i--;
    if (is_fuller(input, i, type, *name)) {
      fullest = i;
      *name = fullname_text(input, i);
      if (link_of(input, i).len > 0) {
        return i;
      }
    }
  }
  for (uint32_t i = mention + 1, n = 0;
       fullest == QN_NO_ROW && i < input->entities.n_rows && n < FULLNAME_LOOK_MENTIONS; i++, n++) {
    fullest = is_fuller(input, i, type, *name) ? i : QN_NO_ROW;
  }
  if (fullest != QN_NO_ROW) {
    *name = fullname_text(input, fullest);
  }
  return fullest;
}

/* The same for a name that lost its first letter, taken for a clitic: "ان دام" of "فان دام". */
static uint32_t uncut_find(const quote_input *input, uint32_t mention, qn_str *name) {
  uint32_t token = token_at(&input->tokens, input->entities.begin[mention] + 1);
  if (token == 0 || input->tokens.begin[token - 1] == input->entities.begin[mention]) {
    return QN_NO_ROW;
  }
  uint32_t begin = input->tokens.begin[token - 1];
  qn_str uncut = { (const char *)input->view.data + begin, input->entities.end[mention] - begin };
  uint32_t fuller = fuller_find(input, mention, &uncut);
  if (fuller != QN_NO_ROW) {
    *name = uncut;
  }
  return fuller;
}

static int is_person_called(const quote_input *input, uint32_t mention, qn_str name) {
  return qn_layer_u32(&input->entities, QN_ENTITY_TYPE, mention) == QN_ENTITY_TYPE_PERSON &&
         fullname_is_same(fullname_text(input, mention), name);
}

/* The longest that the name is where it is written like this, the nearest times: a page may have it very often. */
static qn_str longest_span(const quote_words *words, const quote_input *input, uint32_t mention) {
  qn_str name = fullname_text(input, mention);
  qn_str best = fullname_span(words, input, mention);
  uint32_t from = mention;
  uint32_t n_before = 0;
  while (from > 0 && mention - from < FULLNAME_LOOK_MENTIONS && n_before < SPANS_EACH_SIDE) {
    from--;
    n_before += is_person_called(input, from, name);
  }
  uint32_t n_left = n_before + 1 + SPANS_EACH_SIDE;
  for (uint32_t i = from; n_left > 0 && i < input->entities.n_rows && i < mention + FULLNAME_LOOK_MENTIONS; i++) {
    if (is_person_called(input, i, name)) {
      qn_str span = fullname_span(words, input, i);
      best = span.len > best.len ? span : best;
      n_left--;
    }
  }
  return best;
}

qn_str fullname_of(const quote_words *words, const quote_input *input, uint32_t mention) {
  qn_str name = fullname_text(input, mention);
  if (link_of(input, mention).len > 0) {
    return link_of(input, mention);
  }
  uint32_t fuller = fuller_find(input, mention, &name);
  fuller = fuller != QN_NO_ROW ? fuller : uncut_find(input, mention, &name);
  if (fuller != QN_NO_ROW && link_of(input, fuller).len > 0) {
    return link_of(input, fuller);
  }
  if (qn_layer_u32(&input->entities, QN_ENTITY_TYPE, mention) != QN_ENTITY_TYPE_PERSON) {
    return name;
  }
  uint32_t twin = is_one_word(name) ? fullname_twin(input, mention, name) : QN_NO_ROW;
  if (twin != QN_NO_ROW) {
    return link_of(input, twin).len > 0 ? link_of(input, twin) : fullname_text(input, twin);
  }
  return longest_span(words, input, fuller != QN_NO_ROW ? fuller : mention);
}
