/* SPDX-License-Identifier: Apache-2.0 */

/* The layers every pipeline knows: names, column indices, symbol values.
 * Generated from layers.json by tools/generate-layers; do not edit. */
#ifndef QANAT_LAYERS_H
#define QANAT_LAYERS_H

/* block/1: A paragraph, line or other unit of the page, with the part it plays. */
#define QN_LAYER_BLOCK "block/1"
enum {
  QN_BLOCK_ROLE = 0, /* symbol (uint32_t): furniture is what is not the article: menus, prompts, notices; duplicate is a repeated paragraph */
  QN_BLOCK_OF = 1, /* ref to block/1 (uint32_t): duplicate: the block it repeats */
  QN_BLOCK_N_COLUMNS = 2
};
enum {
  QN_BLOCK_ROLE_PARAGRAPH = 0,
  QN_BLOCK_ROLE_HEADING = 1,
  QN_BLOCK_ROLE_TITLE = 2,
  QN_BLOCK_ROLE_BYLINE = 3,
  QN_BLOCK_ROLE_CAPTION = 4,
  QN_BLOCK_ROLE_LIST = 5,
  QN_BLOCK_ROLE_FURNITURE = 6,
  QN_BLOCK_ROLE_DUPLICATE = 7
};

/* sentence/1: A sentence, with the quotation mark that closes it. */
#define QN_LAYER_SENTENCE "sentence/1"
enum {
  QN_SENTENCE_KIND = 0, /* symbol (uint32_t): a sub-heading is a unit of its own */
  QN_SENTENCE_N_COLUMNS = 1
};
enum {
  QN_SENTENCE_KIND_SENTENCE = 0,
  QN_SENTENCE_KIND_HEADING = 1
};

/* token/1: A whole word, number, punctuation mark or symbol. */
#define QN_LAYER_TOKEN "token/1"
enum {
  QN_TOKEN_KIND = 0, /* symbol (uint32_t): address: URL, e-mail, handle, hashtag */
  QN_TOKEN_SCRIPT = 1, /* symbol (uint32_t): of its letters */
  QN_TOKEN_FORM = 2, /* str (qn_heap_str): the match key: lower case, without diacritics and tatweel, alef, ya and ta marbuta folded */
  QN_TOKEN_N_COLUMNS = 3
};
enum {
  QN_TOKEN_KIND_WORD = 0,
  QN_TOKEN_KIND_NUMBER = 1,
  QN_TOKEN_KIND_PUNCTUATION = 2,
  QN_TOKEN_KIND_SYMBOL = 3,
  QN_TOKEN_KIND_ADDRESS = 4
};
enum {
  QN_TOKEN_SCRIPT_NONE = 0,
  QN_TOKEN_SCRIPT_ARABIC = 1,
  QN_TOKEN_SCRIPT_LATIN = 2,
  QN_TOKEN_SCRIPT_OTHER = 3,
  QN_TOKEN_SCRIPT_MIXED = 4
};

/* part/1: A piece of a token that has clitics attached; the pieces of one token cover it. */
#define QN_LAYER_PART "part/1"
enum {
  QN_PART_TOKEN = 0, /* ref to token/1 (uint32_t): the whole */
  QN_PART_KIND = 1, /* symbol (uint32_t): the article stays with the stem */
  QN_PART_N_COLUMNS = 2
};
enum {
  QN_PART_KIND_PROCLITIC = 0,
  QN_PART_KIND_STEM = 1,
  QN_PART_KIND_ENCLITIC = 2
};

/* entity/1: A mention of a named thing or a value, without attached clitics and generic heads. */
#define QN_LAYER_ENTITY "entity/1"
enum {
  QN_ENTITY_TYPE = 0, /* symbol (uint32_t): what it names */
  QN_ENTITY_LINK = 1, /* str (qn_heap_str): the English canonical name shared by all spellings */
  QN_ENTITY_SCORE = 2, /* f64 (double): confidence, 0 to 1 */
  QN_ENTITY_AMOUNT = 3, /* f64 (double): MONEY, PERCENT, QUANTITY: the number; of a range, the lower end */
  QN_ENTITY_AMOUNT_MAX = 4, /* f64 (double): the upper end of a range */
  QN_ENTITY_UNIT = 5, /* str (qn_heap_str): MONEY: ISO 4217 code; QUANTITY: unit or counted noun */
  QN_ENTITY_DATE = 6, /* str (qn_heap_str): DATE: ISO 8601, --MM or --MM-DD without a year; absent if relative */
  QN_ENTITY_RESOLVED = 7, /* str (qn_heap_str): DATE: a relative date resolved against the publication date */
  QN_ENTITY_MODIFIER = 8, /* str (qn_heap_str): approximator left out of the span: about, over, under */
  QN_ENTITY_N_COLUMNS = 9
};
enum {
  QN_ENTITY_TYPE_PERSON = 0,
  QN_ENTITY_TYPE_ORGANIZATION = 1,
  QN_ENTITY_TYPE_LOCATION = 2,
  QN_ENTITY_TYPE_PRODUCT = 3,
  QN_ENTITY_TYPE_EVENT = 4,
  QN_ENTITY_TYPE_MONEY = 5,
  QN_ENTITY_TYPE_PERCENT = 6,
  QN_ENTITY_TYPE_DATE = 7,
  QN_ENTITY_TYPE_QUANTITY = 8
};

/* quote/1: Quoted speech, without its quotation marks. */
#define QN_LAYER_QUOTE "quote/1"
enum {
  QN_QUOTE_SPEAKER = 0, /* str (qn_heap_str): who said it, as named in the text or by its link */
  QN_QUOTE_ENTITY = 1, /* ref to entity/1 (uint32_t): the mention of the speaker */
  QN_QUOTE_N_COLUMNS = 2
};

/* keyphrase/1: A phrase that says what the document is about, at its first place. */
#define QN_LAYER_KEYPHRASE "keyphrase/1"
enum {
  QN_KEYPHRASE_TEXT = 0, /* str (qn_heap_str): its most usual form */
  QN_KEYPHRASE_SCORE = 1, /* f64 (double): weight, 0 to 1 */
  QN_KEYPHRASE_N_COLUMNS = 2
};

/* summary/1: A sentence of the summary, in the order of the text. Its spans may cross breaks. */
#define QN_LAYER_SUMMARY "summary/1"
enum {
  QN_SUMMARY_SENTENCE = 0, /* ref to sentence/1 (uint32_t): where it was taken from; none if it was written anew */
  QN_SUMMARY_TEXT = 1, /* str (qn_heap_str): as it reads in the summary */
  QN_SUMMARY_SCORE = 2, /* f64 (double): weight, 0 to 1 */
  QN_SUMMARY_N_COLUMNS = 3
};

#endif
