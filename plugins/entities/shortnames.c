/* SPDX-License-Identifier: Apache-2.0 */

/* The words that names of companies end with, and that the press leaves off. */
#include "entities/shortnames.h"

#include <stdbool.h>
#include <string.h>

/* Folded. */
static const char *const tails[] = {
  "ag",
  "aviation",
  "biotech",
  "capital",
  "co",
  "company",
  "corp",
  "corporation",
  "developments",
  "enterprises",
  "entertainment",
  "foods",
  "foundation",
  "global",
  "gmbh",
  "gold",
  "group",
  "holding",
  "holdings",
  "hotels",
  "inc",
  "industries",
  "infrastructure",
  "international",
  "investments",
  "labs",
  "laboratories",
  "laboratory",
  "limited",
  "logistics",
  "ltd",
  "management",
  "mining",
  "minerals",
  "motors",
  "partners",
  "pharma",
  "pharmaceuticals",
  "plc",
  "properties",
  "rail",
  "resources",
  "robotics",
  "sa",
  "security",
  "services",
  "software",
  "solutions",
  "studios",
  "systems",
  "technologies",
  "technology",
  "telecom",
  "therapeutics",
  "ventures",
  "انترناشونال",
  "انترناشيونال",
  "القابضه",
  "للاستثمار",
  "للتامين",
  "للتطوير",
  "للطيران",
  "للعقارات",
  "للادويه",
  "للصناعات",
  "للسيارات",
  "العقاريه",
  "بارتنرز",
  "تكنولوجي",
  "تكنولوجيز",
  "تكنولوجيا",
  "جروب",
  "غروب",
  "جولد",
  "غولد",
  "سيستمز",
  "سوليوشنز",
  "كابيتال",
  "كوربوريشن",
  "لابس",
  "ماينينغ",
  "موتورز",
  "هولدنغ",
  "هولدينغ",
  "هولدينغز",
  "هولدينجز",
  "روبوتيكس",
  "فارما",
  "ديفيلوبمنتس",
};

static bool is_tail(const char *word, size_t len) {
  for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
    if (strlen(tails[i]) == len && memcmp(tails[i], word, len) == 0) {
      return true;
    }
  }
  return false;
}

size_t shortnames_length(const char *form, size_t len) {
  size_t kept = len;
  for (;;) {
    size_t at = kept;
    while (at > 0 && form[at - 1] != ' ') {
      at--;
    }
    if (at < 2 || !is_tail(form + at, kept - at)) {
      return kept;
    }
    kept = at - 1;
  }
}

/* More of them, which too many companies have for them to be left off anywhere. Folded. */
static const char *const others[] = {
  "للطاقه",     "للاتصالات", "للتكنولوجيا", "للصناعه",    "للتعدين",  "للبترول",  "للنفط",   "للتجاره",
  "للتقنيه",    "كمبيوتنغ",  "كومبيوتنغ",   "كومبيوتينغ", "وايرلس",   "افييشن",   "ايفييشن", "ايروسبيس",
  "اينرجي",     "انرجي",     "تيليكوم",     "انداستريز",  "ايرلاينز", "ايرويز",   "ريسورسز", "فنتشرز",
  "انترتينمنت", "ستوديوز",   "جيمز",        "هيلث",       "ساينسز",   "كيميكالز", "ريتيل",   "فودز",
  "باور",       "الكتريك",   "سيكيوريتي",   "لوجستيكس",   "ديجيتال",  "كو",
};

const char *shortnames_tail(size_t i) {
  enum { N_TAILS = sizeof tails / sizeof tails[0], N_OTHERS = sizeof others / sizeof others[0] };
  return i < N_TAILS ? tails[i] : i - N_TAILS < N_OTHERS ? others[i - N_TAILS] : NULL;
}
