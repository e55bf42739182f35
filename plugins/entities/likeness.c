/* SPDX-License-Identifier: Apache-2.0 */

/* Counts letter trigrams in names and in ordinary words, and turns the counts into log-odds. */
#include "entities/likeness.h"

#include <math.h>
#include <string.h>

#include "entities/lexicon.h"
#include "text/letters.h"
#include "text/utf8.h"

static void count(uint32_t *counts, const char *form, size_t len) {
  uint32_t a = 0;
  uint32_t b = '^';
  uint32_t pos = 0;
  while (pos < len) {
    uint32_t c = utf8_next((const uint8_t *)form, &pos);
    counts[lexicon_trigram(a, b, c)]++;
    a = b;
    b = c;
  }
  counts[lexicon_trigram(a, b, '$')]++;
}

void likeness_learn(likeness_trainer *trainer, const char *form, size_t len, uint8_t kind, bool is_proper) {
  if (len < 4 || utf8_valid_prefix((const uint8_t *)form, len) != len ||
      letters_script(utf8_peek((const uint8_t *)form, 0)) != LETTERS_SCRIPT_ARABIC) {
    return;
  }
  bool has_article = len > 4 && memcmp(form, "\xD8\xA7\xD9\x84", 4) == 0;
  if (kind == QLEX_COMMON) {
    count(trainer->words, form, len);
  } else if (kind == QLEX_GIVEN || kind == QLEX_FAMILY || (kind == QLEX_ENTITY && is_proper && !has_article)) {
    count(trainer->names, form, len);
  }
}

void likeness_write(const likeness_trainer *trainer, int8_t *ret_weights) {
  double n_names = 1;
  double n_words = 1;
  for (uint32_t i = 0; i < QLEX_LIKENESS_SIZE; i++) {
    n_names += trainer->names[i];
    n_words += trainer->words[i];
  }
  for (uint32_t i = 0; i < QLEX_LIKENESS_SIZE; i++) {
    /* Half a count of each, scaled to its side, so that what neither has weighs nothing. */
    double names = (trainer->names[i] + 0.5 * n_names / (n_names + n_words)) / n_names;
    double words = (trainer->words[i] + 0.5 * n_words / (n_names + n_words)) / n_words;
    double weight = 16.0 * log(names / words);
    ret_weights[i] = (int8_t)(weight > 100 ? 100 : weight < -100 ? -100 : weight);
  }
}
