/* SPDX-License-Identifier: Apache-2.0 */

/* Documents to try a stage with: awkward ones that never change, then ones made from a seed. Floor 4. */
#ifndef CORE_CONFORMANCE_SAMPLE_H
#define CORE_CONFORMANCE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

typedef struct sample {
  char name[48]; /* what it is, for people */
  uint32_t number;
  uint64_t seed; /* of everything else about the document: fields, layers, views */
  uint8_t *bytes;
  size_t len;
} sample;

/* How many there are that do not depend on the seed. */
uint32_t sample_n_fixed(void);

/* Sample number of the seed, from 0 on without end. 0, -ENOMEM. */
int sample_make(uint64_t seed, uint32_t number, sample *ret_sample);

/* One with given bytes, as a reproducer has them; the rest as sample_make would have it. 0, -ENOMEM. */
int sample_of(uint64_t seed, uint32_t number, const void *bytes, size_t len, sample *ret_sample);

void sample_done(sample *sample);

#endif
