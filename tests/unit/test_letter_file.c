/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters on disk: what is kept of a document, bounds, a writer that is killed, and files that are no such files. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delivery/letter_file.h"
#include "delivery/letter_rows.h"
#include "document_fixture.h"
#include "qanat/stage.h"

#include <cmocka.h>

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-letters-XXXXXX");
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  *state = folder;
  return 0;
}

static int leave_folder(void **state) {
  assert_int_equal(chdir("/"), 0);
  nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return 0;
}

/* --- putting --- */

static letter_store *open_store(const letter_file_options *options) {
  letter_store *store = NULL;
  qn_error error = { 0 };
  int rc = letter_file_new(options, &store, &error);
  if (rc != 0) {
    fail_msg("%s", error.message);
  }
  return store;
}

static int put(letter_store *store, int i, const document *from) {
  char id[32], message[64];
  snprintf(id, sizeof id, "in.txt#%d", i);
  snprintf(message, sizeof message, "reason %d", i);
  letter note = { .stage = i % 2 == 0 ? "even" : "odd",
                  .slug = "bad",
                  .message = message,
                  .attempts = 3,
                  .time_ms = 1700000000000 + i,
                  .source = QN_LIT("in.txt"),
                  .id = { id, strlen(id) },
                  .document = from };
  return store->put(store, &note);
}

static letter_file_counts flush(letter_store *store) {
  letter_file_counts counts;
  qn_error error = { 0 };
  if (letter_file_flush(store, &counts, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return counts;
}

static letter_rows *open_rows(const char *path, letter_access access) {
  letter_rows *rows = NULL;
  qn_error error = { 0 };
  if (letter_rows_open(path, access, &rows, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return rows;
}

static uint64_t count(letter_rows *rows, const letter_filter *filter) {
  letter_filter left = *filter;
  letter_row row;
  qn_error error = { 0 };
  uint64_t n = 0;
  int rc;
  while ((rc = letter_rows_next(rows, &left, &row, &error)) == 0) {
    assert_true(row.number > left.after);
    left.after = row.number;
    n++;
  }
  assert_int_equal(rc, -ENOENT);
  return n;
}

static uint64_t count_in(const char *path) {
  letter_rows *rows = open_rows(path, LETTERS_READ);
  uint64_t n_letters = 0, n_bytes = 0;
  qn_error error = { 0 };
  assert_int_equal(letter_rows_totals(rows, &n_letters, &n_bytes, &error), 0);
  assert_int_equal(count(rows, &(letter_filter){ 0 }), n_letters);
  letter_rows_close(rows);
  return n_letters;
}

/* --- what is kept --- */

typedef struct bytes {
  uint8_t *data;
  size_t len;
} bytes;

static int add_piece(void *arg, const uint8_t *data, size_t len) {
  bytes *all = arg;
  all->data = realloc(all->data, all->len + len);
  assert_non_null(all->data);
  memcpy(all->data + all->len, data, len);
  all->len += len;
  return 0;
}

static void set(document *doc, const char *name, qn_value value) {
  assert_int_equal(document_field_set(doc, (qn_str){ name, strlen(name) }, &value), 0);
}

static int check_field(void *arg, qn_str name, const qn_value *value) {
  uint32_t *n = arg;
  ++*n;
  if (name.len == 5 && memcmp(name.data, "count", 5) == 0) {
    assert_int_equal(value->type, QN_VALUE_I64);
    assert_true(value->as.i64 == INT64_MAX);
  } else if (name.len == 5 && memcmp(name.data, "share", 5) == 0) {
    assert_int_equal(value->type, QN_VALUE_F64);
    assert_true(value->as.f64 == 0.1);
  } else if (name.len == 4 && memcmp(name.data, "flag", 4) == 0) {
    assert_int_equal(value->type, QN_VALUE_BOOL);
    assert_int_equal(value->as.i64, 1);
  } else {
    assert_int_equal(name.len, 3);
    assert_memory_equal(name.data, "url", 3);
    assert_int_equal(value->as.str.len, 9);
    assert_memory_equal(value->as.str.data, "http://x/", 9);
  }
  return 0;
}

/* Payloads up to more than one part, with every byte in them. */
static void letters_keep_all_that_the_source_knew(void **state) {
  static const size_t sizes[] = { 1, 4096, LETTER_PART_BYTES, LETTER_PART_BYTES * 2 + 7 };
  (void)state;
  letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "news" });
  uint8_t *payload = malloc(sizes[3]);
  assert_non_null(payload);
  for (size_t i = 0; i < sizes[3]; i++) {
    payload[i] = (uint8_t)(i * 31 >> 3);
  }
  fixture f;
  fixture_open(&f);
  for (int i = 0; i < 4; i++) {
    document *doc = fixture_document(&f, payload, sizes[i]);
    set(doc, "media_type", (qn_value){ .type = QN_VALUE_STR, .as.str = QN_LIT("text/html") });
    set(doc, "count", (qn_value){ .type = QN_VALUE_I64, .as.i64 = INT64_MAX });
    set(doc, "share", (qn_value){ .type = QN_VALUE_F64, .as.f64 = 0.1 });
    set(doc, "flag", (qn_value){ .type = QN_VALUE_BOOL, .as.i64 = 1 });
    set(doc, "url", (qn_value){ .type = QN_VALUE_STR, .as.str = QN_LIT("http://x/") });
    assert_int_equal(put(store, i, doc), 0);
    document_unref(doc); /* the store holds nothing of it */
  }
  fixture_close(&f);
  letter_file_counts counts = flush(store);
  assert_int_equal(counts.n_kept, 4);
  store->close(store);

  letter_rows *rows = open_rows("dead.db", LETTERS_READ);
  letter_filter filter = { 0 };
  letter_row row;
  qn_error error = { 0 };
  for (int i = 0; i < 4; i++) {
    assert_int_equal(letter_rows_next(rows, &filter, &row, &error), 0);
    filter.after = row.number;
    assert_int_equal(row.ordinal, i);
    assert_int_equal(row.attempts, 3);
    assert_int_equal(row.n_failures, 1);
    assert_true(row.time_ms == 1700000000000 + i);
    assert_memory_equal(row.pipeline.data, "news", row.pipeline.len);
    assert_memory_equal(row.media_type.data, "text/html", row.media_type.len);
    assert_memory_equal(row.message.data, "reason", 6);
    assert_int_equal(row.payload_bytes, sizes[i]);
    bytes all = { NULL, 0 };
    assert_int_equal(letter_rows_payload(rows, row.number, add_piece, &all, &error), 0);
    assert_int_equal(all.len, sizes[i]);
    assert_memory_equal(all.data, payload, sizes[i]);
    free(all.data);
    uint32_t n_fields = 0;
    assert_int_equal(letter_rows_fields(rows, row.number, check_field, &n_fields, &error), 0);
    assert_int_equal(n_fields, 4);
  }
  assert_int_equal(letter_rows_next(rows, &filter, &row, &error), -ENOENT);
  letter_rows_close(rows);
  free(payload);
}

static void letters_without_document_have_no_payload(void **state) {
  (void)state;
  letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "news" });
  fixture f;
  fixture_open(&f);
  document *empty = fixture_document(&f, "", 0);
  assert_int_equal(put(store, 1, NULL), 0);
  assert_int_equal(put(store, 2, empty), 0);
  document_unref(empty);
  fixture_close(&f);
  store->close(store); /* writes what it has */
  letter_rows *rows = open_rows("dead.db", LETTERS_READ);
  letter_row row;
  qn_error error = { 0 };
  for (letter_filter filter = { 0 }; letter_rows_next(rows, &filter, &row, &error) == 0; filter.after = row.number) {
    assert_false(row.has_payload);
  }
  letter_rows_close(rows);
  assert_int_equal(count_in("dead.db"), 2);
}

static void letters_are_found_by_what_is_asked(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = i == 0 ? "a" : "b" });
    for (int k = 0; k < 10; k++) {
      assert_int_equal(put(store, k, NULL), 0);
    }
    store->close(store);
  }
  const int64_t numbers[] = { 12, 3, 3, 99, 15 };
  const struct {
    letter_filter filter;
    uint64_t n;
  } cases[] = {
    { { 0 }, 20 },
    { { .pipeline = "a" }, 10 },
    { { .pipeline = "c" }, 0 },
    { { .stage = "even" }, 10 },
    { { .stage = "odd", .pipeline = "b", .slug = "bad" }, 5 },
    { { .slug = "good" }, 0 },
    { { .numbers = numbers, .n_numbers = 5 }, 3 },
    { { .numbers = numbers, .n_numbers = 5, .stage = "even" }, 2 },
    { { .numbers = numbers, .n_numbers = 5, .after = 3, .up_to = 14 }, 1 },
    { { .after = 5, .up_to = 8 }, 3 },
  };
  letter_rows *rows = open_rows("dead.db", LETTERS_READ);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(count(rows, &cases[i].filter), cases[i].n);
  }
  letter_rows_close(rows);
}

static void letters_failing_again_are_counted(void **state) {
  (void)state;
  for (int i = 1; i <= 3; i++) {
    letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "a" });
    assert_int_equal(put(store, 0, NULL), 0);
    store->close(store);
    letter_rows *rows = open_rows("dead.db", LETTERS_READ);
    letter_filter last = { .after = i - 1 };
    letter_row row;
    qn_error error = { 0 };
    assert_int_equal(letter_rows_next(rows, &last, &row, &error), 0);
    assert_int_equal(row.n_failures, i);
    letter_rows_close(rows);
  }
}

static void letters_removed_give_their_room_back(void **state) {
  (void)state;
  letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "a" });
  fixture f;
  fixture_open(&f);
  char *payload = calloc(1, 100000);
  assert_non_null(payload);
  document *doc = fixture_document(&f, payload, 100000);
  for (int i = 0; i < 50; i++) {
    assert_int_equal(put(store, i, doc), 0);
  }
  free(payload);
  document_unref(doc);
  fixture_close(&f);
  store->close(store);
  letter_rows *rows = open_rows("dead.db", LETTERS_CHANGE);
  qn_error error = { 0 };
  assert_int_equal(letter_rows_begin(rows, &error), 0);
  for (int i = 1; i < 50; i++) {
    assert_int_equal(letter_rows_remove(rows, i, &error), 0);
  }
  assert_int_equal(letter_rows_remove(rows, 7, &error), -ENOENT);
  assert_int_equal(letter_rows_end(rows, true, &error), 0);
  assert_int_equal(letter_rows_shrink(rows, &error), 0);
  uint64_t n_letters, n_bytes;
  assert_int_equal(letter_rows_totals(rows, &n_letters, &n_bytes, &error), 0);
  assert_int_equal(n_letters, 1);
  assert_int_equal(n_bytes, 100000);
  letter_rows_close(rows);
  struct stat status;
  assert_int_equal(stat("dead.db", &status), 0);
  assert_true(status.st_size < 400000);
}

/* --- bounds and troubles --- */

typedef struct troubles {
  _Atomic uint32_t n;
  _Atomic int code;
} troubles;

static void note_trouble(void *arg, const qn_error *error) {
  troubles *seen = arg;
  assert_true(error->message[0] != '\0');
  atomic_store(&seen->code, error->code);
  atomic_fetch_add(&seen->n, 1);
}

static void store_full_says_so_keeps_what_comes_and_refuses_to_open(void **state) {
  (void)state;
  troubles seen = { 0 };
  letter_file_options options = {
    .path = "dead.db", .pipeline = "a", .max_letters = 5, .trouble = note_trouble, .arg = &seen
  };
  letter_store *store = open_store(&options);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(put(store, i, NULL), 0);
  }
  assert_int_equal(seen.n, 0);
  for (int i = 4; i < 8; i++) {
    assert_int_equal(put(store, i, NULL), 0);
  }
  assert_int_equal(seen.n, 1);
  assert_int_equal(seen.code, -ENOSPC);
  store->close(store);
  assert_int_equal(count_in("dead.db"), 8);
  store = NULL;
  qn_error error = { 0 };
  assert_int_equal(letter_file_new(&options, &store, &error), -ENOSPC);
  assert_null(store);
  assert_non_null(strstr(error.message, "holds 8 dead letters"));
  assert_non_null(strstr(error.message, "purge"));
}

static void store_bound_counts_bytes(void **state) {
  (void)state;
  troubles seen = { 0 };
  letter_store *store = open_store(&(letter_file_options){
      .path = "dead.db", .pipeline = "a", .max_bytes = 1000, .trouble = note_trouble, .arg = &seen });
  fixture f;
  fixture_open(&f);
  char payload[300] = { 1 };
  document *doc = fixture_document(&f, payload, sizeof payload);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(put(store, i, doc), 0);
  }
  assert_int_equal(seen.n, 0);
  assert_int_equal(put(store, 3, doc), 0);
  assert_int_equal(seen.n, 1);
  document_unref(doc);
  fixture_close(&f);
  store->close(store);
}

/* The writer is slower than those who put: they wait, and nothing is lost. */
static void store_with_a_full_queue_waits(void **state) {
  (void)state;
  letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "a", .hold_ms = 5 });
  fixture f;
  fixture_open(&f);
  size_t len = 20 << 20;
  char *payload = calloc(1, len);
  assert_non_null(payload);
  payload[0] = 1;
  document *doc = fixture_document(&f, payload, len);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(put(store, i, doc), 0);
  }
  free(payload);
  document_unref(doc);
  fixture_close(&f);
  assert_int_equal(flush(store).n_kept, 8);
  store->close(store);
  assert_int_equal(count_in("dead.db"), 8);
}

/* What was flushed is there after kill -9, and the file opens and goes on. */
static void store_killed_keeps_what_was_flushed(void **state) {
  (void)state;
  for (int round = 0; round < 5; round++) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      letter_store *store = NULL;
      qn_error error = { 0 };
      letter_file_counts counts;
      letter_file_options options = { .path = "dead.db", .pipeline = "a" };
      int rc = letter_file_new(&options, &store, &error);
      for (int i = 0; rc == 0 && i < 37; i++) {
        rc = put(store, i, NULL);
      }
      rc = rc == 0 ? letter_file_flush(store, &counts, &error) : rc;
      char told = rc == 0 ? 'f' : 'x';
      (void)!write(pipes[1], &told, 1);
      for (int i = 0; rc == 0; i++) { /* to be killed in the middle of writing */
        rc = put(store, i, NULL);
      }
      _exit(1);
    }
    close(pipes[1]);
    char told = 0;
    assert_int_equal(read(pipes[0], &told, 1), 1);
    assert_int_equal(told, 'f');
    usleep(1000 * (useconds_t)(round * 7));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(pipes[0]);
    assert_true(count_in("dead.db") >= (uint64_t)(round + 1) * 37);
  }
  letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "a" });
  assert_int_equal(put(store, 1, NULL), 0);
  assert_int_equal(flush(store).n_kept, 1);
  store->close(store);
}

/* A disk of its own if this process may mount one, else a bound on the size of files. */
static void store_on_a_full_disk_says_so_and_keeps_the_rest(void **state) {
  (void)state;
  assert_int_equal(mkdir("disk", 0777), 0);
  bool mounted = mount("none", "disk", "tmpfs", 0, "size=1m") == 0;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct rlimit limit = { 1 << 20, 1 << 20 };
    signal(SIGXFSZ, SIG_IGN);
    if (!mounted && setrlimit(RLIMIT_FSIZE, &limit) != 0) {
      _exit(9);
    }
    troubles seen = { 0 };
    letter_store *store = open_store(
        &(letter_file_options){ .path = "disk/dead.db", .pipeline = "a", .trouble = note_trouble, .arg = &seen });
    fixture f;
    fixture_open(&f);
    char *payload = calloc(1, 50000);
    payload[0] = 1;
    document *doc = fixture_document(&f, payload, 50000);
    letter_file_counts counts = { 0 };
    qn_error error = { 0 };
    int n = 0;
    int rc = 0;
    while (rc == 0 && n < 1000) {
      rc = put(store, n++, doc);
      rc = rc == 0 ? letter_file_flush(store, &counts, &error) : rc;
    }
    bool told = seen.n == 1 && (mounted ? seen.code == -ENOSPC : seen.code < 0) &&
                strstr(error.message, "disk/dead.db") != NULL;
    bool refuses = put(store, n, doc) != 0;
    free(payload);
    document_unref(doc);
    fixture_close(&f);
    store->close(store);
    _exit(!told ? 2 : !refuses ? 3 : counts.n_kept == 0 || counts.n_lost != 1 ? 4 : 0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  uint64_t n_left = mounted || status == 0 ? count_in("disk/dead.db") : 1;
  if (mounted) {
    umount("disk");
  }
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  assert_true(n_left > 0);
}

/* --- files that are something else --- */

static void write_file(const char *path, const char *text, size_t len) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, len, file), len);
  fclose(file);
}

static void check_refused(const char *path, const char *word) {
  for (letter_access access = LETTERS_READ; access <= LETTERS_CREATE; access++) {
    letter_rows *rows = NULL;
    qn_error error = { 0 };
    assert_true(letter_rows_open(path, access, &rows, &error) < 0);
    assert_null(rows);
    if (strstr(error.message, word) == NULL) {
      fail_msg("'%s' does not say '%s'", error.message, word);
    }
  }
}

static void file_of_something_else_is_refused_and_left_alone(void **state) {
  (void)state;
  char text[5000];
  memset(text, 'x', sizeof text);
  write_file("text", text, sizeof text);
  check_refused("text", "no SQLite database");
  struct stat status;
  assert_int_equal(stat("text", &status), 0);
  assert_int_equal(status.st_size, sizeof text);

  sqlite3 *other = NULL;
  assert_int_equal(sqlite3_open("other.db", &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  check_refused("other.db", "another program");

  letter_rows_close(open_rows("newer.db", LETTERS_CREATE));
  assert_int_equal(sqlite3_open("newer.db", &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "PRAGMA user_version = 7", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  check_refused("newer.db", "version 7");

  assert_int_equal(mkdir("folder", 0777), 0);
  check_refused("folder", "folder");
  check_refused("missing/dead.db", "No such file");
  check_refused("", "empty name");
}

static void file_missing_is_made_only_when_asked(void **state) {
  (void)state;
  letter_rows *rows = NULL;
  qn_error error = { 0 };
  assert_int_equal(letter_rows_open("dead.db", LETTERS_READ, &rows, &error), -ENOENT);
  assert_int_equal(letter_rows_open("dead.db", LETTERS_CHANGE, &rows, &error), -ENOENT);
  assert_int_equal(access("dead.db", F_OK), -1);
  letter_rows_close(open_rows(":memory:", LETTERS_CREATE)); /* a name like any other */
  assert_int_equal(access(":memory:", F_OK), 0);
}

/* Any byte of the file may be wrong: an error that names it, or what is still right, and never a crash. */
static void file_damaged_is_told(void **state) {
  (void)state;
  letter_store *store = open_store(&(letter_file_options){ .path = "dead.db", .pipeline = "a" });
  for (int i = 0; i < 300; i++) {
    assert_int_equal(put(store, i, NULL), 0);
  }
  store->close(store);
  struct stat status;
  assert_int_equal(stat("dead.db", &status), 0);
  uint32_t n_faults = 0;
  fixture_random random = { 7 };
  for (int round = 0; round < 60; round++) {
    assert_int_equal(system("cp dead.db hurt.db"), 0);
    int fd = open("hurt.db", O_RDWR);
    assert_true(fd >= 0);
    char page[2048];
    memset(page, (int)fixture_next(&random, 256), sizeof page);
    off_t at = (off_t)fixture_next(&random, (uint32_t)(status.st_size / 2048)) * 2048;
    assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
    close(fd);
    letter_rows *rows = NULL;
    letter_row row;
    qn_error error = { 0 };
    int rc = letter_rows_open("hurt.db", LETTERS_READ, &rows, &error);
    for (letter_filter filter = { 0 }; rc == 0; filter.after = row.number) {
      rc = letter_rows_next(rows, &filter, &row, &error);
    }
    if (rc != -ENOENT) {
      assert_non_null(strstr(error.message, "hurt.db"));
      n_faults++;
    }
    letter_rows_close(rows);
  }
  assert_true(n_faults > 5);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
    IN_FOLDER(letters_keep_all_that_the_source_knew),
    IN_FOLDER(letters_without_document_have_no_payload),
    IN_FOLDER(letters_are_found_by_what_is_asked),
    IN_FOLDER(letters_failing_again_are_counted),
    IN_FOLDER(letters_removed_give_their_room_back),
    IN_FOLDER(store_full_says_so_keeps_what_comes_and_refuses_to_open),
    IN_FOLDER(store_bound_counts_bytes),
    IN_FOLDER(store_with_a_full_queue_waits),
    IN_FOLDER(store_killed_keeps_what_was_flushed),
    IN_FOLDER(store_on_a_full_disk_says_so_and_keeps_the_rest),
    IN_FOLDER(file_of_something_else_is_refused_and_left_alone),
    IN_FOLDER(file_missing_is_made_only_when_asked),
    IN_FOLDER(file_damaged_is_told),
  };
  return cmocka_run_group_tests_name("letter file", tests, NULL, NULL);
}
