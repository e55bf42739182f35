/* SPDX-License-Identifier: Apache-2.0 */

/* The journal of a worker: documents are on the disk here before they count as accepted, and until they have settled. Floor 3.
 *
 * One journal a process, one *line* for each source of each pipeline. An *entry* is made by journal_reserve, filled and put by the
 * source's side; once committed it waits in its line; the pipeline's side takes it, and settles or returns it. All that changes goes
 * through one queue to one thread, which commits what has come together (group commit, synchronous=FULL); what was queued first
 * is never committed later. Payloads that do not fit memory's share are read again when taken.
 *
 * The journal belongs to the process and outlives pipelines, their reloads and their failures. All functions may be called by
 * any thread unless tagged. */
#ifndef CORE_DELIVERY_JOURNAL_H
#define CORE_DELIVERY_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "document/error.h"
#include "qanat/stage.h"

typedef struct journal journal;
typedef struct journal_line journal_line;
typedef struct journal_entry journal_entry;

typedef struct journal_options {
  const char *folder;       /* of the state, with all files of the journal; made if it is not there */
  uint64_t max_documents;   /* that may wait or be in flight; 0: the usual (1,000,000) */
  uint64_t max_bytes;       /* the same, of payload; 0: the usual (4 GiB) */
  uint64_t memory_bytes;    /* for documents that wait, and as much for those being filled; 0: the usual (64 MiB) */
  uint64_t body_bytes;      /* larger payloads are files of their own under bodies/, synced; 0: the usual (1 MiB) */
  uint32_t commit_ms;       /* a commit waits so long for company at most; UINT32_MAX: the usual (2) */
  uint32_t keys_kept_hours; /* how long keys of settled documents are remembered; 0: the usual (72) */
  /* Words for the operator: recovery, a full disk, that it can write again. [any, one at a time] */
  void (*say)(void *arg, uint32_t level, const char *text);
  void *arg;
} journal_options;

/* Opens or makes it. A file that is damaged beyond reading is moved aside to journal.db.damaged-N (with its -wal), said loudly, and a new
 * one begun; -EBUSY: another worker has it (an flock on FOLDER/lock). Entries that somebody had in hand when the last process
 * ended (hands.h) have one crash more. 0, or a negative errno with error filled. */
int journal_open(const journal_options *options, journal **ret_journal, qn_error *error);
/* Commits what is queued, and closes. NULL is fine. Nothing may be taken any more. */
void journal_close(journal *journal);

typedef enum journal_state { JOURNAL_WRITES = 0, JOURNAL_FULL = 1, JOURNAL_FAILS = 2 } journal_state;

/* Where things are. accepted and settled count since journal_open; waiting + taken are all that is kept. */
typedef struct journal_counts {
  journal_state state;
  qn_error error; /* why it cannot write, if it fails: it tries again every second */
  uint64_t accepted, known, refused, settled, quarantined;
  uint64_t waiting, taken;
  uint64_t bytes; /* of payload kept */
  uint64_t max_documents, max_bytes;
  uint64_t n_commits;
  uint64_t commit_ns;  /* all commits together */
  uint64_t oldest_ms;  /* Unix time of the oldest entry kept; 0: none */
  uint64_t file_bytes; /* journal.db with its -wal */
} journal_counts;

/* Whether it cannot write now; then error says why. */
bool journal_fails(journal *journal, qn_error *ret_error);
void journal_counts_get(journal *journal, journal_counts *ret_counts);
/* accepted, known, refused, settled, quarantined, waiting, taken, bytes and oldest_ms of one line. */
void journal_line_counts_get(journal_line *line, journal_counts *ret_counts);

/* --- lines --- */

/* What the source's side of a line is told, by the journal's thread, which must not be held up; all may be NULL. An entry is lent for the
 * length of the call. */
typedef struct journal_events {
  void (*accepted)(void *arg, const journal_entry *entry);         /* it is on the disk */
  void (*known)(void *arg, const journal_entry *entry, qn_str id); /* its key was accepted before, as document id */
  void (*refused)(void *arg, const journal_entry *entry, const qn_error *error); /* it could not be written */
  void (*room)(void *arg); /* after an -EAGAIN of journal_reserve: there is room again */
} journal_events;

/* The line of a source of a pipeline; the same one ever after. 0, -ENOMEM, or an errno of the journal with error filled. */
int journal_line_get(journal *journal, const char *pipeline, const char *source, journal_line **ret_line,
                     qn_error *error);
/* Where its events go from now on; NULL: nowhere. Returns when no event of the ones before is running. Not from an event. */
void journal_line_watch(journal_line *line, const journal_events *events, void *arg);
/* Entries kept in lines of the pipeline that are not among sources: what a pipeline that lost a source left behind. */
uint64_t journal_orphans(journal *journal, const char *pipeline, const char *const *sources, uint32_t n_sources);

/* --- the source's side --- */

enum { JOURNAL_WATCH_FINISH = 1, JOURNAL_WATCH_RECORD = 2 };

/* What is known of a document. Strings are the entry's. */
struct journal_entry {
  journal_entry *next; /* in the list of whoever holds it */
  journal_line *line;
  uint64_t number; /* from 1 on, in order of acceptance; never given again. 0 before it is put */
  uint64_t cookie; /* the source's, of this process; 0 after a restart */
  uint64_t ordinal;
  int64_t accepted_ms; /* Unix time */
  uint32_t watched;    /* JOURNAL_WATCH_*; 0 after a restart */
  uint32_t crashes;    /* processes that ended with it in hand */
  qn_str source, id, media_type, key;
  qn_str slug, message; /* slug not empty: its source could not read it, and it goes to the dead letters */
  qn_str confirmed;     /* ids of sinks that have it already, a line each */
  uint8_t *payload;     /* room while it is being filled; else lent, NULL until journal_load */
  size_t payload_bytes; /* before put: of room */
  uint32_t n_fields;
  struct journal_field *fields;
};

typedef struct journal_field {
  qn_str name;
  qn_value value; /* BOOL, I64, F64 or STR */
} journal_field;

/* Room for a document of so many bytes. 0, -EAGAIN (full: events.room tells; also while it cannot write), -EFBIG (more than max_bytes),
 * -ENOMEM. */
int journal_reserve(journal_line *line, size_t payload_bytes, journal_entry **ret_entry);
/* The same, but waits. 0, -ECANCELED (after journal_interrupt_intake), -EFBIG, -ENOMEM. */
int journal_reserve_wait(journal_line *line, size_t payload_bytes, journal_entry **ret_entry);
void journal_interrupt_intake(journal_line *line, bool interrupted);
/* Fill in what is said of it; copied. 0, -ENOMEM, -EINVAL (longer than the ABI allows), -E2BIG (fields). */
int journal_describe(journal_entry *entry, const qn_emit *emit);
int journal_name_key(journal_entry *entry, qn_str key);
int journal_name_confirmed(journal_entry *entry, qn_str sinks); /* ids, a line each */
int journal_set_field(journal_entry *entry, qn_str name, const qn_value *value);
int journal_reject(journal_entry *entry, const char *slug, const char *message, size_t len);
/* Hands it to be committed, with the first payload_bytes of its payload; an event follows. The entry is the journal's. */
void journal_put(journal_entry *entry, size_t payload_bytes);
/* Gives up one that was not put. NULL is fine. */
void journal_cancel(journal_entry *entry);

/* --- the pipeline's side --- */

/* Takes the waiting entries of the line that are next in order, as a list, at most n_max; waits until there is one. They are lent until
 * settled or returned. Entries with `crashes` of two or more are among them: whoever takes them quarantines them. 0, -ECANCELED (after
 * journal_interrupt_take). */
int journal_take(journal_line *line, uint32_t n_max, journal_entry **ret_first);
void journal_interrupt_take(journal_line *line, bool interrupted);
/* Makes the payload be in memory, until it is settled or returned. 0, -EBADMSG (it is missing or damaged, for good), or
 * another negative errno that may pass (-ENOMEM, -EMFILE, -EIO). */
int journal_load(journal_entry *entry, qn_error *error);
/* Drops the payload from memory again, once whoever needed it has a copy. */
void journal_unload(journal_entry *entry);
/* Back to its place in the line, as if it had never been taken: for a pipeline that ends before the document does. */
void journal_return(journal_entry *entry);
/* It has come out, or its letter is on the disk: it is removed with the next commit. The entry is the journal's. */
void journal_settle(journal_entry *entry);
/* The sink has made these durable; `state` (NULL: none) is what it keeps with that. One transaction, before any later settlement. */
int journal_confirm(journal *journal, const char *pipeline, const char *sink, journal_entry *const *entries, uint32_t n,
                    const void *state, size_t state_bytes);
/* What the sink kept last. Owned by the caller. 0, -ENOENT, -errno. */
int journal_kept(journal *journal, const char *pipeline, const char *sink, void **ret_bytes, size_t *ret_size);

/* Returns once everything queued before is on the disk, or it turned out that it cannot be. 0, -errno. */
int journal_sync(journal *journal, uint32_t timeout_ms);

/* Where a worker says what it has in hand: see hands.h. */
struct hands *journal_hands(journal *journal);

#endif
