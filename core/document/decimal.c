/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers as text. Those of everyday size are found by trial in 128 bits; the rest go through the shortest-digits
 * algorithm of Steele and White (known as Dragon4), which is exact, slow and short. */
#include "document/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Enough for 10^324 times a 53-bit number, and for 2^1077. */
enum { BIG_WORDS = 40, DIGITS_MAX = 20 };

typedef struct big {
  uint32_t n; /* words in use; the highest is not 0 */
  uint32_t words[BIG_WORDS];
} big;

static uint32_t count_digits(uint64_t value) {
  uint32_t n = 1;
  for (; value >= 10000; value /= 10000) {
    n += 4;
  }
  return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

/* Below 10,000, as most offsets are. */
static size_t write_small(uint32_t value, char *text) {
  uint32_t high = value / 100;
  uint32_t low = value - high * 100;
  size_t n = 0;
  if (high >= 10) {
    memcpy(text, pairs + (size_t)2 * high, 2);
    n = 2;
  } else if (high > 0) {
    text[0] = (char)('0' + high);
    n = 1;
  } else if (low < 10) {
    text[0] = (char)('0' + low);
    return 1;
  }
  memcpy(text + n, pairs + (size_t)2 * low, 2);
  return n + 2;
}

size_t decimal_write_u64(uint64_t value, char *ret_text) {
  if (value < 10000) {
    return write_small((uint32_t)value, ret_text);
  }
  uint32_t n = count_digits(value);
  char *at = ret_text + n;
  for (; value >= 100; value /= 100) {
    at -= 2;
    memcpy(at, pairs + 2 * (value % 100), 2);
  }
  if (value >= 10) {
    memcpy(at - 2, pairs + 2 * value, 2);
  } else {
    at[-1] = (char)('0' + value);
  }
  return n;
}

/* --- big numbers --- */

static big big_from(uint64_t value) {
  big result = { 0, { (uint32_t)value, (uint32_t)(value >> 32) } };
  result.n = result.words[1] != 0 ? 2 : result.words[0] != 0;
  return result;
}

static void big_times(big *self, uint32_t factor) {
  uint64_t carry = 0;
  for (uint32_t i = 0; i < self->n; i++) {
    carry += (uint64_t)self->words[i] * factor;
    self->words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry != 0) {
    self->words[self->n++] = (uint32_t)carry;
  }
}

static void big_times_power(big *self, uint32_t factor, int power) {
  for (; power > 0; power--) {
    big_times(self, factor);
  }
}

static void big_shift(big *self, uint32_t bits) {
  uint32_t words = bits / 32;
  if (self->n == 0) {
    return;
  }
  memmove(self->words + words, self->words, self->n * sizeof self->words[0]);
  memset(self->words, 0, words * sizeof self->words[0]);
  self->n += words;
  big_times(self, 1u << (bits % 32));
}

static big big_sum(const big *a, const big *b) {
  big sum = { 0 };
  uint64_t carry = 0;
  uint32_t n = a->n > b->n ? a->n : b->n;
  for (uint32_t i = 0; i < n; i++) {
    carry += (uint64_t)(i < a->n ? a->words[i] : 0) + (i < b->n ? b->words[i] : 0);
    sum.words[i] = (uint32_t)carry;
    carry >>= 32;
  }
  sum.n = n;
  if (carry != 0) {
    sum.words[sum.n++] = (uint32_t)carry;
  }
  return sum;
}

static int big_compare(const big *a, const big *b) {
  if (a->n != b->n) {
    return a->n < b->n ? -1 : 1;
  }
  for (uint32_t i = a->n; i-- > 0;) {
    if (a->words[i] != b->words[i]) {
      return a->words[i] < b->words[i] ? -1 : 1;
    }
  }
  return 0;
}

/* self -= other, which is not larger. */
static void big_minus(big *self, const big *other) {
  int64_t borrow = 0;
  for (uint32_t i = 0; i < self->n; i++) {
    borrow += (int64_t)self->words[i] - (i < other->n ? other->words[i] : 0);
    self->words[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
  while (self->n > 0 && self->words[self->n - 1] == 0) {
    self->n--;
  }
}

/* --- shortest digits --- */

/* value = digits as 0.ddd times 10^point. */
typedef struct decimal {
  int n_digits;
  int point;
  char digits[DIGITS_MAX];
} decimal;

/* The number as a fraction, and half the way to its neighbours. */
typedef struct fraction {
  big numerator, denominator, above, below;
  bool even; /* then the borders themselves read back as the number too */
} fraction;

static fraction fraction_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
  int exponent = (int)(bits >> 52 & 0x7FF);
  bool narrow = mantissa == 0 && exponent > 1; /* the neighbour below is nearer */
  mantissa |= exponent > 0 ? (uint64_t)1 << 52 : 0;
  exponent = (exponent > 0 ? exponent : 1) - 1075;
  fraction f = { big_from(mantissa), big_from(1), big_from(1), big_from(1), (mantissa & 1) == 0 };
  uint32_t up = exponent > 0 ? (uint32_t)exponent : 0;
  uint32_t down = exponent < 0 ? (uint32_t)-exponent : 0;
  big_shift(&f.numerator, up + 1 + narrow);
  big_shift(&f.denominator, down + 1 + narrow);
  big_shift(&f.above, up + narrow);
  big_shift(&f.below, up);
  return f;
}

/* True if the fraction with its border above reaches its denominator. */
static bool reaches_one(const fraction *f) {
  big sum = big_sum(&f->numerator, &f->above);
  int order = big_compare(&sum, &f->denominator);
  return f->even ? order >= 0 : order > 0;
}

static bool reaches_below(const fraction *f) {
  int order = big_compare(&f->numerator, &f->below);
  return f->even ? order <= 0 : order < 0;
}

static void fraction_times_ten(fraction *f) {
  big_times(&f->numerator, 10);
  big_times(&f->above, 10);
  big_times(&f->below, 10);
}

/* Scales the fraction into [1/10, 1) and returns the power of ten that was taken out. */
static int take_scale(fraction *f, double value) {
  int point = (int)ceil(log10(value) - 1e-10);
  if (point > 0) {
    big_times_power(&f->denominator, 10, point);
  } else {
    big_times_power(&f->numerator, 10, -point);
    big_times_power(&f->above, 10, -point);
    big_times_power(&f->below, 10, -point);
  }
  while (reaches_one(f)) { /* the estimate may be one too low */
    big_times(&f->denominator, 10);
    point++;
  }
  return point;
}

static int next_digit(fraction *f) {
  int digit = 0;
  fraction_times_ten(f);
  while (big_compare(&f->numerator, &f->denominator) >= 0) {
    big_minus(&f->numerator, &f->denominator);
    digit++;
  }
  return digit;
}

static decimal shortest(double value) {
  fraction f = fraction_of(value);
  decimal result = { 0 };
  result.point = take_scale(&f, value);
  for (;;) {
    int digit = next_digit(&f);
    bool low = reaches_below(&f);
    bool high = reaches_one(&f);
    if (low && high) {
      big twice = big_sum(&f.numerator, &f.numerator);
      digit += big_compare(&twice, &f.denominator) >= 0;
    } else if (high) {
      digit++;
    }
    result.digits[result.n_digits++] = (char)('0' + digit);
    if (low || high || result.n_digits == DIGITS_MAX) {
      return result;
    }
  }
}

/* --- layout --- */

/* Layout as in JavaScript: positional from 1e-7 to below 1e21, otherwise with an exponent. */
static size_t lay_out(const decimal *number, char *text) {
  int n = number->n_digits;
  int point = number->point;
  size_t at = 0;
  if (point > 21 || point < -5) {
    text[at++] = number->digits[0];
    if (n > 1) {
      text[at++] = '.';
      memcpy(text + at, number->digits + 1, (size_t)n - 1);
      at += (size_t)n - 1;
    }
    int exponent = point - 1;
    text[at++] = 'e';
    text[at++] = exponent < 0 ? '-' : '+';
    return at + decimal_write_u64((uint64_t)(exponent < 0 ? -exponent : exponent), text + at);
  }
  if (point <= 0) {
    memcpy(text, "0.000000", 8);
    at = (size_t)(2 - point);
    memcpy(text + at, number->digits, (size_t)n);
    return at + (size_t)n;
  }
  for (int i = 0; i < n || i < point; i++) {
    if (i == point) {
      text[at++] = '.';
    }
    text[at++] = i < n ? number->digits[i] : '0';
  }
  return at;
}

__extension__ typedef unsigned __int128 wide;

/* The same shortest digits for 1e-4 <= value < 2^53, where 128 bits hold everything: the value is m / 2^s, and the
 * fewest decimals are sought with which a whole number stands between the borders of the value. */
static decimal shortest_by_trial(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint64_t m = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
  int s = 1075 - (int)(bits >> 52 & 0x7FF);
  bool even = (m & 1) == 0;
  wide power = 1;
  for (int decimals = 0;; decimals++, power *= 10) {
    wide exact = 4 * (wide)m * power; /* in units of 2^-(s + 2) */
    wide above = 2 * power;
    wide below = m == (uint64_t)1 << 52 ? power : 2 * power;
    wide whole = (exact + ((wide)1 << (s + 1))) >> (s + 2);
    wide near = whole << (s + 2);
    wide distance = near > exact ? near - exact : exact - near;
    wide border = near > exact ? above : below;
    if (distance < border || (even && distance == border)) {
      decimal number = { 0 };
      number.n_digits = (int)decimal_write_u64((uint64_t)whole, number.digits);
      number.point = number.n_digits - decimals;
      return number;
    }
  }
}

/* Numbers with up to three decimals, as scores mostly are. No other decimal of so few digits is nearest to the same
 * double, so these are the shortest. False if value is no such number; it must be positive. */
static bool few_decimals(double value, decimal *ret_number) {
  if (value >= 1e9) {
    return false;
  }
  uint64_t thousandths = (uint64_t)(value * 1000 + 0.5);
  if (thousandths == 0 || (double)thousandths / 1000 != value) {
    return false;
  }
  int decimals = 3;
  for (; thousandths % 10 == 0; thousandths /= 10) {
    decimals--;
  }
  ret_number->n_digits = (int)decimal_write_u64(thousandths, ret_number->digits);
  ret_number->point = ret_number->n_digits - decimals;
  return true;
}

size_t decimal_write_f64(double value, char *ret_text) {
  size_t at = 0;
  if (signbit(value) && value != 0) {
    ret_text[at++] = '-';
    value = -value;
  }
  if (value <= 9007199254740992.0 && value == floor(value)) {
    return at + decimal_write_u64((uint64_t)value, ret_text + at);
  }
  decimal number;
  if (!few_decimals(value, &number)) {
    number = value >= 1e-4 && value < 9007199254740992.0 ? shortest_by_trial(value) : shortest(value);
  }
  return at + lay_out(&number, ret_text + at);
}
