/* SPDX-License-Identifier: Apache-2.0 */

/* A list of copies under a lock, emptied by the loop in pieces. */
#include "serve/intake_news.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TELL_MAX = 128 };

typedef struct news_item {
  struct news_item *next;
  bool is_finish;
  union {
    qn_acceptance acceptance;
    qn_finish finish;
  } as;
  char text[]; /* all strings */
} news_item;

struct intake_news {
  pthread_mutex_t mutex; /* what follows */
  news_item *first, **last;
};

int intake_news_new(intake_news **ret_news) {
  intake_news *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  pthread_mutex_init(&made->mutex, NULL);
  made->last = &made->first;
  *ret_news = made;
  return 0;
}

static void free_items(news_item *first) {
  while (first != NULL) {
    news_item *next = first->next;
    free(first);
    first = next;
  }
}

void intake_news_free(intake_news *self) {
  if (self == NULL) {
    return;
  }
  free_items(self->first);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

static void add(intake_news *self, news_item *item) {
  item->next = NULL;
  pthread_mutex_lock(&self->mutex);
  *self->last = item;
  self->last = &item->next;
  pthread_mutex_unlock(&self->mutex);
}

static qn_str copy_of(char **at, qn_str text) {
  qn_str copy = { *at, text.len };
  if (text.len > 0) {
    memcpy(*at, text.data, text.len);
    *at += text.len;
  }
  return copy;
}

static qn_str text_of(const char *text) {
  return (qn_str){ text != NULL ? text : "", text != NULL ? strlen(text) : 0 };
}

bool intake_news_accepted(intake_news *self, uint32_t outcome, uint64_t cookie, qn_str id, const char *message) {
  qn_str said = text_of(message);
  news_item *item = malloc(sizeof *item + id.len + said.len);
  if (item == NULL) {
    return false;
  }
  char *at = item->text;
  item->is_finish = false;
  item->as.acceptance = (qn_acceptance){ .size = sizeof item->as.acceptance, .outcome = outcome, .cookie = cookie };
  item->as.acceptance.id = copy_of(&at, id);
  item->as.acceptance.message = copy_of(&at, said);
  add(self, item);
  return true;
}

bool intake_news_finished(intake_news *self, qn_str id, uint64_t cookie, const runtime_end *end) {
  const qn_str record = { end->record, end->record != NULL ? end->record_bytes : 0 };
  const qn_str stage = text_of(end->stage), slug = text_of(end->slug), message = text_of(end->message);
  news_item *item = malloc(sizeof *item + id.len + record.len + stage.len + slug.len + message.len);
  if (item == NULL) {
    return false;
  }
  char *at = item->text;
  item->is_finish = true;
  item->as.finish = (qn_finish){
    .size = sizeof item->as.finish, .outcome = end->outcome, .cookie = cookie, .attempts = end->attempts
  };
  item->as.finish.id = copy_of(&at, id);
  item->as.finish.record = copy_of(&at, record);
  item->as.finish.stage = copy_of(&at, stage);
  item->as.finish.slug = copy_of(&at, slug);
  item->as.finish.message = copy_of(&at, message);
  add(self, item);
  return true;
}

void intake_news_tell(intake_news *self, void (*accepted)(void *arg, const qn_acceptance *const *all, uint32_t n),
                      void (*finished)(void *arg, const qn_finish *const *all, uint32_t n), void *arg) {
  pthread_mutex_lock(&self->mutex);
  news_item *all = self->first;
  self->first = NULL;
  self->last = &self->first;
  pthread_mutex_unlock(&self->mutex);
  const news_item *at = all;
  while (at != NULL) {
    const qn_acceptance *acceptances[TELL_MAX];
    const qn_finish *finishes[TELL_MAX];
    bool is_finish = at->is_finish;
    uint32_t n = 0;
    for (; at != NULL && n < TELL_MAX && at->is_finish == is_finish; at = at->next, n++) {
      acceptances[n] = &at->as.acceptance;
      finishes[n] = &at->as.finish;
    }
    if (is_finish) {
      finished(arg, finishes, n);
    } else {
      accepted(arg, acceptances, n);
    }
  }
  free_items(all);
}
