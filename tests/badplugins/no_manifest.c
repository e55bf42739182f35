/* SPDX-License-Identifier: Apache-2.0 */

/* Rule: a plugin carries its manifest as an ELF note. */
#include "bad.h"

BAD_LIFE
BAD_PROCESS_OK
BAD_DESCRIPTOR("no-manifest");
