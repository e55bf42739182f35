/* SPDX-License-Identifier: Apache-2.0 */

/* Memory that runs out on request. A test that depends on failing_alloc_dep has malloc and its kin wrapped. */
#ifndef TESTS_FAILING_ALLOC_H
#define TESTS_FAILING_ALLOC_H

#include <stdbool.h>

/* The n-th allocation from now on fails (1: the next), once; 0: none does. */
void failing_alloc_set(unsigned n);
/* The same, and every one after it too. */
void failing_alloc_set_for_good(unsigned n);
/* True if one has failed since it was set. */
bool failing_alloc_failed(void);

#endif
