/* SPDX-License-Identifier: Apache-2.0 */

/* What a stage says of a document when it returns.
 *
 * Stage functions return qn_status; host functions return 0 or a negative errno. The two never mix. */
#ifndef QANAT_STATUS_H
#define QANAT_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t qn_status;

enum {
  /* Done. A transform's layers, views and fields are sealed into the document; a source has no more. */
  QN_STATUS_OK = 0,
  /* A generator (a source, or a transform that splits) emitted something and wants to be called again. */
  QN_STATUS_MORE = 1,
  /* The document is not wanted; it settles as dropped. Nothing the stage built is kept. */
  QN_STATUS_DROP = 2,
  /* An async stage took the document and will call complete() once, from any thread. */
  QN_STATUS_PENDING = 3,
  /* The three failures come with a message set by fail(); an empty one is reported as the plugin's fault.
   * RETRY: may succeed later (a service is down). REJECT: this document can never pass.
   * FATAL: the stage itself is broken; the pipeline stops. */
  QN_STATUS_RETRY = 4,
  QN_STATUS_REJECT = 5,
  QN_STATUS_FATAL = 6
};

/* How loud a log line is. */
enum { QN_LOG_ERROR = 0, QN_LOG_WARNING = 1, QN_LOG_INFO = 2, QN_LOG_DEBUG = 3 };

#ifdef __cplusplus
}
#endif

#endif
