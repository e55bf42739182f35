/* SPDX-License-Identifier: Apache-2.0 */

/* What each feature of a sentence is worth: fitted by train-weights on the project's own articles. */
#ifndef SUMMARIZE_WEIGHTS_H
#define SUMMARIZE_WEIGHTS_H

#include "summarize/evidence.h"

/* clang-format off */
static const float sentence_weights[N_FEATURES] = {
  [FEATURE_first] = 0.65F,
  [FEATURE_depth] = -2.60F,
  [FEATURE_opens] = 1.95F,
  [FEATURE_last] = -2.05F,
  [FEATURE_brief] = -0.15F,
  [FEATURE_length] = 6.60F,
  [FEATURE_title] = 5.35F,
  [FEATURE_shared] = 1.30F,
  [FEATURE_money] = 1.95F,
  [FEATURE_percent] = 1.40F,
  [FEATURE_quantity] = 0.85F,
  [FEATURE_digits] = 1.25F,
  [FEATURE_organization] = 0.00F,
  [FEATURE_person] = -1.75F,
  [FEATURE_product] = 0.05F,
  [FEATURE_salient] = 0.70F,
  [FEATURE_quoted] = -3.40F,
  [FEATURE_quotes] = -1.45F,
  [FEATURE_leans] = -0.55F,
};
/* clang-format on */

#endif
