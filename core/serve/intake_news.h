/* SPDX-License-Identifier: Apache-2.0 */

/* What a journaled source is to be told: written by the journal's and the runs' threads, read by the loop. Floor 4. */
#ifndef CORE_SERVE_INTAKE_NEWS_H
#define CORE_SERVE_INTAKE_NEWS_H

#include <stdbool.h>

#include "qanat/intake.h"
#include "runtime/runtime.h"

typedef struct intake_news intake_news;

int intake_news_new(intake_news **ret_news); /* 0, -ENOMEM */
void intake_news_free(intake_news *news);    /* NULL is fine */

/* Copies it. False: there is no memory to, and the source is not told. [any] */
bool intake_news_accepted(intake_news *news, uint32_t outcome, uint64_t cookie, qn_str id, const char *message);
bool intake_news_finished(intake_news *news, qn_str id, uint64_t cookie, const runtime_end *end);

/* Tells all there is, in order of acceptance. [loop] */
void intake_news_tell(intake_news *news, void (*accepted)(void *arg, const qn_acceptance *const *all, uint32_t n),
                      void (*finished)(void *arg, const qn_finish *const *all, uint32_t n), void *arg);

#endif
