/* SPDX-License-Identifier: Apache-2.0 */

/* One loop by groups of four; strict, so that a test means the bytes it seems to mean. */
#include "command/case_base64.h"

#include <string.h>

/* 0 to 63, or -1. */
static int value_of(char letter) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = letter != '\0' ? strchr(letters, letter) : NULL;
  return at != NULL ? (int)(at - letters) : -1;
}

bool case_base64_valid(const char *text) {
  size_t len = strlen(text);
  size_t filling = len > 0 && text[len - 1] == '=' ? (len > 1 && text[len - 2] == '=' ? 2 : 1) : 0;
  for (size_t i = 0; i < len - filling; i++) {
    if (value_of(text[i]) < 0) {
      return false;
    }
  }
  return len % 4 == 0;
}

size_t case_base64_decode(const char *text, uint8_t *ret_bytes) {
  size_t n = 0;
  for (; text[0] != '\0'; text += 4) {
    uint32_t group = 0;
    int n_letters = 0;
    for (int i = 0; i < 4; i++) {
      int value = value_of(text[i]);
      n_letters += value >= 0;
      group = group << 6 | (value >= 0 ? (uint32_t)value : 0);
    }
    for (int i = 0; i < n_letters - 1; i++) {
      ret_bytes[n++] = (uint8_t)(group >> (16 - 8 * i));
    }
  }
  return n;
}
