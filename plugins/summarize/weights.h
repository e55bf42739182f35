/* SPDX-License-Identifier: Apache-2.0 */

/* What each feature of a sentence is worth: fitted by train-weights on the project's own articles. */
#ifndef SUMMARIZE_WEIGHTS_H
#define SUMMARIZE_WEIGHTS_H

#include "summarize/evidence.h"

/* clang-format off */
static const float sentence_weights[N_FEATURES] = {
  [FEATURE_first] = 1.45F,
  [FEATURE_depth] = -3.75F,
  [FEATURE_opens] = 3.20F,
  [FEATURE_brief] = -2.10F,
  [FEATURE_title] = 8.20F,
  [FEATURE_shared] = 1.60F,
  [FEATURE_money] = 2.70F,
  [FEATURE_percent] = 2.05F,
  [FEATURE_quantity] = 1.55F,
  [FEATURE_digits] = 1.55F,
  [FEATURE_organization] = 0.55F,
  [FEATURE_person] = -0.85F,
  [FEATURE_product] = 0.65F,
  [FEATURE_salient] = 0.80F,
  [FEATURE_quoted] = -5.00F,
  [FEATURE_quotes] = -0.25F,
  [FEATURE_leans] = -0.35F,
};
/* clang-format on */

#endif
