/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the note's owner is Qanat; others' notes are not ours. */
#include "bad.h"

__attribute__((used, section(".note.qanat"), aligned(4))) static const struct {
  uint32_t name_bytes, text_bytes, type;
  char name[8];
  char text[4];
} note = { 6, 2, 1, "Qamar", "{}" };

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("other-owner");
