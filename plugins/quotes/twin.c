/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the person of a name in Arabic letters among those that the page names in Latin ones, by the consonants that both
 * scripts write. */
#include <string.h>

#include "fullname.h"
#include "qanat/layers.h"
#include "text/utf8.h"

enum { SKELETON_BYTES_MAX = 24, SKELETON_BYTES_MIN = 3 };

/* The class of an Arabic consonant; 0 for vowels and what is silent in one of the scripts. */
static char class_of_arabic(uint32_t code) {
  static const struct {
    const char *letters;
    char shape;
  } classes[] = { { "بپ", 'b' }, { "تثط", 't' }, { "دذضظ", 'd' }, { "جغگ", 'g' }, { "كقخک", 'k' }, { "سشصزژ", 's' },
                  { "فڤ", 'f' }, { "لﻻ", 'l' },  { "م", 'm' },    { "ن", 'n' },   { "ر", 'r' } };
  for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
    const uint8_t *letters = (const uint8_t *)classes[i].letters;
    for (uint32_t at = 0; letters[at] != '\0';) {
      if (utf8_next(letters, &at) == code) {
        return classes[i].shape;
      }
    }
  }
  return 0;
}

/* The same of a Latin letter before another one. */
static char class_of_latin(uint32_t code, uint32_t next) {
  static const char shapes[] = "\0bkd\0fg\0\0gklmn\0bkrst\0f\0s\0s"; /* a to z */
  uint32_t letter = code | 0x20;
  uint32_t behind = next | 0x20;
  if (letter < 'a' || letter > 'z') {
    return 0;
  }
  if (letter == 'c' && (behind == 'e' || behind == 'i' || behind == 'y' || behind == 'h')) {
    return 's';
  }
  return letter == 'p' && behind == 'h' ? 'f' : shapes[letter - 'a'];
}

/* The consonants of a word in either script, a run of one class once. Returns their number; 0 if it is too long. */
static uint32_t skeleton_write(qn_str word, char *out) {
  const uint8_t *text = (const uint8_t *)word.data;
  uint32_t len = (uint32_t)word.len;
  uint32_t n = 0;
  for (uint32_t at = 0; at < len;) {
    uint32_t code = utf8_next(text, &at);
    uint32_t next = at < len ? utf8_peek(text, at) : 0;
    char shape = code < 0x80 ? class_of_latin(code, next) : class_of_arabic(code);
    if (code == 0x62A && next == 0x634) { /* تش is ch */
      continue;
    }
    if (shape != 0 && (n == 0 || out[n - 1] != shape)) {
      if (n == SKELETON_BYTES_MAX) {
        return 0;
      }
      out[n++] = shape;
    }
  }
  return n;
}

static qn_str last_word(qn_str name) {
  size_t at = name.len;
  while (at > 0 && name.data[at - 1] != ' ') {
    at--;
  }
  return (qn_str){ name.data + at, name.len - at };
}

/* The one person on the page with a last name in Latin letters that sounds like this one in Arabic letters. */
uint32_t fullname_twin(const quote_input *input, uint32_t mention, qn_str name) {
  char wanted[SKELETON_BYTES_MAX];
  char found[SKELETON_BYTES_MAX];
  uint32_t twin = QN_NO_ROW;
  uint32_t n_wanted = (uint8_t)name.data[0] < 0x80 ? 0 : skeleton_write(name, wanted);
  uint32_t from = mention > FULLNAME_LOOK_MENTIONS ? mention - FULLNAME_LOOK_MENTIONS : 0;
  for (uint32_t i = from;
       n_wanted >= SKELETON_BYTES_MIN && i < input->entities.n_rows && i < mention + FULLNAME_LOOK_MENTIONS; i++) {
    qn_str text = fullname_text(input, i);
    if (qn_layer_u32(&input->entities, QN_ENTITY_TYPE, i) != QN_ENTITY_TYPE_PERSON ||
        memchr(text.data, ' ', text.len) == NULL || (uint8_t)text.data[0] >= 0x80 ||
        skeleton_write(last_word(text), found) != n_wanted || memcmp(found, wanted, n_wanted) != 0) {
      continue;
    }
    if (twin != QN_NO_ROW && !fullname_is_same(fullname_text(input, twin), text)) {
      return QN_NO_ROW;
    }
    twin = i;
  }
  return twin;
}
