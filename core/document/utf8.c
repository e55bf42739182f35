/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 checks. Every text passes here once, so the check must cost less than reading the text: the vector kernel is
 * the three-table lookup of Keiser and Lemire ("Validating UTF-8 in less than one instruction per byte"), with NUL
 * counted as a fault. */
#include "document/utf8.h"

#include <string.h>

size_t utf8_step(const uint8_t *data, size_t len) {
  if (len == 0 || data[0] == 0) {
    return 0;
  }
  uint8_t lead = data[0];
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2 || lead > 0xF4) {
    return 0;
  }
  size_t need = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (len < need) {
    return 0;
  }
  /* Only the second byte has a range that depends on the first: overlong forms, surrogates, the end of Unicode. */
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (data[1] < low || data[1] > high) {
    return 0;
  }
  for (size_t i = 2; i < need; i++) {
    if ((data[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  return need;
}

/* True if the eight bytes are ASCII without NUL. */
static bool plain_word(const uint8_t *data) {
  uint64_t word;
  memcpy(&word, data, sizeof word);
  return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

size_t utf8_fault(const uint8_t *data, size_t len) {
  size_t at = 0;
  while (at < len) {
    if (len - at >= 8 && plain_word(data + at)) {
      at += 8;
      continue;
    }
    size_t step = utf8_step(data + at, len - at);
    if (step == 0) {
      return at;
    }
    at += step;
  }
  return len;
}

bool utf8_valid_scalar(const uint8_t *data, size_t len) {
  return utf8_fault(data, len) == len;
}

size_t utf8_repair(const uint8_t *source, size_t len, uint8_t *target) {
  size_t written = 0;
  for (size_t at = 0; at < len;) {
    size_t step = utf8_step(source + at, len - at);
    if (step == 0) {
      memcpy(target + written, "\xEF\xBF\xBD", 3);
      written += 3;
      at++;
      continue;
    }
    memcpy(target + written, source + at, step);
    written += step;
    at += step;
  }
  return written;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

/* The faults a pair of bytes can show, one bit each; a pair is faulty if all three tables have the bit. */
enum {
  TOO_SHORT = 1 << 0, /* a lead without its continuation */
  TOO_LONG = 1 << 1,  /* ASCII and then a continuation */
  OVERLONG_3 = 1 << 2,
  TOO_LARGE = 1 << 3, /* above U+10FFFF */
  SURROGATE = 1 << 4,
  OVERLONG_2 = 1 << 5,
  OVERLONG_4 = 1 << 6,
  TOO_LARGE_1000 = 1 << 6,
  TWO_CONTS = 1 << 7, /* fine only as third or fourth byte, which is checked apart */
  CARRY = TOO_SHORT | TOO_LONG | TWO_CONTS
};

#define TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)
#define B(bits) ((char)(bits))

AVX2 static inline __m256i shift_in(__m256i input, __m256i previous, const int bytes) {
  __m256i joined = _mm256_permute2x128_si256(previous, input, 0x21);
  return bytes == 1   ? _mm256_alignr_epi8(input, joined, 15)
         : bytes == 2 ? _mm256_alignr_epi8(input, joined, 14)
                      : _mm256_alignr_epi8(input, joined, 13);
}

AVX2 static inline __m256i high_nibbles(__m256i bytes) {
  return _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
}

AVX2 static inline __m256i pair_faults(__m256i input, __m256i before) {
  const __m256i first_high =
      TWICE(B(TOO_LONG), B(TOO_LONG), B(TOO_LONG), B(TOO_LONG), B(TOO_LONG), B(TOO_LONG), B(TOO_LONG), B(TOO_LONG),
            B(TWO_CONTS), B(TWO_CONTS), B(TWO_CONTS), B(TWO_CONTS), B(TOO_SHORT | OVERLONG_2), B(TOO_SHORT),
            B(TOO_SHORT | OVERLONG_3 | SURROGATE), B(TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4));
  const __m256i first_low =
      TWICE(B(CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4), B(CARRY | OVERLONG_2), B(CARRY), B(CARRY),
            B(CARRY | TOO_LARGE), B(CARRY | TOO_LARGE | TOO_LARGE_1000), B(CARRY | TOO_LARGE | TOO_LARGE_1000),
            B(CARRY | TOO_LARGE | TOO_LARGE_1000), B(CARRY | TOO_LARGE | TOO_LARGE_1000),
            B(CARRY | TOO_LARGE | TOO_LARGE_1000), B(CARRY | TOO_LARGE | TOO_LARGE_1000),
            B(CARRY | TOO_LARGE | TOO_LARGE_1000), B(CARRY | TOO_LARGE | TOO_LARGE_1000),
            B(CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE), B(CARRY | TOO_LARGE | TOO_LARGE_1000),
            B(CARRY | TOO_LARGE | TOO_LARGE_1000));
  const __m256i second_high =
      TWICE(B(TOO_SHORT), B(TOO_SHORT), B(TOO_SHORT), B(TOO_SHORT), B(TOO_SHORT), B(TOO_SHORT), B(TOO_SHORT),
            B(TOO_SHORT), B(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4),
            B(TOO_LONG | OVERLONG_2 | TWO_CONTS | OVERLONG_3 | TOO_LARGE),
            B(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE),
            B(TOO_LONG | OVERLONG_2 | TWO_CONTS | SURROGATE | TOO_LARGE), B(TOO_SHORT), B(TOO_SHORT), B(TOO_SHORT),
            B(TOO_SHORT));
  __m256i a = _mm256_shuffle_epi8(first_high, high_nibbles(before));
  __m256i b = _mm256_shuffle_epi8(first_low, _mm256_and_si256(before, _mm256_set1_epi8(0x0F)));
  __m256i c = _mm256_shuffle_epi8(second_high, high_nibbles(input));
  return _mm256_and_si256(_mm256_and_si256(a, b), c);
}

/* Faults of 32 bytes, given the 32 before them. */
AVX2 static inline __m256i block_faults(__m256i input, __m256i previous) {
  __m256i pairs = pair_faults(input, shift_in(input, previous, 1));
  /* A byte two after a 3- or 4-byte lead, or three after a 4-byte one, must be the second of two continuations. */
  __m256i third = _mm256_subs_epu8(shift_in(input, previous, 2), _mm256_set1_epi8((char)(0xE0 - 0x80)));
  __m256i fourth = _mm256_subs_epu8(shift_in(input, previous, 3), _mm256_set1_epi8((char)(0xF0 - 0x80)));
  __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
  __m256i nul = _mm256_cmpeq_epi8(input, _mm256_setzero_si256());
  return _mm256_or_si256(_mm256_xor_si256(must, pairs), nul);
}

/* Not zero if the block ends inside a code point. */
AVX2 static inline __m256i unfinished(__m256i input) {
  const __m256i most =
      _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                       -1, -1, -1, -1, -1, (char)(0xF0 - 1), (char)(0xE0 - 1), (char)(0xC0 - 1));
  return _mm256_subs_epu8(input, most);
}

AVX2 static bool valid_avx2(const uint8_t *data, size_t len) {
  __m256i faults = _mm256_setzero_si256();
  __m256i previous = _mm256_setzero_si256();
  __m256i open = _mm256_setzero_si256();
  size_t at = 0;
  for (; at + 64 <= len; at += 64) {
    __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(data + at));
    __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(data + at + 32));
    if (_mm256_movemask_epi8(_mm256_or_si256(first, second)) == 0) {
      __m256i nul = _mm256_cmpeq_epi8(_mm256_min_epu8(first, second), _mm256_setzero_si256());
      faults = _mm256_or_si256(faults, _mm256_or_si256(nul, open));
      open = _mm256_setzero_si256();
    } else {
      faults = _mm256_or_si256(faults, block_faults(first, previous));
      faults = _mm256_or_si256(faults, block_faults(second, first));
      open = unfinished(second);
    }
    previous = second;
  }
  while (at < len) {
    uint8_t tail[32];
    size_t n = len - at < sizeof tail ? len - at : sizeof tail;
    memset(tail, ' ', sizeof tail);
    memcpy(tail, data + at, n);
    __m256i input = _mm256_loadu_si256((const __m256i *)(const void *)tail);
    faults = _mm256_or_si256(faults, block_faults(input, previous));
    open = unfinished(input);
    previous = input;
    at += n;
  }
  return _mm256_testz_si256(_mm256_or_si256(faults, open), _mm256_or_si256(faults, open)) != 0;
}

bool utf8_valid(const uint8_t *data, size_t len) {
  if (len >= 32 && __builtin_cpu_supports("avx2")) {
    return valid_avx2(data, len);
  }
  return utf8_valid_scalar(data, len);
}

#else

bool utf8_valid(const uint8_t *data, size_t len) {
  return utf8_valid_scalar(data, len);
}

#endif
