/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters for people and for programs. Floor 5. */
#ifndef CORE_COMMAND_LETTER_TEXT_H
#define CORE_COMMAND_LETTER_TEXT_H

#include <stdio.h>

#include "delivery/letter_rows.h"

/* The list: a heading, a line for each, and what there is in all. */
void letter_text_heading(FILE *stream);
void letter_text_line(const letter_row *row, FILE *stream);
void letter_text_totals(uint64_t n_shown, uint64_t n_all, uint64_t n_bytes, FILE *stream);

/* All that is known of one, with the begin of its bytes. These and the following: 0, or a negative errno. */
int letter_text_show(letter_rows *rows, const letter_row *row, FILE *stream, qn_error *error);

/* One object on a line; with its bytes if asked. */
int letter_text_json(letter_rows *rows, const letter_row *row, bool payload, FILE *stream, qn_error *error);

/* Its own bytes. */
int letter_text_payload(letter_rows *rows, const letter_row *row, FILE *stream, qn_error *error);
/* The same into a new file of the folder, which is made if need be; the name has the number and what the source called it. */
int letter_text_file(letter_rows *rows, const letter_row *row, const char *folder, qn_error *error);

#endif
