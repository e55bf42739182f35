/* SPDX-License-Identifier: Apache-2.0 */

/* The table of adjectives, and how they are read. */
#include "entities/nationalities.h"

#include <stdbool.h>
#include <string.h>

/* Folded, masculine, without the article, in the order of their bytes. Of adjectives of two words both have the article. */
static const struct {
  const char *adjective;
  const char *country; /* canonical, as in the lexicon */
} nationalities[] = {
  { "اثيوبي", "Ethiopia" },
  { "اذربيجاني", "Azerbaijan" },
  { "اذري", "Azerbaijan" },
  { "ارجنتيني", "Argentina" },
  { "اردني", "Jordan" },
  { "ارمني", "Armenia" },
  { "ارميني", "Armenia" },
  { "اريتري", "Eritrea" },
  { "اسباني", "Spain" },
  { "استرالي", "Australia" },
  { "استوني", "Estonia" },
  { "اسرائيلي", "Israel" },
  { "افغانستاني", "Afghanistan" },
  { "افغاني", "Afghanistan" },
  { "اكوادوري", "Ecuador" },
  { "الباني", "Albania" },
  { "الماني", "Germany" },
  { "اماراتي", "United Arab Emirates" },
  { "امريكي", "United States" },
  { "اميركي", "United States" },
  { "انجولي", "Angola" },
  { "اندونيسي", "Indonesia" },
  { "انغولي", "Angola" },
  { "اوروغواياني", "Uruguay" },
  { "اوروغوياني", "Uruguay" },
  { "اوزبكستاني", "Uzbekistan" },
  { "اوزبكي", "Uzbekistan" },
  { "اوغندي", "Uganda" },
  { "اوكراني", "Ukraine" },
  { "ايراني", "Iran" },
  { "ايرلندي", "Ireland" },
  { "ايسلندي", "Iceland" },
  { "ايطالي", "Italy" },
  { "ايفواري", "Ivory Coast" },
  { "باراغواياني", "Paraguay" },
  { "باكستاني", "Pakistan" },
  { "بحريني", "Bahrain" },
  { "برازيلي", "Brazil" },
  { "برتغالي", "Portugal" },
  { "بروناوي", "Brunei" },
  { "بريطاني", "United Kingdom" },
  { "بلجيكي", "Belgium" },
  { "بلغاري", "Bulgaria" },
  { "بنجلاديشي", "Bangladesh" },
  { "بنغالي", "Bangladesh" },
  { "بنغلاديشي", "Bangladesh" },
  { "بنمي", "Panama" },
  { "بنيني", "Benin" },
  { "بوتاني", "Bhutan" },
  { "بوتسواني", "Botswana" },
  { "بوركينابي", "Burkina Faso" },
  { "بوركيني", "Burkina Faso" },
  { "بورمي", "Myanmar" },
  { "بوروندي", "Burundi" },
  { "بوسنوي", "Bosnia and Herzegovina" },
  { "بوسني", "Bosnia and Herzegovina" },
  { "بولندي", "Poland" },
  { "بولوني", "Poland" },
  { "بوليفي", "Bolivia" },
  { "بيروفي", "Peru" },
  { "بيروي", "Peru" },
  { "بيلاروسي", "Belarus" },
  { "بيلاروسيه", "Belarus" },
  { "تايلاندي", "Thailand" },
  { "تايلندي", "Thailand" },
  { "تايواني", "Taiwan" },
  { "تركمانستاني", "Turkmenistan" },
  { "تركماني", "Turkmenistan" },
  { "تركي", "Turkey" },
  { "تشادي", "Chad" },
  { "تشيكي", "Czech Republic" },
  { "تشيلي", "Chile" },
  { "تنزاني", "Tanzania" },
  { "توغولي", "Togo" },
  { "تونسي", "Tunisia" },
  { "جابوني", "Gabon" },
  { "جامايكي", "Jamaica" },
  { "جامبي", "Gambia" },
  { "جزائري", "Algeria" },
  { "جنوب افريقي", "South Africa" },
  { "جنوب سوداني", "South Sudan" },
  { "جواتيمالي", "Guatemala" },
  { "جورجي", "Georgia (country)" },
  { "جيبوتي", "Djibouti" },
  { "دانماركي", "Denmark" },
  { "دنماركي", "Denmark" },
  { "دنمركي", "Denmark" },
  { "دومينيكاني", "Dominican Republic" },
  { "رواندي", "Rwanda" },
  { "روسي", "Russia" },
  { "روماني", "Romania" },
  { "زامبي", "Zambia" },
  { "زيمبابوي", "Zimbabwe" },
  { "سريلانكي", "Sri Lanka" },
  { "سعودي", "Saudi Arabia" },
  { "سلفادوري", "El Salvador" },
  { "سلوفاكي", "Slovakia" },
  { "سلوفيني", "Slovenia" },
  { "سنغافوري", "Singapore" },
  { "سنغالي", "Senegal" },
  { "سوداني", "Sudan" },
  { "سوري", "Syria" },
  { "سورينامي", "Suriname" },
  { "سويدي", "Sweden" },
  { "سويسري", "Switzerland" },
  { "سيراليوني", "Sierra Leone" },
  { "سيرلانكي", "Sri Lanka" },
  { "شيلي", "Chile" },
  { "صربي", "Serbia" },
  { "صومالي", "Somalia" },
  { "صيني", "China" },
  { "طاجيكستاني", "Tajikistan" },
  { "طاجيكي", "Tajikistan" },
  { "عاجي", "Ivory Coast" },
  { "عراقي", "Iraq" },
  { "عماني", "Oman" },
  { "غابوني", "Gabon" },
  { "غامبي", "Gambia" },
  { "غاني", "Ghana" },
  { "غواتيمالي", "Guatemala" },
  { "غيني", "Guinea" },
  { "غينيي", "Guinea" },
  { "فرنسي", "France" },
  { "فلبيني", "Philippines" },
  { "فلسطيني", "Palestine" },
  { "فنزويلي", "Venezuela" },
  { "فنلندي", "Finland" },
  { "فيتنامي", "Vietnam" },
  { "فيجي", "Fiji" },
  { "فيليبيني", "Philippines" },
  { "قازاقستاني", "Kazakhstan" },
  { "قبرصي", "Cyprus" },
  { "قرغيزستاني", "Kyrgyzstan" },
  { "قرغيزي", "Kyrgyzstan" },
  { "قطري", "Qatar" },
  { "قيرغيزي", "Kyrgyzstan" },
  { "كازاخستاني", "Kazakhstan" },
  { "كازاخي", "Kazakhstan" },
  { "كاميروني", "Cameroon" },
  { "كرواتي", "Croatia" },
  { "كمبودي", "Cambodia" },
  { "كندي", "Canada" },
  { "كوبي", "Cuba" },
  { "كوري", "South Korea" },
  { "كوري جنوبي", "South Korea" },
  { "كوري شمالي", "North Korea" },
  { "كوستاريكي", "Costa Rica" },
  { "كوسوفي", "Kosovo" },
  { "كولومبي", "Colombia" },
  { "كويتي", "Kuwait" },
  { "كيني", "Kenya" },
  { "لاتفي", "Latvia" },
  { "لاوسي", "Laos" },
  { "لبناني", "Lebanon" },
  { "لوكسمبورغي", "Luxembourg" },
  { "ليبي", "Libya" },
  { "ليبيري", "Liberia" },
  { "ليتواني", "Lithuania" },
  { "مالاوي", "Malawi" },
  { "مالديفي", "Maldives" },
  { "مالطي", "Malta" },
  { "مالي", "Mali" },
  { "ماليزي", "Malaysia" },
  { "مجري", "Hungary" },
  { "مدغشقري", "Madagascar" },
  { "مصري", "Egypt" },
  { "مغربي", "Morocco" },
  { "مقدوني", "North Macedonia" },
  { "مكسيكي", "Mexico" },
  { "ملغاشي", "Madagascar" },
  { "منغولي", "Mongolia" },
  { "موريتاني", "Mauritania" },
  { "موريشيوسي", "Mauritius" },
  { "موزمبيقي", "Mozambique" },
  { "مولدافي", "Moldova" },
  { "مولدوفي", "Moldova" },
  { "مونتينيغري", "Montenegro" },
  { "ميانماري", "Myanmar" },
  { "ناميبي", "Namibia" },
  { "نرويجي", "Norway" },
  { "نمساوي", "Austria" },
  { "نيبالي", "Nepal" },
  { "نيجري", "Niger" },
  { "نيجيري", "Nigeria" },
  { "نيكاراغوي", "Nicaragua" },
  { "نيوزلندي", "New Zealand" },
  { "نيوزيلندي", "New Zealand" },
  { "هايتي", "Haiti" },
  { "هندوراسي", "Honduras" },
  { "هندي", "India" },
  { "هنغاري", "Hungary" },
  { "هولندي", "Netherlands" },
  { "ياباني", "Japan" },
  { "يمني", "Yemen" },
  { "يوناني", "Greece" },
};

enum { FORM_MAX = 64, ARTICLE_BYTES = 4, HE_BYTES = 2 };

/* Copies the words of a form without the feminine ending and, if they may have one, the article; returns how many bytes,
 * 0 if it does not fit. */
static size_t strip(const char *form, size_t len, bool articles, char out[FORM_MAX]) {
  static const char ARTICLE[] = "\xD8\xA7\xD9\x84";
  static const char HE[] = "\xD9\x87";
  size_t used = 0;
  for (size_t pos = 0; pos < len;) {
    const char *space = memchr(form + pos, ' ', len - pos);
    size_t end = space != NULL ? (size_t)(space - form) : len;
    size_t begin = pos;
    size_t next = end + (space != NULL);
    if (articles && end - begin > ARTICLE_BYTES + HE_BYTES && memcmp(form + begin, ARTICLE, ARTICLE_BYTES) == 0) {
      begin += ARTICLE_BYTES;
    }
    if (articles && end - begin > ARTICLE_BYTES + HE_BYTES && memcmp(form + end - HE_BYTES, HE, HE_BYTES) == 0) {
      end -= HE_BYTES;
    }
    if (used + (end - begin) + 1 > FORM_MAX) {
      return 0;
    }
    if (used > 0) {
      out[used++] = ' ';
    }
    memcpy(out + used, form + begin, end - begin);
    used += end - begin;
    pos = next;
  }
  return used;
}

static qn_str find(const char *adjective, size_t len) {
  size_t low = 0;
  size_t high = sizeof nationalities / sizeof nationalities[0];
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const char *known = nationalities[middle].adjective;
    int order = strncmp(known, adjective, len);
    order = order == 0 && known[len] != '\0' ? 1 : order;
    if (order == 0) {
      return (qn_str){ nationalities[middle].country, strlen(nationalities[middle].country) };
    }
    low = order < 0 ? middle + 1 : low;
    high = order < 0 ? high : middle;
  }
  return (qn_str){ NULL, 0 };
}

/* True if a form ends as one in the table may, which few do: with ي, or ه that is taken off; one has it. */
static bool may_be_one(const char *form, size_t len) {
  static const char YEH[] = "\xD9\x8A";
  static const char HE[] = "\xD9\x87";
  return len >= 2 && (memcmp(form + len - 2, YEH, 2) == 0 || memcmp(form + len - 2, HE, 2) == 0);
}

qn_str nationalities_country(const char *form, size_t len) {
  if (!may_be_one(form, len)) {
    return (qn_str){ NULL, 0 };
  }
  char bare[FORM_MAX];
  qn_str found = find(bare, strip(form, len, true, bare));
  /* "ألمانية" begins with the article's letters. */
  return found.len > 0 ? found : find(bare, strip(form, len, false, bare));
}

const char *nationalities_adjective(qn_str country, uint32_t *at) {
  for (uint32_t i = *at; i < sizeof nationalities / sizeof nationalities[0]; i++) {
    const char *of = nationalities[i].country;
    if (country.len > 0 && of[0] == country.data[0] && strlen(of) == country.len &&
        memcmp(of, country.data, country.len) == 0) {
      *at = i + 1;
      return nationalities[i].adjective;
    }
  }
  return NULL;
}
