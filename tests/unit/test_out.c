/* SPDX-License-Identifier: Apache-2.0 */

/* The output file: its name only when whole, resuming, rotation, refusals and errors. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "jsonl/ids.h"
#include "output/out.h"

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-out-XXXXXX");
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

static void check_file(const char *path, const char *expected) {
  char bytes[4096];
  FILE *file = fopen(path, "r");
  if (expected == NULL) {
    assert_null(file);
    return;
  }
  assert_non_null(file);
  size_t n = fread(bytes, 1, sizeof bytes - 1, file);
  bytes[n] = '\0';
  fclose(file);
  assert_string_equal(bytes, expected);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
}

static out_file *open_out(const char *path, bool resume, uint64_t rotate_bytes, id_set *ids) {
  out_options options = { .path = path,
                          .path_len = strlen(path),
                          .resume = resume,
                          .rotate_bytes = rotate_bytes,
                          .kept = ids_add_record,
                          .arg = ids };
  out_fault fault;
  out_file *out;
  assert_int_equal(out_open(&options, &out, &fault), 0);
  return out;
}

static int refusal(const char *path, uint64_t rotate_bytes, out_fault *fault) {
  out_options options = { .path = path, .path_len = strlen(path), .rotate_bytes = rotate_bytes };
  out_file *out = NULL;
  int rc = out_open(&options, &out, fault);
  assert_null(out);
  return rc;
}

static void append(out_file *out, const char *line) {
  out_fault fault;
  assert_int_equal(out_append(out, line, strlen(line), &fault), 0);
}

static void finish(out_file *out, bool success) {
  out_fault fault;
  assert_int_equal(out_finish(out, success, &fault), 0);
  out_close(out);
}

static void out_success_gives_the_file_its_name(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  write_file("o", "old\n");
  out_file *out = open_out("o", false, 0, &ids);
  append(out, "{\"id\":\"1\"}");
  check_file("o", "old\n");
  finish(out, true);
  check_file("o", "{\"id\":\"1\"}\n");
  check_file("o.part", NULL);
}

static void out_failure_keeps_the_part(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  out_file *out = open_out("o", false, 0, &ids);
  append(out, "a");
  finish(out, false);
  check_file("o", NULL);
  check_file("o.part", "a\n");
}

static void out_opened_and_closed_leaves_no_trace(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  out_close(open_out("o", false, 0, &ids));
  check_file("o.part", NULL);
  write_file("o.part", "{\"id\":\"1\"}\n");
  out_close(open_out("o", false, 0, &ids));
  check_file("o.part", "{\"id\":\"1\"}\n");
}

static void out_resume_goes_on_after_whole_lines(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  write_file("o.part", "{\"id\":\"1\",\"x\":2}\n{\"id\":\"a\\\"b\"}\n{\"id\":\"torn");
  out_file *out = open_out("o", true, 0, &ids);
  assert_true(ids_has(&ids, "1", 1));
  assert_true(ids_has(&ids, "a\\\"b", 4));
  assert_false(ids_has(&ids, "torn", 4));
  append(out, "{\"id\":\"3\"}");
  finish(out, true);
  check_file("o", "{\"id\":\"1\",\"x\":2}\n{\"id\":\"a\\\"b\"}\n{\"id\":\"3\"}\n");
  ids_done(&ids);
}

static void out_without_resume_begins_anew(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  write_file("o.part", "{\"id\":\"1\"}\n");
  out_file *out = open_out("o", false, 0, &ids);
  assert_false(ids_has(&ids, "1", 1));
  finish(out, true);
  check_file("o", "");
}

static void out_rotates_by_size(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  out_file *out = open_out("o", false, 8, &ids);
  append(out, "aaa");
  append(out, "bbb");
  append(out, "longer than a piece");
  append(out, "d");
  finish(out, true);
  check_file("o.1", "aaa\nbbb\n");
  check_file("o.2", "longer than a piece\n");
  check_file("o.3", "d\n");
  check_file("o.4", NULL);
  out_fault fault;
  assert_int_equal(refusal("o", 8, &fault), -EEXIST);
  assert_non_null(strstr(fault.text, "resume"));
}

static void out_rotation_resumes_in_the_last_piece(void **state) {
  id_set ids = { NULL, 0, 0 };
  (void)state;
  write_file("o.1", "{\"id\":\"1\"}\n");
  write_file("o.2.part", "{\"id\":\"2\"}\n{\"");
  out_file *out = open_out("o", true, 24, &ids);
  assert_true(ids_has(&ids, "1", 1) && ids_has(&ids, "2", 1));
  append(out, "{\"id\":\"3\"}");
  append(out, "{\"id\":\"4\"}");
  finish(out, true);
  check_file("o.2", "{\"id\":\"2\"}\n{\"id\":\"3\"}\n");
  check_file("o.3", "{\"id\":\"4\"}\n");
  ids_done(&ids);
}

static void out_large_lines_pass_the_buffer(void **state) {
  size_t len = 3 << 20;
  char *line = malloc(len + 1);
  id_set ids = { NULL, 0, 0 };
  struct stat status;
  (void)state;
  assert_non_null(line);
  memset(line, 'x', len);
  line[len] = '\0';
  out_file *out = open_out("o", false, 0, &ids);
  append(out, "a");
  append(out, line);
  append(out, "b");
  finish(out, true);
  assert_int_equal(stat("o", &status), 0);
  assert_int_equal(status.st_size, len + 5);
  free(line);
}

static void out_refusals_say_what_to_do(void **state) {
  out_fault fault;
  id_set ids = { NULL, 0, 0 };
  (void)state;
  assert_int_equal(refusal("no/such/folder/o", 0, &fault), -ENOENT);
  assert_non_null(strstr(fault.text, "folder must exist"));
  assert_int_equal(refusal("/", 0, &fault), -EISDIR);
  out_file *out = open_out("o", false, 0, &ids);
  assert_int_equal(refusal("o", 0, &fault), -EBUSY);
  assert_non_null(strstr(fault.text, "another run"));
  out_close(out);
}

static void out_full_disk_stops_for_good(void **state) {
  id_set ids = { NULL, 0, 0 };
  out_fault fault;
  (void)state;
  out_file *out = open_out("/dev/full", false, 0, &ids);
  append(out, "a");
  assert_int_equal(out_flush(out, &fault), -ENOSPC);
  assert_non_null(strstr(fault.text, "/dev/full"));
  assert_int_equal(out_append(out, "b", 1, &fault), -ENOSPC);
  assert_int_equal(out_finish(out, true, &fault), -ENOSPC);
  out_close(out);
}

static void out_closed_pipe_is_told(void **state) {
  id_set ids = { NULL, 0, 0 };
  out_fault fault;
  int pipes[2];
  char path[64];
  (void)state;
  signal(SIGPIPE, SIG_IGN);
  assert_int_equal(pipe(pipes), 0);
  snprintf(path, sizeof path, "/dev/fd/%d", pipes[1]);
  out_file *out = open_out(path, false, 0, &ids);
  close(pipes[0]);
  append(out, "a");
  assert_int_equal(out_flush(out, &fault), -EPIPE);
  out_close(out);
  close(pipes[1]);
}

static void ids_many_are_all_found(void **state) {
  id_set ids = { NULL, 0, 0 };
  char id[32];
  (void)state;
  for (int i = 0; i < 20000; i++) {
    int len = snprintf(id, sizeof id, "doc-%d", i);
    assert_int_equal(ids_add(&ids, id, (size_t)len), 0);
  }
  for (int i = 0; i < 40000; i++) {
    int len = snprintf(id, sizeof id, "doc-%d", i);
    assert_int_equal(ids_has(&ids, id, (size_t)len), i < 20000);
  }
  ids_done(&ids);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

static void out_write_keeps_bytes_as_they_are(void **state) {
  id_set ids = { NULL, 0, 0 };
  out_fault fault;
  (void)state;
  out_file *out = open_out("o", false, 0, &ids);
  assert_int_equal(out_write(out, "a,b\r\n", 5, &fault), 0);
  assert_int_equal(out_write(out, NULL, 0, &fault), 0);
  char *large = malloc(3 << 20); /* past the buffer */
  assert_non_null(large);
  memset(large, 'x', 3 << 20);
  assert_int_equal(out_write(out, large, 3 << 20, &fault), 0);
  assert_int_equal(out_write(out, "c", 1, &fault), 0);
  finish(out, true);
  FILE *file = fopen("o", "r");
  assert_non_null(file);
  char *found = malloc((3 << 20) + 16);
  assert_non_null(found);
  assert_int_equal(fread(found, 1, (3 << 20) + 16, file), (3 << 20) + 6);
  assert_memory_equal(found, "a,b\r\n", 5);
  assert_memory_equal(found + 5, large, 3 << 20);
  assert_int_equal(found[5 + (3 << 20)], 'c');
  fclose(file);
  free(found);
  free(large);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    IN_FOLDER(out_success_gives_the_file_its_name),
    IN_FOLDER(out_failure_keeps_the_part),
    IN_FOLDER(out_opened_and_closed_leaves_no_trace),
    IN_FOLDER(out_resume_goes_on_after_whole_lines),
    IN_FOLDER(out_without_resume_begins_anew),
    IN_FOLDER(out_write_keeps_bytes_as_they_are),
    IN_FOLDER(out_rotates_by_size),
    IN_FOLDER(out_rotation_resumes_in_the_last_piece),
    IN_FOLDER(out_large_lines_pass_the_buffer),
    IN_FOLDER(out_refusals_say_what_to_do),
    IN_FOLDER(out_full_disk_stops_for_good),
    IN_FOLDER(out_closed_pipe_is_told),
    cmocka_unit_test(ids_many_are_all_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
