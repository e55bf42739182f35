/* SPDX-License-Identifier: Apache-2.0 */

/* dashboard.html, which the build turns into an array. Floor 4. */
#ifndef CORE_SERVE_DASHBOARD_HTML_H
#define CORE_SERVE_DASHBOARD_HTML_H

#include <stddef.h>

extern const unsigned char dashboard_html[];
extern const size_t dashboard_html_len;

#endif
