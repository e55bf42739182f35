/* SPDX-License-Identifier: Apache-2.0 */

/* Addresses: URLs, e-mails, handles and hashtags. */
#ifndef TOKENIZE_ADDRESS_H
#define TOKENIZE_ADDRESS_H

#include <stdint.h>

/* The word [begin, word_end) is made of letters, digits and joiners. Where the address ends that it begins, as in
 * https://, www., name@host, host.tld/path; begin if it begins none. */
uint32_t address_end(const uint8_t *text, uint32_t begin, uint32_t word_end, uint32_t end);

/* Where the @handle or #hashtag that begins at pos ends; pos if there is none. */
uint32_t address_tag_end(const uint8_t *text, uint32_t pos, uint32_t end);

#endif
