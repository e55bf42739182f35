/* SPDX-License-Identifier: Apache-2.0 */

/* Makes the folder of state that tests of `qanat journal` look at.
 *
 *   journal_state FOLDER N       N documents in news/http, two in news/spool: one that could not be read, and a large one
 *   journal_state FOLDER churn   goes on putting and settling documents until its standard input ends */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/journal.h"

static void must(int rc, const qn_error *error) {
  if (rc != 0) {
    fprintf(stderr, "journal_state: %d %s\n", rc, error != NULL ? error->message : "");
    exit(1);
  }
}

static journal_entry *begin(journal_line *line, const char *source, uint64_t i, const void *bytes, size_t n) {
  journal_entry *entry = NULL;
  char id[32];
  int len = snprintf(id, sizeof id, "d%llu", (unsigned long long)i);
  must(journal_reserve_wait(line, n, &entry), NULL);
  if (n > 0) {
    memcpy(entry->payload, bytes, n);
  }
  qn_emit emit = { .source = { source, strlen(source) }, .id = { id, (size_t)len }, .ordinal = i };
  must(journal_describe(entry, &emit), NULL);
  return entry;
}

static void put_text(journal_line *line, uint64_t i) {
  char text[64];
  int len = i % 3 == 2 ? snprintf(text, sizeof text, "\xFF\xFE %llu", (unsigned long long)i)
                       : snprintf(text, sizeof text, "نص رقم %llu", (unsigned long long)i);
  journal_entry *entry = begin(line, "http", i, text, (size_t)len);
  qn_value place = { .type = QN_VALUE_I64, .as.i64 = INT64_MAX - (int64_t)i };
  must(journal_set_field(entry, QN_LIT("place"), &place), NULL);
  journal_put(entry, (size_t)len);
}

static void put_others(journal_line *line) {
  size_t n = 100000;
  char *bytes = malloc(n);
  memset(bytes, 'x', n);
  journal_entry *entry = begin(line, "b.txt", 0, NULL, 0);
  must(journal_reject(entry, "bad-encoding", "it is none", 10), NULL);
  journal_put(entry, 0);
  journal_put(begin(line, "c.txt", 1, bytes, n), n);
  free(bytes);
}

static void churn(journal_line *line) {
  struct pollfd input = { .fd = 0, .events = POLLIN };
  journal_entry *entry = NULL;
  puts("ready");
  fflush(stdout);
  for (uint64_t i = 1000; poll(&input, 1, 0) == 0; i++) {
    put_text(line, i);
    must(journal_take(line, 1, &entry), NULL);
    journal_settle(entry);
  }
}

int main(int argc, char **argv) {
  journal *store = NULL;
  journal_line *http = NULL, *spool = NULL;
  qn_error error = { 0 };
  if (argc != 3) {
    return 2;
  }
  journal_options options = { .folder = argv[1], .body_bytes = 50000, .commit_ms = UINT32_MAX };
  must(journal_open(&options, &store, &error), &error);
  must(journal_line_get(store, "news", "http", &http, &error), &error);
  must(journal_line_get(store, "news", "spool", &spool, &error), &error);
  if (strcmp(argv[2], "churn") == 0) {
    churn(http);
  } else {
    for (uint64_t i = 0; i < strtoull(argv[2], NULL, 10); i++) {
      put_text(http, i);
    }
    put_others(spool);
  }
  must(journal_sync(store, 10000), NULL);
  journal_close(store);
  return 0;
}
