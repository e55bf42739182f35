/* SPDX-License-Identifier: Apache-2.0 */

/* Counts what a lexicon holds, and lists what it says twice. */
#include <stdio.h>
#include <string.h>

#include "entities/spelling.h"
#include "program.h"

static void count_entries(const lexicon *lex) {
  uint32_t by_type[5] = { 0 };
  uint32_t by_kind[QLEX_KINDS] = { 0 };
  uint32_t n_doubtful = 0;
  uint32_t n_national = 0;
  uint32_t n_names = 0;
  for (uint32_t i = 0; i < lex->header->n_payloads; i++) {
    const qlex_payload *payload = &lex->payloads[i];
    by_kind[payload->kind]++;
    if (payload->kind == QLEX_ENTITY) {
      n_doubtful += (payload->flags & QLEX_AMBIGUOUS) != 0;
      n_national += (payload->flags & QLEX_NATIONAL) != 0;
      if ((payload->flags & QLEX_CANONICAL) != 0) {
        by_type[lex->entries[payload->entry].type]++;
        n_names++;
      }
    }
  }
  printf("names        %u\n", n_names);
  for (uint32_t type = 0; type < 5; type++) {
    printf("  %-12s %u\n", store_type_name(type), by_type[type]);
  }
  printf("aliases      %u\n  doubtful (~)  %u\n  national (@)  %u\n", by_kind[QLEX_ENTITY], n_doubtful, n_national);
  printf("spellings    %u\n", lex->header->n_spellings);
  printf("given names  %u\nfamily names %u\ntitles       %u\nwords        %u\n", by_kind[QLEX_GIVEN],
         by_kind[QLEX_FAMILY], by_kind[QLEX_TITLE] + by_kind[QLEX_CUE], by_kind[QLEX_COMMON]);
}

/* Two names of one type that the same spelling stands for, neither of them marked. */
static uint32_t list_conflicts(const lexicon *lex) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < lex->header->n_spellings; i++) {
    const qlex_spelling *at = &lex->spellings[i];
    const char *form = lex->strings + at->form;
    const qlex_slot *slot = lexicon_find(lex, key_print(key_of(form, at->form_len)));
    for (uint32_t p = 0; slot != NULL && at->shortened == 0 && p < slot->n; p++) {
      const qlex_payload *other = &lex->payloads[slot->first + p];
      bool same = other->kind != QLEX_ENTITY || other->entry <= at->entry ||
                  lex->entries[other->entry].type != lex->entries[at->entry].type ||
                  (other->flags & (QLEX_AMBIGUOUS | QLEX_NATIONAL)) != 0;
      if (!same) {
        qn_str a = lexicon_name(lex, at->entry);
        qn_str b = lexicon_name(lex, other->entry);
        printf("%.*s\t%s\t%.*s\t%.*s\n", (int)at->form_len, form, store_type_name(lex->entries[at->entry].type),
               (int)a.len, a.data, (int)b.len, b.data);
        n++;
      }
    }
  }
  return n;
}

int command_stats(int argc, char **argv) {
  store stores[LEXICONS_MAX];
  uint32_t n = store_open_all(&argc, argv, stores);
  if (n == 0) {
    return FAILED;
  }
  bool conflicts = argc == 2 && strcmp(argv[1], "--conflicts") == 0;
  if (argc > 1 && !conflicts) {
    fprintf(stderr, "qanat lexicon: stats does not take '%s'\n", argv[1]);
    store_close(stores, n);
    return WRONG_USE;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (conflicts) {
      list_conflicts(&stores[i].lex);
    } else {
      printf("%s, %zu bytes\n", stores[i].path, stores[i].len);
      count_entries(&stores[i].lex);
    }
  }
  store_close(stores, n);
  return DONE;
}
