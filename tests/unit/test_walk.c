/* SPDX-License-Identifier: Apache-2.0 */

/* Paths, folders and patterns to files: matching, order, what is left out, loops and faults. */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "files/glob.h"
#include "files/walk.h"

/* --- patterns --- */

typedef struct match_row {
  const char *pattern, *path;
  bool matches;
} match_row;

static const match_row match_rows[] = {
  { "*.txt", "a.txt", true },        { "*.txt", "d/a.txt", false },
  { "*.txt", ".a.txt", false },      { "d/*.txt", "d/a.txt", true },
  { "d//*.txt", "d/a.txt", true },   { "**/*.txt", "a.txt", true },
  { "**/*.txt", "d/e/a.txt", true }, { "**/*.txt", "d/.e/a.txt", false },
  { "d/**", "d/e/f", true },         { "d/**/f", "d/f", true },
  { "d/**/f", "d/e/g", false },      { "**/a/**/b", "x/a/y/z/b", true },
  { "**/a/**/b", "x/b/a", false },   { "**/a/b", "a/a/b", true },
  { "[ab]?.txt", "bx.txt", true },   { "[ab]?.txt", "cx.txt", false },
  { "/x/*", "x/a", false },          { "/x/*", "/x/a", true },
};

static void glob_pattern_matches_paths(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof match_rows / sizeof match_rows[0]; i++) {
    assert_int_equal(glob_match(match_rows[i].pattern, match_rows[i].path), match_rows[i].matches);
  }
}

static void glob_many_stars_take_no_time(void **state) {
  char pattern[1000] = "", path[1000] = "";
  (void)state;
  for (int i = 0; i < 60; i++) {
    strcat(pattern, "**/a/");
    strcat(path, "a/a/a/");
  }
  strcat(pattern, "b");
  strcat(path, "c");
  assert_false(glob_match(pattern, path));
}

static void glob_folder_is_entered_only_if_it_may_lead_on(void **state) {
  (void)state;
  assert_true(glob_may_lead("d/*/a.txt", "d/e"));
  assert_false(glob_may_lead("d/*/a.txt", "x"));
  assert_false(glob_may_lead("d/*.txt", "d/e"));
  assert_true(glob_may_lead("d/**/a", "d/e/f/g"));
  assert_int_equal(glob_literal_prefix("a/b/*.txt"), 3);
  assert_int_equal(glob_literal_prefix("*.txt"), 0);
  assert_int_equal(glob_literal_prefix("/*.txt"), 1);
}

/* --- walking --- */

static const char *const includes[] = { "*.txt", "*.html" };

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-walk-XXXXXX");
  static const char *const folders[] = { "d", "d/e", "none", "z" };
  static const char *const files[] = { "a.txt",     "b.html", "c.pdf",      ".hidden.txt", "d/a.txt",
                                       "d/e/x.txt", "d.txt",  "z/skip.pdf", "odd[1].txt" };
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    assert_int_equal(mkdir(folders[i], 0755), 0);
  }
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    int fd = open(files[i], O_CREAT | O_WRONLY, 0644);
    assert_true(fd >= 0);
    close(fd);
  }
  assert_int_equal(symlink("..", "d/loop"), 0);
  assert_int_equal(symlink("nowhere", "d/torn.txt"), 0);
  *state = folder;
  return 0;
}

static int leave_folder(void **state) {
  assert_int_equal(chdir("/"), 0);
  nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return 0;
}

/* All that a walk gives: "path|", faults as "path!slug|". */
static void check_walk(const char *const *paths, uint32_t n_paths, const char *expected) {
  char all[2048] = "";
  file_walk *walk;
  file_fault fault;
  walk_kind kind;
  const char *path;
  assert_int_equal(walk_new(paths, n_paths, includes, 2, &walk), 0);
  do {
    assert_int_equal(walk_next(walk, &kind, &path, &fault), 0);
    if (kind != WALK_END) {
      strcat(all, path);
      strcat(all, kind == WALK_FAULT ? "!" : "");
      strcat(all, kind == WALK_FAULT ? fault.slug : "");
      strcat(all, "|");
    }
  } while (kind != WALK_END);
  walk_free(walk);
  assert_string_equal(all, expected);
}

static void walk_folder_is_sorted_and_filtered(void **state) {
  (void)state;
  check_walk((const char *const[]){ "." }, 1,
             "./a.txt|./b.html|./d/a.txt|./d/e/x.txt|./d/loop!symlink-loop|./d/torn.txt!cannot-read|./d.txt|"
             "./odd[1].txt|");
}

static void walk_named_file_is_taken_whatever_its_name(void **state) {
  (void)state;
  check_walk((const char *const[]){ "c.pdf", "-", "odd[1].txt" }, 3, "c.pdf|-|odd[1].txt|");
}

static void walk_pattern_takes_what_it_matches(void **state) {
  (void)state;
  check_walk((const char *const[]){ "*.txt" }, 1, "a.txt|d.txt|odd[1].txt|");
  check_walk((const char *const[]){ "**/x.*" }, 1, "d/e/x.txt|d/loop!symlink-loop|");
  check_walk((const char *const[]){ "d/*.txt" }, 1, "d/a.txt|d/torn.txt!cannot-read|");
  check_walk((const char *const[]){ "[d]" }, 1, "d/a.txt|d/e/x.txt|d/loop!symlink-loop|d/torn.txt!cannot-read|");
  check_walk((const char *const[]){ "*.pdf" }, 1, "c.pdf|");
}

static void walk_path_that_finds_nothing_is_a_fault(void **state) {
  (void)state;
  check_walk((const char *const[]){ "missing.txt", "no*match", "none", "z", "x/*.txt" }, 5,
             "missing.txt!no-input|no*match!no-input|none!no-input|z!no-input|x/*.txt!no-input|");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(glob_pattern_matches_paths),
    cmocka_unit_test(glob_many_stars_take_no_time),
    cmocka_unit_test(glob_folder_is_entered_only_if_it_may_lead_on),
    cmocka_unit_test_setup_teardown(walk_folder_is_sorted_and_filtered, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(walk_named_file_is_taken_whatever_its_name, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(walk_pattern_takes_what_it_matches, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(walk_path_that_finds_nothing_is_a_fault, enter_folder, leave_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
