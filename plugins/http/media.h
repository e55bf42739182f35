/* SPDX-License-Identifier: Apache-2.0 */

/* What a request says its body is: Content-Type and Content-Encoding. */
#ifndef HTTP_MEDIA_H
#define HTTP_MEDIA_H

#include "http/unpack.h"

typedef enum media_kind { MEDIA_UNKNOWN = 0, MEDIA_TEXT, MEDIA_HTML, MEDIA_JSON, MEDIA_LINES } media_kind;

enum { MEDIA_TYPE_MAX = 200 };

/* By the type before any ";"; MEDIA_UNKNOWN also for NULL, and for what is too long or no plain ASCII. */
media_kind media_kind_of(const char *content_type);

/* CODING_UNKNOWN for what is not spoken here, also for several codings one over the other. NULL: none. */
unpack_coding media_coding_of(const char *content_encoding);

#endif
