/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a layer's name always has the same columns (good.c declares test.mark/1 otherwise). */
#include "bad.h"

BAD_NOTE(
    "{\"name\":\"layer-differs\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"d\",\"abi\":\"1.0\","
    "\"layers\":{\"test.mark/1\":{\"columns\":[{\"name\":\"score\",\"type\":\"f64\"}]}},"
    "\"stages\":{\"layer-differs\":{\"role\":\"transform\",\"description\":\"d\"}}}");
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("layer-differs");
