/* SPDX-License-Identifier: Apache-2.0 */

/* entities: what the lexicon does not list is linked by what it is made of and by what the document says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "entity_rows.h"

#include <cmocka.h>

static const char stages[] = ENTITY_STAGES("{\"use\":\"entities\"}");

#define CHECK(rows) entity_rows_check(stages, rows, sizeof(rows) / sizeof((rows)[0]))

static void check_with(const char *lexicon, const entity_row *rows, size_t n_rows) {
  char path[64];
  char json[512];
  entity_rows_lexicon(lexicon, path, json, sizeof json);
  entity_rows_check(json, rows, n_rows);
  unlink(path);
}

#define CHECK_WITH(lexicon, rows) check_with(lexicon, rows, sizeof(rows) / sizeof((rows)[0]))

/* Behind the name, with a preposition or without; of the document the own sentence says most. */
static void links_institution_is_of_the_country_beside_it(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "أعلنت وزارة الصحة في غانا قرارها.", "ORGANIZATION:وزارة الصحة=Ministry of Health (Ghana)|LOCATION:غانا=Ghana" },
  };
  CHECK(rows);
}

static void links_institution_is_of_the_country_of_its_sentence(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زار وفد من زنغولاند ومن برتيلاند المدينة. وقالت وزارة المطر في زنغولاند إن العمل بدأ.",
      "LOCATION:زنغولاند=Zangoland|LOCATION:برتيلاند=Bertiland|ORGANIZATION:وزارة المطر=Ministry of Rain (Zangoland)|"
      "LOCATION:زنغولاند=Zangoland" },
  };
  CHECK_WITH("Zangoland\tLOCATION\tcountry\t\tزنغولاند\nBertiland\tLOCATION\tcountry\t\tبرتيلاند\n"
             "Ministry of Rain (*)\tORGANIZATION\tministry\t\t@وزارة المطر\n",
             rows);
}

/* A part of a name that the document has in full; of two that begin alike neither. */
static void links_short_form_is_what_the_long_one_is(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغوليكس تكنيكا مصنعا. وقالت شركة زنغوليكس إن الصفقة جيدة.",
      "ORGANIZATION:زنغوليكس تكنيكا=Zangolix Technica|ORGANIZATION:زنغوليكس=Zangolix Technica" },
    { "اشترت شركة زنغوليكس تكنيكا مصنعا من شركة زنغوليكس مارينا. وقالت شركة زنغوليكس إن الصفقة جيدة.",
      "ORGANIZATION:زنغوليكس تكنيكا=Zangolix Technica|ORGANIZATION:زنغوليكس مارينا=Zangolix Marina|"
      "ORGANIZATION:زنغوليكس=" },
  };
  CHECK_WITH("Zangolix Technica\tORGANIZATION\tcompany\t\tزنغوليكس تكنيكا\n"
             "Zangolix Marina\tORGANIZATION\tcompany\t\tزنغوليكس مارينا\n",
             rows);
}

static void links_model_is_of_the_maker_that_is_named(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "كشفت شركة زنغوليكس عن سيارة QV9 الجديدة.", "ORGANIZATION:زنغوليكس=Zangolix|PRODUCT:QV9=Zangolix QV9" },
    { "كشفت شركة برتيلو عن سيارة QV9 الجديدة.", "ORGANIZATION:برتيلو=Bertilo|PRODUCT:QV9=" },
  };
  CHECK_WITH("Zangolix\tORGANIZATION\tcompany\t\tزنغوليكس\nBertilo\tORGANIZATION\tcompany\t\tبرتيلو\n"
             "Zangolix QV9\tPRODUCT\tvehicle\t\t\n",
             rows);
}

/* Without what a company's name only says of it, if one company is called so. */
static void links_company_is_known_by_its_short_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغوليكس مصنعا.", "ORGANIZATION:زنغوليكس=Zangolix Holding" },
    { "اشترت شركة برتيلومان مصنعا.", "ORGANIZATION:برتيلومان=" },
    { "باعت شركة Zangolix مصنعا.", "ORGANIZATION:Zangolix=Zangolix Holding" },
  };
  CHECK_WITH("Zangolix Holding\tORGANIZATION\tcompany\t\tزنغوليكس القابضة\n"
             "Bertiloman Gold\tORGANIZATION\tcompany\t\tبرتيلومان غولد\n"
             "Bertiloman Motors\tORGANIZATION\tcompany\t\tبرتيلومان موتورز\n",
             rows);
}

static void links_name_is_found_without_its_first_word(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "فرع بنك المؤسسة العربية المصرفية في البحرين.",
      "ORGANIZATION:بنك المؤسسة العربية المصرفية=Bank ABC|LOCATION:البحرين=Bahrain" },
  };
  CHECK(rows);
}

/* "زنغورة البرازيلية" is meant by زنغورة on a page about Brazil, and by nothing on another. */
static void links_name_is_found_with_its_countrys_adjective(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زار الوفد مدينة زنغورة. وقالت البرازيل إن العمل بدأ.", "LOCATION:زنغورة=Zangora|LOCATION:البرازيل=Brazil" },
    { "زار الوفد مدينة زنغورة. وقالت النرويج إن العمل بدأ.", "LOCATION:زنغورة=|LOCATION:النرويج=Norway" },
  };
  CHECK_WITH("Zangora\tLOCATION\tcity\t\tزنغورة البرازيلية\n", rows);
}

/* A word that is often left off; of two things that may be meant none, and none of a country that the page does not speak of. */
static void links_name_is_found_with_a_usual_word_before_it(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغوليكس مصنعا.", "ORGANIZATION:زنغوليكس=Zangolix Bank" },
    { "اشترت شركة برتيلان مصنعا.", "ORGANIZATION:برتيلان=" },
    { "اشترت شركة كازمان مصنعا في النرويج.", "ORGANIZATION:كازمان=|LOCATION:النرويج=Norway" },
  };
  CHECK_WITH("Zangolix Bank\tORGANIZATION\tbank\t\tبنك زنغوليكس\n"
             "Bertilan Bank\tORGANIZATION\tbank\t\tبنك برتيلان\nBertilan Party\tORGANIZATION\tparty\t\tحزب برتيلان\n"
             "Kazman Bank\tORGANIZATION\tbank\t\tبنك كازمان\tZangoland\nZangoland\tLOCATION\tcountry\t\tزنغولاند\n",
             rows);
}

/* A word and a place: only where the place is certain, and what is known by that name first. */
static void links_name_is_made_of_a_word_and_a_place(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قضت محكمة زنغورة الجزئية بذلك.", "ORGANIZATION:محكمة زنغورة الجزئية=Zangora District Court" },
    { "قضت محكمة زنقولة الجزئية بذلك.", "ORGANIZATION:محكمة زنقولة الجزئية=" },
    { "درست في جامعة زنغورة الحكومية.", "ORGANIZATION:جامعة زنغورة الحكومية=Zangora State University" },
  };
  CHECK_WITH("Zangora, Bertiland\tLOCATION\tcity\t\tزنغورة\n", rows);
}

/* By an acronym that the lexicon has in Latin letters only; of two that may be meant none. */
static void links_spelled_acronym_is_that_of_one_thing(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "باعت شركة زد كيو دبليو إكس مصنعا.", "ORGANIZATION:زد كيو دبليو إكس=Zangora Quay" },
    { "باعت شركة زد كيو بي إكس مصنعا.", "ORGANIZATION:زد كيو بي إكس=" },
  };
  CHECK_WITH("Zangora Quay\tORGANIZATION\tcompany\tZQWX\t\nBertilo Quay\tORGANIZATION\tcompany\tZQBX\t\n"
             "Kazman Quay\tORGANIZATION\tcompany\tZQPX\t\n",
             rows);
}

/* The page names somebody in full whom the lexicon does not know: the single name is theirs, not of whom it knows. */
static void links_surname_is_of_whom_the_page_names_in_full(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تحدث الوزير كارلو زنغوبرت أمس. وقال الوزير زنغوبرت إن العمل بدأ.", "PERSON:كارلو زنغوبرت=|PERSON:زنغوبرت=" },
    { "قال الوزير زنغوبرت إن العمل بدأ.", "PERSON:زنغوبرت=Mirko Zangobert" },
  };
  CHECK_WITH("Mirko Zangobert\tPERSON\tpolitician\t\tميركو زنغوبرت|~زنغوبرت\n", rows);
}

/* Two or more parts of a surname. */
static void links_last_parts_of_a_name_are_the_persons(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تحدث الوزير ميركو دي زنغوبرت أمس. وقال دي زنغوبرت إن العمل بدأ.",
      "PERSON:ميركو دي زنغوبرت=Mirko de Zangobert|PERSON:دي زنغوبرت=Mirko de Zangobert" },
  };
  CHECK_WITH("Mirko de Zangobert\tPERSON\tpolitician\t\tميركو دي زنغوبرت\n", rows);
}

static void links_city_is_its_club_where_clubs_play(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "فاز نادي برتيلو على نادي كازمان وعلى نادي درنول. وقالت زنغورة إن المباراة صعبة.",
      "ORGANIZATION:برتيلو=Bertilo F.C.|ORGANIZATION:كازمان=Kazman F.C.|ORGANIZATION:درنول=Dernol F.C.|"
      "ORGANIZATION:زنغورة=Zangora F.C." },
    { "فاز نادي برتيلو على نادي كازمان وعلى نادي درنول. ولعب الفريق في زنغورة أمس.",
      "ORGANIZATION:برتيلو=Bertilo F.C.|ORGANIZATION:كازمان=Kazman F.C.|ORGANIZATION:درنول=Dernol F.C.|"
      "LOCATION:زنغورة=Zangora" },
  };
  CHECK_WITH("Bertilo F.C.\tORGANIZATION\tclub\t\tبرتيلو\nKazman F.C.\tORGANIZATION\tclub\t\tكازمان\n"
             "Dernol F.C.\tORGANIZATION\tclub\t\tدرنول\nZangora F.C.\tORGANIZATION\tclub\t\t~زنغورة\n"
             "Zangora\tLOCATION\tcity\t\tزنغورة\n",
             rows);
}

/* Its year, or the page, says which edition of an event is meant; one that the lexicon lacks is called as those that it has. */
static void links_event_is_the_edition_of_its_year(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تأهل الفريق إلى كأس زنغورة 2031 أمس. وقال المدرب إن كأس زنغورة صعبة.",
      "EVENT:كأس زنغورة 2031=2031 Zangora Cup|EVENT:كأس زنغورة=2031 Zangora Cup" },
    { "تأهل الفريق إلى كأس زنغورة 2035 أمس.", "EVENT:كأس زنغورة 2035=2035 Zangora Cup" },
    { "تأهل الفريق إلى كأس زنغورة 1931 أمس.", "EVENT:كأس زنغورة 1931=Zangora Cup" },
    { "تأهل الفريق إلى كأس برتيلو 2035 أمس.", "EVENT:كأس برتيلو 2035=Bertilo Cup" },
  };
  CHECK_WITH("Zangora Cup\tEVENT\ttournament\t\tكأس زنغورة\n2031 Zangora Cup\tEVENT\ttournament\t\tزنغورة 31\n"
             "Bertilo Cup\tEVENT\ttournament\t\tكأس برتيلو\n",
             rows);
}

/* Translators word institutions differently: order, articles and prepositions do not count; one word missing does. */
static void links_institution_is_found_in_other_words(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قال مسؤول في الصندوق الأزرق للزنغول إن العمل بدأ.", "ORGANIZATION:الصندوق الأزرق للزنغول=Zangol Blue Fund" },
    { "قال مسؤول في الصندوق الأزرق للبرتيل إن العمل بدأ.", "ORGANIZATION:الصندوق الأزرق للبرتيل=" },
    { "قال مسؤول في معهد زنغوبين إن العمل بدأ.", "ORGANIZATION:معهد زنغوبين=Zangobin Vaccine Institute" },
    { "قال مسؤول في معهد برتيلان إن العمل بدأ.", "ORGANIZATION:معهد برتيلان=" },
  };
  CHECK_WITH("Zangol Blue Fund\tORGANIZATION\tfund\t\tصندوق الزنغول الأزرق\n"
             "Zangobin Vaccine Institute\tORGANIZATION\tinstitute\t\tمعهد زنغوبين للقاحات\n"
             "Bertilan Water Institute\tORGANIZATION\tinstitute\t\tمعهد برتيلان للمياه\n"
             "Bertilan Wind Institute\tORGANIZATION\tinstitute\t\tمعهد برتيلان للرياح\n",
             rows);
}

/* The lexicon need not say "international". */
static void links_airport_is_found_without_its_last_word(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وقال مطار كوتوكا الدولي إن الرحلات استؤنفت.", "LOCATION:مطار كوتوكا الدولي=Kotoka International Airport" },
  };
  CHECK(rows);
}

/* One letter less is the same place where its country is spoken of, and nothing elsewhere. */
static void links_short_name_is_the_near_one_of_the_country(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زارت وفود زنغولاند. ووقع الحادث في مدينة بورو أمس.", "LOCATION:زنغولاند=Zangoland|LOCATION:بورو=Boyro" },
    { "زارت وفود برتيلاند. ووقع الحادث في مدينة بورو أمس.", "LOCATION:برتيلاند=Bertiland|LOCATION:بورو=" },
  };
  CHECK_WITH("Zangoland\tLOCATION\tcountry\t\tزنغولاند\nBertiland\tLOCATION\tcountry\t\tبرتيلاند\n"
             "Boyro\tLOCATION\tcity\t\tبويرو\tZangoland\n",
             rows);
}

/* An adjective in one of its names says where an organisation belongs. */
static void links_organisation_is_of_the_country_of_its_adjective(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زار الوفد كينيا. وقالت كينيا إن بنك زنغولا نجح.",
      "LOCATION:كينيا=Kenya|LOCATION:كينيا=Kenya|ORGANIZATION:بنك زنغولا=Zangola Bank" },
    { "زار الوفد النرويج. وقالت النرويج إن بنك زنغولا نجح.",
      "LOCATION:النرويج=Norway|LOCATION:النرويج=Norway|ORGANIZATION:بنك زنغولا=Bank of Zangola" },
  };
  CHECK_WITH("Kenya\tLOCATION\tcountry\t\tكينيا\nNorway\tLOCATION\tcountry\t\tالنرويج\n"
             "Zangola Bank\tORGANIZATION\tbank\t\t~بنك زنغولا|بنك زنغولا الكيني\n"
             "Bank of Zangola\tORGANIZATION\tbank\t\t~بنك زنغولا|بنك زنغولا النرويجي\n",
             rows);
}

static void links_number_behind_a_number_is_the_same_model(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "طلبت الشركة طائرات بوينغ 787-9 أمس.", "PRODUCT:بوينغ 787-9=Boeing 787 Dreamliner" },
  };
  CHECK(rows);
}

/* A country behind a company's name makes it a daughter, an adjective of nationality does not. */
static void links_company_with_a_country_is_its_daughter(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغوليكس غانا مصنعا.", "ORGANIZATION:زنغوليكس=Zangolix Ghana|LOCATION:غانا=Ghana" },
    { "اشترت شركة زنغوليكس السعودية مصنعا.", "ORGANIZATION:زنغوليكس=Zangolix Group" },
  };
  CHECK_WITH("Zangolix Group\tORGANIZATION\tcompany\t\tزنغوليكس\n", rows);
}

static void links_town_that_is_called_a_province_is_that(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وقع الحادث بمحافظة زنغورة أمس.", "LOCATION:زنغورة=Zangora Governorate" },
    { "وقع الحادث بمدينة زنغورة أمس.", "LOCATION:زنغورة=Zangora, Egypt" },
    { "وقع الحادث في ولاية برتيلو أمس.", "LOCATION:برتيلو=Bertilo" },
  };
  CHECK_WITH("Egypt\tLOCATION\tcountry\t\tمصر\nOman\tLOCATION\tcountry\t\tسلطنة عمان\n"
             "Zangora, Egypt\tLOCATION\tcity\t\tزنغورة\nZangora Governorate\tLOCATION\tregion\t\tمحافظة زنغورة\tEgypt\n"
             "Bertilo\tLOCATION\tcity\t\tبرتيلو\tOman\nBertilo Province\tLOCATION\tregion\t\tمحافظة برتيلو\tOman\n",
             rows);
}

/* What is left of a port's name without its head is the name of the town, which is meant; of a mine's it is the mine still, and the
 * page's next mention is the town. */
static void links_name_without_its_head_is_the_town_or_the_mine(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وصلت السفينة إلى ميناء زنغورة أمس. ووقع الحادث في زنغورة.", "LOCATION:زنغورة=Zangora|LOCATION:زنغورة=Zangora" },
    { "أغلق منجم برتيلو أمس. ووقع الحادث في برتيلو.", "LOCATION:برتيلو=Bertilo mine|LOCATION:برتيلو=Bertilo" },
  };
  CHECK_WITH("Zangora\tLOCATION\tcity\t\t~زنغورة\n"
             "Zangora Free Zone\tLOCATION\tfacility\t\tميناء زنغورة\n"
             "Bertilo\tLOCATION\tcity\t\tبرتيلو\nBertilo mine\tLOCATION\tfacility\t\tمنجم برتيلو\n",
             rows);
}

/* Whose it is is said behind it, whatever the document is about. */
static void links_institution_is_of_the_country_that_it_is_in(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زارت وفود زنغولاند. وقالت زنغولاند إن العمل بدأ. وردت وزارة المطر في برتيلاند على ذلك.",
      "LOCATION:زنغولاند=Zangoland|LOCATION:زنغولاند=Zangoland|ORGANIZATION:وزارة المطر=Ministry of Rain (Bertiland)|"
      "LOCATION:برتيلاند=Bertiland" },
  };
  CHECK_WITH("Zangoland\tLOCATION\tcountry\t\tزنغولاند\nBertiland\tLOCATION\tcountry\t\tبرتيلاند\n"
             "Ministry of Rain (*)\tORGANIZATION\tministry\t\t@وزارة المطر\n",
             rows);
}

/* Behind a verb the company may be who does something to the country, unless the page says so elsewhere. */
static void links_country_behind_a_company_is_its_only_with_a_sign(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اتهمت زنغوليكس برتيلاند أمس.", "ORGANIZATION:زنغوليكس=Zangolix|LOCATION:برتيلاند=Bertiland" },
    { "أعلنت شركة زنغوليكس برتيلاند عن مشروع.",
      "ORGANIZATION:زنغوليكس=Zangolix Bertiland|LOCATION:برتيلاند=Bertiland" },
    { "وقع الاتفاق مع زنغوليكس برتيلاند أمس.", "ORGANIZATION:زنغوليكس=Zangolix Bertiland|LOCATION:برتيلاند=Bertiland" },
    { "وقع الاتفاق مع زنغوليكس برتيلاند أمس. وقالت زنغوليكس برتيلاند إنها سعيدة.",
      "ORGANIZATION:زنغوليكس=Zangolix Bertiland|LOCATION:برتيلاند=Bertiland|"
      "ORGANIZATION:زنغوليكس=Zangolix Bertiland|LOCATION:برتيلاند=Bertiland" },
  };
  CHECK_WITH("Bertiland\tLOCATION\tcountry\t\tبرتيلاند\nZangolix\tORGANIZATION\tcompany\t\tزنغوليكس\n", rows);
}

/* What every federation has is that of the country that the page is about, and else nobody's. */
static void links_federal_office_is_of_the_pages_country(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زارت وفود باكستان. وقالت باكستان إن وكالة التحقيقات الفيدرالية بدأت العمل.",
      "LOCATION:باكستان=Pakistan|LOCATION:باكستان=Pakistan|"
      "ORGANIZATION:وكالة التحقيقات الفيدرالية=Federal Investigation Agency" },
    { "زارت وفود زنغولاند. وقالت زنغولاند إن وكالة التحقيقات الفيدرالية بدأت العمل.",
      "LOCATION:زنغولاند=Zangoland|LOCATION:زنغولاند=Zangoland|ORGANIZATION:وكالة التحقيقات الفيدرالية=" },
  };
  CHECK_WITH("Zangoland\tLOCATION\tcountry\t\tزنغولاند\n", rows);
}

/* An adjective of nationality says whose a bank is; of a university it tells the tradition, and a place behind it says more. */
static void links_adjective_in_a_name_is_no_country_of_a_university(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "افتتحت الجامعة الأمريكية في زنغوليت مبنى. وزار طلاب الجامعة الأمريكية في زنغوليت وزارة الصحة.",
      "ORGANIZATION:الجامعة الأمريكية في زنغوليت=American Zangolit|"
      "ORGANIZATION:الجامعة الأمريكية في زنغوليت=American Zangolit|ORGANIZATION:وزارة الصحة=" },
  };
  CHECK_WITH("American Zangolit\tORGANIZATION\tuniversity\t\tالجامعة الأمريكية في زنغوليت\n"
             "United States\tLOCATION\tcountry\t\tالولايات المتحدة\n",
             rows);
}

/* Two places of one Arabic name, of which one is only also called so. */
static void links_thing_whose_own_name_it_is_goes_first(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وصل الوفد إلى كازمان مساء.", "LOCATION:كازمان=Kazman" },
    { "وصل الوفد إلى برتيلة مساء.", "LOCATION:برتيلة=Bertila" },
  };
  CHECK_WITH("Kadim Launch Site\tLOCATION\tfacility\t\tكازمان|موقع كاديم\nKazman\tLOCATION\tcity\t\t~كازمان\n"
             "Bertila\tLOCATION\tcity\t\tبرتيلة\nBertilla Park\tLOCATION\tfacility\t\t~برتيلة\n",
             rows);
}

/* Signs go before what the page says of countries; without them the page tells. */
static void links_vowel_sign_tells_two_names_apart(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زار الوفد الأردن. ثم قالت عُمان إن العمل بدأ.", "LOCATION:الأردن=Jordan|LOCATION:عُمان=Oman" },
    { "زار الوفد مسقط وصلالة. ثم وصل إلى عمّان مساء.",
      "LOCATION:مسقط=Muscat|LOCATION:صلالة=Salalah|LOCATION:عمّان=Amman" },
    { "زار الوفد الأردن. ثم وصل إلى عمان مساء.", "LOCATION:الأردن=Jordan|LOCATION:عمان=Amman" },
    { "وصل الوفد من عُمان إلى عَمّان.", "LOCATION:عُمان=Oman|LOCATION:عَمّان=Amman" },
  };
  CHECK(rows);
}

/* Without a sign and right behind nothing: what the sentence says of countries. */
static void links_town_is_of_the_country_of_its_sentence(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وصل الوزير الأردني إلى عمان مساء.", "LOCATION:عمان=Amman" },
    { "قال الوزير العماني إن عمان ملتزمة.", "LOCATION:عمان=Oman" },
  };
  CHECK(rows);
}

/* A university by a name that is known without the word. */
static void links_university_is_found_without_its_head(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تعاونت الشركة مع جامعة زنغورتك في البحث.", "ORGANIZATION:جامعة زنغورتك=Zangora Institute of Technology" },
  };
  CHECK_WITH("Zangora Institute of Technology\tORGANIZATION\tuniversity\t\t~زنغورتك\n", rows);
}

/* The country right behind a name says which of its name is meant; a club of another country is not, but its people are from anywhere. */
static void links_thing_is_of_the_country_behind_it(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "شهدت طرابلس في ليبيا اشتباكات.", "LOCATION:طرابلس=Tripoli, Libya|LOCATION:ليبيا=Libya" },
    { "شهدت طرابلس في لبنان اشتباكات.", "LOCATION:طرابلس=Tripoli, Lebanon|LOCATION:لبنان=Lebanon" },
    { "وقال الجيش الملكي التايلاندي إن العمل بدأ.", "ORGANIZATION:الجيش الملكي التايلاندي=" },
  };
  CHECK(rows);
}

static void links_league_is_found_without_its_sport(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "انطلق الدوري البرتغالي لكرة القدم مساء.", "EVENT:الدوري البرتغالي لكرة القدم=Primeira Liga" },
  };
  CHECK(rows);
}

/* Makers are their teams where a race and two of them are named. */
static void links_maker_is_its_team_where_makers_race(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "بدأ سباق فورمولا 1. وفاز فريق فيراري أمام فريق مرسيدس في سباق فورمولا 1.",
      "EVENT:فورمولا 1=Formula One|ORGANIZATION:فيراري=Scuderia Ferrari|"
      "ORGANIZATION:مرسيدس=Mercedes-AMG Petronas F1 Team|EVENT:فورمولا 1=Formula One" },
    { "باعت شركة فيراري سيارات أكثر من شركة مرسيدس بعد سباق فورمولا 1.",
      "ORGANIZATION:فيراري=Ferrari|ORGANIZATION:مرسيدس=Mercedes-Benz|EVENT:فورمولا 1=Formula One" },
    { "باعت شركة فيراري سيارات أكثر من شركة مرسيدس.", "ORGANIZATION:فيراري=Ferrari|ORGANIZATION:مرسيدس=Mercedes-Benz" },
    { "باعت شركة فيراري سيارات أكثر بعد سباق فورمولا 1.", "ORGANIZATION:فيراري=Ferrari|EVENT:فورمولا 1=Formula One" },
  };
  CHECK(rows);
}

/* A doubtful name is short for what the page names in full, whatever else is called so. */
static void links_doubtful_name_is_short_for_what_the_page_names(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغورة برتيلا ماركو مصنعا. وقالت شركة زنغورة برتيلا إن الصفقة جيدة.",
      "ORGANIZATION:زنغورة برتيلا ماركو=Bertila Marco|ORGANIZATION:زنغورة برتيلا=Bertila Marco" },
    { "وقالت شركة زنغورة برتيلا إن الصفقة جيدة.", "ORGANIZATION:زنغورة برتيلا=Zangora Bertila" },
  };
  CHECK_WITH("Zangora Bertila\tORGANIZATION\tcompany\t\t~زنغورة برتيلا\n"
             "Bertila Marco\tORGANIZATION\tcompany\t\tزنغورة برتيلا ماركو\n",
             rows);
}

/* A company without the word that its name ends with; of two that may be meant none. */
static void links_company_is_found_with_a_word_behind_it(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغل مصنعا.", "ORGANIZATION:زنغل=Zangal Energy" },
    { "اشترت شركة برتل مصنعا.", "ORGANIZATION:برتل=" },
  };
  CHECK_WITH("Zangal Energy\tORGANIZATION\tcompany\t\tزنغل إنرجي\nBertal Energy\tORGANIZATION\tcompany\t\tبرتل إنرجي\n"
             "Bertal Power\tORGANIZATION\tcompany\t\tبرتل باور\n",
             rows);
}

/* A letter more in one of a person's names, if it is no other name. */
static void links_person_is_known_by_one_name_and_a_near_one(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وقال كريم زنغوريتل إن العمل بدأ.", "PERSON:كريم زنغوريتل=Karim Zangortel" },
    { "وقال محمود زنغورتل إن العمل بدأ.", "PERSON:محمود زنغورتل=" },
    { "وقال كريم الزنغرات إن العمل بدأ.", "PERSON:كريم الزنغرات=" },
  };
  CHECK_WITH("Karim Zangortel\tPERSON\tpolitician\t\tكريم زنغورتل\n"
             "Mohamed Zangortel\tPERSON\tpolitician\t\tمحمد زنغورتل\nKarim Zangard\tPERSON\tpolitician\t\tكريم زنغرد\n",
             rows);
}

/* Countries that have the name of a town: what is joined to a town is one, and what a dateline begins with. */
static void links_country_beside_a_town_is_the_town(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "عزفت الفرقة في القاهرة وتونس.", "LOCATION:القاهرة=Cairo|LOCATION:تونس=Tunis" },
    { "عزفت الفرقة في تونس والقاهرة.", "LOCATION:تونس=Tunis|LOCATION:القاهرة=Cairo" },
    { "زار الوفد المغرب وتونس.", "LOCATION:المغرب=Morocco|LOCATION:تونس=Tunisia" },
    { "الجزائر - وصل الوفد مساء.", "LOCATION:الجزائر=Algiers" },
    { "الجزائر - المغرب: من يتأهل؟", "LOCATION:الجزائر=Algeria|LOCATION:المغرب=Morocco" },
  };
  CHECK(rows);
}

static void links_places_of_several_universities_are_those(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "درس في جامعات كامبريدج وأكسفورد وهارفارد.",
      "ORGANIZATION:كامبريدج=University of Cambridge|ORGANIZATION:أكسفورد=University of Oxford|"
      "ORGANIZATION:هارفارد=Harvard University" },
    { "سافر من كامبريدج إلى مدينة أكسفورد.", "LOCATION:كامبريدج=Cambridge|LOCATION:أكسفورد=Oxford" },
    { "يدرس الطلاب في جامعات فرنسا وألمانيا.", "LOCATION:فرنسا=France|LOCATION:ألمانيا=Germany" },
  };
  static const entity_row own[] = { { "درس في جامعات كامبريدج.", "LOCATION:كامبريدج=My Cambridge" } };
  CHECK(rows);
  CHECK_WITH("My Cambridge\tLOCATION\tcity\t\tكامبريدج\n", own);
}

/* What is listed as another type may be meant, but not if its name says what it is. */
static void links_company_is_no_missile_of_its_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة فورتنايت مصنعا.", "ORGANIZATION:فورتنايت=Fortnite" },
    { "اشترت شركة هاربون مصنعا.", "ORGANIZATION:هاربون=" },
  };
  CHECK(rows);
}

/* A spelling that is near a place's name, where the page is about another country than that place's. */
static void links_near_spelling_is_no_place_elsewhere(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زار الوفد آيسلندا. وقالت آيسلندا إن العمل بدأ في مدينة ريكيافييك.",
      "LOCATION:آيسلندا=Iceland|LOCATION:آيسلندا=Iceland|LOCATION:ريكيافييك=Reykjavík" },
    { "زار الوفد البرازيل. وقالت البرازيل إن العمل بدأ في مدينة ريكيافييك.",
      "LOCATION:البرازيل=Brazil|LOCATION:البرازيل=Brazil|LOCATION:ريكيافييك=" },
  };
  CHECK(rows);
}

/* The word before a mention may be a part of its name; a port lies in a town of its name. */
static void links_end_of_a_longer_name_is_what_that_is(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "رست السفينة في ميناء زنغورة صباحا.", "LOCATION:زنغورة=Port of Zangora" },
    { "رست السفينة في ميناء برتيلة صباحا.", "LOCATION:برتيلة=Bertila" },
  };
  CHECK_WITH("Port of Zangora\tLOCATION\tport\t\tميناء زنغورة\nZangora Governorate\tLOCATION\tregion\t\tزنغورة\n"
             "Port of Bertila\tLOCATION\tport\t\tميناء برتيلة\nBertila\tLOCATION\tcity\t\tبرتيلة\n",
             rows);
}

/* Where only a province is known by a name and the text says that the town is meant, the link is the name alone. */
static void links_town_of_a_province_is_no_province(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وصل الوفد إلى مدينة زنغورة مساء.", "LOCATION:زنغورة=Zangora" },
    { "وصل الوفد إلى منطقة زنغورة مساء.", "LOCATION:زنغورة=Zangora" },
    { "وصل الوفد إلى محافظة زنغورة مساء.", "LOCATION:زنغورة=Zangora Governorate" },
    { "وصل الوفد إلى منطقة برتيلة مساء.", "LOCATION:برتيلة=Bertila Region" },
    { "وصل الوفد إلى زنغورة مساء.", "LOCATION:زنغورة=Zangora Governorate" },
  };
  CHECK_WITH("Zangora Governorate\tLOCATION\tregion\t\tزنغورة\nBertila Region\tLOCATION\tregion\t\tبرتيلة\n", rows);
}

/* A place by a name that is mostly said with a word before it, but not behind another such word. */
static void links_place_is_found_with_a_usual_word_before_it(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "يعيش الصيادون في كازمان منذ قرون.", "LOCATION:كازمان=Lake Kazman" },
    { "يعيش الصيادون في مدينة كازمان منذ قرون.", "LOCATION:كازمان=" },
  };
  CHECK_WITH("Lake Kazman\tLOCATION\tlake\t\tبحيرة كازمان\n", rows);
}

/* A province and its river: the province's name without what says that it is one. */
static void links_river_is_no_province_of_its_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وتركزت الحالات على ضفاف نهر زنغورة وفي محيط الميناء.", "LOCATION:نهر زنغورة=Zangora River" },
  };
  CHECK_WITH("Zangora Province\tLOCATION\tregion\t\t~زنغورة|مقاطعة زنغورة\n", rows);
}

/* Words before and behind a place that make a name with it; a single word before it may stand outside. */
static void links_pattern_of_several_words_is_a_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قال رئيس غرفة تجارة وصناعة زنغورة إن العمل بدأ.",
      "ORGANIZATION:غرفة تجارة وصناعة زنغورة=Zangora Chamber of Commerce and Industry" },
    { "زار التلاميذ حديقة الحيوان في زنغورة.", "ORGANIZATION:حديقة الحيوان في زنغورة=Zangora Zoo" },
    { "وصل الوفد إلى محافظة زنغورة مساء.", "LOCATION:زنغورة=Zangora" },
    { "افتتح معرض زنغورة للطيران أمس.", "EVENT:معرض زنغورة للطيران=Zangora Airshow" },
  };
  CHECK_WITH("Zangora\tLOCATION\tcity\t\t~زنغورة\n", rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(links_thing_whose_own_name_it_is_goes_first),
    cmocka_unit_test(links_vowel_sign_tells_two_names_apart),
    cmocka_unit_test(links_town_is_of_the_country_of_its_sentence),
    cmocka_unit_test(links_university_is_found_without_its_head),
    cmocka_unit_test(links_thing_is_of_the_country_behind_it),
    cmocka_unit_test(links_league_is_found_without_its_sport),
    cmocka_unit_test(links_maker_is_its_team_where_makers_race),
    cmocka_unit_test(links_doubtful_name_is_short_for_what_the_page_names),
    cmocka_unit_test(links_company_is_found_with_a_word_behind_it),
    cmocka_unit_test(links_person_is_known_by_one_name_and_a_near_one),
    cmocka_unit_test(links_country_beside_a_town_is_the_town),
    cmocka_unit_test(links_places_of_several_universities_are_those),
    cmocka_unit_test(links_company_is_no_missile_of_its_name),
    cmocka_unit_test(links_near_spelling_is_no_place_elsewhere),
    cmocka_unit_test(links_end_of_a_longer_name_is_what_that_is),
    cmocka_unit_test(links_town_of_a_province_is_no_province),
    cmocka_unit_test(links_place_is_found_with_a_usual_word_before_it),
    cmocka_unit_test(links_river_is_no_province_of_its_name),
    cmocka_unit_test(links_pattern_of_several_words_is_a_name),
    cmocka_unit_test(links_adjective_in_a_name_is_no_country_of_a_university),
    cmocka_unit_test(links_federal_office_is_of_the_pages_country),
    cmocka_unit_test(links_country_behind_a_company_is_its_only_with_a_sign),
    cmocka_unit_test(links_institution_is_of_the_country_beside_it),
    cmocka_unit_test(links_institution_is_of_the_country_of_its_sentence),
    cmocka_unit_test(links_short_form_is_what_the_long_one_is),
    cmocka_unit_test(links_model_is_of_the_maker_that_is_named),
    cmocka_unit_test(links_company_is_known_by_its_short_name),
    cmocka_unit_test(links_name_is_found_without_its_first_word),
    cmocka_unit_test(links_name_is_found_with_its_countrys_adjective),
    cmocka_unit_test(links_name_is_found_with_a_usual_word_before_it),
    cmocka_unit_test(links_name_is_made_of_a_word_and_a_place),
    cmocka_unit_test(links_spelled_acronym_is_that_of_one_thing),
    cmocka_unit_test(links_surname_is_of_whom_the_page_names_in_full),
    cmocka_unit_test(links_last_parts_of_a_name_are_the_persons),
    cmocka_unit_test(links_event_is_the_edition_of_its_year),
    cmocka_unit_test(links_city_is_its_club_where_clubs_play),
    cmocka_unit_test(links_institution_is_found_in_other_words),
    cmocka_unit_test(links_company_with_a_country_is_its_daughter),
    cmocka_unit_test(links_airport_is_found_without_its_last_word),
    cmocka_unit_test(links_short_name_is_the_near_one_of_the_country),
    cmocka_unit_test(links_organisation_is_of_the_country_of_its_adjective),
    cmocka_unit_test(links_number_behind_a_number_is_the_same_model),
    cmocka_unit_test(links_town_that_is_called_a_province_is_that),
    cmocka_unit_test(links_name_without_its_head_is_the_town_or_the_mine),
    cmocka_unit_test(links_institution_is_of_the_country_that_it_is_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
