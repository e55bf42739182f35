/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: the manifest is well-formed; all its faults are told at once. */
#include "bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "manifest-faults", ",\"calls\":\"one\",\"layers\":{\"provides\":[\"tokens/1\"]}"));
BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("manifest-faults");
