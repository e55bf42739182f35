/* SPDX-License-Identifier: Apache-2.0 */

/* Adjectives of nationality: which country "النرويجية" speaks of. */
#ifndef ENTITIES_NATIONALITIES_H
#define ENTITIES_NATIONALITIES_H

#include "qanat/stage.h"

/* The English name of the country that a folded adjective stands for, with or without the article, of either gender;
 * empty if it is none. */
qn_str nationalities_country(const char *form, size_t len);

/* The adjectives of a country, one after the other: folded, masculine, without the article. *at is 0 at first; NULL after the
 * last. */
const char *nationalities_adjective(qn_str country, uint32_t *at);

#endif
