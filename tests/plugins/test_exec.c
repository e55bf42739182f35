/* SPDX-License-Identifier: Apache-2.0 */

/* The stage `exec` with programs that answer well, badly, late, or never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "async_rig.h"

enum { LIMIT_MS = 20000 };

static const char word_layer[] = "'layers':{'provides':['test.word/1'],'schemas':{'test.word/1':{'columns':["
                                 "{'name':'label','type':'symbol','symbols':['word','other']},"
                                 "{'name':'value','type':'str'},{'name':'score','type':'f64'},"
                                 "{'name':'next','type':'ref','layer':'test.word/1'},{'name':'more','type':'span'},"
                                 "{'name':'count','type':'i64'}]}}}";

/* A rig with the tests' program. first: what it gets as arguments, like ",'say'"; more: other keys, like ",'in_flight':1". */
static char *stages(const char *first, const char *more) {
  char *text = NULL;
  const char *root = getenv("QANAT_SOURCE_ROOT");
  assert_true(asprintf(&text,
                       "[{'use':'decode'},{'use':'exec','with':{'command':['" PYTHON
                       "','%s/tests/plugins/exec-program'%s],"
                       "'restart_ms':1,%s%s}}]",
                       root != NULL ? root : ".", first, word_layer, more) > 0);
  return text;
}

static async_rig *rig_with(const char *first, const char *more) {
  char *text = stages(first, more);
  async_rig *rig = async_rig_new(text);
  free(text);
  return rig;
}

static void assert_in(const char *text, const char *part) {
  if (strstr(text, part) == NULL) {
    fail_msg("\"%s\" is not in: %s", part, text);
  }
}

static void assert_failed(const async_rig *rig, uint32_t number, qn_status status, const char *slug, const char *part) {
  if (async_rig_status(rig, number) != status) {
    fail_msg("status %d: %s", async_rig_status(rig, number), async_rig_error(rig, number)->message);
  }
  assert_string_equal(async_rig_error(rig, number)->slug, slug);
  assert_in(async_rig_error(rig, number)->message, part);
}

/* --- good answers --- */

static void reply_with_rows_and_fields_reaches_the_document(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  uint32_t number = async_rig_push(rig, "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 \xf0\x9f\x8c\x8d ok");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, number), QN_STATUS_OK);
  assert_in(async_rig_record(rig, number),
            "\"n_words\":3,\"first\":{\"begin\":0,\"end\":8}},\"layers\":{\"test.word/1\":["
            "{\"begin\":0,\"end\":8,\"label\":\"word\",\"value\":\"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85\",\"score\":0.5,"
            "\"count\":0},{\"begin\":9,\"end\":13");
  async_rig_free(rig);
}

/* The text is the command itself: a character of four bytes stands first, so each unit counts otherwise. */
static void offsets_of_each_unit_mean_the_same_place(void **state) {
  (void)state;
  static const struct {
    const char *unit;
    const char *span;
  } rows[] = { { "codepoints", "{\"begin\":1,\"end\":3}" },
               { "utf16", "{\"begin\":2,\"end\":4}" },
               { "bytes", "{\"begin\":4,\"end\":6}" } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char more[100];
    char text[200];
    snprintf(more, sizeof more, ",'offsets':'%s'", rows[i].unit);
    snprintf(text, sizeof text, "\xf0\x9f\x8c\x8dunits {\"at\":%s}", rows[i].span);
    async_rig *rig = rig_with("", more);
    async_rig_push(rig, text);
    async_rig_wait(rig, LIMIT_MS);
    assert_int_equal(async_rig_status(rig, 0), QN_STATUS_OK);
    assert_in(async_rig_record(rig, 0), "\"at\":{\"begin\":4,\"end\":6}");
    async_rig_free(rig);
  }
}

static void offset_inside_a_character_rejects_the_document(void **state) {
  (void)state;
  static const struct {
    const char *unit;
    const char *said;
  } rows[] = { { "utf16", "inside a pair" }, { "bytes", "inside a character" } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char more[100];
    snprintf(more, sizeof more, ",'offsets':'%s'", rows[i].unit);
    async_rig *rig = rig_with("", more);
    async_rig_push(rig, "\xf0\x9f\x8c\x8dunits {\"at\":{\"begin\":1,\"end\":6}}");
    async_rig_wait(rig, LIMIT_MS);
    assert_failed(rig, 0, QN_STATUS_REJECT, "bad-reply", rows[i].said);
    async_rig_free(rig);
  }
}

static void replies_in_another_order_find_their_documents(void **state) {
  (void)state;
  async_rig *rig = rig_with("", ",'in_flight':3");
  for (int i = 0; i < 9; i++) {
    async_rig_push(rig, "hold");
  }
  async_rig_wait(rig, LIMIT_MS);
  for (uint32_t i = 0; i < 9; i++) {
    assert_int_equal(async_rig_status(rig, i), QN_STATUS_OK);
  }
  async_rig_free(rig);
}

static void request_holds_number_attempt_and_parts(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  uint32_t number = async_rig_push_again(rig, "request", 3);
  async_rig_wait(rig, LIMIT_MS);
  assert_in(async_rig_record(rig, number),
            "{\\\"id\\\": 1, \\\"attempt\\\": 3, \\\"document\\\": {\\\"text\\\": \\\"request\\\", "
            "\\\"offsets\\\": \\\"codepoints\\\"}}");
  async_rig_free(rig);
}

static void statuses_of_the_reply_become_those_of_the_document(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  async_rig_push(rig, "raw {\"id\":ID,\"status\":\"drop\"}");
  async_rig_push(rig,
                 "raw {\"id\":ID,\"status\":\"reject\",\"slug\":\"too-dull\",\"message\":\"nothing \\u0641 in it\"}");
  async_rig_push(rig, "raw {\"id\":ID,\"status\":\"retry\"}");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, 0), QN_STATUS_DROP);
  assert_failed(rig, 1, QN_STATUS_REJECT, "too-dull", "nothing \xd9\x81 in it");
  assert_failed(rig, 2, QN_STATUS_RETRY, "asked-to-retry", "no more");
  async_rig_free(rig);
}

/* --- bad answers for a document that is known --- */

static void reply_that_breaks_a_rule_rejects_its_document(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *said;
  } rows[] = {
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":9999,\"label\":\"word\"}]}",
      "the offset 9999 is outside the text" },
    { "layers {\"test.word/1\":[{\"begin\":5,\"end\":2,\"label\":\"word\"}]}", "the first not past the second" },
    { "layers {\"test.word/1\":[{\"begin\":-1,\"end\":2,\"label\":\"word\"}]}", "must be offsets" },
    { "layers {\"test.word/1\":[{\"begin\":0.5,\"end\":2,\"label\":\"word\"}]}", "must be offsets" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":2}]}", "it needs \"label\"" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":2,\"label\":\"verb\"}]}", "none of the column's symbols" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":2,\"label\":\"word\",\"colour\":1}]}", "no column \"colour\"" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"begin\":0,\"end\":2,\"label\":\"word\"}]}", "twice" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":2,\"label\":\"word\",\"next\":1}]}", "which has 1 here" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":2,\"label\":\"word\",\"score\":1e999}]}", "too large" },
    { "layers {\"test.word/1\":[{\"begin\":0,\"end\":2,\"label\":\"word\",\"more\":{\"begin\":1}}]}", "a span needs" },
    { "layers {\"entity/1\":[]}", "does not list" },
    { "layers {\"test.word/1\":{}}", "an array is expected" },
    { "layers []", "must be an object" },
    { "fields {\"id\":\"other\"}", "cannot be set" },
    { "fields {\"x\":[1]}", "a field is a string" },
    { "fields {\"x\":{\"begin\":0,\"end\":1000}}", "outside the text" },
    { "raw {\"id\":ID,\"status\":\"fine\"}", "\"fine\"" },
    { "raw {\"id\":ID,\"colour\":1}", "\"colour\" is unknown" },
    { "raw {\"id\":ID,\"id\":ID}", "twice" },
    { "raw {\"colour\":1,\"id\":ID}", "\"colour\" is unknown" },
    { "raw {\"id\":ID,\"slug\":\"No Slug\"}", "\"slug\"" },
    { "raw {\"id\":ID,\"message\":\"\\u0000\"}", "NUL" },
    { "raw {\"id\":ID,\"message\":\"\\ud800\"}", "surrogate" },
    { "raw {\"id\":ID} and more", "behind its end" },
    { "raw {\"id\":ID,\"fields\":{\"x\":tru}}", "no JSON value" },
  };
  async_rig *rig = rig_with("", "");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    async_rig_push(rig, rows[i].text);
  }
  uint32_t last = async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_failed(rig, (uint32_t)i, QN_STATUS_REJECT, "bad-reply", rows[i].said);
  }
  assert_int_equal(async_rig_status(rig, last), QN_STATUS_OK);
  async_rig_free(rig);
}

/* --- answers that make the whole process doubtful --- */

static void line_without_a_number_costs_only_its_own_document(void **state) {
  (void)state;
  static const char *const bad[] = { "raw garbage",     "raw {\"id\":\"ID\"}",      "raw []", "raw {\"id\":99999}",
                                     "raw {\"id\":-1}", "hex 7b226964223a4944ff7d", "raw {",  "half",
                                     "huge 3" };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    async_rig *rig = rig_with("", ",'line_bytes':100000");
    for (int k = 0; k < 3; k++) {
      async_rig_push(rig, "ok");
    }
    uint32_t guilty = async_rig_push(rig, bad[i]);
    for (int k = 0; k < 3; k++) {
      async_rig_push(rig, "words of no harm");
    }
    async_rig_wait(rig, LIMIT_MS);
    for (uint32_t k = 0; k < 7; k++) {
      if (k != guilty && async_rig_status(rig, k) != QN_STATUS_OK) {
        fail_msg("\"%s\" cost document %u: %s", bad[i], k, async_rig_error(rig, k)->message);
      }
    }
    assert_int_equal(async_rig_status(rig, guilty), QN_STATUS_RETRY);
    async_rig_free(rig);
  }
}

static void second_answer_to_one_document_is_left_aside(void **state) {
  (void)state;
  async_rig *rig = rig_with("", ",'in_flight':1");
  async_rig_push(rig, "pid");
  async_rig_push(rig, "twice");
  async_rig_push(rig, "pid");
  async_rig_wait(rig, LIMIT_MS);
  assert_string_equal(strstr(async_rig_record(rig, 0), "pid"), strstr(async_rig_record(rig, 2), "pid"));
  assert_in(async_rig_log(rig), "does not have any more");
  async_rig_free(rig);
}

static void slow_bytes_make_a_line(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  async_rig_push(rig, "slow 2");
  async_rig_wait(rig, LIMIT_MS);
  assert_in(async_rig_record(rig, 0), "\"slow\":true");
  async_rig_free(rig);
}

/* --- ends --- */

static void crash_charges_the_document_that_causes_it_and_no_other(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *said;
  } rows[] = { { "die 3", "ended with status 3" },
               { "segv", "signal 11 (SEGV)" },
               { "die 0", "ended with status 0" },
               { "child", "ended with status 3" },
               { "close-output", "closed its output" } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    async_rig *rig = rig_with("", ",'processes':2,'in_flight':8");
    for (int k = 0; k < 20; k++) {
      async_rig_push(rig, k == 10 ? rows[i].text : "words and more words");
    }
    async_rig_wait(rig, LIMIT_MS);
    for (uint32_t k = 0; k < 20; k++) {
      if (k != 10 && async_rig_status(rig, k) != QN_STATUS_OK) {
        fail_msg("\"%s\" cost document %u: %s", rows[i].text, k, async_rig_error(rig, k)->message);
      }
    }
    assert_int_equal(async_rig_status(rig, 10), QN_STATUS_RETRY);
    assert_in(async_rig_error(rig, 10)->message, rows[i].said);
    async_rig_free(rig);
  }
}

/* Would end the test by SIGPIPE, too. */
static void document_that_the_program_did_not_read_is_given_again(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  async_rig_push(rig, "close-input");
  async_rig_wait(rig, LIMIT_MS);
  async_rig_run(rig, 2, 100); /* it closes its input after its answer */
  uint32_t next = async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, next), QN_STATUS_OK);
  assert_in(async_rig_log(rig), "it closed its input");
  async_rig_free(rig);
}

static void program_that_leaves_after_each_answer_is_started_again(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  for (int i = 0; i < 12; i++) {
    async_rig_push(rig, "answer-and-die 0");
  }
  async_rig_wait(rig, LIMIT_MS);
  for (uint32_t i = 0; i < 12; i++) {
    assert_int_equal(async_rig_status(rig, i), QN_STATUS_OK);
  }
  async_rig_free(rig);
}

static void program_that_fails_at_once_stops_the_pipeline(void **state) {
  (void)state;
  async_rig *rig = rig_with(",'exit','7'", ",'give_up':3,'in_flight':1");
  for (int i = 0; i < 6; i++) {
    async_rig_push(rig, "ok");
  }
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, 5), QN_STATUS_FATAL);
  assert_in(async_rig_error(rig, 5)->message, "3 times in a row without one answer");
  assert_in(async_rig_error(rig, 5)->message,
            "ended with status 7; the last it said: this program does not like it here");
  uint32_t after = async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, after), QN_STATUS_FATAL);
  async_rig_free(rig);
}

static void program_that_cannot_be_run_is_refused_before_it_is_needed(void **state) {
  (void)state;
  static const struct {
    const char *with;
    const char *said;
  } rows[] = {
    { "'command':['no-such-program-here']", "no folder of PATH" },
    { "'command':['/etc/passwd']", "not executable" },
    { "'command':['/nowhere/at/all']", "no such file" },
    { "'command':['/']", "it is not a file" },
    { "'command':['cat'],'folder':'/nowhere'", "there is no folder /nowhere" },
    { "'command':['cat'],'environment':{'A=B':'c'}", "no \\\"=\\\"" },
    { "'command':['cat'],'layers':{'provides':['token/1'],'reads':[]}", NULL },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[400];
    snprintf(text, sizeof text, "[{'use':'decode'},{'use':'exec','with':{%s}}]", rows[i].with);
    if (rows[i].said == NULL) {
      async_rig_free(async_rig_new(text));
      continue;
    }
    char *said = async_rig_refusal(text);
    const char *wanted = strcmp(rows[i].said, "no \\\"=\\\"") == 0 ? "no \"=\"" : rows[i].said;
    assert_in(said, wanted);
    free(said);
  }
}

/* --- time --- */

static void silence_charges_the_oldest_document(void **state) {
  (void)state;
  async_rig *rig = rig_with("", ",'answer_ms':3000");
  async_rig_push(rig, "ok");
  async_rig_push(rig, "sleep 60000");
  async_rig_push(rig, "ok");
  async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, 0), QN_STATUS_OK);
  assert_failed(rig, 1, QN_STATUS_RETRY, "no-answer", "gave no answer for 3000 ms");
  assert_int_equal(async_rig_status(rig, 2), QN_STATUS_OK);
  assert_int_equal(async_rig_status(rig, 3), QN_STATUS_OK);
  async_rig_free(rig);
}

static void cancelled_document_ends_at_once_and_its_late_reply_is_ignored(void **state) {
  (void)state;
  async_rig *rig = rig_with("", ",'in_flight':2");
  async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS); /* the program runs */
  uint32_t slow = async_rig_push(rig, "sleep 1500");
  uint32_t behind = async_rig_push(rig, "ok");
  uint32_t waiting = async_rig_push(rig, "ok");
  async_rig_run(rig, 3, 50);
  async_rig_cancel(rig, slow);
  async_rig_cancel(rig, waiting);
  async_rig_run(rig, 3, 200);
  assert_failed(rig, slow, QN_STATUS_RETRY, "cancelled", "nobody waited");
  assert_failed(rig, waiting, QN_STATUS_RETRY, "cancelled", "nobody waited");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, behind), QN_STATUS_OK);
  uint32_t after = async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  assert_int_equal(async_rig_status(rig, after), QN_STATUS_OK);
  async_rig_free(rig);
}

static void program_that_stays_after_its_input_is_closed_is_killed(void **state) {
  (void)state;
  async_rig *rig = rig_with(",'stay'", ",'stop_ms':100,'processes':2");
  async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  async_rig_free(rig); /* would find the children */
}

/* --- the world of the program --- */

static void program_gets_the_environment_it_is_given_and_no_more(void **state) {
  (void)state;
  setenv("QANAT_TEST_SECRET", "x", 1);
  async_rig *rig = rig_with("", ",'folder':'/','inherit':['PATH'],'environment':{'TEST_VALUE':'a=b \xd8\xb3'}");
  async_rig_push(rig, "report");
  async_rig_wait(rig, LIMIT_MS);
  const char *record = async_rig_record(rig, 0);
  assert_in(record, "\"environment\":\"PATH TEST_VALUE\"");
  assert_in(record, "\"folder\":\"/\"");
  assert_in(record, "\"value\":\"a=b \xd8\xb3\"");
  assert_in(record, "\"leader\":true");
  assert_in(record, "\"descriptors\":\"0 1 2 3\""); /* and none but the one that lists them */
  async_rig_free(rig);
}

static void script_is_given_as_the_file_was_when_the_stage_began(void **state) {
  (void)state;
  char path[] = "/tmp/qanat-exec-script-XXXXXX";
  static const char script[] =
      "import sys, json\n"
      "for line in sys.stdin:\n"
      "  print(json.dumps({'id': json.loads(line)['id'], 'fields': {'argv': ' '.join(sys.argv)}}), "
      "flush=True)\n";
  static const char *const commands[][2] = { { "", "/dev/fd/3" }, { ",'{script}','last'", "/dev/fd/3 last" } };
  int fd = mkstemp(path);
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    char *text = NULL;
    char wanted[100];
    assert_int_equal(pwrite(fd, script, sizeof script - 1, 0), sizeof script - 1);
    assert_true(asprintf(&text, "[{'use':'decode'},{'use':'exec','with':{'command':['" PYTHON "'%s],'script':'%s'}}]",
                         commands[i][0], path) > 0);
    async_rig *rig = async_rig_new(text);
    assert_int_equal(ftruncate(fd, 0), 0);
    async_rig_push(rig, "x");
    async_rig_wait(rig, LIMIT_MS);
    snprintf(wanted, sizeof wanted, "\"argv\":\"%s\"", commands[i][1]);
    assert_in(async_rig_record(rig, 0), wanted);
    async_rig_free(rig);
    free(text);
  }
  close(fd);
  unlink(path);
}

static void what_the_program_says_goes_to_the_log(void **state) {
  (void)state;
  async_rig *rig = rig_with("", "");
  async_rig_push(rig, "say loading \xd8\xb3");
  async_rig_push(rig, "shout 2000");
  async_rig_wait(rig, LIMIT_MS);
  async_rig_push(rig, "ok");
  async_rig_wait(rig, LIMIT_MS);
  async_rig_run(rig, UINT32_MAX, 100);
  assert_in(async_rig_log(rig), "process 1 says: loading \xd8\xb3\n");
  assert_in(async_rig_log(rig), "more than 50 lines in a second");
  async_rig_free(rig);
}

static void many_large_documents_pass_both_ways(void **state) {
  (void)state;
  enum { N = 300, BYTES = 200000 };
  char *text = malloc(BYTES + 1);
  assert_non_null(text);
  async_rig *rig = rig_with("", ",'processes':3,'in_flight':16");
  for (uint32_t i = 0; i < N; i++) {
    size_t len = i % 10 == 0 ? BYTES : 50;
    memset(text, 'a' + (int)(i % 26), len);
    for (size_t k = 20; k < len; k += 20) {
      text[k] = ' ';
    }
    text[len] = '\0';
    async_rig_push(rig, text);
  }
  async_rig_wait(rig, LIMIT_MS * 3);
  for (uint32_t i = 0; i < N; i++) {
    assert_int_equal(async_rig_status(rig, i), QN_STATUS_OK);
    char begin[32];
    snprintf(begin, sizeof begin, "\"value\":\"%c", (char)('A' + (int)(i % 26)));
    assert_in(async_rig_record(rig, i), begin);
  }
  async_rig_free(rig);
  free(text);
}

static void document_over_the_limit_is_rejected_before_it_is_sent(void **state) {
  (void)state;
  char text[3000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  async_rig *rig = rig_with("", ",'line_bytes':2048");
  async_rig_push(rig, text);
  async_rig_wait(rig, LIMIT_MS);
  assert_failed(rig, 0, QN_STATUS_REJECT, "too-long", "line_bytes");
  async_rig_free(rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reply_with_rows_and_fields_reaches_the_document),
    cmocka_unit_test(offsets_of_each_unit_mean_the_same_place),
    cmocka_unit_test(offset_inside_a_character_rejects_the_document),
    cmocka_unit_test(replies_in_another_order_find_their_documents),
    cmocka_unit_test(request_holds_number_attempt_and_parts),
    cmocka_unit_test(statuses_of_the_reply_become_those_of_the_document),
    cmocka_unit_test(reply_that_breaks_a_rule_rejects_its_document),
    cmocka_unit_test(line_without_a_number_costs_only_its_own_document),
    cmocka_unit_test(second_answer_to_one_document_is_left_aside),
    cmocka_unit_test(slow_bytes_make_a_line),
    cmocka_unit_test(crash_charges_the_document_that_causes_it_and_no_other),
    cmocka_unit_test(document_that_the_program_did_not_read_is_given_again),
    cmocka_unit_test(program_that_leaves_after_each_answer_is_started_again),
    cmocka_unit_test(program_that_fails_at_once_stops_the_pipeline),
    cmocka_unit_test(program_that_cannot_be_run_is_refused_before_it_is_needed),
    cmocka_unit_test(silence_charges_the_oldest_document),
    cmocka_unit_test(cancelled_document_ends_at_once_and_its_late_reply_is_ignored),
    cmocka_unit_test(program_that_stays_after_its_input_is_closed_is_killed),
    cmocka_unit_test(program_gets_the_environment_it_is_given_and_no_more),
    cmocka_unit_test(script_is_given_as_the_file_was_when_the_stage_began),
    cmocka_unit_test(what_the_program_says_goes_to_the_log),
    cmocka_unit_test(many_large_documents_pass_both_ways),
    cmocka_unit_test(document_over_the_limit_is_rejected_before_it_is_sent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
