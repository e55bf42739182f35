/* SPDX-License-Identifier: Apache-2.0 */

/* Prints dead letters. What comes from outside is never shown to a terminal as it is. */
#include "command/letter_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cjson/cJSON.h>

#include "command/json_text.h"
#include "document/utf8.h"
#include "observe/progress.h"

enum { SHOWN_BYTES = 1000, NAME_BYTES = 100 };

/* With spaces for control characters, at most so many bytes of it. */
static void print_clean(const char *data, size_t len, size_t most, bool lines, FILE *stream) {
  size_t shown = len < most ? len : most;
  while (shown < len && shown > 0 && !utf8_is_border((uint8_t)data[shown])) {
    shown--;
  }
  char *copy = json_text_copy(data, shown);
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
  char time[JSON_TEXT_TIME_BYTES];
  json_text_time(row->time_ms, time);
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
  char time[JSON_TEXT_TIME_BYTES];
  json_text_time(row->time_ms, time);
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

static int add_field(void *arg, qn_str name, const qn_value *value) {
  return json_text_add_field(arg, name, value) ? 0 : -ENOMEM;
}

static bool add_known(cJSON *json, const letter_row *row) {
  bool added = json_text_add_i64(json, "letter", row->number) && json_text_add_str(json, "id", row->id) &&
               json_text_add_str(json, "source", row->source);
  if (added && row->ordinal >= 0) {
    added = json_text_add_i64(json, "ordinal", row->ordinal);
  }
  if (added && row->media_type.len > 0) {
    added = json_text_add_str(json, "media_type", row->media_type);
  }
  return added && json_text_add_str(json, "pipeline", row->pipeline) && json_text_add_str(json, "stage", row->stage) &&
         json_text_add_str(json, "slug", row->slug) && json_text_add_str(json, "message", row->message) &&
         json_text_add_i64(json, "attempts", row->attempts) &&
         json_text_add_i64(json, "failures", (int64_t)row->n_failures) &&
         json_text_add_time(json, "time", row->time_ms) && json_text_add_str(json, "origin", row->origin) &&
         (!row->is_part || cJSON_AddTrueToObject(json, "part") != NULL) &&
         (row->confirmed.len == 0 || json_text_add_lines(json, "delivered", row->confirmed)) &&
         (row->has_payload ? json_text_add_i64(json, "bytes", (int64_t)row->payload_bytes)
                           : cJSON_AddNullToObject(json, "bytes") != NULL);
}

static int add_payload(cJSON *json, letter_rows *rows, const letter_row *row, qn_error *error) {
  size_t len = (size_t)row->payload_bytes;
  gathered all = { malloc(len + 1), 0, len };
  if (all.data == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the %zu bytes of dead letter %" PRId64, len,
                     row->number);
  }
  int rc = letter_rows_payload(rows, row->number, gather, &all, error);
  all.data[all.len] = '\0';
  bool added = rc != 0 || json_text_add_payload(json, (const uint8_t *)all.data, all.len);
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
  bool printed = rc == 0 && json_text_print(json, stream);
  if (rc != 0) {
    cJSON_Delete(json);
  }
  if ((rc == 0 && !printed) || (rc == -ENOMEM && error->message[0] == '\0')) {
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
