/* SPDX-License-Identifier: Apache-2.0 */

#include "journal_world.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

int world_enter(void **state) {
  char *folder = strdup("/tmp/qanat-journal-XXXXXX");
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  *state = folder;
  return 0;
}

int world_leave(void **state) {
  assert_int_equal(chdir("/"), 0);
  nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return 0;
}

/* --- a journal and what its source is told --- */

static void say(void *arg, uint32_t level, const char *text) {
  journal_world *self = arg;
  (void)level;
  pthread_mutex_lock(&self->mutex);
  snprintf(self->said + strlen(self->said), sizeof self->said - strlen(self->said), "%s\n", text);
  pthread_mutex_unlock(&self->mutex);
}

static void on_accepted(void *arg, const journal_entry *entry) {
  journal_world *self = arg;
  pthread_mutex_lock(&self->mutex);
  assert_true(entry->number > self->last_number);
  self->last_number = entry->number;
  self->n_accepted++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static void on_known(void *arg, const journal_entry *entry, qn_str id) {
  journal_world *self = arg;
  (void)entry;
  pthread_mutex_lock(&self->mutex);
  snprintf(self->known_id, sizeof self->known_id, "%.*s", (int)id.len, id.data);
  self->n_known++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static void on_refused(void *arg, const journal_entry *entry, const qn_error *error) {
  journal_world *self = arg;
  (void)entry;
  pthread_mutex_lock(&self->mutex);
  self->refusal = *error;
  self->n_refused++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static void on_room(void *arg) {
  journal_world *self = arg;
  pthread_mutex_lock(&self->mutex);
  self->n_room++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static const journal_events events = {
  .accepted = on_accepted, .known = on_known, .refused = on_refused, .room = on_room
};

journal_world *world_open(const journal_options *given) {
  journal_world *self = calloc(1, sizeof *self);
  qn_error error = { 0 };
  journal_options options = given != NULL ? *given : (journal_options){ .commit_ms = UINT32_MAX };
  options.folder = "state";
  options.say = say;
  options.arg = self;
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->changed, NULL);
  if (journal_open(&options, &self->journal, &error) != 0 ||
      journal_line_get(self->journal, "news", "http", &self->line, &error) != 0) {
    fail_msg("%s", error.message);
  }
  journal_line_watch(self->line, &events, self);
  return self;
}

void world_close(journal_world *self) {
  journal_close(self->journal);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

journal_entry *world_reserve(journal_world *self, size_t n_bytes) {
  journal_entry *entry = NULL;
  assert_int_equal(journal_reserve_wait(self->line, n_bytes, &entry), 0);
  return entry;
}

void world_fill(uint8_t *bytes, size_t n, uint64_t seed) {
  for (size_t i = 0; i < n; i++) {
    bytes[i] = (uint8_t)(seed + i * 31 + i / 251);
  }
}

void world_put(journal_world *self, uint64_t i, size_t n, const char *key) {
  char id[32];
  snprintf(id, sizeof id, "doc-%llu", (unsigned long long)i);
  journal_entry *entry = world_reserve(self, n + 100);
  qn_emit emit = { .source = QN_LIT("http"),
                   .id = { id, strlen(id) },
                   .media_type = QN_LIT("text/plain"),
                   .ordinal = i,
                   .cookie = 1000 + i };
  qn_value number = { .type = QN_VALUE_I64, .as.i64 = (int64_t)i };
  qn_value text = { .type = QN_VALUE_STR, .as.str = { id, strlen(id) } };
  assert_int_equal(journal_describe(entry, &emit), 0);
  assert_int_equal(journal_set_field(entry, QN_LIT("place"), &number), 0);
  assert_int_equal(journal_set_field(entry, QN_LIT("name"), &text), 0);
  if (key != NULL) {
    assert_int_equal(journal_name_key(entry, (qn_str){ key, strlen(key) }), 0);
  }
  world_fill(entry->payload, n, i);
  journal_put(entry, n);
}

void world_flush(journal_world *self) {
  assert_int_equal(journal_sync(self->journal, 10000), 0);
}

bool world_is(qn_str text, const char *wanted) {
  return text.len == strlen(wanted) && (text.len == 0 || memcmp(text.data, wanted, text.len) == 0);
}

void world_check(journal_entry *entry, uint64_t i, size_t n) {
  char id[32];
  qn_error error = { 0 };
  snprintf(id, sizeof id, "doc-%llu", (unsigned long long)i);
  assert_true(world_is(entry->id, id));
  assert_true(world_is(entry->source, "http"));
  assert_true(world_is(entry->media_type, "text/plain"));
  assert_int_equal(entry->ordinal, i);
  assert_int_equal(entry->payload_bytes, n);
  assert_int_equal(entry->n_fields, 2);
  assert_true(world_is(entry->fields[0].name, "place"));
  assert_int_equal(entry->fields[0].value.as.i64, i);
  assert_true(world_is(entry->fields[1].value.as.str, id));
  if (journal_load(entry, &error) != 0) {
    fail_msg("%s", error.message);
  }
  uint8_t *wanted = malloc(n + 1);
  world_fill(wanted, n, i);
  assert_true(n == 0 || memcmp(wanted, entry->payload, n) == 0);
  free(wanted);
}

journal_entry *world_take(journal_world *self) {
  journal_entry *entry = NULL;
  assert_int_equal(journal_take(self->line, 1, &entry), 0);
  assert_non_null(entry);
  assert_null(entry->next);
  return entry;
}

journal_counts world_count(journal_world *self) {
  journal_counts counts;
  journal_counts_get(self->journal, &counts);
  return counts;
}
