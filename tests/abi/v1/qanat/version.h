/* SPDX-License-Identifier: Apache-2.0 */

/* The version of the stage ABI, in one place.
 *
 * A plugin names the ABI it needs in its manifest ("abi": "1.0"); the host reads it before it loads
 * the file. The major number changes only when an old plugin could no longer run; the minor number
 * grows when a table gains functions at its end. A host of 1.N runs every plugin of 1.0 to 1.N. */
#ifndef QANAT_VERSION_H
#define QANAT_VERSION_H

#define QN_ABI_MAJOR 1
#define QN_ABI_MINOR 0

#endif
