/* SPDX-License-Identifier: Apache-2.0 */

/* Says what the lexicons know of a name, as the entities stage asks them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entities/spelling.h"
#include "program.h"
#include "text/fold.h"
#include "text/utf8.h"

enum { NAME_MAX_BYTES = 512, SHOWN_MAX = 24 };

static const char *const kinds[QLEX_KINDS] = {
  [QLEX_ENTITY] = "name",
  [QLEX_GIVEN] = "given name",
  [QLEX_FAMILY] = "family name",
  [QLEX_TITLE] = "title",
  [QLEX_CUE] = "cue",
  [QLEX_COMMON] = "ordinary word",
  [QLEX_HEAD] = "head of names",
  [QLEX_STOP] = "ends descriptive names",
  [QLEX_PARTICLE] = "particle of names",
  [QLEX_LETTER] = "name of a letter",
  [QLEX_PLACE] = "preposition of place",
  [QLEX_PATTERN] = "pattern of names",
  [QLEX_MISREAD] = "made by machine translation of something else, where signs of that stand on the page",
  [QLEX_SIGN] = "sign of a mistranslation, or of its absence",
  [QLEX_WORDING] = "entity in other words",
};

/* Why a meaning may not be believed where the name stands. */
static void print_doubts(const lexicon *lex, const qlex_payload *payload) {
  const qlex_entry *entry = &lex->entries[payload->entry];
  if ((payload->flags & QLEX_AMBIGUOUS) != 0) {
    fputs("; means something else too (~): believed only beside a title, a cue, or in a document that names it in full",
          stdout);
  }
  if ((payload->flags & QLEX_NATIONAL) != 0) {
    fputs("; every country has one (@): only in a document about its country", stdout);
  }
  if ((payload->flags & QLEX_CAPS) != 0) {
    fputs("; in capitals", stdout);
  }
  if (payload->kind == QLEX_ENTITY && entry->country < QLEX_ANY_COUNTRY) {
    qn_str country = lexicon_name(lex, entry->country);
    printf("; of %.*s", (int)country.len, country.data);
  }
  if (payload->kind == QLEX_ENTITY && entry->owner != QLEX_NO_OWNER) {
    qn_str owner = lexicon_name(lex, entry->owner);
    printf("; of %.*s", (int)owner.len, owner.data);
  }
}

static uint32_t print_meanings(const store *s, const qlex_slot *slot) {
  uint32_t n_entities = 0;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &s->lex.payloads[slot->first + p];
    const qlex_entry *entry = &s->lex.entries[payload->entry];
    qn_str name = lexicon_name(&s->lex, payload->entry);
    n_entities += payload->kind == QLEX_ENTITY;
    if (p >= SHOWN_MAX) {
      continue;
    }
    if (payload->kind == QLEX_ENTITY) {
      printf("    %s  %.*s", store_type_name(entry->type), (int)name.len, name.data);
    } else {
      printf("    %s", kinds[payload->kind]);
      if (payload->kind == QLEX_TITLE || payload->kind == QLEX_CUE || payload->kind == QLEX_HEAD) {
        printf(" of %s", store_type_name(entry->type));
      }
      if ((payload->flags & QLEX_FREQUENT) != 0) {
        fputs(", frequent", stdout);
      }
    }
    print_doubts(&s->lex, payload);
    putchar('\n');
  }
  if (slot != NULL && slot->n > SHOWN_MAX) {
    printf("    and %u more\n", slot->n - SHOWN_MAX);
  }
  if (slot != NULL && (slot->lore & LORE_PREFIX) != 0) {
    fputs("    longer names begin so\n", stdout);
  }
  return n_entities;
}

/* What the name would be taken for if it were of a type and nothing listed it. */
static void print_nearest(const store *s, const char *form, size_t len) {
  for (uint32_t type = 0; type < 5; type++) {
    spelling_match match;
    if (!spelling_find(&s->lex, form, len, type, &match)) {
      continue;
    }
    qn_str name = lexicon_name(&s->lex, match.entry);
    printf("    nearest %s  %.*s, spelled %.*s: %u away", store_type_name(type), (int)name.len, name.data,
           (int)match.form.len, match.form.data, match.distance);
    if (match.runner_up < SPELLING_FAR) {
      printf(", the next name %u", match.runner_up);
    }
    printf("; %s\n", spelling_is_near(&match, type == 0) ? "taken for it" : "not taken for it");
  }
}

static int look_up(const store *stores, uint32_t n_stores, const char *name) {
  char form[FOLD_BOUND(NAME_MAX_BYTES)];
  char skeleton[SKELETON_MAX + 1];
  size_t name_len = strlen(name);
  uint32_t n_found = 0;
  if (name_len == 0 || name_len > NAME_MAX_BYTES || utf8_valid_prefix((const uint8_t *)name, name_len) != name_len) {
    fprintf(stderr, "qanat lexicon: a name is UTF-8 and at most %d bytes long\n", NAME_MAX_BYTES);
    return WRONG_USE;
  }
  size_t len = fold_key((const uint8_t *)name, name_len, (uint8_t *)form);
  key k = key_of(form, len);
  uint32_t hash = skeleton_of(form, len, skeleton);
  printf("%s\n  folded    %.*s\n  key       %016llx\n  skeleton  %s%s\n", name, (int)len, form,
         (unsigned long long)key_print(k), skeleton, hash == 0 ? " (too short or too long to tell names apart)" : "");
  for (uint32_t i = 0; i < n_stores; i++) {
    printf("  in %s\n", stores[i].path);
    const qlex_slot *slot = k.len > 0 && k.len <= KEY_BYTES_MAX ? lexicon_find(&stores[i].lex, key_print(k)) : NULL;
    uint32_t n = print_meanings(&stores[i], slot);
    n_found += n;
    if (slot == NULL || slot->n == 0) {
      fputs("    not listed\n", stdout);
    }
    if (n == 0) {
      print_nearest(&stores[i], form, len);
    }
  }
  return n_found > 0 ? DONE : FAILED;
}

int command_lookup(int argc, char **argv) {
  store stores[LEXICONS_MAX];
  int status = DONE;
  uint32_t n = store_open_all(&argc, argv, stores);
  if (n == 0) {
    return FAILED;
  }
  if (argc < 2) {
    fputs("qanat lexicon: lookup needs a name\n", stderr);
    status = WRONG_USE;
  }
  for (int i = 1; i < argc && status != WRONG_USE; i++) {
    int one = look_up(stores, n, argv[i]);
    status = one > status ? one : status;
  }
  store_close(stores, n);
  return status;
}
