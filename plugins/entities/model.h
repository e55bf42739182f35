/* SPDX-License-Identifier: Apache-2.0 */

/* The trained model of names (.qner): what every feature says for and against every label. Little-endian, mapped and
 * used in place; opening checks everything that looking up relies on, so that a file from anywhere may be opened. */
#ifndef ENTITIES_MODEL_H
#define ENTITIES_MODEL_H

#include "qanat/doc.h"

#define MODEL_MAGIC 0x52454E51u /* "QNER" */

enum {
  MODEL_VERSION = 2,
  MODEL_TYPES = 5,                    /* PERSON to EVENT */
  MODEL_LABELS = 1 + 2 * MODEL_TYPES, /* nothing; then of each type its first word and its further ones */
  MODEL_ROW = 12,                     /* MODEL_LABELS, rounded up */
  MODEL_SLOTS_LOG2_MAX = 18,
  MODEL_TRUST_ROWS = 6, /* trust.h tells which */
  MODEL_TRUST_STEPS = 16
};

/* Labels: 0 nothing, 1 + 2 * type a first word, 2 + 2 * type a further one. */
static inline uint32_t model_label(uint32_t type, int further) {
  return 1 + 2 * type + (further != 0);
}

/* True if label may follow before (MODEL_LABELS: the start): a further word only its own type. */
static inline int model_may_follow(uint32_t before, uint32_t label) {
  int further = label != 0 && label % 2 == 0;
  return !further || before == label || before + 1 == label;
}

/* One feature; a hash table with linear probing. */
typedef struct model_slot {
  uint32_t print; /* 0: empty */
  int8_t weights[MODEL_ROW];
} model_slot;

typedef struct model_header {
  uint32_t magic;
  uint32_t version;
  uint64_t file_size;
  uint64_t checksum; /* of everything after this field */
  uint32_t slots_log2;
  uint32_t n_used;                              /* slots in use: at most seven in eight, so that probing ends */
  uint32_t steps;                               /* weights are in so many parts of one */
  uint32_t calibrated;                          /* not 0: trust is filled */
  int16_t follows[MODEL_LABELS + 1][MODEL_ROW]; /* from a label, or (last row) the start, to a label; in steps too */
  /* How often names were right, in 255ths, by how they were believed. */
  uint8_t trust[MODEL_TRUST_ROWS][MODEL_TRUST_STEPS];
} model_header;

typedef struct ner_model {
  const model_header *header;
  const model_slot *slots;
  uint32_t mask;
} ner_model;

/* Opens bytes, which must be aligned to 8 and hold as long as the model is used. 0; -EINVAL, with *ret_why a constant
 * sentence without a stop. */
int model_open(qn_str bytes, ner_model *ret_model, const char **ret_why);

/* Bytes as the checksum of the header counts them. */
uint64_t model_checksum(const void *bytes, size_t len);

/* What a slot keeps of a feature: never 0. */
static inline uint32_t model_print(uint64_t feature) {
  uint32_t print = (uint32_t)(feature >> 32);
  return print != 0 ? print : 1;
}

/* The weights of a feature, or NULL. */
static inline const int8_t *model_find(const ner_model *model, uint64_t feature) {
  uint32_t print = model_print(feature);
  for (uint32_t i = (uint32_t)feature & model->mask;; i = (i + 1) & model->mask) {
    if (model->slots[i].print == print) {
      return model->slots[i].weights;
    }
    if (model->slots[i].print == 0) {
      return NULL;
    }
  }
}

#endif
