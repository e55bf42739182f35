/* SPDX-License-Identifier: Apache-2.0 */

/* The pool between threads: documents made on one and freed on another, forks read on several at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document_fixture.h"

enum { DOCUMENTS = 4000, READERS = 3, QUEUE = 64, FORKS = 300 };

/* A bounded queue with a lock: all this test needs of a hand-over is the happens-before. */
typedef struct queue {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  document *items[QUEUE];
  unsigned first, n;
} queue;

static void queue_push(queue *q, document *doc) {
  pthread_mutex_lock(&q->lock);
  while (q->n == QUEUE) {
    pthread_cond_wait(&q->changed, &q->lock);
  }
  q->items[(q->first + q->n++) % QUEUE] = doc;
  pthread_cond_broadcast(&q->changed);
  pthread_mutex_unlock(&q->lock);
}

static document *queue_pull(queue *q) {
  pthread_mutex_lock(&q->lock);
  while (q->n == 0) {
    pthread_cond_wait(&q->changed, &q->lock);
  }
  document *doc = q->items[q->first % QUEUE];
  q->first++;
  q->n--;
  pthread_cond_broadcast(&q->changed);
  pthread_mutex_unlock(&q->lock);
  return doc;
}

/* The sum of a document's text, to see that it is whole. */
static unsigned sum_text(const document *doc) {
  qn_view view;
  unsigned sum = 0;
  if (document_view_get(doc, SCHEMA_VIEW_TEXT, &view) != 0) {
    return 0;
  }
  for (uint32_t i = 0; i < view.len; i++) {
    sum += view.data[i];
  }
  return sum;
}

static void *free_documents(void *arg) {
  queue *q = arg;
  uintptr_t n = 0;
  for (document *doc = queue_pull(q); doc != NULL; doc = queue_pull(q)) {
    n += sum_text(doc) == 10 * 'x';
    document_unref(doc);
  }
  return (void *)n;
}

static void documents_made_on_one_thread_are_freed_on_others(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  queue q = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
  pthread_t threads[READERS];
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, free_documents, &q), 0);
  }
  for (int i = 0; i < DOCUMENTS; i++) {
    queue_push(&q, fixture_text(&f, "xxxxxxxxxx"));
  }
  uintptr_t whole = 0;
  for (int i = 0; i < READERS; i++) {
    queue_push(&q, NULL);
  }
  for (int i = 0; i < READERS; i++) {
    void *n;
    pthread_join(threads[i], &n);
    whole += (uintptr_t)n;
  }
  assert_int_equal(whole, DOCUMENTS);
  fixture_close(&f);
}

typedef struct fork_reader {
  document *fork;
  uint32_t layer;
  unsigned sum;
} fork_reader;

/* Each fork builds its own mapping and fields, and reads what it shares. */
static void *read_fork(void *arg) {
  fork_reader *reader = arg;
  qn_layer layer;
  qn_value value = { .type = QN_VALUE_I64, .as.i64 = 5 };
  int rc = document_field_set(reader->fork, (qn_str){ "n", 1 }, &value);
  rc = rc == 0 ? document_layer_get(reader->fork, reader->layer, FIXTURE_CONTENT, &layer) : rc;
  reader->sum = rc == 0 ? sum_text(reader->fork) + layer.n_rows : 0;
  document_unref(reader->fork);
  return NULL;
}

static document *with_layer(fixture *f) {
  document *doc = fixture_text(f, "xxxxx xxxxx");
  fixture_random random = { 4 };
  fixture_random_view(f, doc, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, &random);
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "sentence/1");
  qn_rows rows;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f->builder, 0, 1, 0, &rows), 0);
  rows.begin[0] = 0;
  rows.end[0] = 11;
  *(uint32_t *)rows.columns[0] = 0;
  assert_int_equal(builder_layer_commit(f->builder, 0, 1, 0), 0);
  assert_int_equal(builder_seal(f->builder, NULL), 0);
  return doc;
}

static void forks_are_read_and_freed_on_several_threads_at_once(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  for (int round = 0; round < FORKS; round++) {
    document *doc = with_layer(&f);
    unsigned expected = sum_text(doc) + 1;
    fork_reader readers[READERS];
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
      readers[i] = (fork_reader){ document_fork(doc), fixture_slot(&f, "sentence/1"), 0 };
    }
    for (int i = 0; i < READERS; i++) {
      assert_int_equal(pthread_create(&threads[i], NULL, read_fork, &readers[i]), 0);
    }
    document_unref(doc);
    for (int i = 0; i < READERS; i++) {
      pthread_join(threads[i], NULL);
      assert_int_equal(readers[i].sum, expected);
    }
  }
  fixture_close(&f);
}

static void *make_and_free(void *arg) {
  document_pool *pool = arg;
  for (int i = 0; i < DOCUMENTS; i++) {
    document *docs[5];
    for (int k = 0; k < 5; k++) {
      if (document_new(pool, &docs[k]) != 0) {
        return pool;
      }
    }
    for (int k = 0; k < 5; k++) {
      document_unref(docs[k]);
    }
  }
  return NULL;
}

static void pool_serves_many_threads(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  pthread_t threads[READERS];
  for (int i = 0; i < READERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, make_and_free, f.pool), 0);
  }
  for (int i = 0; i < READERS; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    assert_null(failed);
  }
  assert_int_equal(document_pool_live(f.pool), 0);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(documents_made_on_one_thread_are_freed_on_others),
    cmocka_unit_test(forks_are_read_and_freed_on_several_threads_at_once),
    cmocka_unit_test(pool_serves_many_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
