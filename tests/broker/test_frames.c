/* SPDX-License-Identifier: Apache-2.0 */

/* Frames of AMQP as a broker sends them, and as none should: deliveries put together, confirms counted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "amqp/confirms.h"
#include "amqp/delivery.h"

/* --- deliveries --- */

static int give_deliver(delivery_queue *queue, uint64_t tag, bool redelivered) {
  uint64_t ignored = 0;
  amqp_basic_deliver_t method = { .delivery_tag = tag, .redelivered = redelivered };
  const amqp_frame_t frame = { .frame_type = AMQP_FRAME_METHOD,
                               .payload.method = { AMQP_BASIC_DELIVER_METHOD, &method } };
  return delivery_take_frame(queue, &frame, 1, &ignored);
}

static int give_header(delivery_queue *queue, uint64_t body_bytes, amqp_basic_properties_t *properties,
                       uint64_t *ret_tag) {
  amqp_frame_t frame = { .frame_type = AMQP_FRAME_HEADER };
  frame.payload.properties.body_size = body_bytes;
  frame.payload.properties.decoded = properties;
  return delivery_take_frame(queue, &frame, 1, ret_tag);
}

static int give_body(delivery_queue *queue, const char *bytes) {
  uint64_t ignored = 0;
  const amqp_frame_t frame = { .frame_type = AMQP_FRAME_BODY, .payload.body_fragment = amqp_cstring_bytes(bytes) };
  return delivery_take_frame(queue, &frame, 1, &ignored);
}

static void a_delivery_comes_in_pieces(void **state) {
  delivery_queue queue = { .most_bytes = 100, .source = QN_LIT("amqp:q") };
  uint64_t tag = 0;
  amqp_table_entry_t entries[3] = { { amqp_cstring_bytes("language"), { .kind = AMQP_FIELD_KIND_UTF8 } },
                                    { amqp_cstring_bytes("x-delivery-count"), { .kind = AMQP_FIELD_KIND_I64 } },
                                    { amqp_cstring_bytes("list"), { .kind = AMQP_FIELD_KIND_ARRAY } } };
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG,
                                         .message_id = amqp_cstring_bytes("id-1"),
                                         .headers = { 3, entries } };
  (void)state;
  entries[0].value.value.bytes = amqp_cstring_bytes("ar");
  entries[1].value.value.i64 = 3;
  assert_int_equal(give_deliver(&queue, 5, true), 0);
  assert_int_equal(give_header(&queue, 7, &properties, &tag), 0);
  assert_int_equal(give_body(&queue, "abc"), 0);
  assert_null(delivery_pop(&queue));
  assert_int_equal(give_body(&queue, "defg"), 1);
  delivery *taken = delivery_pop(&queue);
  assert_non_null(taken);
  const broker_message *message = &taken->message;
  assert_int_equal(message->body.len, 7);
  assert_memory_equal(message->body.data, "abcdefg", 7);
  assert_memory_equal(message->id.data, "id-1", 4);
  assert_int_equal(message->n_headers, 2); /* a list is no field */
  assert_int_equal(message->attempt, 4);
  assert_int_equal(message->tag.position, 5);
  delivery_free(taken);
  delivery_clear(&queue);
}

static void a_delivery_that_is_too_large_is_skipped(void **state) {
  delivery_queue queue = { .most_bytes = 4 };
  amqp_basic_properties_t none = { 0 };
  uint64_t tag = 0;
  (void)state;
  assert_int_equal(give_deliver(&queue, 8, false), 0);
  assert_int_equal(give_header(&queue, 6, &none, &tag), 2);
  assert_int_equal(tag, 8);
  assert_int_equal(give_body(&queue, "abc"), 0);
  assert_int_equal(give_body(&queue, "def"), 0);
  assert_int_equal(give_deliver(&queue, 9, false), 0);
  assert_int_equal(give_header(&queue, 0, &none, &tag), 1); /* an empty one is complete with its header */
  delivery *taken = delivery_pop(&queue);
  assert_int_equal(taken->message.body.len, 0);
  assert_int_equal(taken->message.attempt, 1);
  delivery_free(taken);
  delivery_clear(&queue);
}

static void frames_out_of_order_are_refused(void **state) {
  delivery_queue queue = { .most_bytes = 100 };
  amqp_basic_properties_t none = { 0 };
  uint64_t tag = 0;
  (void)state;
  assert_int_equal(give_body(&queue, "x"), -EPROTO);
  assert_int_equal(give_header(&queue, 3, &none, &tag), -EPROTO);
  assert_int_equal(give_deliver(&queue, 1, false), 0);
  assert_int_equal(give_header(&queue, 3, &none, &tag), 0);
  assert_int_equal(give_body(&queue, "more than three"), -EPROTO);
  assert_int_equal(give_deliver(&queue, 2, false), -EPROTO); /* in the middle of another */
  delivery_clear(&queue);
  assert_int_equal(give_body(&queue, "x"), -EPROTO);
}

/* --- confirms --- */

typedef struct told_list {
  uint32_t n;
  uint64_t tokens[16];
  bool refused[16];
} told_list;

static void told(void *arg, uint64_t token, const broker_fault *fault) {
  told_list *list = arg;
  assert_true(list->n < 16);
  list->refused[list->n] = fault != NULL;
  list->tokens[list->n++] = token;
}

static int give_ack(confirms *self, told_list *list, uint64_t number, bool multiple, bool nack) {
  amqp_basic_ack_t ack = { number, multiple };
  amqp_basic_nack_t refusal = { number, multiple, 0 };
  const amqp_frame_t frame = { .frame_type = AMQP_FRAME_METHOD,
                               .payload.method = { nack ? AMQP_BASIC_NACK_METHOD : AMQP_BASIC_ACK_METHOD,
                                                   nack ? (void *)&refusal : (void *)&ack } };
  list->n = 0;
  return confirms_take_frame(self, &frame, told, list);
}

static void confirms_count_single_ones_and_many(void **state) {
  confirms self;
  told_list list;
  (void)state;
  assert_int_equal(confirms_init(&self, 4), 0);
  for (uint64_t i = 0; i < 4; i++) {
    confirms_add(&self, 100 + i, QN_LIT("id"));
  }
  assert_true(confirms_full(&self));
  assert_int_equal(give_ack(&self, &list, 2, false, false), 0);
  assert_int_equal(list.n, 1);
  assert_int_equal(list.tokens[0], 101);
  assert_int_equal(give_ack(&self, &list, 3, true, false), 0); /* 1 and 3: 2 is known */
  assert_int_equal(list.n, 2);
  assert_int_equal(list.tokens[0], 100);
  assert_int_equal(list.tokens[1], 102);
  assert_int_equal(give_ack(&self, &list, 4, false, true), 0);
  assert_true(list.refused[0]);
  assert_int_equal(self.n, 0);
  assert_int_equal(give_ack(&self, &list, 2, false, false), 0); /* long ago */
  assert_int_equal(list.n, 0);
  assert_int_equal(give_ack(&self, &list, 5, false, false), -EPROTO); /* never sent */
  assert_int_equal(give_ack(&self, &list, 0, true, false), 0);        /* all of none */
  assert_int_equal(list.n, 0);
  confirms_add(&self, 200, QN_LIT("id"));
  confirms_add(&self, 201, QN_LIT("id"));
  assert_int_equal(give_ack(&self, &list, 0, true, false), 0); /* all */
  assert_int_equal(list.n, 2);
  confirms_done(&self);
}

static void a_returned_message_is_refused_by_its_confirm(void **state) {
  confirms self;
  told_list list = { 0 };
  amqp_basic_return_t why = { .reply_code = 312, .reply_text = amqp_cstring_bytes("NO_ROUTE") };
  amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_MESSAGE_ID_FLAG, .message_id = amqp_cstring_bytes("b") };
  amqp_frame_t frame = { .frame_type = AMQP_FRAME_METHOD, .payload.method = { AMQP_BASIC_RETURN_METHOD, &why } };
  (void)state;
  assert_int_equal(confirms_init(&self, 4), 0);
  confirms_add(&self, 1, QN_LIT("a"));
  confirms_add(&self, 2, QN_LIT("b"));
  assert_int_equal(confirms_take_frame(&self, &frame, told, &list), 0);
  frame = (amqp_frame_t){ .frame_type = AMQP_FRAME_HEADER };
  frame.payload.properties.body_size = 3;
  frame.payload.properties.decoded = &properties;
  assert_int_equal(confirms_take_frame(&self, &frame, told, &list), 0);
  frame = (amqp_frame_t){ .frame_type = AMQP_FRAME_BODY, .payload.body_fragment = amqp_cstring_bytes("xyz") };
  assert_int_equal(confirms_take_frame(&self, &frame, told, &list), 0);
  assert_int_equal(confirms_take_frame(&self, &frame, told, &list), -EPROTO); /* a body of nothing */
  assert_int_equal(give_ack(&self, &list, 2, true, false), 0);
  assert_int_equal(list.n, 2);
  assert_false(list.refused[0]);
  assert_true(list.refused[1]);
  confirms_done(&self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_delivery_comes_in_pieces),
    cmocka_unit_test(a_delivery_that_is_too_large_is_skipped),
    cmocka_unit_test(frames_out_of_order_are_refused),
    cmocka_unit_test(confirms_count_single_ones_and_many),
    cmocka_unit_test(a_returned_message_is_refused_by_its_confirm),
  };
  return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
