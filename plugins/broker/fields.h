/* SPDX-License-Identifier: Apache-2.0 */

/* Headers of messages and fields of documents. */
#ifndef BROKER_FIELDS_H
#define BROKER_FIELDS_H

#include "broker/broker.h"

enum { BROKER_NAMES_MAX = 64 };

/* Names from the configuration; "*" among them: any. */
typedef struct broker_names {
  bool is_any;
  uint32_t n;
  char *names[BROKER_NAMES_MAX];
} broker_names;

/* Reads the list at pointer ("/headers"). 0; -ENOMEM, with create_fail() called. */
int broker_names_read(qn_create *create, const char *pointer, broker_names *ret_names);
void broker_names_done(broker_names *names);
bool broker_names_has(const broker_names *names, qn_str name);

/* W3C trace context goes along whatever is configured. */
bool broker_is_trace(qn_str name);

/* Sets the fields of the document being emitted: the wanted headers, and "delivery_attempts" if it was delivered before.
 * What is no field (too many, too long) is left out. */
void broker_fields_emit(qn_call *call, const broker_names *wanted, const broker_message *message);

/* The headers of a document on its way out: the wanted fields, in strings and numbers lent by the call. How many. Names of any
 * field cannot be listed by a stage, so "*" is not for this way. */
uint32_t broker_headers_collect(qn_call *call, const broker_names *wanted, broker_header *ret_headers);

/* A string field, or empty. */
qn_str broker_field_str(qn_call *call, qn_str name);

/* A name for bytes that came without one: the same bytes, the same name. ret_id has room for 33 bytes. */
void broker_id_of_bytes(qn_str body, char *ret_id);

#endif
