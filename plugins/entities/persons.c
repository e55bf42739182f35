/* SPDX-License-Identifier: Apache-2.0 */

/* Grows a name from its first word as long as the words look like names, and believes it by the sum of its evidence:
 * what announces it, what it is made of, what follows it. */
#include "entities/persons.h"

#include <stdbool.h>
#include <string.h>

#include "entities/names.h"
#include "qanat/layers.h"

enum { PARTS_MAX = 5, PERSON = 1u << QN_ENTITY_TYPE_PERSON };

/* How much belief a unit of evidence is worth, and how many units a name needs. */
#define BELIEF 0.07f
#define NEEDED 3.6f

/* A definite adjective of origin: الكيني، المصرية. Stands before many names of athletes and officials. */
static bool is_origin(const scan *s, uint32_t i) {
  static const char ya[] = "\xD9\x8A";
  static const char yah[] = "\xD9\x8A\xD9\x87";
  const scan_word *w = &s->words[i];
  const char *form = s->heap + w->form;
  if ((w->shape & WORD_ARTICLE) == 0 || w->form_len < 10) {
    return false;
  }
  return (form[w->form_len - 2] == ya[0] && form[w->form_len - 1] == ya[1]) ||
         (w->form_len > 4 && memcmp(form + w->form_len - 4, yah, 4) == 0);
}

/* What stands before the name. */
static float announced(const scan *s, uint32_t i) {
  const trigger *t = &s->triggers[i];
  float evidence = 0.0f;
  if ((t->direct & PERSON) != 0) {
    evidence = 2.5f;
  } else if ((t->title & PERSON) != 0) {
    evidence = 2.0f;
  } else if ((t->direct & ~PERSON) != 0) {
    evidence = -1.5f;
  }
  if ((t->cue & PERSON) != 0 && evidence < 2.0f) {
    evidence += 2.0f;
  }
  if (evidence == 0.0f && i > 0 && !scan_parts(s, i) && is_origin(s, i - 1)) {
    evidence = 0.8f;
  }
  return evidence;
}

/* What stands behind it. */
static float confirmed(const scan *s, uint32_t last) {
  if (scan_parts(s, last)) {
    return 0.0f;
  }
  if ((s->triggers[last].follows & PERSON) != 0) {
    return 1.0f;
  }
  bool comma = s->words[last].mark == 0x060C || s->words[last].mark == ',';
  if (comma && last + 1 < s->n_words && !scan_parts(s, last + 1) && (s->words[last + 1].core_lore & LORE_TITLE) != 0) {
    return 0.8f;
  }
  return 0.0f;
}

typedef struct growth {
  uint32_t last; /* word behind the name so far */
  uint32_t n_parts;
  float value;
  uint16_t first_lore;
  bool latin;
  bool announced;
  bool contrasted; /* behind "أما" */
} growth;

/* True if word i belongs to the name that g has so far, whatever its own value: "عبد الجليل", "حسام الدين", "كينجي موراتا",
 * "تشان واي لينغ", "محمد علي" (على is spelled with another letter). */
static bool is_bound(const scan *s, const growth *g, uint32_t i, bool joined) {
  const scan_word *w = &s->words[i];
  bool known = (g->first_lore & LORE_GIVEN) != 0;
  bool compound = (w->shape & WORD_ARTICLE) != 0 && (joined || (w->lore & LORE_PARTICLE) != 0);
  bool namesake = g->n_parts == 1 && known && (w->lore & (LORE_ENTITY | LORE_COMMON)) == LORE_ENTITY;
  bool spelled = (known || g->announced) && (w->lore & (LORE_LETTER | LORE_FREQUENT)) == LORE_LETTER;
  bool ali = known && (w->lore & LORE_FREQUENT) != 0 && (w->lore & (LORE_GIVEN_MAYBE | LORE_FAMILY_MAYBE)) != 0 &&
             (w->lore & LORE_PLACE) == 0 && s->view.data[w->end - 1] == 0x8A;
  return compound || namesake || spelled || ali;
}

/* What word i is worth as the next part of the name. */
static float part_value(const scan *s, const growth *g, uint32_t i, bool joined) {
  const scan_word *w = &s->words[i];
  bool known = (g->first_lore & LORE_GIVEN) != 0;
  float value = names_person_value(s, i, w->lore) + (joined ? 1.0f : 0.0f);
  /* One name alone is rare: what stands behind it is likely the second. */
  if (g->n_parts == 1 && (w->lore & (LORE_COMMON | LORE_TITLE | LORE_ENTITY)) == 0 && (w->shape & WORD_ARABIC) != 0) {
    value += g->announced || known ? 0.9f : 0.3f;
  }
  if (value < 1.0f && is_bound(s, g, i, joined)) {
    value = 1.0f;
  }
  bool hyphen = joined && (w->shape & WORD_GLUED) != 0 && s->words[i - 1].mark == '-';
  if (hyphen && value < 0.5f) {
    value = 0.5f; /* "Ha-yoon" */
  }
  /* After a given name the rest is a family name though it also means something. */
  if (known && (w->shape & WORD_ARTICLE) != 0 && (w->lore & LORE_FREQUENT) == 0) {
    value += 0.8f;
  }
  return value;
}

/* Takes the word at g->last into the name if it belongs there; false if the name ends before it. */
static bool grow(const scan *s, growth *g) {
  uint32_t i = g->last;
  if (scan_parts(s, i) || g->n_parts >= PARTS_MAX) {
    return false;
  }
  while (i - g->last < 2 && !scan_parts(s, i) &&
         (names_is_particle(s, i) || ((s->words[i].shape & WORD_GLUED) != 0 && s->words[i].mark == '-'))) {
    i++;
  }
  if (scan_parts(s, i)) {
    return false;
  }
  const scan_word *w = &s->words[i];
  if (g->contrasted && w->form_len > 6 && memcmp(s->heap + w->form, "\xD9\x81", 2) == 0) {
    return false; /* "أما هوراتشيك فدعا": what is said of him begins with ف */
  }
  bool latin = (w->shape & WORD_LATIN) != 0;
  if (latin != g->latin || ((w->shape & WORD_CLITIC) != 0 && (w->lore & LORE_NAME_ANY) == 0)) {
    return false;
  }
  float value = part_value(s, g, i, i > g->last);
  if (value < 0.3f) {
    return false;
  }
  g->value += value;
  g->n_parts++;
  g->last = i + 1;
  return true;
}

static float belief(const growth *g, float around) {
  float evidence = g->value + around - NEEDED;
  float score = SCAN_THRESHOLD + BELIEF * evidence;
  return score > 0.95f ? 0.95f : score;
}

static void propose(scan *s, uint32_t first, uint32_t begin, const growth *g, float around) {
  float score = belief(g, around);
  if (score < SCAN_THRESHOLD) {
    return;
  }
  candidate proposed = {
    .first = first,
    .last = g->last,
    .begin = begin,
    .end = s->words[g->last - 1].end,
    .score = score,
    .type = QN_ENTITY_TYPE_PERSON,
    .from = FROM_PATTERN,
    .entry = SCAN_NONE,
    .value = SCAN_NONE,
  };
  scan_propose(s, &proposed);
}

/* A word that only a foreign name sounds like. */
static bool sounds_foreign(const scan *s, uint32_t i) {
  return i < s->n_words &&
         (s->words[i].shape & (WORD_ARABIC | WORD_ARTICLE | WORD_LETTERS)) == (WORD_ARABIC | WORD_LETTERS) &&
         s->words[i].likeness > 6 && !names_is_ordinary(s, i) &&
         (s->words[i].core_lore & (LORE_ALIAS | LORE_COMMON | LORE_TITLE)) == 0;
}

/* True if "أما" stands a few words before: a title may be in between. */
static bool is_contrasted(const scan *s, uint32_t i) {
  static const char amma[] = "\xD8\xA7\xD9\x85\xD8\xA7";
  for (uint32_t back = 1; back <= 4 && back <= i && !scan_parts(s, i - back + 1); back++) {
    const scan_word *w = &s->words[i - back];
    if (w->form_len >= 6 && w->form_len <= 8 && memcmp(s->heap + w->form + w->form_len - 6, amma, 6) == 0) {
      return true;
    }
  }
  return false;
}

/* Words that only look like the begin of a name. */
static bool begins_no_name(const scan *s, uint32_t first, const name_start *start) {
  const scan_word *w = &s->words[first];
  /* "رئيس" is a title wherever it may also be a name. */
  bool title = (start->lore & (LORE_TITLE | LORE_GIVEN)) == LORE_TITLE && (start->lore & LORE_FREQUENT) != 0 &&
               (w->shape & WORD_ARABIC) != 0;
  /* "المهاجم الغاني كوابينا": the adjective of origin belongs to the title. */
  bool origin = is_origin(s, first) && (start->lore & LORE_GIVEN) == 0 && !scan_parts(s, first + 1) &&
                (s->words[first + 1].shape & WORD_ARTICLE) == 0 &&
                names_is_proper(s, first + 1, s->words[first + 1].lore);
  return title || origin;
}

/* The first part; a name may begin with what otherwise joins: أبو، عبد، فان. */
static void take_first(const scan *s, uint32_t first, const name_start *start, growth *g) {
  if (names_is_particle(s, first) && !scan_parts(s, first + 1)) {
    g->last = first + 2;
    g->first_lore = s->words[first + 1].lore;
    g->value = 1.0f + names_person_value(s, first + 1, g->first_lore);
  } else {
    g->value = names_person_value(s, first, start->lore);
  }
  if ((g->first_lore & (LORE_ALIAS | LORE_NAME_ANY)) == LORE_ALIAS && !g->latin) {
    g->value -= 1.0f;
  }
}

static void try_start(scan *s, uint32_t first, const name_start *start) {
  const scan_word *w = &s->words[first];
  const trigger *t = &s->triggers[first];
  growth g = { .last = first + 1, .n_parts = 1, .first_lore = start->lore, .latin = (w->shape & WORD_LATIN) != 0 };
  float around = start->is_core && names_is_joined(s, first) ? 0.0f : announced(s, first);
  if (begins_no_name(s, first, start)) {
    return;
  }
  g.announced = around >= 1.5f;
  take_first(s, first, start, &g);
  bool given = (g.first_lore & LORE_GIVEN) != 0;
  if (around == 0.0f && sounds_foreign(s, first) && sounds_foreign(s, first + 1)) {
    around = 0.8f;
  }
  if (g.value < 0.3f || (around < 0.5f && !given && (g.first_lore & LORE_GIVEN_MAYBE) == 0 && !g.latin)) {
    return;
  }
  bool particle = g.last > first + 1;
  if (given) {
    g.value += 0.6f;
  } else if ((w->shape & WORD_ARTICLE) != 0 && !particle) {
    /* Rather an attribute of the title, the more so of an indefinite one. */
    bool construct = (t->direct & PERSON) != 0 && (s->words[first - 1].shape & WORD_ARTICLE) == 0;
    g.value -= construct ? 2.0f : 0.8f;
  }
  g.contrasted = is_contrasted(s, first);
  while (grow(s, &g)) {
  }
  if (g.n_parts == 1 && !particle && around < 1.5f) {
    return; /* a given name alone is not enough */
  }
  if (g.n_parts > 1 && (t->direct & PERSON) != 0) {
    around += 1.0f; /* no name begins in the middle of what a title stands right before */
  }
  propose(s, first, start->begin, &g, around + confirmed(s, g.last));
}

void persons_propose(scan *s) {
  name_start starts[2];
  for (uint32_t i = 0; i < s->n_words; i++) {
    uint32_t n = names_starts(s, i, starts);
    for (uint32_t k = 0; k < n; k++) {
      try_start(s, i, &starts[k]);
    }
  }
}
