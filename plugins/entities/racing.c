/* SPDX-License-Identifier: Apache-2.0 */

/* Puts together what teams are called from the names of makers, and asks the lexicon. */
#include "entities/racing.h"

#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/fold.h"

enum { NAME_MAX = 96, RACES_MIN = 2 };

/* What stands before and behind a maker's name in its team's. */
static const struct {
  const char *before;
  const char *behind;
} teams[] = {
  { "Scuderia ", "" },       { "", " Racing" },           { "", " F1 Team" }, { "", "-AMG Petronas F1 Team" },
  { "", " in Formula One" }, { "", " Formula One Team" },
};

static bool is_race(qn_str name) {
  static const char *const ends[] = { "Formula One", "Grand Prix" };
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    size_t n = strlen(ends[i]);
    if (name.len >= n && memcmp(name.data + name.len - n, ends[i], n) == 0) {
      return true;
    }
  }
  return false;
}

/* A page about racing names races again and again; one on shares or sales may name one. */
static bool names_races(const scan *s) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_candidates && n < RACES_MIN; i++) {
    const candidate *c = &s->candidates[i];
    n += c->chosen != 0 && c->type == QN_ENTITY_TYPE_EVENT && c->entry != SCAN_NONE &&
         is_race(lexicon_name(&s->lexicons[c->lexicon], c->entry));
  }
  return n >= RACES_MIN;
}

/* The name of a maker as its team has it: without what says that it is a company. */
static qn_str bare_name(qn_str name) {
  static const char *const ends[] = { " GmbH", " Group", "-Benz" };
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    size_t n = strlen(ends[i]);
    if (name.len > n && memcmp(name.data + name.len - n, ends[i], n) == 0) {
      return (qn_str){ name.data, name.len - n };
    }
  }
  return name;
}

/* The club that a lexicon calls so, or SCAN_NONE. */
static uint32_t club_called(const lexicon *lex, const char *before, qn_str maker, const char *behind) {
  char name[NAME_MAX];
  char form[FOLD_BOUND(NAME_MAX)];
  size_t n_before = strlen(before);
  size_t n_behind = strlen(behind);
  if (n_before + maker.len + n_behind > NAME_MAX) {
    return SCAN_NONE;
  }
  memcpy(name, before, n_before);
  memcpy(name + n_before, maker.data, maker.len);
  memcpy(name + n_before + maker.len, behind, n_behind);
  size_t len = fold_key((const uint8_t *)name, n_before + maker.len + n_behind, (uint8_t *)form);
  const qlex_slot *slot = lexicon_find(lex, key_print(key_of(form, len)));
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && lex->entries[payload->entry].class == QLEX_CLASS_CLUB) {
      return payload->entry;
    }
  }
  return SCAN_NONE;
}

/* The team of a chosen maker, or SCAN_NONE. */
static uint32_t team_of(const scan *s, const candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  uint32_t club = SCAN_NONE;
  if (c->chosen == 0 || c->type != QN_ENTITY_TYPE_ORGANIZATION || c->entry == SCAN_NONE || c->composed != 0 ||
      lex->entries[c->entry].class != QLEX_CLASS_COMPANY) {
    return SCAN_NONE;
  }
  qn_str maker = bare_name(lexicon_name(lex, c->entry));
  for (size_t i = 0; i < sizeof teams / sizeof teams[0] && club == SCAN_NONE; i++) {
    club = club_called(lex, teams[i].before, maker, teams[i].behind);
  }
  return club;
}

/* Races are named, and two makers that race. */
static bool is_about_racing(const scan *s) {
  uint32_t first = SCAN_NONE;
  bool several = false;
  if (!names_races(s)) {
    return false;
  }
  for (uint32_t i = 0; i < s->n_candidates && !several; i++) {
    uint32_t team = team_of(s, &s->candidates[i]);
    several = team != SCAN_NONE && first != SCAN_NONE && team != first;
    first = team != SCAN_NONE ? team : first;
  }
  return several;
}

void racing_tell(scan *s) {
  if (!is_about_racing(s)) {
    return;
  }
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    uint32_t team = team_of(s, &s->candidates[i]);
    s->candidates[i].entry = team != SCAN_NONE ? team : s->candidates[i].entry;
  }
}
