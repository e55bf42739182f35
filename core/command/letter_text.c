/* SPDX-License-Identifier: Apache-2.0 */

/* Prints dead letters. What comes from outside is never shown to a terminal as it is. */
#include "command/letter_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "document/utf8.h"
#include "observe/progress.h"

enum { SHOWN_BYTES = 1000, TIME_BYTES = 32, NAME_BYTES = 100 };

static void format_time(int64_t time_ms, char *ret_text) {
  time_t seconds = (time_t)(time_ms / 1000);
  struct tm parts;
  if (gmtime_r(&seconds, &parts) == NULL || strftime(ret_text, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
    snprintf(ret_text, TIME_BYTES, "?");
  }
}

/* A copy that is UTF-8 and ends in NUL, to be freed; NULL: no memory. */
static char *clean_copy(const char *data, size_t len) {
  char *copy = len > (SIZE_MAX - 1) / 3 ? NULL : malloc(3 * len + 1);
  if (copy != NULL) {
    size_t n = len == 0 ? 0 : utf8_repair((const uint8_t *)data, len, (uint8_t *)copy);
    copy[n] = '\0';
  }
  return copy;
}

/* With spaces for control characters, at most so many bytes of it. */
static void print_clean(const char *data, size_t len, size_t most, bool lines, FILE *stream) {
  size_t shown = len < most ? len : most;
  while (shown < len && shown > 0 && !utf8_is_border((uint8_t)data[shown])) {
    shown--;
  }
  char *copy = clean_copy(data, shown);
  for (char *at = copy; at != NULL && *at != '\0'; at++) {
    unsigned char byte = (unsigned char)*at;
    bool kept = (byte >= 0x20 && byte != 0x7F) || (lines && byte == '\n');
    putc(kept ? byte : ' ', stream);
  }
  free(copy);
  if (shown < len) {
    fputs("...", stream);
  }
}

static void print_str(const char *name, qn_str text, FILE *stream) {
  fprintf(stream, "%-10s ", name);
  print_clean(text.data, text.len, 4096, false, stream);
  putc('\n', stream);
}

/* --- the list --- */

void letter_text_heading(FILE *stream) {
  fprintf(stream, "%6s  %-20s  %-14s  %-18s  %5s  %10s  %s\n", "number", "time", "stage", "reason", "tries", "bytes",
          "document");
}

static void print_cell(qn_str text, int width, FILE *stream) {
  fprintf(stream, "%-*.*s  ", width, (int)(text.len < 64 ? text.len : 64), text.len > 0 ? text.data : "");
}

void letter_text_line(const letter_row *row, FILE *stream) {
  char time[TIME_BYTES];
  format_time(row->time_ms, time);
  fprintf(stream, "%6" PRId64 "  %-20s  ", row->number, time);
  print_cell(row->stage, 14, stream);
  print_cell(row->slug, 18, stream);
  fprintf(stream, "%5u  ", row->attempts);
  if (row->has_payload) {
    fprintf(stream, "%10" PRIu64 "  ", row->payload_bytes);
  } else {
    fprintf(stream, "%10s  ", "none");
  }
  qn_str name = row->id.len > 0 ? row->id : row->source;
  print_clean(name.data, name.len, 300, false, stream);
  putc('\n', stream);
}

void letter_text_totals(uint64_t n_shown, uint64_t n_all, uint64_t n_bytes, FILE *stream) {
  char bytes[16];
  progress_format_bytes((double)n_bytes, bytes, sizeof bytes);
  if (n_shown < n_all) {
    fprintf(stream, "%" PRIu64 " of ", n_shown);
  }
  fprintf(stream, "%" PRIu64 " dead letter%s with %s of documents\n", n_all, n_all == 1 ? "" : "s", bytes);
}

/* --- one of them --- */

static int print_field(void *arg, qn_str name, const qn_value *value) {
  FILE *stream = arg;
  fputs("  ", stream);
  print_clean(name.data, name.len, 64, false, stream);
  fputs(": ", stream);
  switch (value->type) {
  case QN_VALUE_STR:
    print_clean(value->as.str.data, value->as.str.len, 300, false, stream);
    break;
  case QN_VALUE_F64:
    fprintf(stream, "%.17g", value->as.f64);
    break;
  case QN_VALUE_BOOL:
    fputs(value->as.i64 != 0 ? "true" : "false", stream);
    break;
  default:
    fprintf(stream, "%" PRId64, value->as.i64);
    break;
  }
  putc('\n', stream);
  return 0;
}

/* Takes bytes, up to a bound. */
typedef struct gathered {
  char *data;
  size_t len, most;
} gathered;

static int gather(void *arg, const uint8_t *bytes, size_t len) {
  gathered *all = arg;
  size_t n = len < all->most - all->len ? len : all->most - all->len;
  if (n > 0) {
    memcpy(all->data + all->len, bytes, n);
    all->len += n;
  }
  return 0;
}

static int show_payload(letter_rows *rows, const letter_row *row, FILE *stream, qn_error *error) {
  char begin[SHOWN_BYTES];
  gathered shown = { begin, 0, sizeof begin };
  if (!row->has_payload) {
    fputs("bytes      none: its source could not read it\n", stream);
    return 0;
  }
  fprintf(stream, "bytes      %" PRIu64 "\n\n", row->payload_bytes);
  int rc = letter_rows_payload(rows, row->number, gather, &shown, error);
  print_clean(begin, shown.len, sizeof begin, true, stream);
  fputs(row->payload_bytes > shown.len ? "...\n" : "\n", stream);
  return rc;
}

int letter_text_show(letter_rows *rows, const letter_row *row, FILE *stream, qn_error *error) {
  char time[TIME_BYTES];
  format_time(row->time_ms, time);
  fprintf(stream, "number     %" PRId64 "\ntime       %s\n", row->number, time);
  print_str("pipeline", row->pipeline, stream);
  print_str("stage", row->stage, stream);
  print_str("reason", row->slug, stream);
  print_str("message", row->message, stream);
  fprintf(stream, "tries      %u\nfailures   %" PRIu64 "\n", row->attempts, row->n_failures);
  print_str("source", row->source, stream);
  if (row->ordinal >= 0) {
    fprintf(stream, "ordinal    %" PRId64 "\n", row->ordinal);
  }
  print_str("id", row->id, stream);
  print_str("origin", row->origin, stream);
  if (row->is_part) {
    fputs("part       of another document, split by a stage\n", stream);
  }
  if (row->confirmed.len > 0) {
    print_str("delivered", row->confirmed, stream);
  }
  print_str("media type", row->media_type, stream);
  fputs("fields\n", stream);
  int rc = letter_rows_fields(rows, row->number, print_field, stream, error);
  return rc == 0 ? show_payload(rows, row, stream, error) : rc;
}

/* --- for programs --- */

static bool add_str(cJSON *object, const char *name, qn_str text) {
  char *copy = clean_copy(text.data, text.len);
  bool added = copy != NULL && cJSON_AddStringToObject(object, name, copy) != NULL;
  free(copy);
  return added;
}

/* cJSON's own numbers are doubles, which do not hold all integers. */
static bool add_i64(cJSON *object, const char *name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  return cJSON_AddRawToObject(object, name, text) != NULL;
}

static int add_field(void *arg, qn_str name, const qn_value *value) {
  char *copy = clean_copy(name.data, name.len);
  bool added = false;
  if (copy == NULL) {
    return -ENOMEM;
  }
  switch (value->type) {
  case QN_VALUE_STR:
    added = add_str(arg, copy, value->as.str);
    break;
  case QN_VALUE_F64:
    added = cJSON_AddNumberToObject(arg, copy, value->as.f64) != NULL;
    break;
  case QN_VALUE_BOOL:
    added = cJSON_AddBoolToObject(arg, copy, value->as.i64 != 0) != NULL;
    break;
  default:
    added = add_i64(arg, copy, value->as.i64);
    break;
  }
  free(copy);
  return added ? 0 : -ENOMEM;
}

/* The sinks as a list. */
static bool add_lines(cJSON *json, const char *name, qn_str lines) {
  cJSON *list = cJSON_AddArrayToObject(json, name);
  bool added = list != NULL;
  for (size_t at = 0; added && at < lines.len;) {
    const char *end = memchr(lines.data + at, '\n', lines.len - at);
    size_t len = end != NULL ? (size_t)(end - lines.data) - at : lines.len - at;
    char *copy = clean_copy(lines.data + at, len);
    added = copy != NULL && cJSON_AddItemToArray(list, cJSON_CreateString(copy));
    free(copy);
    at += len + 1;
  }
  return added;
}

static bool add_known(cJSON *json, const letter_row *row) {
  char time[TIME_BYTES];
  format_time(row->time_ms, time);
  bool added =
      add_i64(json, "letter", row->number) && add_str(json, "id", row->id) && add_str(json, "source", row->source);
  if (added && row->ordinal >= 0) {
    added = add_i64(json, "ordinal", row->ordinal);
  }
  if (added && row->media_type.len > 0) {
    added = add_str(json, "media_type", row->media_type);
  }
  return added && add_str(json, "pipeline", row->pipeline) && add_str(json, "stage", row->stage) &&
         add_str(json, "slug", row->slug) && add_str(json, "message", row->message) &&
         add_i64(json, "attempts", row->attempts) && add_i64(json, "failures", (int64_t)row->n_failures) &&
         add_str(json, "time", (qn_str){ time, strlen(time) }) && add_str(json, "origin", row->origin) &&
         (!row->is_part || cJSON_AddTrueToObject(json, "part") != NULL) &&
         (row->confirmed.len == 0 || add_lines(json, "delivered", row->confirmed)) &&
         (row->has_payload ? add_i64(json, "bytes", (int64_t)row->payload_bytes)
                           : cJSON_AddNullToObject(json, "bytes") != NULL);
}

static char *base64(const uint8_t *bytes, size_t len) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = len > SIZE_MAX / 2 ? NULL : malloc((len + 2) / 3 * 4 + 1);
  char *out = text;
  for (size_t i = 0; text != NULL && i < len; i += 3) {
    size_t left = len - i;
    uint32_t three =
        (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    *out++ = digits[three >> 18];
    *out++ = digits[three >> 12 & 63];
    *out++ = left > 1 ? digits[three >> 6 & 63] : '=';
    *out++ = left > 2 ? digits[three & 63] : '=';
  }
  if (text != NULL) {
    *out = '\0';
  }
  return text;
}

/* As "text" if it is that, so that a run can read it, and otherwise as base64. */
static int add_payload(cJSON *json, letter_rows *rows, const letter_row *row, qn_error *error) {
  size_t len = (size_t)row->payload_bytes;
  gathered all = { malloc(len + 1), 0, len };
  if (all.data == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the %zu bytes of dead letter %" PRId64, len,
                     row->number);
  }
  int rc = letter_rows_payload(rows, row->number, gather, &all, error);
  all.data[all.len] = '\0';
  bool added = true;
  if (rc == 0 && utf8_valid((const uint8_t *)all.data, all.len) && memchr(all.data, '\0', all.len) == NULL) {
    added = cJSON_AddStringToObject(json, "text", all.data) != NULL;
  } else if (rc == 0) {
    char *text = base64((const uint8_t *)all.data, all.len);
    added = text != NULL && cJSON_AddStringToObject(json, "payload_base64", text) != NULL;
    free(text);
  }
  free(all.data);
  return added ? rc : error_set(error, -ENOMEM, "no-memory", "no memory for dead letter %" PRId64, row->number);
}

int letter_text_json(letter_rows *rows, const letter_row *row, bool payload, FILE *stream, qn_error *error) {
  cJSON *json = cJSON_CreateObject();
  cJSON *fields = NULL;
  int rc =
      json != NULL && add_known(json, row) && (fields = cJSON_AddObjectToObject(json, "fields")) != NULL ? 0 : -ENOMEM;
  rc = rc == 0 ? letter_rows_fields(rows, row->number, add_field, fields, error) : rc;
  if (rc == 0 && payload && row->has_payload) {
    rc = add_payload(json, rows, row, error);
  }
  char *text = rc == 0 ? cJSON_PrintUnformatted(json) : NULL;
  cJSON_Delete(json);
  if (text != NULL) {
    fputs(text, stream);
    putc('\n', stream);
    cJSON_free(text);
  } else if (rc == 0 || (rc == -ENOMEM && error->message[0] == '\0')) {
    rc = error_set(error, -ENOMEM, "no-memory", "no memory for dead letter %" PRId64, row->number);
  }
  return rc;
}

/* --- bytes --- */

static int write_piece(void *arg, const uint8_t *bytes, size_t len) {
  errno = 0;
  return fwrite(bytes, 1, len, arg) == len ? 0 : errno != 0 ? -errno : -EIO;
}

int letter_text_payload(letter_rows *rows, const letter_row *row, FILE *stream, qn_error *error) {
  if (!row->has_payload) {
    return error_set(error, -ENODATA, "no-payload",
                     "dead letter %" PRId64 " has no bytes: its source could not read it", row->number);
  }
  int rc = letter_rows_payload(rows, row->number, write_piece, stream, error);
  return rc == 0 || error->message[0] != '\0'
             ? rc
             : error_set(error, rc, "cannot-write", "cannot write dead letter %" PRId64 ": %s", row->number,
                         strerror(-rc));
}

/* "000012-page.html": the last part of the source's name, of which only what is safe in a file's name. */
static void make_name(const letter_row *row, char *ret_name, size_t size) {
  const char *end = row->source.len > 0 ? row->source.data + row->source.len : "";
  const char *at = end;
  while (at > row->source.data && row->source.len > 0 && at[-1] != '/' && end - at < NAME_BYTES) {
    at--;
  }
  size_t len = (size_t)snprintf(ret_name, size, "%06" PRId64, row->number);
  if (at < end) {
    ret_name[len++] = '-';
  }
  for (; at < end && len + 1 < size; at++) {
    unsigned char byte = (unsigned char)*at;
    ret_name[len++] = (char)(byte <= ' ' || byte == 0x7F || strchr("\"*:<>?\\|", byte) != NULL ? '_' : byte);
  }
  ret_name[len] = '\0';
}

int letter_text_file(letter_rows *rows, const letter_row *row, const char *folder, qn_error *error) {
  char name[NAME_BYTES + 32];
  char *path = NULL;
  if (!row->has_payload) {
    fprintf(stderr, "qanat deadletter: letter %" PRId64 " has no bytes: its source could not read it\n", row->number);
    return 0;
  }
  make_name(row, name, sizeof name);
  if (asprintf(&path, "%s/%s", folder, name) < 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory");
  }
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    int rc = error_set(error, -errno, "cannot-write", "cannot make the folder %s: %s", folder, strerror(errno));
    free(path);
    return rc;
  }
  FILE *file = fopen(path, "wx"); /* never over what is there */
  int rc = file == NULL ? -errno : letter_text_payload(rows, row, file, error);
  if (file != NULL && fclose(file) != 0 && rc == 0) {
    rc = -errno;
  }
  if (rc != 0 && error->message[0] == '\0') {
    error_set(error, rc, "cannot-write", "cannot write %s: %s", path, strerror(-rc));
  }
  free(path);
  return rc;
}
