/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the encoding of bytes. */
#include "decode/charset.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

#include "decode/arabic_bigrams.h"
#include "text/utf8.h"

enum {
  SAMPLE_BYTES = 1 << 16, /* what the guesses look at */
  EVIDENCE = 4,           /* bytes over 0x7F from which a guess is made */
  EVIDENCE_AGAINST_LABEL = 16,
  DAMAGED_SAMPLE = 1 << 18, /* ... to tell damaged UTF-8 from another charset */
  CLASS_NEUTRAL = 0,        /* punctuation and spaces: the border of a word */
  CLASS_SKIP = 254,         /* tatweel and harakat: no letter, but inside words */
  CLASS_BAD = 255           /* what Arabic text does not have */
};

/* Below this, bytes are no Arabic in that charset: rightly read pages score 0.45 and more, others under 0.3. */
static const double ARABIC_ENOUGH = 0.38;

/* A wrong label loses by more: the right charset scores 0.1 higher, over a few words. */
static const double BENEFIT_OF_DOUBT = 0.06;

static void name_set(charset *set, charset_kind kind, const char *name) {
  set->kind = kind;
  size_t len = strlen(name);
  len = len < CHARSET_NAME_MAX ? len : CHARSET_NAME_MAX - 1;
  memcpy(set->name, name, len);
  set->name[len] = '\0';
}

/* --- marks --- */

static bool find_bom(const uint8_t *bytes, size_t len, charset *set) {
  static const struct {
    uint8_t mark[4];
    uint8_t len;
    charset_kind kind;
    const char *name;
  } marks[] = {
    { { 0xEF, 0xBB, 0xBF }, 3, CHARSET_UTF8, "utf-8" },     { { 0xFF, 0xFE, 0, 0 }, 4, CHARSET_NAMED, "utf-32le" },
    { { 0, 0, 0xFE, 0xFF }, 4, CHARSET_NAMED, "utf-32be" }, { { 0xFF, 0xFE }, 2, CHARSET_UTF16LE, "utf-16le" },
    { { 0xFE, 0xFF }, 2, CHARSET_UTF16BE, "utf-16be" },
  };
  for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
    if (len >= marks[i].len && memcmp(bytes, marks[i].mark, marks[i].len) == 0) {
      name_set(set, marks[i].kind, marks[i].name);
      set->bom_len = marks[i].len;
      return true;
    }
  }
  return false;
}

/* UTF-16 without a mark: one byte of each pair is nearly always 0 (Latin, spaces) or 6 (Arabic), which no text in
 * another encoding has. */
static bool find_utf16(const uint8_t *bytes, size_t len, charset *set) {
  size_t n_pairs = (len < SAMPLE_BYTES ? len : SAMPLE_BYTES) / 2;
  size_t high[2] = { 0, 0 };
  if (n_pairs < 2 || len % 2 != 0 || memchr(bytes, 0, n_pairs * 2) == NULL) {
    return false;
  }
  for (size_t i = 0; i < n_pairs * 2; i++) {
    high[i & 1] += bytes[i] == 0x00 || bytes[i] == 0x06 || bytes[i] == 0x20;
  }
  for (size_t side = 0; side < 2; side++) {
    if (high[side] * 20 >= n_pairs * 19 && high[1 - side] * 2 < n_pairs) {
      name_set(set, side == 1 ? CHARSET_UTF16LE : CHARSET_UTF16BE, side == 1 ? "utf-16le" : "utf-16be");
      return true;
    }
  }
  return false;
}

/* --- UTF-8 --- */

/* True if nearly all bytes over 0x7F make characters: UTF-8 with some damage, which is replaced. */
static bool is_damaged_utf8(const uint8_t *bytes, size_t len) {
  size_t n_good = 0, n_bad = 0;
  len = len < DAMAGED_SAMPLE ? len : DAMAGED_SAMPLE;
  for (size_t at = 0; at < len;) {
    uint32_t n;
    uint32_t code = utf8_decode(bytes + at, len - at, &n);
    n_bad += code == UTF8_INVALID;
    n_good += code != UTF8_INVALID && n > 1;
    at += n;
  }
  return n_bad == 0 || n_good >= 2 * n_bad;
}

/* --- labels --- */

/* What the Web means by labels that are used wrongly, and names that converters do not know. */
static const char *web_meaning(const char *label) {
  static const char *const meanings[][2] = {
    { "iso-8859-1", "windows-1252" }, { "iso8859-1", "windows-1252" },
    { "latin1", "windows-1252" },     { "ascii", "windows-1252" },
    { "us-ascii", "windows-1252" },   { "utf8", "utf-8" },
    { "utf-16", "utf-16le" },         { "unicode", "utf-16le" },
    { "cp1256", "windows-1256" },     { "x-cp1256", "windows-1256" },
    { "arabic", "iso-8859-6" },       { "iso-8859-6-i", "iso-8859-6" },
    { "iso-8859-6-e", "iso-8859-6" }, { "iso-8859-9", "windows-1254" },
    { "gb2312", "gb18030" },          { "gbk", "gb18030" },
  };
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
    if (strcmp(label, meanings[i][0]) == 0) {
      return meanings[i][1];
    }
  }
  return label;
}

int charset_by_label(const char *label, size_t label_len, charset *ret_charset) {
  char lower[CHARSET_NAME_MAX];
  UErrorCode status = U_ZERO_ERROR;
  if (label_len == 0 || label_len >= sizeof lower) {
    return -ENOENT;
  }
  for (size_t i = 0; i < label_len; i++) {
    lower[i] = (char)(label[i] >= 'A' && label[i] <= 'Z' ? label[i] | 0x20 : label[i]);
    if (lower[i] <= ' ' || lower[i] > '~') {
      return -ENOENT;
    }
  }
  lower[label_len] = '\0';
  const char *name = web_meaning(lower);
  charset set = { .bom_len = 0 };
  if (strcmp(name, "utf-8") == 0) {
    name_set(&set, CHARSET_UTF8, name);
  } else if (strcmp(name, "utf-16le") == 0 || strcmp(name, "utf-16be") == 0) {
    name_set(&set, name[6] == 'l' ? CHARSET_UTF16LE : CHARSET_UTF16BE, name);
  } else if (ucnv_getAlias(name, 0, &status) != NULL && U_SUCCESS(status)) {
    name_set(&set, CHARSET_NAMED, name);
  } else {
    return -ENOENT;
  }
  *ret_charset = set;
  return 0;
}

/* --- Arabic --- */

#define B CLASS_BAD
#define S CLASS_SKIP
#define N CLASS_NEUTRAL
/* What the bytes from 0x80 are: the number of the letter in the table of bigrams, or a class. */
static const uint8_t arabic_classes[2][128] = {
  [ARABIC_WINDOWS_1256] = {
    N, B, B, B, B, N, B, B, B, B, B, B, B, B, B, B,
    B, N, N, N, N, N, N, N, B, N, B, B, B, N, N, B,
    N, N, B, N, N, B, N, N, B, N, B, N, N, N, N, B,
    N, N, B, B, B, B, B, N, B, B, N, N, B, B, B, N,
    B, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, N, 23, 24, 25, 26, S, 27, 28, 29,
    B, 30, B, 31, 32, 33, 34, B, B, B, B, B, 35, 36, B, B,
    S, S, S, S, B, S, S, N, S, B, S, B, B, N, N, B,
  },
  [ARABIC_ISO_8859_6] = {
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
    B, B, B, B, B, B, B, B, B, B, B, B, B, B, B, B,
    N, B, B, B, N, B, B, B, B, B, B, B, N, N, B, B,
    B, B, B, B, B, B, B, B, B, B, B, N, B, B, B, N,
    B, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, B, B, B, B, B,
    S, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, S, S, S, S, S,
    S, S, S, B, B, B, B, B, B, B, B, B, B, B, B, B,
  },
};
#undef B
#undef S
#undef N

static bool is_ascii_letter(uint8_t byte) {
  return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

double charset_arabic_score(const uint8_t *bytes, size_t len, charset_arabic which) {
  const uint8_t *classes = arabic_classes[which];
  uint64_t sum = 0, n = 0;
  uint32_t last = 0;
  bool last_latin = false;
  len = len < SAMPLE_BYTES ? len : SAMPLE_BYTES;
  for (size_t i = 0; i < len; i++) {
    uint32_t class = bytes[i] < 0x80 ? CLASS_NEUTRAL : classes[bytes[i] - 0x80];
    bool latin = is_ascii_letter(bytes[i]);
    if (class == CLASS_SKIP) {
      continue;
    }
    bool mixed = (last_latin && class != CLASS_NEUTRAL) || (latin && last != 0);
    last_latin = latin;
    if (class == CLASS_BAD || mixed) {
      n++; /* worth nothing */
      last = 0;
      continue;
    }
    if (last != 0 || class != 0) {
      sum += (uint64_t)(bigrams[last][class] - '0');
      n++;
    }
    last = class;
  }
  return n == 0 ? 0 : (double)sum / (double)n / 9;
}

/* label: one of the two that gets the benefit of the doubt, or none. */
static bool find_arabic(const uint8_t *bytes, size_t len, const char *label, charset *set) {
  double windows = charset_arabic_score(bytes, len, ARABIC_WINDOWS_1256);
  double iso = charset_arabic_score(bytes, len, ARABIC_ISO_8859_6);
  windows += strcmp(label, "windows-1256") == 0 ? BENEFIT_OF_DOUBT : 0;
  iso += strcmp(label, "iso-8859-6") == 0 ? BENEFIT_OF_DOUBT : 0;
  if (windows < ARABIC_ENOUGH && iso < ARABIC_ENOUGH) {
    return false;
  }
  name_set(set, CHARSET_NAMED, windows >= iso ? "windows-1256" : "iso-8859-6");
  return true;
}

/* --- everything else --- */

/* Asks ICU's detector; what it finds must be a charset that a file in no Unicode encoding can be in. */
static bool find_by_icu(const uint8_t *bytes, size_t len, charset *set) {
  UErrorCode status = U_ZERO_ERROR;
  bool found = false;
  UCharsetDetector *detector = ucsdet_open(&status);
  if (U_FAILURE(status)) {
    return false;
  }
  ucsdet_setText(detector, (const char *)bytes, (int32_t)(len < SAMPLE_BYTES ? len : SAMPLE_BYTES), &status);
  const UCharsetMatch *match = ucsdet_detect(detector, &status);
  if (U_SUCCESS(status) && match != NULL && ucsdet_getConfidence(match, &status) >= 10) {
    const char *name = ucsdet_getName(match, &status);
    found = U_SUCCESS(status) && strncasecmp(name, "UTF", 3) != 0 && charset_by_label(name, strlen(name), set) == 0 &&
            set->kind == CHARSET_NAMED;
  }
  ucsdet_close(detector);
  return found;
}

/* How many bytes of the sample are no ASCII. */
static size_t count_high(const uint8_t *bytes, size_t len) {
  size_t n = 0;
  len = len < SAMPLE_BYTES ? len : SAMPLE_BYTES;
  for (size_t i = 0; i < len; i++) {
    n += bytes[i] >= 0x80;
  }
  return n;
}

/* True if most bytes over 0x7F would be letters of Latin words, or quotes and dashes, in windows-1252. */
static bool is_latin(const uint8_t *bytes, size_t len) {
  size_t n_high = 0, n_fit = 0;
  len = len < SAMPLE_BYTES ? len : SAMPLE_BYTES;
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] < 0x80) {
      continue;
    }
    bool beside = (i > 0 && is_ascii_letter(bytes[i - 1])) || (i + 1 < len && is_ascii_letter(bytes[i + 1]));
    bool letter = bytes[i] >= 0xC0 && bytes[i] != 0xD7 && bytes[i] != 0xF7 && bytes[i] < 0xFE;
    bool mark = (bytes[i] >= 0x91 && bytes[i] <= 0x97) || bytes[i] == 0x85 || bytes[i] == 0xA0 || bytes[i] == 0xAB ||
                bytes[i] == 0xBB;
    n_high++;
    n_fit += (letter && beside) || mark;
  }
  return n_high > 0 && n_fit * 4 >= n_high * 3;
}

/* Labels that servers and editors add without having looked. */
static bool is_careless(const charset *label) {
  return label->kind != CHARSET_NAMED || strcmp(label->name, "windows-1252") == 0;
}

/* Finds a charset that is no Unicode encoding by what the bytes would mean in it; false if they say too little. */
static bool find_by_meaning(const uint8_t *bytes, size_t len, size_t evidence, charset *set) {
  size_t n_high = count_high(bytes, len);
  if (n_high >= evidence &&
      (find_arabic(bytes, len, "", set) || (n_high >= 2 * evidence && find_by_icu(bytes, len, set)))) {
    return true;
  }
  if (is_latin(bytes, len)) {
    name_set(set, CHARSET_NAMED, "windows-1252");
    return true;
  }
  return false;
}

/* Chooses for bytes that are not UTF-8: the label if it fits, else what the bytes mean, else UTF-8 with bad bytes. */
static void choose(const uint8_t *bytes, size_t len, const charset *label, charset *set) {
  bool has_label = label->name[0] != '\0';
  bool arabic = strcmp(label->name, "windows-1256") == 0 || strcmp(label->name, "iso-8859-6") == 0;
  bool utf8 = has_label && label->kind == CHARSET_UTF8;
  if (has_label && !is_careless(label)) {
    if (!arabic || !find_arabic(bytes, len, label->name, set)) {
      *set = *label;
    }
  } else if (!find_by_meaning(bytes, len, utf8 ? EVIDENCE_AGAINST_LABEL : EVIDENCE, set)) {
    if (has_label && label->kind == CHARSET_NAMED) {
      *set = *label;
    }
  }
}

void charset_find(const uint8_t *bytes, size_t len, const char *label, size_t label_len, charset *ret_charset) {
  charset set = { .bom_len = 0 }, labelled = { .bom_len = 0 };
  charset_by_label(label, label_len, &labelled);
  if (!find_bom(bytes, len, &set) && !find_utf16(bytes, len, &set)) {
    name_set(&set, CHARSET_UTF8, "utf-8");
    set.is_valid = utf8_valid_prefix(bytes, len) == len;
    if (!set.is_valid && !is_damaged_utf8(bytes, len)) {
      choose(bytes, len, &labelled, &set);
    }
  }
  *ret_charset = set;
}
