/* SPDX-License-Identifier: Apache-2.0 */

/* The laws of transforms and of prepare, over a corpus of texts, awkward ones, rubbish and random documents. */
#include "harness/laws.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dice.h"
#include "harness/harness_body.h"

enum { N_RUBBISH = 24, RUBBISH_BYTES = 512, N_RANDOM = 24, N_THREADS = 3 };

static const char *const awkward[] = {
  "",
  "\n",
  " \t\r\n \n\n",
  ".",
  "\xef\xbb\xbf",
  "a",
  "\xd8\xa7",
  "\xd9\x8b\xd9\x8c\xd9\x8d",
  "\xd9\x80\xd9\x80\xd9\x80\xd9\x80",
  "\xe2\x80\x8f\xe2\x80\x8e\xe2\x80\xae",
  "\xd8",
  "\xed\xa0\x80 lone surrogate",
  "\xf4\x90\x80\x80",
  "nul \x01\x02\x7f control",
  "((((((((((\"\"\"\"\"\"\"\"",
  "1 2 3 4 5 6 7 8 9 0 1,2.3,4.5 % $ \xd9\xaa",
  "\xd9\x88\xd9\x88\xd9\x88\xd9\x88\xd9\x88\xd9\x88 \xd8\xa7\xd9\x84\xd8\xa7\xd9\x84\xd8\xa7\xd9\x84",
  "<html><p>&amp;&#1575;<script>x</script></p>",
  "https://example.com/?q=\xd8\xa7 a@b.c @x #\xd9\x87\xd8\xa7",
};

typedef struct trial {
  const laws_subject *subject;
  uint32_t n;
  qn_harness_doc **docs;
  char **expected; /* what came of each the first time */
  char *message;
  size_t size;
} trial;

static int broken(trial *self, uint32_t i, const char *law, const char *what) {
  char *fixture = i < self->n ? qn_harness_doc_dump(self->docs[i]) : NULL;
  if (self->size > 0) {
    snprintf(self->message, self->size, "%s: %s%s%s", law, what, fixture != NULL ? "; the document: " : "",
             fixture != NULL ? fixture : "");
  }
  free(fixture);
  return -EPROTO;
}

/* --- the corpus --- */

static int add(trial *self, qn_harness_doc *doc) {
  if (doc == NULL) {
    return -ENOMEM;
  }
  self->docs[self->n++] = doc;
  return 0;
}

static int fill(trial *self, const char *const *texts, uint32_t n_texts, uint64_t seed) {
  enum { N_AWKWARD = sizeof awkward / sizeof awkward[0] };
  dice dice = { seed };
  uint8_t rubbish[RUBBISH_BYTES];
  size_t most = N_AWKWARD + (size_t)n_texts + N_RUBBISH + N_RANDOM;
  self->docs = calloc(most, sizeof(qn_harness_doc *));
  self->expected = calloc(most, sizeof(char *));
  int rc = self->docs != NULL && self->expected != NULL ? 0 : -ENOMEM;
  for (uint32_t i = 0; rc == 0 && i < N_AWKWARD + n_texts; i++) {
    const char *text = i < N_AWKWARD ? awkward[i] : texts[i - N_AWKWARD];
    rc = add(self, qn_harness_doc_bytes(self->subject->maker, text, strlen(text), NULL));
  }
  for (uint32_t i = 0; rc == 0 && i < N_RUBBISH; i++) {
    size_t len = 1 + (size_t)i * (RUBBISH_BYTES - 1) / N_RUBBISH;
    for (size_t k = 0; k < len; k++) {
      rubbish[k] = (uint8_t)dice_below(&dice, 256);
    }
    rc = add(self, qn_harness_doc_bytes(self->subject->maker, rubbish, len, NULL));
  }
  for (uint32_t i = 0; rc == 0 && i < N_RANDOM; i++) {
    rc = add(self, qn_harness_doc_random(self->subject->maker, seed + i, 1 + dice_below(&dice, 2000)));
  }
  return rc;
}

/* --- what came of a document, as text --- */

static char *joined(const qn_harness_outcome *outcome, qn_harness_doc *doc) {
  qn_str prepared = qn_harness_prepared(doc);
  char *dump = qn_harness_doc_dump(doc);
  size_t len = dump != NULL ? strlen(dump) + prepared.len + sizeof outcome->slug + sizeof outcome->message + 64 : 0;
  char *text = dump != NULL ? malloc(len) : NULL;
  if (text != NULL) {
    int wrote = snprintf(text, len, "%d %s %s %s\n", (int)outcome->status, outcome->slug, outcome->message, dump);
    if (prepared.len > 0) {
      memcpy(text + wrote, prepared.data, prepared.len);
    }
    text[(size_t)wrote + prepared.len] = '\0';
  }
  free(dump);
  return text;
}

/* The parts of a split document too. */
static char *told(const qn_harness_outcome *outcome, qn_harness_doc *doc) {
  char *text = joined(outcome, doc);
  for (uint32_t i = 0; text != NULL && i < doc->n_parts; i++) {
    char *part = qn_harness_doc_dump(doc->parts[i]);
    size_t len = strlen(text);
    size_t more = part != NULL ? strlen(part) : 0;
    char *longer = part != NULL ? realloc(text, len + more + 1) : NULL;
    if (longer == NULL) {
      free(text);
      free(part);
      return NULL;
    }
    memcpy(longer + len, part, more + 1);
    text = longer;
    free(part);
  }
  return text;
}

static qn_status put_through(const trial *self, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  return self->subject->process(self->subject->arg, doc, ret_outcome);
}

static int compare(trial *self, uint32_t i, const qn_harness_outcome *outcome, qn_harness_doc *doc, const char *law) {
  char *got = told(outcome, doc);
  if (got == NULL) {
    return -ENOMEM;
  }
  int rc = strcmp(got, self->expected[i]) == 0 ? 0 : broken(self, i, law, "the output differs from the first time");
  free(got);
  return rc;
}

/* --- the laws --- */

static int judge(trial *self, uint32_t i, const qn_harness_outcome *outcome) {
  char what[1200];
  if (outcome->is_fault) {
    return broken(self, i, outcome->slug, outcome->message);
  }
  if (outcome->status == QN_STATUS_FATAL) {
    snprintf(what, sizeof what, "a document is no reason for FATAL (%s)", outcome->message);
    return broken(self, i, "fatal", what);
  }
  if (outcome->n_refused > 0) {
    snprintf(what, sizeof what, "%u calls of the host were refused as against its rules", outcome->n_refused);
    return broken(self, i, "refused-calls", what);
  }
  if (outcome->timed_out) {
    return broken(self, i, "timed-out", "not completed in time");
  }
  if (outcome->n_completions > 1) {
    return broken(self, i, "completed-twice", "complete() was called more than once");
  }
  return 0;
}

static int first_time(trial *self) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < self->n; i++) {
    qn_harness_outcome outcome;
    qn_harness_doc *doc = qn_harness_doc_fork(self->docs[i]);
    if (doc == NULL) {
      return -ENOMEM;
    }
    put_through(self, doc, &outcome);
    rc = judge(self, i, &outcome);
    self->expected[i] = rc == 0 ? told(&outcome, doc) : NULL;
    rc = rc == 0 && self->expected[i] == NULL ? -ENOMEM : rc;
    qn_harness_doc_free(doc);
  }
  return rc;
}

static int backwards(trial *self) {
  int rc = 0;
  for (uint32_t i = self->n; rc == 0 && i-- > 0;) {
    qn_harness_outcome outcome;
    qn_harness_doc *doc = qn_harness_doc_fork(self->docs[i]);
    if (doc == NULL) {
      return -ENOMEM;
    }
    put_through(self, doc, &outcome);
    rc = compare(self, i, &outcome, doc, "order");
    qn_harness_doc_free(doc);
  }
  return rc;
}

static int on_threads(trial *self) {
  qn_harness_doc **forks = calloc(self->n, sizeof(qn_harness_doc *));
  qn_harness_outcome *outcomes = calloc(self->n, sizeof *outcomes);
  int rc = forks != NULL && outcomes != NULL ? 0 : -ENOMEM;
  for (uint32_t i = 0; rc == 0 && i < self->n; i++) {
    forks[i] = qn_harness_doc_fork(self->docs[i]);
    rc = forks[i] != NULL ? 0 : -ENOMEM;
  }
  rc = rc == 0 ? self->subject->threads(self->subject->arg, forks, self->n, N_THREADS, outcomes) : rc;
  for (uint32_t i = 0; rc == 0 && i < self->n; i++) {
    rc = compare(self, i, &outcomes[i], forks[i], "threads");
  }
  for (uint32_t i = 0; forks != NULL && i < self->n; i++) {
    qn_harness_doc_free(forks[i]);
  }
  free(forks);
  free(outcomes);
  return rc;
}

int laws_check(const laws_subject *subject, const char *const *texts, uint32_t n_texts, uint64_t seed, char *message,
               size_t size) {
  trial self = { .subject = subject, .message = message, .size = size };
  if (size > 0) {
    message[0] = '\0';
  }
  int rc = fill(&self, texts, n_texts, seed);
  rc = rc == 0 ? first_time(&self) : rc;
  /* What keeps state across documents, or takes one at a time, promises nothing here. */
  rc = rc == 0 && subject->any_order ? backwards(&self) : rc;
  rc = rc == 0 && subject->parallel ? on_threads(&self) : rc;
  if (rc == -ENOMEM && size > 0) {
    snprintf(message, size, "no memory");
  }
  for (uint32_t i = 0; i < self.n; i++) {
    qn_harness_doc_free(self.docs[i]);
    free(self.expected[i]);
  }
  free(self.docs);
  free(self.expected);
  return rc;
}

/* --- one stage --- */

static qn_status process_one(void *arg, qn_harness_doc *doc, qn_harness_outcome *ret_outcome) {
  qn_harness *harness = arg;
  return harness->info->role == ROLE_SINK ? qn_harness_prepare(harness, doc, ret_outcome)
                                          : qn_harness_process(harness, doc, ret_outcome);
}

static int process_many(void *arg, qn_harness_doc *const *docs, uint32_t n_docs, uint32_t n_threads,
                        qn_harness_outcome *ret_outcomes) {
  return qn_harness_process_threads(arg, docs, n_docs, n_threads, ret_outcomes);
}

int qn_harness_check_laws(qn_harness *harness, const char *const *texts, uint32_t n_texts, uint64_t seed, char *message,
                          size_t size) {
  const stage_info *info = harness->info;
  const laws_subject subject = {
    .maker = harness,
    .process = process_one,
    .threads = process_many,
    .arg = harness,
    .any_order = info->concurrency != CONCURRENCY_ORDERED || info->role == ROLE_SINK, /* only prepared */
    .parallel = info->concurrency == CONCURRENCY_PARALLEL && info->role == ROLE_TRANSFORM,
  };
  return info->role == ROLE_SOURCE ? 0 : laws_check(&subject, texts, n_texts, seed, message, size);
}
