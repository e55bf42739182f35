/* SPDX-License-Identifier: Apache-2.0 */

/* What each feature of a sentence is worth: fitted by train-weights on the project's own articles. */
#ifndef SUMMARIZE_WEIGHTS_H
#define SUMMARIZE_WEIGHTS_H

#include "summarize/evidence.h"

/* clang-format off */
static const float sentence_weights[N_FEATURES] = {
  [FEATURE_first] = 1.50F,
  [FEATURE_depth] = -2.15F,
  [FEATURE_opens] = 2.30F,
  [FEATURE_last] = -2.15F,
  [FEATURE_brief] = -0.20F,
  [FEATURE_length] = 6.40F,
  [FEATURE_title] = 6.65F,
  [FEATURE_shared] = 1.35F,
  [FEATURE_money] = 2.15F,
  [FEATURE_percent] = 1.45F,
  [FEATURE_quantity] = 0.95F,
  [FEATURE_digits] = 1.45F,
  [FEATURE_organization] = 0.00F,
  [FEATURE_person] = -1.35F,
  [FEATURE_product] = 0.00F,
  [FEATURE_salient] = 0.95F,
  [FEATURE_quoted] = -2.85F,
  [FEATURE_quotes] = -1.50F,
  [FEATURE_leans] = -0.90F,
};
/* clang-format on */

#endif
