/* SPDX-License-Identifier: Apache-2.0 */

/* What a worker lends besides, under a harness: sources hear of each document that it was taken and how it came out, and sinks find
 * again what they kept. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qanat/harness.h"
#include "qanat/intake.h"
#include "qanat/keep.h"

/* What the stages saw; one test at a time. */
static struct {
  uint32_t n_accepted, n_known, n_delivered, n_dropped, n_records;
  char known_id[64];
  int began_at;
} seen;

/* --- a source --- */

typedef struct letters {
  const qn_host *host;
  qn_env *env;
  const qn_intake *intake;
  uint32_t n;
} letters;

static void on_accepted(void *instance, const qn_acceptance *const *acceptances, uint32_t n) {
  (void)instance;
  for (uint32_t i = 0; i < n; i++) {
    const qn_acceptance *it = acceptances[i];
    seen.n_accepted += it->outcome == QN_INTAKE_ACCEPTED;
    if (it->outcome == QN_INTAKE_KNOWN) {
      seen.n_known++;
      assert_true(it->id.len < sizeof seen.known_id);
      memcpy(seen.known_id, it->id.data, it->id.len);
    }
  }
}

static void on_finished(void *instance, const qn_finish *const *finishes, uint32_t n) {
  (void)instance;
  for (uint32_t i = 0; i < n; i++) {
    seen.n_delivered += finishes[i]->outcome == QN_OUTCOME_DELIVERED;
    seen.n_dropped += finishes[i]->outcome == QN_OUTCOME_DROPPED;
    seen.n_records += finishes[i]->record.len > 0 && memmem(finishes[i]->record.data, finishes[i]->record.len,
                                                            finishes[i]->id.data, finishes[i]->id.len) != NULL;
  }
}

static const qn_intake_events events = { .size = sizeof events, .accepted = on_accepted, .finished = on_finished };

static int letters_create(qn_create *create, void **ret_instance) {
  letters *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return create->host->create_fail(create, "no memory", 9);
  }
  *self = (letters){ create->host, create->env, create->host->extension(create->env, QN_INTAKE_1), 0 };
  if (self->intake != NULL && self->intake->listen(create->env, &events, self) != 0) {
    return create->host->create_fail(create, "nobody listens", 14);
  }
  *ret_instance = self;
  return 0;
}

static void letters_destroy(void *instance) {
  letters *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static qn_status letters_next(void *instance, qn_call *call) {
  static const char all[] = "abac";
  letters *self = instance;
  uint8_t *room;
  if (self->n == 4) {
    return QN_STATUS_OK;
  }
  if (call->host->emit_reserve(call, 1, &room) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "no-room", "no room");
  }
  *room = (uint8_t)all[self->n];
  if (self->intake != NULL && (self->intake->emit_key(call, (qn_str){ &all[self->n], 1 }) != 0 ||
                               self->intake->emit_watch(call, QN_INTAKE_FINISH | QN_INTAKE_RECORD) != 0)) {
    return qn_fail(call, QN_STATUS_FATAL, "no-key", "no key");
  }
  const qn_emit emit = { .source = QN_LIT("letters"), .ordinal = self->n, .cookie = 10 + self->n };
  self->n++;
  return call->host->emit_commit(call, 1, &emit) == 0 ? QN_STATUS_MORE
                                                      : qn_fail(call, QN_STATUS_FATAL, "no-commit", "no commit");
}

static const qn_source letters_table = {
  .size = sizeof letters_table, .create = letters_create, .destroy = letters_destroy, .next = letters_next
};

/* --- a sink --- */

typedef struct counts {
  const qn_host *host;
  qn_env *env;
  const qn_keep *keep;
  int n, fails;
} counts;

static int counts_create(qn_create *create, void **ret_instance) {
  counts *self = create->host->alloc(create->env, sizeof *self);
  qn_str kept;
  if (self == NULL) {
    return create->host->create_fail(create, "no memory", 9);
  }
  *self = (counts){ .host = create->host, .env = create->env, .keep = create->host->extension(create->env, QN_KEEP_1) };
  if (self->keep != NULL && self->keep->load(create, &kept) == 0) {
    memcpy(&self->n, kept.data, sizeof self->n);
  }
  seen.began_at = self->n;
  *ret_instance = self;
  return 0;
}

static void counts_destroy(void *instance) {
  counts *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static void counts_write(void *instance, qn_item *const *items, uint32_t n_items) {
  counts *self = instance;
  (void)items;
  self->n += (int)n_items;
}

/* The third flush of a life fails, after it has stored. */
static qn_status counts_flush(void *instance, qn_call *call) {
  counts *self = instance;
  if (self->keep != NULL && self->keep->store(call, &self->n, sizeof self->n) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "not-kept", "nothing is kept");
  }
  return ++self->fails < 3 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_RETRY, "told-to", "the third one fails");
}

static const qn_sink counts_table = { .size = sizeof counts_table,
                                      .create = counts_create,
                                      .destroy = counts_destroy,
                                      .write = counts_write,
                                      .flush = counts_flush };

static const qn_stage letters_stage = { .size = sizeof(qn_stage), .name = "letters", .source = &letters_table };
static const qn_stage counts_stage = { .size = sizeof(qn_stage), .name = "counts", .sink = &counts_table };
static const qn_stage *const stages[] = { &letters_stage, &counts_stage };
static const qn_plugin plugin = { .size = sizeof plugin, .n_stages = 2, .stages = stages };

/* --- tests --- */

static qn_harness *open_stage(const char *stage, uint32_t worker, qn_str kept) {
  const qn_harness_options options = { .plugin = &plugin,
                                       .manifest = WORKER_MANIFEST,
                                       .stage = stage,
                                       .worker = worker,
                                       .kept = kept.data,
                                       .kept_bytes = kept.len };
  qn_harness *harness = NULL;
  char said[512] = "";
  if (qn_harness_open(&options, &harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return harness;
}

static void close_clean(qn_harness *harness) {
  char said[512] = "";
  if (qn_harness_close(harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
}

static uint32_t pull_all(qn_harness *harness, qn_receipt *receipts) {
  qn_harness_emitted got;
  uint32_t n = 0;
  assert_int_equal(qn_harness_source_start(harness, 1), 0);
  while (qn_harness_source_pull(harness, 10000, &got) == 0) {
    receipts[n] =
        (qn_receipt){ .cookie = got.emit.cookie, .outcome = n == 0 ? QN_OUTCOME_DROPPED : QN_OUTCOME_DELIVERED };
    qn_harness_doc_free(got.doc);
    n++;
  }
  return n;
}

static void source_in_a_worker_hears_of_its_documents(void **state) {
  (void)state;
  qn_receipt receipts[4];
  memset(&seen, 0, sizeof seen);
  qn_harness *harness = open_stage("letters", 1, (qn_str){ NULL, 0 });
  assert_int_equal(pull_all(harness, receipts), 3); /* the second a is known */
  qn_harness_source_settle(harness, receipts, 3);
  assert_int_equal(seen.n_accepted, 3);
  assert_int_equal(seen.n_known, 1);
  assert_string_equal(seen.known_id, "letters#0");
  assert_int_equal(seen.n_dropped, 1);
  assert_int_equal(seen.n_delivered, 2);
  assert_int_equal(seen.n_records, 2); /* what was dropped has none */
  assert_int_equal(qn_harness_source_stop(harness, NULL), QN_STATUS_OK);
  close_clean(harness);
}

static void source_in_a_run_has_no_intake(void **state) {
  (void)state;
  qn_receipt receipts[4];
  memset(&seen, 0, sizeof seen);
  qn_harness *harness = open_stage("letters", 0, (qn_str){ NULL, 0 });
  assert_int_equal(pull_all(harness, receipts), 4);
  assert_int_equal(seen.n_accepted + seen.n_known, 0);
  close_clean(harness);
}

static void write_and_flush(qn_harness *harness, qn_status wanted) {
  qn_harness_doc *docs[] = { qn_harness_doc_text(harness, "one", 3), qn_harness_doc_text(harness, "two", 3) };
  qn_harness_outcome outcomes[2];
  qn_harness_write(harness, docs, 2, outcomes);
  assert_int_equal(qn_harness_flush(harness, NULL), wanted);
}

static void sink_in_a_worker_finds_what_its_last_good_flush_kept(void **state) {
  (void)state;
  qn_str kept = { NULL, 0 };
  int n = 0;
  memset(&seen, 0, sizeof seen);
  qn_harness *first = open_stage("counts", 1, kept);
  assert_int_equal(qn_harness_kept(first, &kept), -ENOENT);
  write_and_flush(first, QN_STATUS_OK);
  write_and_flush(first, QN_STATUS_OK);
  write_and_flush(first, QN_STATUS_RETRY); /* which keeps nothing */
  assert_int_equal(qn_harness_kept(first, &kept), 0);
  assert_int_equal(kept.len, sizeof n);
  memcpy(&n, kept.data, sizeof n);
  assert_int_equal(n, 4);
  qn_harness *second = open_stage("counts", 1, kept);
  assert_int_equal(seen.began_at, 4);
  close_clean(second);
  close_clean(first);
}

static void sink_in_a_run_keeps_nothing(void **state) {
  (void)state;
  qn_str kept;
  qn_harness *harness = open_stage("counts", 0, (qn_str){ NULL, 0 });
  write_and_flush(harness, QN_STATUS_OK);
  assert_int_equal(qn_harness_kept(harness, &kept), -ENOENT);
  close_clean(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(source_in_a_worker_hears_of_its_documents),
    cmocka_unit_test(source_in_a_run_has_no_intake),
    cmocka_unit_test(sink_in_a_worker_finds_what_its_last_good_flush_kept),
    cmocka_unit_test(sink_in_a_run_keeps_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
