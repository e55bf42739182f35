/* SPDX-License-Identifier: Apache-2.0 */

/* SIGINT and SIGTERM of a process that runs one pipeline. Floor 4. */
#ifndef CORE_RUNTIME_SIGNALS_H
#define CORE_RUNTIME_SIGNALS_H

#include "runtime/state.h"

/* Until closed, the first signal stops the runtime and tells options.interrupted, the second exits with 130. [loop] */
int signals_open(runtime *runtime, signals **ret_signals);
void signals_close(signals *signals); /* [loop] NULL is fine; also after a failed open */

#endif
