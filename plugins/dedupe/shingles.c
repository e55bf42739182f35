/* SPDX-License-Identifier: Apache-2.0 */

/* One pass over the folded text, a piece at a time, so that the room needed does not depend on the document. */
#include "dedupe/shingles.h"

#include "text/fold.h"
#include "text/hash.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { PIECE = 4096 };

typedef struct cutter {
  const shingle_form *form;
  print *print;
  uint64_t units[SHINGLE_MAX]; /* hashes of the last ones; unit n stands at n % SHINGLE_MAX */
  uint64_t n_units;
  uint64_t word;
  bool in_word;
} cutter;

static void add_shingle(cutter *self, uint64_t first, uint32_t n) {
  uint64_t hash = HASH_SEED ^ n;
  for (uint32_t i = 0; i < n; i++) {
    hash = hash_step(hash, self->units[(first + i) % SHINGLE_MAX]);
  }
  print_add(self->print, (uint32_t)(hash_step(hash, n) >> (64 - PRINT_BITS)));
}

static void end_unit(cutter *self, uint64_t hash) {
  uint32_t size = self->form->size;
  self->units[self->n_units % SHINGLE_MAX] = hash;
  self->n_units++;
  if (self->n_units >= size) {
    add_shingle(self, self->n_units - size, size);
  }
}

static void end_word(cutter *self) {
  if (self->in_word) {
    end_unit(self, self->word);
    self->in_word = false;
  }
}

static void take_character(cutter *self, uint32_t code) {
  uint8_t class = letters_class(code);
  uint32_t kind = class & LETTERS_KIND_MASK;
  if (kind != LETTERS_LETTER && kind != LETTERS_DIGIT && kind != LETTERS_MARK) {
    end_word(self);
    return;
  }
  if (self->form->letters || class & LETTERS_DENSE) {
    end_word(self);
    end_unit(self, code);
    return;
  }
  self->word = hash_step(self->in_word ? self->word : HASH_SEED, code);
  self->in_word = true;
}

void shingles_make(const shingle_form *form, const uint8_t *text, size_t len, print *ret_print) {
  cutter cutter = { .form = form, .print = ret_print };
  uint8_t folded[FOLD_BOUND(PIECE)];
  print_begin(ret_print);
  for (size_t begin = 0, end; begin < len; begin = end) {
    end = len - begin < PIECE ? len : begin + PIECE;
    while (end < len && !utf8_is_lead(text[end])) {
      end--;
    }
    uint32_t n = (uint32_t)fold_key(text + begin, end - begin, folded);
    for (uint32_t pos = 0; pos < n;) {
      take_character(&cutter, utf8_next(folded, &pos));
    }
  }
  end_word(&cutter);
  if (cutter.n_units > 0 && cutter.n_units < form->size) {
    add_shingle(&cutter, 0, (uint32_t)cutter.n_units);
  }
  print_end(ret_print);
}
