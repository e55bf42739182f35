/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of normalize: what is done where the scanner stops.
 *
 * Untouched stretches cost the scan and one memcpy each; runs are written only where bytes differ. Every rule ends
 * in replace(), which keeps the alignment as fine as it can be. */
#include "rewrite.h"

#include <string.h>

#include "compose.h"
#include "scan.h"
#include "text/letters.h"
#include "text/utf8.h"

typedef struct rewriter {
  const rewrite_plan *plan;
  const uint8_t *text;
  uint32_t begin; /* of the piece between two breaks */
  uint32_t end;
  uint32_t copied; /* everything before is in the room, or deleted */
  qn_view_room room;
  uint32_t n_bytes;
  uint32_t n_runs;
  rewrite_grow grow;
  void *arg;
  int error;
} rewriter;

/* --- writing --- */

/* Makes sure of room; the errno sticks, and nothing more is written. */
static int make_room(rewriter *r, uint32_t bytes, uint32_t n_runs) {
  uint64_t want_bytes = (uint64_t)r->n_bytes + bytes;
  uint64_t want_runs = (uint64_t)r->n_runs + n_runs;
  if (r->error != 0 || (want_bytes <= r->room.capacity && want_runs <= r->room.run_capacity)) {
    return r->error;
  }
  if (want_bytes > r->room.capacity) {
    want_bytes += want_bytes / 4 + 64;
  }
  if (want_runs > r->room.run_capacity) {
    want_runs += want_runs + 64;
  }
  want_bytes = want_bytes > UINT32_MAX ? UINT32_MAX : want_bytes;
  r->error = r->grow(r->arg, (uint32_t)want_bytes, (uint32_t)want_runs, &r->room);
  return r->error;
}

static void add_run(rewriter *r, uint32_t base, uint8_t kind) {
  r->room.derived[r->n_runs] = r->n_bytes;
  r->room.base[r->n_runs] = base;
  r->room.kind[r->n_runs] = kind;
  r->n_runs++;
}

/* Copies the text up to pos. */
static void copy_to(rewriter *r, uint32_t pos) {
  uint32_t len = pos - r->copied;
  if (len == 0 || make_room(r, len, 1) != 0) {
    return;
  }
  uint32_t last = r->n_runs - 1;
  int goes_on = r->n_runs > 0 && r->room.kind[last] == QN_RUN_COPY &&
                r->n_bytes - r->room.derived[last] == r->copied - r->room.base[last];
  if (!goes_on) {
    add_run(r, r->copied, QN_RUN_COPY);
  }
  memcpy(r->room.data + r->n_bytes, r->text + r->copied, len);
  r->n_bytes += len;
  r->copied = pos;
}

/* How many bytes, of whole characters, a and b have in common at the begin. */
static uint32_t common_prefix(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len) {
  uint32_t n = 0;
  while (n < a_len && n < b_len && a[n] == b[n]) {
    n++;
  }
  while (n > 0 && ((n < a_len && !utf8_is_lead(a[n])) || (n < b_len && !utf8_is_lead(b[n])))) {
    n--;
  }
  return n;
}

static uint32_t common_suffix(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len) {
  uint32_t n = 0;
  while (n < a_len && n < b_len && a[a_len - 1 - n] == b[b_len - 1 - n]) {
    n++;
  }
  while (n > 0 && !utf8_is_lead(a[a_len - n])) {
    n--;
  }
  return n;
}

/* Writes len bytes in place of the text from begin (at or after what was copied) to end, as one unit. */
static void replace_unit(rewriter *r, uint32_t begin, uint32_t end, const uint8_t *bytes, uint32_t len) {
  copy_to(r, begin);
  if (make_room(r, len, 1) != 0) {
    return;
  }
  /* A deletion needs no run of its own, except behind a replacement, which would reach over it. */
  if (len > 0 || (r->n_runs > 0 && r->room.kind[r->n_runs - 1] == QN_RUN_REPLACE &&
                  r->room.derived[r->n_runs - 1] != r->n_bytes)) {
    add_run(r, begin, QN_RUN_REPLACE);
  }
  if (len > 0) {
    memcpy(r->room.data + r->n_bytes, bytes, len);
  }
  r->n_bytes += len;
  r->copied = end;
}

/* The same, but what both have in common at begin and end is copied. */
static void replace(rewriter *r, uint32_t begin, uint32_t end, const uint8_t *bytes, uint32_t len) {
  uint32_t same = common_prefix(r->text + begin, end - begin, bytes, len);
  begin += same;
  bytes += same;
  len -= same;
  same = common_suffix(r->text + begin, end - begin, bytes, len);
  end -= same;
  len -= same;
  if (begin < end || len > 0) {
    replace_unit(r, begin, end, bytes, len);
  }
}

/* --- the rules --- */

/* The character before pos in this piece; 0 if there is none. */
static uint32_t code_before(const rewriter *r, uint32_t pos) {
  return pos > r->begin ? utf8_prev(r->text, &pos) : 0;
}

static uint32_t code_at(const rewriter *r, uint32_t pos) {
  return pos < r->end ? utf8_peek(r->text, pos) : 0;
}

/* An invisible character goes, but joiners that shape emoji and other scripts stay. */
static int drops_invisible(const rewriter *r, uint32_t code, uint32_t before) {
  if (!(r->plan->rules & REWRITE_INVISIBLE) || !scan_is_invisible(code)) {
    return 0;
  }
  if (code < 0x200B || code > 0x200D) {
    return 1;
  }
  uint8_t class = letters_class(before);
  uint32_t kind = class & LETTERS_KIND_MASK;
  return kind != LETTERS_SYMBOL && !(kind == LETTERS_MARK && !scan_is_arabic_mark(class)) &&
         letters_class_script(class) != LETTERS_SCRIPT_OTHER;
}

/* What a character that extends the one before it comes to. */
typedef enum extender { EXTENDER_NONE, EXTENDER_KEEP, EXTENDER_DROP, EXTENDER_HAMZA } extender;

static extender extender_of(const rewriter *r, uint32_t code, uint32_t before) {
  uint32_t rules = r->plan->rules;
  uint8_t class = letters_class(code);
  switch (class & LETTERS_KIND_MASK) {
  case LETTERS_MARK:
    if (scan_is_hamza_mark(code) && (rules & REWRITE_COMPOSE)) {
      return EXTENDER_HAMZA;
    }
    return scan_is_arabic_mark(class) && (rules & REWRITE_DIACRITICS) ? EXTENDER_DROP : EXTENDER_KEEP;
  case LETTERS_TATWEEL:
    return rules & REWRITE_TATWEEL ? EXTENDER_DROP : EXTENDER_NONE;
  case LETTERS_FORMAT:
    return drops_invisible(r, code, before) ? EXTENDER_DROP : EXTENDER_NONE;
  default:
    return letters_nfc_suspect(code) && (rules & REWRITE_COMPOSE) ? EXTENDER_KEEP : EXTENDER_NONE;
  }
}

/* The letter before or behind pos, marks passed over; 0 if none is. */
static uint32_t letter_before(const rewriter *r, uint32_t *pos) {
  uint32_t code = 0;
  while (*pos > r->begin && letters_kind(code = utf8_prev(r->text, pos)) == LETTERS_MARK) {
    code = 0;
  }
  return code;
}

static uint32_t letter_behind(const rewriter *r, uint32_t *pos) {
  uint32_t code = 0;
  while (*pos < r->end && letters_kind(code = utf8_next(r->text, pos)) == LETTERS_MARK) {
    code = 0;
  }
  return code;
}

/* The sign that tells two names apart, which are one without it: عمّان and عُمان. [pos, after) is the sign. */
static int tells_names(const rewriter *r, uint32_t code, uint32_t pos, uint32_t after) {
  enum { SHADDA = 0x651, DAMMA = 0x64F, AIN = 0x639, MEEM = 0x645, ALEF = 0x627, NOON = 0x646 };
  int shadda = code == SHADDA && letter_before(r, &pos) == MEEM && letter_before(r, &pos) == AIN;
  int damma = code == DAMMA && letter_before(r, &pos) == AIN && letter_behind(r, &after) == MEEM;
  if ((!shadda && !damma) || letter_behind(r, &after) != ALEF || letter_behind(r, &after) != NOON) {
    return 0;
  }
  return letters_script(letter_behind(r, &after)) != LETTERS_SCRIPT_ARABIC;
}

/* A letter with what extends it: [begin, end) in the text, and the code points that are left. */
typedef struct letter_group {
  uint32_t begin;
  uint32_t end;
  uint32_t n;
  uint32_t n_kept;  /* extenders that stay */
  uint32_t n_hamza; /* of them hamzas and maddas */
  uint32_t codes[COMPOSE_MAX];
} letter_group;

/* Gathers the extenders from pos on. Invisible characters count only between others: those at the end are no part of
 * the letter, and get their own turn. */
static void gather(const rewriter *r, uint32_t pos, uint32_t before, letter_group *group) {
  int is_invisible = group->n == 0 && letters_kind(code_at(r, pos)) == LETTERS_FORMAT;
  group->end = pos;
  while (pos < r->end) {
    uint32_t at = pos;
    uint32_t code = utf8_next(r->text, &pos);
    extender kind = extender_of(r, code, before);
    kind = kind == EXTENDER_DROP && tells_names(r, code, at, pos) ? EXTENDER_KEEP : kind;
    if (kind == EXTENDER_NONE || (kind != EXTENDER_DROP && group->n == COMPOSE_MAX)) {
      break;
    }
    if (kind != EXTENDER_DROP) {
      group->codes[group->n++] = code;
      group->n_kept++;
      group->n_hamza += kind == EXTENDER_HAMZA;
    }
    if (is_invisible || letters_kind(code) != LETTERS_FORMAT) {
      group->end = pos;
    }
  }
}

static void write_codes(rewriter *r, const letter_group *group) {
  uint8_t bytes[COMPOSE_MAX * UTF8_MAX];
  uint32_t len = 0;
  for (uint32_t i = 0; i < group->n; i++) {
    len += utf8_encode(group->codes[i], bytes + len);
  }
  if (len != group->end - group->begin || memcmp(bytes, r->text + group->begin, len) != 0) {
    replace_unit(r, group->begin, group->end, bytes, len);
  }
}

/* Removes the hamzas and maddas that found no letter to join, when diacritics go. */
static void drop_loose_hamza(const rewriter *r, letter_group *group) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < group->n; i++) {
    if (!(r->plan->rules & REWRITE_DIACRITICS) || !scan_is_hamza_mark(group->codes[i])) {
      group->codes[n++] = group->codes[i];
    }
  }
  group->n = n;
}

/* A letter from pos on whose extenders must be seen with it. */
static uint32_t rewrite_group(rewriter *r, letter_group *group) {
  uint32_t composed = 0;
  if (group->n == 2 && group->n_hamza == 1) {
    composed = compose_hamza(group->codes[0], group->codes[1]);
  }
  if (composed != 0) {
    group->codes[0] = composed;
    group->n = 1;
  } else if (r->plan->rules & REWRITE_COMPOSE) {
    group->n = compose_nfc(group->codes, group->n);
  }
  drop_loose_hamza(r, group);
  write_codes(r, group);
  return group->end;
}

/* A dash made of tatweel, as in "كلمة ـ كلمة", joins no letters. */
static int is_tatweel_dash(const rewriter *r, uint32_t begin, uint32_t end) {
  return letters_kind(code_at(r, begin)) == LETTERS_TATWEEL &&
         letters_script(code_before(r, begin)) != LETTERS_SCRIPT_ARABIC &&
         letters_script(code_at(r, end)) != LETTERS_SCRIPT_ARABIC;
}

/* Takes extenders away. Harakat and tatweel are part of the letter before them, so that a word ends behind its last one
 * in the text as well; invisible characters are no one's. */
static void drop_extenders(rewriter *r, uint32_t pos, uint32_t end, uint32_t before) {
  uint32_t base = pos;
  if (letters_kind(before) != LETTERS_LETTER || letters_kind(code_at(r, pos)) == LETTERS_FORMAT) {
    replace_unit(r, pos, end, (const uint8_t *)"", 0);
  } else if (pos > r->copied) {
    utf8_prev(r->text, &base);
    replace_unit(r, base, end, r->text + base, pos - base);
  } else {
    r->copied = end; /* the letter was replaced: that run reaches up to here */
  }
}

/* An extender at pos: gone by itself, or seen with the letter before it if that is still there to be seen. */
static uint32_t rewrite_extender(rewriter *r, uint32_t pos) {
  letter_group group = { .begin = pos, .end = pos };
  uint32_t before = code_before(r, pos);
  gather(r, pos, before, &group);
  if (group.end == pos) {
    utf8_next(r->text, &pos);
    return pos;
  }
  if (group.n_kept == 0) {
    if (!is_tatweel_dash(r, pos, group.end)) {
      drop_extenders(r, pos, group.end, before);
    }
    return group.end;
  }
  if (!(r->plan->rules & REWRITE_COMPOSE)) {
    write_codes(r, &group);
    return group.end;
  }
  uint32_t base = pos;
  if (pos > r->copied && pos > r->begin && letters_kind(before) != LETTERS_SPACE) {
    utf8_prev(r->text, &base);
    group = (letter_group){ .begin = base, .n = 1, .codes = { before } };
    gather(r, pos, before, &group);
  }
  return rewrite_group(r, &group);
}

/* A presentation form at pos: the letters it stands for, with the extenders behind it. */
static uint32_t rewrite_shape(rewriter *r, uint32_t pos) {
  letter_group group = { .begin = pos };
  uint32_t code = utf8_next(r->text, &pos);
  if (code >= 0xFF01) {
    group.codes[group.n++] = code - 0xFF01 + '!';
  } else {
    letters_shape shape = letters_shapes[code - LETTERS_SHAPES_BEGIN];
    for (uint32_t at = 0; at < shape.len;) {
      uint32_t letter = utf8_next(letters_shape_texts + shape.offset, &at);
      if (extender_of(r, letter, code) != EXTENDER_DROP) {
        group.codes[group.n++] = letter;
      }
    }
  }
  uint32_t last = group.n > 0 ? group.codes[group.n - 1] : code;
  gather(r, pos, last, &group);
  if (group.n_kept > 0) {
    return rewrite_group(r, &group);
  }
  write_codes(r, &group);
  return group.end;
}

/* Any line end becomes \n. */
static uint32_t rewrite_line_end(rewriter *r, uint32_t pos, uint32_t code) {
  uint32_t after = pos;
  utf8_next(r->text, &after);
  if (code == '\n' || !(r->plan->rules & REWRITE_CONTROLS)) {
    return after;
  }
  if (code == '\r' && code_at(r, after) == '\n') {
    replace(r, pos, after, (const uint8_t *)"", 0);
  } else {
    replace(r, pos, after, (const uint8_t *)"\n", 1);
  }
  return after;
}

static int is_tidied(uint32_t code) {
  return code == '.' || code == ',' || code == ';' || code == ':' || code == '!' || code == '?' || code == 0x060C ||
         code == 0x061B || code == 0x061F;
}

/* True if the spaces from begin to pos are the blank that translators leave before a mark: "كلمة ، كلمة". Not when the
 * mark belongs to what follows it (" .NET", " ...", " ،كلمة"). */
static int is_spaced_mark(const rewriter *r, uint32_t begin, uint32_t pos) {
  uint32_t before = code_before(r, begin);
  uint32_t mark = code_at(r, pos);
  if (!(r->plan->rules & REWRITE_PUNCTUATION) || before == 0 || pos >= r->end ||
      letters_kind(before) == LETTERS_SPACE) {
    return 0;
  }
  if (mark == '%' || mark == 0x066A) {
    return letters_kind(before) == LETTERS_DIGIT;
  }
  if (!is_tidied(mark)) {
    return 0;
  }
  utf8_next(r->text, &pos);
  uint32_t next = code_at(r, pos);
  return next == 0 || letters_kind(next) == LETTERS_SPACE || letters_is_quote(next) || next == ')' || next == ']' ||
         (mark != '.' && mark != ':' && (next == '!' || next == '?' || next == 0x061F));
}

/* A run of spaces, tabs and their kin on one line. */
static uint32_t rewrite_spaces(rewriter *r, uint32_t begin) {
  uint32_t rules = r->plan->rules;
  uint32_t end = begin;
  while (end < r->end) {
    uint32_t after = end;
    uint32_t code = utf8_next(r->text, &after);
    if (letters_kind(code) != LETTERS_SPACE || scan_is_line_end(code)) {
      break;
    }
    end = after;
  }
  if (is_spaced_mark(r, begin, end)) {
    replace(r, begin, end, (const uint8_t *)"", 0);
  } else if (rules & REWRITE_SPACES) {
    replace(r, begin, end, (const uint8_t *)" ", 1);
  }
  return end;
}

/* Looks at the character at pos and does what the rules say. Returns where to go on. */
static uint32_t look(rewriter *r, uint32_t pos) {
  uint32_t after = pos;
  uint32_t code = utf8_next(r->text, &after);
  uint32_t kind = letters_kind(code);
  if (kind == LETTERS_SPACE) {
    return scan_is_line_end(code) ? rewrite_line_end(r, pos, code) : rewrite_spaces(r, pos);
  }
  if (!scan_is_stop(r->plan->rules, code)) {
    return after;
  }
  if (kind == LETTERS_CONTROL) {
    replace(r, pos, after, (const uint8_t *)"", 0);
    return after;
  }
  if ((r->plan->rules & REWRITE_SHAPES) && scan_is_shape(code)) {
    return rewrite_shape(r, pos);
  }
  return rewrite_extender(r, pos);
}

static void rewrite_piece(rewriter *r) {
  uint32_t pos = r->begin;
  while (r->error == 0 && (pos = scan_next(r->plan, r->text, pos, r->end)) < r->end) {
    pos = look(r, pos);
  }
}

int rewrite_view(const rewrite_plan *plan, const qn_view *view, rewrite_grow grow, void *arg,
                 rewrite_result *ret_result) {
  rewriter r = { .plan = plan, .text = view->data, .grow = grow, .arg = arg };
  for (uint32_t i = 0; i <= view->n_breaks; i++) {
    r.begin = r.end;
    r.end = i < view->n_breaks ? view->breaks[i] : view->len;
    rewrite_piece(&r);
  }
  int unchanged = r.copied == 0 && r.n_runs == 0;
  if (!unchanged) {
    copy_to(&r, r.end);
  }
  if (r.error != 0) {
    return r.error;
  }
  ret_result->unchanged = unchanged;
  ret_result->n_bytes = r.n_bytes;
  ret_result->n_runs = r.n_runs;
  return 0;
}
