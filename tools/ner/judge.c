/* SPDX-License-Identifier: Apache-2.0 */

/* Spans without what does not matter at their borders, counts, and tables. */
#include "ner/judge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ner/ground.h"
#include "text/letters.h"
#include "text/utf8.h"

static const char *const type_names[MODEL_TYPES] = { "PERSON", "ORGANIZATION", "LOCATION", "PRODUCT", "EVENT" };

typedef struct place {
  uint32_t begin;
  uint32_t end;
} place;

static bool is_word(const article *a, uint32_t at) {
  uint32_t kind = letters_kind(utf8_peek(a->view.data, at));
  return kind == LETTERS_LETTER || kind == LETTERS_DIGIT || kind == LETTERS_MARK;
}

static uint32_t back(const article *a, uint32_t at) {
  do {
    at--;
  } while (at > 0 && !utf8_is_lead(a->view.data[at]));
  return at;
}

/* The length of the clitic that begins one of these, at text: [وف]?(لل|[بكل]?ال|[بكل]) or [وفبكل]. */
static uint32_t clitics_len(const uint8_t *text, uint32_t len) {
  static const char *const prefixes[] = { "لل", "بال", "كال", "لال", "ال", "ب", "ك", "ل" };
  bool joined = len > 4 && (memcmp(text, "و", 2) == 0 || memcmp(text, "ف", 2) == 0);
  for (int with = joined; with >= 0; with--) {
    uint32_t skip = with ? 2 : 0;
    for (size_t k = 0; k < sizeof prefixes / sizeof prefixes[0]; k++) {
      uint32_t n = (uint32_t)strlen(prefixes[k]);
      if (skip + n + 4 <= len && memcmp(text + skip, prefixes[k], n) == 0) {
        return skip + n;
      }
    }
  }
  return joined && len >= 6 ? 2 : 0;
}

/* A span without quotation marks, and from behind the clitics of its first word on, wherever among them it begins. */
static place near_place(const article *a, uint32_t begin, uint32_t end) {
  const uint8_t *text = a->view.data;
  while (begin < end && !is_word(a, begin)) {
    utf8_next(text, &begin);
  }
  while (end > begin && !is_word(a, back(a, end))) {
    end = back(a, end);
  }
  uint32_t first = begin;
  while (first > 0 && is_word(a, back(a, first))) {
    first = back(a, first);
  }
  uint32_t last = begin;
  while (last < a->view.len && is_word(a, last)) {
    utf8_next(text, &last);
  }
  bool arabic = begin < end && letters_script(utf8_peek(text, first)) == LETTERS_SCRIPT_ARABIC;
  uint32_t core = arabic ? first + clitics_len(text + first, last - first) : begin;
  if (core > begin) {
    begin = core < end ? core : end;
  }
  return (place){ begin, end };
}

/* Tells an error with what stands around it. */
static void tell(FILE *errors, const article *a, const char *kind, uint32_t begin, uint32_t end, const char *types) {
  if (errors == NULL) {
    return;
  }
  uint32_t from = begin > 90 ? begin - 90 : 0;
  uint32_t to = end + 70 < a->view.len ? end + 70 : a->view.len;
  while (from < begin && !utf8_is_lead(a->view.data[from])) {
    from++;
  }
  while (to > end && to < a->view.len && !utf8_is_lead(a->view.data[to])) {
    to--;
  }
  fprintf(errors, "%u\t%s\t%s\t%.*s\t", a->number, kind, types, (int)(end - begin), (const char *)a->view.data + begin);
  for (uint32_t i = from; i < to; i++) {
    uint8_t byte = a->view.data[i];
    fputs(i == begin ? "[" : "", errors);
    fputs(i == end ? "]" : "", errors);
    fputc(byte == '\n' ? '/' : byte, errors);
  }
  fputc('\n', errors);
}

/* What a found name is worth. */
typedef struct verdict {
  bool right;
  bool words;
  bool ignored;
  const marked *touched; /* a wanted mark that it shares bytes with */
} verdict;

/* True if both touch the same words. */
static bool is_same_words(const article *a, const marked *mark, const mention *m) {
  for (uint32_t i = 0; i < a->n_tokens; i++) {
    bool marked_here = a->token[1][i] > mark->begin && a->token[0][i] < mark->end;
    bool found_here = a->token[1][i] > m->begin && a->token[0][i] < m->end;
    if (marked_here != found_here) {
      return false;
    }
  }
  return true;
}

static verdict judge_mention(const article *a, const mention *m, bool *taken) {
  verdict v = { false, false, false, NULL };
  bool optional = false;
  place at = near_place(a, m->begin, m->end);
  for (uint32_t k = 0; k < a->n_marks; k++) {
    const marked *mark = &a->marks[k];
    if (mark->begin >= m->end || mark->end <= m->begin) {
      continue;
    }
    if (mark->optional) {
      optional = true;
      continue;
    }
    v.touched = mark;
    place wanted = near_place(a, mark->begin, mark->end);
    bool near = wanted.begin == at.begin && wanted.end == at.end;
    if (!taken[k] && mark->type == m->type && near) {
      v.right = taken[k] = true;
      v.words = is_same_words(a, mark, m);
      return v;
    }
  }
  v.ignored = optional && v.touched == NULL;
  return v;
}

static void count_wrong(judge_score *sum, const article *a, const mention *m, const verdict *v, bool *told,
                        FILE *errors) {
  char types[64];
  uint32_t kind = v->touched == NULL ? JUDGE_FALSE : v->touched->type != m->type ? JUDGE_TYPE : JUDGE_BORDER;
  static const char *const kinds[] = { "missed", "false", "border", "type" };
  if (v->touched != NULL) {
    told[v->touched - a->marks] = true;
    snprintf(types, sizeof types, "%s>%s", type_names[v->touched->type], type_names[m->type]);
  } else {
    snprintf(types, sizeof types, "%s", type_names[m->type]);
  }
  sum->kinds[kind][v->touched != NULL ? v->touched->type : m->type]++;
  tell(errors, a, kinds[kind], m->begin, m->end, types);
}

void judge_article(judge_score *sum, tagger *t, const article *a, int alone, FILE *errors) {
  const mention *mentions = NULL;
  uint32_t n = 0;
  scan_input input = articles_input(a);
  int r =
      alone ? tagger_run_alone(t, &input, &mentions, &n) : tagger_run(t, &input, (qn_str){ NULL, 0 }, &mentions, &n);
  if (r != 0) {
    ground_die("no memory", "judging");
  }
  bool *taken = ground_get(a->n_marks, sizeof(bool));
  bool *told = ground_get(a->n_marks, sizeof(bool));
  for (uint32_t i = 0; i < n; i++) {
    if (mentions[i].type >= MODEL_TYPES) {
      continue;
    }
    verdict v = judge_mention(a, &mentions[i], taken);
    if (v.ignored) {
      continue;
    }
    sum->found[mentions[i].type]++;
    sum->right[mentions[i].type] += v.right;
    sum->words[mentions[i].type] += v.words;
    trust_count(&sum->trust, a->number % 2, mentions[i].trust_row, mentions[i].score, v.right);
    if (!v.right) {
      count_wrong(sum, a, &mentions[i], &v, told, errors);
    }
  }
  for (uint32_t k = 0; k < a->n_marks; k++) {
    const marked *m = &a->marks[k];
    sum->wanted[m->type] += !m->optional;
    if (!m->optional && !taken[k] && !told[k]) {
      sum->kinds[JUDGE_MISSED][m->type]++;
      tell(errors, a, "missed", m->begin, m->end, type_names[m->type]);
    }
  }
  free(taken);
  free(told);
}

static double f1(uint32_t right, uint32_t found, uint32_t wanted) {
  return found + wanted > 0 ? 2.0 * right / (found + wanted) : 1.0;
}

void judge_print(const char *name, judge_score *sum, int words) {
  const uint32_t *right = words ? sum->words : sum->right;
  uint32_t all_right = 0;
  uint32_t found = 0;
  uint32_t wanted = 0;
  printf("%-28s", name);
  for (uint32_t type = 0; type < MODEL_TYPES; type++) {
    if (type < JUDGE_ASKED) {
      all_right += right[type];
      found += sum->found[type];
      wanted += sum->wanted[type];
    }
    printf("  %.3f", f1(right[type], sum->found[type], sum->wanted[type]));
  }
  printf("   %.3f  %.3f  %.3f\n", (double)all_right / (found + 1e-9), (double)all_right / (wanted + 1e-9),
         f1(all_right, found, wanted));
}

void judge_print_kinds(const judge_score *sum) {
  static const char *const kinds[] = { "missed", "no name at all", "other borders", "other type" };
  printf("%-28s", "errors by kind");
  for (uint32_t type = 0; type < MODEL_TYPES; type++) {
    printf("  %-5.5s", type_names[type]);
  }
  printf("\n");
  for (uint32_t kind = 0; kind < JUDGE_KINDS; kind++) {
    printf("  %-26s", kinds[kind]);
    for (uint32_t type = 0; type < MODEL_TYPES; type++) {
      printf("  %5u", sum->kinds[kind][type]);
    }
    printf("\n");
  }
}
