/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of tokenize: where tokens begin and end, and what they are. */
#ifndef TOKENIZE_CUT_H
#define TOKENIZE_CUT_H

#include <stdint.h>

/* One token. kind and script are those of token/1 (QN_TOKEN_KIND_*, QN_TOKEN_SCRIPT_*). */
typedef struct cut_token {
  uint32_t begin;
  uint32_t end;
  uint32_t kind;
  uint32_t script;
} cut_token;

/* The first token in text[pos..end), which is valid UTF-8 without a break inside. 0 if there is none. Every call looks
 * at each byte of the token, and of the white space before it, a bounded number of times.
 *
 *   words      runs of Arabic letters and marks; runs of other letters and digits, joined by what names have inside:
 *              U.S. AT&T SK-Hynix O'Neil GPT-4.5 910D C++; 's is a word of its own. Where Arabic and other letters or digits meet without a space,
 *              the token ends: وNvidia is و and Nvidia, 20مليار is a number and a word
 *   numbers    digits of any script with . , ٫ ٬ between digits; a unit glued to it is a token of its own (3nm), a
 *              letter of a model is not (5G)
 *   addresses  URLs, e-mails, @handles and #hashtags as a whole
 *   the rest   one token a mark, but a run of one mark repeated (... !!! ---) is one token, and so is an emoji sequence.
 *              Scripts written without spaces are cut a character (Han) or a run (Thai, Kana) at a time */
int cut_next(const uint8_t *text, uint32_t pos, uint32_t end, cut_token *ret_token);

#endif
