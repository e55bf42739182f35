/* SPDX-License-Identifier: Apache-2.0 */

/* The checks of a stage. Each runs in a child of its own, with the plugin loaded there and nowhere else. Floor 4. */
#ifndef CORE_CONFORMANCE_CHECK_H
#define CORE_CONFORMANCE_CHECK_H

#include "conformance/stand.h"

typedef struct check {
  const char *name; /* never changes: reproducers name it */
  bool (*applies)(const stage_info *info);
  void (*run)(const subject *subject, teller *teller);
  bool compares; /* tells nothing of a stage that crashes, or that is not the same twice */
} check;

/* In running order; NULL past the last. */
const check *check_at(uint32_t index);
const check *check_find(const char *name);

/* check_config.c */
void check_config(const subject *subject, teller *teller);
/* check_life.c */
void check_life(const subject *subject, teller *teller);
/* check_faults.c */
void check_create_memory(const subject *subject, teller *teller);
void check_process_faults(const subject *subject, teller *teller);
/* check_downstream.c */
void check_downstream(const subject *subject, teller *teller);
/* check_same.c */
void check_documents(const subject *subject, teller *teller);
void check_order(const subject *subject, teller *teller);
void check_threads(const subject *subject, teller *teller);
void check_instances(const subject *subject, teller *teller);
void check_fuzz(const subject *subject, teller *teller);
/* check_hosts.c */
void check_older_host(const subject *subject, teller *teller);
void check_newer_host(const subject *subject, teller *teller);
/* check_forms.c */
void check_batches(const subject *subject, teller *teller);
void check_cancelling(const subject *subject, teller *teller);
void check_splitting(const subject *subject, teller *teller);
/* check_source.c, check_sink.c */
void check_source(const subject *subject, teller *teller);
void check_source_stop(const subject *subject, teller *teller);
void check_sink(const subject *subject, teller *teller);

/* Opens a stand, or says that the check is skipped because create fails. */
bool check_stand_open(const subject *subject, teller *teller, const stand_options *options, stand *ret_stand);

/* Whether what has been found makes going on pointless. */
bool check_is_over(teller *teller);

/* Milliseconds of a clock that does not go back. */
uint64_t check_now_ms(void);

#endif
