/* SPDX-License-Identifier: Apache-2.0 */

/* Near copies below the stage: sets and their bytes, what is cut into them, the window and its bounds, the state file. */
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dedupe/packed.h"
#include "dedupe/shingles.h"
#include "dedupe/state.h"
#include "dedupe/window.h"
#include "plugin/host.h"

#include <cmocka.h>

enum { MIB = 1 << 20, FAMILIES = 3000, SHINGLES = 300 };

typedef struct world {
  qn_env env;
  print *a, *b, *c;
  char folder[64];
  char path[96];
} world;

static uint64_t next(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15u;
  uint64_t x = (*state ^ *state >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

static int world_open(void **state) {
  world *w = calloc(1, sizeof *w);
  assert_non_null(w);
  w->a = calloc(1, sizeof *w->a);
  w->b = calloc(1, sizeof *w->b);
  w->c = calloc(1, sizeof *w->c);
  assert_true(w->a != NULL && w->b != NULL && w->c != NULL);
  strcpy(w->folder, "/tmp/qanat-dedupe-XXXXXX");
  assert_non_null(mkdtemp(w->folder));
  snprintf(w->path, sizeof w->path, "%s/state", w->folder);
  *state = w;
  return 0;
}

static int world_close(void **state) {
  static const char *const names[] = { "state",         "state-wal",         "state-shm",
                                       "state.damaged", "state.damaged-wal", "state.damaged-2" };
  world *w = *state;
  char path[128];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
    unlink(path);
  }
  assert_int_equal(rmdir(w->folder), 0);
  free(w->a);
  free(w->b);
  free(w->c);
  free(w);
  return 0;
}

/* A set of n values that is the same for the same seed; the last n_other of them are of another seed. */
static void fill(print *to, uint64_t seed, uint32_t n, uint64_t other_seed, uint32_t n_other) {
  uint64_t state = seed, other = other_seed;
  print_begin(to);
  for (uint32_t i = 0; i < n; i++) {
    uint64_t value = next(&state);
    print_add(to, (uint32_t)((i >= n - n_other ? next(&other) : value) >> 40));
  }
  print_end(to);
}

static void cut(print *to, bool letters, uint32_t size, const char *text) {
  const shingle_form form = { letters, size };
  shingles_make(&form, (const uint8_t *)text, strlen(text), to);
}

static bool same_set(const print *a, const print *b) {
  return a->n == b->n && a->limit == b->limit && memcmp(a->values, b->values, a->n * sizeof *a->values) == 0;
}

/* --- sets as bytes --- */

static void packed_sets_come_back(void **state) {
  world *w = *state;
  static const uint32_t sizes[] = { 0, 1, 2, 7, 300, 4095, 4096, 9000, 200000 };
  static uint8_t bytes[PACKED_BOUND(PRINT_MAX)];
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
      fill(w->a, seed, sizes[i], 0, 0);
      size_t len = packed_write(w->a, bytes);
      assert_true(len <= PACKED_BOUND(w->a->n));
      assert_int_equal(packed_read(bytes, len, w->a->n, w->a->limit, w->b), 0);
      assert_true(same_set(w->a, w->b));
      for (size_t cut_len = 0; cut_len < len; cut_len += 1 + len / 50) {
        assert_int_equal(packed_read(bytes, cut_len, w->a->n, w->a->limit, w->b), -EBADMSG);
      }
    }
  }
}

static void packed_extreme_sets_come_back(void **state) {
  world *w = *state;
  static uint8_t bytes[PACKED_BOUND(PRINT_MAX)];
  for (uint32_t step = 1; step <= PRINT_ALL / PRINT_MAX; step *= 2) {
    for (int at_end = 0; at_end < 2; at_end++) {
      print_begin(w->a);
      for (uint32_t i = 0; i < PRINT_MAX; i++) {
        print_add(w->a, at_end ? PRINT_ALL - 1 - i * step : i * step);
      }
      print_end(w->a);
      size_t len = packed_write(w->a, bytes);
      assert_true(len <= PACKED_BOUND(PRINT_MAX));
      assert_int_equal(packed_read(bytes, len, w->a->n, w->a->limit, w->b), 0);
      assert_true(same_set(w->a, w->b));
    }
  }
}

static void packed_rubbish_is_a_set_or_refused(void **state) {
  world *w = *state;
  uint64_t random = 5;
  uint8_t bytes[600];
  uint32_t n_read = 0;
  for (int round = 0; round < 20000; round++) {
    size_t len = next(&random) % sizeof bytes;
    uint8_t mask = (uint8_t)next(&random);
    for (size_t i = 0; i < len; i++) {
      bytes[i] = (uint8_t)next(&random) & mask;
    }
    uint32_t n = (uint32_t)(next(&random) % 300), limit = (uint32_t)(next(&random) >> (40 + next(&random) % 24));
    int rc = packed_read(bytes, len, n, limit, w->a);
    assert_true(rc == 0 || rc == -EBADMSG);
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
      assert_true(w->a->values[i] < limit && (i == 0 || w->a->values[i - 1] < w->a->values[i]));
    }
    n_read += rc == 0;
  }
  assert_true(n_read > 100);
  assert_int_equal(packed_read(bytes, 600, PRINT_MAX + 1, PRINT_ALL, w->a), -EBADMSG);
  assert_int_equal(packed_read(bytes, 600, 1, PRINT_ALL + 1, w->a), -EBADMSG);
}

/* --- shingles --- */

static const struct {
  bool letters;
  uint32_t size;
  const char *a, *b;
  double least, most;
} likenesses[] = {
  { false, 3, "وصل الوفد إلى المدينة صباح اليوم", "وَصَلَ الوفـــد، الى المدينه؛ صباح اليوم!", 1, 1 },
  { false, 3, "The quick brown fox", "THE QUICK (brown) fox.", 1, 1 },
  { false, 3, "one two three four five", "five four three two one", 0, 0 },
  { false, 1, "one two three four five", "five four three two one", 1, 1 },
  { false, 2, "a b c d", "a b c e", 0.5, 0.5 },
  { false, 3, "a b c d e f", "a b c d e g", 0.6, 0.6 },
  { false, 3, "two words", "two words", 1, 1 },
  { false, 3, "two words", "two words more", 0, 0 },
  { false, 3, "一二三四五六", "一二三四五七", 0.6, 0.6 },
  { true, 3, "abcdef", "ab cd ef", 1, 1 },
  { true, 3, "abcdef", "abcdeg", 0.6, 0.6 },
  { false, 3, "", "", 0, 0 },
  { false, 3, " .,;! ", "؟", 0, 0 },
};

static void shingles_in_common_are_what_texts_share(void **state) {
  world *w = *state;
  for (size_t i = 0; i < sizeof likenesses / sizeof likenesses[0]; i++) {
    cut(w->a, likenesses[i].letters, likenesses[i].size, likenesses[i].a);
    cut(w->b, likenesses[i].letters, likenesses[i].size, likenesses[i].b);
    double share = print_similarity(w->a, w->b);
    if (share < likenesses[i].least - 1e-9 || share > likenesses[i].most + 1e-9) {
      fail_msg("row %zu: %f", i, share);
    }
  }
}

/* n words of a vocabulary of 4096, from a seed. */
static char *words(uint64_t seed, uint32_t n, uint32_t n_spaces) {
  char *text = malloc((size_t)n * 12 + n_spaces + 1);
  assert_non_null(text);
  memset(text, ' ', n_spaces);
  size_t len = n_spaces;
  for (uint32_t i = 0; i < n; i++) {
    static const char *const ends[] = { "ةٌ ", "é, ", " ", "ى\n" };
    uint64_t word = next(&seed);
    len += (size_t)sprintf(text + len, "w%x%s", (unsigned)(word & 0xFFF), ends[word >> 62]);
  }
  return text;
}

static void shingles_do_not_depend_on_where_pieces_end(void **state) {
  world *w = *state;
  char *text = words(1, 2000, 0);
  cut(w->a, false, 3, text);
  free(text);
  for (uint32_t n_spaces = 1; n_spaces < 24; n_spaces++) {
    text = words(1, 2000, n_spaces);
    cut(w->b, false, 3, text);
    free(text);
    assert_true(w->a->n > 1900 && same_set(w->a, w->b));
  }
}

static void shingles_of_long_texts_are_a_fair_sample(void **state) {
  world *w = *state;
  char *whole = words(3, 60000, 0);
  cut(w->a, false, 3, whole);
  assert_int_equal(w->a->n, PRINT_MAX);
  assert_true(w->a->limit < PRINT_ALL / 12);
  size_t len = strlen(whole) * 4 / 5;
  while ((whole[len] & 0xC0) == 0x80) {
    len--;
  }
  whole[len] = '\0'; /* four fifths of it */
  cut(w->b, false, 3, whole);
  free(whole);
  double share = print_similarity(w->a, w->b);
  assert_true(share > 0.77 && share < 0.83);
  assert_true(print_may_reach(w->a, w->b->n, w->b->limit, 0.75));
  assert_false(print_may_reach(w->a, w->b->n, w->b->limit, 0.95));
}

static void simhash_differs_as_the_law_says(void **state) {
  world *w = *state;
  static const struct {
    uint32_t n_other;
    double share, bits;
  } laws[] = { { 0, 1, 0 }, { 30, 0.82, 9.2 }, { 53, 0.7, 12.3 }, { 300, 0, 32 } };
  for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
    double bits = 0, share = 0;
    uint32_t beyond = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
      fill(w->a, seed, SHINGLES, 0, 0);
      fill(w->b, seed, SHINGLES, seed + 1000000, laws[i].n_other);
      uint32_t distance = print_distance(w->a->simhash, w->b->simhash);
      bits += distance / 400.0;
      share += print_similarity(w->a, w->b) / 400;
      beyond += distance > print_distance_of(laws[i].share - 0.001);
    }
    assert_true(share > laws[i].share - 0.01 && share < laws[i].share + 0.01);
    assert_true(bits > laws[i].bits - 1 && bits < laws[i].bits + 1);
    assert_true(beyond <= 2);
  }
  assert_int_equal(print_distance_of(1), 0);
}

/* --- the window --- */

static window *open_window(world *w, uint64_t documents, uint64_t bytes) {
  window *made = NULL;
  const window_bounds bounds = { documents, bytes };
  assert_int_equal(window_new(host_table(), &w->env, &bounds, &made), 0);
  return made;
}

static void close_window(world *w, window *made) {
  window_free(made);
  assert_int_equal(w->env.memory, 0);
}

static qn_str name(char *room, uint64_t i) {
  return (qn_str){ room, (size_t)sprintf(room, "n%llu", (unsigned long long)i) };
}

static void window_finds_copies_and_nothing_else(void **state) {
  world *w = *state;
  window *in = open_window(w, 1000000, 64 * MIB);
  window_match match;
  char room[24];
  uint32_t found = 0;
  for (uint64_t i = 0; i < FAMILIES; i++) {
    fill(w->a, i, SHINGLES, 0, 0);
    assert_false(window_find(in, w->a, name(room, i), print_distance_of(0.7), 0.7, w->c, &match));
    assert_int_equal(window_add(in, w->a, name(room, i)), 0);
  }
  for (uint64_t i = 0; i < FAMILIES; i++) {
    fill(w->a, i, SHINGLES, i + 1000000, 40); /* 0.76 in common */
    if (window_find(in, w->a, QN_LIT("other"), print_distance_of(0.7), 0.7, w->c, &match)) {
      window_document first = { 0 };
      found++;
      assert_int_equal(match.number, window_first(in) + i);
      assert_false(match.itself);
      assert_true(match.similarity > 0.74 && match.similarity < 0.79);
      assert_true(window_get(in, match.number, &first));
      qn_str wanted = name(room, i);
      assert_true(first.id.len == wanted.len && memcmp(first.id.data, wanted.data, wanted.len) == 0);
    }
    fill(w->a, i, SHINGLES, i + 1000000, 100); /* 0.5 */
    assert_false(window_find(in, w->a, QN_LIT("other"), 64, 0.7, w->c, &match));
  }
  assert_true(found >= FAMILIES * 98 / 100);
  close_window(w, in);
}

static void window_knows_a_document_by_its_id(void **state) {
  world *w = *state;
  window *in = open_window(w, 100, 4 * MIB);
  window_match match;
  fill(w->a, 1, SHINGLES, 0, 0);
  assert_int_equal(window_add(in, w->a, QN_LIT("one")), 0);
  assert_true(window_find(in, w->a, QN_LIT("one"), 64, 0.7, w->c, &match));
  assert_true(match.itself);
  fill(w->a, 1, SHINGLES, 9, 20);
  assert_true(window_find(in, w->a, QN_LIT("one"), 64, 0.7, w->c, &match));
  assert_true(match.itself);
  assert_true(window_find(in, w->a, QN_LIT(""), 64, 0.7, w->c, &match));
  assert_false(match.itself);
  assert_true(window_find(in, w->a, QN_LIT("two"), 64, 0.7, w->c, &match));
  assert_false(match.itself);
  close_window(w, in);
}

static void window_stays_in_its_bounds(void **state) {
  world *w = *state;
  static const struct {
    uint64_t documents, bytes;
    uint32_t shingles, least;
  } rows[] = { { 1, MIB, 300, 1 },
               { 100, MIB, 300, 100 },
               { 1000000, MIB, 300, 700 },
               { 1000000, MIB, 4096, 60 },
               { 1000000, 4 * MIB, 5, 9000 },
               { 1000000, 3 * MIB, 40, 8000 },
               { 30000, 64 * MIB, 20, 30000 } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    window *in = open_window(w, rows[i].documents, rows[i].bytes);
    window_match match;
    char room[24];
    uint64_t n = rows[i].least * 3 + 50;
    for (uint64_t k = 0; k < n; k++) {
      fill(w->a, k, rows[i].shingles, 0, 0);
      assert_int_equal(window_add(in, w->a, name(room, k)), 0);
      assert_true(w->env.memory <= rows[i].bytes + 4096);
      assert_true(window_count(in).documents <= rows[i].documents);
    }
    window_counts counts = window_count(in);
    assert_int_equal(counts.documents + counts.forgotten, n);
    if (counts.documents < rows[i].least) {
      fail_msg("row %zu: only %llu are remembered", i, (unsigned long long)counts.documents);
    }
    /* Those that are said to be remembered can be found: all but a few that gave way in full buckets. */
    uint64_t found = 0;
    for (uint64_t k = n - counts.documents; k < n; k++) {
      fill(w->a, k, rows[i].shingles, 0, 0);
      found += window_find(in, w->a, QN_LIT("x"), 0, 1, w->c, &match);
    }
    assert_true(found * 1000 >= counts.documents * 995);
    fill(w->a, n - counts.documents - 1, rows[i].shingles, 0, 0);
    assert_false(window_find(in, w->a, QN_LIT("x"), 0, 1, w->c, &match));
    close_window(w, in);
  }
}

static void window_forgets_copied_documents_later(void **state) {
  world *w = *state;
  window *in = open_window(w, 100, 4 * MIB);
  window_match match;
  char room[24];
  for (uint64_t i = 0; i < 1000; i++) {
    fill(w->a, i, SHINGLES, 0, 0);
    assert_int_equal(window_add(in, w->a, name(room, i)), 0);
    fill(w->a, 0, SHINGLES, 0, 0);
    assert_true(window_find(in, w->a, QN_LIT("x"), 0, 1, w->b, &match));
    assert_true(window_refresh(in, match.number, w->b) >= 0);
    window_document first = { 0 };
    assert_true(window_find(in, w->a, QN_LIT("n0"), 0, 1, w->b, &match) && match.itself);
    assert_true(window_get(in, match.number, &first));
    assert_true(first.id.len == 2 && memcmp(first.id.data, "n0", 2) == 0);
  }
  close_window(w, in);
}

/* A family larger than the table's buckets costs no more than others, and is found. */
static void window_with_a_crowd_of_alike_still_finds(void **state) {
  world *w = *state;
  window *in = open_window(w, 100000, 32 * MIB);
  window_match match;
  for (uint64_t i = 0; i < 5000; i++) {
    fill(w->a, 7, SHINGLES, i, 60);
    assert_int_equal(window_add(in, w->a, QN_LIT("alike")), 0);
  }
  uint32_t found = 0;
  for (uint64_t i = 4900; i < 5000; i++) {
    fill(w->a, 7, SHINGLES, i, 60);
    found += window_find(in, w->a, QN_LIT("x"), 64, 0.99, w->b, &match);
  }
  assert_true(found >= 95);
  close_window(w, in);
}

static void window_survives_any_shortage(void **state) {
  world *w = *state;
  bool done = false;
  for (size_t fail_after = 1; !done; fail_after++) {
    window *in = NULL;
    const window_bounds bounds = { 100000, 8 * MIB };
    w->env.n_allocs = 0;
    w->env.fail_after = fail_after;
    int rc = window_new(host_table(), &w->env, &bounds, &in);
    for (uint64_t i = 0; rc == 0 && i < 2500; i++) {
      fill(w->a, i, 60, 0, 0);
      rc = window_add(in, w->a, QN_LIT("id"));
    }
    assert_true(rc == 0 || rc == -ENOMEM);
    done = rc == 0;
    w->env.fail_after = 0;
    if (in != NULL) {
      window_match match;
      fill(w->a, 77777, 60, 0, 0);
      assert_int_equal(window_add(in, w->a, QN_LIT("after")), 0);
      assert_true(window_find(in, w->a, QN_LIT("x"), 0, 1, w->b, &match));
    }
    close_window(w, in);
  }
}

/* --- the state file --- */

static const shingle_form by_words = { false, 3 };

static int open_state(world *w, window *in, const shingle_form *form, state **ret_state, state_message *message) {
  return state_open((qn_str){ w->path, strlen(w->path) }, form, in, w->c, ret_state, message);
}

/* Adds documents begin to end to what the file has, and saves if asked. Returns how many there were before. */
static uint64_t work(world *w, uint64_t begin, uint64_t end, uint64_t documents, bool save, state_message *message) {
  window *in = open_window(w, documents, 8 * MIB);
  state *kept = NULL;
  state_message second;
  char room[24];
  if (open_state(w, in, &by_words, &kept, message) != 0) {
    fail_msg("%s", message->text);
  }
  uint64_t had = window_count(in).documents;
  for (uint64_t i = begin; i < end; i++) {
    fill(w->a, i, 50, 0, 0);
    assert_int_equal(window_add(in, w->a, name(room, i)), 0);
  }
  if (save) {
    assert_int_equal(state_save(kept, &second), 0);
    assert_int_equal(state_behind(kept), 0);
  }
  state_close(kept);
  close_window(w, in);
  return had;
}

/* Whether documents begin to end are remembered in the file, under their names; all or none. */
static bool knows(world *w, uint64_t begin, uint64_t end) {
  window *in = open_window(w, 100000, 8 * MIB);
  state *kept = NULL;
  state_message message;
  window_match match;
  char room[24];
  uint64_t n = 0;
  assert_int_equal(open_state(w, in, &by_words, &kept, &message), 0);
  for (uint64_t i = begin; i < end; i++) {
    fill(w->a, i, 50, 0, 0);
    if (window_find(in, w->a, name(room, i), 0, 1, w->b, &match)) {
      assert_true(match.itself);
      n++;
    }
  }
  assert_true(n == 0 || n == end - begin);
  state_close(kept);
  close_window(w, in);
  return n > 0;
}

static void state_remembers_from_run_to_run(void **state) {
  world *w = *state;
  state_message message;
  assert_int_equal(work(w, 0, 300, 100000, true, &message), 0);
  assert_int_equal(work(w, 300, 500, 100000, true, &message), 300);
  assert_string_equal(message.text, "");
  assert_true(knows(w, 0, 500));
  assert_int_equal(work(w, 500, 600, 100000, false, &message), 500); /* killed before it saved */
  assert_true(knows(w, 0, 500));
  assert_false(knows(w, 500, 600));
}

/* Copies a file as it stands, which is what a kill leaves of it. */
static void copy_file(const char *from, const char *to) {
  char bytes[4096];
  size_t n;
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  assert_true(in != NULL && out != NULL);
  while ((n = fread(bytes, 1, sizeof bytes, in)) > 0) {
    assert_int_equal(fwrite(bytes, 1, n, out), n);
  }
  fclose(in);
  assert_int_equal(fclose(out), 0);
}

static void state_of_a_killed_run_keeps_what_was_saved(void **state) {
  world *w = *state;
  state_message message;
  struct state *kept = NULL;
  char log[128], copy[128], log_copy[128];
  snprintf(log, sizeof log, "%s-wal", w->path);
  snprintf(copy, sizeof copy, "%s.damaged", w->path);
  snprintf(log_copy, sizeof log_copy, "%s.damaged-wal", w->path);
  window *in = open_window(w, 1000, 8 * MIB);
  assert_int_equal(open_state(w, in, &by_words, &kept, &message), 0);
  for (uint64_t i = 0; i < 100; i++) {
    char room[24];
    fill(w->a, i, 50, 0, 0);
    assert_int_equal(window_add(in, w->a, name(room, i)), 0);
  }
  assert_int_equal(state_save(kept, &message), 0);
  copy_file(w->path, copy);
  copy_file(log, log_copy);
  state_close(kept);
  close_window(w, in);
  assert_int_equal(rename(copy, w->path), 0);
  assert_int_equal(rename(log_copy, log), 0);
  assert_true(knows(w, 0, 100));
}

static void state_is_bounded_as_its_window(void **state) {
  world *w = *state;
  state_message message;
  assert_int_equal(work(w, 0, 1000, 1000, true, &message), 0);
  assert_int_equal(work(w, 1000, 1001, 200, true, &message), 200);
  assert_true(knows(w, 801, 1001));
  assert_false(knows(w, 0, 801));
}

static void state_after_a_refresh_is_whole(void **state) {
  world *w = *state;
  state_message message;
  window_match match;
  struct state *kept = NULL;
  assert_int_equal(work(w, 0, 100, 1000, true, &message), 0);
  window *in = open_window(w, 1000, 8 * MIB);
  assert_int_equal(open_state(w, in, &by_words, &kept, &message), 0);
  uint32_t n_moved = 0;
  for (int round = 0; round < 3; round++) { /* old rows, and one that was never saved */
    for (uint64_t i = 0; i < 30; i++) {
      fill(w->a, i, 50, 0, 0);
      assert_true(window_find(in, w->a, QN_LIT("x"), 0, 1, w->b, &match));
      int moved = window_refresh(in, match.number, w->b);
      assert_true(moved >= 0);
      n_moved += (uint32_t)moved;
      if (moved > 0) {
        state_forget(kept, match.number);
      }
    }
    for (uint64_t i = 0; i < 40; i++) {
      fill(w->a, 1000 + 40 * (uint64_t)round + i, 50, 0, 0);
      assert_int_equal(window_add(in, w->a, QN_LIT("new")), 0);
    }
    assert_int_equal(state_save(kept, &message), 0);
  }
  state_close(kept);
  close_window(w, in);
  assert_true(n_moved >= 30);
  assert_int_equal(work(w, 0, 0, 1000, false, &message), 220); /* no row is left of those that moved */
  for (int round = 0; round < 2; round++) {                    /* the second has new numbers */
    assert_true(knows(w, 0, 100));
    work(w, 5000 + (uint64_t)round, 5001 + (uint64_t)round, 1000, true, &message);
  }
  assert_true(knows(w, 5000, 5002));
}

static void state_with_other_shingles_is_emptied_and_said(void **state) {
  world *w = *state;
  state_message message;
  struct state *kept = NULL;
  assert_int_equal(work(w, 0, 50, 1000, true, &message), 0);
  window *in = open_window(w, 1000, 8 * MIB);
  const shingle_form other = { true, 3 };
  assert_int_equal(open_state(w, in, &other, &kept, &message), 0);
  assert_non_null(strstr(message.text, "all 50 are forgotten"));
  assert_int_equal(window_count(in).documents, 0);
  state_close(kept);
  close_window(w, in);
}

static void write_bytes(const char *path, long at, int value, size_t n, bool anew) {
  FILE *file = fopen(path, anew ? "wb" : "r+b");
  assert_non_null(file);
  assert_int_equal(fseek(file, at, SEEK_SET), 0);
  for (size_t i = 0; i < n; i++) {
    fputc(value < 0 ? (int)(i * 7 & 0xFF) : value, file);
  }
  assert_int_equal(fclose(file), 0);
}

static void state_damaged_is_set_aside_and_said(void **state) {
  world *w = *state;
  static const struct {
    long at;
    size_t n;
    int value;
    bool anew;
  } rows[] = {
    { 4096, 20000, 0, false }, { 3000, 1096, 255, false }, { 16384, 8192, -1, false }, { 0, 5000, 0, true }
  };
  char aside[128];
  snprintf(aside, sizeof aside, "%s.damaged", w->path);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    state_message message;
    struct stat facts;
    work(w, 0, 300, 1000, true, &message);
    write_bytes(w->path, rows[i].at, rows[i].value, rows[i].n, rows[i].anew);
    work(w, 300, 400, 1000, true, &message);
    if (strstr(message.text, "damaged") == NULL) {
      fail_msg("row %zu: nothing was said: %s", i, message.text);
    }
    assert_int_equal(stat(aside, &facts), 0);
    assert_true(knows(w, 300, 400));
    unlink(aside);
    unlink(w->path);
  }
}

static void state_of_a_later_version_is_set_aside(void **state) {
  world *w = *state;
  state_message message;
  work(w, 0, 10, 1000, true, &message);
  write_bytes(w->path, 63, 9, 1, false); /* the low byte of user_version */
  assert_int_equal(work(w, 10, 20, 1000, true, &message), 0);
  assert_non_null(strstr(message.text, "state.damaged"));
}

static void state_that_cannot_be_used_is_refused(void **state) {
  world *w = *state;
  static const char text[] =
      "Somebody's notes, which are none of our business. And so on, and so on, for a while. One hundred.";
  state_message message;
  struct state *kept = NULL, *second = NULL;
  window *in = open_window(w, 100, MIB);
  FILE *file = fopen(w->path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
  assert_int_equal(open_state(w, in, &by_words, &kept, &message), -EINVAL);
  assert_non_null(strstr(message.text, "left as it is"));
  struct stat facts;
  assert_int_equal(stat(w->path, &facts), 0);
  assert_int_equal(facts.st_size, sizeof text - 1);
  unlink(w->path);
  sqlite3 *other = NULL;
  assert_int_equal(sqlite3_open(w->path, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "CREATE TABLE notes (note)", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  assert_int_equal(open_state(w, in, &by_words, &kept, &message), -EINVAL);
  assert_non_null(strstr(message.text, "left as it is"));
  unlink(w->path);
  assert_int_equal(state_open((qn_str){ w->folder, strlen(w->folder) }, &by_words, in, w->c, &kept, &message), -EINVAL);
  char nowhere[128];
  snprintf(nowhere, sizeof nowhere, "%s/no/state", w->folder);
  assert_int_equal(state_open((qn_str){ nowhere, strlen(nowhere) }, &by_words, in, w->c, &kept, &message), -EINVAL);
  assert_non_null(strstr(message.text, "cannot be written"));
  assert_int_equal(open_state(w, in, &by_words, &kept, &message), 0);
  assert_int_equal(open_state(w, in, &by_words, &second, &message), -EINVAL);
  if (strstr(message.text, "another run") == NULL) {
    fail_msg("%s", message.text);
  }
  state_close(kept);
  close_window(w, in);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(packed_sets_come_back, world_open, world_close),
    cmocka_unit_test_setup_teardown(packed_extreme_sets_come_back, world_open, world_close),
    cmocka_unit_test_setup_teardown(packed_rubbish_is_a_set_or_refused, world_open, world_close),
    cmocka_unit_test_setup_teardown(shingles_in_common_are_what_texts_share, world_open, world_close),
    cmocka_unit_test_setup_teardown(shingles_do_not_depend_on_where_pieces_end, world_open, world_close),
    cmocka_unit_test_setup_teardown(shingles_of_long_texts_are_a_fair_sample, world_open, world_close),
    cmocka_unit_test_setup_teardown(simhash_differs_as_the_law_says, world_open, world_close),
    cmocka_unit_test_setup_teardown(window_finds_copies_and_nothing_else, world_open, world_close),
    cmocka_unit_test_setup_teardown(window_knows_a_document_by_its_id, world_open, world_close),
    cmocka_unit_test_setup_teardown(window_stays_in_its_bounds, world_open, world_close),
    cmocka_unit_test_setup_teardown(window_forgets_copied_documents_later, world_open, world_close),
    cmocka_unit_test_setup_teardown(window_with_a_crowd_of_alike_still_finds, world_open, world_close),
    cmocka_unit_test_setup_teardown(window_survives_any_shortage, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_remembers_from_run_to_run, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_of_a_killed_run_keeps_what_was_saved, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_is_bounded_as_its_window, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_after_a_refresh_is_whole, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_with_other_shingles_is_emptied_and_said, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_damaged_is_set_aside_and_said, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_of_a_later_version_is_set_aside, world_open, world_close),
    cmocka_unit_test_setup_teardown(state_that_cannot_be_used_is_refused, world_open, world_close),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
