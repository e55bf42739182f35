/* SPDX-License-Identifier: Apache-2.0 */

/* Chains: where a run may go on, and what of a kept document is there then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_chain.h"
#include "qanat/stage.h"

/* A link in short: key, view, layers provided, layers modified, fields written; "-" is none, several stand with +. */
typedef struct short_link {
  char key;
  const char *view, *provides, *modifies, *writes;
} short_link;

static cJSON *names_of(const char *names) {
  cJSON *array = cJSON_CreateArray();
  while (strcmp(names, "-") != 0 && *names != '\0') {
    char name[32];
    size_t len = strcspn(names, "+");
    assert_true(len < sizeof name);
    memcpy(name, names, len);
    name[len] = '\0';
    cJSON_AddItemToArray(array, cJSON_CreateString(name));
    names += len + (names[len] == '+');
  }
  return array;
}

static void open_chain(const short_link *links, cache_chain *ret_chain) {
  cJSON *array = cJSON_CreateArray();
  for (; links->key != '\0'; links++) {
    char key[2 * CACHE_KEY_BYTES + 1];
    memset(key, links->key, sizeof key - 1);
    key[sizeof key - 1] = '\0';
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "key", key);
    cJSON_AddStringToObject(json, "stage", "s");
    if (strcmp(links->view, "-") != 0) {
      cJSON_AddStringToObject(json, "view", links->view);
    }
    cJSON_AddItemToObject(json, "provides", names_of(links->provides));
    cJSON_AddItemToObject(json, "modifies", names_of(links->modifies));
    cJSON_AddItemToObject(json, "writes", names_of(links->writes));
    cJSON_AddItemToArray(array, json);
  }
  char *text = cJSON_PrintUnformatted(array);
  assert_int_equal(cache_chain_read(text, strlen(text), ret_chain), 0);
  cJSON_free(text);
  cJSON_Delete(array);
}

static const short_link line[] = { { 'a', "text", "-", "-", "title" },
                                   { 'b', "content", "block", "-", "-" },
                                   { 'c', "-", "token", "-", "language" },
                                   { 'd', "-", "entity", "-", "-" },
                                   { 0 } };

static void cut_is_behind_the_last_stage_that_did_not_change(void **state) {
  (void)state;
  static const struct {
    short_link now[8], then[8];
    uint32_t cut;
  } rows[] = {
    { { { 'a', "-", "-", "-", "-" }, { 'b', "-", "x", "-", "-" } },
      { { 'a', "-", "-", "-", "-" }, { 'b', "-", "x", "-", "-" } },
      2 },
    { { { 'a', "-", "-", "-", "-" }, { 'e', "-", "x", "-", "-" } },
      { { 'a', "-", "-", "-", "-" }, { 'b', "-", "x", "-", "-" } },
      1 },
    { { { 'e', "-", "-", "-", "-" } }, { { 'a', "-", "-", "-", "-" } }, 0 },
    /* Shorter or longer than it was. */
    { { { 'a', "-", "-", "-", "-" } }, { { 'a', "-", "-", "-", "-" }, { 'b', "-", "x", "-", "-" } }, 1 },
    { { { 'a', "-", "-", "-", "-" }, { 'b', "-", "x", "-", "-" } }, { { 'a', "-", "-", "-", "-" } }, 1 },
    { { { 0 } }, { { 'a', "-", "-", "-", "-" } }, 0 },
    /* The second changed the first one's layer, so that is gone; nothing is lost if the second is there still. */
    { { { 'a', "-", "x", "-", "-" }, { 'e', "-", "-", "x", "-" } },
      { { 'a', "-", "x", "-", "-" }, { 'b', "-", "-", "x", "-" } },
      0 },
    { { { 'a', "-", "x", "-", "-" }, { 'b', "-", "-", "x", "-" } },
      { { 'a', "-", "x", "-", "-" }, { 'b', "-", "-", "x", "-" } },
      2 },
    { { { 'a', "-", "x", "-", "-" }, { 'b', "-", "y", "-", "-" }, { 'e', "-", "-", "y", "-" } },
      { { 'a', "-", "x", "-", "-" }, { 'b', "-", "y", "-", "-" }, { 'c', "-", "-", "y", "-" } },
      1 },
    /* The same for fields. */
    { { { 'a', "-", "-", "-", "f" }, { 'e', "-", "-", "-", "f" } },
      { { 'a', "-", "-", "-", "f" }, { 'b', "-", "-", "-", "f+g" } },
      0 },
    { { { 'a', "-", "-", "-", "f" }, { 'e', "-", "-", "-", "g" } },
      { { 'a', "-", "-", "-", "f" }, { 'b', "-", "-", "-", "g" } },
      1 },
    { { { 'a', "-", "-", "-", "f" }, { 'e', "-", "-", "-", "-" } },
      { { 'a', "-", "-", "-", "f" }, { 'b', "-", "-", "-", "*" } },
      0 },
    { { { 'a', "-", "-", "-", "*" }, { 'e', "-", "-", "-", "-" } },
      { { 'a', "-", "-", "-", "*" }, { 'b', "-", "-", "-", "g" } },
      0 },
    { { { 'a', "-", "-", "-", "-" }, { 'e', "-", "-", "-", "-" } },
      { { 'a', "-", "-", "-", "-" }, { 'b', "-", "-", "-", "*" } },
      1 },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cache_chain now, then;
    open_chain(rows[i].now, &now);
    open_chain(rows[i].then, &then);
    if (cache_chain_cut(&now, &then) != rows[i].cut) {
      fail_msg("row %zu: the cut is %u, not %u", i, cache_chain_cut(&now, &then), rows[i].cut);
    }
    cache_chain_done(&now);
    cache_chain_done(&then);
  }
}

static void kept_document_has_what_the_first_links_made(void **state) {
  (void)state;
  cache_chain chain;
  open_chain(line, &chain);
  assert_true(cache_chain_has_view(&chain, 1, QN_LIT("payload")));
  assert_true(cache_chain_has_view(&chain, 1, QN_LIT("text")));
  assert_false(cache_chain_has_view(&chain, 1, QN_LIT("content")));
  assert_true(cache_chain_has_view(&chain, 2, QN_LIT("content")));
  assert_true(cache_chain_has_layer(&chain, 3, QN_LIT("token")));
  assert_false(cache_chain_has_layer(&chain, 2, QN_LIT("token")));
  assert_false(cache_chain_has_layer(&chain, 3, QN_LIT("entity")));
  assert_true(cache_chain_has_field(&chain, 2, QN_LIT("id")));
  assert_true(cache_chain_has_field(&chain, 2, QN_LIT("title")));
  assert_false(cache_chain_has_field(&chain, 2, QN_LIT("language")));
  assert_true(cache_chain_has_field(&chain, 3, QN_LIT("language")));
  cache_chain_done(&chain);
}

static void chain_comes_back_from_its_text(void **state) {
  (void)state;
  cache_chain chain, back;
  open_chain(line, &chain);
  char *text = cache_chain_write(&chain);
  assert_non_null(text);
  assert_int_equal(cache_chain_read(text, strlen(text), &back), 0);
  assert_int_equal(cache_chain_cut(&chain, &back), 4);
  char *again = cache_chain_write(&back);
  assert_string_equal(text, again);
  free(text);
  free(again);
  cache_chain_done(&chain);
  cache_chain_done(&back);
}

static void rubbish_is_no_chain(void **state) {
  (void)state;
  static const char *const rows[] = { "",
                                      "{}",
                                      "[1]",
                                      "[{}]",
                                      "[{\"key\":\"abc\",\"stage\":\"s\"}]",
                                      "[{\"key\":7,\"stage\":\"s\",\"provides\":[],\"modifies\":[],\"writes\":[]}]",
                                      "[[" };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cache_chain chain = { 0 };
    assert_int_equal(cache_chain_read(rows[i], strlen(rows[i]), &chain), -EINVAL);
  }
}

static void pieces_of_a_hash_do_not_run_into_each_other(void **state) {
  (void)state;
  cache_hash *hash;
  cache_key a, b, c;
  qn_error error = { 0 };
  if (cache_hash_new(&hash, &error) == -ENOTSUP) {
    return;
  }
  cache_hash_begin(hash);
  cache_hash_text(hash, "ab");
  cache_hash_text(hash, "c");
  assert_int_equal(cache_hash_end(hash, &a), 0);
  cache_hash_begin(hash);
  cache_hash_text(hash, "a");
  cache_hash_text(hash, "bc");
  assert_int_equal(cache_hash_end(hash, &b), 0);
  cache_hash_begin(hash);
  cache_hash_text(hash, "ab");
  cache_hash_text(hash, "c");
  assert_int_equal(cache_hash_end(hash, &c), 0);
  assert_memory_not_equal(&a, &b, sizeof a);
  assert_memory_equal(&a, &c, sizeof a);
  assert_int_equal(cache_hash_file(hash, "/nonexistent", &a), -ENOENT);
  assert_int_equal(cache_hash_file(hash, "/", &a), -EINVAL);
  assert_int_equal(cache_hash_file(hash, "/proc/self/exe", &a), 0);
  cache_hash_free(hash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(cut_is_behind_the_last_stage_that_did_not_change),
    cmocka_unit_test(kept_document_has_what_the_first_links_made),
    cmocka_unit_test(chain_comes_back_from_its_text),
    cmocka_unit_test(rubbish_is_no_chain),
    cmocka_unit_test(pieces_of_a_hash_do_not_run_into_each_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
