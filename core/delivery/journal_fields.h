/* SPDX-License-Identifier: Apache-2.0 */

/* Fields of an entry as bytes: for each a byte of type, two of the name's length, the name, and the value: eight bytes, or
 * four of length and the text. Floor 3, private. */
#ifndef CORE_DELIVERY_JOURNAL_FIELDS_H
#define CORE_DELIVERY_JOURNAL_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "qanat/stage.h"

struct journal_field;

enum { JOURNAL_FIELDS_MAX = 64, JOURNAL_FIELDS_MAX_BYTES = 64 * 1024, JOURNAL_FIELD_NAME_MAX = 255 };

/* How many bytes they take, and writes so many. */
size_t journal_fields_size(const struct journal_field *fields, uint32_t n);
void journal_fields_write(const struct journal_field *fields, uint32_t n, uint8_t *ret_bytes);

/* Tells the fields in turn; names and texts are lent from bytes. 0, -EBADMSG, or what field returned if that is not 0. */
int journal_fields_read(const uint8_t *bytes, size_t n_bytes,
                        int (*field)(void *arg, qn_str name, const qn_value *value), void *arg);

#endif
