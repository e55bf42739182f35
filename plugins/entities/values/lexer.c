/* SPDX-License-Identifier: Apache-2.0 */

/* Turns text into the items that the grammars read: words looked up, numbers read, marks.
 *
 * Tokens say where words may begin and end. Inside of a token the text decides: "$57bn" is a mark, a number and a word
 * in whatever way it was divided, and a phrase of the tables ("كانون الثاني") is one item over several tokens. */
#include "item.h"
#include "qanat/layers.h"
#include "text/fold.h"
#include "text/lent.h"
#include "text/letters.h"
#include "text/utf8.h"

#include <errno.h>
#include <string.h>

enum {
  FORM_MAX_BYTES = 48, /* no word of the tables is longer; a longer one is unknown */
  RUN_MAX_BYTES = FORM_MAX_BYTES * 2
};

/* The longest of the words that are letters and digits: "1990s". */
enum { WHOLE_MAX_BYTES = 6 };

/* A word as the lexer sees it: a run of letters, with its folded form. */
typedef struct run {
  uint32_t begin;
  uint32_t end;
  uint32_t len; /* of form; 0 if the word is too long to be known */
  const uint8_t *form;
  uint8_t buffer[FOLD_BOUND(RUN_MAX_BYTES)];
} run;

typedef struct lexer {
  value_scratch *scratch;
  const qn_layer *tokens;
  const uint8_t *text;
  uint32_t token; /* the one that at is in */
  uint32_t at;
  uint32_t token_end;
  uint32_t last_end;   /* of the item before */
  uint32_t next_break; /* index of the first break not yet passed */
  uint32_t goes_on;    /* not 0: of the word being looked up, phrases were followed */
} lexer;

static int is_letter(uint32_t code) {
  uint32_t kind = letters_kind(code);
  return kind == LETTERS_LETTER || kind == LETTERS_MARK || kind == LETTERS_TATWEEL || kind == LETTERS_FORMAT;
}

static int is_alnum(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || (uint8_t)((byte | 0x20) - 'a') <= 'z' - 'a';
}

static uint32_t letters_end(const uint8_t *text, uint32_t begin, uint32_t end) {
  uint32_t at = letters_arabic_run(text, begin, end);
  while (at < end) {
    uint32_t next = at;
    uint8_t byte = text[at];
    if (byte < 0x80) {
      if ((uint8_t)((byte | 0x20) - 'a') > 'z' - 'a') {
        break;
      }
      at++;
      continue;
    }
    if (!is_letter(utf8_next(text, &next))) {
      break;
    }
    at = next;
  }
  return at;
}

static void run_fold(lexer *lex, run *r) {
  r->form = r->buffer;
  r->len = 0;
  if (r->end - r->begin <= RUN_MAX_BYTES) {
    r->len = (uint32_t)fold_key(lex->text + r->begin, r->end - r->begin, r->buffer);
  }
}

/* --- pushing items --- */

/* FRESH if a line end or a cut lies between the last item and begin, GLUED if nothing does. */
static uint8_t gap_flags(lexer *lex, uint32_t begin) {
  const qn_view *view = &lex->scratch->view;
  uint8_t flags = begin == lex->last_end ? ITEM_GLUED : 0;
  for (uint32_t at = lex->last_end; at < begin; at++) {
    if (lex->text[at] == '\n') {
      flags = ITEM_FRESH;
      break;
    }
  }
  while (lex->next_break < view->n_breaks && view->breaks[lex->next_break] <= begin) {
    flags = ITEM_FRESH;
    lex->next_break++;
  }
  return lex->scratch->n_items == 0 ? ITEM_FRESH : flags;
}

static int item_push(lexer *lex, uint32_t kind, uint32_t begin, uint32_t end, value_item **ret_item) {
  value_scratch *s = lex->scratch;
  uint32_t n_taken = s->n_items + ITEMS_BEFORE + ITEMS_AFTER;
  if (n_taken >= s->items_capacity) {
    void *items = s->items;
    int fault = lent_room(s->host, s->env, &items, &s->items_capacity, n_taken + 1, sizeof(*s->items));
    s->items = items;
    if (fault != 0) {
      return fault;
    }
  }
  value_item *item = &s->items[ITEMS_BEFORE + s->n_items];
  *item = (value_item){ .begin = begin, .end = end, .kind = (uint8_t)kind, .flags = gap_flags(lex, begin) };
  lex->last_end = end;
  s->n_items++;
  *ret_item = item;
  return 0;
}

/* --- looking words up --- */

/* One way to read a word: without n_bytes of proclitics. */
typedef struct reading {
  uint32_t n_bytes; /* of the form, before the word or its article */
  uint32_t article; /* bytes of the article */
  uint8_t flags;
} reading;

#define ALEF_LAM "\xD8\xA7\xD9\x84"
#define LAM "\xD9\x84"
#define WAW "\xD9\x88"
#define FA "\xD9\x81"
#define BA "\xD8\xA8"
#define KAF "\xD9\x83"

static int at_letter(const run *r, uint32_t at, const char *letter) {
  return r->len >= at + 2 && memcmp(r->form + at, letter, 2) == 0;
}

/* The readings of an Arabic word besides the word as it stands: و ف, then ب ل ك, then the article. */
static uint32_t readings_list(const run *r, reading *readings) {
  uint32_t n = 0;
  uint32_t at = 0;
  uint8_t flags = 0;
  for (uint32_t step = 0; step < 3; step++) {
    if (step > 0) {
      readings[n++] = (reading){ at, 0, flags };
    }
    if (r->len >= at + 8 && memcmp(r->form + at, ALEF_LAM, 4) == 0) {
      readings[n++] = (reading){ at, 4, flags | ITEM_AL };
      break; /* nothing is a proclitic before the article but what was taken off */
    }
    if (step > 0 && (flags & ITEM_BY) != 0) {
      break;
    }
    if (step == 0 && r->len >= 6 && (at_letter(r, 0, WAW) || at_letter(r, 0, FA))) {
      flags |= ITEM_AND;
      at += 2;
    } else if (r->len >= at + 6 && (at_letter(r, at, BA) || at_letter(r, at, LAM) || at_letter(r, at, KAF))) {
      flags |= ITEM_BY;
      if (at_letter(r, at, LAM) &&
          at_letter(r, at + 2, LAM)) { /* للدولار: the article has lost its alef, and stays outside with its ل */
        readings[n++] = (reading){ at + 4, 0, flags | ITEM_AL };
        break;
      }
      at += 2;
    } else {
      break;
    }
  }
  return n;
}

/* The form's first n_bytes as bytes of the text: folding drops marks, so letters are counted. */
static uint32_t text_offset(const lexer *lex, const run *r, uint32_t n_bytes) {
  uint32_t at = r->begin;
  uint32_t n_letters = n_bytes / 2;
  while (n_letters > 0 && at < r->end) {
    n_letters -= fold_code(utf8_next(lex->text, &at)) != 0;
  }
  while (at < r->end) { /* marks and tatweel stay with the letter before */
    uint32_t next = at;
    if (fold_code(utf8_next(lex->text, &next)) != 0) {
      break;
    }
    at = next;
  }
  return at;
}

/* The run that follows, if a phrase may go on with it: in this line, after space or nothing. */
static int next_piece(const lexer *lex, uint32_t at, run *ret_run) {
  const qn_view *view = &lex->scratch->view;
  uint32_t end = view->len;
  if (lex->next_break < view->n_breaks && view->breaks[lex->next_break] < end) {
    end = view->breaks[lex->next_break];
  }
  uint32_t begin = at;
  while (at < end && lex->text[at] == ' ') {
    at++;
  }
  if (at >= end) {
    return 0;
  }
  ret_run->begin = at;
  ret_run->end = letters_end(lex->text, at, end);
  if (lex->text[at] == '$' && at != begin) {
    return 0; /* "A$5" is Australian, "a $5 bill" is not */
  }
  if (ret_run->end == at && (lex->text[at] == '/' || lex->text[at] == '.' || lex->text[at] == '$')) {
    ret_run->end = at + 1;
  }
  return ret_run->end > at;
}

/* Follows a phrase as far as the tables know it. Returns the place of the longest that means something. */
static uint32_t phrase_follow(lexer *lex, uint64_t hash, uint32_t place, uint32_t end, uint32_t *ret_end,
                              uint32_t *ret_n_words) {
  uint32_t best = place & ~VALUE_PLACE_ON;
  uint32_t n_words = 1;
  *ret_end = end;
  *ret_n_words = 1;
  lex->goes_on |= place & VALUE_PLACE_ON;
  while ((place & VALUE_PLACE_ON) != 0) {
    run next;
    if (!next_piece(lex, end, &next)) {
      break;
    }
    run_fold(lex, &next);
    hash = hash_word(hash, next.form, next.len);
    place = value_place(hash);
    end = next.end;
    n_words++;
    if ((place & ~VALUE_PLACE_ON) != 0) {
      best = place & ~VALUE_PLACE_ON;
      *ret_end = end;
      *ret_n_words = n_words;
    }
  }
  return best;
}

/* Looks up one reading. Returns its place, and sets where the phrase ends. */
static uint32_t reading_find(lexer *lex, const run *r, const reading *as, uint32_t *ret_end, uint32_t *ret_n_words) {
  uint32_t skip = as->n_bytes + as->article;
  uint64_t hash = hash_word(HASH_SEED, r->form + skip, r->len - skip);
  uint32_t place = value_place(hash);
  return place != 0 ? phrase_follow(lex, hash, place, r->end, ret_end, ret_n_words) : 0;
}

/* A short number that clitics were taken off is rather a part of the word: كمية, لست, بثمن. */
static int is_cut_number(const run *r, const reading *as, uint32_t place) {
  enum { SHORT_BYTES = 6 };
  const value_word *word = &value_words[place];
  return (as->flags & ITEM_BY) != 0 && as->article == 0 && r->len - as->n_bytes <= SHORT_BYTES &&
         (word->senses & SENSE_NUMERAL) != 0 && at_letter(r, as->n_bytes - 2, KAF);
}

static uint8_t unknown_flags(const run *r) {
  return at_letter(r, 0, WAW) || at_letter(r, 0, FA) ? ITEM_FIRST_WA : 0;
}

/* Pushes a word that ends, with its phrase, at end. */
static int word_push(lexer *lex, const run *r, const value_kept *word, uint32_t end, uint32_t n_words) {
  value_item *item = NULL;
  int fault = item_push(lex, ITEM_WORD, r->begin, end, &item);
  if (fault == 0) {
    item->ref = word->ref;
    item->n_words = (uint8_t)n_words;
    item->flags |= word->flags | (lex->text[r->begin] < 0x80 ? ITEM_LATIN : 0);
    item->letters = word->letters;
    if (word->n_bytes > 0) {
      item->begin = text_offset(lex, r, word->n_bytes);
    }
    lex->at = end;
  }
  return fault;
}

/* What is said of a word that the tables do not know; last is the reading with most taken off. */
static value_kept unknown_word(const run *r, const reading *last) {
  return (value_kept){
    .flags = (uint8_t)(unknown_flags(r) | (last->flags & ITEM_AL)),
    .letters = (uint8_t)(r->len / 2 < 255 ? r->len / 2 : 255),
  };
}

/* "وأحد عشر" is one once it is folded (واحد), but و and eleven by its next word: the reading without و counts if a phrase goes on
 * with it. Returns place if none does. */
static uint32_t longer_find(lexer *lex, const run *r, const reading *as, uint32_t place, const reading **ret_as,
                            uint32_t *ret_end, uint32_t *ret_n_words) {
  uint32_t end = 0;
  uint32_t n_words = 0;
  uint32_t longer = reading_find(lex, r, as, &end, &n_words);
  if (longer == 0 || n_words < 2) {
    return place;
  }
  *ret_as = as;
  *ret_end = end;
  *ret_n_words = n_words;
  return longer;
}

/* Finds the first reading that the tables know. Returns its place; sets the reading, and where it ends. */
static uint32_t word_find(lexer *lex, const run *r, reading *readings, uint32_t n_readings, const reading **ret_as,
                          uint32_t *ret_end, uint32_t *ret_n_words) {
  for (uint32_t i = 0; i < n_readings; i++) {
    uint32_t place = reading_find(lex, r, &readings[i], ret_end, ret_n_words);
    if (place != 0 && !is_cut_number(r, &readings[i], place)) {
      *ret_as = &readings[i];
      return i == 0 && n_readings > 1 && *ret_n_words == 1 && at_letter(r, 0, WAW)
                 ? longer_find(lex, r, &readings[1], place, ret_as, ret_end, ret_n_words)
                 : place;
    }
  }
  *ret_end = r->end;
  *ret_n_words = 1;
  return 0;
}

/* Looks a word up in all its readings; what is found is kept as hash in pair. */
static int word_look_up(lexer *lex, const run *r, uint64_t hash, value_kept *pair) {
  reading readings[8] = { { 0, 0, 0 } };
  uint32_t n_readings = 1;
  const reading *as = &readings[0];
  uint32_t end = r->end;
  uint32_t n_words = 1;
  uint32_t place = 0;
  lex->goes_on = 0;
  if (r->len > 0 && r->len <= FORM_MAX_BYTES) {
    n_readings += lex->text[r->begin] < 0x80 ? 0 : readings_list(r, readings + 1);
    place = word_find(lex, r, readings, n_readings, &as, &end, &n_words);
  }
  value_kept word = place == 0
                        ? unknown_word(r, &readings[n_readings - 1])
                        : (value_kept){ .ref = (uint16_t)place, .n_bytes = (uint8_t)as->n_bytes, .flags = as->flags };
  if (lex->goes_on == 0) {
    word.hash = hash;
    pair[1] = pair[0];
    pair[0] = word;
  }
  return word_push(lex, r, &word, end, n_words);
}

static int word_lex(lexer *lex, const run *r) {
  uint64_t hash = hash_word(HASH_SEED, r->form, r->len);
  value_kept *pair = lex->scratch->kept[(hash >> 32) % KEPT_PLACES];
  for (uint32_t way = 0; way < 2; way++) {
    if (pair[way].hash == hash && hash != 0) {
      return word_push(lex, r, &pair[way], r->end, 1);
    }
  }
  return word_look_up(lex, r, hash, pair);
}

/* --- numbers --- */

/* True if the letters glued before digits are proclitics, and no model's name: "بـ25", "و300", "ال57". */
static int is_clitic_run(const lexer *lex, const value_item *item) {
  if (item->kind != ITEM_WORD || item->letters > 3 || (item->ref != 0 && !item_links(item, LINK_AND))) {
    return 0;
  }
  for (uint32_t at = item->begin; at < item->end;) {
    uint32_t code = fold_code(utf8_next(lex->text, &at));
    if (code != 0 && code != 0x648 && code != 0x641 && code != 0x628 && code != 0x644 && code != 0x643 &&
        code != 0x627) {
      return 0;
    }
  }
  return 1;
}

/* Digits glued to a Latin word, or by a hyphen to any word, belong to a name: H100, F-35, كوفيد-19. */
static int is_part_of_name(const lexer *lex, const value_item *number) {
  const value_item *before = number - 1;
  if (!item_is_glued(number)) {
    return 0;
  }
  if (before->kind == ITEM_WORD) {
    return !(item_has(before, SENSE_CURRENCY | SENSE_PERCENT) || is_clitic_run(lex, before) ||
             ((before->flags & ITEM_LATIN) == 0 && item_has(before, SENSE_LINK | SENSE_NUMERAL)));
  }
  if (before->kind != ITEM_MARK) {
    return 1;
  }
  const value_item *named = before - 1;
  return item_is_mark(before, '-') && item_is_glued(before) &&
         (named->kind == ITEM_OTHER || (named->kind == ITEM_WORD && named->ref == 0));
}

/* Where the line of at ends for a number: at the next cut, or at the end of the text. */
static uint32_t cut_after(const lexer *lex, uint32_t at) {
  const qn_view *view = &lex->scratch->view;
  uint32_t i = lex->next_break;
  while (i < view->n_breaks && view->breaks[i] <= at) {
    i++;
  }
  return i < view->n_breaks ? view->breaks[i] : view->len;
}

/* Makes the proclitic item before a number part of it: "بـ25". */
static void clitic_absorb(lexer *lex, value_item *number) {
  value_item *clitic = number - 1;
  uint32_t first = utf8_peek(lex->text, clitic->begin);
  uint8_t flags = (uint8_t)(clitic->flags & ~(ITEM_FIRST_WA | ITEM_AL));
  flags |= first == 0x648 || first == 0x641 ? ITEM_AND : ITEM_BY;
  if (clitic->letters > 1) {
    flags |= ITEM_BY;
  }
  number->flags = flags;
  *clitic = *number;
  lex->scratch->n_items--;
}

static int number_lex(lexer *lex) {
  value_scratch *s = lex->scratch;
  uint32_t begin = lex->at;
  value_item *item = NULL;
  if (s->n_numbers == s->numbers_capacity) {
    void *numbers = s->numbers;
    int fault = lent_room(s->host, s->env, &numbers, &s->numbers_capacity, s->n_numbers + 1, sizeof(*s->numbers));
    s->numbers = numbers;
    if (fault != 0) {
      return fault;
    }
  }
  lex->at = digits_read(lex->text, begin, cut_after(lex, begin), &s->numbers[s->n_numbers]);
  int fault = item_push(lex, ITEM_NUMBER, begin, lex->at, &item);
  if (fault != 0) {
    return fault;
  }
  item->ref = s->n_numbers;
  if (is_part_of_name(lex, item)) {
    item->kind = ITEM_OTHER;
    return 0;
  }
  s->n_numbers++;
  if (item_is_glued(item) && is_clitic_run(lex, item - 1)) {
    clitic_absorb(lex, item);
  }
  return 0;
}

/* --- everything else --- */

static int mark_lex(lexer *lex) {
  uint32_t begin = lex->at;
  uint32_t end = begin;
  uint32_t code = fold_code(utf8_next(lex->text, &end));
  uint8_t form[UTF8_MAX];
  lex->at = end;
  if (code == 0) {
    return 0;
  }
  uint64_t hash = hash_word(HASH_SEED, form, utf8_encode(code, form));
  uint32_t place = value_place(hash);
  value_item *item = NULL;
  int fault = 0;
  if ((place & ~VALUE_PLACE_ON) != 0) { /* %, $: words in all but name */
    fault = item_push(lex, ITEM_WORD, begin, end, &item);
    if (fault == 0) {
      item->ref = place & ~VALUE_PLACE_ON;
      item->flags |= ITEM_LATIN;
    }
    return fault;
  }
  fault = item_push(lex, ITEM_MARK, begin, end, &item);
  if (fault == 0) {
    item->ref = code;
  }
  return fault;
}

/* Latin letters and digits in one, if the tables know them whole: Q3, 1st, 1990s. */
static int whole_lex(lexer *lex, int *ret_known) {
  run r = { .begin = lex->at, .end = lex->at };
  int has_digit = 0;
  *ret_known = 0;
  while (r.end < lex->scratch->view.len && r.end - r.begin <= WHOLE_MAX_BYTES && is_alnum(lex->text[r.end])) {
    has_digit |= lex->text[r.end] <= '9';
    r.end++;
  }
  if (!has_digit || r.end - r.begin > WHOLE_MAX_BYTES || r.end > cut_after(lex, r.begin)) {
    return 0;
  }
  run_fold(lex, &r);
  if ((value_place(hash_word(HASH_SEED, r.form, r.len)) & ~VALUE_PLACE_ON) == 0) {
    return 0;
  }
  *ret_known = 1;
  return word_lex(lex, &r);
}

static int step(lexer *lex) {
  run r;
  uint32_t after = lex->at;
  uint32_t code = utf8_next(lex->text, &after);
  uint32_t kind = letters_kind(code);
  if (kind == LETTERS_SPACE || kind == LETTERS_CONTROL) {
    lex->at = after;
    return 0;
  }
  if (letters_digit(code) >= 0) {
    return number_lex(lex);
  }
  r.begin = lex->at;
  r.end = letters_end(lex->text, lex->at, lex->token_end);
  if (r.end == r.begin) {
    return mark_lex(lex);
  }
  if (r.begin == lex->tokens->begin[lex->token] && r.end == lex->token_end) {
    qn_str form = qn_layer_str(lex->tokens, QN_TOKEN_FORM, lex->token);
    r.form = (const uint8_t *)form.data;
    r.len = form.len <= FORM_MAX_BYTES ? (uint32_t)form.len : 0;
  } else {
    run_fold(lex, &r);
  }
  return word_lex(lex, &r);
}

static int token_lex(lexer *lex, uint32_t token) {
  const qn_layer *tokens = lex->tokens;
  uint32_t kind = qn_layer_u32(tokens, QN_TOKEN_KIND, token);
  value_item *item = NULL;
  int known = 0;
  int fault = 0;
  lex->token = token;
  lex->token_end = tokens->end[token];
  if (kind == QN_TOKEN_KIND_ADDRESS) {
    lex->at = lex->token_end;
    return item_push(lex, ITEM_OTHER, tokens->begin[token], lex->token_end, &item);
  }
  if (kind == QN_TOKEN_KIND_WORD && lex->text[lex->at] < 0x80) {
    fault = whole_lex(lex, &known);
  }
  while (fault == 0 && lex->at < lex->token_end) {
    fault = step(lex);
  }
  return fault;
}

int lexer_run(value_scratch *scratch, const qn_layer *tokens) {
  lexer lex = { .scratch = scratch, .tokens = tokens, .text = scratch->view.data };
  scratch->n_items = 0;
  scratch->n_numbers = 0;
  for (uint32_t i = 0; i < tokens->n_rows; i++) {
    if (tokens->end[i] <= lex.at) {
      continue; /* already read: inside of a phrase or a number */
    }
    lex.at = tokens->begin[i] > lex.at ? tokens->begin[i] : lex.at;
    int fault = token_lex(&lex, i);
    if (fault != 0) {
      return fault;
    }
  }
  return 0;
}
