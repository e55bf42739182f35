/* SPDX-License-Identifier: Apache-2.0 */

/* Credits: how many documents and bytes may be in flight, and the one place where anybody waits for them. Floor 4.
 *
 * Sources take credit and may not overdraw; workers charge what documents grow to and may. One document is always
 * admitted when nothing is in flight, however large. */
#ifndef CORE_RUNTIME_ADMISSION_H
#define CORE_RUNTIME_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/park.h"

/* More documents than this cannot be in flight: the count shares a word with the bytes. */
enum { ADMISSION_DOCUMENTS_MAX = 1 << 19 };

typedef struct admission {
  uint32_t limit_documents;
  uint64_t limit_bytes;
  void (*credit)(void *arg); /* tells that starved callers may try again; from any thread, may come too often */
  void *arg;
  _Alignas(64) _Atomic uint64_t in_flight; /* documents above, bytes below: one atomic step takes both */
  _Alignas(64) park park;                  /* sources that wait in admission_wait */
  _Atomic uint32_t n_starved;              /* callers of admission_starve */
  _Atomic uint32_t n_inner;                /* callers of admission_starve_inner */
  _Atomic bool closed;
} admission;

void admission_init(admission *admission, uint32_t limit_documents, uint64_t limit_bytes, void (*credit)(void *arg),
                    void *arg);

/* Takes credit for one document of so many bytes. 0, -EAGAIN, -ECANCELED (closed). [any] */
int admission_try(admission *admission, uint64_t bytes);
/* The same, but waits. 0, -ECANCELED. [lent] */
int admission_wait(admission *admission, uint64_t bytes);
/* The same for up to wait_ns. 0, -EAGAIN, -ECANCELED. [lent] */
int admission_wait_for(admission *admission, uint64_t bytes, uint64_t wait_ns);

/* For stages that split what is in flight: credit for one document more, without its bytes, which are charged. Sources
 * stand back while one of these starves, and credit() is called whenever something is given back. 0, -EAGAIN. [worker] */
int admission_try_inner(admission *admission);
void admission_starve_inner(admission *admission);
void admission_sate_inner(admission *admission);
bool admission_has_room(const admission *admission); /* a try would succeed */
/* Takes it beyond the limit: for one whose own document is what the credit is waiting for. */
void admission_force(admission *admission);

/* Asks for credit() after an -EAGAIN; try once more after it, since room may have come in between. */
void admission_starve(admission *admission);
void admission_sated(admission *admission);

/* Bytes more or less for documents in flight. Gives what was taken: the sum never goes below nothing. [any] */
void admission_charge(admission *admission, int64_t bytes);
void admission_release(admission *admission, uint32_t n_documents, uint64_t bytes);

/* No more credit, for ever: those who wait get -ECANCELED. [any] */
void admission_close(admission *admission);

uint32_t admission_documents(const admission *admission);
uint64_t admission_bytes(const admission *admission);

#endif
