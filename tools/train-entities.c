/* SPDX-License-Identifier: Apache-2.0 */

/* Trains the model of the entities stage, docs/training.md says how: a conditional random field over what the other
 * recognizers see and have chosen. The lexicon knows the training articles better than it will know others, so each
 * article is read several times, each time with another part of the lexicon hidden: what is learnt is how names look
 * and where they stand, and how far a lexicon that misses some can be trusted.
 *
 * The same input in the same order gives the same bytes. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/evidence.h"
#include "entities/lexicon_tsv.h"
#include "entities/tagger.h"
#include "ner/articles.h"
#include "ner/crf.h"
#include "ner/ground.h"
#include "ner/judge.h"
#include "ner/labels.h"
#include "ner/trust_fit.h"
#include "thin_lexicon.h"

enum {
  READINGS = 5,
  FILES_MAX = 64,
  SETS_MAX = 8,
  JUDGED = 3,
  JUDGED_SEED = 77,
  FOLDS = 5,
  FOLDS_MAX = 20,
  NAMES_ONE_IN = 60
};

/* Ways to find names. */
enum { BY_RULES = 0, BY_BOTH = 1, BY_MODEL = 2, WAYS = 3 };

/* Parts of the lexicon that are hidden when it is judged, in percent. */
static const uint32_t judged_percent[JUDGED] = { 0, 30, 60 };

typedef struct job {
  const char *out;
  const char *clitics;
  const char *errors;
  uint32_t told;                  /* which of the judgements errors are told of */
  const char *articles[SETS_MAX]; /* each file is a set, judged by itself */
  uint32_t n_articles;
  uint32_t untrained;           /* bits of the sets that are only judged */
  const char *extra[FILES_MAX]; /* articles that are never held out */
  uint32_t n_extra;
  qn_str lexicon[FILES_MAX];
  uint32_t n_lexicon;
  uint32_t hidden_percent[READINGS]; /* parts of the lexicon that are hidden from the sets to come, by reading */
  uint32_t hidden[SETS_MAX][READINGS];
  uint32_t folds;
  uint32_t fold; /* the only one that is judged; SCAN_NONE: all */
  bool print;    /* the judgement */
  bool words;    /* names are judged by their words, clitics or not */
} job;

/* --- lexicons with parts hidden --- */

static void pass_over(void *user, uint32_t line, const char *why) {
  (void)user, (void)line, (void)why;
}

static lexicon make_lexicon(const job *j, uint32_t seed, uint32_t percent) {
  lexicon_builder *builder = NULL;
  uint8_t *bytes = NULL;
  size_t len = 0;
  lexicon made;
  lexicon_fault fault;
  int r = lexicon_builder_new(&builder);
  for (uint32_t i = 0; i < j->n_lexicon && r >= 0; i++) {
    qn_str kept = thin_lexicon(j->lexicon[i], seed, percent);
    r = kept.data == NULL ? -ENOMEM : lexicon_tsv_read(builder, kept, pass_over, NULL);
    free((void *)(uintptr_t)kept.data);
  }
  if (r < 0 || lexicon_builder_finish(builder, &bytes, &len) != 0 ||
      lexicon_open((qn_str){ (const char *)bytes, len }, &made, &fault) != 0) {
    ground_die("a lexicon cannot be made", "lexicon");
  }
  lexicon_builder_free(builder);
  return made;
}

static tagger *open_tagger(const lexicon *lex) {
  tagger *t = NULL;
  if (tagger_open(&ground_host, NULL, lex, 1, &t) != 0) {
    ground_die("no memory", "tagger");
  }
  return t;
}

/* --- examples --- */

static void add_article(crf_examples *all, tagger *t, echo_table *echoes, const article *a, uint32_t number) {
  const scan *s = NULL;
  scan_input input = articles_input(a);
  uint64_t features[FEATURES_MAX];
  if (tagger_first_choice(t, &input, (qn_str){ NULL, 0 }, &s) != 0) {
    ground_die("no memory", "tagging");
  }
  scan room = *s; /* whose host lends memory */
  if (echo_begin(echoes, &room) != 0) {
    ground_die("no memory", "tagging");
  }
  word_facts *facts = ground_get(s->n_words, sizeof(word_facts));
  uint8_t *labels = ground_get(s->n_words, 1);
  features_gather(s, echoes, facts);
  features_look_up(s, facts, 0, s->n_words);
  labels_fill(a, s, labels);
  for (uint32_t first = 0; first < s->n_words;) {
    uint32_t last = features_stretch(s, first);
    for (uint32_t i = first; i < last; i++) {
      uint32_t n = features_of(s, facts, first, last, i, features);
      uint8_t label = labels[i];
      if (i == first && label != 0 && label % 2 == 0) {
        label--; /* a mention that was cut */
      }
      crf_add(all, features, n, label, i == first, number);
    }
    first = last;
  }
  free(facts);
  free(labels);
}

/* Prose with hardly a name is read but once: more often it would teach to see none in news either. */
static bool is_passed_over(const article *a, uint32_t reading) {
  return a->number == SCAN_NONE && a->n_marks * NAMES_ONE_IN < a->n_tokens && reading != READINGS / 2;
}

/* Reads all articles with each of the thinned lexicons of their set. */
static void gather(const job *j, const articles *given, crf_examples *ret_examples) {
  echo_table echoes = { 0 };
  for (uint32_t reading = 0; reading < READINGS; reading++) {
    for (uint32_t set = 0; set < j->n_articles; set++) {
      lexicon lex = make_lexicon(j, reading + 1, j->hidden[set][reading]);
      tagger *t = open_tagger(&lex);
      for (size_t i = 0; i < given->n; i++) {
        if (given->list[i].set == set && !is_passed_over(&given->list[i], reading)) {
          add_article(ret_examples, t, &echoes, &given->list[i], (uint32_t)i);
        }
      }
      tagger_close(t);
      free((void *)(uintptr_t)lex.header);
    }
  }
  free(echoes.slots);
}

/* --- folds --- */

/* The articles that are trained on: all but those of one fold. */
typedef struct selection {
  const articles *given;
  uint32_t untrained; /* bits of sets */
  uint32_t folds;     /* 0: all */
  uint32_t fold;
} selection;

static int is_trained_on(void *arg, uint32_t i) {
  const selection *sel = arg;
  const article *a = &sel->given->list[i];
  if (a->number == SCAN_NONE) {
    return 1;
  }
  return (sel->untrained >> a->set & 1) == 0 && (sel->folds == 0 || a->number % sel->folds != sel->fold);
}

static ner_model train_model(const crf_examples *all, selection *sel, uint8_t **ret_bytes, size_t *ret_len) {
  ner_model model;
  const char *why = NULL;
  *ret_bytes = crf_train(all, is_trained_on, sel, ret_len);
  if (model_open((qn_str){ (const char *)*ret_bytes, *ret_len }, &model, &why) != 0) {
    ground_die(why, "model");
  }
  return model;
}

/* Scores of a set, by how much of the lexicon is hidden and by the way. */
typedef judge_score set_score[JUDGED][WAYS];

static void judge_fold(const selection *sel, tagger *t, const ner_model *model, set_score *sets, uint32_t hidden,
                       FILE *errors) {
  for (uint32_t way = 0; way < WAYS; way++) {
    tagger_use_model(t, way == BY_RULES ? NULL : model);
    for (size_t i = 0; i < sel->given->n; i++) {
      const article *a = &sel->given->list[i];
      if (a->number != SCAN_NONE && a->number % sel->folds == sel->fold) {
        judge_article(&sets[a->set][hidden][way], t, a, way == BY_MODEL, way == BY_BOTH ? errors : NULL);
      }
    }
  }
  tagger_use_model(t, NULL);
}

/* What judging needs and keeps. */
typedef struct judgement {
  set_score sets[SETS_MAX];
  uint32_t n_articles[SETS_MAX];
  lexicon lexicons[JUDGED];
} judgement;

static void begin_judging(const job *j, judgement *all) {
  for (uint32_t p = 0; p < JUDGED; p++) {
    all->lexicons[p] = make_lexicon(j, JUDGED_SEED, judged_percent[p]);
  }
}

static void end_judging(judgement *all) {
  for (uint32_t p = 0; p < JUDGED; p++) {
    free((void *)(uintptr_t)all->lexicons[p].header);
  }
  free(all);
}

/* Has every article judged by a model that has not seen it, with all of the lexicon and with parts of it hidden. */
static judgement *judge_folds(const job *j, const articles *given, const crf_examples *examples, uint32_t folds) {
  judgement *all = ground_get(1, sizeof *all);
  FILE *errors = j->errors != NULL ? fopen(j->errors, "wb") : NULL;
  if (j->errors != NULL && errors == NULL) {
    ground_die(strerror(errno), j->errors);
  }
  begin_judging(j, all);
  for (size_t i = 0; i < given->n; i++) {
    all->n_articles[given->list[i].set] += given->list[i].number != SCAN_NONE;
  }
  for (uint32_t fold = 0; fold < folds; fold++) {
    if (j->fold != SCAN_NONE && fold != j->fold) {
      continue;
    }
    selection sel = { given, j->untrained, folds, fold };
    uint8_t *bytes = NULL;
    size_t len = 0;
    ner_model model = train_model(examples, &sel, &bytes, &len);
    for (uint32_t p = 0; p < JUDGED; p++) {
      /* A tagger keeps what a model said of words, so that each model needs one of its own. */
      tagger *t = open_tagger(&all->lexicons[p]);
      judge_fold(&sel, t, &model, all->sets, p, p == j->told ? errors : NULL);
      tagger_close(t);
    }
    free(bytes);
  }
  if (errors != NULL && fclose(errors) != 0) {
    ground_die("cannot be written", j->errors);
  }
  return all;
}

/* Names as they are believed with little and with nothing of the lexicon hidden: a new page has some that it lacks. */
static void calibrating_tally(const judgement *all, trust_tally *ret_tally) {
  memset(ret_tally, 0, sizeof *ret_tally);
  for (uint32_t set = 0; set < SETS_MAX; set++) {
    trust_add(ret_tally, &all->sets[set][0][BY_BOTH].trust);
    trust_add(ret_tally, &all->sets[set][1][BY_BOTH].trust);
  }
}

static void print_set(const job *j, judgement *all, uint32_t set) {
  const char *slash = strrchr(j->articles[set], '/');
  printf("== %s, %u articles: %s typed F1, by how much of the lexicon is hidden; all: without EVENT\n",
         slash != NULL ? slash + 1 : j->articles[set], all->n_articles[set], j->words ? "whole words" : "near");
  printf("%-28s  PERS   ORG    LOC    PROD   EVENT   prec   recall all\n", "");
  for (uint32_t p = 0; p < JUDGED; p++) {
    for (uint32_t way = 0; way < WAYS; way++) {
      static const char *const ways[WAYS] = { "rules alone", "with the model", "the model alone" };
      char name[64];
      snprintf(name, sizeof name, "%u%%, %s", judged_percent[p], ways[way]);
      judge_print(name, &all->sets[set][p][way], j->words);
    }
  }
  printf("with the model, %u%% of the lexicon hidden:\n", judged_percent[j->told]);
  judge_print_kinds(&all->sets[set][j->told][BY_BOTH]);
  printf("\n");
}

static void print_judgement(const job *j, judgement *all) {
  trust_tally tally;
  for (uint32_t set = 0; set < j->n_articles; set++) {
    print_set(j, all, set);
  }
  calibrating_tally(all, &tally);
  printf("all, with the model, %u%% and %u%% of the lexicon hidden:\n", judged_percent[0], judged_percent[1]);
  trust_print(&tally);
}

/* Fills the table of trust of a model and makes its checksum right. */
static void calibrate(uint8_t *bytes, size_t len, const trust_tally *tally) {
  model_header *header = (void *)bytes;
  size_t begin = offsetof(model_header, checksum) + sizeof header->checksum;
  trust_fit(tally, 3, header->trust);
  header->calibrated = 1;
  header->checksum = model_checksum(bytes + begin, len - begin);
}

static void write_file(const char *path, const uint8_t *bytes, size_t len) {
  FILE *file = fopen(path, "wb");
  if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
    ground_die("cannot be written", path);
  }
}

static void work(const job *j) {
  size_t len = 0;
  clitics_model clitics;
  char *clitics_bytes = ground_read(j->clitics, &len);
  if (clitics_open(&clitics, clitics_bytes, len) != 0) {
    ground_die("no model of clitics", j->clitics);
  }
  articles given = { 0 };
  for (uint32_t i = 0; i < j->n_articles; i++) {
    articles_read(&given, j->articles[i], i, 1, &clitics);
  }
  for (uint32_t i = 0; i < j->n_extra; i++) {
    articles_read(&given, j->extra[i], 0, 0, &clitics);
  }
  crf_examples all = { 0 };
  gather(j, &given, &all);
  judgement *judged = judge_folds(j, &given, &all, j->folds);
  if (j->print) {
    print_judgement(j, judged);
  }
  if (j->out != NULL) {
    selection sel = { &given, j->untrained, 0, 0 };
    uint8_t *bytes = NULL;
    trust_tally tally;
    train_model(&all, &sel, &bytes, &len);
    calibrating_tally(judged, &tally);
    calibrate(bytes, len, &tally);
    write_file(j->out, bytes, len);
    free(bytes);
  }
  end_judging(judged);
}

/* As many numbers as there are readings, with commas between them. */
static bool take_percents(uint32_t percents[READINGS], const char *text) {
  char *end = NULL;
  for (uint32_t i = 0; i < READINGS; i++, text = end + 1) {
    percents[i] = (uint32_t)strtoul(text, &end, 10);
    if (end == text || percents[i] > 100 || *end != (i + 1 < READINGS ? ',' : '\0')) {
      return false;
    }
  }
  return true;
}

static bool take_argument(job *j, const char *arg) {
  size_t len = 0;
  if (strncmp(arg, "out=", 4) == 0) {
    j->out = arg + 4;
  } else if ((strncmp(arg, "articles=", 9) == 0 || strncmp(arg, "judged=", 7) == 0) && j->n_articles < SETS_MAX) {
    j->untrained |= (uint32_t)(arg[0] == 'j') << j->n_articles;
    memcpy(j->hidden[j->n_articles], j->hidden_percent, sizeof j->hidden_percent);
    j->articles[j->n_articles++] = strchr(arg, '=') + 1;
  } else if (strncmp(arg, "extra=", 6) == 0 && j->n_extra < FILES_MAX) {
    j->extra[j->n_extra++] = arg + 6;
  } else if (strncmp(arg, "clitics=", 8) == 0) {
    j->clitics = arg + 8;
  } else if (strncmp(arg, "errors=", 7) == 0) {
    j->errors = arg + 7;
  } else if (strncmp(arg, "told=", 5) == 0) {
    uint32_t percent = (uint32_t)strtoul(arg + 5, NULL, 10);
    j->told = 0;
    while (j->told < JUDGED && judged_percent[j->told] != percent) {
      j->told++;
    }
    return j->told < JUDGED;
  } else if (strcmp(arg, "borders=words") == 0) {
    j->words = true;
  } else if (strncmp(arg, "hide=", 5) == 0) {
    return take_percents(j->hidden_percent, arg + 5);
  } else if (strncmp(arg, "fold=", 5) == 0) {
    j->fold = (uint32_t)strtoul(arg + 5, NULL, 10);
  } else if (strncmp(arg, "folds=", 6) == 0) {
    j->folds = (uint32_t)strtoul(arg + 6, NULL, 10);
    j->print = true;
    return j->folds >= 2 && j->folds <= FOLDS_MAX;
  } else if (strchr(arg, '=') == NULL && j->n_lexicon < FILES_MAX) {
    char *bytes = ground_read(arg, &len);
    j->lexicon[j->n_lexicon++] = (qn_str){ bytes, len };
  } else {
    return false;
  }
  return true;
}

int main(int argc, char **argv) {
  job j = { .told = 1, .folds = FOLDS, .fold = SCAN_NONE, .hidden_percent = { 5, 15, 30, 45, 60 } };
  bool understood = true;
  for (int i = 1; i < argc; i++) {
    understood = understood && take_argument(&j, argv[i]);
  }
  if (!understood || (j.out == NULL && !j.print) || j.n_articles == 0 || j.clitics == NULL || j.n_lexicon == 0) {
    fprintf(stderr,
            "usage: train-entities [out=MODEL.qner] [folds=N [fold=I] [errors=FILE] [told=PERCENT] "
            "[borders=words]] clitics=MODEL.qclt "
            "articles=FILE...\n"
            "                      [hide=A,B,C,D,E] [judged=FILE...] [extra=FILE...] LEXICON.tsv...\n"
            "folds=N tells how every article is judged by a model that was trained without it and every Nth "
            "other. The scores of\n"
            "a model that is written are calibrated by such a judgement, with 5 folds unless told otherwise.\n"
            "fold=I judges that one of the folds only, borders=words judges by whole words, with or without clitics.\n"
            "hide=5,15,30,45,60 are percents of the lexicon that are hidden while the articles named behind it are "
            "read for the "
            "first,\nsecond and third time.\n"
            "told=0, 30 or 60 tells of the judgement with so much of the lexicon hidden.\n"
            "Each file of articles is judged by itself. Those of judged files are never trained on, those of extra "
            "files always and "
            "never\njudged.\n");
    return 2;
  }
  work(&j);
  return 0;
}
