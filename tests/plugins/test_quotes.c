/* SPDX-License-Identifier: Apache-2.0 */

/* quotes: what is speech, who says it, marks of every shape, the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "qanat/layers.h"

#include <cmocka.h>

static const char stages[] = "[{\"use\":\"decode\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"},"
                             "{\"use\":\"tokenize\"},{\"use\":\"entities\"},{\"use\":\"quotes\"}]";

typedef struct row {
  const char *text;
  const char *found; /* "[quote]" or "[quote]speaker", one after the other */
} row;

static const row speech[] = {
  { "قال المهندس أنطونيو غوتيريش: «لن ننتظر طويلا حتى يصل الماء».", "[لن ننتظر طويلا حتى يصل الماء]António Guterres" },
  { "وأوضح أنطونيو غوتيريش أن \"الماء سيصل قبل الصيف\".", "[الماء سيصل قبل الصيف]António Guterres" },
  { "«الماء سيصل قبل الصيف»، قال أنطونيو غوتيريش.", "[الماء سيصل قبل الصيف]António Guterres" },
  { "قال أنطونيو غوتيريش: «بدأ العمل أمس». وأضاف: «سننتهي في الخريف».",
    "[بدأ العمل أمس]António Guterres[سننتهي في الخريف]António Guterres" },
  { "وكتب أنطونيو غوتيريش: “الطريق طويل أمامنا”.", "[الطريق طويل أمامنا]António Guterres" },
  { "وقال أنطونيو غوتيريش: ”الطريق طويل أمامنا“.", "[الطريق طويل أمامنا]António Guterres" },
  { "وقال أنطونيو غوتيريش : \" الطريق طويل أمامنا \" .", "[الطريق طويل أمامنا]António Guterres" },
  { "وقال أنطونيو غوتيريش: <<الطريق طويل أمامنا>>.", "[الطريق طويل أمامنا]António Guterres" },
  /* The subject before its verb, as translations have it. */
  { "« الماء سيصل قبل الصيف » ، أنطونيو غوتيريش صرح .", "[الماء سيصل قبل الصيف]António Guterres" },
  /* What stands behind أن is no speaker. */
  { "أنطونيو غوتيريش قال إن دونالد ترامب «لن يبني سدا جديدا هنا».", "[لن يبني سدا جديدا هنا]António Guterres" },
  /* A last name alone, and a verb that goes on with the woman who spoke, not with the man who spoke last. */
  { "حضر أنطونيو غوتيريش الافتتاح. وقال غوتيريش: «بدأ العمل أمس».", "[بدأ العمل أمس]António Guterres" },
  { "قالت كريستين لاغارد: «الأسعار ستهدأ قريبا». وقال دونالد ترامب: «سننتظر إلى الخريف». وأضافت: «لا نرى خطرا جديدا».",
    "[الأسعار ستهدأ قريبا]Christine Lagarde[سننتظر إلى الخريف]Donald Trump[لا نرى خطرا جديدا]Christine Lagarde" },
  /* Who spoke last, though nobody quoted it, goes on; a spokesman stays unnamed; a participle has the subject of its clause. */
  { "حضر أنطونيو غوتيريش وكريستين لاغارد. وقالت لاغارد إن الأسعار ستهدأ. وقال غوتيريش إن الماء سيصل. وأضافت: «لا نرى "
    "خطرا جديدا».",
    "[لا نرى خطرا جديدا]Christine Lagarde" },
  { "قال دونالد ترامب: «سننتظر إلى الخريف». وقال متحدث باسم الوزارة: «الأمر ليس في أيدينا».",
    "[سننتظر إلى الخريف]Donald Trump[الأمر ليس في أيدينا]" },
  { "رفض دونالد ترامب دعوة كير ستارمر، قائلا: «لن نعود إلى الطاولة».", "[لن نعود إلى الطاولة]Donald Trump" },
  { "وصل أنطونيو غوتيريش. وصرح غوتيريش للإذاعة قائلا: «لن نعود إلى الطاولة».",
    "[لن نعود إلى الطاولة]António Guterres" },
  { "«لن نعود إلى الطاولة غدا»، بحسب أنطونيو غوتيريش.", "[لن نعود إلى الطاولة غدا]António Guterres" },
  { "التقى دونالد ترامب الوفد. وقال وزير المالية كير ستارمر: «نبدأ غدا». وقال خلال جولة في شارع أنطونيو غوتيريش: "
    "«سنعود غدا».",
    "[نبدأ غدا]Keir Starmer[سنعود غدا]Keir Starmer" },
  /* An adverb or a form of address behind the verb leads to nobody else; عن leads to whom the words are about. */
  { "التقى دونالد ترامب الوفد. وقال أمس رئيس وزراء بريطانيا كير ستارمر: «سنعود غدا».", "[سنعود غدا]Keir Starmer" },
  { "التقى دونالد ترامب الوفد. وقال أيضا وزير خارجية بريطانيا كير ستارمر: «سنعود غدا».", "[سنعود غدا]Keir Starmer" },
  { "وصل دونالد ترامب. وقالت السيدة الأولى في تركيا أمينة أردوغان: «سنعود غدا».", "[سنعود غدا]Emine Erdoğan" },
  { "وصل دونالد ترامب. وقال عن كير ستارمر: «إنه رجل صعب».", "[إنه رجل صعب]Donald Trump" },
  { "وصل دونالد ترامب. وقال عن المدرب كارلو أنشيلوتي: «إنه رجل صعب».", "[إنه رجل صعب]Donald Trump" },
  /* A title stands for the one who was introduced by it. */
  { "وصل رئيس الوزراء كير ستارمر والمدرب كارلو أنشيلوتي إلى الدوحة. وقال رئيس الوزراء: «سنعود غدا».",
    "[سنعود غدا]Keir Starmer" },
  { "وصل دونالد ترامب. وقال مصدر: «لن نعود غدا». وأضاف المصدر: «سنعود بعد غد».", "[لن نعود غدا][سنعود بعد غد]" },
  { "وصل المتحدث كير ستارمر مع دونالد ترامب. وقال المتحدث: «سنعود غدا».", "[سنعود غدا]Keir Starmer" },
  { "وصل دونالد ترامب. وقال المتحدث باسم الوزارة: «سنعود غدا».", "[سنعود غدا]" },
  /* What is no person speaks for an organisation, or for nobody that is named. */
  { "كتبت الصحيفة عن كارلو أنشيلوتي كثيرا. وقالت الصحيفة: «سنعود غدا».", "[سنعود غدا]" },
  { "وصل الرجل كير ستارمر. وذكر الرجل أن كارلو أنشيلوتي غاضب. وقال الرجل: «سنعود غدا».", "[سنعود غدا]Keir Starmer" },
  { "انتقدت الدراسة دونالد ترامب. وقالت الدراسة: «سنعود غدا».", "[سنعود غدا]" },
  /* Scripture is nobody's on the page, whatever he is called. */
  { "قرأ محمد عبد الله الآية. قال الله تعالى في كتابه الكريم: «إن مع العسر يسرا».", "[إن مع العسر يسرا]" },
  { "قرأ محمد عبد الله الآية. وقال عبد الله: «سنعود غدا».", "[سنعود غدا]محمد عبد الله" },
  /* Short quotations behind إن, and sentences of their own behind what somebody said. */
  { "وقالت كريستين لاغارد من البنك المركزي الأوروبي في فرانكفورت إن ما حدث في الأسواق هذا العام «عاصفة عابرة».",
    "[عاصفة عابرة]Christine Lagarde" },
  { "وأكد أنطونيو غوتيريش أن المياه غمرت القرى.. «لا سقف هنا».", "[لا سقف هنا]António Guterres" },
  { "«لم يبق سقف واحد». بهذه الكلمات لخص أنطونيو غوتيريش ما رآه.", "[لم يبق سقف واحد]António Guterres" },
  { "\"The road is long and hard\", said António Guterres.", "[The road is long and hard]António Guterres" },
};

static const row silence[] = {
  { "افتتح متحف «دار النخيل» أبوابه في المساء.", "" },
  { "صدرت رواية \"بيت الملح\" هذا العام.", "" },
  { "وقال أنطونيو غوتيريش إن رواية «بيت الملح القديم» ستصدر قريبا.", "" },
  { "It's the driver's car and nobody's fault.", "" },
  { "ظهرت «علامة بلا نهاية في السطر\nثم سطر آخر لا يغلقها.", "" },
  { "وقال أنطونيو غوتيريش إن العقد مع «دونالد ترامب» وقع.", "" },
  { "لا شيء هنا.", "" },
};

static void found_in(harness *h, const char *text, char *out, size_t size) {
  document *doc = harness_push_text(h, text);
  assert_non_null(doc);
  qn_layer quotes = harness_layer(h, doc, "quote/1");
  qn_layer entities = harness_layer(h, doc, "entity/1");
  size_t used = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < quotes.n_rows; i++) {
    char *quoted = harness_text_of(doc, quotes.begin[i], quotes.end[i]);
    qn_str speaker = qn_layer_str(&quotes, QN_QUOTE_SPEAKER, i);
    uint32_t entity = qn_layer_u32(&quotes, QN_QUOTE_ENTITY, i);
    used += (size_t)snprintf(out + used, size - used, "[%s]%.*s", quoted, (int)speaker.len, speaker.data);
    assert_true(used < size);
    assert_true(entity == QN_NO_ROW || entity < entities.n_rows);
    assert_true((entity == QN_NO_ROW) == (speaker.len == 0));
    free(quoted);
  }
  document_unref(doc);
}

static void rows_check(const row *rows, size_t n_rows) {
  char out[2048];
  harness *h = harness_new(stages);
  for (size_t i = 0; i < n_rows; i++) {
    found_in(h, rows[i].text, out, sizeof(out));
    assert_string_equal(out, rows[i].found);
  }
  harness_free(h);
}

static void quotes_speech_found_with_speaker(void **state) {
  (void)state;
  rows_check(speech, sizeof(speech) / sizeof(speech[0]));
}

static void quotes_names_and_apostrophes_left_alone(void **state) {
  (void)state;
  rows_check(silence, sizeof(silence) / sizeof(silence[0]));
}

static void quotes_without_entities_have_no_speaker(void **state) {
  (void)state;
  harness *h = harness_new("[{\"use\":\"decode\"},{\"use\":\"sentences\"},{\"use\":\"tokenize\"},"
                           "{\"use\":\"quotes\"}]");
  document *doc = harness_push_text(h, speech[0].text);
  assert_non_null(doc);
  qn_layer quotes = harness_layer(h, doc, "quote/1");
  assert_int_equal(quotes.n_rows, 1);
  assert_int_equal(qn_layer_str(&quotes, QN_QUOTE_SPEAKER, 0).len, 0);
  document_unref(doc);
  harness_free(h);
}

/* A line of marks that nothing closes must not be searched once for each of them. */
static void quotes_many_open_marks_take_linear_time(void **state) {
  (void)state;
  enum { MARKS = 200000 };
  harness *h = harness_new("[{\"use\":\"decode\"},{\"use\":\"sentences\"},{\"use\":\"tokenize\"},"
                           "{\"use\":\"quotes\"}]");
  char *text = malloc(3 * MARKS);
  assert_non_null(text);
  for (size_t i = 0; i < MARKS; i++) {
    memcpy(text + 3 * i, "\xC2\xAB ", 3);
  }
  document *doc = harness_push(h, text, 3 * MARKS);
  assert_non_null(doc);
  assert_int_equal(harness_layer(h, doc, "quote/1").n_rows, 0);
  document_unref(doc);
  free(text);
  harness_free(h);
}

static void quotes_laws_hold(void **state) {
  (void)state;
  const char *texts[sizeof(speech) / sizeof(speech[0]) + sizeof(silence) / sizeof(silence[0])];
  uint32_t n = 0;
  for (size_t i = 0; i < sizeof(speech) / sizeof(speech[0]); i++) {
    texts[n++] = speech[i].text;
  }
  for (size_t i = 0; i < sizeof(silence) / sizeof(silence[0]); i++) {
    texts[n++] = silence[i].text;
  }
  harness *h = harness_new(stages);
  harness_check_laws(h, texts, n);
  harness_free(h);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(quotes_speech_found_with_speaker),
    cmocka_unit_test(quotes_names_and_apostrophes_left_alone),
    cmocka_unit_test(quotes_without_entities_have_no_speaker),
    cmocka_unit_test(quotes_many_open_marks_take_linear_time),
    cmocka_unit_test(quotes_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
