/* SPDX-License-Identifier: Apache-2.0 */

/* Going on with an output file, as workers do: after ends of every kind, what counts is there once and nothing else is lost. */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "output/keeper.h"

enum { SAID_MAX = 4096 };

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-behind-XXXXXX");
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

/* The file at path holds this; NULL: there is none. */
static void check_file(const char *path, const char *expected) {
  char bytes[4096];
  FILE *file = fopen(path, "r");
  if (expected == NULL) {
    assert_null(file);
    return;
  }
  assert_non_null(file);
  bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
  fclose(file);
  assert_string_equal(bytes, expected);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
}

static void take_down(void *arg, const char *text) {
  char *said = arg;
  size_t len = strlen(said);
  snprintf(said + len, SAID_MAX - len, "%s\n", text);
}

/* One life of an output, and what it said. */
typedef struct life {
  out_file *out;
  char said[SAID_MAX];
} life;

static life *begin_with(out_options options, const char *state) {
  life *self = calloc(1, sizeof *self);
  out_fault fault;
  assert_non_null(self);
  options.path = "o";
  options.path_len = 1;
  options.append = true;
  options.state = state;
  options.state_len = state == NULL ? 0 : strlen(state);
  options.say = take_down;
  options.say_arg = self->said;
  if (out_open(&options, &self->out, &fault) != 0) {
    fail_msg("%s", fault.text);
  }
  return self;
}

static life *begin(const char *state) {
  return begin_with((out_options){ .sync = true }, state);
}

static void add(life *self, const char *line) {
  out_fault fault;
  assert_int_equal(out_append(self->out, line, strlen(line), &fault), 0);
}

/* Flushes; gives the state, to be freed. */
static char *confirm(life *self) {
  char state[OUT_STATE_MAX];
  out_fault fault;
  assert_int_equal(out_flush(self->out, &fault), 0);
  size_t len = out_state(self->out, state);
  assert_true(len > 0 && len < sizeof state);
  return strndup(state, len);
}

/* A crash: what was not flushed is lost. */
static void end(life *self) {
  out_close(self->out);
  free(self);
}

static void behind_is_added_and_nothing_replaced(void **state) {
  (void)state;
  write_file("o", "{\"a\":1}\n");
  life *first = begin(NULL);
  assert_string_equal(first->said, "");
  add(first, "{\"b\":2}");
  check_file("o", "{\"a\":1}\n");
  free(confirm(first));
  check_file("o", "{\"a\":1}\n{\"b\":2}\n");
  check_file("o.part", NULL);
  out_fault fault;
  assert_int_equal(out_finish(first->out, false, &fault), 0);
  assert_int_equal(out_finish(first->out, true, &fault), 0);
  end(first);
  check_file("o", "{\"a\":1}\n{\"b\":2}\n");
}

static void behind_after_a_crash_what_was_not_confirmed_is_undone(void **state) {
  (void)state;
  life *first = begin(NULL);
  add(first, "1");
  char *kept = confirm(first);
  add(first, "2");
  add(first, "3");
  free(confirm(first)); /* written, but the worker died before it was taken down */
  end(first);
  check_file("o", "1\n2\n3\n");
  life *second = begin(kept);
  check_file("o", "1\n");
  assert_non_null(strstr(second->said, "last 4 bytes were never confirmed"));
  add(second, "2");
  free(kept);
  kept = confirm(second);
  end(second);
  life *third = begin(kept);
  assert_string_equal(third->said, "");
  end(third);
  check_file("o", "1\n2\n");
  free(kept);
}

/* What may have happened to the file while nobody wrote it, the state of "1\n" being known. */
static void behind_other_files_are_not_cut(void **state) {
  static const struct {
    const char *found;    /* NULL: the file is gone */
    bool same;            /* written into the same file */
    const char *expected; /* with one line added */
    const char *said;
  } rows[] = {
    { "other\nlines\n", false, "other\nlines\nnew\n", "another file" },
    { "", true, "new\n", "shorter" },
    { NULL, false, "new\n", "gone" },
    { "{\"x\":1}\n{\"torn\":\"", false, "{\"x\":1}\nnew\n", "middle of a line" },
    { "{\"x\":\"}\\\"\"}", false, "{\"x\":\"}\\\"\"}\nnew\n", "another file" },
    { "{\"x\":\"}\\\\\"", false, "new\n", "middle of a line" },
    { "text of somebody", false, "text of somebody\nnew\n", "another file" },
    { "{", false, "new\n", "middle of a line" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    unlink("o");
    life *first = begin(NULL);
    add(first, "1");
    char *kept = confirm(first);
    end(first);
    if (!rows[i].same) {
      assert_int_equal(rename("o", "away"), 0);
    }
    if (rows[i].found != NULL) {
      write_file("o", rows[i].found);
    }
    life *second = begin(kept);
    if (strstr(second->said, rows[i].said) == NULL) {
      fail_msg("row %zu said: %s", i, second->said);
    }
    add(second, "new");
    free(confirm(second));
    end(second);
    check_file("o", rows[i].expected);
    free(kept);
  }
}

static void behind_states_that_are_none_are_ignored(void **state) {
  static const char *const states[] = { "", "2 piece 0", "1 piece 0 device 1 inode", "\xff\xfe", "1 piece x" };
  (void)state;
  write_file("o", "a\nb\n");
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
    end(begin(states[i]));
    check_file("o", "a\nb\n");
  }
  char *longer = calloc(1, 10000);
  memset(longer, '1', 9999);
  end(begin(longer));
  free(longer);
  check_file("o", "a\nb\n");
}

static void behind_pieces_are_gone_on_with_and_undone(void **state) {
  (void)state;
  out_options small = { .rotate_bytes = 8, .sync = true };
  life *first = begin_with(small, NULL);
  add(first, "aaa");
  add(first, "bbb");
  add(first, "ccc");
  char *kept = confirm(first); /* in o.2 */
  add(first, "ddd");
  add(first, "eee");
  add(first, "fff");
  add(first, "ggg");
  free(confirm(first));
  end(first);
  check_file("o.2", "ccc\nddd\n");
  check_file("o.4", "ggg\n");
  life *second = begin_with(small, kept);
  check_file("o.1", "aaa\nbbb\n");
  check_file("o.2", "ccc\n");
  check_file("o.3", NULL);
  check_file("o.4", NULL);
  add(second, "ddd");
  add(second, "eee");
  free(confirm(second));
  end(second);
  check_file("o.2", "ccc\nddd\n");
  check_file("o.3", "eee\n");
  unlink("o.1"); /* somebody takes finished pieces away */
  unlink("o.2");
  write_file("o.10x", "");
  write_file("o.part", "");
  life *third = begin_with(small, NULL);
  add(third, "fff");
  add(third, "hhh");
  free(confirm(third));
  end(third);
  check_file("o.3", "eee\nfff\n");
  check_file("o.4", "hhh\n");
  check_file("o.1", NULL);
  free(kept);
}

static void behind_a_moved_file_is_followed_by_a_new_one(void **state) {
  (void)state;
  life *self = begin(NULL);
  add(self, "1");
  free(confirm(self));
  assert_int_equal(rename("o", "o.old"), 0);
  add(self, "2");
  char *kept = confirm(self);
  check_file("o.old", "1\n");
  check_file("o", "2\n");
  assert_non_null(strstr(self->said, "moved or removed"));
  unlink("o");
  add(self, "3");
  free(confirm(self));
  check_file("o", "3\n");
  assert_int_equal(truncate("o", 0), 0); /* as some rotation of logs does */
  add(self, "4");
  free(confirm(self));
  check_file("o", "4\n");
  end(self);
  life *second = begin(kept);
  assert_non_null(strstr(second->said, "another file"));
  end(second);
  check_file("o", "4\n");
  free(kept);
}

static void behind_a_table_has_one_header_and_whole_rows(void **state) {
  (void)state;
  out_options table = { .form = OUT_TABLE, .head = "h\r\n", .head_len = 3 };
  life *first = begin_with(table, NULL);
  check_file("o", "");
  add(first, "a,\"x\ny\"\r");
  free(confirm(first));
  assert_int_equal(rename("o", "away"), 0);
  add(first, "b\r");
  free(confirm(first));
  check_file("o", "h\r\nb\r\n");
  end(first);
  write_file("o", "h\r\na,\"x\ny\"\r\n\"torn\ncell");
  life *second = begin_with(table, NULL);
  add(second, "c\r");
  free(confirm(second));
  end(second);
  check_file("o", "h\r\na,\"x\ny\"\r\nc\r\n");
}

static void behind_a_second_writer_is_refused(void **state) {
  (void)state;
  life *first = begin(NULL);
  out_options options = { .path = "o", .path_len = 1, .append = true };
  out_fault fault;
  out_file *second = NULL;
  assert_int_equal(out_open(&options, &second, &fault), -EBUSY);
  assert_null(second);
  assert_non_null(strstr(fault.text, "another run or worker"));
  end(first);
}

static int count_line(void *arg, const char *line, size_t len) {
  (void)line;
  *(size_t *)arg += len;
  return 0;
}

static void behind_resuming_tells_of_lines_in_all_pieces(void **state) {
  size_t n_bytes = 0;
  (void)state;
  write_file("o.1", "a\nb\n");
  write_file("o.3", "ccc\n{\"torn");
  end(begin_with((out_options){ .rotate_bytes = 100, .resume = true, .kept = count_line, .arg = &n_bytes }, NULL));
  assert_int_equal(n_bytes, 5);
}

static void behind_what_is_no_file_is_written_as_it_is(void **state) {
  char kept[OUT_STATE_MAX];
  (void)state;
  out_options options = { .path = "/dev/null", .path_len = 9, .append = true };
  out_fault fault;
  out_file *out;
  assert_int_equal(out_open(&options, &out, &fault), 0);
  assert_int_equal(out_append(out, "a", 1, &fault), 0);
  assert_int_equal(out_flush(out, &fault), 0);
  assert_int_equal(out_state(out, kept), 0);
  out_close(out);
}

/* --- what a sink asks the host --- */

static struct {
  bool worker, keeps, begins;
  int append, sync; /* -1: not configured */
  char kept[OUT_STATE_MAX];
  uint32_t n_begun, n_stored, n_logged;
  int store_rc;
  char refused[512];
} world;

static int world_load(qn_create *create, qn_str *ret_bytes) {
  (void)create;
  if (world.kept[0] == '\0') {
    return -ENOENT;
  }
  *ret_bytes = (qn_str){ world.kept, strlen(world.kept) };
  return 0;
}

static int keep_bytes(const void *bytes, size_t len) {
  assert_true(len < sizeof world.kept);
  memcpy(world.kept, bytes, len);
  world.kept[len] = '\0';
  return 0;
}

static int world_store(qn_call *call, const void *bytes, size_t len) {
  (void)call;
  world.n_stored++;
  return world.store_rc != 0 ? world.store_rc : keep_bytes(bytes, len);
}

static int world_begin(qn_create *create, const void *bytes, size_t len) {
  (void)create;
  world.n_begun++;
  return keep_bytes(bytes, len);
}

static const void *world_extension(qn_env *env, const char *name) {
  static const qn_keep keep = { .size = sizeof keep, .load = world_load, .store = world_store, .begin = world_begin };
  static const qn_keep old = { .size = offsetof(qn_keep, begin), .load = world_load, .store = world_store };
  static const qn_worker worker = { .size = sizeof worker };
  (void)env;
  if (strcmp(name, QN_KEEP_1) == 0) {
    return !world.keeps ? NULL : world.begins ? &keep : &old;
  }
  return strcmp(name, QN_WORKER_1) == 0 && world.worker ? &worker : NULL;
}

static int world_config(qn_create *create, const char *pointer, qn_value *ret_value) {
  (void)create;
  int value = strcmp(pointer, "/append") == 0 ? world.append : strcmp(pointer, "/sync") == 0 ? world.sync : -1;
  if (value < 0) {
    return -ENOENT;
  }
  *ret_value = (qn_value){ .type = QN_VALUE_BOOL, .as.i64 = value };
  return 0;
}

static int world_refuse(qn_create *create, const char *text, size_t len) {
  (void)create;
  snprintf(world.refused, sizeof world.refused, "%.*s", (int)len, text);
  return -EINVAL;
}

static qn_status world_fail(qn_call *call, qn_status status, const char *slug, const char *text, size_t len) {
  (void)call;
  (void)slug;
  (void)text;
  (void)len;
  return status;
}

static void world_log(qn_env *env, uint32_t level, const char *text, size_t len) {
  (void)env;
  (void)level;
  (void)text;
  (void)len;
  world.n_logged++;
}

static const qn_host world_host = {
  .size = sizeof world_host,
  .log = world_log,
  .extension = world_extension,
  .config_get = world_config,
  .create_fail = world_refuse,
  .fail = world_fail,
};

static void keeper_follows_where_the_pipeline_runs(void **state) {
  static const struct {
    bool worker, keeps;
    int append, sync, rc;
    bool appends, syncs;
  } rows[] = {
    { false, false, -1, -1, 0, false, false }, { false, false, 1, -1, 0, true, false },
    { false, false, 0, 1, 0, false, true },    { true, false, -1, -1, 0, true, true },
    { true, true, -1, -1, 0, true, true },     { false, true, -1, -1, 0, true, true },
    { true, true, 1, 0, 0, true, false },      { true, false, 0, -1, -EINVAL, false, false },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_create create = { .size = sizeof create, .host = &world_host };
    out_options options = { .path = "o", .path_len = 1 };
    out_keeper keeper;
    memset(&world, 0, sizeof world);
    world.worker = rows[i].worker;
    world.keeps = rows[i].keeps;
    world.append = rows[i].append;
    world.sync = rows[i].sync;
    assert_int_equal(keeper_init(&keeper, &create, &options), rows[i].rc);
    if (rows[i].rc == 0) {
      assert_int_equal(options.append, rows[i].appends);
      assert_int_equal(options.sync, rows[i].syncs);
    } else {
      assert_non_null(strstr(world.refused, "leave append out"));
    }
  }
}

/* A life up to a crash behind a flush that was not taken down; gives what the file holds before. */
static void keeper_life(bool begins, const char *before, const char *line) {
  qn_create create = { .size = sizeof create, .host = &world_host };
  qn_call call = { .size = sizeof call, .host = &world_host };
  out_options options = { .path = "o", .path_len = 1 };
  out_keeper keeper;
  out_fault fault;
  out_file *out;
  world.begins = begins;
  assert_int_equal(keeper_init(&keeper, &create, &options), 0);
  assert_int_equal(out_open(&options, &out, &fault), 0);
  assert_int_equal(keeper_begin(&keeper, out, &create), 0);
  check_file("o", before);
  assert_int_equal(out_append(out, line, strlen(line), &fault), 0);
  assert_int_equal(out_flush(out, &fault), 0);
  assert_int_equal(keeper_store(&keeper, out, &call), world.store_rc == 0 ? QN_STATUS_OK : QN_STATUS_RETRY);
  out_close(out);
}

static void keeper_first_flush_can_be_undone(void **state) {
  (void)state;
  memset(&world, 0, sizeof world);
  world.keeps = true;
  world.append = world.sync = -1;
  world.store_rc = -ENOMEM;
  keeper_life(true, "", "lost");
  world.store_rc = 0;
  keeper_life(true, "", "1");
  keeper_life(true, "1\n", "2");
  assert_int_equal(world.n_begun, 3); /* each life says where its output ends: what was loaded may be of another */
  assert_int_equal(world.n_stored, 3);
  assert_int_equal(world.n_logged, 1);
  world.kept[0] = '\0'; /* a host that keeps nothing at the begin */
  keeper_life(false, "1\n2\n", "3");
  assert_int_equal(world.n_begun, 3);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
    IN_FOLDER(behind_is_added_and_nothing_replaced),
    IN_FOLDER(behind_after_a_crash_what_was_not_confirmed_is_undone),
    IN_FOLDER(behind_other_files_are_not_cut),
    IN_FOLDER(behind_states_that_are_none_are_ignored),
    IN_FOLDER(behind_pieces_are_gone_on_with_and_undone),
    IN_FOLDER(behind_a_moved_file_is_followed_by_a_new_one),
    IN_FOLDER(behind_a_table_has_one_header_and_whole_rows),
    IN_FOLDER(behind_a_second_writer_is_refused),
    IN_FOLDER(behind_resuming_tells_of_lines_in_all_pieces),
    IN_FOLDER(behind_what_is_no_file_is_written_as_it_is),
    IN_FOLDER(keeper_follows_where_the_pipeline_runs),
    IN_FOLDER(keeper_first_flush_can_be_undone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
