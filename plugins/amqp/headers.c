/* SPDX-License-Identifier: Apache-2.0 */

/* Values of AMQP have more types than fields: those of one kind become one type, those that are no value alone are left out. */
#include "amqp/headers.h"

#include <string.h>

#include "amqp/wire.h"

static bool read_value(const amqp_field_value_t *from, qn_value *ret_value) {
  qn_value value = { .type = QN_VALUE_I64 };
  switch (from->kind) {
  case AMQP_FIELD_KIND_BOOLEAN:
    value.type = QN_VALUE_BOOL;
    value.as.i64 = from->value.boolean != 0;
    break;
  case AMQP_FIELD_KIND_I8:
    value.as.i64 = from->value.i8;
    break;
  case AMQP_FIELD_KIND_U8:
    value.as.i64 = from->value.u8;
    break;
  case AMQP_FIELD_KIND_I16:
    value.as.i64 = from->value.i16;
    break;
  case AMQP_FIELD_KIND_U16:
    value.as.i64 = from->value.u16;
    break;
  case AMQP_FIELD_KIND_I32:
    value.as.i64 = from->value.i32;
    break;
  case AMQP_FIELD_KIND_U32:
    value.as.i64 = from->value.u32;
    break;
  case AMQP_FIELD_KIND_I64:
    value.as.i64 = from->value.i64;
    break;
  case AMQP_FIELD_KIND_TIMESTAMP:
  case AMQP_FIELD_KIND_U64:
    value.as.i64 = from->value.u64 <= INT64_MAX ? (int64_t)from->value.u64 : INT64_MAX;
    break;
  case AMQP_FIELD_KIND_F32:
    value.type = QN_VALUE_F64;
    value.as.f64 = (double)from->value.f32;
    break;
  case AMQP_FIELD_KIND_F64:
    value.type = QN_VALUE_F64;
    value.as.f64 = from->value.f64;
    break;
  case AMQP_FIELD_KIND_UTF8:
  case AMQP_FIELD_KIND_BYTES:
    value.type = QN_VALUE_STR;
    value.as.str = wire_str(from->value.bytes);
    break;
  default:
    return false;
  }
  *ret_value = value;
  return true;
}

uint32_t headers_read(const amqp_table_t *table, broker_header *ret_headers, uint32_t capacity) {
  uint32_t n = 0;
  for (int i = 0; i < table->num_entries && n < capacity; i++) {
    const amqp_table_entry_t *entry = &table->entries[i];
    if (entry->key.len > 0 && read_value(&entry->value, &ret_headers[n].value)) {
      ret_headers[n++].name = wire_str(entry->key);
    }
  }
  return n;
}

static amqp_field_value_t value_of(const qn_value *from) {
  amqp_field_value_t value = { .kind = AMQP_FIELD_KIND_I64 };
  switch (from->type) {
  case QN_VALUE_BOOL:
    value.kind = AMQP_FIELD_KIND_BOOLEAN;
    value.value.boolean = from->as.i64 != 0;
    break;
  case QN_VALUE_F64:
    value.kind = AMQP_FIELD_KIND_F64;
    value.value.f64 = from->as.f64;
    break;
  case QN_VALUE_STR:
    value.kind = AMQP_FIELD_KIND_UTF8;
    value.value.bytes = wire_bytes(from->as.str);
    break;
  default:
    value.value.i64 = from->as.i64;
    break;
  }
  return value;
}

amqp_table_t headers_table(const broker_header *headers, uint32_t n_headers, amqp_table_entry_t *entries) {
  int n = 0;
  for (uint32_t i = 0; i < n_headers; i++) {
    if (headers[i].name.len <= 255) { /* a short string */
      entries[n++] = (amqp_table_entry_t){ .key = wire_bytes(headers[i].name), .value = value_of(&headers[i].value) };
    }
  }
  return (amqp_table_t){ .num_entries = n, .entries = entries };
}

int64_t headers_number(const broker_header *headers, uint32_t n_headers, const char *name, int64_t fallback) {
  for (uint32_t i = 0; i < n_headers; i++) {
    const broker_header *header = &headers[i];
    if (header->value.type == QN_VALUE_I64 && header->name.len == strlen(name) &&
        memcmp(header->name.data, name, header->name.len) == 0) {
      return header->value.as.i64;
    }
  }
  return fallback;
}
