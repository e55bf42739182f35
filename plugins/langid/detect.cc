/* SPDX-License-Identifier: Apache-2.0 */

/* CLD2's answer in our words. It reads static tables only, so any thread may ask. */
#include "detect.h"

/* The header below uses FILE and does not include this. */
#include <stdio.h>
#include <string.h>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

/* CLD2 keeps a few codes that BCP 47 has replaced. */
static const char *modern_code(const char *code) {
  if (strcmp(code, "iw") == 0) {
    return "he";
  }
  if (strcmp(code, "no") == 0) {
    return "nb";
  }
  return strcmp(code, "un") == 0 ? "" : code;
}

extern "C" detect_result detect_language(const char *text, int len) {
  CLD2::Language languages[3];
  int percents[3];
  double scores[3];
  int text_bytes = 0;
  bool reliable = false;
  CLD2::CLDHints hints = { nullptr, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE };
  CLD2::ExtDetectLanguageSummary(text, len, true, &hints, 0, languages, percents, scores, nullptr, &text_bytes,
                                 &reliable);
  detect_result result = { modern_code(CLD2::LanguageCode(languages[0])), percents[0] / 100.0, reliable };
  return result;
}
