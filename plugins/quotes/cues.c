/* SPDX-License-Identifier: Apache-2.0 */

/* What announces speech: a verb of saying before or behind it, a colon, إن. */
#include <string.h>

#include "find.h"
#include "qanat/layers.h"
#include "text/utf8.h"

enum { CLAUSE_MAX_TOKENS = 40, AFTER_MAX_TOKENS = 6, NAME_MAX_TOKENS = 14 };

/* What a subject may be that is no name, and what is none. */
static void subjects_fill(quote_words *words) {
  wordset_add(
      &words->participles,
      "قائلا قائلة قائلين مضيفا مضيفة موضحا موضحة مؤكدا مؤكدة معلنا معلنة متابعا متابعة مشيرا مشيرة لافتا لافتة مفيدا "
      "مفيدة مشددا مشددة كاتبا معلقا معلقة سائلا متسائلا متسائلة خاتما خاتمة محذرا محذرة معتبرا معتبرة شارحا شارحة "
      "واصفا واصفة مجيبا مجيبة مازحا مازحة مبينا مبينة منبها مبتسما مبتسمة داعيا ذاكرا مصرحا موضحة مهددا متهما منددا "
      "مبررا ملمحا مكتفيا منتقدا بالقول");
  wordset_add(
      &words->roles,
      "مدير مديرة رئيس رئيسة وزير وزيرة نائب نائبة محافظ محافظة أمين أمينة عضو عضوة قائد زعيم زعيمة مدرب مدربة لاعب "
      "لاعبة باحث باحثة أستاذ أستاذة خبير خبيرة محلل محللة محام محامي محامية طبيب طبيبة مهندس مهندسة كاتب كاتبة مخرج "
      "مخرجة ممثل ممثلة متحدث متحدثة ناطق ناطقة مسؤول مسؤولة مستشار مستشارة سفير سفيرة قاض قاضي قاضية والي عمدة حاكم "
      "ملك ملكة أمير أميرة شيخ منسق منسقة مؤسس شريك صاحب صاحبة شقيق شقيقة والد والدة زوج زوجة ابنة عالم عالمة مزارع "
      "مزارعة بائع بائعة سائق سائقة معلم معلمة ممرض ممرضة ناشط ناشطة كبير كبيرة وزارة شركة هيئة لجنة مجلس بنك حزب نادي "
      "منتخب فريق مكتب قسم جامعة منظمة اتحاد نقابة جمعية مؤسسة شؤون خارجية داخلية دفاع مالية صحة رئاسة إدارة");
  wordset_add(&words->nobodies,
              "متحدث متحدثة ناطق ناطقة مصدر مصادر مسؤول مسؤولة مسؤولون مسؤولين دبلوماسي دبلوماسيون "
              "شاهد شهود سكان محللون خبراء ناشطون spokesman spokeswoman spokesperson officials sources");
  wordset_add(&words->divine, "الله تعالى سبحانه");
  wordset_add(&words->honorifics,
              "سعادته سعادتها معاليه معاليها سموه سموها فخامته جلالته سيادته سيادتها دولته حضرته قداسته فضيلته");
  wordset_add(
      &words->institutions,
      "الشركة الوزارة الهيئة البنك المصرف المنظمة الجمعية الجامعة النادي اللجنة المؤسسة الاتحاد المجموعة الحركة "
      "الحزب المحكمة الوكالة الجماعة النقابة المنصة الجيش الشرطة البعثة الصحيفة المجلة الجريدة القناة الإذاعة الدراسة "
      "التقرير البيان");
  wordset_add(&words->sourcing, "بحسب حسب وفق وفقا وفقًا نقلا according");
  wordset_add(&words->presenting, "أما وأما");
  wordset_add(&words->sons, "بن بنت ابن ابنة ولد آل");
  wordset_add(
      &words->particles,
      "في من إلى على عن مع بين حتى منذ قبل بعد خلال عند لدى نحو ضد حول دون غير أو أم ثم بل لكن لأن أن إن كما حيث "
      "عندما بينما فيما مما ما لا لم لن قد لقد كان كانت يكون تكون هو هي هم هذا هذه ذلك تلك الذي التي الذين كل "
      "بعض جميع أيضا فقط أما وفق وفقا بحسب حسب عبر أمس اليوم غدا السيد السيدة الدكتور الدكتورة اسمه اسمها باسم");
  wordset_add(&words->prepositions, "في من إلى على عن مع بين منذ قبل بعد خلال عند لدى نحو ضد حول عبر");
  wordset_add(&words->targets, "عن على إلى ضد حول");
}

void quote_words_fill(quote_words *words, uint32_t min_words) {
  memset(words, 0, sizeof(*words));
  words->min_words = min_words;
  wordset_add(
      &words->saying,
      "قال قالت قالا قالوا قلن يقول تقول يقولون قائلا قائلة قائلين القول قوله قولها أضاف أضافت أضافا أضافوا يضيف تضيف "
      "مضيفا مضيفة أوضح أوضحت أوضحوا يوضح توضح موضحا موضحة صرح صرحت يصرح تصرح ذكر ذكرت يذكر تذكر ذاكرا أكد أكدت أكدوا "
      "يؤكد تؤكد مؤكدا مؤكدة أعلن أعلنت يعلن تعلن معلنا معلنة تابع تابعت يتابع تتابع متابعا متابعة أشار أشارت يشير "
      "تشير "
      "مشيرا مشيرة لفت لفتت يلفت تلفت لافتا لافتة أفاد أفادت يفيد تفيد مفيدا شدد شددت يشدد تشدد مشددا مشددة كتب كتبت "
      "يكتب "
      "تكتب كاتبا علق علقت يعلق تعلق معلقا معلقة سأل سألت يسأل تسأل سائلا تساءل تساءلت يتساءل تتساءل متسائلا ختم ختمت "
      "يختم تختم خاتما خاتمة اختتم اختتمت أردف أردفت يردف تردف رد ردت يرد ترد ردا حذر حذرت يحذر تحذر محذرا محذرة اعتبر "
      "اعتبرت "
      "يعتبر تعتبر معتبرا رأى رأت يرى ترى زعم زعمت يزعم نفى نفت أقر أقرت يقر تقر اعترف اعترفت يعترف تعترف شرح شرحت "
      "يشرح "
      "تشرح شارحا روى روت يروي تروي وصف وصفت يصف تصف واصفا واصفة وصفه وصفها وصفته هتف هتفت صاح صاحت همس همست سخر سخرت "
      "يسخر تسخر غرد غردت يغرد نقل نقلت ينقل تنقل لخص لخصت يلخص أجاب أجابت يجيب تجيب مجيبا تحدث تحدثت زاد زادت يزيد "
      "تزيد "
      "أكمل أكملت استدرك استدركت مزح مازحا مازحة مبينا مبينة بين بينت استطرد استطردت نبه نبهت ينبه منبها أبلغ أبلغت "
      "أخبر "
      "أخبرت يخبر تخبر تمتم ضحك ضحكت ابتسم ابتسمت مبتسما مبتسمة صرخ صرخت نصح نصحت عقب عقبت يعقب طالب طالبت يطالب تطالب "
      "دعا دعت "
      "داعيا "
      "توقع توقعت يتوقع تتوقع جاء ورد شكا شكت يشكو تشكو شكك شككت وعد وعدت تعهد تعهدت يصر تصر أصر أصرت اشتكى اشتكت "
      "هدد هددت يهدد تهدد مهددا اتهم اتهمت يتهم تتهم متهما ندد نددت يندد تندد منددا برر بررت يبرر تبرر مبررا لمح لمحت "
      "يلمح تلمح ملمحا بالقول بقوله بقولها اكتفى اكتفت مكتفيا اختصر اختصرت يختصر تختصر يمزح تمزح مزحت طمأن طمأنت "
      "توعد توعدت استنكر استنكرت انتقد انتقدت ينتقد تنتقد منتقدا وصفوه عده عدته اعتبره اعتبرته "
      "حكى حكت يحكي تحكي يسميه تسميه سماه يصفه يصفها تصفه تصفها أقسم أقسمت استشهد قاطع قاطعت يقدر عاد عادت "
      "said says saying told tells added adds explained explains wrote writes asked asks announced stated states "
      "warned "
      "noted notes insisted argued replied recalled continued declared joked concluded commented tweeted according");
  wordset_add(&words->feminine, "قالت تقول قائلة أضافت تضيف مضيفة أوضحت توضح موضحة صرحت تصرح ذكرت تذكر أكدت تؤكد مؤكدة "
                                "أعلنت تعلن معلنة تابعت تتابع متابعة "
                                "أشارت تشير مشيرة لفتت تلفت لافتة أفادت تفيد مفيدة شددت تشدد مشددة كتبت تكتب علقت تعلق "
                                "سألت تسأل سائلة تساءلت تتساءل متسائلة "
                                "ختمت تختم خاتمة اختتمت أردفت تردف ردت ترد حذرت تحذر محذرة اعتبرت تعتبر معتبرة رأت ترى "
                                "زعمت نفت أقرت تقر اعترفت تعترف شرحت "
                                "تشرح شارحة روت تروي وصفت تصف واصفة هتفت صاحت همست سخرت تسخر غردت نقلت تنقل لخصت أجابت "
                                "تجيب مجيبة تحدثت زادت تزيد أكملت "
                                "استدركت مازحة مبينة بينت استطردت نبهت أبلغت أخبرت تخبر ابتسمت مبتسمة نصحت عقبت طالبت "
                                "تطالب دعت توقعت تتوقع شكت تشكو شككت وعدت "
                                "تعهدت تصر أصرت اشتكت حكت تحكي تصفه تصفها أقسمت قاطعت عادت ضحكت صرخت "
                                "هددت تهدد اتهمت تتهم نددت تندد بررت تبرر لمحت تلمح اكتفت اختصرت تختصر تمزح مزحت طمأنت "
                                "توعدت استنكرت انتقدت تنتقد بقولها قولها عدته اعتبرته");
  subjects_fill(words);
  wordset_add(&words->linking, "إن أن بأن إنه إنها أنه أنها إنهم أنهم أنني إنني إننا أننا بأنه بأنها that");
  wordset_add(&words->before_saying, "كما هكذا هذا ما حسبما وفقما مثلما على حد بحسب حسب الكلمات العبارة as so");
  wordset_add(&words->summing, "هكذا بهذه بهذا");
  wordset_add(
      &words->titled,
      "فيلم رواية كتاب مسلسل برنامج صحيفة مجلة جريدة قناة إذاعة شركة مؤسسة مجموعة منصة تطبيق موقع مبادرة مشروع معرض "
      "مهرجان متحف حملة فرقة أغنية ألبوم قصيدة ديوان لوحة فندق مطعم نادي جائزة مؤتمر منتدى كلمة مصطلح وسم لقب اسم "
      "منصب وكالة بنك مصرف جمعية عملية");
}

uint32_t token_at(const qn_layer *tokens, uint32_t offset) {
  uint32_t low = 0;
  uint32_t high = tokens->n_rows;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (tokens->begin[middle] < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int cue_is_saying(const quote_words *words, const quote_input *input, uint32_t token) {
  qn_str form = qn_layer_str(&input->tokens, QN_TOKEN_FORM, token);
  return qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token) == QN_TOKEN_KIND_WORD &&
         wordset_has_loose(&words->saying, form.data, form.len);
}

static uint32_t token_code(const quote_input *input, uint32_t token) {
  return utf8_peek(input->view.data, input->tokens.begin[token]);
}

static int is_punctuation(const quote_input *input, uint32_t token) {
  uint32_t kind = qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token);
  return kind == QN_TOKEN_KIND_PUNCTUATION || kind == QN_TOKEN_KIND_SYMBOL;
}

static int ends_sentence(uint32_t code) {
  return code == '.' || code == '!' || code == '?' || code == 0x61F || code == 0x2026;
}

static int is_stop(const quote_input *input, uint32_t token) {
  return is_punctuation(input, token) && ends_sentence(token_code(input, token));
}

/* True if a line or a cut lies between two tokens. */
static int is_apart(const quote_input *input, uint32_t from, uint32_t to) {
  for (uint32_t at = from; at < to; at++) {
    if (input->view.data[at] == '\n') {
      return 1;
    }
  }
  return 0;
}

/* Goes back to the begin of the clause, and remembers the verb nearest to the quotation. */
static void look_back(const quote_words *words, const quote_input *input, const quote_marks *marks, quote_cue *cue) {
  uint32_t token = cue->left;
  uint32_t next_begin = marks->outer_begin;
  int is_near = 1;
  while (token > 0 && cue->left - token < CLAUSE_MAX_TOKENS) {
    uint32_t before = token - 1;
    if (is_apart(input, input->tokens.end[before], next_begin) || (is_stop(input, before) && !is_near)) {
      break;
    }
    is_near = is_near && is_stop(input, before); /* "... الآبار.. «الناس يشربون»" goes on with what was said */
    token = before;
    next_begin = input->tokens.begin[token];
    if (cue->verb_before == QN_NO_ROW) {
      qn_str form = qn_layer_str(&input->tokens, QN_TOKEN_FORM, token);
      cue->verb_before = cue_is_saying(words, input, token) ? token : QN_NO_ROW;
      cue->is_reported = cue->is_reported || wordset_has(&words->linking, form.data, form.len);
    }
  }
  cue->clause = token;
  if (cue->left > 0 && cue->left > token) {
    uint32_t last = cue->left - 1;
    uint32_t code = token_code(input, last);
    qn_str form = qn_layer_str(&input->tokens, QN_TOKEN_FORM, last);
    cue->has_colon = is_punctuation(input, last) && code == ':';
    cue->has_stop = is_stop(input, last);
    cue->is_titled = wordset_has_loose(&words->titled, form.data, form.len);
    cue->has_link = (is_punctuation(input, last) && (code == ',' || code == 0x60C)) ||
                    wordset_has(&words->linking, form.data, form.len) || last == cue->verb_before;
  }
}

/* "« ... »، مهندسة الأنفاق فلانة صرحت": translations put the subject first. The verb must follow a person's name at once. */
static void look_past_name(const quote_words *words, const quote_input *input, const quote_marks *marks,
                           quote_cue *cue) {
  const qn_layer *entities = &input->entities;
  uint32_t end = marks->outer_end;
  for (uint32_t i = 0; i < NAME_MAX_TOKENS && cue->right + i < input->tokens.n_rows; i++) {
    uint32_t token = cue->right + i;
    if (is_apart(input, end, input->tokens.begin[token]) ||
        (is_punctuation(input, token) &&
         (ends_sentence(token_code(input, token)) || token_code(input, token) == ':'))) {
      return;
    }
    end = input->tokens.end[token];
    uint32_t mention = token_at(entities, input->tokens.begin[token]);
    if (i == 0 || mention == 0 || !cue_is_saying(words, input, token) ||
        qn_layer_u32(entities, QN_ENTITY_TYPE, mention - 1) != QN_ENTITY_TYPE_PERSON ||
        entities->begin[mention - 1] < marks->outer_end || entities->end[mention - 1] < input->tokens.end[token - 1]) {
      continue;
    }
    cue->verb_after = token;
    cue->is_named_first = 1;
    return;
  }
}

/* "« ... »، قال": a verb behind the closing mark, after a comma or "كما". */
static void look_ahead(const quote_words *words, const quote_input *input, const quote_marks *marks, quote_cue *cue) {
  uint32_t end = marks->outer_end;
  int is_over = 0;
  for (uint32_t i = 0; i < AFTER_MAX_TOKENS && cue->right + i < input->tokens.n_rows; i++) {
    uint32_t token = cue->right + i;
    if (is_apart(input, end, input->tokens.begin[token])) {
      return;
    }
    end = input->tokens.end[token];
    qn_str form = qn_layer_str(&input->tokens, QN_TOKEN_FORM, token);
    if (!is_over && cue_is_saying(words, input, token)) {
      uint8_t first = (uint8_t)form.data[0];
      int has_and = form.len > 4 && first == 0xD9 && (uint8_t)form.data[1] == 0x88; /* وأضاف: another sentence */
      cue->verb_after = has_and ? QN_NO_ROW : token;
      return;
    }
    uint32_t code = token_code(input, token);
    if (is_punctuation(input, token)) {
      is_over = is_over || ends_sentence(code);
      if (code == ':') {
        break;
      }
    } else if (wordset_has(&words->summing, form.data, form.len)) {
      is_over = 0; /* "« ... ». بهذه الكلمات لخص" */
    } else if (is_over || !wordset_has(&words->before_saying, form.data, form.len)) {
      break;
    }
  }
  look_past_name(words, input, marks, cue);
}

void cue_find(const quote_words *words, const quote_input *input, const quote_marks *marks, quote_cue *ret_cue) {
  quote_cue cue = { .verb_before = QN_NO_ROW, .verb_after = QN_NO_ROW };
  cue.left = token_at(&input->tokens, marks->outer_begin);
  cue.right = token_at(&input->tokens, marks->outer_end);
  while (cue.left > 0 && input->tokens.end[cue.left - 1] > marks->outer_begin) {
    cue.left--;
  }
  look_back(words, input, marks, &cue);
  look_ahead(words, input, marks, &cue);
  uint32_t source = cue.right;
  if (source < input->tokens.n_rows && is_punctuation(input, source)) {
    uint32_t code = token_code(input, source);
    source += code == ',' || code == 0x60C;
  }
  if (source < input->tokens.n_rows) {
    qn_str form = qn_layer_str(&input->tokens, QN_TOKEN_FORM, source);
    cue.has_source = wordset_has(&words->sourcing, form.data, form.len);
  }
  cue.is_last = cue.right >= input->tokens.n_rows || is_punctuation(input, cue.right) ||
                is_apart(input, marks->outer_end, input->tokens.begin[cue.right]);
  *ret_cue = cue;
}
