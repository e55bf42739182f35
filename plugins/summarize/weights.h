/* SPDX-License-Identifier: Apache-2.0 */

/* What each feature of a sentence is worth: fitted by train-weights on the project's own articles. */
#ifndef SUMMARIZE_WEIGHTS_H
#define SUMMARIZE_WEIGHTS_H

#include "summarize/evidence.h"

static const float sentence_weights[N_FEATURES] = {
  [FEATURE_first] = 1.45F,    [FEATURE_depth] = -2.20F,  [FEATURE_opens] = 3.15F,        [FEATURE_brief] = -0.65F,
  [FEATURE_title] = 3.15F,    [FEATURE_shared] = 0.65F,  [FEATURE_money] = 1.55F,        [FEATURE_percent] = 1.10F,
  [FEATURE_quantity] = 0.95F, [FEATURE_digits] = 0.85F,  [FEATURE_organization] = 0.30F, [FEATURE_person] = -0.75F,
  [FEATURE_product] = 0.45F,  [FEATURE_salient] = 0.80F, [FEATURE_quoted] = -3.30F,      [FEATURE_quotes] = -1.15F,
  [FEATURE_leans] = -0.30F,
};

#endif
