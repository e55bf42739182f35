/* SPDX-License-Identifier: Apache-2.0 */

/* What each feature of a line is worth: fitted by train-weights on the project's own articles. A sum over 0
 * is furniture. */
#ifndef DECLUTTER_WEIGHTS_H
#define DECLUTTER_WEIGHTS_H

#include "declutter/evidence.h"

static const float furniture_weights[N_FEATURES] = {
  [FEATURE_bias] = -2.1F,        [FEATURE_notice] = 1.8F,
  [FEATURE_inside] = 1.1F,       [FEATURE_inside_any] = 1.9F,
  [FEATURE_prompt] = 3.8F,       [FEATURE_prompt_alone] = 0.5F,
  [FEATURE_list_head] = 0.6F,    [FEATURE_nav] = 1.9F,
  [FEATURE_nav_many] = 1.4F,     [FEATURE_separators] = 0.5F,
  [FEATURE_marked] = 0.3F,       [FEATURE_symbols] = 0.8F,
  [FEATURE_address] = 0.8F,      [FEATURE_hashtag] = 0.9F,
  [FEATURE_numbers] = 0.8F,      [FEATURE_times] = 0.2F,
  [FEATURE_fused] = 1.4F,        [FEATURE_foreign] = 0.8F,
  [FEATURE_brackets] = 0.5F,     [FEATURE_stops] = -0.9F,
  [FEATURE_asks] = -0.3F,        [FEATURE_colon] = 0.0F,
  [FEATURE_words_1] = 1.3F,      [FEATURE_words_3] = -0.2F,
  [FEATURE_words_7] = 0.3F,      [FEATURE_words_14] = 0.3F,
  [FEATURE_words_15] = -1.9F,    [FEATURE_overlap] = -2.3F,
  [FEATURE_strange] = 0.3F,      [FEATURE_before_title] = 1.8F,
  [FEATURE_before_body] = 0.0F,  [FEATURE_after_body] = 1.0F,
  [FEATURE_in_list] = 1.9F,      [FEATURE_beside_furniture] = 0.9F,
  [FEATURE_beside_short] = 0.5F, [FEATURE_date_only] = 1.2F,
  [FEATURE_no_stops] = 0.9F,     [FEATURE_tail] = 1.1F,
  [FEATURE_dateline] = -2.0F,    [FEATURE_names] = -1.9F,
};

#endif
