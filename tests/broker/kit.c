/* SPDX-License-Identifier: Apache-2.0 */

/* What every broker plugin keeps, whatever the broker: its sink and its source against each other, over a broker that whoever
 * starts this has started.
 *
 * QANAT_BROKER_KIT names a JSON file: "plugin" (the .so), "sink" and "source" (stage names), "sink_with", "source_with" and
 * "dead_with" (configurations, in which %Q is replaced by a queue of the test's own; dead_with is a source's that reads the
 * dead letters of %Q), "exact" (what was settled never comes again, though something before it was not), "counts" (the
 * broker counts deliveries), "limits" (and puts aside what was delivered too often: "delivery_limit"), "restart" (a command that kills the broker and starts it again).
 *
 * QANAT_BROKER_KIT_ONLY and QANAT_BROKER_KIT_BUT choose tests by a pattern, QANAT_BROKER_KIT_PART chooses every Nth from the Kth on ("K/N"): most of
 * them wait, so parts of the kit run side by side (kit.py). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "qanat/harness.h"

enum { PULL_MS = 15000, NOTHING_MS = 700, CONFIG_BYTES = 8192, DOCS_MAX = 600 };

static cJSON *kit;

/* --- stands --- */

static const char *kit_text(const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(kit, key);
  return cJSON_IsString(item) ? item->valuestring : NULL;
}

static bool kit_flag(const char *key) {
  return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(kit, key));
}

/* The configuration under key, for a queue, with more members. free() it. */
static char *config_of(const char *key, const char *queue, const char *more) {
  cJSON *made = cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(kit, key), 1);
  cJSON *extra = cJSON_Parse(more == NULL ? "{}" : more);
  assert_non_null(made);
  assert_non_null(extra);
  cJSON *item = extra->child;
  while (item != NULL) {
    cJSON *next = item->next;
    cJSON_DetachItemViaPointer(extra, item);
    cJSON_DeleteItemFromObjectCaseSensitive(made, item->string);
    cJSON_AddItemToObject(made, item->string, item);
    item = next;
  }
  char *text = cJSON_PrintUnformatted(made);
  char *filled = malloc(CONFIG_BYTES);
  assert_non_null(filled);
  size_t n = 0;
  for (const char *at = text; *at != '\0'; at++) {
    bool is_queue = at[0] == '%' && at[1] == 'Q';
    const char *piece = is_queue ? queue : at;
    size_t len = is_queue ? strlen(queue) : 1;
    assert_true(n + len < CONFIG_BYTES);
    memcpy(filled + n, piece, len);
    n += len;
    at += is_queue;
  }
  filled[n] = '\0';
  cJSON_free(text);
  cJSON_Delete(made);
  cJSON_Delete(extra);
  return filled;
}

static void show(void *arg, uint32_t level, const char *text, size_t len) {
  (void)arg;
  if (getenv("QANAT_BROKER_KIT_LOG") != NULL) {
    fprintf(stderr, "# log %u: %.*s\n", level, (int)len, text);
  }
}

static qn_harness *stage_open(const char *role, const char *with, const char *queue, const char *more) {
  char message[1024] = "";
  char *config = config_of(with, queue, more);
  const qn_harness_options options = {
    .file = kit_text("plugin"), .stage = kit_text(role), .config = config, .timeout_ms = 60000, .log = show
  };
  qn_harness *made = NULL;
  int rc = qn_harness_open(&options, &made, message, sizeof message);
  free(config);
  if (rc != 0) {
    fail_msg("%s", message);
  }
  return made;
}

static qn_harness *source_open(const char *with, const char *queue, const char *more) {
  qn_harness *made = stage_open("source", with, queue, more);
  assert_int_equal(qn_harness_source_start(made, 0), 0);
  return made;
}

static void stage_close(qn_harness *self) {
  char message[1024] = "";
  if (qn_harness_close(self, message, sizeof message) != 0) {
    fail_msg("%s", message);
  }
}

static void source_close(qn_harness *self) {
  qn_harness_outcome outcome;
  qn_status status = qn_harness_source_stop(self, &outcome);
  if (status != QN_STATUS_OK && status != QN_STATUS_MORE) {
    fail_msg("the source ended with %d: %s", status, outcome.message);
  }
  stage_close(self);
}

static void queue_name(const char *test, char *ret_name, size_t size) {
  snprintf(ret_name, size, "kit-%s-%d-%lld", test, (int)getpid(), (long long)time(NULL));
}

/* --- sending --- */

static void send_doc(qn_harness *sink, qn_harness_doc *doc) {
  qn_harness_outcome outcome;
  if (qn_harness_prepare(sink, doc, &outcome) != QN_STATUS_OK) {
    fail_msg("prepare: %s", outcome.message);
  }
  qn_harness_write(sink, &doc, 1, &outcome);
  if (outcome.status != QN_STATUS_OK) {
    fail_msg("write: %s", outcome.message);
  }
}

static void flush(qn_harness *sink) {
  qn_harness_outcome outcome;
  if (qn_harness_flush(sink, &outcome) != QN_STATUS_OK) {
    fail_msg("flush: %s", outcome.message);
  }
}

/* Documents "doc 0", "doc 1", ... with ids d0, d1, ... */
static void send_numbered(const char *queue, uint32_t from, uint32_t n) {
  qn_harness *sink = stage_open("sink", "sink_with", queue, "{\"form\":\"payload\"}");
  for (uint32_t i = from; i < from + n; i++) {
    char text[32], id[32];
    snprintf(text, sizeof text, "doc %u", i);
    snprintf(id, sizeof id, "d%u", i);
    qn_harness_doc *doc = qn_harness_doc_bytes(sink, text, strlen(text), "text/plain");
    assert_non_null(doc);
    assert_int_equal(qn_harness_field_set_str(doc, "id", id), 0);
    send_doc(sink, doc);
    qn_harness_doc_free(doc);
  }
  flush(sink);
  stage_close(sink);
}

/* --- receiving --- */

static void settle(qn_harness *source, uint64_t cookie, uint32_t outcome) {
  const qn_receipt receipt = { .cookie = cookie, .outcome = outcome };
  qn_harness_source_settle(source, &receipt, 1);
}

static uint32_t number_of(const qn_harness_emitted *got) {
  char text[32] = "";
  assert_true(got->emit.id.len > 1 && got->emit.id.len < sizeof text);
  memcpy(text, got->emit.id.data, got->emit.id.len);
  assert_int_equal(text[0], 'd');
  return (uint32_t)strtoul(text + 1, NULL, 10);
}

/* The number of the next document and its cookie; a failure if there is none in time. */
static uint32_t pull(qn_harness *source, uint64_t *ret_cookie, int64_t *ret_attempt) {
  qn_harness_emitted got;
  int rc = qn_harness_source_pull(source, PULL_MS, &got);
  if (rc != 0) {
    fail_msg("no document: %s", strerror(-rc));
  }
  qn_value attempt = { .as.i64 = 1 };
  qn_harness_field_get(got.doc, "delivery_attempts", &attempt);
  *ret_cookie = got.emit.cookie;
  if (ret_attempt != NULL) {
    *ret_attempt = attempt.as.i64;
  }
  uint32_t number = number_of(&got);
  qn_harness_doc_free(got.doc);
  return number;
}

static void assert_nothing(qn_harness *source) {
  qn_harness_emitted got;
  int rc = qn_harness_source_pull(source, NOTHING_MS, &got);
  if (rc == 0) {
    fail_msg("d%u came again", number_of(&got));
  }
  assert_int_equal(rc, -ETIMEDOUT);
}

/* Takes what is left, settles it, and marks it. */
static void take_rest(const char *with, const char *queue, bool *seen, uint32_t n_wanted) {
  qn_harness *source = source_open(with, queue, NULL);
  for (uint32_t i = 0; i < n_wanted; i++) {
    uint64_t cookie;
    uint32_t number = pull(source, &cookie, NULL);
    assert_true(number < DOCS_MAX);
    i -= seen[number];
    seen[number] = true;
    settle(source, cookie, QN_OUTCOME_DELIVERED);
  }
  assert_nothing(source);
  source_close(source);
}

/* --- the tests --- */

static void what_is_sent_comes_whole(void **state) {
  char queue[64];
  (void)state;
  queue_name("whole", queue, sizeof queue);
  qn_harness *sink =
      stage_open("sink", "sink_with", queue, "{\"form\":\"payload\",\"headers\":[\"language\",\"pages\"]}");
  qn_harness_doc *doc = qn_harness_doc_bytes(sink, "<p>\xff\0x", 6, "text/html; charset=x");
  const qn_value pages = { .type = QN_VALUE_I64, .as.i64 = -7 };
  qn_harness_field_set_str(doc, "id", "d1");
  qn_harness_field_set_str(doc, "language", "\xd8\xb9");
  qn_harness_field_set_str(doc, "unsent", "x");
  qn_harness_field_set_str(doc, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  assert_int_equal(qn_harness_field_set(doc, "pages", &pages), 0);
  send_doc(sink, doc);
  flush(sink);
  stage_close(sink);

  qn_harness *source = source_open("source_with", queue, NULL);
  qn_harness_emitted got;
  assert_int_equal(qn_harness_source_pull(source, PULL_MS, &got), 0);
  qn_view payload;
  qn_value value;
  assert_int_equal(qn_harness_view_get(got.doc, "payload", &payload), 0);
  assert_int_equal(payload.len, 6);
  assert_memory_equal(payload.data, "<p>\xff\0x", 6);
  assert_int_equal(got.emit.media_type.len, strlen("text/html; charset=x"));
  assert_int_equal(number_of(&got), 1);
  assert_int_equal(qn_harness_field_get(got.doc, "language", &value), 0);
  assert_memory_equal(value.as.str.data, "\xd8\xb9", 2);
  assert_int_equal(qn_harness_field_get(got.doc, "traceparent", &value), 0);
  assert_int_equal(value.as.str.len, 55);
  assert_int_equal(qn_harness_field_get(got.doc, "pages", &value), 0);
  assert_int_equal(qn_harness_field_get(got.doc, "unsent", &value), -ENOENT);
  settle(source, got.emit.cookie, QN_OUTCOME_DELIVERED);
  qn_harness_doc_free(got.doc);
  source_close(source);
}

static void settled_never_comes_again(void **state) {
  char queue[64];
  (void)state;
  queue_name("settled", queue, sizeof queue);
  send_numbered(queue, 0, 300);
  qn_harness *source = source_open("source_with", queue, NULL);
  for (uint32_t i = 0; i < 300; i++) {
    uint64_t cookie;
    assert_int_equal(pull(source, &cookie, NULL), i);
    settle(source, cookie, i % 3 == 0 ? QN_OUTCOME_DROPPED : QN_OUTCOME_DELIVERED);
  }
  source_close(source);
  source = source_open("source_with", queue, NULL);
  assert_nothing(source);
  source_close(source);
}

static void unsettled_comes_again(void **state) {
  char queue[64];
  (void)state;
  queue_name("unsettled", queue, sizeof queue);
  send_numbered(queue, 0, 20);
  qn_harness *source = source_open("source_with", queue, NULL);
  for (uint32_t i = 0; i < 20; i++) {
    uint64_t cookie;
    uint32_t number = pull(source, &cookie, NULL);
    if (number % 2 == 0) { /* gaps: 1, 3, 5, ... stay open */
      settle(source, cookie, QN_OUTCOME_DELIVERED);
    }
  }
  source_close(source);
  bool seen[DOCS_MAX] = { false };
  source = source_open("source_with", queue, NULL);
  for (uint32_t n_odd = 0; n_odd < 10;) {
    uint64_t cookie;
    int64_t attempt;
    uint32_t number = pull(source, &cookie, &attempt);
    if (kit_flag("exact")) {
      assert_int_equal(number % 2, 1);
    }
    if (kit_flag("counts")) {
      assert_true(attempt >= 2);
    }
    n_odd += number % 2 == 1 && !seen[number];
    seen[number] = true;
    settle(source, cookie, QN_OUTCOME_DELIVERED);
  }
  source_close(source);
}

static void no_more_than_credit_is_taken(void **state) {
  char queue[64];
  (void)state;
  queue_name("credit", queue, sizeof queue);
  send_numbered(queue, 0, 60);
  qn_harness *source = stage_open("source", "source_with", queue, "{\"prefetch\":4}");
  uint64_t cookies[8];
  assert_int_equal(qn_harness_source_start(source, 0), 0);
  for (uint32_t i = 0; i < 4; i++) {
    pull(source, &cookies[i], NULL);
  }
  assert_nothing(source);
  settle(source, cookies[0], QN_OUTCOME_DELIVERED);
  settle(source, cookies[1], QN_OUTCOME_DELIVERED);
  pull(source, &cookies[4], NULL);
  pull(source, &cookies[5], NULL);
  assert_nothing(source);
  source_close(source);

  source = stage_open("source", "source_with", queue, NULL); /* the host's credit holds it back as well */
  assert_int_equal(qn_harness_source_start(source, 2), 0);
  bool seen[DOCS_MAX] = { false };
  for (uint32_t n = 0; n < 58;) {
    uint64_t cookie;
    uint32_t number = pull(source, &cookie, NULL);
    n += !seen[number] && number != 0 && number != 1;
    seen[number] = true;
    settle(source, cookie, QN_OUTCOME_DELIVERED);
  }
  source_close(source);
}

static void failed_goes_to_the_dead_letters(void **state) {
  char queue[64];
  (void)state;
  queue_name("dead", queue, sizeof queue);
  send_numbered(queue, 0, 6);
  qn_harness *source = source_open("source_with", queue, "{\"on_failure\":\"dead-letter\"}");
  for (uint32_t i = 0; i < 6; i++) {
    uint64_t cookie;
    uint32_t number = pull(source, &cookie, NULL);
    settle(source, cookie, number < 2 ? QN_OUTCOME_DEAD_LETTERED : QN_OUTCOME_DELIVERED);
  }
  assert_nothing(source);
  source_close(source);
  bool seen[DOCS_MAX] = { false };
  take_rest("dead_with", queue, seen, 2);
  assert_true(seen[0] && seen[1]);
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void returned_comes_after_the_delay(void **state) {
  char queue[64];
  (void)state;
  queue_name("return", queue, sizeof queue);
  send_numbered(queue, 0, 1);
  qn_harness *source =
      source_open("source_with", queue, "{\"on_failure\":\"return\",\"return_delay_ms\":400,\"attempts\":3}");
  uint64_t begin_ms = 0;
  for (int64_t attempt = 1; attempt <= 3; attempt++) {
    uint64_t cookie;
    int64_t told = 0;
    assert_int_equal(pull(source, &cookie, &told), 0);
    assert_int_equal(told, attempt);
    assert_true(attempt == 1 || now_ms() - begin_ms >= (attempt == 2 ? 380u : 780u));
    begin_ms = now_ms();
    settle(source, cookie, QN_OUTCOME_DEAD_LETTERED);
  }
  assert_nothing(source);
  source_close(source);
  bool seen[DOCS_MAX] = { false };
  take_rest("dead_with", queue, seen, 1); /* after the last attempt */
}

/* A message that takes its worker down each time is put aside by the broker itself. */
static void what_nobody_settles_is_put_aside(void **state) {
  char queue[64];
  static const char more[] = "{\"delivery_limit\":2,\"form\":\"payload\"}";
  (void)state;
  if (!kit_flag("limits")) {
    printf("# %s: not asked of this broker, which does not count deliveries\n", __func__);
    return;
  }
  queue_name("limit", queue, sizeof queue);
  qn_harness *sink = stage_open("sink", "sink_with", queue, more);
  qn_harness_doc *doc = qn_harness_doc_bytes(sink, "x", 1, NULL);
  qn_harness_field_set_str(doc, "id", "d0");
  send_doc(sink, doc);
  flush(sink);
  stage_close(sink);
  for (int64_t attempt = 1; attempt <= 3; attempt++) {
    uint64_t cookie;
    int64_t told;
    qn_harness *source = source_open("source_with", queue, "{\"delivery_limit\":2}");
    assert_int_equal(pull(source, &cookie, &told), 0);
    assert_int_equal(told, attempt);
    source_close(source);
  }
  bool seen[DOCS_MAX] = { false };
  take_rest("dead_with", queue, seen, 1);
}

static const char fixture[] =
    "{\"text\":\"glad tidings\",\"fields\":{\"id\":\"d3\",\"source\":\"far\"},"
    "\"layers\":{\"token/"
    "1\":[{\"begin\":0,\"end\":4,\"form\":\"glad\"},{\"begin\":5,\"end\":12,\"form\":\"tidings\"}]}}";

static void a_block_brings_its_layers(void **state) {
  char queue[64], message[1024];
  (void)state;
  queue_name("block", queue, sizeof queue);
  qn_harness *sink = stage_open("sink", "sink_with", queue, "{\"form\":\"block\"}");
  qn_harness_doc *doc = NULL;
  if (qn_harness_doc_json(sink, fixture, strlen(fixture), &doc, message, sizeof message) != 0) {
    fail_msg("%s", message);
  }
  send_doc(sink, doc);
  send_doc(sink, doc);
  flush(sink);
  stage_close(sink);

  /* One source knows of the layer, the other of nothing but the text. */
  static const char *const more[] = { "{\"layers\":{\"views\":[\"text\"],\"provides\":[\"token/1\"]},\"prefetch\":1}",
                                      "{\"layers\":{\"views\":[\"text\"]},\"prefetch\":1}" };
  for (uint32_t i = 0; i < 2; i++) {
    qn_harness *source = source_open("source_with", queue, more[i]);
    qn_harness_emitted got;
    qn_layer tokens = { 0 };
    qn_view text;
    qn_value value;
    assert_int_equal(qn_harness_source_pull(source, PULL_MS, &got), 0);
    if (got.rejected) {
      fail_msg("%s", got.message);
    }
    assert_int_equal(qn_harness_view_get(got.doc, "text", &text), 0);
    assert_int_equal(text.len, 12);
    assert_int_equal(qn_harness_layer_get(got.doc, "token/1", &tokens), i == 0 ? 0 : -ENOENT);
    assert_int_equal(tokens.n_rows, i == 0 ? 2 : 0);
    assert_int_equal(qn_harness_field_get(got.doc, "id", &value), 0);
    assert_memory_equal(value.as.str.data, "d3", 2);
    assert_int_equal(qn_harness_field_get(got.doc, "source", &value), 0);
    assert_memory_equal(value.as.str.data, "far", 3);
    settle(source, got.emit.cookie, QN_OUTCOME_DELIVERED);
    qn_harness_doc_free(got.doc);
    source_close(source);
  }
}

/* What is no block, and what is none though one was promised, is refused with a reason. */
static void what_is_no_block_is_rejected(void **state) {
  static const char *const types[] = { "application/vnd.qanat.block", "text/plain" };
  static const char *const slugs[] = { "bad-block", "not-a-block" };
  char queue[64];
  (void)state;
  queue_name("noblock", queue, sizeof queue);
  qn_harness *sink = stage_open("sink", "sink_with", queue, "{\"form\":\"payload\"}");
  for (uint32_t i = 0; i < 2; i++) {
    qn_harness_doc *doc = qn_harness_doc_bytes(sink, "rubbish", 7, types[i]);
    qn_harness_field_set_str(doc, "id", i == 0 ? "d0" : "d1");
    send_doc(sink, doc);
  }
  flush(sink);
  stage_close(sink);
  qn_harness *source = source_open("source_with", queue, "{\"layers\":{\"views\":[\"text\"]}}");
  for (uint32_t i = 0; i < 2; i++) {
    qn_harness_emitted got;
    assert_int_equal(qn_harness_source_pull(source, PULL_MS, &got), 0);
    assert_true(got.rejected);
    assert_string_equal(got.slug, slugs[i]);
    assert_true(strlen(got.message) > 0);
    settle(source, got.emit.cookie, QN_OUTCOME_DEAD_LETTERED);
    qn_harness_doc_free(got.doc);
  }
  assert_nothing(source); /* what fails while a source ends is left to the next one */
  source_close(source);
  bool seen[DOCS_MAX] = { false };
  take_rest("dead_with", queue, seen, 2);
}

static void an_idle_source_ends_at_once(void **state) {
  char queue[64];
  (void)state;
  queue_name("idle", queue, sizeof queue);
  qn_harness *source = source_open("source_with", queue, NULL);
  assert_nothing(source);
  uint64_t begin_ms = now_ms();
  source_close(source);
  assert_true(now_ms() - begin_ms < 5000);
}

/* The broker dies and comes back: the same source and sink go on, and nothing is lost. */
static void a_restart_loses_nothing(void **state) {
  char queue[64];
  (void)state;
  queue_name("restart", queue, sizeof queue);
  if (kit_text("restart") == NULL) {
    printf("# %s: not asked of this broker, which is not started again here\n", __func__);
    return;
  }
  send_numbered(queue, 0, 100);
  qn_harness *source = source_open("source_with", queue, NULL);
  qn_harness *sink = stage_open("sink", "sink_with", queue, "{\"form\":\"payload\"}");
  bool seen[DOCS_MAX] = { false };
  uint64_t cookies[50];
  for (uint32_t i = 0; i < 50; i++) {
    seen[pull(source, &cookies[i], NULL)] = true;
  }
  for (uint32_t i = 100; i < 200; i++) {
    char id[32];
    snprintf(id, sizeof id, "d%u", i);
    qn_harness_doc *doc = qn_harness_doc_bytes(sink, id, strlen(id), NULL);
    qn_harness_field_set_str(doc, "id", id);
    send_doc(sink, doc);
    qn_harness_doc_free(doc);
    if (i == 150) {
      assert_int_equal(system(kit_text("restart")), 0);
    }
  }
  flush(sink);
  stage_close(sink);
  for (uint32_t i = 0; i < 50; i++) {
    settle(source, cookies[i], QN_OUTCOME_DELIVERED); /* of a session that is gone */
  }
  uint32_t n_seen = 50;
  while (n_seen < 200) {
    uint64_t cookie;
    uint32_t number = pull(source, &cookie, NULL);
    assert_true(number < 200);
    n_seen += !seen[number];
    seen[number] = true;
    settle(source, cookie, QN_OUTCOME_DELIVERED);
  }
  source_close(source);
}

/* A broker that is not there: sources end when told to, sinks say so after a while. */
static void without_a_broker_all_end(void **state) {
  char queue[64], more[256];
  (void)state;
  queue_name("absent", queue, sizeof queue);
  snprintf(more, sizeof more, "{\"%s\":[\"127.0.0.1:9\"],\"give_up_ms\":1000,\"backoff_ms\":50,\"connect_ms\":500}",
           kit_text("addresses_key"));
  qn_harness *sink = stage_open("sink", "sink_with", queue, more);
  qn_harness_doc *doc = qn_harness_doc_text(sink, "x", 1);
  qn_harness_outcome outcome;
  assert_int_equal(qn_harness_prepare(sink, doc, &outcome), QN_STATUS_OK);
  qn_harness_write(sink, &doc, 1, &outcome);
  qn_status status = outcome.status == QN_STATUS_OK ? qn_harness_flush(sink, &outcome) : outcome.status;
  assert_int_equal(status, QN_STATUS_FATAL);
  assert_true(strlen(outcome.message) > 0);
  stage_close(sink);
  snprintf(more, sizeof more, "{\"%s\":[\"127.0.0.1:9\"],\"connect_ms\":500}", kit_text("addresses_key"));
  qn_harness *source = source_open("source_with", queue, more);
  assert_nothing(source);
  source_close(source);
}

/* Moves those of the part that QANAT_BROKER_KIT_PART names to the front. How many. */
static size_t choose_part(struct CMUnitTest *tests, size_t n) {
  const char *part = getenv("QANAT_BROKER_KIT_PART");
  unsigned k = 1, n_parts = 1;
  if (part != NULL && (sscanf(part, "%u/%u", &k, &n_parts) != 2 || k == 0 || k > n_parts)) {
    printf("Bail out! QANAT_BROKER_KIT_PART is \"%s\"; it is to be like \"1/4\"\n", part);
    exit(1);
  }
  size_t n_chosen = 0;
  for (size_t i = k - 1; i < n; i += n_parts) {
    tests[n_chosen++] = tests[i];
  }
  return n_chosen;
}

int main(void) {
  struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_sent_comes_whole),
    cmocka_unit_test(settled_never_comes_again),
    cmocka_unit_test(unsettled_comes_again),
    cmocka_unit_test(no_more_than_credit_is_taken),
    cmocka_unit_test(failed_goes_to_the_dead_letters),
    cmocka_unit_test(returned_comes_after_the_delay),
    cmocka_unit_test(what_nobody_settles_is_put_aside),
    cmocka_unit_test(a_block_brings_its_layers),
    cmocka_unit_test(what_is_no_block_is_rejected),
    cmocka_unit_test(an_idle_source_ends_at_once),
    cmocka_unit_test(a_restart_loses_nothing),
    cmocka_unit_test(without_a_broker_all_end),
  };
  const char *path = getenv("QANAT_BROKER_KIT");
  FILE *file = path == NULL ? NULL : fopen(path, "r");
  char text[16384];
  size_t n = file == NULL ? 0 : fread(text, 1, sizeof text - 1, file);
  text[n] = '\0';
  if (file != NULL) {
    fclose(file);
  }
  kit = cJSON_Parse(text);
  if (kit == NULL) {
    printf("1..0 # SKIP QANAT_BROKER_KIT names no kit: a broker's own test starts this\n");
    return 0;
  }
  cmocka_set_test_filter(getenv("QANAT_BROKER_KIT_ONLY"));
  cmocka_set_skip_filter(getenv("QANAT_BROKER_KIT_BUT"));
  size_t n_tests = choose_part(tests, sizeof tests / sizeof tests[0]);
  int n_failed = _cmocka_run_group_tests("kit", tests, n_tests, NULL, NULL);
  cJSON_Delete(kit);
  return n_failed;
}
