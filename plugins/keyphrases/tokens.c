/* SPDX-License-Identifier: Apache-2.0 */

/* Makes tokens comparable: without proclitics and article, and with what their letters tell of their part of speech. */
#include <errno.h>
#include <string.h>

#include "phrases.h"
#include "qanat/layers.h"
#include "text/fold.h"
#include "text/lent.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { TITLE_WORDS_MAX = 64 };

#define ALEF_LAM "\xD8\xA7\xD9\x84"

void phrase_words_fill(phrase_words *words, uint32_t limit) {
  memset(words, 0, sizeof(*words));
  words->limit = limit;
  wordset_add(
      &words->stop,
      "في من إلى على عن مع بين حتى منذ قبل بعد خلال عند لدى نحو ضد حول دون غير أو أم ثم بل لكن ولكن لأن أن إن كما حيث "
      "عندما بينما فيما مما ما ماذا لا لم لن قد لقد كان كانت يكون تكون كانوا هو هي هم هما نحن أنا أنت هذا هذه هذان "
      "هؤلاء "
      "ذلك تلك الذي التي الذين اللذين اللواتي أي كل كلا بعض جميع أيضا فقط و أنه أنها أنهم إنه إنها وهو وهي وهم وقد "
      "وكان "
      "وكانت عليه عليها عليهم فيه فيها فيهم منه منها منهم له لها لهم لنا به بها بهم إليه إليها معه معها عنه عنها بينها "
      "بينهم ليس ليست سوف بأن أكثر أقل أحد إحدى وفق وفقا بحسب حسب عبر ضمن تحت فوق أمام خلف وراء داخل خارج عدم مثل حين "
      "حينما إذ إذا لو لولا لما كي لكي أما إما إلا سوى بلا بدون بسبب لذلك هناك هنا هكذا كذلك كيف متى أين لماذا هل نعم "
      "قرب محل إثر عقب جراء صوب طوال غداة وسط آخر أخرى آخرين أول أولى ثاني ثانية ثالث نفس نفسه نفسها ذاته ذاتها بضع "
      "بضعة عدة عديد كثير كثيرا قليل جدا حاليا "
      "حوالي تقريبا نحو زهاء قرابة الآن اليوم أمس غدا صباح مساء ليلة يوم يومي عام العام سنة السنة شهر الشهر أسبوع "
      "الأسبوع "
      "ساعة الساعة دقيقة ثانية أيام أشهر سنوات أعوام مليون مليار ألف آلاف ملايين مليارات تريليون مئة مائة بالمئة "
      "بالمائة "
      "دولار دولارا يورو ريال درهم دينار جنيه ليرة يوان روبية طن متر كيلومتر كيلومترا نصف ثلث ربع واحد واحدة اثنين "
      "اثنان "
      "ثلاثة ثلاث أربعة أربع خمسة خمس ستة ست سبعة سبع ثمانية ثماني تسعة تسع عشرة عشر عشرين ثلاثين أربعين خمسين ستين "
      "سبعين "
      "ثمانين تسعين الماضي الماضية المقبل المقبلة القادم القادمة الحالي الحالية الجاري الجارية السابق السابقة وحده "
      "وحدها "
      "وحدهم لأول أحدهم جانب إضافة اليها خاصة مرة مرات معظم غالبية نسبة بنسبة بقيمة قيمة عدد مدى لمدة لصالح "
      "the a an of to in on at for and or but is are was were be been being by with from that this these those it its "
      "as "
      "has have had will would can could may might not no he she they we you i his her their our who which what when "
      "where than then so if into about over under after before between more most other some any all also only very "
      "s t said says new one two");
  wordset_add(
      &words->verbs,
      "قال قالت قالوا أضاف أضافت أوضح أوضحت صرح صرحت ذكر ذكرت أكد أكدت أعلن أعلنت تابع تابعت أشار أشارت لفت لفتت أفاد "
      "أفادت شدد شددت كتب كتبت علق علقت سأل سألت ختم ختمت أردف رد ردت حذر حذرت اعتبر اعتبرت رأى رأت زعم نفى نفت أقر "
      "أقرت "
      "شرح شرحت روى وصف وصفت بلغ بلغت وصل وصلت ارتفع ارتفعت انخفض انخفضت تراجع تراجعت هبط هبطت صعد صعدت سجل سجلت حقق "
      "حققت "
      "خسر خسرت فاز فازت باع باعت اشترى اشترت طلب طلبت وقع وقعت أطلق أطلقت بدأ بدأت انتهى انتهت جاء جاءت ظهر ظهرت أظهر "
      "أظهرت كشف كشفت قدم قدمت منح منحت تلقى تلقت تسلم تسلمت وافق وافقت رفض رفضت قرر قررت أصبح أصبحت صار صارت ظل ظلت "
      "بات "
      "باتت عاد عادت دخل دخلت خرج خرجت غادر غادرت وضع وضعت فتح فتحت أغلق أغلقت نقل نقلت حمل حملت ترك تركت أخذ أخذت "
      "أعطى "
      "عرض عرضت شارك شاركت شهد شهدت ضم ضمت شمل شملت يتم تم تمت زاد زادت نما نمت أدى أدت دفع دفعت جعل جعلت سمح سمحت "
      "احتاج "
      "استخدم استخدمت استضاف استضافت افتتح افتتحت أنشأ أنشأت أسس بنى بنت خصص خصصت وفر وفرت دعا دعت طالب طالبت انسحب "
      "انسحبت تأهل تأهلت بقي بقيت يجب يمكن ينبغي سيتم ستكون سيكون تعد يعد تعتبر يعتبر ليس زال لاتزال تزال يزال مازال "
      "قالوا كسب كسبت تعرض تعرضت اتهم اتهمت أدان أدانت قضت حكمت ألغت ألغى خفض خفضت رفع رفعت");
}

void phrase_scratch_init(phrase_scratch *scratch, const qn_host *host, qn_env *env) {
  memset(scratch, 0, sizeof(*scratch));
  scratch->host = host;
  scratch->env = env;
}

void phrase_scratch_done(phrase_scratch *scratch) {
  scratch->host->release(scratch->env, scratch->tokens);
  scratch->host->release(scratch->env, scratch->phrases);
  scratch->host->release(scratch->env, scratch->slots);
  scratch->host->release(scratch->env, scratch->ranking);
}

/* --- titles --- */

/* The terms of the title: few enough to be compared one by one. */
typedef struct title_terms {
  uint64_t terms[TITLE_WORDS_MAX];
  uint32_t n_terms;
} title_terms;

static int title_has(const title_terms *title, uint64_t term) {
  for (uint32_t i = 0; i < title->n_terms; i++) {
    if (title->terms[i] == term) {
      return 1;
    }
  }
  return 0;
}

/* --- tokens --- */

static uint32_t form_letter(qn_str form, size_t from_end) {
  size_t at = form.len;
  while (from_end > 0 && at >= 2) {
    at -= 2;
    from_end--;
  }
  if (at >= form.len) {
    return 0;
  }
  uint32_t pos = (uint32_t)at;
  return utf8_next((const uint8_t *)form.data, &pos);
}

/* Whether an Arabic word without article looks like a verb: يفعل, سيفعل, تفعل, فعلت. Nouns in تفعيل and ة, ات, ا are
 * none. */
static int looks_like_verb(qn_str form) {
  static const uint32_t ya = 0x64A;
  static const uint32_t ta = 0x62A;
  static const uint32_t sin = 0x633;
  static const uint32_t alef = 0x627;
  static const uint32_t ha = 0x647;
  static const uint32_t waw = 0x648;
  uint32_t pos = 0;
  const uint8_t *text = (const uint8_t *)form.data;
  if (form.len < 6 || (uint8_t)form.data[0] < 0xD8) {
    return 0;
  }
  uint32_t first = utf8_next(text, &pos);
  uint32_t second = utf8_next(text, &pos);
  uint32_t last = form_letter(form, 1);
  uint32_t before_last = form_letter(form, 2);
  if (first == ya && form.len > 6) {
    return last != ha && before_last != alef;
  }
  if (first == sin && (second == ya || second == ta) && form.len > 8) {
    return last != ha && before_last != alef && (second == ta || last != alef);
  }
  if (last == alef && before_last == waw) { /* أعادوا */
    return 1;
  }
  if (last == ta && before_last != alef && form.len >= 8) {
    return 1;
  }
  return first == ta && form.len >= 8 && last != ha && last != alef && before_last != ya && before_last != alef &&
         last != ta;
}

/* Bytes of proclitics at the begin of a token, by the parts of the token; parts moves along. */
static uint32_t proclitic_bytes(const phrase_input *input, uint32_t token, uint32_t *part) {
  const qn_layer *parts = &input->parts;
  uint32_t begin = input->tokens.begin[token];
  uint32_t stem = begin;
  while (*part < parts->n_rows && parts->begin[*part] < begin) {
    (*part)++;
  }
  for (uint32_t i = *part; i < parts->n_rows && parts->begin[i] < input->tokens.end[token]; i++) {
    if (qn_layer_u32(parts, QN_PART_KIND, i) != QN_PART_KIND_PROCLITIC) {
      break;
    }
    stem = parts->end[i];
  }
  return stem - begin;
}

/* How many letters a stretch of text has, as folding counts them. */
static uint32_t letters_in(const uint8_t *text, uint32_t begin, uint32_t end) {
  uint32_t n = 0;
  while (begin < end) {
    n += fold_code(utf8_next(text, &begin)) != 0;
  }
  return n;
}

/* Where the text stands after n letters. */
static uint32_t skip_letters(const uint8_t *text, uint32_t at, uint32_t end, uint32_t n) {
  while (n > 0 && at < end) {
    n -= fold_code(utf8_next(text, &at)) != 0;
  }
  return at;
}

/* A word without its proclitics: the form, and where it begins in the text. */
static qn_str stem_of(const phrase_input *input, uint32_t token, uint32_t *part, uint32_t *ret_begin) {
  qn_str form = qn_layer_str(&input->tokens, QN_TOKEN_FORM, token);
  uint32_t begin = input->tokens.begin[token];
  uint32_t clitic = proclitic_bytes(input, token, part);
  size_t skip = 2 * (size_t)letters_in(input->view.data, begin, begin + clitic);
  if (clitic == 0) { /* without parts, only what stands before the article is surely a proclitic */
    skip = wordset_term_skip(form.data, form.len);
    skip = skip >= 6 && memcmp(form.data + skip - 4, ALEF_LAM, 4) == 0 ? skip - 4 : 0;
    clitic = skip_letters(input->view.data, begin, input->tokens.end[token], (uint32_t)(skip / 2)) - begin;
  }
  if (skip < form.len) {
    form.data += skip;
    form.len -= skip;
    begin += clitic;
  }
  *ret_begin = begin;
  return form;
}

static uint32_t traits_of(const phrase_input *input, const phrase_words *words, uint32_t token, qn_str form,
                          uint64_t hash) {
  uint32_t traits = 0;
  uint32_t script = qn_layer_u32(&input->tokens, QN_TOKEN_SCRIPT, token);
  uint8_t first = input->view.data[input->tokens.begin[token]];
  if (script == QN_TOKEN_SCRIPT_ARABIC) {
    traits |= TRAIT_ARABIC;
    if (form.len >= 8 && memcmp(form.data, ALEF_LAM, 4) == 0) {
      traits |= TRAIT_DEFINITE;
    } else if (wordset_has_hash(&words->verbs, hash) || looks_like_verb(form)) {
      traits |= TRAIT_VERB;
    }
  } else if (first >= 'A' && first <= 'Z') {
    traits |= TRAIT_CAPITAL;
  }
  return traits;
}

/* True if nothing but spaces stands between two tokens. */
static int is_near(const qn_view *view, uint32_t from, uint32_t to) {
  for (; from < to; from++) {
    if (view->data[from] != ' ') {
      return 0;
    }
  }
  return 1;
}

static phrase_token token_read(const phrase_words *words, const phrase_input *input, const title_terms *title,
                               uint32_t token, uint32_t *part) {
  phrase_token out = { .begin = input->tokens.begin[token] };
  uint32_t kind = qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token);
  if (kind != QN_TOKEN_KIND_WORD) {
    out.traits = kind == QN_TOKEN_KIND_NUMBER ? TRAIT_NUMBER : 0;
    return out;
  }
  qn_str whole = qn_layer_str(&input->tokens, QN_TOKEN_FORM, token);
  qn_str form = stem_of(input, token, part, &out.begin);
  uint64_t hash = wordset_hash(form.data, form.len);
  if (whole.len < 2 || wordset_has_hash(&words->stop, hash) ||
      (whole.len != form.len && wordset_has(&words->stop, whole.data, whole.len))) {
    return out;
  }
  out.term = wordset_term_of(form.data, form.len, hash);
  out.traits = traits_of(input, words, token, form, hash) | (title_has(title, out.term) ? TRAIT_TITLE : 0);
  if (out.begin != input->tokens.begin[token] || token == 0 ||
      !is_near(&input->view, input->tokens.end[token - 1], input->tokens.begin[token])) {
    out.traits |= TRAIT_PARTS;
  }
  return out;
}

/* A run of words may hold a name, but not a piece of one. */
static void name_mark(phrase_scratch *scratch, const phrase_input *input, uint32_t token, uint32_t end) {
  for (uint32_t i = token; i < scratch->n_tokens && input->tokens.begin[i] < end; i++) {
    int is_last = i + 1 >= scratch->n_tokens || input->tokens.begin[i + 1] >= end;
    scratch->tokens[i].traits |= (i > token ? TRAIT_INSIDE : 0) | (is_last ? TRAIT_NAMED : TRAIT_GOES_ON);
  }
}

/* Dates, sums and quantities are no part of a phrase, and names are whole. */
static void entities_mark(phrase_scratch *scratch, const phrase_input *input) {
  const qn_layer *entities = &input->entities;
  uint32_t token = 0;
  for (uint32_t i = 0; i < entities->n_rows && token < scratch->n_tokens; i++) {
    uint32_t type = qn_layer_u32(entities, QN_ENTITY_TYPE, i);
    while (token < scratch->n_tokens && input->tokens.end[token] <= entities->begin[i]) {
      token++;
    }
    if (type != QN_ENTITY_TYPE_DATE && type != QN_ENTITY_TYPE_MONEY && type != QN_ENTITY_TYPE_PERCENT &&
        type != QN_ENTITY_TYPE_QUANTITY) {
      name_mark(scratch, input, token, entities->end[i]);
      continue;
    }
    for (; token < scratch->n_tokens && input->tokens.begin[token] < entities->end[i]; token++) {
      scratch->tokens[token].term = 0;
    }
  }
}

int phrase_tokens_read(phrase_scratch *scratch, const phrase_words *words, const phrase_input *input) {
  void *tokens = scratch->tokens;
  title_terms title;
  uint32_t part = 0;
  uint32_t n_tokens = input->tokens.n_rows < PHRASE_TOKENS_MAX ? input->tokens.n_rows : PHRASE_TOKENS_MAX;
  int fault =
      lent_room(scratch->host, scratch->env, &tokens, &scratch->tokens_capacity, n_tokens, sizeof(*scratch->tokens));
  scratch->tokens = tokens;
  if (fault != 0) {
    return fault;
  }
  title.n_terms = wordset_terms(&words->stop, input->title.data, input->title.len, title.terms, TITLE_WORDS_MAX);
  scratch->n_tokens = n_tokens;
  for (uint32_t i = 0; i < n_tokens; i++) {
    scratch->tokens[i] = token_read(words, input, &title, i, &part);
  }
  entities_mark(scratch, input);
  return 0;
}
