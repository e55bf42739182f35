/* SPDX-License-Identifier: Apache-2.0 */

/* Composition: the eight Arabic pairs by hand, since they are all that Arabic text has; the rest by ICU. */
#include "compose.h"

#include <unicode/unorm2.h>
#include <unicode/utf16.h>

uint32_t compose_hamza(uint32_t base, uint32_t mark) {
  switch (mark) {
  case 0x0653:
    return base == 0x0627 ? 0x0622 : 0;
  case 0x0655:
    return base == 0x0627 ? 0x0625 : 0;
  case 0x0654:
    break;
  default:
    return 0;
  }
  switch (base) {
  case 0x0627:
    return 0x0623;
  case 0x0648:
    return 0x0624;
  case 0x064A:
    return 0x0626;
  case 0x06D5:
    return 0x06C0;
  case 0x06C1:
    return 0x06C2;
  case 0x06D2:
    return 0x06D3;
  default:
    return 0;
  }
}

uint32_t compose_nfc(uint32_t *codes, uint32_t n) {
  UErrorCode status = U_ZERO_ERROR;
  const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
  UChar before[2 * COMPOSE_MAX];
  UChar after[8 * COMPOSE_MAX]; /* NFC at most triples UTF-16 */
  int32_t n_before = 0;
  for (uint32_t i = 0; i < n; i++) {
    U16_APPEND_UNSAFE(before, n_before, codes[i]);
  }
  int32_t n_after = unorm2_normalize(nfc, before, n_before, after, 8 * COMPOSE_MAX, &status);
  if (U_FAILURE(status)) {
    return n;
  }
  uint32_t n_codes = 0;
  uint32_t composed[COMPOSE_MAX];
  for (int32_t i = 0; i < n_after;) {
    UChar32 code;
    U16_NEXT_UNSAFE(after, i, code);
    if (n_codes == COMPOSE_MAX) {
      return n; /* does not fit: the text stays decomposed rather than cut */
    }
    composed[n_codes++] = (uint32_t)code;
  }
  for (uint32_t i = 0; i < n_codes; i++) {
    codes[i] = composed[i];
  }
  return n_codes;
}
