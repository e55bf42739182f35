/* SPDX-License-Identifier: Apache-2.0 */

/* Turns what was read into documents: a whole file, a line of JSON, or a rejection. */
#include "input/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "input/copies.h"
#include "text/utf8.h"

enum {
  KEPT_CAPACITY = 16 << 20, /* of the buffer, from one file to the next */
  DOCUMENT_MAX = 1 << 30,   /* the ABI's bound on a payload */
  FIRST_CAPACITY = 1 << 16,
  LINE_BYTES = 128 << 20,
  ASK_BYTES = 1 << 20 /* what is gathered before the host is asked whether it would take as much */
};

int reader_init(file_reader *reader, qn_create *create, const char *stage) {
  *reader = (file_reader){
    .format = format_named(qn_config_str(create, "/format")),
    .line_bytes = (size_t)qn_config_i64(create, "/line_bytes", LINE_BYTES),
    .stage = stage,
  };
  return members_read(create, &reader->members);
}

void reader_done(file_reader *reader) {
  members_done(&reader->members);
  split_done(&reader->split);
  input_close(reader->input);
  free(reader->name);
  free(reader->buffer);
  *reader = (file_reader){ 0 };
}

int reader_set_name(file_reader *reader, const char *name) {
  char *clean = copies_name(name);
  if (clean == NULL) {
    return -ENOMEM;
  }
  free(reader->name);
  reader->name = clean;
  reader->skip_lines = 0;
  reader->n_through = 0;
  reader->n_emitted = 0;
  reader->n_rejected = 0;
  if (reader->capacity > KEPT_CAPACITY) {
    free(reader->buffer);
    reader->buffer = NULL;
    reader->capacity = 0;
  }
  return 0;
}

static qn_emit emit_of(const file_reader *reader, uint64_t ordinal) {
  return (qn_emit){ .source = { reader->name, strlen(reader->name) }, .ordinal = ordinal, .cookie = reader->cookie };
}

int reader_reject(file_reader *reader, qn_call *call, uint64_t ordinal, const char *slug, const char *text) {
  qn_emit emit = emit_of(reader, ordinal);
  size_t len;
  char *clean = copies_clean(text, strlen(text), &len);
  if (clean == NULL) {
    return -ENOMEM;
  }
  int rc = call->host->emit_reject(call, &emit, slug, clean, len);
  if (rc == 0 && reader->n_rejected == 0) {
    fault_set(&reader->rejected, slug, "%s", clean);
  }
  reader->n_emitted += rc == 0;
  reader->n_rejected += rc == 0;
  free(clean);
  return rc;
}

/* about: "", or what is to be said before the number. */
static int reject_large(file_reader *reader, qn_call *call, uint64_t ordinal, uint64_t bytes, const char *about) {
  char text[256];
  snprintf(text, sizeof text,
           "the document has %s%" PRIu64 " bytes, more than limits.document_bytes allows; raise it in the pipeline, up "
           "to %d",
           about, bytes, DOCUMENT_MAX);
  return reader_reject(reader, call, ordinal, "document-too-large", text);
}

static int reject_fault(file_reader *reader, qn_call *call) {
  return reader_reject(reader, call, 0, reader->fault.slug, reader->fault.text);
}

static int commit(file_reader *reader, qn_call *call, size_t len, const qn_emit *emit) {
  int rc = call->host->emit_commit(call, len, emit);
  reader->n_emitted += rc == 0;
  return rc;
}

/* --- whole files --- */

/* Reads a file of known size straight into its payload. */
static int emit_sized(file_reader *reader, qn_call *call, file_input *input, qn_emit *emit) {
  uint8_t *payload;
  size_t size = input_size(input), filled = 0;
  int rc = size > DOCUMENT_MAX ? -EFBIG : call->host->emit_reserve(call, size, &payload);
  if (rc != 0) {
    return rc == -EFBIG ? reject_large(reader, call, 0, size, "") : rc;
  }
  while (filled < size) {
    ssize_t n = input_read(input, payload + filled, size - filled, &reader->fault);
    if (n < 0) {
      return reject_fault(reader, call);
    }
    if (n == 0) {
      break; /* it shrank since it was opened */
    }
    filled += (size_t)n;
  }
  return commit(reader, call, filled, emit);
}

/* A full buffer: whether the document may have another byte. 0 (then ret_ended says whether it has none), -EFBIG, or what the
 * host or the input say. */
static int may_grow(file_reader *reader, qn_call *call, file_input *input, size_t filled, bool *ret_ended) {
  uint8_t *payload, next;
  int rc = filled < ASK_BYTES ? 0 : call->host->emit_reserve(call, filled + 1, &payload);
  if (rc != -EFBIG) {
    return rc;
  }
  ssize_t n = input_read(input, &next, 1, &reader->fault); /* just as many as are allowed are no fault */
  *ret_ended = n == 0;
  return n == 0 ? 0 : n > 0 ? -EFBIG : n == -ECANCELED ? -ECANCELED : -EBADMSG;
}

/* More room for what is gathered. 0, -ENOMEM. */
static int enlarge(file_reader *reader) {
  size_t larger = reader->capacity == 0 ? FIRST_CAPACITY : reader->capacity * 2;
  uint8_t *buffer = realloc(reader->buffer, larger);
  if (buffer == NULL) {
    return -ENOMEM;
  }
  reader->buffer = buffer;
  reader->capacity = larger;
  return 0;
}

/* Reads all of input, which is of unknown size, into the reader's buffer. bytes_max 0: as much as the host takes.
 * -EBADMSG with reader->fault; -EFBIG, and ret_len is what it has at least; -ECANCELED, -ENOMEM. */
static int gather(file_reader *reader, qn_call *call, file_input *input, size_t bytes_max, size_t *ret_len) {
  size_t filled = 0;
  for (;;) {
    bool ended = false;
    int rc = filled < reader->capacity || bytes_max > 0 ? 0 : may_grow(reader, call, input, filled, &ended);
    rc = rc == 0 && !ended && filled == reader->capacity ? enlarge(reader) : rc;
    if (rc != 0 || ended) {
      *ret_len = rc == -EFBIG ? filled + 1 : filled;
      return rc;
    }
    ssize_t n = input_read(input, reader->buffer + filled, reader->capacity - filled, &reader->fault);
    if (n <= 0) {
      *ret_len = filled;
      return n == 0 || n == -ECANCELED ? (int)n : -EBADMSG;
    }
    filled += (size_t)n;
    if (filled > (bytes_max > 0 ? bytes_max : DOCUMENT_MAX)) {
      *ret_len = filled;
      return -EFBIG;
    }
  }
}

/* Rejects what gather could not read. Other errors are handed back. */
static int reject_gathered(file_reader *reader, qn_call *call, int rc, size_t len) {
  if (rc == -EBADMSG) {
    return reject_fault(reader, call);
  }
  return rc == -EFBIG ? reject_large(reader, call, 0, len, "at least ") : rc;
}

static int emit_whole(file_reader *reader, qn_call *call, file_input *input, const char *media_type) {
  qn_emit emit = emit_of(reader, 0);
  uint8_t *payload;
  size_t len = 0;
  emit.media_type = (qn_str){ media_type, strlen(media_type) };
  if (input_size(input) > 0) {
    return emit_sized(reader, call, input, &emit);
  }
  int rc = gather(reader, call, input, 0, &len);
  if (rc == 0) {
    rc = call->host->emit_reserve(call, len, &payload);
  }
  if (rc != 0) {
    return reject_gathered(reader, call, rc, len);
  }
  if (len > 0) {
    memcpy(payload, reader->buffer, len);
  }
  return commit(reader, call, len, &emit);
}

/* --- JSON --- */

/* Writes "line 12: " in front of what is wrong with a line. */
static int reject_json(file_reader *reader, qn_call *call, uint64_t ordinal, bool in_lines, const file_fault *fault) {
  char message[sizeof fault->text + 32];
  snprintf(message, sizeof message, "line %" PRIu64 ": %s", ordinal + 1, fault->text);
  return reader_reject(reader, call, ordinal, fault->slug, in_lines ? message : fault->text);
}

/* Reserves, fills and commits the document that stands in read. */
static int emit_read(file_reader *reader, qn_call *call, const json_document *read, uint64_t ordinal,
                     file_fault *fault) {
  qn_emit emit = emit_of(reader, ordinal);
  uint8_t *payload;
  size_t len;
  int rc = call->host->emit_reserve(call, json_document_room(read), &payload);
  if (rc != 0) {
    return rc == -EFBIG ? reject_large(reader, call, ordinal, json_document_room(read), "") : rc;
  }
  rc = json_document_fill(&reader->members, call, read, payload, &len, fault);
  if (rc != 0) {
    return rc;
  }
  emit.id = json_document_id(read);
  emit.media_type = json_document_media_type(&reader->members, read);
  return commit(reader, call, len, &emit);
}

/* Emits the document that one JSON object describes. in_lines: it is a line, and ordinal + 1 its number. */
static int emit_json(file_reader *reader, qn_call *call, const char *json, size_t len, uint64_t ordinal,
                     bool in_lines) {
  json_document read;
  file_fault fault;
  int rc = json_document_read(&reader->members, json, len, &read, &fault);
  if (rc == 0) {
    rc = emit_read(reader, call, &read, ordinal, &fault);
    json_document_done(&read);
  }
  return rc == -EBADMSG ? reject_json(reader, call, ordinal, in_lines, &fault) : rc;
}

static int emit_json_file(file_reader *reader, qn_call *call, file_input *input) {
  size_t len = 0;
  int rc = gather(reader, call, input, reader->line_bytes, &len);
  if (rc == -EFBIG) {
    file_fault fault;
    fault_set(&fault, "file-too-long",
              "the file has more than the %zu bytes that line_bytes of the %s stage allows; raise it",
              reader->line_bytes, reader->stage);
    return reject_json(reader, call, 0, false, &fault);
  }
  if (rc != 0) {
    return reject_gathered(reader, call, rc, len);
  }
  const char *json = (const char *)reader->buffer;
  size_t bom = len >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  return emit_json(reader, call, json + bom, len - bom, 0, false);
}

/* --- lines --- */

/* The splitter's reader. Failures of the file itself are told apart from the host's by -EBADMSG. */
static ssize_t read_for_split(void *arg, void *buffer, size_t capacity) {
  file_reader *reader = arg;
  ssize_t n = input_read(reader->input, buffer, capacity, &reader->fault);
  return n >= 0 || n == -ECANCELED ? n : -EBADMSG;
}

static bool is_blank(const split_line *line) {
  for (size_t i = 0; i < line->len; i++) {
    if (line->data[i] != ' ' && line->data[i] != '\t' && line->data[i] != '\r') {
      return false;
    }
  }
  return true;
}

static int emit_line(file_reader *reader, qn_call *call, const split_line *line) {
  if (line->too_long) {
    file_fault fault;
    fault_set(&fault, "line-too-long",
              "the line has %" PRIu64 " bytes; line_bytes of the %s stage allows %zu, raise it", line->bytes,
              reader->stage, reader->line_bytes);
    return reject_json(reader, call, line->index, true, &fault);
  }
  return emit_json(reader, call, line->data, line->len, line->index, true);
}

int reader_line(file_reader *reader, qn_call *call) {
  split_line line;
  int rc;
  do {
    rc = split_next(&reader->split, &line);
  } while (rc == 1 && (line.index < reader->skip_lines || (!line.too_long && is_blank(&line))));
  if (rc == 0) {
    return 1;
  }
  if (rc == -EBADMSG) { /* reading failed; what came before has been emitted */
    rc = reject_json(reader, call, reader->split.n_lines, true, &reader->fault);
    return rc == 0 ? 1 : rc;
  }
  if (rc < 0) {
    return rc;
  }
  rc = emit_line(reader, call, &line);
  reader->n_through = rc == 0 ? line.index + 1 : reader->n_through;
  return rc;
}

file_input *reader_end_lines(file_reader *reader) {
  file_input *input = reader->input;
  split_done(&reader->split);
  reader->input = NULL;
  return input;
}

/* --- any file --- */

int reader_begin(file_reader *reader, qn_call *call, file_input *input, const char *path) {
  file_format format = reader->format != FORMAT_AUTO ? reader->format : format_find(input, path, &reader->fault);
  switch (format) {
  case FORMAT_JSONL:
    reader->input = input;
    split_init(&reader->split, read_for_split, reader, reader->line_bytes);
    return 0;
  case FORMAT_JSON:
    return emit_json_file(reader, call, input);
  case FORMAT_HTML:
    return emit_whole(reader, call, input, "text/html");
  case FORMAT_TEXT:
    return emit_whole(reader, call, input, "text/plain");
  default:
    return emit_whole(reader, call, input, "");
  }
}
