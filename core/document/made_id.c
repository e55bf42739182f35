/* SPDX-License-Identifier: Apache-2.0 */

/* Ids out of origins and ordinals. */
#include "document/made_id.h"

#include <string.h>

enum { ORIGIN_MAX = MADE_ID_MAX - 48, HASH_DIGITS = 16 };

/* 64 bits of FNV-1a: only to keep long names apart. */
static uint64_t hash_of(qn_str text) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < text.len; i++) {
    hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

static size_t put_hash(qn_str origin, char *id) {
  uint64_t hash = hash_of(origin);
  for (size_t i = 0; i < HASH_DIGITS; i++, hash <<= 4) {
    id[i] = "0123456789abcdef"[hash >> 60];
  }
  id[HASH_DIGITS] = ':';
  return HASH_DIGITS + 1;
}

static size_t put_number(uint64_t number, char *id) {
  char digits[20];
  size_t n_digits = 0, len = 0;
  do {
    digits[n_digits++] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (n_digits > 0) {
    id[len++] = digits[--n_digits];
  }
  return len;
}

size_t made_id(qn_str origin, uint64_t ordinal, char ret_id[MADE_ID_MAX]) {
  size_t len = 0;
  if (origin.len > ORIGIN_MAX) {
    len = put_hash(origin, ret_id);
    size_t from = origin.len - ORIGIN_MAX;
    while (from < origin.len && ((unsigned char)origin.data[from] & 0xC0) == 0x80) {
      from++;
    }
    origin = (qn_str){ origin.data + from, origin.len - from };
  }
  if (origin.len > 0) {
    memcpy(ret_id + len, origin.data, origin.len);
    len += origin.len;
  }
  ret_id[len++] = '#';
  return len + put_number(ordinal, ret_id + len);
}
