/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 and UTF-16 by hand, single-byte charsets by a table that ICU fills, the rest by ICU. */
#include "decode/convert.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucnv.h>

#include "text/utf8.h"

enum { CHUNK_UNITS = 1024, REPLACEMENT = 0xFFFD };

struct charset_converter {
  UConverter *icu;
  bool single_byte;
  char name[CHARSET_NAME_MAX]; /* of icu; empty: none */
  uint32_t table[256];         /* single_byte: the code point of each byte */
  UChar units[CHUNK_UNITS];
  int32_t offsets[CHUNK_UNITS];
};

/* One conversion on its way. */
typedef struct conversion {
  aligned_text *text;
  const uint8_t *bytes;
  uint32_t len;
  uint64_t n_replaced;
} conversion;

int converter_new(charset_converter **ret_converter) {
  charset_converter *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  *ret_converter = made;
  return 0;
}

void converter_free(charset_converter *converter) {
  if (converter != NULL) {
    ucnv_close(converter->icu);
    free(converter);
  }
}

/* Appends the character that bytes [from, to) stand for. */
static int put(conversion *job, uint32_t from, uint32_t to, uint32_t code) {
  uint8_t utf8[UTF8_MAX];
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    code = REPLACEMENT;
  }
  if (code < 0x80 && to - from == 1 && job->bytes[from] == code) {
    return aligned_copy(job->text, from, job->bytes + from, 1);
  }
  job->n_replaced += code == REPLACEMENT;
  return aligned_replace(job->text, from, to, utf8, utf8_encode(code, utf8));
}

/* --- UTF-8 --- */

/* Bytes that are one mistake: a surrogate written as three bytes, or the longest begin of a character. */
static uint32_t bad_len(const uint8_t *bytes, uint32_t len) {
  if (len >= 3 && bytes[0] == 0xED && bytes[1] >= 0xA0 && bytes[1] <= 0xBF && (bytes[2] & 0xC0) == 0x80) {
    return 3;
  }
  uint32_t need = bytes[0] >= 0xC2 && bytes[0] <= 0xF4 ? utf8_len(bytes[0]) : 1;
  bool second = need > 1 && len > 1 && (bytes[1] & 0xC0) == 0x80;
  if (bytes[0] == 0xE0 || bytes[0] == 0xF0) {
    second = second && bytes[1] >= (bytes[0] == 0xE0 ? 0xA0 : 0x90);
  } else if (bytes[0] == 0xED || bytes[0] == 0xF4) {
    second = second && bytes[1] < (bytes[0] == 0xED ? 0xA0 : 0x90);
  }
  uint32_t n = second ? 2 : 1;
  while (second && n < need - 1 && n < len && (bytes[n] & 0xC0) == 0x80) {
    n++;
  }
  return n;
}

static int convert_utf8(conversion *job, uint32_t at) {
  int rc = 0;
  while (rc == 0 && at < job->len) {
    const uint8_t *from = job->bytes + at;
    uint32_t good = (uint32_t)utf8_valid_prefix(from, job->len - at);
    const uint8_t *nul = memchr(from, 0, good);
    good = nul != NULL ? (uint32_t)(nul - from) : good;
    rc = aligned_copy(job->text, at, from, good);
    at += good;
    if (rc == 0 && at < job->len) {
      uint32_t bad = bad_len(job->bytes + at, job->len - at);
      rc = put(job, at, at + bad, REPLACEMENT);
      at += bad;
    }
  }
  return rc;
}

/* --- UTF-16 --- */

static uint32_t unit_at(const uint8_t *bytes, bool big) {
  return big ? (uint32_t)bytes[0] << 8 | bytes[1] : (uint32_t)bytes[1] << 8 | bytes[0];
}

static int convert_utf16(conversion *job, uint32_t at, bool big) {
  int rc = 0;
  while (rc == 0 && job->len - at >= 2) {
    uint32_t code = unit_at(job->bytes + at, big);
    uint32_t n = 2;
    if (code >= 0xD800 && code < 0xDC00 && job->len - at >= 4) {
      uint32_t low = unit_at(job->bytes + at + 2, big);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        n = 4;
      }
    }
    rc = put(job, at, at + n, code);
    at += n;
  }
  return rc == 0 && at < job->len ? put(job, at, job->len, REPLACEMENT) : rc;
}

/* --- ICU --- */

/* Asks the open converter what each byte means. */
static void fill_table(charset_converter *converter) {
  for (int i = 0; i < 256; i++) {
    UErrorCode status = U_ZERO_ERROR;
    UChar units[4];
    char byte = (char)i;
    int32_t n = ucnv_toUChars(converter->icu, units, 4, &byte, 1, &status);
    converter->table[i] = U_SUCCESS(status) && n == 1 ? units[0] : REPLACEMENT;
  }
}

static int open_named(charset_converter *converter, const char *name) {
  UErrorCode status = U_ZERO_ERROR;
  if (converter->icu != NULL && strcmp(converter->name, name) == 0) {
    return 0;
  }
  ucnv_close(converter->icu);
  converter->name[0] = '\0';
  converter->icu = ucnv_open(name, &status);
  if (U_FAILURE(status)) {
    converter->icu = NULL;
    return status == U_MEMORY_ALLOCATION_ERROR ? -ENOMEM : -ENOENT;
  }
  converter->single_byte = ucnv_getMaxCharSize(converter->icu) == 1;
  if (converter->single_byte) {
    fill_table(converter);
  }
  memcpy(converter->name, name, strlen(name) + 1);
  return 0;
}

static int convert_single(conversion *job, uint32_t at, const uint32_t *table) {
  int rc = 0;
  while (rc == 0 && at < job->len) {
    uint32_t plain = at;
    while (plain < job->len && job->bytes[plain] < 0x80 && job->bytes[plain] != 0 &&
           table[job->bytes[plain]] == job->bytes[plain]) {
      plain++;
    }
    rc = aligned_copy(job->text, at, job->bytes + at, plain - at);
    at = plain;
    while (rc == 0 && at < job->len &&
           (job->bytes[at] >= 0x80 || table[job->bytes[at]] != job->bytes[at] || job->bytes[at] == 0)) {
      rc = put(job, at, at + 1, table[job->bytes[at]]);
      at++;
    }
  }
  return rc;
}

/* Where unit i of a chunk came from; units that a converter held back have no offset. */
static uint32_t unit_from(const charset_converter *converter, int32_t n, int32_t i, uint32_t begin, uint32_t end) {
  while (i < n && converter->offsets[i] < 0) {
    i++;
  }
  return i < n ? begin + (uint32_t)converter->offsets[i] : end;
}

/* Appends the characters of a chunk of n units that came from bytes [begin, end). *lead is half a pair that the chunk
 * before ended with, or 0. */
static int put_chunk(conversion *job, const charset_converter *converter, int32_t n, uint32_t begin, uint32_t end,
                     uint32_t *lead) {
  uint32_t done = job->text->base_end > begin ? job->text->base_end : begin;
  int rc = 0;
  for (int32_t i = 0; rc == 0 && i < n; i++) {
    uint32_t code = converter->units[i];
    if (code >= 0xD800 && code < 0xDC00) {
      rc = *lead != 0 ? put(job, done, done, *lead) : 0;
      *lead = code;
      continue;
    }
    if (*lead != 0 && code >= 0xDC00 && code < 0xE000) {
      code = 0x10000 + ((*lead - 0xD800) << 10) + (code - 0xDC00);
    }
    *lead = 0;
    uint32_t to = unit_from(converter, n, i + 1, begin, end);
    to = to < done ? done : to;
    rc = put(job, done, to, code);
    done = to;
  }
  return rc;
}

static int convert_multibyte(conversion *job, uint32_t at, charset_converter *converter) {
  const char *source = (const char *)job->bytes + at;
  const char *source_end = (const char *)job->bytes + job->len;
  UErrorCode status = U_BUFFER_OVERFLOW_ERROR;
  uint32_t lead = 0;
  int rc = 0;
  ucnv_reset(converter->icu);
  while (rc == 0 && status == U_BUFFER_OVERFLOW_ERROR) {
    UChar *target = converter->units;
    uint32_t begin = (uint32_t)(source - (const char *)job->bytes);
    status = U_ZERO_ERROR;
    ucnv_toUnicode(converter->icu, &target, converter->units + CHUNK_UNITS, &source, source_end, converter->offsets,
                   true, &status);
    rc = put_chunk(job, converter, (int32_t)(target - converter->units), begin,
                   (uint32_t)(source - (const char *)job->bytes), &lead);
  }
  if (rc == 0 && U_FAILURE(status)) {
    rc = status == U_MEMORY_ALLOCATION_ERROR ? -ENOMEM : -ENOENT;
  }
  return rc;
}

int converter_run(charset_converter *converter, const charset *set, const uint8_t *bytes, uint32_t len,
                  aligned_text *text, uint64_t *ret_replaced) {
  conversion job = { .text = text, .bytes = bytes, .len = len };
  uint32_t at = set->bom_len < len ? set->bom_len : len;
  int rc = set->kind == CHARSET_NAMED ? open_named(converter, set->name) : 0;
  aligned_clear(text);
  text->base_end = at;
  if (rc != 0) {
    return rc;
  }
  if (set->kind == CHARSET_UTF8) {
    rc = convert_utf8(&job, at);
  } else if (set->kind != CHARSET_NAMED) {
    rc = convert_utf16(&job, at, set->kind == CHARSET_UTF16BE);
  } else if (converter->single_byte) {
    rc = convert_single(&job, at, converter->table);
  } else {
    rc = convert_multibyte(&job, at, converter);
  }
  if (rc == 0) {
    rc = aligned_finish(text, len);
  }
  if (rc == 0) {
    *ret_replaced = job.n_replaced;
  }
  return rc;
}
