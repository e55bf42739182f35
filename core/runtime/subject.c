/* SPDX-License-Identifier: Apache-2.0 */

/* The id is only looked up when there is something to log. */
#include "runtime/subject.h"

_Thread_local const document *subject_now;

qn_str subject_id(void) {
  qn_value value;
  bool known =
      subject_now != NULL && document_field_get(subject_now, QN_LIT("id"), &value) == 0 && value.type == QN_VALUE_STR;
  return known ? value.as.str : (qn_str){ "", 0 };
}
