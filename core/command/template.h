/* SPDX-License-Identifier: Apache-2.0 */

/* A template: a text with words to be replaced and lines that are only for some. Floor 5.
 *
 * @WORD@ becomes a value; other @...@ stay as they are. From a line "@if WORD" ("@if !WORD") to its "@end", lines are left out
 * unless WORD is (is not) among those that hold. Such lines may stand inside each other. */
#ifndef CORE_COMMAND_TEMPLATE_H
#define CORE_COMMAND_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct template_value {
  const char *word; /* without the @ */
  const char *value;
} template_value;

typedef struct template_terms {
  uint32_t n_values, n_holding;
  const template_value *values;
  const char *const *holding;
} template_terms;

/* Writes the text with its words replaced, lines left out. 0; -EINVAL: an @if without @end or the other way round. */
int template_write(const template_terms *terms, const char *text, size_t len, FILE *stream);

/* The same for the name of a file, where NAME and IDENT stand for themselves. */
void template_name(const template_terms *terms, const char *name, FILE *stream);

#endif
