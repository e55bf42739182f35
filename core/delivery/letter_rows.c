/* SPDX-License-Identifier: Apache-2.0 */

/* Statements over the tables of dead letters, prepared when they are first needed. */
#include "delivery/letter_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum statement_index {
  ADD_LETTER,
  ADD_FIELD,
  ADD_PART,
  NEXT_LETTER,
  LAST_LETTER,
  READ_FIELDS,
  READ_PARTS,
  REMOVE_LETTER,
  N_STATEMENTS
};

#define FIND_LETTER                                                                                                    \
  "SELECT letter, pipeline, stage, slug, message, id, source, media_type, attempts, failures, time_ms,"                \
  " ordinal, bytes, origin, confirmed, part FROM letters WHERE letter > ?1 AND letter <= ?2"                           \
  " AND (?3 IS NULL OR pipeline = ?3) AND (?4 IS NULL OR stage = ?4) AND (?5 IS NULL OR slug = ?5)"                    \
  " ORDER BY letter"

static const char *const texts[N_STATEMENTS] = {
  [ADD_LETTER] =
      "INSERT INTO letters (pipeline, stage, slug, message, attempts, time_ms, id, source, ordinal,"
      " media_type, bytes, origin, part, confirmed, failures) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
      " ?11, ?12, ?13, ?14,"
      " 1 + coalesce((SELECT max(failures) FROM letters WHERE pipeline = ?1 AND id = ?7 AND id <> ''), 0))",
  [ADD_FIELD] = "INSERT INTO fields (letter, place, name, type, value) VALUES (?1, ?2, ?3, ?4, ?5)",
  [ADD_PART] = "INSERT INTO payloads (letter, part, bytes) VALUES (?1, ?2, ?3)",
  [NEXT_LETTER] = FIND_LETTER " LIMIT 1",
  [LAST_LETTER] = FIND_LETTER " DESC LIMIT 1",
  [READ_FIELDS] = "SELECT name, type, value FROM fields WHERE letter = ?1 ORDER BY place",
  [READ_PARTS] = "SELECT bytes FROM payloads WHERE letter = ?1 ORDER BY part",
  [REMOVE_LETTER] = "DELETE FROM letters WHERE letter = ?1",
};

struct letter_rows {
  sqlite3 *database;
  sqlite3_stmt *statements[N_STATEMENTS];
};

int letter_rows_open(const char *path, letter_access access, letter_rows **ret_rows, qn_error *error) {
  letter_rows *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "dead-letters", "no memory to open %s", path);
  }
  int rc = letter_database_open(path, access, &self->database, error);
  if (rc != 0) {
    free(self);
    return rc;
  }
  *ret_rows = self;
  return 0;
}

void letter_rows_close(letter_rows *self) {
  if (self == NULL) {
    return;
  }
  for (int i = 0; i < N_STATEMENTS; i++) {
    sqlite3_finalize(self->statements[i]);
  }
  letter_database_close(self->database);
  free(self);
}

int letter_rows_totals(letter_rows *self, uint64_t *ret_letters, uint64_t *ret_bytes, qn_error *error) {
  return letter_database_totals(self->database, ret_letters, ret_bytes, error);
}

int letter_rows_last(letter_rows *self, int64_t *ret_number, qn_error *error) {
  return letter_database_number(self->database, "SELECT coalesce(max(letter), 0) FROM letters", ret_number, error);
}

/* Ends the read that the row last found is lent from: it would stand in the way of writing. */
static void let_go(letter_rows *self) {
  sqlite3_reset(self->statements[NEXT_LETTER]);
  sqlite3_reset(self->statements[LAST_LETTER]);
}

int letter_rows_begin(letter_rows *self, qn_error *error) {
  let_go(self);
  return letter_database_run(self->database, "BEGIN IMMEDIATE", "write", error);
}

int letter_rows_end(letter_rows *self, bool success, qn_error *error) {
  int rc = success ? letter_database_run(self->database, "COMMIT", "write", error) : 0;
  if (!success || rc != 0) {
    sqlite3_exec(self->database, "ROLLBACK", NULL, NULL, NULL); /* fails if SQLite did so by itself: as well */
  }
  return rc;
}

/* --- statements --- */

/* The statement, ready for its values. NULL with error filled. */
static sqlite3_stmt *ready(letter_rows *self, int index, qn_error *error) {
  sqlite3_stmt **statement = &self->statements[index];
  if (*statement == NULL &&
      sqlite3_prepare_v3(self->database, texts[index], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
    letter_database_fault(self->database, "read", error);
    return NULL;
  }
  return *statement;
}

/* Runs a statement that gives no rows, whose values bound to code. */
static int finish(letter_rows *self, sqlite3_stmt *statement, int code, qn_error *error) {
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int rc = code == SQLITE_DONE ? 0 : letter_database_fault(self->database, "write", error);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return rc;
}

static int bind_str(sqlite3_stmt *statement, int index, qn_str text) {
  return sqlite3_bind_text64(statement, index, text.len > 0 ? text.data : "", text.len, SQLITE_STATIC, SQLITE_UTF8);
}

/* NULL stands for nothing, and stays unbound. */
static int bind_text(sqlite3_stmt *statement, int index, const char *text) {
  return text == NULL ? SQLITE_OK : bind_str(statement, index, (qn_str){ text, strlen(text) });
}

static qn_str column_str(sqlite3_stmt *statement, int index) {
  const char *data = (const char *)sqlite3_column_text(statement, index);
  return (qn_str){ data, (size_t)sqlite3_column_bytes(statement, index) };
}

/* --- adding --- */

/* A made id is the source and the place in it. */
static int64_t ordinal_of(const letter_copy *copy) {
  qn_str id = copy->id;
  size_t at = id.len;
  int64_t ordinal = 0;
  while (at > 0 && id.data[at - 1] >= '0' && id.data[at - 1] <= '9') {
    at--;
  }
  bool made = at > 0 && id.data[at - 1] == '#' && id.len - at >= 1 && id.len - at <= 18 && at - 1 == copy->source.len &&
              memcmp(id.data, copy->source.data, at - 1) == 0;
  for (size_t i = at; made && i < id.len; i++) {
    ordinal = ordinal * 10 + (id.data[i] - '0');
  }
  return made ? ordinal : -1;
}

static int add_letter(letter_rows *self, const char *pipeline, const letter_copy *copy, qn_error *error) {
  sqlite3_stmt *statement = ready(self, ADD_LETTER, error);
  if (statement == NULL) {
    return error->code;
  }
  int64_t ordinal = ordinal_of(copy);
  const qn_str parts[] = { copy->stage, copy->slug, copy->message };
  int code = bind_text(statement, 1, pipeline);
  for (int i = 0; code == SQLITE_OK && i < 3; i++) {
    code = bind_str(statement, 2 + i, parts[i]);
  }
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 5, copy->attempts) : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 6, copy->time_ms) : code;
  code = code == SQLITE_OK ? bind_str(statement, 7, copy->id) : code;
  code = code == SQLITE_OK ? bind_str(statement, 8, copy->source) : code;
  code = code == SQLITE_OK && ordinal >= 0 ? sqlite3_bind_int64(statement, 9, ordinal) : code;
  code = code == SQLITE_OK && copy->media_type.len > 0 ? bind_str(statement, 10, copy->media_type) : code;
  if (code == SQLITE_OK && copy->has_payload) {
    code = sqlite3_bind_int64(statement, 11, (sqlite3_int64)copy->payload.len);
  }
  code = code == SQLITE_OK ? bind_str(statement, 12, copy->origin) : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 13, copy->is_part) : code;
  code = code == SQLITE_OK ? bind_str(statement, 14, copy->confirmed) : code;
  return finish(self, statement, code, error);
}

static int bind_value(sqlite3_stmt *statement, int index, const qn_value *value) {
  switch (value->type) {
  case QN_VALUE_STR:
    return bind_str(statement, index, value->as.str);
  case QN_VALUE_F64:
    return sqlite3_bind_double(statement, index, value->as.f64);
  default:
    return sqlite3_bind_int64(statement, index, value->as.i64);
  }
}

static int add_fields(letter_rows *self, int64_t number, const letter_copy *copy, qn_error *error) {
  sqlite3_stmt *statement = copy->n_fields == 0 ? NULL : ready(self, ADD_FIELD, error);
  if (copy->n_fields > 0 && statement == NULL) {
    return error->code;
  }
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < copy->n_fields; i++) {
    const letter_field *field = &copy->fields[i];
    int code = sqlite3_bind_int64(statement, 1, number);
    code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, i) : code;
    code = code == SQLITE_OK ? bind_str(statement, 3, field->name) : code;
    code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 4, field->value.type) : code;
    code = code == SQLITE_OK ? bind_value(statement, 5, &field->value) : code;
    rc = finish(self, statement, code, error);
  }
  return rc;
}

static int add_payload(letter_rows *self, int64_t number, const letter_copy *copy, qn_error *error) {
  int rc = 0;
  if (!copy->has_payload) {
    return 0;
  }
  sqlite3_stmt *statement = ready(self, ADD_PART, error);
  if (statement == NULL) {
    return error->code;
  }
  for (size_t at = 0; rc == 0 && at < copy->payload.len; at += LETTER_PART_BYTES) {
    size_t left = copy->payload.len - at;
    size_t len = left < LETTER_PART_BYTES ? left : LETTER_PART_BYTES;
    int code = sqlite3_bind_int64(statement, 1, number);
    code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, (sqlite3_int64)(at / LETTER_PART_BYTES)) : code;
    code = code == SQLITE_OK ? sqlite3_bind_blob64(statement, 3, copy->payload.data + at, len, SQLITE_STATIC) : code;
    rc = finish(self, statement, code, error);
  }
  return rc;
}

int letter_rows_add(letter_rows *self, const char *pipeline, const letter_copy *copy, qn_error *error) {
  int rc = add_letter(self, pipeline, copy, error);
  int64_t number = sqlite3_last_insert_rowid(self->database);
  rc = rc == 0 ? add_fields(self, number, copy, error) : rc;
  return rc == 0 ? add_payload(self, number, copy, error) : rc;
}

/* --- reading --- */

static void read_row(sqlite3_stmt *statement, letter_row *ret_row) {
  *ret_row = (letter_row){
    .number = sqlite3_column_int64(statement, 0),
    .pipeline = column_str(statement, 1),
    .stage = column_str(statement, 2),
    .slug = column_str(statement, 3),
    .message = column_str(statement, 4),
    .id = column_str(statement, 5),
    .source = column_str(statement, 6),
    .media_type = column_str(statement, 7),
    .attempts = (uint32_t)sqlite3_column_int64(statement, 8),
    .n_failures = (uint64_t)sqlite3_column_int64(statement, 9),
    .time_ms = sqlite3_column_int64(statement, 10),
    .ordinal = sqlite3_column_type(statement, 11) == SQLITE_NULL ? -1 : sqlite3_column_int64(statement, 11),
    .has_payload = sqlite3_column_type(statement, 12) != SQLITE_NULL,
    .payload_bytes = (uint64_t)sqlite3_column_int64(statement, 12),
    .origin = column_str(statement, 13),
    .confirmed = column_str(statement, 14),
    .is_part = sqlite3_column_int64(statement, 15) != 0,
  };
}

/* The range of numbers in which the next letter is: where numbers are given, that of the smallest one left. */
static bool next_range(const letter_filter *filter, int64_t *ret_after, int64_t *ret_up_to) {
  int64_t least = INT64_MAX;
  *ret_after = filter->after;
  *ret_up_to = filter->up_to > 0 ? filter->up_to : INT64_MAX;
  if (filter->numbers == NULL) {
    return true;
  }
  for (uint32_t i = 0; i < filter->n_numbers; i++) {
    if (filter->numbers[i] > filter->after && filter->numbers[i] < least) {
      least = filter->numbers[i];
    }
  }
  if (least > *ret_up_to || least == INT64_MAX) {
    return false;
  }
  *ret_after = least - 1;
  *ret_up_to = least;
  return true;
}

static int find(letter_rows *self, const letter_filter *filter, int64_t after, int64_t up_to, letter_row *ret_row,
                qn_error *error) {
  sqlite3_stmt *statement = ready(self, filter->newest ? LAST_LETTER : NEXT_LETTER, error);
  if (statement == NULL) {
    return error->code;
  }
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  int code = sqlite3_bind_int64(statement, 1, after);
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, up_to) : code;
  code = code == SQLITE_OK ? bind_text(statement, 3, filter->pipeline) : code;
  code = code == SQLITE_OK ? bind_text(statement, 4, filter->stage) : code;
  code = code == SQLITE_OK ? bind_text(statement, 5, filter->slug) : code;
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  if (code == SQLITE_ROW) {
    read_row(statement, ret_row);
    return 0;
  }
  int rc = code == SQLITE_DONE ? -ENOENT : letter_database_fault(self->database, "read", error);
  sqlite3_reset(statement);
  return rc;
}

int letter_rows_next(letter_rows *self, const letter_filter *filter, letter_row *ret_row, qn_error *error) {
  letter_filter left = *filter;
  int64_t after, up_to;
  while (next_range(&left, &after, &up_to)) {
    int rc = find(self, filter, after, up_to, ret_row, error);
    if (rc != -ENOENT || filter->numbers == NULL) {
      return rc;
    }
    left.after = up_to; /* that one is gone, or not let through */
  }
  return -ENOENT;
}

int letter_rows_fields(letter_rows *self, int64_t number, int (*field)(void *arg, qn_str name, const qn_value *value),
                       void *arg, qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_FIELDS, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0;
  int code = sqlite3_bind_int64(statement, 1, number);
  while (code == SQLITE_OK && rc == 0 && sqlite3_step(statement) == SQLITE_ROW) {
    qn_value value = { .type = (uint32_t)sqlite3_column_int64(statement, 1) };
    if (value.type == QN_VALUE_STR) {
      value.as.str = column_str(statement, 2);
    } else if (value.type == QN_VALUE_F64) {
      value.as.f64 = sqlite3_column_double(statement, 2);
    } else {
      value.as.i64 = sqlite3_column_int64(statement, 2);
    }
    rc = field(arg, column_str(statement, 0), &value);
  }
  code = sqlite3_reset(statement);
  return rc == 0 && code != SQLITE_OK ? letter_database_fault(self->database, "read", error) : rc;
}

int letter_rows_payload(letter_rows *self, int64_t number, int (*piece)(void *arg, const uint8_t *bytes, size_t len),
                        void *arg, qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_PARTS, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0;
  int code = sqlite3_bind_int64(statement, 1, number);
  while (code == SQLITE_OK && rc == 0 && sqlite3_step(statement) == SQLITE_ROW) {
    const void *bytes = sqlite3_column_blob(statement, 0);
    rc = piece(arg, bytes, (size_t)sqlite3_column_bytes(statement, 0));
  }
  code = sqlite3_reset(statement);
  return rc == 0 && code != SQLITE_OK ? letter_database_fault(self->database, "read", error) : rc;
}

/* --- removing --- */

int letter_rows_remove(letter_rows *self, int64_t number, qn_error *error) {
  let_go(self);
  sqlite3_stmt *statement = ready(self, REMOVE_LETTER, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = finish(self, statement, sqlite3_bind_int64(statement, 1, number), error);
  return rc == 0 && sqlite3_changes(self->database) == 0 ? -ENOENT : rc;
}

int letter_rows_shrink(letter_rows *self, qn_error *error) {
  let_go(self);
  return letter_database_run(self->database, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)", "write",
                             error);
}
