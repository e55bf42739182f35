/* SPDX-License-Identifier: Apache-2.0 */

/* The match key of a word or phrase: what two spellings of one name have in common.
 *
 * Keys are for comparing, never for showing. The lexicon compiler and the stages call the same function, so that
 * both sides fold alike; it needs nothing but libc and depends on no locale. What it does:
 *
 *   removed   harakat, Quranic signs, combining accents and hamza, tatweel, bidi and zero-width characters,
 *             soft hyphens, control characters (tab and line ends become a space)
 *   alef      أ إ آ ٱ ٲ ٳ -> ا
 *   hamza     ؤ -> و, ئ -> ي; ء on the line stays, since dropping it would join different words
 *   ends      ى -> ي, ة -> ه
 *   Persian   ک ڪ -> ك, ی ے ې -> ي, ہ ھ ە ۀ ۃ -> ه; the letters for sounds that Arabic lacks become what newspapers
 *             write instead: پ -> ب, چ ژ -> ج, ڤ ڥ -> ف, گ -> غ
 *   shapes    presentation forms -> letters (ﻻ -> لا, ﷲ -> الله), full-width and ligature Latin -> Latin
 *   case      lower, in Latin, Greek and Cyrillic; accents removed (é -> e, ß -> ss, ø -> o, æ -> ae, ı -> i)
 *   digits    Arabic-Indic, Persian and any other -> ASCII; ٪ -> %, ٫ -> ., ٬ -> ,
 *   marks     ’ ‘ ʼ ′ -> ', any hyphen or dash -> -, any space -> one ASCII space each (runs are not collapsed)
 *
 * Everything else, bytes that are no UTF-8 included, is copied. Folding a key again changes nothing. */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include <stddef.h>
#include <stdint.h>

/* The room that a key of len bytes may need: only ligatures grow, ﷲ (3 bytes) most, to 8. For text without
 * presentation forms, as normalize leaves it, the key is never longer than the text. */
#define FOLD_BOUND(len) (3 * (size_t)(len))

/* Writes the key of text[0..len) to out, which has room for FOLD_BOUND(len) bytes and may be text itself only if
 * that has no presentation forms. Returns the key's length, 0 if nothing of the text is left. */
size_t fold_key(const uint8_t *text, size_t len, uint8_t *out);

/* The folded form of a code point that has one of a single character; the code point itself otherwise; 0 if folding
 * removes it. */
uint32_t fold_code(uint32_t code);

#endif
