/* SPDX-License-Identifier: Apache-2.0 */

/* The letter desk: a thread that writes dead letters, so that neither workers nor the loop wait for a disk. Floor 4.
 *
 * A receipt comes here when all its leaves have settled and one or more failed. It settles when its letters are safe, and
 * so its source is told, and its credit given back, only then. */
#ifndef CORE_RUNTIME_DESK_H
#define CORE_RUNTIME_DESK_H

#include "runtime/receipt.h"
#include "runtime/runtime.h"

typedef struct desk desk;

/* Starts the thread, for letters to the runtime's options.letters. 0, or a negative errno. */
int desk_new(runtime *runtime, desk **ret_desk);
/* Writes what is left and ends the thread. NULL is fine. */
void desk_free(desk *desk);
/* Takes a receipt with failed leaves. [any] */
void desk_take(desk *desk, receipt *receipt);

#endif
