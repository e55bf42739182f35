/* SPDX-License-Identifier: Apache-2.0 */

/* Tables of AMQP and headers of messages. */
#ifndef AMQP_HEADERS_H
#define AMQP_HEADERS_H

#include <amqp.h>

#include "broker/broker.h"

/* How often this message was tried before it was sent once more with a delay: the brokers' own count begins anew then. */
#define AMQP_ATTEMPTS_HEADER "x-qanat-attempts"

enum { AMQP_HEADERS_MAX = 64 };

/* The simple values of a table, lent by it. How many. */
uint32_t headers_read(const amqp_table_t *table, broker_header *ret_headers, uint32_t capacity);

/* A table of these, in entries (as many), lent by them. */
amqp_table_t headers_table(const broker_header *headers, uint32_t n_headers, amqp_table_entry_t *entries);

/* An integer header of the name, or fallback. */
int64_t headers_number(const broker_header *headers, uint32_t n_headers, const char *name, int64_t fallback);

#endif
