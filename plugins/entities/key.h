/* SPDX-License-Identifier: Apache-2.0 */

/* Keys of names: hashes that can be put together and taken apart, so that a phrase, a word without its clitics and a
 * word that was divided otherwise are all compared without writing a string.
 *
 * A key is the polynomial hash of the letters and digits of a folded form (text/fold.h); spaces, hyphens, points and
 * other punctuation do not count ("J.P. Morgan" is "jp morgan" is "jpmorgan"), but '+' does ("OPEC+"). Folded forms
 * are hashed byte by byte. */
#ifndef ENTITIES_KEY_H
#define ENTITIES_KEY_H

#include <stddef.h>
#include <stdint.h>

/* The longest key in bytes that is told apart; nothing longer is a name. */
enum { KEY_BYTES_MAX = 160 };

typedef struct key {
  uint64_t hash;
  uint32_t len; /* bytes hashed; over KEY_BYTES_MAX: the key matches nothing */
} key;

/* KEY_BASE to the powers 0 … KEY_BYTES_MAX. */
extern const uint64_t key_powers[KEY_BYTES_MAX + 1];

/* The key of a folded form. */
key key_of(const char *form, size_t len);

/* The key of a's form followed by b's. */
static inline key key_join(key a, key b) {
  key joined = { 0, KEY_BYTES_MAX + 1 };
  if (a.len + b.len <= KEY_BYTES_MAX) {
    joined.hash = a.hash * key_powers[b.len] + b.hash;
    joined.len = a.len + b.len;
  }
  return joined;
}

/* The key of what follows prefix in a form that begins with it. */
static inline key key_after(key whole, key prefix) {
  key rest = { 0, KEY_BYTES_MAX + 1 };
  if (whole.len <= KEY_BYTES_MAX && prefix.len <= whole.len) {
    rest.len = whole.len - prefix.len;
    rest.hash = whole.hash - prefix.hash * key_powers[rest.len];
  }
  return rest;
}

/* What a table stores of a key: never 0. */
static inline uint64_t key_print(key k) {
  uint64_t x = k.hash ^ (uint64_t)k.len * 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
  x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
  x ^= x >> 32;
  return x != 0 ? x : 1;
}

#endif
