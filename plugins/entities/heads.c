/* SPDX-License-Identifier: Apache-2.0 */

/* Grows descriptive names behind a head by the grammar of Arabic titles, and runs of unknown words behind a title. */
#include "entities/heads.h"

#include <stdbool.h>
#include <string.h>

#include "entities/context.h"
#include "entities/names.h"
#include "qanat/layers.h"
#include "text/letters.h"

enum { UNITS_MAX = 6, RUN_MAX = 4, QUOTED_MAX = 6 };

typedef struct description {
  uint32_t last; /* word behind it */
  uint32_t n_units;
  uint32_t n_definite;
  uint32_t n_proper;  /* names, places, unknown words */
  uint32_t n_rare;    /* words that are not ordinary ones */
  bool ends_definite; /* the last unit closes a noun phrase */
  bool of_definite;   /* the head has the article: no noun can complete it */
} description;

static bool is_arabic(const scan_word *w) {
  return (w->shape & WORD_ARABIC) != 0 && (w->shape & WORD_LETTERS) != 0;
}

/* The first letter that was taken off word w: 0 if none; 'w' for و, 'l' for ل. */
static char clitic_of(const scan *s, const scan_word *w) {
  if ((w->shape & WORD_CLITIC) == 0) {
    return 0;
  }
  const uint8_t *at = s->view.data + w->begin;
  return at[0] != 0xD9 ? 'b' : at[1] == 0x88 ? 'w' : at[1] == 0x84 ? 'l' : 'b';
}

/* "للعقار": ل with the article in it. */
static bool is_for_the(const scan *s, const scan_word *w) {
  return w->form_len > 8 && memcmp(s->heap + w->form, "\xD9\x84\xD9\x84", 4) == 0;
}

static bool is_definite(const scan_word *w) {
  return is_arabic(w) && (w->shape & WORD_ARTICLE) != 0;
}

static bool is_adjective(const scan *s, const scan_word *w) {
  const char *end = s->heap + w->form + w->form_len;
  return w->form_len > 8 && (memcmp(end - 2, "\xD9\x8A", 2) == 0 || memcmp(end - 4, "\xD9\x8A\xD9\x87", 4) == 0);
}

/* A known name inside a description: a place, a person. */
static bool take_owned(const scan *s, description *d) {
  const uint8_t places = 1u << QN_ENTITY_TYPE_LOCATION | 1u << QN_ENTITY_TYPE_PERSON;
  const trigger *t = &s->triggers[d->last];
  if ((t->owned & places) == 0 || (s->words[d->last].shape & WORD_CLITIC) != 0) {
    return false;
  }
  d->last = t->owned_end;
  d->n_units++;
  d->n_proper++;
  d->ends_definite = true;
  return true;
}

/* An indefinite noun that what follows makes definite: "تنظيم الاتصالات". */
static bool take_construct(const scan *s, description *d) {
  const scan_word *w = &s->words[d->last];
  uint32_t next = d->last + 1;
  if (!is_arabic(w) || (w->shape & WORD_CLITIC) != 0 || d->n_definite > 0 ||
      (w->lore & LORE_FREQUENT & LORE_TITLE) != 0 || w->form_len < 6 || scan_parts(s, next)) {
    return false;
  }
  bool followed = is_definite(&s->words[next]) && clitic_of(s, &s->words[next]) == 0;
  if (!followed || names_is_particle(s, d->last)) {
    return false;
  }
  d->last = next;
  d->n_units++;
  return true;
}

static bool take_name(const scan *s, description *d) {
  const scan_word *w = &s->words[d->last];
  bool name = is_arabic(w) && (w->shape & WORD_CLITIC) == 0 && (w->lore & (LORE_GIVEN | LORE_FAMILY)) != 0;
  bool unknown = is_arabic(w) && (w->shape & (WORD_CLITIC | WORD_ARTICLE)) == 0 &&
                 names_is_proper(s, d->last, w->lore) && w->likeness > -4 && d->n_definite == 0;
  if (!name && !unknown && !(d->n_proper > 0 && names_is_particle(s, d->last))) {
    return false;
  }
  d->last++;
  d->n_units++;
  d->n_proper++;
  d->ends_definite = true;
  return true;
}

/* What institutions are for, behind ل: "لعلوم البحار", "لمكافحة الفساد". Other nouns of doing tell what for something is done
 * just now ("لمواجهة الوباء"). */
static bool is_purpose(const scan *s, const scan_word *w) {
  static const char *const purposes[] = { "علوم",    "مكافحه", "حمايه",     "حقوق",  "اداره", "دراسات",
                                          "بحوث",    "ابحاث",  "تنميه",     "رعايه", "شوون",  "صناعه",
                                          "صناعات",  "كره",    "سباقات",    "نقل",   "خدمات", "تنظيم",
                                          "تقنيه",   "تقنيات", "تكنولوجيا", "هندسه", "سلامه", "طب",
                                          "امراض",   "حفظ",    "صون",       "سكك",   "تطوير", "تمويل",
                                          "استثمار", "زراعه",  "مصنعي",     "منتجي", "مصدري", "طاقه" };
  uint32_t skip = (uint32_t)(w->key_len - w->core_len);
  if (w->key_len > KEY_BYTES_MAX || w->form_len <= skip) {
    return false;
  }
  for (size_t k = 0; k < sizeof purposes / sizeof purposes[0]; k++) {
    size_t len = strlen(purposes[k]);
    if (w->form_len - skip == len && memcmp(s->heap + w->form + skip, purposes[k], len) == 0) {
      return true;
    }
  }
  return false;
}

/* "لعلوم البحار": a purpose, and what makes it definite. */
static bool take_purpose(const scan *s, description *d) {
  const scan_word *w = &s->words[d->last];
  uint32_t next = d->last + 1;
  if (clitic_of(s, w) != 'l' || !is_arabic(w) || d->n_units == 0 || !is_purpose(s, w) || scan_parts(s, next) ||
      !is_arabic(&s->words[next]) || clitic_of(s, &s->words[next]) != 0) {
    return false;
  }
  if (!is_definite(&s->words[next]) && (s->triggers[next].owned & 1u << QN_ENTITY_TYPE_LOCATION) == 0) {
    return false;
  }
  d->last = is_definite(&s->words[next]) ? next + 1 : s->triggers[next].owned_end;
  d->n_units += 2;
  d->n_definite++;
  d->ends_definite = true;
  return true;
}

/* Takes one more unit into the description; false if it ends before the word at d->last. */
static bool take_unit(const scan *s, description *d) {
  if (scan_parts(s, d->last) || d->n_units >= UNITS_MAX) {
    return false;
  }
  const scan_word *w = &s->words[d->last];
  char clitic = clitic_of(s, w);
  if (is_for_the(s, w) && d->n_units > 0) {
    d->last++;
    d->n_units++;
    d->n_definite++;
    return true;
  }
  if (take_purpose(s, d)) {
    return true;
  }
  if ((w->core_lore & (LORE_STOP | LORE_PHRASE)) != 0) {
    return false;
  }
  bool coordinated = clitic == 'w' && d->n_definite > 0 && d->n_proper == 0;
  /* Behind a proper name only an adjective belongs to it: "متحف كولومبو الوطني". */
  if (is_definite(w) && (clitic == 0 || coordinated) && (d->n_proper == 0 || is_adjective(s, w))) {
    d->last++;
    d->n_units++;
    d->n_definite++;
    d->n_rare += (w->core_lore & LORE_COMMON) == 0;
    d->ends_definite = true;
    return true;
  }
  return clitic == 0 && (take_owned(s, d) || (!d->of_definite && take_construct(s, d)) || take_name(s, d));
}

static void propose(scan *s, uint32_t first, uint32_t last, uint32_t begin, uint32_t type, float score) {
  candidate proposed = {
    .first = first,
    .last = last,
    .begin = begin,
    .end = s->words[last - 1].end,
    .score = score,
    .type = (uint8_t)type,
    .from = FROM_PATTERN,
    .entry = SCAN_NONE,
    .value = SCAN_NONE,
  };
  scan_propose(s, &proposed);
}

/* How far a description of this head is believed; 0 if it says too little to be a name. */
static float description_score(const scan *s, uint32_t head, uint32_t type, const description *d) {
  bool definite = is_definite(&s->words[head]);
  bool open = (s->triggers[head].open >> type & 1) != 0;
  bool with = (s->triggers[head].head >> type & 1) != 0;
  if (d->n_units == 0 || !d->ends_definite || (s->words[head + 1].lore & LORE_PHRASE) != 0) {
    return 0.0f;
  }
  if (definite) {
    return d->n_units >= 2 ? 0.6f : 0.42f; /* "البرلمان الكيني": for the model to weigh */
  }
  if (type == QN_ENTITY_TYPE_LOCATION && d->n_proper + d->n_rare == 0) {
    return 0.0f;
  }
  if (type == QN_ENTITY_TYPE_EVENT && open) {
    return d->n_proper > 0 ? 0.68f : 0.0f;
  }
  if (open && !with) {
    return d->n_proper == 0 && d->n_units >= 2 ? 0.56f : 0.0f;
  }
  return d->n_proper > 0 ? 0.66f : 0.62f;
}

/* "طوكيو للطاقة الكهربائية": a name and what a company is for. */
static void describe_purpose(scan *s, uint32_t first) {
  const trigger *t = &s->triggers[first];
  uint32_t purpose = t->owned_end;
  if (t->owned == 0 || scan_parts(s, purpose) || (s->triggers[purpose].tail & 1u << QN_ENTITY_TYPE_ORGANIZATION) == 0 ||
      (s->words[purpose].shape & WORD_ARABIC) == 0) {
    return;
  }
  description d = { .last = purpose + 1, .n_units = 1, .n_definite = 1, .ends_definite = true };
  while (take_unit(s, &d)) {
  }
  propose(s, first, d.last, s->words[first].core, QN_ENTITY_TYPE_ORGANIZATION, 0.68f);
}

static void describe(scan *s, uint32_t head, uint32_t type) {
  description d = { .last = head + 1, .of_definite = is_definite(&s->words[head]) };
  while (take_unit(s, &d)) {
  }
  float score = description_score(s, head, type, &d);
  if (score > 0.0f) {
    propose(s, head, d.last, s->words[head].core, type, score);
  }
}

/* The end of a run of unknown words from first on: a name in Arabic letters, with what numbers belong to it. */
static uint32_t run_end(const scan *s, uint32_t first, uint16_t lore, uint32_t type) {
  const scan_word *w = &s->words[first];
  if ((w->shape & WORD_LATIN) != 0) {
    return names_is_proper(s, first, lore) ? names_latin_end(s, first) : first;
  }
  uint32_t spelled = names_spelled_end(s, first);
  if (spelled > first) {
    return spelled;
  }
  if (!names_is_proper(s, first, lore) || w->likeness < -14) {
    return first;
  }
  uint32_t end = first + 1;
  while (end < s->n_words && !scan_parts(s, end) && end - first < RUN_MAX) {
    const scan_word *next = &s->words[end];
    bool number = type == QN_ENTITY_TYPE_PRODUCT && (next->shape & WORD_NUMBER) != 0;
    bool word = is_arabic(next) && (next->shape & (WORD_CLITIC | WORD_ARTICLE)) == 0 &&
                names_is_proper(s, end, next->lore) && (next->likeness > -6 || (next->lore & LORE_NAME_ANY) != 0);
    if (!number && !word && !(next->mark == '-' && (next->shape & WORD_GLUED) != 0)) {
      break;
    }
    end++;
    if (number) {
      break;
    }
  }
  return s->words[end - 1].mark != 0 ? end - 1 : end;
}

/* "قاعدة مقاومة": a feminine participle behind a feminine title describes it. */
static bool agrees_with_title(const scan *s, uint32_t i) {
  static const char MEEM[] = "\xD9\x85";
  static const char TA_MARBUTA[] = "\xD8\xA9";
  const scan_word *w = &s->words[i];
  if (i == 0 || scan_parts(s, i) || w->end - w->begin < 10 || w->core != w->begin) {
    return false;
  }
  const uint8_t *text = s->view.data;
  return memcmp(text + w->end - 2, TA_MARBUTA, 2) == 0 && memcmp(text + w->begin, MEEM, 2) == 0 &&
         s->words[i - 1].end >= 2 && memcmp(text + s->words[i - 1].end - 2, TA_MARBUTA, 2) == 0;
}

/* Belief in an unknown name that is announced as of this type. */
static float announced_score(const scan *s, uint32_t i, uint32_t type) {
  const trigger *t = &s->triggers[i];
  uint8_t bit = (uint8_t)(1u << type);
  float score = (t->direct & bit) != 0 ? 0.7f : (t->title & bit) != 0 ? 0.6f : (t->cue & bit) != 0 ? 0.56f : 0.0f;
  if (score > 0.0f && (s->words[i].shape & WORD_ARABIC) != 0) {
    float likeness = s->words[i].likeness;
    score += likeness > 2 ? 0.05f : likeness < -8 ? -0.2f : likeness < -2 ? -0.1f : 0.0f;
    score -= type == QN_ENTITY_TYPE_PRODUCT && likeness < 6 && names_is_adjective(s, i) ? 0.12f : 0.0f;
    score -= names_is_ordinary(s, i) && type != QN_ENTITY_TYPE_LOCATION ? 0.1f : 0.0f;
    score -= likeness < 2 && names_has_pronoun(s, i) ? 0.2f : 0.0f;
    score -= agrees_with_title(s, i) ? 0.2f : 0.0f;
    if ((s->words[i].shape & WORD_ARTICLE) != 0) {
      score -= 0.14f;
    }
  }
  return score;
}

/* An event keeps its head in Arabic; other names cannot be joined to their title by و or ف,
 * nor led by a preposition. */
static bool is_apart(const scan *s, uint32_t i, const name_start *start, uint32_t type) {
  bool arabic = (s->words[i].shape & WORD_ARABIC) != 0;
  bool headed = i > 0 && ((s->triggers[i - 1].head | s->triggers[i - 1].open) >> QN_ENTITY_TYPE_EVENT & 1) != 0;
  bool led = start->is_core && arabic && type != QN_ENTITY_TYPE_LOCATION &&
             (s->triggers[i].title >> type & 1) != 0; /* "معيار للتكيف" */
  return (type == QN_ENTITY_TYPE_EVENT && arabic && headed) || (start->is_core && names_is_joined(s, i)) || led;
}

static void announce(scan *s, uint32_t i) {
  name_start starts[2];
  const trigger *t = &s->triggers[i];
  uint32_t n = ((t->title | t->cue) & 0x1E) != 0 ? names_starts(s, i, starts) : 0;
  for (uint32_t k = 0; k < n; k++) {
    for (uint32_t type = QN_ENTITY_TYPE_ORGANIZATION; type <= QN_ENTITY_TYPE_EVENT; type++) {
      float score = is_apart(s, i, &starts[k], type) ? 0.0f : announced_score(s, i, type);
      uint32_t end = score > 0.0f ? run_end(s, i, starts[k].lore, type) : i;
      if (end > i) {
        propose(s, i, end, starts[k].begin, type, score);
      }
    }
  }
}

/* "فيلم «صوت هند رجب»": what a title announces in quotation marks, whatever its words. */
static void announce_quoted(scan *s, uint32_t i) {
  uint8_t types = s->triggers[i].title & 0x1E;
  uint32_t end = i + 1;
  if (!letters_is_quote(s->words[i].mark)) {
    return;
  }
  while (!scan_parts(s, end) && !letters_is_quote(s->words[end].mark) && end - i <= QUOTED_MAX) {
    end++;
  }
  if (end == i + 1 || scan_parts(s, end) || !letters_is_quote(s->words[end].mark) || s->words[end - 1].mark != 0) {
    return;
  }
  if (types == 0 && end - i <= QUOTED_MAX - 1 && (i == 0 || scan_mark(s, i - 1) != ':')) {
    propose(s, i + 1, end, s->words[i + 1].begin, QN_ENTITY_TYPE_PRODUCT, 0.4f); /* for the model to weigh */
  }
  for (uint32_t type = QN_ENTITY_TYPE_ORGANIZATION; type <= QN_ENTITY_TYPE_EVENT; type++) {
    bool speech = type <= QN_ENTITY_TYPE_LOCATION && end - i > 4; /* rather what the organisation said */
    if ((types >> type & 1) != 0 && !speech) {
      propose(s, i + 1, end, s->words[i + 1].begin, type, (s->triggers[i].direct >> type & 1) != 0 ? 0.7f : 0.6f);
    }
  }
}

/* A row of letter names: a company more often than not; with a number a product. */
static void announce_spelled(scan *s, uint32_t i) {
  uint32_t end = names_spelled_end(s, i);
  bool inside = i > 0 && !scan_parts(s, i) && names_spelled_end(s, i - 1) > i - 1;
  bool ordinary = (s->words[i].lore & LORE_COMMON) != 0 && end - i < 3; /* "في أي" */
  if (end == i || inside || ordinary) {
    return;
  }
  propose(s, i, end, s->words[i].core, QN_ENTITY_TYPE_ORGANIZATION, end - i > 2 ? 0.6f : 0.53f);
  if (!scan_parts(s, end) && (s->words[end].shape & WORD_NUMBER) != 0) {
    propose(s, i, end + 1, s->words[i].core, QN_ENTITY_TYPE_PRODUCT, 0.6f);
  }
}

/* "تومرا النرويجية": an unusual word without article before a definite adjective is a name. */
static void announce_by_adjective(scan *s, uint32_t i) {
  name_start starts[2];
  uint32_t n = names_starts(s, i, starts);
  if (n == 0 || (s->words[i].shape & WORD_ARABIC) == 0 || (s->words[i].shape & WORD_ARTICLE) != 0 ||
      !names_is_proper(s, i, starts[0].lore) || (starts[0].lore & (LORE_NAME_ANY | LORE_ENTITY)) != 0 ||
      s->words[i].likeness < -4 || names_is_ordinary(s, i)) {
    return;
  }
  uint32_t end = run_end(s, i, starts[0].lore, QN_ENTITY_TYPE_ORGANIZATION);
  bool feminine = end > i && !scan_parts(s, end) && is_definite(&s->words[end]) && s->words[end].form_len > 10 &&
                  memcmp(s->heap + s->words[end].form + s->words[end].form_len - 4, "\xD9\x8A\xD9\x87", 4) == 0;
  if (feminine) {
    bool located = context_is_located(s, i) && (s->words[i].shape & WORD_CLITIC) == 0 && end == i + 1;
    propose(s, i, end, starts[0].begin, located ? QN_ENTITY_TYPE_LOCATION : QN_ENTITY_TYPE_ORGANIZATION, 0.58f);
  }
}

/* "في كيريشو": an unusual word behind a preposition of place. */
static void announce_by_place(scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  name_start starts[2];
  if ((w->shape & WORD_ARABIC) == 0 || (w->shape & WORD_ARTICLE) != 0 || i == 0 || scan_parts(s, i) ||
      !names_follows_in(s, i) || w->likeness < 3 || w->form_len < 8 || names_is_ordinary(s, i) ||
      names_starts(s, i, starts) == 0 || starts[0].is_core || !names_is_proper(s, i, starts[0].lore) ||
      (starts[0].lore & (LORE_ALIAS | LORE_NAME_ANY)) != 0) {
    return;
  }
  uint32_t end = run_end(s, i, starts[0].lore, QN_ENTITY_TYPE_LOCATION);
  propose(s, i, end > i + 2 ? i + 2 : end, starts[0].begin, QN_ENTITY_TYPE_LOCATION, 0.54f);
}

void heads_propose(scan *s) {
  for (uint32_t i = 0; i < s->n_words; i++) {
    uint8_t heads = s->triggers[i].head | s->triggers[i].open;
    for (uint32_t type = 0; heads >> type != 0; type++) {
      if ((heads >> type & 1) != 0) {
        describe(s, i, type);
      }
    }
    describe_purpose(s, i);
    announce(s, i);
    announce_quoted(s, i);
    announce_spelled(s, i);
    announce_by_adjective(s, i);
    announce_by_place(s, i);
  }
}
