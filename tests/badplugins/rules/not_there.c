/* SPDX-License-Identifier: Apache-2.0 */

/* The library that library_absent names: there when that is linked, and under another name than it is looked for. */
int not_there(void);

int not_there(void) {
  return 1;
}
