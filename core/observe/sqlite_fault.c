/* SPDX-License-Identifier: Apache-2.0 */

#include "observe/sqlite_fault.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

int sqlite_fault_meaning(const sqlite_words *words, int code, int system_errno, const char **ret_remedy) {
  if (system_errno == ENOSPC || system_errno == EDQUOT) {
    code = SQLITE_FULL;
  }
  switch (code & 0xFF) {
  case SQLITE_FULL:
    *ret_remedy = words->full;
    return -ENOSPC;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    *ret_remedy = words->denied;
    return -EACCES;
  case SQLITE_NOTADB:
    *ret_remedy = words->foreign;
    return words->foreign_code;
  case SQLITE_CORRUPT:
    *ret_remedy = words->damaged;
    return words->damaged_code;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    *ret_remedy = words->busy;
    return -EBUSY;
  case SQLITE_NOMEM:
    *ret_remedy = "there is no memory";
    return -ENOMEM;
  case SQLITE_CANTOPEN:
    *ret_remedy = words->missing;
    return system_errno != 0 ? -system_errno : -ENOENT;
  default:
    *ret_remedy = "look after its disk";
    return -EIO;
  }
}

int sqlite_fault(sqlite3 *database, const sqlite_words *words, const char *doing, qn_error *error) {
  const char *path = sqlite3_db_filename(database, "main");
  int system_errno = sqlite3_system_errno(database);
  const char *remedy;
  int code = sqlite_fault_meaning(words, sqlite3_extended_errcode(database), system_errno, &remedy);
  bool has_errno = system_errno != 0 && -system_errno == code;
  return error_set(error, code, words->slug, "cannot %s %s: %s; %s", doing,
                   path != NULL && path[0] != '\0' ? path : words->unnamed,
                   has_errno ? strerror(system_errno) : sqlite3_errmsg(database), remedy);
}

int sqlite_fault_run(sqlite3 *database, const sqlite_words *words, const char *sql, const char *doing,
                     qn_error *error) {
  return sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_fault(database, words, doing, error);
}

int sqlite_fault_number(sqlite3 *database, const sqlite_words *words, const char *sql, const char *doing,
                        int64_t *ret_number, qn_error *error) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int rc = code == SQLITE_ROW ? 0 : sqlite_fault(database, words, doing, error);
  if (rc == 0) {
    *ret_number = sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  return rc;
}
