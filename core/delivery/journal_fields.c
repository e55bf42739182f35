/* SPDX-License-Identifier: Apache-2.0 */

/* Fields as bytes. What is read was written by us, but the disk may have changed it. */
#include "delivery/journal_fields.h"

#include <errno.h>
#include <string.h>

#include "delivery/journal.h"

static size_t value_size(const qn_value *value) {
  return value->type == QN_VALUE_STR ? sizeof(uint32_t) + value->as.str.len : sizeof(uint64_t);
}

size_t journal_fields_size(const struct journal_field *fields, uint32_t n) {
  size_t size = 0;
  for (uint32_t i = 0; i < n; i++) {
    size += 1 + sizeof(uint16_t) + fields[i].name.len + value_size(&fields[i].value);
  }
  return size;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t n) {
  if (n > 0) {
    memcpy(at, bytes, n);
  }
  return at + n;
}

void journal_fields_write(const struct journal_field *fields, uint32_t n, uint8_t *ret_bytes) {
  uint8_t *at = ret_bytes;
  for (uint32_t i = 0; i < n; i++) {
    const qn_value *value = &fields[i].value;
    uint16_t name_bytes = (uint16_t)fields[i].name.len;
    *at++ = (uint8_t)value->type;
    at = put(at, &name_bytes, sizeof name_bytes);
    at = put(at, fields[i].name.data, name_bytes);
    if (value->type == QN_VALUE_STR) {
      uint32_t text_bytes = (uint32_t)value->as.str.len;
      at = put(at, &text_bytes, sizeof text_bytes);
      at = put(at, value->as.str.data, text_bytes);
    } else {
      at = put(at, &value->as, sizeof(uint64_t));
    }
  }
}

/* --- reading --- */

typedef struct cursor {
  const uint8_t *at, *end;
} cursor;

static bool take(cursor *self, void *bytes, size_t n) {
  if ((size_t)(self->end - self->at) < n) {
    return false;
  }
  memcpy(bytes, self->at, n);
  self->at += n;
  return true;
}

static bool take_str(cursor *self, size_t n, qn_str *ret_str) {
  if ((size_t)(self->end - self->at) < n) {
    return false;
  }
  *ret_str = (qn_str){ (const char *)self->at, n };
  self->at += n;
  return true;
}

static bool take_value(cursor *self, uint8_t type, qn_value *ret_value) {
  uint32_t text_bytes;
  *ret_value = (qn_value){ .type = type };
  switch (type) {
  case QN_VALUE_BOOL:
  case QN_VALUE_I64:
    return take(self, &ret_value->as.i64, sizeof ret_value->as.i64);
  case QN_VALUE_F64:
    return take(self, &ret_value->as.f64, sizeof ret_value->as.f64);
  case QN_VALUE_STR:
    return take(self, &text_bytes, sizeof text_bytes) && take_str(self, text_bytes, &ret_value->as.str);
  default:
    return false;
  }
}

int journal_fields_read(const uint8_t *bytes, size_t n_bytes,
                        int (*field)(void *arg, qn_str name, const qn_value *value), void *arg) {
  if (n_bytes == 0) {
    return 0;
  }
  cursor at = { bytes, bytes + n_bytes };
  for (uint32_t n = 0; at.at < at.end; n++) {
    uint8_t type;
    uint16_t name_bytes;
    qn_str name;
    qn_value value;
    if (n == JOURNAL_FIELDS_MAX || !take(&at, &type, 1) || !take(&at, &name_bytes, sizeof name_bytes) ||
        !take_str(&at, name_bytes, &name) || !take_value(&at, type, &value)) {
      return -EBADMSG;
    }
    int rc = field(arg, name, &value);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}
