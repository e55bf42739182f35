/* SPDX-License-Identifier: Apache-2.0 */

/* The scan for what normalize has to look at: a table look-up a character, and where the machine can, sixteen bytes at
 * a time. The blocks only skip what the tables would skip, so that results are the same without them. */
#include "scan.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What the scan does at a byte: skip so many bytes, or one of these. */
enum { ACTION_ARABIC = 8, ACTION_SPACE = 9, ACTION_LOOK = 10 };

int scan_is_invisible(uint32_t code) {
  return letters_is_bidi(code) || code == 0x00AD || (code >= 0x200B && code <= 0x200D) ||
         (code >= 0x2060 && code <= 0x2064) || code == 0xFEFF || (code >= 0xFFF9 && code <= 0xFFFB);
}

int scan_is_shape(uint32_t code) {
  return (code >= LETTERS_SHAPES_BEGIN && code < LETTERS_SHAPES_END &&
          letters_shapes[code - LETTERS_SHAPES_BEGIN].len > 0) ||
         (code >= 0xFF01 && code <= 0xFF5E);
}

int scan_is_stop(uint32_t rules, uint32_t code) {
  uint8_t class = letters_class(code);
  switch (class & LETTERS_KIND_MASK) {
  case LETTERS_MARK:
    return (scan_is_arabic_mark(class) && (rules & REWRITE_DIACRITICS)) ||
           ((rules & REWRITE_COMPOSE) && letters_nfc_suspect(code));
  case LETTERS_TATWEEL:
    return (rules & REWRITE_TATWEEL) != 0;
  case LETTERS_FORMAT:
    return (rules & REWRITE_INVISIBLE) && scan_is_invisible(code);
  case LETTERS_CONTROL:
    return (rules & REWRITE_CONTROLS) != 0;
  default:
    return ((rules & REWRITE_SHAPES) && scan_is_shape(code)) ||
           ((rules & REWRITE_COMPOSE) && letters_nfc_suspect(code));
  }
}

/* Leads whose characters never fall under a rule are skipped whole: Latin letters, Cyrillic, Han, Hangul. */
static uint8_t action_of(uint32_t rules, uint32_t byte) {
  if (byte == ' ') {
    return rules & (REWRITE_SPACES | REWRITE_PUNCTUATION) ? ACTION_SPACE : 1;
  }
  if (byte < 0x80) {
    int keep = byte == '\n' || (byte >= 0x20 && byte != 0x7F);
    return keep ? 1 : ACTION_LOOK;
  }
  if ((byte >= 0xC3 && byte <= 0xCB) || byte == 0xD0 || byte == 0xD1 || byte == 0xD3) {
    return 2;
  }
  if (byte >= 0xD8 && byte <= 0xDB) {
    return ACTION_ARABIC;
  }
  if ((byte >= 0xE4 && byte <= 0xE9) || byte == 0xEB || byte == 0xEC) {
    return 3;
  }
  return ACTION_LOOK;
}

void rewrite_plan_init(rewrite_plan *plan, uint32_t rules) {
  /* Marks that take no space before them, the lead bytes of ، ؛ ؟ ٪, and those of spaces. */
  static const char leads[] = ".,;:!?%\xD8\xD9 \t\xC2\xE1\xE2\xE3";
  memset(plan, 0, sizeof *plan);
  plan->rules = rules;
  plan->blocks = 1;
  for (uint32_t byte = 0; byte < 256; byte++) {
    plan->action[byte] = action_of(rules, byte);
  }
  for (uint32_t code = 0x600; code < 0x700; code++) {
    plan->arabic_stops[code >> 6 & 3] |= (uint64_t)scan_is_stop(rules, code) << (code & 63);
  }
  if ((rules & (REWRITE_PUNCTUATION | REWRITE_SPACES)) == 0) {
    return;
  }
  for (const char *lead = leads; *lead != '\0'; lead++) {
    plan->after_space[(uint8_t)*lead] = 1;
  }
}

/* True if what follows the space at pos may fall under a rule for spaces. Most words begin with the bytes of a letter,
 * which the second byte tells from those of ، ؛ ؟ ٪. */
static inline int is_space_stop(const rewrite_plan *plan, const uint8_t *text, uint32_t pos, uint32_t end) {
  if (pos + 1 >= end || !plan->after_space[text[pos + 1]]) {
    return 0;
  }
  uint8_t next = text[pos + 1];
  if (next == 0xD8) {
    return text[pos + 2] < 0xA0;
  }
  return next != 0xD9 || text[pos + 2] == 0xAA;
}

#if defined(__SSE2__)
/* Skips bytes that no rule can stop at, from a border of characters to one: letters and digits of ASCII and basic
 * Arabic, single spaces before them. Ends at the first byte it is not sure of, or where less than a block is left. */
static uint32_t skip_plain(const uint8_t *text, uint32_t pos, uint32_t end) {
  const __m128i d9 = _mm_set1_epi8((char)0xD9);
  const __m128i space = _mm_set1_epi8(' ');
  while (end - pos >= 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text + pos));
    __m128i is_d9 = _mm_cmpeq_epi8(v, d9);
    __m128i ascii = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7F)), _mm_cmpgt_epi8(v, _mm_set1_epi8(0x1F)));
    ascii = _mm_or_si128(ascii, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
    /* Second bytes, as signed numbers: 81..8A and A0..BF; 80 and 8B..9F are tatweel, harakat, marks. */
    __m128i low = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(-128)), _mm_cmplt_epi8(v, _mm_set1_epi8(-117)));
    __m128i high = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(-97)), _mm_cmplt_epi8(v, _mm_set1_epi8(-64)));
    __m128i plain = _mm_or_si128(_mm_or_si128(ascii, _mm_or_si128(low, high)),
                                 _mm_or_si128(is_d9, _mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xD8))));
    /* Of D9 A0..BF, the percent sign and the small alef are worth a look; so is what is no letter after a space. */
    __m128i odd =
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xAA)), _mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xB0)));
    odd = _mm_and_si128(odd, _mm_slli_si128(is_d9, 1));
    __m128i is_space = _mm_cmpeq_epi8(v, space);
    __m128i mark = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(0x1F)), _mm_cmplt_epi8(v, _mm_set1_epi8('A')));
    odd = _mm_or_si128(odd, _mm_and_si128(mark, _mm_slli_si128(is_space, 1)));
    uint32_t bad = (uint32_t)_mm_movemask_epi8(_mm_andnot_si128(odd, plain)) ^ 0xFFFFu;
    uint32_t n = bad == 0 ? 16 : (uint32_t)__builtin_ctz(bad);
    /* A lead byte whose second half is in doubt is looked at with it, and with the space before it. */
    while (n > 0 && (text[pos + n - 1] >= 0xC0 || text[pos + n - 1] == ' ')) {
      n--;
    }
    pos += n;
    if (bad != 0 || n == 0) {
      return pos;
    }
  }
  return pos;
}
#else
static uint32_t skip_plain(const uint8_t *text, uint32_t pos, uint32_t end) {
  (void)text;
  (void)end;
  return pos;
}
#endif

uint32_t scan_next(const rewrite_plan *plan, const uint8_t *text, uint32_t pos, uint32_t end) {
  while (pos < end) {
    if (plan->blocks) {
      pos = skip_plain(text, pos, end);
      if (pos >= end) {
        break;
      }
    }
    uint8_t action = plan->action[text[pos]];
    if (action == ACTION_ARABIC) {
      if (plan->arabic_stops[text[pos] & 3] >> (text[pos + 1] & 63) & 1) {
        return pos;
      }
      pos += 2;
    } else if (action < ACTION_ARABIC) {
      pos += action;
    } else if (action == ACTION_LOOK || is_space_stop(plan, text, pos, end)) {
      return pos;
    } else {
      pos++;
    }
  }
  return end;
}
