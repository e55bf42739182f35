/* SPDX-License-Identifier: Apache-2.0 */

/* A linear-chain conditional random field, trained by gradient steps of their own size for every weight. */
#ifndef NER_CRF_H
#define NER_CRF_H

#include <stddef.h>
#include <stdint.h>

#include "entities/model.h"

/* A word: its features, and the right label. */
typedef struct crf_word {
  uint64_t first; /* place of its features */
  uint32_t article;
  uint16_t n;
  uint8_t label;
  uint8_t begins; /* a stretch */
} crf_word;

typedef struct crf_examples {
  crf_word *words;
  size_t n_words;
  size_t word_capacity;
  uint64_t *features;
  size_t n_features;
  size_t feature_capacity;
} crf_examples;

/* Adds a word. */
void crf_add(crf_examples *all, const uint64_t *features, uint32_t n, uint8_t label, int begins, uint32_t article);

/* True if a word of this article is trained on. */
typedef int (*crf_wanted)(void *arg, uint32_t article);

/* Trains on the wanted words and returns the bytes of a model file. */
uint8_t *crf_train(const crf_examples *all, crf_wanted wanted, void *arg, size_t *ret_len);

#endif
