/* SPDX-License-Identifier: Apache-2.0 */

/* What the journal's files share: its memory, and which thread may touch what. Floor 3, private.
 *
 * Of a line's committed entries some are in memory and the others are a range of numbers on the disk: once one has been let go for
 * want of memory, all that come later are too, until the range has been read back. So a backlog of any length costs nothing. */
#ifndef CORE_DELIVERY_JOURNAL_INSIDE_H
#define CORE_DELIVERY_JOURNAL_INSIDE_H

#include <pthread.h>

#include "delivery/hands.h"
#include "delivery/journal.h"
#include "delivery/journal_rows.h"

/* What is queued for the journal's thread. */
typedef enum op_kind { OP_PUT, OP_SETTLE, OP_CONFIRM } op_kind;

typedef struct journal_op {
  struct journal_op *next;
  op_kind kind;
  struct entry_inside *entry; /* of OP_PUT and OP_SETTLE */
} journal_op;

/* More room for an entry's strings. */
typedef struct entry_chunk {
  struct entry_chunk *next;
  size_t used, size;
  _Alignas(8) char bytes[];
} entry_chunk;

enum { ENTRY_ROOM_BYTES = 256 };

typedef struct entry_inside {
  journal_entry shown; /* must be first */
  journal_op op;       /* it is put or settled, never both at a time */
  size_t room_bytes;   /* of payload that it is charged with */
  uint64_t hash;       /* of the payload */
  uint64_t batch;      /* that settles it; the thread's */
  bool is_large;       /* of the memory that those have which are being filled */
  bool is_body;        /* the payload is a file of its own */
  bool is_known;       /* its key had been accepted before, as known_id; the thread's */
  qn_str known_id;
  char *confirmed_since; /* lines that `confirmed` gets when it is returned; the journal's mutex */
  size_t confirmed_bytes;
  uint32_t n_field_slots;
  entry_chunk *chunks;
  size_t room_used;
  _Alignas(8) char room[ENTRY_ROOM_BYTES];
} entry_inside;

/* A confirmation: the sink's name and the entries follow it in memory. */
typedef struct confirm_op {
  journal_op op;             /* must be first */
  char *line;                /* the sink's id and a newline */
  struct journal_kept *kept; /* whose names say where state belongs */
  void *state;               /* NULL: nothing new */
  size_t state_bytes;
  uint32_t n;
  entry_inside *entries[];
} confirm_op;

/* What a sink kept last, of all that was queued. */
typedef struct journal_kept {
  struct journal_kept *next;
  char *pipeline, *sink;
  void *bytes;
  size_t n_bytes;
} journal_kept_state;

struct journal_line {
  journal_line *next;
  journal *journal;
  int64_t id;
  char *pipeline, *source;

  pthread_mutex_t watch_mutex; /* held while an event runs; taken before the journal's mutex if both are */
  journal_events events;
  void *arg;

  /* The journal's mutex. */
  pthread_cond_t takeable;
  journal_entry *waiting;       /* in order of their numbers */
  journal_entry **last;         /* the end of waiting */
  journal_entry *returned;      /* in no order */
  uint64_t disk_from, disk_end; /* numbers that are on the disk only; equal: none */
  bool fetching;
  bool unreadable; /* said so */
  bool take_interrupted, intake_interrupted;
  bool wants_room;
  size_t wanted_bytes;
  uint64_t accepted, known, refused, settled, quarantined, taken;
  uint64_t documents, bytes, oldest_ms; /* committed */

  /* The thread's: what the transaction under way, or just ended, changes. */
  bool touched;
  int64_t more_documents, more_bytes;
};

struct journal {
  journal_options options;
  char *folder;
  int lock_file; /* -1: none */
  hands *hands;

  pthread_mutex_t writing_mutex; /* the thread holds it through a transaction; taken before `mutex` */
  journal_rows *writing;
  pthread_mutex_t reading_mutex; /* taken alone */
  journal_rows *reading;
  pthread_mutex_t say_mutex;

  uint64_t next_number; /* the thread's, as are these */
  uint64_t n_keys;
  int64_t session; /* which opening of the file this is; never changes */
  uint64_t batch;
  uint32_t last_puts; /* documents in the batch before */
  uint64_t ballast_bytes;
  uint32_t log_pages;      /* in the log, before it is written back; they fit where the ballast was */
  uint32_t log_pages_next; /* at how many the log is written back */
  bool log_failed;
  bool shrinks;        /* the file is being made smaller */
  int64_t shrunken_ns; /* when that was looked at last */
  uint64_t shrunken_commit;
  int64_t oldest_ns;      /* when the oldest was looked for */
  uint64_t oldest_commit; /* after which commit */

  pthread_mutex_t mutex; /* all that follows */
  pthread_cond_t queued; /* there is something for the thread */
  pthread_cond_t eased;  /* there may be room */
  pthread_cond_t synced; /* a batch has ended, one way or the other */
  journal_op *first, **last;
  uint32_t n_queued, n_queued_puts;
  size_t queued_bytes;
  uint32_t wake_at;  /* how many documents wake the thread */
  int64_t queued_ns; /* when the first of them was queued */
  uint64_t n_pushed, n_done;
  uint32_t n_syncing;
  bool closing, room_due;
  bool hurry; /* to try again: somebody waits for it */
  bool fails;
  int64_t again_ns; /* when it is tried again */
  qn_error error;   /* why */
  uint64_t n_failures;
  uint64_t charged_documents, charged_bytes; /* of the bounds: kept, queued and being filled */
  size_t filling_bytes, filling_large_bytes; /* of memory: queued and being filled */
  size_t memory_bytes;                       /* of memory: waiting */
  uint64_t n_commits, commit_ns;
  journal_line *lines;
  uint32_t n_lines;
  struct journal_kept *kept;

  pthread_t thread;
  bool has_thread;
};

/* --- journal_entry.c --- */

/* An entry with room for a payload. NULL: no memory. */
entry_inside *journal_entry_new(journal_line *line, size_t payload_bytes);
void journal_entry_free(entry_inside *entry);                      /* NULL is fine */
void *journal_entry_alloc(entry_inside *entry, size_t size_bytes); /* NULL: no memory */
qn_str journal_entry_copy(entry_inside *entry, qn_str text);       /* data NULL: no memory, if text is not empty */
size_t journal_entry_size(const entry_inside *entry);              /* of memory, about */

static inline entry_inside *journal_entry_of(journal_entry *shown) {
  return (entry_inside *)shown;
}

/* Where it is in the file: entries of a line lie together. */
static inline int64_t journal_entry_place(const entry_inside *entry) {
  return journal_rows_place(entry->shown.line->id, entry->shown.number);
}

/* --- journal_line.c --- */

int journal_line_add(journal *self, int64_t id, qn_str pipeline, qn_str source, uint64_t documents, uint64_t bytes,
                     journal_line **ret_line);
void journal_line_free(journal_line *line);
/* Puts a list that is in order among the waiting ones. [locked] */
void journal_line_merge(journal_line *line, journal_entry *list);
/* A committed entry waits from now on; one that there is no memory for goes to *free_later. [locked] */
void journal_line_enter(journal_line *line, entry_inside *entry, journal_entry **free_later);

/* --- journal_intake.c --- */

/* Gives back what entries were charged. [locked] */
void journal_uncharge(journal *self, uint64_t n_documents, uint64_t n_bytes);
/* Whether a document of so many bytes is within the bounds; and may come in now, for which there must be memory too. [locked] */
bool journal_has_bounds(const journal *self, size_t payload_bytes);
bool journal_has_room(const journal *self, size_t payload_bytes);
/* An entry is no longer being filled or queued. [locked] */
void journal_filled(journal *self, const entry_inside *entry, size_t n_bytes);

/* --- journal_confirm.c --- */

/* NULL: no memory. Either [locked]. */
struct journal_kept *journal_kept_add(journal *self, qn_str pipeline, qn_str sink);
int journal_kept_set(struct journal_kept *kept, const void *bytes, size_t n_bytes); /* 0, -ENOMEM */
void journal_confirm_free(confirm_op *op);

/* --- journal_writer.c --- */

void *journal_write_all(void *arg);               /* the thread */
void journal_push(journal *self, journal_op *op); /* [locked] */

/* --- journal.c --- */

void journal_say(journal *self, uint32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));
int64_t journal_now_ns(void);  /* of a clock that never jumps */
int64_t journal_time_ms(void); /* Unix time */
/* Waits at most until that moment of journal_now_ns. False: it has passed. */
bool journal_wait_until(pthread_cond_t *changed, pthread_mutex_t *mutex, int64_t deadline_ns);

#endif
