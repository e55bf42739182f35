/* SPDX-License-Identifier: Apache-2.0 */

/* The state of one files source, shared by its two halves: files.c chooses what to read, emit.c turns it into
 * documents. Only the lent thread touches it after create; interrupt() writes to stop_fd and nothing else. */
#ifndef FILES_SOURCE_H
#define FILES_SOURCE_H

#include <stdbool.h>

#include "files/input.h"
#include "files/split.h"
#include "files/survey.h"
#include "files/walk.h"
#include "qanat/progress.h"
#include "qanat/stage.h"

typedef enum file_format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_HTML, FORMAT_JSONL, FORMAT_JSON } file_format;

/* The members of a JSON document, as indices into files_source.members; what is kept besides follows. */
enum {
  MEMBER_TEXT = 0,
  MEMBER_ID,
  MEMBER_MEDIA_TYPE,
  MEMBER_TITLE, /* from here on a member becomes the field of the same place in member_fields */
  MEMBER_PUBLISHED,
  MEMBER_BYLINE,
  MEMBER_LANGUAGE,
  MEMBER_URL,
  MEMBER_KEPT,
  MEMBERS_MAX = MEMBER_KEPT + 32
};

typedef struct files_source {
  const qn_host *host;
  qn_env *env;
  file_walk *walk;
  const qn_progress *progress; /* NULL: nobody looks */
  files_survey *survey;        /* NULL if nobody looks */
  uint64_t done_bytes;         /* of files that are through */
  file_format format;
  char *members[MEMBERS_MAX]; /* names, owned */
  uint32_t n_members;
  char *media_type; /* of texts in JSON */
  size_t line_bytes;
  int stop_fd; /* an eventfd: readable once interrupted */

  file_input *input; /* the JSON Lines being read, or NULL */
  line_split split;
  file_fault fault; /* why reading for the splitter failed */

  char *name; /* of the file being read, as valid UTF-8, owned */
  uint8_t *buffer;
  size_t capacity;
} files_source;

/* The field names of the members from MEMBER_TITLE to MEMBER_URL. */
extern const char *const files_member_fields[MEMBER_KEPT];

/* What the emitting functions return besides 0: the errno of the host's emit functions, or -ENOMEM. What is wrong with
 * an input becomes a rejected document and is no error. */

/* Rejects the file, or the line of it with that ordinal, that is now being read. */
int files_reject(files_source *source, qn_call *call, uint64_t ordinal, const char *slug, const char *text);

/* Emits all of input as one document of the given media type. */
int files_emit_whole(files_source *source, qn_call *call, file_input *input, const char *media_type);

/* Emits the document that one JSON object describes. in_lines: it is a line, and ordinal + 1 its number. */
int files_emit_json(files_source *source, qn_call *call, const char *json, size_t len, uint64_t ordinal, bool in_lines);

/* Emits the one JSON object that input holds. */
int files_emit_json_file(files_source *source, qn_call *call, file_input *input);

/* Emits the next line of source->input. 0, or 1 at the end. */
int files_emit_line(files_source *source, qn_call *call);

/* A copy of bytes as valid UTF-8 without NUL, to be freed; what is neither becomes U+FFFD. NULL: no memory. */
char *files_clean(const char *bytes, size_t len, size_t *ret_len);

#endif
