/* SPDX-License-Identifier: Apache-2.0 */

/* The stages of this plugin. */
#ifndef POST_STAGES_H
#define POST_STAGES_H

#include "qanat/stage.h"

extern const qn_stage post_stage;
extern const qn_stage enrich_stage;

#endif
