/* SPDX-License-Identifier: Apache-2.0 */

/* What a character is: its kind, its script and the value of a digit, in two table look-ups.
 *
 * The tables are generated when Qanat is built (tools/generate-letters). */
#ifndef TEXT_LETTERS_H
#define TEXT_LETTERS_H

#include <stdint.h>

/* The kind of a character: exactly one each. */
enum {
  LETTERS_NONE = 0,    /* unassigned, private, and what no other kind takes */
  LETTERS_LETTER = 1,  /* of any script; also letter-like numbers (Ⅷ) */
  LETTERS_MARK = 2,    /* combining: harakat, Quranic signs, accents. Part of the word before it */
  LETTERS_TATWEEL = 3, /* U+0640 */
  LETTERS_DIGIT = 4,   /* decimal digits of any script; letters_digit gives the value */
  LETTERS_PUNCT = 5,   /* . , ؛ ؟ « ” ( - … */
  LETTERS_SYMBOL = 6,  /* $ + © emoji, but also ٪-like signs that Unicode calls punctuation stay PUNCT */
  LETTERS_SPACE = 7,   /* space, tab, line ends, NBSP and its exotic kin */
  LETTERS_FORMAT = 8,  /* invisible: bidi controls, zero-width space and joiners, soft hyphen, BOM */
  LETTERS_CONTROL = 9  /* C0 and C1 but for tab and line ends */
};

/* The script of letters and of Arabic marks and digits; NONE for the rest. The values are those of token/1's column. */
enum { LETTERS_SCRIPT_NONE = 0, LETTERS_SCRIPT_ARABIC = 1, LETTERS_SCRIPT_LATIN = 2, LETTERS_SCRIPT_OTHER = 3 };

/* How a class packs: kind in the low four bits, script above, then flags. */
#define LETTERS_KIND_MASK 0x0F
#define LETTERS_SCRIPT_SHIFT 4
#define LETTERS_UPPER 0x40 /* an upper-case or title-case letter */
#define LETTERS_DENSE 0x80 /* a letter of a script written without spaces: Han, Kana, Thai, Khmer ... */

extern const uint8_t letters_page_of[0x1100];
extern const uint8_t letters_pages[][256];
extern const uint8_t letters_nfc_page_of[0x1100];
extern const uint32_t letters_nfc_pages[][8];

/* What a presentation form stands for: len bytes of UTF-8 in letters_shape_texts; none if it stands for itself. */
typedef struct letters_shape {
  uint16_t offset;
  uint16_t len;
} letters_shape;

#define LETTERS_SHAPES_BEGIN 0xFB00 /* Latin ligatures, Arabic presentation forms A and B */
#define LETTERS_SHAPES_END 0xFF00

extern const letters_shape letters_shapes[LETTERS_SHAPES_END - LETTERS_SHAPES_BEGIN];
extern const uint8_t letters_shape_texts[];

/* The class of a code point, which must be below U+110000. */
static inline uint8_t letters_class(uint32_t code) {
  return letters_pages[letters_page_of[code >> 8]][code & 0xFF];
}

/* The class of a character of two bytes with a lead byte D8 to DB: U+0600 to U+06FF, the basic Arabic block. */
static inline uint8_t letters_class_arabic(uint8_t lead, uint8_t second) {
  return letters_pages[letters_page_of[6]][(lead & 3) << 6 | (second & 0x3F)];
}

/* How far behind U+0620 the character of two bytes at this place is. 64 or more, whatever the bytes are, if it is none of
 * U+0620 to U+065F, where nearly all letters of Arabic texts are; sets of these fit in a word. */
static inline uint32_t letters_arabic_place(const uint8_t *at) {
  return ((uint32_t)at[0] << 6 | (at[1] & 0x3F)) - ((uint32_t)0xD8 << 6 | 0x20);
}

/* The letters among those: U+0620 to U+063F and U+0641 to U+064A. */
#define LETTERS_ARABIC_PLACES 0x7FEFFFFFFFFu

/* Where those letters end that follow each other from at on. */
static inline uint32_t letters_arabic_run(const uint8_t *text, uint32_t at, uint32_t end) {
  while (end - at >= 2) {
    uint32_t place = letters_arabic_place(text + at);
    if (place >= 64 || (LETTERS_ARABIC_PLACES >> place & 1) == 0) {
      break;
    }
    at += 2;
  }
  return at;
}

static inline uint32_t letters_kind(uint32_t code) {
  return letters_class(code) & LETTERS_KIND_MASK;
}

static inline uint32_t letters_class_script(uint8_t class) {
  return class >> LETTERS_SCRIPT_SHIFT & 3;
}

static inline uint32_t letters_script(uint32_t code) {
  return letters_class_script(letters_class(code));
}

/* The value of an ASCII, Arabic-Indic, Persian or full-width digit; -1 for any other character. */
static inline int letters_digit(uint32_t code) {
  uint32_t value = code - '0';
  if (value <= 9) {
    return (int)value;
  }
  value = code >= 0xFF10 ? code - 0xFF10 : code >= 0x06F0 ? code - 0x06F0 : code - 0x0660;
  return value <= 9 ? (int)value : -1;
}

/* True if a code point may change under NFC, or change the one before it. */
static inline int letters_nfc_suspect(uint32_t code) {
  return (int)(letters_nfc_pages[letters_nfc_page_of[code >> 8]][code >> 5 & 7] >> (code & 31) & 1);
}

/* Embeddings, overrides, isolates and marks that only steer the direction of text. */
static inline int letters_is_bidi(uint32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0x200E || code == 0x200F ||
         code == 0x061C;
}

/* Double quotation marks, opening and closing: " « » “ ” „ ‟ ❝ ❞ ＂ and the ornate brackets ﴾ ﴿. */
static inline int letters_is_quote(uint32_t code) {
  if (code < 0x2000) {
    return code == '"' || code == 0xAB || code == 0xBB;
  }
  return (code >= 0x201C && code <= 0x201F) || code == 0x275D || code == 0x275E || code == 0xFD3E || code == 0xFD3F ||
         code == 0xFF02;
}

#endif
