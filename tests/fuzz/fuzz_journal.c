/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as what an earlier worker left behind. The first byte says as which file: the journal itself, its log, the table of hands, or
 * with the rest laid over a sound journal at some place. Opening it either works, moved aside or not, or is an error; whatever is
 * in it then can be taken, and the journal takes new documents. The rest of the program's look at it, export and verify, ends too.
 *
 * The bytes are also read as fields. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/journal.h"
#include "delivery/journal_fields.h"
#include "delivery/journal_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { SOUND_DOCUMENTS = 20, TAKEN_MOST = 64, SOUND_MAX = 1 << 20 };

static void must(bool fine) {
  if (!fine) {
    abort();
  }
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static void write_file(const char *folder, const char *name, const uint8_t *bytes, size_t n, off_t at) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int file = open(path, O_WRONLY | O_CREAT, 0600);
  must(file >= 0 && pwrite(file, bytes, n, at) == (ssize_t)n);
  close(file);
}

static void put_one(journal_line *line, uint64_t i) {
  journal_entry *entry = NULL;
  must(journal_reserve_wait(line, 100, &entry) == 0);
  memset(entry->payload, (int)i, 100);
  qn_emit emit = { .source = QN_LIT("fuzz"), .ordinal = i };
  must(journal_describe(entry, &emit) == 0);
  journal_put(entry, i % 2 == 0 ? 100 : 10);
}

/* A sound journal, made once. */
static size_t sound_bytes(const char *folder, const uint8_t **ret_bytes) {
  static uint8_t bytes[SOUND_MAX];
  static size_t n;
  if (n == 0) {
    char path[256];
    journal *made = NULL;
    journal_line *line = NULL;
    qn_error error = { 0 };
    must(journal_open(&(journal_options){ .folder = folder }, &made, &error) == 0);
    must(journal_line_get(made, "news", "http", &line, &error) == 0);
    for (uint64_t i = 0; i < SOUND_DOCUMENTS; i++) {
      put_one(line, i);
    }
    journal_close(made);
    snprintf(path, sizeof path, "%s/journal.db", folder);
    int file = open(path, O_RDONLY);
    ssize_t got = read(file, bytes, sizeof bytes);
    must(file >= 0 && got > 0);
    n = (size_t)got;
    close(file);
    unlink(path);
  }
  *ret_bytes = bytes;
  return n;
}

/* Takes what seems to wait, which may be less than has been counted, and one new document. */
static void use(journal *opened) {
  journal_line *line = NULL;
  journal_entry *entry = NULL;
  journal_counts counts;
  qn_error error = { 0 };
  if (journal_line_get(opened, "news", "http", &line, &error) != 0) {
    return;
  }
  journal_entry *probe = NULL;
  if (journal_reserve(line, 10, &probe) == 0) {
    journal_put(probe, 10);
  }
  int synced = journal_sync(opened, 5000);
  journal_counts_get(opened, &counts);
  journal_line_counts_get(line, &counts);
  if (probe == NULL || synced != 0) { /* nothing is sure to come */
    return;
  }
  must(journal_take(line, TAKEN_MOST, &entry) == 0);
  for (journal_entry *next; entry != NULL; entry = next) {
    next = entry->next;
    int rc = journal_load(entry, &error);
    must(rc == 0 || rc == -EBADMSG || rc == -EIO || rc == -EUCLEAN);
    if (entry->number % 2 == 0) {
      journal_return(entry);
    } else {
      journal_settle(entry);
    }
  }
}

static int pass(void *arg, const journal_row *row) {
  journal_file *file = arg;
  uint8_t bytes[200];
  qn_error error = { 0 };
  if (row->payload_bytes <= sizeof bytes) {
    journal_file_payload(file, row, bytes, &error);
  }
  return 0;
}

static void ignore(void *arg, const char *text) {
  (void)arg;
  must(text[0] != '\0');
}

static void look(const char *folder) {
  char path[256];
  journal_file *file = NULL;
  const journal_file_line *lines;
  uint32_t n_lines = 0, n_damaged;
  uint64_t n_entries, n_wrong;
  int64_t at = 0;
  qn_error error = { 0 };
  snprintf(path, sizeof path, "%s/journal.db", folder);
  if (journal_file_open(path, &file, &error) != 0) {
    return;
  }
  if (journal_file_lines(file, &lines, &n_lines, &error) == 0 && n_lines > 0 && lines[0].id > 0 &&
      lines[0].id <= JOURNAL_LINES_MAX) {
    must(journal_file_walk(file, lines[0].id, journal_rows_place(lines[0].id, 0), pass, file, &at, &n_damaged,
                           &error) != -EINVAL);
  }
  journal_file_verify(file, ignore, NULL, &n_entries, &n_wrong, &error);
  journal_file_close(file);
}

static int take_field(void *arg, qn_str name, const qn_value *value) {
  uint32_t *n = arg;
  must(name.len <= UINT16_MAX && value->type >= QN_VALUE_BOOL && value->type <= QN_VALUE_STR);
  *n += 1;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char folder[] = "/tmp/qanat-fuzz-journal-XXXXXX";
  const uint8_t *sound;
  journal *opened = NULL;
  qn_error error = { 0 };
  uint32_t n_fields = 0;
  if (len < 3) {
    return 0;
  }
  journal_fields_read(data, len, take_field, &n_fields);
  must(n_fields <= JOURNAL_FIELDS_MAX && mkdtemp(folder) != NULL);
  size_t n_sound = sound_bytes(folder, &sound);
  size_t at = (size_t)(data[1] | data[2] << 8) * 2 % n_sound;
  size_t n = len - 3 < n_sound - at ? len - 3 : n_sound - at;
  switch (data[0] % 4) {
  case 0:
    write_file(folder, "journal.db", data + 3, len - 3, 0);
    break;
  case 1:
    write_file(folder, "journal.db", sound, n_sound, 0);
    write_file(folder, "journal.db-wal", data + 3, len - 3, 0);
    break;
  case 2:
    write_file(folder, "journal.db", sound, n_sound, 0);
    write_file(folder, "hands", data + 3, len - 3, 0);
    break;
  default:
    write_file(folder, "journal.db", sound, n_sound, 0);
    write_file(folder, "journal.db", data + 3, n, (off_t)at);
    break;
  }
  look(folder);
  if (journal_open(&(journal_options){ .folder = folder }, &opened, &error) == 0) {
    use(opened);
    journal_close(opened);
    look(folder);
  } else {
    must(error.code < 0 && error.message[0] != '\0');
  }
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
