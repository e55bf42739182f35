/* SPDX-License-Identifier: Apache-2.0 */

/* entities: what is a mention, where it begins and ends, what it is linked to; composers' lexicons; the laws. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "entity_rows.h"
#include "harness.h"

#include <cmocka.h>

#include "qanat/layers.h"

static const char stages[] = ENTITY_STAGES("{\"use\":\"entities\"}");

#define CHECK(rows) entity_rows_check(stages, rows, sizeof(rows) / sizeof((rows)[0]))

static void entities_known_name_is_linked_in_both_scripts(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت إنفيديا مصنعا في اليابان.", "ORGANIZATION:إنفيديا=Nvidia|LOCATION:اليابان=Japan" },
    { "اشترت Nvidia مصنعا في اليابان.", "ORGANIZATION:Nvidia=Nvidia|LOCATION:اليابان=Japan" },
    { "زار دونالد ترامب ألمانيا.", "PERSON:دونالد ترامب=Donald Trump|LOCATION:ألمانيا=Germany" },
    { "أنتجت سامسونج هاتفها الجديد.", "ORGANIZATION:سامسونج=Samsung Electronics" },
  };
  CHECK(rows);
}

static void entities_clitics_and_generic_heads_stay_outside(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وصلت الشحنة إلى الهند والصين ولليابان.", "LOCATION:الهند=India|LOCATION:الصين=China|LOCATION:يابان=Japan" },
    { "تعمل شركة إنفيديا مع مجموعة روشن.", "ORGANIZATION:إنفيديا=Nvidia|ORGANIZATION:روشن=ROSHN" },
    { "عاد إلى مدينة غزة.", "LOCATION:غزة=Gaza City" },
    { "ألغت إدارة ترامب قيودا على التصدير.", "PERSON:ترامب=Donald Trump" },
    { "رقائق قابلة للتكيف مع المعيار.", "" },
    { "دفعتهم إلى البقاء في الزاوية.", "" },
    { "قال جنسن هوانغ ذلك. وزار هوانغ بكين.",
      "PERSON:جنسن هوانغ=Jensen Huang|PERSON:هوانغ=Jensen Huang|LOCATION:بكين=Beijing" },
    { "أعلنت بايدو من بكين.", "ORGANIZATION:بايدو=Baidu|LOCATION:بكين=Beijing" },
    { "قالت منظمة الصحة العالمية إن الوباء تراجع.", "ORGANIZATION:منظمة الصحة العالمية=World Health Organization" },
  };
  CHECK(rows);
}

static void entities_person_is_found_by_title_and_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قالت الباحثة فيونا ماكالستر إن البحر يرتفع.", "PERSON:فيونا ماكالستر=" },
    { "وقال المهاجم الغاني كوابينا أوفوسو إنه سعيد.", "PERSON:كوابينا أوفوسو=" },
    { "قالت مديرة اللوجستيات فلورنسيا إيبارا إن العمل أسهل.", "PERSON:فلورنسيا إيبارا=" },
    { "وعلقت عالمة الحاسوب سميرة عبد الجليل على النتائج.", "PERSON:سميرة عبد الجليل=" },
    { "وقال المدير المالي إن الأرباح زادت.", "" },
  };
  CHECK(rows);
}

/* Whom something is told stays outside of the name, a letter of a name that is known by itself inside. */
static void entities_person_keeps_the_letters_of_the_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قال وانغ يي لشينخوا إن الاتفاق قريب.", "PERSON:وانغ يي=Wang Yi" },
    { "قال ليانغ إن المصنع جاهز.", "PERSON:ليانغ=" },
    { "قال لها محمد إن المطر قادم.", "" },
  };
  CHECK(rows);
}

static void entities_second_mention_is_recognized_by_its_part(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قال المهندس طارق البلوشي إن العمل بدأ. وأضاف البلوشي أن المال كاف.", "PERSON:طارق البلوشي=|PERSON:البلوشي=" },
    { "وقعت شركة بروتيماكس عقدا. وقالت بروتيماكس إنها سعيدة.", "ORGANIZATION:بروتيماكس=|ORGANIZATION:بروتيماكس=" },
    { "وقال المحلل يوهان فريدريكسن إن السعر عال. ورأى فريدريكسن أنه سينخفض.",
      "PERSON:يوهان فريدريكسن=|PERSON:فريدريكسن=" },
  };
  CHECK(rows);
}

static void entities_twins_in_two_scripts_share_a_link(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "باعت شركة ميلوناكس (Milonax Systems) فرعها. وتوسعت ميلوناكس لاحقا.",
      "ORGANIZATION:ميلوناكس=Milonax Systems|ORGANIZATION:Milonax Systems=Milonax Systems|"
      "ORGANIZATION:ميلوناكس=Milonax Systems" },
    { "وقالت أيغول ساتباييفا (Aigul Satbayeva) ذلك.", "PERSON:أيغول ساتباييفا=|PERSON:Aigul Satbayeva=" },
  };
  CHECK(rows);
}

static void entities_unknown_names_are_found_by_their_company(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "أعلنت هيئة تنظيم الاتصالات قرارها.", "ORGANIZATION:هيئة تنظيم الاتصالات=" },
    { "تستخدم الشركة نظام Zentrix 9 في مصانعها.", "PRODUCT:Zentrix 9=Zentrix 9" },
    { "درس في University of Torvania قبل سنوات.", "ORGANIZATION:University of Torvania=University of Torvania" },
    { "عرض فيلم «ظل البحر البعيد» أمس.", "PRODUCT:ظل البحر البعيد=" },
  };
  CHECK(rows);
}

static void entities_ordinary_words_are_no_names(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "", "" },
    { "ارتفعت الأسعار بعد أن زاد الطلب على الخبز في الأسواق.", "" },
    { "أعلنت الشركة حالة القوة القاهرة.", "" },
    { "أشاد بالشركة السعودية.", "" },
    { "يعمل في أي مكان يريده.", "" },
  };
  CHECK(rows);
}

static void entities_values_have_amounts(void **state) {
  (void)state;
  harness *h = harness_new(stages);
  document *d = harness_push_text(h, "دفعت إنفيديا 57 مليار دولار.");
  assert_non_null(d);
  qn_layer layer = harness_layer(h, d, "entity/1");
  assert_int_equal(layer.n_rows, 2);
  assert_int_equal(qn_layer_u32(&layer, QN_ENTITY_TYPE, 1), QN_ENTITY_TYPE_MONEY);
  assert_true(qn_layer_f64(&layer, QN_ENTITY_AMOUNT, 1) > 56.9e9 && qn_layer_f64(&layer, QN_ENTITY_AMOUNT, 1) < 57.1e9);
  qn_str unit = qn_layer_str(&layer, QN_ENTITY_UNIT, 1);
  assert_int_equal(unit.len, 3);
  assert_memory_equal(unit.data, "USD", 3);
  document_unref(d);
  harness_free(h);
}

static void entities_min_score_leaves_doubtful_out(void **state) {
  (void)state;
  static const entity_row rows[] = { { "وصل الوفد إلى تاربوكا مساء. اشترت إنفيديا مصنعا.",
                                       "ORGANIZATION:إنفيديا=Nvidia" } };
  entity_rows_check(ENTITY_STAGES("{\"use\":\"entities\",\"with\":{\"min_score\":0.9}}"), rows, 1);
}

static void entities_own_lexicon_goes_before_the_shipped_one(void **state) {
  (void)state;
  static const entity_row rows[] = { { "اشترت زنقولا مصنعا.", "ORGANIZATION:زنقولا=Zanqola Ltd" } };
  char path[64];
  char json[512];
  entity_rows_lexicon("Zanqola Ltd\tORGANIZATION\tcompany\t\tزنقولا\n", path, json, sizeof json);
  entity_rows_check(json, rows, 1);
  unlink(path);
}

static void entities_own_lexicon_overrides_an_alias(void **state) {
  (void)state;
  static const entity_row rows[] = { { "اشترت إنفيديا مصنعا.", "ORGANIZATION:إنفيديا=Our Chips Ltd" },
                                     { "اشترت سامسونغ مصنعا.", "ORGANIZATION:سامسونغ=Samsung Electronics" } };
  char path[64];
  char json[512];
  entity_rows_lexicon("Our Chips Ltd\tORGANIZATION\tcompany\t\tإنفيديا\n", path, json, sizeof json);
  entity_rows_check(json, rows, 2);
  unlink(path);
}

/* Whatever a composer calls a company and a country, the link is put together of whole characters. */
static void entities_own_odd_names_make_a_whole_link(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "أعلنت شركة زنقولا برطمانيا عن مشروع.", "ORGANIZATION:زنقولا=Zanqola (كيان)|LOCATION:برطمانيا=(كيان)" },
    { "أعلنت شركة زنقولا كركميا عن مشروع.", "ORGANIZATION:زنقولا=Zanqola Karkamia|LOCATION:كركميا=Karkamia(east)" },
    { "أعلنت شركة طرقولا كركميا عن مشروع.",
      "ORGANIZATION:طرقولا=aالشركةالعالميةلصناعةالآلاتوالمعداتالثقيلةوالخفيفةوغيرها "
      "Karkamia|LOCATION:كركميا=Karkamia(east)" },
    { "أعلنت شركة برقولا كركميا عن مشروع.", "ORGANIZATION:برقولا=(برقولا) Karkamia|LOCATION:كركميا=Karkamia(east)" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon("Zanqola\tORGANIZATION\tcompany\t\tزنقولا\n(كيان)\tLOCATION\tcountry\t\tبرطمانيا\n"
                      "Karkamia(east)\tLOCATION\tcountry\t\tكركميا\n(برقولا)\tORGANIZATION\tcompany\t\tبرقولا\n"
                      "aالشركةالعالميةلصناعةالآلاتوالمعداتالثقيلةوالخفيفةوغيرها\tORGANIZATION\tcompany\t\tطرقولا\n",
                      path, json, sizeof json);
  entity_rows_check(json, rows, 4);
  unlink(path);
}

/* Of several things of one name, the one of the country that the document speaks of, and of the class announced. */
static void entities_name_of_several_is_told_apart_by_its_context(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "زار وزير الخارجية اللبناني مدينة طرابلس. وقال لبنان إن شمال لبنان آمن.",
      "LOCATION:طرابلس=Tripoli, Lebanon|LOCATION:لبنان=Lebanon|LOCATION:لبنان=Lebanon" },
    { "زار وفد مدينة طرابلس. وقالت ليبيا إن غرب ليبيا آمن.",
      "LOCATION:طرابلس=Tripoli, Libya|LOCATION:ليبيا=Libya|LOCATION:ليبيا=Libya" },
  };
  CHECK(rows);
}

static void entities_national_name_is_of_the_documents_country(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "أعلنت وزارة الصحة في بيان ارتفاع الإصابات في تونس. وتونس تتوقع المزيد.",
      "ORGANIZATION:وزارة الصحة=Ministry of Health (Tunisia)|LOCATION:تونس=Tunisia|LOCATION:تونس=Tunisia" },
    { "أعلنت وزارة الصحة في بيان ارتفاع الإصابات في موزمبيق. وموزمبيق تتوقع المزيد.",
      "ORGANIZATION:وزارة الصحة=Ministry of Health (Mozambique)|LOCATION:موزمبيق=Mozambique|"
      "LOCATION:موزمبيق=Mozambique" },
    { "أعلنت وزارة الصحة ارتفاع الإصابات.", "ORGANIZATION:وزارة الصحة=" },
  };
  CHECK(rows);
}

/* An adjective says whose it is, whatever the document speaks of. */
static void entities_national_name_with_adjective_is_of_that_country(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "أعلنت وزارة الزراعة الملغاشية قرارها.",
      "ORGANIZATION:وزارة الزراعة الملغاشية=Ministry of Agriculture (Madagascar)" },
    { "أعلنت وزارة الزراعة الكورية الشمالية قرارها.",
      "ORGANIZATION:وزارة الزراعة الكورية الشمالية=Ministry of Agriculture (North Korea)" },
    { "قضت المحكمة العليا الملغاشية بذلك.", "ORGANIZATION:المحكمة العليا الملغاشية=Supreme Court of Madagascar" },
  };
  entity_rows_check(ENTITY_STAGES("{\"use\":\"entities\",\"with\":{\"model\":false}}"), rows,
                    sizeof rows / sizeof rows[0]);
}

/* By surname or first name, in the other script, too; of two who share a name neither is meant. */
static void entities_single_name_is_that_of_the_person_named_in_full(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تحدث Zoltan Harpentil أمس. وقال الرئيس هاربنتيل إن العمل بدأ.",
      "PERSON:Zoltan Harpentil=Zoltan Harpentil|PERSON:هاربنتيل=Zoltan Harpentil" },
    { "تحدث Zoltan Harpentil مع Mirko Harpentil أمس. وقال الرئيس هاربنتيل إن العمل بدأ.",
      "PERSON:Zoltan Harpentil=Zoltan Harpentil|PERSON:Mirko Harpentil=|PERSON:هاربنتيل=" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon("Zoltan Harpentil\tPERSON\tpolitician\t\t\n", path, json, sizeof json);
  entity_rows_check(json, rows, sizeof rows / sizeof rows[0]);
  unlink(path);
}

/* A name that the page has in full, or by one word, is found by itself in the other script; a short one only if its letters agree. */
static void entities_name_of_the_page_is_known_in_the_other_script(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تحدث Zoltan Harpentil أمس. ثم خرج هاربنتيل مسرعا.", "PERSON:Zoltan Harpentil=|PERSON:هاربنتيل=" },
    { "تحدث زولتان هاربنتيل أمس. ثم خرج Harpentil مسرعا.", "PERSON:زولتان هاربنتيل=|PERSON:Harpentil=" },
    { "تحدث Zoltan Harpentil أمس. ثم خرج هاربوسيل مسرعا.", "PERSON:Zoltan Harpentil=" },
    { "تحدث زولتان هاربنتيل أمس. ثم خرج harpentil مسرعا.", "PERSON:زولتان هاربنتيل=" },
  };
  entity_rows_check(ENTITY_STAGES("{\"use\":\"entities\",\"with\":{\"model\":false}}"), rows,
                    sizeof rows / sizeof rows[0]);
}

/* The year right behind an event is a part of its name; other numbers are not, nor are years behind other names. */
static void entities_year_behind_an_event_belongs_to_it(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تأهل الفريق إلى كأس زنغورة 2031 أمس.", "EVENT:كأس زنغورة 2031=2031 Zangora Cup" },
    { "تأهل الفريق إلى كأس زنغورة ٢٠٣١ أمس.", "EVENT:كأس زنغورة ٢٠٣١=2031 Zangora Cup" },
    { "تأهل الفريق إلى كأس زنغورة 45 أمس.", "EVENT:كأس زنغورة=Zangora Cup" },
    { "تأهل الفريق إلى كأس زنغورة. 2031 أمس.", "EVENT:كأس زنغورة=Zangora Cup" },
    { "تأهلت بلدة زنغوريا 2031 أمس.", "LOCATION:زنغوريا=Zangoria" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon("Zangora Cup\tEVENT\ttournament\t\tكأس زنغورة\n2031 Zangora Cup\tEVENT\ttournament\t\tزنغورة 31\n"
                      "Zangoria\tLOCATION\ttown\t\tزنغوريا\n",
                      path, json, sizeof json);
  entity_rows_check(json, rows, sizeof rows / sizeof rows[0]);
  unlink(path);
}

static void entities_model_has_its_own_number_in_the_link(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "وصل القمر زنغوسات 3 إلى مداره.", "PRODUCT:زنغوسات 3=Zangosat 3" },
    { "وصل القمر زنغوسات 12 إلى مداره.", "PRODUCT:زنغوسات 12=Zangosat 12" },
    { "وصلت مركبة برتيلو 4 إلى مدارها.", "PRODUCT:برتيلو 4=Bertilo IV" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon(
      "Zangosat 3\tPRODUCT\tsatellite\t\tزنغوسات 3|زنغوسات\nBertilo IV\tPRODUCT\tsatellite\t\tبرتيلو 4\n", path, json,
      sizeof json);
  entity_rows_check(json, rows, sizeof rows / sizeof rows[0]);
  unlink(path);
}

static void entities_latin_title_stays_outside_of_the_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "Mayor James Whitfield opened the bridge with Engineer Paul Adeyemi.",
      "PERSON:James Whitfield=|PERSON:Paul Adeyemi=" },
    { "He met Prime Minister Anna Berglund.", "PERSON:Anna Berglund=" },
  };
  entity_rows_check(ENTITY_STAGES("{\"use\":\"entities\",\"with\":{\"model\":false}}"), rows,
                    sizeof rows / sizeof rows[0]);
}

/* "ميناء الأمل": the town's own name is what is left. */
static void entities_port_of_a_town_leaves_the_town(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "رست السفينة في ميناء زنغورة أمس.", "LOCATION:زنغورة=Zangora" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon("Zangora\tLOCATION\tcity\t\tزنغورة\nPort of Zangora\tLOCATION\tfacility\t\tميناء زنغورة\n", path,
                      json, sizeof json);
  entity_rows_check(json, rows, sizeof rows / sizeof rows[0]);
  unlink(path);
}

/* What is no town is called with what it is; a town is not. */
static void entities_river_and_mountain_keep_their_heads(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "ارتفع منسوب نهر زنغولاس بعد الأمطار.", "LOCATION:نهر زنغولاس=" },
    { "أغلقت السلطات مسالك جبل زنغولاس بعد الثلوج.", "LOCATION:جبل زنغولاس=" },
    { "وصلت القافلة إلى مدينة زنغولاس أمس.", "LOCATION:زنغولاس=" },
  };
  CHECK(rows);
}

/* A spelling that nobody listed, of a name that is listed; a name that merely resembles one stays unlinked. */
static void entities_unlisted_spelling_is_linked_to_the_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "اشترت شركة زنغولكس مصنعا.", "ORGANIZATION:زنغولكس=Zangolix" },
    { "اشترت شركة زنجوليكس مصنعا.", "ORGANIZATION:زنجوليكس=Zangolix" },
    { "اشترت شركة زنغولايكس مصنعا.", "ORGANIZATION:زنغولايكس=Zangolix" },
    { "اشترت شركة زنغولمكس مصنعا.", "ORGANIZATION:زنغولمكس=" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon("Zangolix\tORGANIZATION\tcompany\t\tزنغوليكس\n", path, json, sizeof json);
  entity_rows_check(json, rows, sizeof rows / sizeof rows[0]);
  unlink(path);
}

/* Apart from each other in the document; a name that merely begins alike is another. */
static void entities_name_in_both_scripts_is_linked_to_its_latin_spelling(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "باعت شركة زنغوراميل فرعها. وقالت شركة Zangoramil إن الصفقة جيدة.",
      "ORGANIZATION:زنغوراميل=Zangoramil|ORGANIZATION:Zangoramil=Zangoramil" },
    { "باعت شركة زنغوراميل فرعها. وقالت شركة Zangbertoli إن الصفقة جيدة.",
      "ORGANIZATION:زنغوراميل=|ORGANIZATION:Zangbertoli=Zangbertoli" },
  };
  CHECK(rows);
}

static void entities_spelled_acronym_is_linked_to_its_letters(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "باعت شركة كيو دبليو زد (QWZ) فرعها.", "ORGANIZATION:كيو دبليو زد=QWZ|ORGANIZATION:QWZ=QWZ" },
  };
  CHECK(rows);
}

static void entities_doubtful_product_is_believed_beside_its_maker(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "باعت هواوي آلاف الخوادم. وقال مهندسون إن رقائق الصعود أبطأ من منافساتها.",
      "ORGANIZATION:هواوي=Huawei|PRODUCT:الصعود=Ascend" },
    { "باعت الشركة آلاف الخوادم. وقال مهندسون إن رحلة الصعود مستمرة.", "" },
    { "واصلت الأسهم الصعود بعد نتائج هواوي.", "ORGANIZATION:هواوي=Huawei" },
  };
  CHECK(rows);
}

/* Of "نصر الله" the last word is nobody's name. */
static void entities_name_of_god_is_no_persons(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "قال الباحث حسام ضيف الله إن الوضع صعب. وشكر الله على ذلك، والله أعلم. وقال ضيف الله إنه سعيد.",
      "PERSON:حسام ضيف الله=|PERSON:ضيف الله=" },
  };
  CHECK(rows);
}

static void entities_mistranslated_word_is_no_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تتوسع الشركات في الذكاء الاصطناعي. وقال رئيس قسم منظمة العفو الدولية إن نماذج الذكاء الاصطناعي تحتاج رقائق.",
      "" },
    { "قالت منظمة العفو الدولية إن الذكاء الاصطناعي خطر. ودعت إلى احترام حقوق الإنسان في الذكاء الاصطناعي.",
      "ORGANIZATION:منظمة العفو الدولية=Amnesty International" },
    { "انتقدت منظمة العفو الدولية استخدام الذكاء الاصطناعي والرقائق. ويرى تقرير منظمة العفو الدولية خطرا.",
      "ORGANIZATION:منظمة العفو الدولية=Amnesty International|ORGANIZATION:منظمة العفو الدولية=Amnesty International" },
    { "الذكاء الاصطناعي خطر كما يرى تقرير منظمة العفو الدولية عن الذكاء الاصطناعي.",
      "ORGANIZATION:منظمة العفو الدولية=Amnesty International" },
    { "الذكاء الاصطناعي والرقائق خطر على اللاجئين كما يرى تقرير منظمة العفو الدولية.",
      "ORGANIZATION:منظمة العفو الدولية=Amnesty International" },
    { "قالت منظمة العفو الدولية إن القرار جائر.", "ORGANIZATION:منظمة العفو الدولية=Amnesty International" },
  };
  CHECK(rows);
}

/* A composer's own name stays, whatever the shipped lexicon doubts. */
static void entities_mistranslated_word_of_the_own_lexicon_is_its_name(void **state) {
  (void)state;
  static const entity_row rows[] = {
    { "تتوسع الشركات في الذكاء الاصطناعي. وقال رئيس قسم منظمة العفو الدولية إن نماذج الذكاء الاصطناعي تحتاج رقائق.",
      "ORGANIZATION:منظمة العفو الدولية=Our Amnesty" },
  };
  char path[64];
  char json[512];
  entity_rows_lexicon("Our Amnesty\tORGANIZATION\torganization\t\tمنظمة العفو الدولية\n", path, json, sizeof json);
  entity_rows_check(json, rows, 1);
  unlink(path);
}

static void entities_laws_hold(void **state) {
  (void)state;
  static const char *const texts[] = {
    "قالت Karin Aldenhoff من OPEC+ في روتردام: «السوق هادئ».", "و و و ( ( ) بـ لـ\"\" «» - . ' إ إس إس إس 9 9 9",
    "Nvidia's H20 and the University of X, Ontario",           "شركة شركة شركة وزارة وزارة الرئيس الرئيس قال قال",
    "王小明在北京 привет мир 🙂🙂",
  };
  harness *h = harness_new(stages);
  harness_check_laws(h, texts, sizeof texts / sizeof texts[0]);
  harness_free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(entities_known_name_is_linked_in_both_scripts),
    cmocka_unit_test(entities_clitics_and_generic_heads_stay_outside),
    cmocka_unit_test(entities_person_is_found_by_title_and_name),
    cmocka_unit_test(entities_person_keeps_the_letters_of_the_name),
    cmocka_unit_test(entities_second_mention_is_recognized_by_its_part),
    cmocka_unit_test(entities_twins_in_two_scripts_share_a_link),
    cmocka_unit_test(entities_unknown_names_are_found_by_their_company),
    cmocka_unit_test(entities_ordinary_words_are_no_names),
    cmocka_unit_test(entities_values_have_amounts),
    cmocka_unit_test(entities_min_score_leaves_doubtful_out),
    cmocka_unit_test(entities_own_lexicon_goes_before_the_shipped_one),
    cmocka_unit_test(entities_own_lexicon_overrides_an_alias),
    cmocka_unit_test(entities_own_odd_names_make_a_whole_link),
    cmocka_unit_test(entities_name_of_several_is_told_apart_by_its_context),
    cmocka_unit_test(entities_national_name_is_of_the_documents_country),
    cmocka_unit_test(entities_national_name_with_adjective_is_of_that_country),
    cmocka_unit_test(entities_single_name_is_that_of_the_person_named_in_full),
    cmocka_unit_test(entities_name_of_the_page_is_known_in_the_other_script),
    cmocka_unit_test(entities_year_behind_an_event_belongs_to_it),
    cmocka_unit_test(entities_model_has_its_own_number_in_the_link),
    cmocka_unit_test(entities_latin_title_stays_outside_of_the_name),
    cmocka_unit_test(entities_port_of_a_town_leaves_the_town),
    cmocka_unit_test(entities_river_and_mountain_keep_their_heads),
    cmocka_unit_test(entities_unlisted_spelling_is_linked_to_the_name),
    cmocka_unit_test(entities_name_in_both_scripts_is_linked_to_its_latin_spelling),
    cmocka_unit_test(entities_spelled_acronym_is_linked_to_its_letters),
    cmocka_unit_test(entities_doubtful_product_is_believed_beside_its_maker),
    cmocka_unit_test(entities_name_of_god_is_no_persons),
    cmocka_unit_test(entities_mistranslated_word_is_no_name),
    cmocka_unit_test(entities_mistranslated_word_of_the_own_lexicon_is_its_name),
    cmocka_unit_test(entities_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
