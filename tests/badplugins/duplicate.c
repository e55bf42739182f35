/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a stage's name is one plugin's alone (good.c has it too). */
#include "bad.h"

BAD_NOTE("{\"name\":\"duplicate\",\"version\":\"2.0\",\"license\":\"Apache-2.0\",\"description\":\"d\",\"abi\":\"1.0\","
         "\"stages\":{\"mark\":{\"role\":\"transform\",\"description\":\"d\"}}}");
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("mark");
