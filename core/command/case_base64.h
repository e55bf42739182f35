/* SPDX-License-Identifier: Apache-2.0 */

/* Bytes in JSON: base64 as RFC 4648 has it, with its filling. Floor 5. */
#ifndef CORE_COMMAND_CASE_BASE64_H
#define CORE_COMMAND_CASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool case_base64_valid(const char *text);

/* text must be valid. Room for 3 bytes a group of 4. Returns the bytes written. */
size_t case_base64_decode(const char *text, uint8_t *ret_bytes);

#endif
