/* SPDX-License-Identifier: Apache-2.0 */

/* Lists, maps and copies out of a stage's configuration, which the host lends value by value and only during create. */
#ifndef EXCHANGE_SETTING_H
#define EXCHANGE_SETTING_H

#include "qanat/stage.h"

enum { SETTING_POINTER_MAX = 700 };

/* Elements of the array, or members of the object, at pointer; 0 if there is neither. */
uint32_t setting_count(qn_create *create, const char *pointer);

/* A copy of the string at pointer, to be freed; NULL with 0 if there is none. 0, -ENOMEM. */
int setting_copy(qn_create *create, const char *pointer, char **ret_copy);

/* Writes the pointer of an object's member: a "/" in its name must not be taken for a step. ret_pointer has room for
 * SETTING_POINTER_MAX bytes; what does not fit is cut, and then names nothing. */
void setting_member(const char *object, qn_str name, char *ret_pointer);

/* create_fail() with a NUL-terminated text; returns -EINVAL. */
int setting_refuse(qn_create *create, const char *text);

#endif
