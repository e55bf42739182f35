/* SPDX-License-Identifier: Apache-2.0 */

/* What `qanat top` shows, as lines of text. Floor 5. */
#ifndef CORE_COMMAND_TOP_TEXT_H
#define CORE_COMMAND_TOP_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "command/top_look.h"

typedef struct top_style {
  unsigned columns;     /* no line is wider */
  bool colour;          /* ANSI sequences within lines */
  const char *pipeline; /* only this one; NULL: all */
} top_style;

/* Writes lines that end with \n. before is an earlier look at the same worker, for rates and for what happened since; NULL: since it
 * started. */
void top_text_write(const top_look *now, const top_look *before, const top_style *style, FILE *stream);

#endif
