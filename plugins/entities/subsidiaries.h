/* SPDX-License-Identifier: Apache-2.0 */

/* Daughters of companies that are called like them and a country: "نستله غانا" is Nestlé Ghana, and not Nestlé. */
#ifndef ENTITIES_SUBSIDIARIES_H
#define ENTITIES_SUBSIDIARIES_H

#include "entities/scan.h"

typedef struct subsidiary {
  qn_str company; /* its name without the words for what it is; both hold as long as the lexicons */
  qn_str country;
} subsidiary;

/* The company and the country that a chosen organisation is named by, in the mention or with the words behind it. There
 * something must tell that they are one name: behind a verb the country may be its object. 1 if it is, else 0. */
int subsidiaries_find(const scan *s, const candidate *c, subsidiary *ret_found);

#endif
