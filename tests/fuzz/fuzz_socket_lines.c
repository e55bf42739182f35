/* SPDX-License-Identifier: Apache-2.0 */

/* What hostile clients send: however the bytes arrive, the same lines come of them, none longer than allowed; every line gets one
 * answer, in order, and what is written is one JSON object a line. */
#include <stdlib.h>
#include <string.h>

#include "input/json_document.h"
#include "socket/answers.h"
#include "socket/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 300, MEMORY = 1 << 20, MEMBERS = 3 };

static void demand(int holds) {
  if (!holds) {
    abort();
  }
}

static uint64_t add(uint64_t sum, const void *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) {
    sum = sum * 31 + ((const uint8_t *)bytes)[i];
  }
  return sum;
}

/* Answers a line as a source would; some later than others. */
static void answer_line(answers *all, const line *from) {
  static const members names = { .names = { (char *)(uintptr_t) "text", (char *)(uintptr_t) "id",
                                            (char *)(uintptr_t) "media_type" },
                                 .n = MEMBERS,
                                 .n_fields = MEMBERS,
                                 .depth_max = 8 };
  json_document read;
  file_fault fault;
  uint32_t number;
  demand(answers_open(all, from->number, &number) == 0);
  if (from->too_long) {
    answers_give(all, number, ANSWER_REJECTED, (qn_str){ NULL, 0 }, QN_LIT("too long"));
  } else if (json_document_read(&names, from->data, from->len, &read, &fault) == 0) {
    answers_name(all, number, json_document_id(&read));
    json_document_done(&read);
  } else {
    answers_give(all, number, ANSWER_REJECTED, (qn_str){ from->data, from->len },
                 (qn_str){ fault.text, strlen(fault.text) });
  }
  if (from->number % 5 == 0) { /* those that waited are known now, the last first */
    for (uint32_t i = all->n; i > 0; i--) {
      answers_give(all, all->first + i - 1, ANSWER_ACCEPTED, (qn_str){ NULL, 0 }, (qn_str){ NULL, 0 });
    }
  }
}

/* Every line of the answers is an object that names the next line. */
static uint64_t check_written(const json_text *out, uint64_t sum, uint64_t *last) {
  static const char *const wanted[] = { "line", "status" };
  for (size_t at = 0; at < out->len;) {
    const char *end = memchr(out->data + at, '\n', out->len - at);
    demand(end != NULL);
    json_value values[2];
    json_fault fault;
    size_t len = (size_t)(end - out->data) - at;
    demand(json_pick(out->data + at, len, wanted, values, 2, &fault) == 0 && values[0].kind == JSON_NUMBER);
    uint64_t number = strtoull(values[0].data, NULL, 10);
    demand(number > *last);
    *last = number;
    sum = add(sum, out->data + at, len);
    at += len + 1;
  }
  return sum;
}

static uint64_t feed(const uint8_t *data, size_t size, size_t piece) {
  lines in;
  answers all = { 0 };
  json_text out = { 0 };
  line next;
  uint64_t sum = 1, last = 0;
  lines_init(&in, LIMIT);
  for (size_t at = 0; at <= size;) {
    char *room;
    size_t n = lines_lend(&in, MEMORY, &room);
    demand(n > 0);
    n = n < piece ? n : piece;
    n = n < size - at ? n : size - at;
    if (n > 0) {
      memcpy(room, data + at, n);
    } else {
      lines_end(&in);
    }
    lines_filled(&in, n);
    at += n > 0 ? n : 1;
    while (lines_peek(&in, &next) == 1) {
      demand(next.too_long ? next.bytes > LIMIT : next.len <= LIMIT && memchr(next.data, '\n', next.len) == NULL);
      answer_line(&all, &next);
      lines_take(&in);
    }
    demand(in.capacity <= MEMORY);
  }
  for (uint32_t i = 0; i < all.n; i++) {
    answers_give(&all, all.first + i, ANSWER_REFUSED, (qn_str){ NULL, 0 }, QN_LIT("stopping"));
  }
  answers_write(&all, &out);
  demand(all.n == 0 && !out.spoilt);
  sum = check_written(&out, sum, &last);
  demand(last == in.n_taken);
  json_text_done(&out);
  answers_done(&all);
  lines_done(&in);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 1 << 18) {
    return 0;
  }
  uint64_t whole = feed(data, size, size + 1);
  demand(feed(data, size, 7) == whole && feed(data, size, 1) == whole);
  return 0;
}
