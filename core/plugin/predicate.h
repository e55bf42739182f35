/* SPDX-License-Identifier: Apache-2.0 */

/* Conditions on documents: JSON predicates over fields and layers, checked, compiled and asked here and nowhere else.
 *
 *   {"field": "language", "is": "ar"}            also a list: any of them
 *   {"field": "score", "at_least": 0.5, "below": 1}
 *   {"field": "title", "present": true}
 *   {"field": "source", "matches": "^https:"}    a regular expression (PCRE2), found anywhere in the value
 *   {"layer": "entity/1", "count": {"min": 1, "max": 5}}, {"layer": "quote/1", "present": true}
 *   {"any": [...]}, {"all": [...]}, {"not": {...}}
 *
 * Several tests of one field must all hold. A string is never equal to a number; strings compare by bytes, so dates in
 * ISO 8601 compare as dates; a field that is a span of the text stands for that text. Of a field that is absent, or of
 * another type than the test, every test is false but "present": false. A layer is present once it was made, even if
 * it is empty; one that is not there counts 0 rows. Floor 2. */
#ifndef CORE_PLUGIN_PREDICATE_H
#define CORE_PLUGIN_PREDICATE_H

#include "document/document.h"
#include "plugin/config.h"

enum { PREDICATE_DEPTH_MAX = 32, PREDICATE_PARTS_MAX = 256 /* of one list */ };

/* What the ABI knows as qn_predicate. Immutable once compiled. */
typedef struct qn_predicate predicate;

/* Reports everything that is wrong, with pointers relative to json. Returns the number of faults. */
int predicate_check(const cJSON *json, config_report *report, void *arg);

/* Makes a flat program of it; nothing of json is kept. schemas, if not NULL, are those of all documents to be asked;
 * without them layers are looked up by name each time. 0, -EINVAL (with the first fault in error), -ENOMEM. */
int predicate_compile(const cJSON *json, const schema_set *schemas, predicate **ret_predicate, qn_error *error);
void predicate_free(predicate *predicate);

/* Whether it holds for the document as sealed: 1 or 0; -ELOOP (a regular expression took too many steps), -ENOMEM.
 * Allocates nothing and changes nothing. [any] */
int predicate_holds(const predicate *predicate, document *document);

/* Told of each layer that a predicate names. Non-zero ends the walk and is returned; pointers are relative. */
typedef int predicate_visit(void *arg, const char *layer, const char *pointer);
int predicate_layers(const cJSON *json, predicate_visit *visit, void *arg);

/* Whether no document can ever satisfy both: only what can be told from the conditions themselves. */
bool predicate_excludes(const cJSON *a, const cJSON *b);

/* The condition in one line for people, UTF-8, cut to fit: language is "ar" and not (entity/1 at least 3 rows). */
void predicate_text(const cJSON *json, char *ret_text, size_t capacity);

#endif
