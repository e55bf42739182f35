/* SPDX-License-Identifier: Apache-2.0 */

/* What is left of an organisation's name when the words that only say what it is are left off: "Kinross" of "Kinross Gold". */
#ifndef ENTITIES_SHORTNAMES_H
#define ENTITIES_SHORTNAMES_H

#include <stddef.h>

/* Bytes of a folded name that are kept; len if nothing can be left off. */
size_t shortnames_length(const char *form, size_t len);

/* The words that are left off, folded, from 0 on; NULL behind the last. */
const char *shortnames_tail(size_t i);

#endif
