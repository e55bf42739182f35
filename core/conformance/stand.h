/* SPDX-License-Identifier: Apache-2.0 */

/* One instance of the stage under test: its world, its watch and its harness; and what comes of documents on it. Floor 4. */
#ifndef CORE_CONFORMANCE_STAND_H
#define CORE_CONFORMANCE_STAND_H

#include "conformance/chance.h"
#include "conformance/watch.h"
#include "conformance/world.h"

/* What is to be checked. Lives in the child; strings belong to the parent's memory, which the child has a copy of. */
typedef struct subject {
  const char *path;
  const stage_info *info;   /* with the layers of its configuration */
  const manifest *declared; /* whose schemas these have */
  const qn_stage *table;    /* loaded by the child itself */
  const cJSON *config;      /* checked, with defaults */
  bool config_is_given;     /* by the user, not made up */
  const char *base_folder;
  const char *scratch; /* a folder of the check's own, which is the working directory */
  uint64_t seed;
  uint32_t effort;    /* 1; more with --long */
  uint32_t budget_ms; /* how long a check that could go on for ever does */
  uint32_t limit_ms;  /* after which the check is ended from outside */
  bool is_slow;       /* a few documents must do */
  const sample *only; /* a reproduction: this document and no other */
} subject;

typedef struct stand {
  const subject *subject;
  teller *teller;
  world world;
  watch *watch;
  qn_harness *harness;
  bool is_usual;              /* neither its world nor its configuration lacks anything */
  uint32_t n_fatal, n_others; /* documents by what came of them */
} stand;

typedef struct stand_options {
  world_kind kind;
  const cJSON *config; /* NULL: the subject's */
  bool worker;         /* the host lends what a worker has */
  harness_kept *kept;  /* then: what an earlier life kept, or NULL */
  watch_options watch;
} stand_options;

/* Opens the world and creates the stage. 0, or why not: error has create's own words. */
int stand_open(stand *ret_stand, const subject *subject, teller *teller, const stand_options *options, qn_error *error);
/* What a stage whose create failed still holds. */
typedef struct watch_left {
  uint32_t n_blocks; /* of the host's memory */
} watch_left;

/* The same; says what is left if it fails. */
int stand_open_left(stand *ret_stand, const subject *subject, teller *teller, const stand_options *options,
                    watch_left *ret_left, qn_error *error);
/* Destroys it, and tells what it left behind. Closed or never opened is fine. */
void stand_close(stand *self);

/* What came of a document. */
typedef struct outcome {
  qn_status status;
  bool is_fault;    /* a rule was broken, and told */
  bool is_internal; /* the sample could not be made */
  bool timed_out;
  uint32_t n_completions;
  char slug[64];
  char *text; /* all of it, to be compared; NULL: no memory */
} outcome;

void outcome_done(outcome *outcome);

/* Puts a sample through a transform, or through the prepare of a sink. */
void stand_process(stand *self, const sample *from, outcome *ret_outcome);

/* The sample as a document of the harness, to be freed with qn_harness_doc_free. NULL: told why. */
qn_harness_doc *stand_document(stand *self, const sample *from);
/* The outcome of a run of document, tells rules broken. */
void stand_outcome(stand *self, qn_harness_doc *document, const qn_harness_outcome *from, outcome *ret_outcome);

/* Tells the rule if the two differ, showing where; what says which two. True: they are the same. */
bool stand_same(stand *self, rule_id rule, const outcome *first, const outcome *second, const char *what);

/* The same of texts. */
bool stand_same_text(teller *teller, rule_id rule, const char *first, const char *second, const char *what);

/* Samples for a check: all fixed ones and some of chance, the huge one only if asked. The subject's only one if it has. */
typedef struct sample_list {
  sample *items;
  uint32_t n;
} sample_list;

int sample_list_make(const subject *subject, uint32_t n, sample_list *ret_list);
void sample_list_done(sample_list *list);

#endif
