/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a number written in digits: ASCII, Arabic-Indic or Persian, with decimals and thousands. What "2.140" means
 * depends on the document, so both readings are given. */
#include "item.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <math.h>

enum { GROUPS_MAX = 8, DIGITS_MAX = 18 };

/* The digits between two separators. */
typedef struct group {
  double value;
  uint32_t n_digits;
  uint32_t separator; /* before it, folded: ',', '.', 0x66B (certainly decimal), 0x66C (certainly thousands) */
} group;

typedef struct reader {
  const uint8_t *text;
  uint32_t end;
  uint32_t at;
} reader;

static uint32_t peek(const reader *r, uint32_t at, uint32_t *ret_next) {
  if (at >= r->end) {
    *ret_next = at;
    return 0;
  }
  uint32_t code = utf8_next(r->text, &at);
  *ret_next = at;
  return code;
}

static int read_group(reader *r, group *ret_group) {
  group g = { 0 };
  uint32_t next = 0;
  int digit = letters_digit(peek(r, r->at, &next));
  while (digit >= 0) {
    if (g.n_digits < DIGITS_MAX) {
      g.value = g.value * 10 + digit;
    }
    g.n_digits++;
    r->at = next;
    digit = letters_digit(peek(r, r->at, &next));
  }
  ret_group->value = g.value;
  ret_group->n_digits = g.n_digits;
  return g.n_digits > 0;
}

/* A separator with a digit behind it; 0 if the number ends here. */
static uint32_t read_separator(reader *r) {
  uint32_t next = 0;
  uint32_t after = 0;
  uint32_t code = peek(r, r->at, &next);
  if (code != ',' && code != '.' && code != 0x66B && code != 0x66C && code != 0x60C && code != 0xA0 && code != 0x202F) {
    return 0;
  }
  if (letters_digit(peek(r, next, &after)) < 0) {
    return 0;
  }
  if (code == 0xA0 || code == 0x202F) { /* "10 000" with a fixed space: thousands, or two numbers */
    reader ahead = { r->text, r->end, next };
    group g;
    if (!read_group(&ahead, &g) || g.n_digits != 3) {
      return 0;
    }
    code = 0x66C;
  }
  r->at = next;
  return code == 0x60C ? ',' : code;
}

/* "1 500 000": how many groups of three digits follow, each behind one space; the normalized view has no fixed spaces. */
static uint32_t spaced_groups(const reader *from) {
  reader r = *from;
  uint32_t n = 0;
  uint32_t next = 0;
  while (r.at < r.end && r.text[r.at] == ' ' && letters_digit(peek(&r, r.at + 1, &next)) >= 0) {
    group g;
    r.at++;
    if (!read_group(&r, &g) || g.n_digits != 3 || ++n == GROUPS_MAX) {
      return 0; /* "12 500 20": numbers in a row, of which there may be many */
    }
  }
  uint32_t code = peek(&r, r.at, &next);
  if (code == '/' || code == '-' || code == ':') {
    return 0;
  }
  /* One group alone may be a number of its own, as in "آيفون 17 256 غيغابايت". */
  return n > 1 || (n == 1 && r.text[r.at - 1] == '0' && r.text[r.at - 2] == '0') ? n : 0;
}

static double decimals(const group *g) {
  return g->value / pow(10, g->n_digits < DIGITS_MAX ? g->n_digits : DIGITS_MAX);
}

static int parts_thousands(const group *g) {
  return g->separator != 0x66B && g->n_digits == 3;
}

/* "12,345,678" and "1.234,5": all groups but perhaps the last part thousands. */
static void many_groups(const group *groups, uint32_t n_groups, value_number *number) {
  double value = groups[0].value;
  uint32_t n_digits = groups[0].n_digits;
  uint32_t n = n_groups;
  const group *last = &groups[n_groups - 1];
  if (last->separator != groups[1].separator && last->separator != 0x66C) {
    n--;
    number->flags |= NUMBER_DECIMAL;
  }
  for (uint32_t i = 1; i < n; i++) {
    if (!parts_thousands(&groups[i]) || groups[i].separator != groups[1].separator) {
      number->flags |= NUMBER_BAD;
    }
    value = value * 1000 + groups[i].value;
    n_digits += groups[i].n_digits;
  }
  value += n < n_groups ? decimals(last) : 0;
  number->amount = number->grouped = value;
  number->n_digits = (uint8_t)(n_digits < 255 ? n_digits : 255);
  number->flags |= NUMBER_GROUPED | (groups[0].n_digits > 3 ? NUMBER_BAD : 0);
}

static void two_groups(const group *groups, value_number *number) {
  const group *last = &groups[1];
  number->amount = groups[0].value + decimals(last);
  number->grouped = groups[0].value * 1000 + last->value;
  if (last->separator == 0x66C) {
    number->amount = number->grouped;
    number->flags |= NUMBER_GROUPED | (last->n_digits != 3 ? NUMBER_BAD : 0);
  } else if (!parts_thousands(last) || groups[0].n_digits > 3 || groups[0].value == 0) {
    number->grouped = number->amount;
    number->flags |= NUMBER_DECIMAL;
  }
  number->flags |= last->separator == '.' ? NUMBER_DOT : last->separator == ',' ? NUMBER_COMMA : 0;
}

uint32_t digits_read(const uint8_t *text, uint32_t begin, uint32_t end, value_number *ret_number) {
  reader r = { text, end, begin };
  group groups[GROUPS_MAX];
  uint32_t n_groups = 0;
  value_number number = { 0 };
  uint32_t separator = 0;
  uint32_t n_spaced = 0;
  do {
    if (n_groups == GROUPS_MAX) {
      number.flags |= NUMBER_BAD;
      n_groups--;
    }
    groups[n_groups].separator = separator;
    read_group(&r, &groups[n_groups]);
    n_groups++;
    separator = read_separator(&r);
    if (n_groups == 1 && separator == 0 && groups[0].n_digits <= 3 && groups[0].value > 0) {
      n_spaced = spaced_groups(&r);
    }
    if (n_spaced > 0 && separator == 0) {
      n_spaced--;
      r.at++;
      separator = 0x66C;
    }
  } while (separator != 0);

  number.n_digits = (uint8_t)(groups[0].n_digits < 255 ? groups[0].n_digits : 255);
  if (groups[0].n_digits > DIGITS_MAX) {
    number.flags |= NUMBER_BAD;
  }
  if (n_groups == 1) {
    number.amount = number.grouped = groups[0].value;
    number.flags |= NUMBER_PLAIN;
  } else if (n_groups == 2) {
    two_groups(groups, &number);
  } else {
    many_groups(groups, n_groups, &number);
  }
  *ret_number = number;
  return r.at;
}
