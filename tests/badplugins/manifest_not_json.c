/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the note is JSON. */
#include "bad.h"

BAD_NOTE("{\"name\": truth}");
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("manifest-not-json");
