/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.intake/1": for sources that have to answer for every document, since whoever sent it waits.
 *
 * Get it with host->extension(env, QN_INTAKE_1) in create; a host that keeps no journal has none (`qanat run`), and then a
 * document is safe when settled() tells of it. Where there is one, what such a source emits is written to the journal first:
 * emit_reserve gives -EAGAIN while the journal is full, credit() tells when there is room again, and accepted() follows
 * every emit_commit once the document is on the disk: only then may a sender be told that it was taken. Documents come
 * out in a later run if they do not in this one; so the cookie holds while the instance lives and no longer. */
#ifndef QANAT_INTAKE_H
#define QANAT_INTAKE_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_INTAKE_1 "qanat.intake/1"

/* What became of a document that was emitted. */
enum {
  QN_INTAKE_ACCEPTED = 0, /* it is on the disk, and will be processed whatever happens */
  QN_INTAKE_KNOWN = 1,    /* one with this key was accepted before: nothing was taken; id is that one's */
  QN_INTAKE_FAILED = 2    /* it could not be written (message says why): not taken, may be sent again */
};

/* Lent for the length of the call, as everything here. */
typedef struct qn_acceptance {
  uint32_t size;
  uint32_t outcome; /* QN_INTAKE_* */
  uint64_t cookie;
  qn_str id;
  qn_str message; /* for people; empty if accepted */
} qn_acceptance;

/* How a watched document came out. */
typedef struct qn_finish {
  uint32_t size;
  uint32_t outcome; /* QN_OUTCOME_* of qanat/stage.h */
  uint64_t cookie;
  qn_str id;
  qn_str record;               /* JSON, if it was asked for and the document came to a sink; else empty */
  qn_str stage, slug, message; /* dead-lettered: which stage failed on it and why; else empty */
  uint32_t attempts;           /* of that stage */
  uint32_t reserved;
} qn_finish;

/* What the source is told. [loop] Either may be NULL. */
typedef struct qn_intake_events {
  uint32_t size;
  uint32_t reserved;
  void (*accepted)(void *instance, const qn_acceptance *const *acceptances, uint32_t n);
  void (*finished)(void *instance, const qn_finish *const *finishes, uint32_t n);
} qn_intake_events;

/* What emit_watch asks for. */
enum { QN_INTAKE_FINISH = 1, QN_INTAKE_RECORD = 2 };

typedef struct qn_intake {
  uint32_t size;
  uint32_t reserved;

  /* Where events go; events is a constant. Once. 0, -EINVAL. [create] */
  int (*listen)(qn_env *env, const qn_intake_events *events, void *instance);

  /* The sender's own name for the document being emitted (at most 256 bytes): if one with it was accepted from this source in
   * the last days, this one is not taken again. Between emit_reserve and emit_commit. 0, -EINVAL, -ENOMEM. */
  int (*emit_key)(qn_call *call, qn_str key);

  /* Tell finished() of the document being emitted, with its record if QN_INTAKE_RECORD is set. 0, -EINVAL. */
  int (*emit_watch)(qn_call *call, uint32_t what);

  /* Why emit_reserve says -EAGAIN. 0: the journal is full, and there is room again once documents have come out. -EIO: it cannot be
   * written now, and is tried again all the time; *ret_why says why, for people, and is lent until the next call of this. Hosts
   * older than this have tables that end before it. [loop] */
  int (*trouble)(qn_env *env, qn_str *ret_why);
} qn_intake;

#ifdef __cplusplus
}
#endif

#endif
