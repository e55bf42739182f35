/* SPDX-License-Identifier: Apache-2.0 */

/* What the ways to word a name have in common. Names of institutions are translated, and by everybody differently:
 * "المحكمة المركزية في سيول" is "محكمة سيول المركزية", "الصندوق الأخضر للمناخ" is "صندوق المناخ الأخضر". A wording is the
 * stems of a name without order, articles and prepositions, with words that translators take for each other made one. */
#ifndef ENTITIES_WORDINGS_H
#define ENTITIES_WORDINGS_H

#include "entities/key.h"

/* The key of a folded Arabic name's wording. Its len is over KEY_BYTES_MAX if the name has less than three telling words, is
 * too long or is not in Arabic letters: then it has none. */
key wordings_key(const char *form, size_t len);

/* The key under which what an institution's name begins with stands for it: "معهد سابين" for "معهد سابين للقاحات". len: of the
 * beginning. Its len is over KEY_BYTES_MAX if the name is not one of an institution that is called after somebody or something. */
key wordings_beginning(const char *form, size_t len);

/* Where the words of a beginning may end: the end of the second word of a form, or 0 if there is nothing behind it. */
size_t wordings_second_end(const char *form, size_t len);

#endif
