/* SPDX-License-Identifier: Apache-2.0 */

/* Consonant skeletons of Arabic and Latin spellings: vowels, ه, ع and doubling fall away, and consonants that
 * transliteration confuses become one. */
#include <stdbool.h>
#include <string.h>

#include "entities/spelling.h"
#include "text/utf8.h"

/* Of ء (U+0621) to ي (U+064A), folded letters only: 0 falls away. */
static const char arabic_classes[] = {
  ['\x21'] = 0,   ['\x27'] = 0,   ['\x28'] = 'B', ['\x2A'] = 'T', ['\x2B'] = 'T', ['\x2C'] = 'K',
  ['\x2D'] = 'H', ['\x2E'] = 'H', ['\x2F'] = 'D', ['\x30'] = 'S', ['\x31'] = 'R', ['\x32'] = 'S',
  ['\x33'] = 'S', ['\x34'] = 'X', ['\x35'] = 'S', ['\x36'] = 'D', ['\x37'] = 'T', ['\x38'] = 'S',
  ['\x39'] = 0,   ['\x3A'] = 'K', ['\x41'] = 'F', ['\x42'] = 'K', ['\x43'] = 'K', ['\x44'] = 'L',
  ['\x45'] = 'M', ['\x46'] = 'N', ['\x47'] = 0,   ['\x48'] = 0,   ['\x4A'] = 0,
};

static const char latin_classes[] = {
  0, 'B', 'K', 'D', 0, 'F', 'K', 0, 0, 'K', 'K', 'L', 'M', 'N', 0, 'B', 'K', 'R', 'S', 'T', 0, 'F', 0, 'K', 0, 'S',
};

/* Latin letters that are one sound together, longest first. */
static const struct {
  const char *letters;
  const char *classes;
} groups[] = {
  { "tsch", "X" }, { "sch", "X" }, { "tch", "X" }, { "sh", "X" }, { "ch", "X" },
  { "kh", "H" },   { "gh", "K" },  { "ph", "F" },  { "th", "T" }, { "dh", "S" },
  { "ck", "K" },   { "ce", "S" },  { "ci", "S" },  { "cy", "S" }, { "x", "KS" },
};

typedef struct skeleton {
  char classes[SKELETON_MAX + 1];
  uint32_t n;
} skeleton;

static void add(skeleton *s, char class) {
  bool too_long = s->n > SKELETON_MAX; /* which is all that counts then */
  if (class == 0 || too_long || (s->n > 0 && s->classes[s->n - 1] == class)) {
    return;
  }
  if (class == 'X' && s->n > 0 && s->classes[s->n - 1] == 'T') {
    s->classes[s->n - 1] = class; /* تش */
    return;
  }
  if (s->n < SKELETON_MAX) {
    s->classes[s->n] = class;
  }
  s->n++;
}

/* Adds the Latin letters at pos; returns how many were taken together. */
static size_t add_latin(skeleton *s, const char *form, size_t len, size_t pos) {
  for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
    size_t n = strlen(groups[g].letters);
    if (n <= len - pos && memcmp(form + pos, groups[g].letters, n) == 0) {
      for (const char *class = groups[g].classes; *class != '\0'; class ++) {
        add(s, *class);
      }
      return form[pos] == 'c' && groups[g].classes[0] == 'S' ? 1 : n; /* the vowel only says how c sounds */
    }
  }
  add(s, latin_classes[form[pos] - 'a']);
  return 1;
}

static bool is_letter(const char *form, size_t len, size_t pos) {
  return pos < len && ((form[pos] >= 'a' && form[pos] <= 'z') || (uint8_t)form[pos] >= 0x80);
}

/* The article at the begin of a word, which some write and some don't: bytes to pass over. */
static size_t article(const char *form, size_t len, size_t pos) {
  enum { REST = 6 }; /* bytes of three letters more */
  if (len - pos >= 4 + REST && memcmp(form + pos, "\xD8\xA7\xD9\x84", 4) == 0 &&
      is_letter(form, len, pos + 4 + REST - 2)) {
    return 4;
  }
  bool latin = len - pos > 2 && (form[pos] == 'a' || form[pos] == 'e') && form[pos + 1] == 'l';
  return latin && (form[pos + 2] == ' ' || form[pos + 2] == '-') ? 2 : 0;
}

uint32_t skeleton_of(const char *form, size_t len, char ret_text[SKELETON_MAX + 1]) {
  skeleton s = { { 0 }, 0 };
  for (size_t pos = 0; pos < len;) {
    if (pos == 0 || !is_letter(form, len, pos - 1)) {
      pos += article(form, len, pos);
    }
    uint8_t byte = (uint8_t)form[pos];
    if (byte >= 'a' && byte <= 'z') {
      pos += add_latin(&s, form, len, pos);
    } else if (byte >= '0' && byte <= '9') {
      add(&s, (char)byte);
      pos++;
    } else if ((byte == 0xD8 || byte == 0xD9) && pos + 1 < len) {
      uint32_t at = (uint32_t)(byte & 3) << 6 | ((uint8_t)form[pos + 1] & 0x3F);
      add(&s, at < sizeof arabic_classes ? arabic_classes[at] : 0);
      pos += 2;
    } else {
      pos++;
    }
  }
  if (ret_text != NULL) {
    uint32_t n = s.n < SKELETON_MAX ? s.n : SKELETON_MAX;
    memcpy(ret_text, s.classes, n);
    ret_text[n] = '\0';
  }
  if (s.n < SKELETON_MIN || s.n > SKELETON_MAX) {
    return 0;
  }
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < s.n; i++) {
    hash = (hash ^ (uint8_t)s.classes[i]) * 16777619u;
  }
  return hash != 0 ? hash : 1;
}
