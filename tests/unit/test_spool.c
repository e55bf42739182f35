/* SPDX-License-Identifier: Apache-2.0 */

/* The parts of the spool source: paths that cannot leave their folder, claims and their heirs, what counts as complete, and when a
 * file is finished. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "spool/beneath.h"
#include "spool/bookmark.h"
#include "spool/ledger.h"
#include "spool/mover.h"
#include "spool/place.h"
#include "spool/search.h"

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-spool-XXXXXX");
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

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  fclose(file);
}

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static int open_folder(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  assert_true(fd >= 0);
  return fd;
}

/* --- beneath --- */

static void paths_cannot_leave_their_folder(void **state) {
  static const char *const wrong[] = {
    "../x", "a/../../x", "/x", "a//x", "./x", "a/./x", "link/x", "a/link/x", "file/x"
  };
  (void)state;
  assert_int_equal(mkdir("root", 0700) | mkdir("root/a", 0700) | mkdir("outside", 0700), 0);
  assert_int_equal(symlink("../outside", "root/link") | symlink("../../outside", "root/a/link"), 0);
  write_file("root/file", "");
  int root = open_folder("root");
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    int fd = beneath_open_parent(root, wrong[i], true);
    if (fd >= 0) {
      fail_msg("%s was opened", wrong[i]);
    }
  }
  write_file("root/a/x", "");
  assert_int_equal(beneath_move(root, "a/x", root, "link/x"), -ENOTDIR);
  assert_true(exists("root/a/x"));
  close(root);
}

static void moves_make_folders_and_never_replace(void **state) {
  (void)state;
  assert_int_equal(mkdir("from", 0700) | mkdir("from/a", 0700) | mkdir("to", 0700), 0);
  int from = open_folder("from"), to = open_folder("to");
  write_file("from/a/x", "1");
  assert_int_equal(beneath_move(from, "a/x", to, "b/c/x"), 0);
  assert_true(exists("to/b/c/x"));
  assert_int_equal(beneath_move(from, "a/x", to, "b/c/y"), -ENOENT);
  write_file("from/a/x", "2");
  assert_int_equal(beneath_move(from, "a/x", to, "b/c/x"), -EEXIST);
  write_file("to/b/more", "");
  assert_int_equal(unlink("to/b/c/x"), 0);
  beneath_prune(to, "b/c/x");
  assert_false(exists("to/b/c"));
  assert_true(exists("to/b/more"));
  close(from);
  close(to);
}

static void names_are_varied_before_their_endings(void **state) {
  static const char *const rows[][2] = {
    { "a.txt", "a.M.txt" }, { "a", "a.M" },         { "x.y/a.txt.gz", "x.y/a.M.txt.gz" },
    { ".a", ".a.M" },       { "x.y/a", "x.y/a.M" }, { "", ".M" }
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char *varied = beneath_vary(rows[i][0], "M");
    assert_string_equal(varied, rows[i][1]);
    free(varied);
  }
}

/* --- places --- */

static int take_adopted(void *arg, uint64_t claim, char *path) {
  char *paths = arg;
  (void)claim;
  strcat(paths, path);
  strcat(paths, " ");
  free(path);
  return 0;
}

/* A worker that claims and dies, without a chance to tidy up. */
static void die_with_claims(const char *const *paths) {
  pid_t child = fork();
  if (child == 0) {
    place its;
    file_fault fault;
    uint64_t claim;
    int rc = place_open(".", &its, &fault);
    for (uint32_t i = 0; rc == 0 && paths[i] != NULL; i++) {
      rc = place_claim(&its, paths[i], &claim);
    }
    _exit(rc == 0 ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

static void claims_of_the_dead_are_taken_over_and_those_of_the_living_are_not(void **state) {
  static const char *const dead[] = { "a.txt", "sub/deep/b.txt", NULL };
  place living, heir;
  file_fault fault;
  uint64_t claim;
  char adopted[256] = "";
  (void)state;
  assert_int_equal(mkdir("sub", 0700) | mkdir("sub/deep", 0700), 0);
  write_file("a.txt", "a");
  write_file("sub/deep/b.txt", "b");
  write_file("c.txt", "c");
  die_with_claims(dead);
  assert_false(exists("a.txt"));
  assert_int_equal(place_open(".", &living, &fault), 0);
  assert_int_equal(place_claim(&living, "c.txt", &claim), 0);
  assert_int_equal(place_claim(&living, "c.txt", &claim), -ENOENT);
  assert_int_equal(place_open(".", &heir, &fault), 0);
  write_file("claimed/stray.lock", "");
  assert_int_equal(mkdir("claimed/orphan", 0700) | mkdir("claimed/orphan/1", 0700), 0);
  write_file("claimed/orphan/1/o.txt", "o");
  assert_int_equal(place_adopt(&heir, take_adopted, adopted), 0);
  assert_non_null(strstr(adopted, "a.txt "));
  assert_non_null(strstr(adopted, "sub/deep/b.txt "));
  assert_non_null(strstr(adopted, "o.txt "));
  assert_null(strstr(adopted, "c.txt"));
  assert_false(exists("claimed/stray.lock"));
  assert_false(exists("claimed/orphan"));
  place_close(&heir); /* it holds claims: they stay, for the next */
  adopted[0] = '\0';
  assert_int_equal(place_adopt(&living, take_adopted, adopted), 0);
  assert_int_equal(strlen(adopted), strlen("a.txt sub/deep/b.txt o.txt "));
  place_close(&living);
}

static void settled_files_go_where_they_belong(void **state) {
  place here;
  file_fault fault;
  uint64_t claim;
  char *path;
  (void)state;
  assert_int_equal(place_open(".", &here, &fault), 0);
  for (int i = 0; i < 3; i++) {
    assert_true(mkdir("sub", 0700) == 0 || errno == EEXIST);
    write_file("sub/x.txt", "x");
    assert_int_equal(place_claim(&here, "sub/x.txt", &claim), 0);
    int fd = place_open_claim(&here, claim, "sub/x.txt");
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(place_settle(&here, claim, "sub/x.txt", here.done, "M", &path), 0);
    assert_string_equal(path, i == 0 ? "sub/x.txt" : i == 1 ? "sub/x.M.txt" : "sub/x.M-2.txt");
    free(path);
  }
  assert_true(exists("done/sub/x.txt") && exists("done/sub/x.M.txt") && exists("done/sub/x.M-2.txt"));
  write_file("sub/x.txt", "x");
  assert_int_equal(place_claim(&here, "sub/x.txt", &claim), 0);
  write_file("sub/x.txt", "newer");
  assert_int_equal(place_give_back(&here, claim, "sub/x.txt"), -EEXIST);
  assert_int_equal(unlink("sub/x.txt"), 0);
  assert_int_equal(place_give_back(&here, claim, "sub/x.txt"), 0);
  assert_int_equal(place_claim(&here, "sub/x.txt", &claim), 0);
  assert_int_equal(place_remove(&here, claim, "sub/x.txt"), 0);
  assert_int_equal(symlink("/etc/passwd", "link"), 0);
  assert_int_equal(place_claim(&here, "link", &claim), 0);
  assert_int_equal(place_open_claim(&here, claim, "link"), -EINVAL);
  assert_int_equal(place_remove(&here, claim, "link"), 0);
  place_close(&here);
  assert_int_equal(rmdir("claimed"), 0); /* nothing of ours is left in it */
}

static void bookmarks_count_for_their_file_alone(void **state) {
  (void)state;
  assert_int_equal(mkdir("a", 0700), 0);
  write_file("a/x", "1\n2\n3\n");
  write_file("a/y", "1\n2\n3\n");
  int root = open_folder("."), x = open("a/x", O_RDONLY | O_CLOEXEC), y = open("a/y", O_RDONLY | O_CLOEXEC);
  assert_int_equal(bookmark_read(root, "a/x", x), 0);
  assert_int_equal(bookmark_write(root, "a/x", x, 12345), 0);
  assert_int_equal(bookmark_read(root, "a/x", x), 12345);
  assert_int_equal(bookmark_read(root, "a/x", x), 12345); /* a second crash finds it, too */
  bookmark_remove(root, "a/x");
  bookmark_remove(root, "nowhere/x");
  assert_int_equal(bookmark_read(root, "a/x", x), 0);
  assert_int_equal(bookmark_write(root, "a/x", x, 2), 0);
  assert_int_equal(bookmark_read(root, "a/x", y), 0);
  assert_int_equal(bookmark_write(root, "a/x", x, 2), 0);
  write_file("a/x", "1\n2\n3\n4\n");
  assert_int_equal(bookmark_read(root, "a/x", x), 0);
  write_file("a/.x.resume", "rubbish lines 99999999999999999999\n");
  assert_int_equal(bookmark_read(root, "a/x", x), 0);
  assert_false(exists("a/.x.resume"));
  assert_int_equal(bookmark_write(root, "b/x", x, 2), -ENOENT);
  close(root);
  close(x);
  close(y);
}

/* --- what is found --- */

static search *look_for(int root, uint32_t depth, search_order order, uint64_t quiet_ms) {
  const search_options options = { .depth = depth, .order = order, .quiet_ms = quiet_ms };
  search *found;
  assert_int_equal(search_new(root, &options, &found), 0);
  return found;
}

static void check_found(search *found, const char *expected) {
  char all[4096] = "";
  for (char *path; (path = search_next(found)) != NULL; free(path)) {
    strcat(all, path);
    strcat(all, " ");
  }
  assert_string_equal(all, expected);
}

static void search_leaves_out_what_is_not_for_it(void **state) {
  static const char *const folders[] = { "claimed", "done", "failed", "s", "s/done", "s/t", ".hidden" };
  static const char *const files[] = { "b",      "a",        ".dot",     "x.part",   "x.tmp", "claimed/x",
                                       "done/x", "failed/x", "s/done/y", "s/t/deep", "s/z",   ".hidden/x" };
  static const struct {
    uint32_t depth;
    const char *expected;
  } rows[] = {
    { 0, "a b " }, { 1, "a b s/z " }, { 2, "a b s/done/y s/t/deep s/z " }, { 32, "a b s/done/y s/t/deep s/z " }
  };
  (void)state;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    assert_int_equal(mkdir(folders[i], 0700), 0);
  }
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    write_file(files[i], "x");
  }
  assert_int_equal(mkfifo("pipe", 0600) | symlink("a", "link") | symlink(".", "loop"), 0);
  int root = open_folder(".");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    search *found = look_for(root, rows[i].depth, ORDER_NAME, 0);
    assert_int_equal(search_look(found), 0);
    check_found(found, rows[i].expected);
    assert_int_equal(search_n_refused(found), 3);
    search_free(found);
  }
  close(root);
}

static void search_waits_until_files_are_quiet(void **state) {
  const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
  (void)state;
  int root = open_folder(".");
  search *found = look_for(root, 2, ORDER_TIME, 60000);
  assert_int_equal(search_look(found), 0);
  assert_int_equal(search_due_ms(found), UINT64_MAX);
  write_file("new", "x");
  write_file("old", "x");
  assert_int_equal(utimensat(AT_FDCWD, "old", long_ago, 0), 0);
  assert_int_equal(search_look(found), 0);
  check_found(found, ""); /* its times can be set, but not that of its change */
  assert_int_equal(search_n_waiting(found), 2);
  assert_in_range(search_due_ms(found), 1, 60000);
  write_file(".sent", "x");
  assert_int_equal(rename(".sent", "renamed"), 0);
  assert_int_equal(search_look(found), 0);
  check_found(found, search_descriptor(found) >= 0 ? "renamed " : "");
  search_free(found);
  found = look_for(root, 2, ORDER_TIME, 30);
  assert_int_equal(search_look(found), 0);
  check_found(found, "");
  for (int i = 0; i < 1000; i++) { /* each look is a step; the quiet time is over before long */
    nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    assert_int_equal(search_look(found), 0);
    if (search_n_waiting(found) == 0) {
      break;
    }
  }
  check_found(found, "old new renamed ");
  search_free(found);
  close(root);
}

static void search_takes_what_comes_first_of_very_many(void **state) {
  char name[32];
  (void)state;
  int root = open_folder(".");
  for (int i = 0; i < 9000; i++) {
    snprintf(name, sizeof name, "f%05d", (i * 7919) % 9000);
    int fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
  }
  search *found = look_for(root, 0, ORDER_NAME, 0);
  assert_int_equal(search_look(found), 0);
  int n = 0;
  for (char *path; (path = search_next(found)) != NULL; free(path)) {
    snprintf(name, sizeof name, "f%05d", n++);
    assert_string_equal(path, name);
  }
  assert_int_equal(n, 4096);
  search_free(found);
  close(root);
}

/* --- the ledger --- */

enum { N_FILES = 200, N_DOCUMENTS = 50 };

typedef struct settler {
  ledger *ledger;
  pthread_mutex_t mutex;
  uint64_t cookies[N_FILES * N_DOCUMENTS];
  uint32_t n, n_settled;
  bool ended;
} settler;

static void *settle_all(void *arg) {
  settler *self = arg;
  for (;;) {
    pthread_mutex_lock(&self->mutex);
    uint64_t cookie = self->n_settled < self->n ? self->cookies[self->n_settled++] : UINT64_MAX;
    bool ended = self->ended && cookie == UINT64_MAX;
    pthread_mutex_unlock(&self->mutex);
    if (ended) {
      return NULL;
    }
    ledger_settle(self->ledger, cookie, cookie % 7 == 0);
  }
}

static void *close_finished(void *arg) {
  ledger *all = arg;
  uint64_t *n = calloc(2, sizeof *n);
  for (ledger_file *file; n[0] < N_FILES;) {
    file = ledger_take_finished(all, 10000);
    if (file == NULL) {
      break;
    }
    n[0]++;
    n[1] += file->n_settled;
    ledger_close_file(all, file);
  }
  return n;
}

static void files_are_finished_once_all_their_documents_are(void **state) {
  settler settles = { .mutex = PTHREAD_MUTEX_INITIALIZER };
  pthread_t settling, closing;
  void *closed;
  (void)state;
  assert_int_equal(ledger_new(4, &settles.ledger), 0);
  assert_int_equal(pthread_create(&settling, NULL, settle_all, &settles), 0);
  assert_int_equal(pthread_create(&closing, NULL, close_finished, settles.ledger), 0);
  for (int i = 0; i < N_FILES;) {
    ledger_file *file = ledger_open(settles.ledger, 1, NULL);
    if (file == NULL) {
      nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
      continue;
    }
    uint32_t n = (uint32_t)(i++ % N_DOCUMENTS);
    pthread_mutex_lock(&settles.mutex);
    for (uint32_t k = 0; k < n; k++) {
      settles.cookies[settles.n++] = ledger_cookie(file);
    }
    pthread_mutex_unlock(&settles.mutex);
    ledger_read(settles.ledger, file, n, 0, NULL);
  }
  pthread_join(closing, &closed);
  pthread_mutex_lock(&settles.mutex);
  settles.ended = true;
  pthread_mutex_unlock(&settles.mutex);
  pthread_join(settling, NULL);
  const uint64_t *n = closed;
  assert_int_equal(n[0], N_FILES);
  assert_int_equal(n[1], settles.n);
  free(closed);
  ledger_free(settles.ledger);
}

static void ledger_knows_what_is_left_and_old_cookies_do_nothing(void **state) {
  ledger *all;
  uint32_t index = 0;
  (void)state;
  assert_int_equal(ledger_new(2, &all), 0);
  ledger_file *first = ledger_open(all, 7, strdup("a"));
  uint64_t old = ledger_cookie(first);
  assert_non_null(ledger_open(all, 8, strdup("b")));
  assert_null(ledger_open(all, 9, NULL));
  ledger_read(all, first, 0, 0, NULL);
  assert_ptr_equal(ledger_take_finished(all, 0), first);
  ledger_close_file(all, first);
  assert_null(ledger_take_finished(all, 1));
  ledger_file *again = ledger_open(all, 10, strdup("c"));
  ledger_settle(all, old, true);
  ledger_settle(all, UINT64_MAX, true);
  assert_int_equal(again->n_settled, 0);
  assert_string_equal(ledger_left(all, &index)->path, "c");
  assert_string_equal(ledger_left(all, &index)->path, "b");
  assert_null(ledger_left(all, &index));
  ledger_begin_closing(all);
  assert_null(ledger_take_finished(all, 10000));
  ledger_free(all);
}

/* --- the mover --- */

static void count_said(void *arg, const char *text) {
  assert_non_null(text);
  (*(int *)arg)++;
}

static void mover_tells_why_a_file_failed(void **state) {
  int n_said = 0;
  place here;
  file_fault fault = { "bad-json", "line 1: \"quoted\"\n" };
  uint64_t claim;
  mover *moves;
  ledger *all;
  char text[512];
  (void)state;
  assert_int_equal(place_open(".", &here, &fault), 0);
  assert_int_equal(ledger_new(2, &all), 0);
  const mover_options options = { .place = &here, .ledger = all, .keep_days = 1, .say = count_said, .arg = &n_said };
  assert_int_equal(mover_start(&options, &moves), 0);
  write_file("a.txt", "a");
  assert_int_equal(place_claim(&here, "a.txt", &claim), 0);
  ledger_file *file = ledger_open(all, claim, strdup("a.txt"));
  ledger_settle(all, ledger_cookie(file), true);
  ledger_read(all, file, 1, 1, &fault);
  assert_int_equal(place_claim(&here, "nothing", &claim), -ENOENT);
  file = ledger_open(all, 99, strdup("gone.txt")); /* somebody took it away */
  ledger_read(all, file, 0, 0, NULL);
  mover_stop(moves);
  assert_true(exists("failed/a.txt"));
  FILE *error = fopen("failed/a.txt.error", "r");
  assert_non_null(error);
  text[fread(text, 1, sizeof text - 1, error)] = '\0';
  fclose(error);
  assert_non_null(strstr(text, "\"message\":\"line 1: \\\"quoted\\\"\\n\"}"));
  assert_int_equal(n_said, 1);
  ledger_free(all);
  place_close(&here);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

static void lines_are_through_when_all_before_them_are(void **state) {
  (void)state;
  enum { N = LEDGER_STRETCHES + 8 };
  ledger *all;
  uint64_t cookies[N];
  assert_int_equal(ledger_new(2, &all), 0);
  ledger_file *file = ledger_open(all, 1, strdup("a"));
  for (uint64_t i = 0; i < N; i++) { /* two documents to each, on three lines */
    cookies[i] = ledger_cookie(file);
    ledger_stretch_end(all, file, 2 * (i + 1), 3 * (i + 1));
  }
  assert_int_equal(ledger_lines_through(all, file), 0);
  for (int i = 0; i < 2; i++) {
    ledger_settle(all, cookies[1], false);
  }
  ledger_settle(all, cookies[0], false);
  assert_int_equal(ledger_lines_through(all, file), 0); /* the first has one left */
  ledger_settle(all, cookies[0], false);
  assert_int_equal(ledger_lines_through(all, file), 6);
  for (int i = 0; i < 2; i++) {
    ledger_settle(all, cookies[2], i == 1);
    ledger_settle(all, cookies[3], false);
  }
  assert_int_equal(ledger_lines_through(all, file), 6); /* what failed must be tried again */
  for (uint64_t i = 4; i < N; i++) {
    ledger_settle(all, cookies[i], false);
    ledger_settle(all, cookies[i], false);
  }
  ledger_read(all, file, 2 * N, 0, NULL);
  file = ledger_take_finished(all, 0);
  assert_non_null(file); /* however many stretches there was room for */
  assert_int_equal(file->n_failed, 1);
  ledger_close_file(all, file);
  ledger_free(all);
}

static void stretch_grows_while_there_is_no_room_for_more(void **state) {
  (void)state;
  ledger *all;
  uint64_t cookies[LEDGER_STRETCHES * 2];
  assert_int_equal(ledger_new(1, &all), 0);
  ledger_file *file = ledger_open(all, 1, strdup("a"));
  for (uint64_t i = 0; i < LEDGER_STRETCHES * 2; i++) {
    cookies[i] = ledger_cookie(file);
    ledger_stretch_end(all, file, i + 1, i + 1);
  }
  for (uint64_t i = 0; i < LEDGER_STRETCHES * 2; i++) {
    ledger_settle(all, cookies[i], false);
  }
  assert_int_equal(ledger_lines_through(all, file), LEDGER_STRETCHES - 1);
  ledger_stretch_end(all, file, LEDGER_STRETCHES * 2, LEDGER_STRETCHES * 2);
  assert_int_equal(ledger_lines_through(all, file), LEDGER_STRETCHES * 2);
  ledger_free(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    IN_FOLDER(paths_cannot_leave_their_folder),
    IN_FOLDER(moves_make_folders_and_never_replace),
    IN_FOLDER(names_are_varied_before_their_endings),
    IN_FOLDER(claims_of_the_dead_are_taken_over_and_those_of_the_living_are_not),
    IN_FOLDER(settled_files_go_where_they_belong),
    IN_FOLDER(bookmarks_count_for_their_file_alone),
    IN_FOLDER(lines_are_through_when_all_before_them_are),
    IN_FOLDER(stretch_grows_while_there_is_no_room_for_more),
    IN_FOLDER(search_leaves_out_what_is_not_for_it),
    IN_FOLDER(search_waits_until_files_are_quiet),
    IN_FOLDER(search_takes_what_comes_first_of_very_many),
    IN_FOLDER(files_are_finished_once_all_their_documents_are),
    IN_FOLDER(ledger_knows_what_is_left_and_old_cookies_do_nothing),
    IN_FOLDER(mover_tells_why_a_file_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
