/* SPDX-License-Identifier: Apache-2.0 */

/* What brokers share, without a broker: positions settled without a gap, messages on their way out, receipts handed over, and the
 * pauses between tries to connect. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "broker/handover.h"
#include "broker/outbox.h"
#include "broker/session.h"
#include "broker/track.h"

/* --- track --- */

static void track_out_of_order_never_passes_a_gap(void **state) {
  broker_track track;
  (void)state;
  broker_track_init(&track);
  for (uint64_t i = 10; i < 20; i++) {
    assert_int_equal(broker_track_begin(&track, i * 3), 0);
  }
  assert_int_equal(broker_track_begin(&track, 57), -EINVAL);
  assert_false(broker_track_end(&track, 33));
  assert_false(broker_track_end(&track, 31)); /* never begun */
  assert_false(broker_track_end(&track, 39));
  assert_true(broker_track_end(&track, 30));
  assert_int_equal(track.settled, 33);
  assert_true(broker_track_end(&track, 36));
  assert_int_equal(track.settled, 39);
  assert_int_equal(broker_track_open(&track), 6);
  assert_false(broker_track_end(&track, 39)); /* twice */
  broker_track_clear(&track);
  assert_int_equal(broker_track_begin(&track, 1), 0);
  broker_track_done(&track);
}

/* Against a model: an array that says of each position whether it is done. */
static void track_at_random_agrees_with_a_model(void **state) {
  enum { N = 5000, WINDOW = 300 };
  static bool done[N];
  uint64_t open[WINDOW];
  uint32_t n_open = 0;
  uint64_t next = 0, low = 0;
  broker_track track;
  (void)state;
  srand(7);
  broker_track_init(&track);
  while (low < N) {
    if (next < N && n_open < WINDOW && (n_open == 0 || rand() % 2 == 0)) {
      assert_int_equal(broker_track_begin(&track, next), 0);
      open[n_open++] = next++;
      continue;
    }
    uint32_t chosen = (uint32_t)rand() % n_open;
    uint64_t position = open[chosen];
    open[chosen] = open[--n_open];
    bool moved = broker_track_end(&track, position);
    done[position] = true;
    uint64_t before = low;
    while (low < next && done[low]) {
      low++;
    }
    assert_int_equal(moved, low > before);
    if (low > 0) {
      assert_int_equal(track.settled, low - 1);
    }
  }
  broker_track_done(&track);
}

/* --- outbox --- */

static void put(outbox *box, const char *id) {
  const broker_header header = { QN_LIT("language"), { .type = QN_VALUE_STR, .as.str = QN_LIT("ar") } };
  const broker_message message = {
    .body = { id, strlen(id) }, .id = { id, strlen(id) }, .n_headers = 1, .headers = &header
  };
  assert_int_equal(outbox_put(box, &message), 0);
}

static uint64_t send(outbox *box, uint64_t now_ms, const char *expected) {
  uint64_t token = UINT64_MAX;
  outbox_entry *entry = outbox_next(box, now_ms, &token);
  if (expected == NULL) {
    assert_null(entry);
    return token;
  }
  assert_non_null(entry);
  assert_int_equal(entry->message.id.len, strlen(expected));
  assert_memory_equal(entry->message.id.data, expected, strlen(expected));
  assert_memory_equal(entry->message.headers[0].value.as.str.data, "ar", 2);
  outbox_sent(box, token);
  return token;
}

static void outbox_keeps_what_is_not_confirmed(void **state) {
  outbox box;
  (void)state;
  assert_int_equal(outbox_init(&box, 3, false), 0);
  put(&box, "a");
  put(&box, "b");
  put(&box, "c");
  assert_true(outbox_is_full(&box, 1000));
  uint64_t a = send(&box, 0, "a");
  uint64_t b = send(&box, 0, "b");
  assert_true(outbox_confirm(&box, b));
  assert_false(outbox_confirm(&box, b)); /* twice */
  assert_int_equal(box.n, 3);            /* a holds its place */
  outbox_unsend(&box);                   /* the connection is gone: a and c are to be sent, b is not */
  assert_int_equal(send(&box, 0, "a"), a);
  uint64_t c = send(&box, 0, "c");
  send(&box, 0, NULL);
  assert_true(outbox_confirm(&box, a));
  assert_int_equal(box.n, 1);
  put(&box, "d");
  put(&box, "e");
  assert_true(outbox_is_full(&box, 1000));
  assert_true(outbox_confirm(&box, c));
  send(&box, 0, "d");
  assert_false(outbox_confirm(&box, 99));
  outbox_done(&box);
}

static void outbox_waits_before_it_sends_a_refused_one_again(void **state) {
  outbox box;
  (void)state;
  assert_int_equal(outbox_init(&box, 8, false), 0);
  put(&box, "a");
  put(&box, "b");
  uint64_t a = send(&box, 0, "a");
  assert_int_equal(outbox_refuse(&box, a, 500), 1);
  assert_int_equal(outbox_refuse(&box, a, 500), 0); /* it is not on its way */
  uint64_t b = send(&box, 100, "b");
  send(&box, 100, NULL);
  assert_int_equal(outbox_due_ms(&box, 100), 400);
  assert_true(outbox_confirm(&box, b));
  assert_int_equal(send(&box, 500, "a"), a);
  assert_int_equal(outbox_refuse(&box, a, 900), 2);
  send(&box, 900, "a");
  assert_true(outbox_confirm(&box, a));
  assert_int_equal(box.n, 0);
  assert_int_equal(box.bytes, 0);
  assert_true(outbox_due_ms(&box, 0) == UINT64_MAX);
  outbox_done(&box);
}

/* One that is late holds up those behind it, which are confirmed and take nothing of the window. */
static void outbox_window_counts_what_is_unconfirmed(void **state) {
  outbox box;
  (void)state;
  assert_int_equal(outbox_init(&box, 2, false), 0);
  put(&box, "a");
  put(&box, "b");
  assert_true(outbox_is_full(&box, 100000));
  send(&box, 0, "a");
  assert_true(outbox_confirm(&box, send(&box, 0, "b")));
  assert_false(outbox_is_full(&box, 100000));
  put(&box, "c");
  assert_true(outbox_is_full(&box, 100000));
  assert_true(outbox_confirm(&box, send(&box, 0, "c")));
  put(&box, "d");
  assert_true(outbox_is_full(&box, 100000));
  assert_true(outbox_confirm(&box, send(&box, 0, "d")));
  assert_true(outbox_is_full(&box, 100000)); /* there is an end to it */
  assert_int_equal(box.first_token, 0);
  assert_true(outbox_confirm(&box, 0));
  assert_int_equal(box.first_token, 4);
  assert_int_equal(box.n, 0);
  assert_int_equal(box.n_confirmed, 0);
  outbox_done(&box);
}

static void outbox_takes_the_newest_back(void **state) {
  outbox box;
  (void)state;
  assert_int_equal(outbox_init(&box, 2, false), 0);
  put(&box, "a");
  uint64_t a = send(&box, 0, "a");
  uint64_t bytes = box.bytes;
  put(&box, "b");
  outbox_take_back(&box);
  assert_int_equal(box.n, 1);
  assert_int_equal(box.bytes, bytes);
  send(&box, 0, NULL);
  put(&box, "c");
  assert_int_equal(send(&box, 0, "c"), a + 1); /* a number is not left out: they are counted */
  assert_true(outbox_confirm(&box, a));
  assert_true(outbox_confirm(&box, a + 1));
  assert_int_equal(box.bytes, 0);
  outbox_done(&box);
}

static void outbox_that_lends_copies_all_but_bodies(void **state) {
  outbox box;
  (void)state;
  char body[] = "body", id[] = "id";
  const broker_message message = { .body = { body, 4 }, .id = { id, 2 } };
  assert_int_equal(outbox_init(&box, 2, true), 0);
  assert_int_equal(outbox_put(&box, &message), 0);
  id[0] = body[0] = 'x';
  uint64_t token;
  const outbox_entry *entry = outbox_next(&box, 0, &token);
  assert_non_null(entry);
  assert_memory_equal(entry->message.id.data, "id", 2);
  assert_ptr_equal(entry->message.body.data, body);
  outbox_done(&box);
}

static void outbox_is_full_by_bytes_but_takes_one(void **state) {
  outbox box;
  (void)state;
  assert_int_equal(outbox_init(&box, 8, false), 0);
  assert_false(outbox_is_full(&box, 1));
  put(&box, "a message larger than the bound");
  assert_true(outbox_is_full(&box, 1));
  outbox_done(&box);
}

/* --- handover --- */

enum { RECEIPTS = 20000 };

static void *settle_all(void *arg) {
  broker_handover *handover = arg;
  for (uint64_t i = 0; i < RECEIPTS; i++) {
    const qn_receipt receipt = { .cookie = i };
    broker_handover_put(handover, &receipt, 1);
  }
  broker_handover_end(handover);
  return NULL;
}

static void handover_brings_each_receipt_once_and_in_order(void **state) {
  broker_handover handover;
  pthread_t loop;
  uint64_t next = 0;
  (void)state;
  broker_handover_init(&handover);
  assert_int_equal(broker_handover_reserve(&handover, RECEIPTS), 0);
  assert_int_equal(pthread_create(&loop, NULL, settle_all, &handover), 0);
  while (next < RECEIPTS) {
    qn_receipt taken[64];
    uint32_t n = broker_handover_take(&handover, 1000, taken, 64);
    for (uint32_t i = 0; i < n; i++) {
      assert_int_equal(taken[i].cookie, next++);
    }
  }
  pthread_join(loop, NULL);
  assert_true(broker_handover_is_ending(&handover));
  broker_handover_sleep(&handover, 60000); /* returns at once: it ends */
  broker_handover_done(&handover);
}

/* --- session --- */

static void session_pauses_double_up_to_a_bound(void **state) {
  broker_session session = { .first_ms = 10, .longest_ms = 35, .give_up_ms = 0 };
  const uint32_t pauses[] = { 10, 20, 35, 35 };
  (void)state;
  assert_int_equal(broker_session_wait_ms(&session), 0);
  for (uint32_t i = 0; i < 4; i++) {
    broker_session_down(&session);
    assert_int_equal(session.pause_ms, pauses[i]);
    assert_true(broker_session_wait_ms(&session) <= pauses[i]);
  }
  broker_session_up(&session);
  broker_session_down(&session);
  assert_int_equal(broker_session_wait_ms(&session), 0); /* another address may answer at once */
  broker_session_down(&session);
  assert_int_equal(session.pause_ms, 10);
}

static void session_gives_up_for_good_reasons_only(void **state) {
  broker_fault passing, final;
  broker_session session = { .first_ms = 1, .longest_ms = 1, .give_up_ms = 0 };
  (void)state;
  broker_fault_set(&passing, -ENOTCONN, "gone", "nobody there");
  broker_fault_final(&final, -EPROTO, "refused", "wrong password");
  broker_session_down(&session);
  assert_false(broker_session_is_hopeless(&session, &passing)); /* 0: never */
  assert_true(broker_session_is_hopeless(&session, &final));
  broker_session_up(&session);
  broker_session_down(&session);
  assert_false(broker_session_is_hopeless(&session, &final)); /* it has worked: it may again */
  assert_true(broker_session_is_news(&session, &passing));
  assert_false(broker_session_is_news(&session, &passing));
  assert_true(broker_session_is_news(&session, &final));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(track_out_of_order_never_passes_a_gap),
    cmocka_unit_test(track_at_random_agrees_with_a_model),
    cmocka_unit_test(outbox_keeps_what_is_not_confirmed),
    cmocka_unit_test(outbox_waits_before_it_sends_a_refused_one_again),
    cmocka_unit_test(outbox_window_counts_what_is_unconfirmed),
    cmocka_unit_test(outbox_takes_the_newest_back),
    cmocka_unit_test(outbox_that_lends_copies_all_but_bodies),
    cmocka_unit_test(outbox_is_full_by_bytes_but_takes_one),
    cmocka_unit_test(handover_brings_each_receipt_once_and_in_order),
    cmocka_unit_test(session_pauses_double_up_to_a_bound),
    cmocka_unit_test(session_gives_up_for_good_reasons_only),
  };
  return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
