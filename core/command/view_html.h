/* SPDX-License-Identifier: Apache-2.0 */

/* The page of `qanat view`, made from view.html by the build. Floor 5. */
#ifndef CORE_COMMAND_VIEW_HTML_H
#define CORE_COMMAND_VIEW_HTML_H

#include <stddef.h>

extern const unsigned char view_html[];
extern const size_t view_html_len;

#endif
