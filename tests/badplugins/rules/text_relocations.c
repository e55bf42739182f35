/* SPDX-License-Identifier: Apache-2.0 */

/* QN-FILE-03: an address stands in its code, to be filled in when it is loaded. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "text-relocations", ""));

__asm__(".pushsection .text\n.balign 8\n.quad qn_plugin_v1\n.popsection");

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("text-relocations");
