/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.control/1": the control lent to sources with a port of their own. It is there before the control is, and
 * after it; in between it answers. Floor 4. */
#ifndef CORE_SERVE_CONTROL_LEND_H
#define CORE_SERVE_CONTROL_LEND_H

#include "runtime/loop.h"
#include "serve/control_guard.h"

typedef struct control_lend control_lend;

/* Callbacks run on the loop, which outlives it. 0, -ENOMEM. */
int control_lend_new(loop *loop, control_lend **ret_lend);
/* After the control it was attached to, which may still have answered. NULL is fine. [loop] */
void control_lend_free(control_lend *lend);

/* From now on it answers by this control, which lives until control_lend_free or another attach; token is copied. NULL: by none. [any] */
void control_lend_attach(control_lend *lend, control *control, const control_token *token);

/* The table; it works for stages whose env->control is set. */
const void *control_lend_extension(void);
/* Before a stage is gone: none of its callbacks runs after this. NULL is fine. [loop] */
void control_lend_forget(control_lend *lend, const qn_env *env);

#endif
