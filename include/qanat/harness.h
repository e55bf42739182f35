/* SPDX-License-Identifier: Apache-2.0 */

/* The harness: runs one stage in a test, without a pipeline. Link with pkg-config qanat-harness.
 *
 * Open a stage from its .so, or from the table linked into the test; make documents from text, bytes, layers or a JSON
 * fixture; run the stage; read layers, fields, views and messages. Memory that runs out, host functions that
 * fail, hosts older and newer than this one, many threads, cancelling and late completions are asked for, not waited for.
 *
 * It keeps no global state, prints nothing, never exits and never asserts: what goes wrong comes back as a code with
 * a message, so it goes with any test framework. (cmocka defines a macro fail(); nothing here is called so.) It is a static
 * library, linked with the header it came with: structs may change between releases, which the ABI's may not.
 *
 * The thread that opened a harness is its loop thread: callbacks of qanat.io/1 run in it, while it waits in
 * qn_harness_wait, qn_harness_turn and the like. Everything is called from that thread, but for what is tagged [any].
 *
 * Where a function has message and size, it writes there what went wrong, NUL-terminated and cut to size; both may be 0. */
#ifndef QANAT_HARNESS_H
#define QANAT_HARNESS_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define QN_HARNESS_API __attribute__((visibility("default")))
#else
#define QN_HARNESS_API
#endif

typedef struct qn_harness qn_harness;         /* one stage, created */
typedef struct qn_harness_doc qn_harness_doc; /* a document of one harness; the test owns it */
typedef struct qn_harness_run qn_harness_run; /* one document given to a stage, until its outcome is there */

/* --- a stage --- */

/* Makes a function of the host fail, as a test wants it. */
typedef struct qn_harness_fault {
  const char *function; /* a function of qn_host by name: "layer_reserve"; "alloc" stands for resize too. NULL: none */
  uint32_t nth;         /* which call of it from now on fails; 1: the next, 0: none */
  uint32_t for_good;    /* not 0: and all later ones */
  int code;             /* what it returns; 0: -ENOMEM. Functions that return a pointer return NULL */
} qn_harness_fault;

/* Zero means the usual for each. Strings are used only while qn_harness_open runs. */
typedef struct qn_harness_options {
  const char *file;        /* the plugin's .so; or ... */
  const qn_plugin *plugin; /* ... its table, linked into this program (&qn_plugin_v1), and ... */
  const char *manifest;    /* ... the path of its manifest.json, beside which its data files are */
  const char *stage;       /* by name; NULL: the plugin's only one */
  const char *config;      /* what stands under "with" in a pipeline file, as JSON; NULL: {} */
  const char *folder;      /* configuration values of type "file" are relative to it; NULL: the working directory */
  int64_t now_ms;          /* the time the stage sees; 0: 2026-01-01 */
  uint32_t timeout_ms;     /* how long to wait for what is asynchronous; 0: 10 seconds */
  uint32_t deadline_ms;    /* after so long in one call, cancelled() says 1; 0: never */
  uint32_t no_extensions;  /* not 0: extension() has nothing, not even qanat.io/1 */
  uint32_t host_bytes;     /* size of the host table the stage sees. 0: this version's. Smaller: an older host, without
                              the functions behind; larger: a newer one, with more that the stage knows nothing of */
  uint32_t abi_minor;      /* of that table; used if host_bytes is not 0 */
  uint32_t part_credits;   /* parts that one call of a stage which splits may begin before -EAGAIN; 0: any number */
  uint32_t worker;         /* not 0: lends what a worker has besides (qanat/intake.h, qanat/keep.h) */
  const void *kept; /* then: what a sink had kept when an earlier life of it ended (qn_harness_kept); NULL: nothing */
  size_t kept_bytes;
  size_t document_bytes;  /* limit of payload and each view; 0: 64 MiB */
  qn_harness_fault fault; /* in force from before create on */
  /* Lines that the stage logs. [any] */
  void (*log)(void *arg, uint32_t level, const char *text, size_t len);
  void *arg;
} qn_harness_options;

/* Reads the manifest, checks the configuration against it, loads the plugin, runs create, and opens a context. 0;
 * -EINVAL (the manifest, the configuration, or create said so); another negative errno. */
QN_HARNESS_API int qn_harness_open(const qn_harness_options *options, qn_harness **ret_harness, char *message,
                                   size_t size);

/* Destroys the stage and everything else, documents too; NULL is fine. Completions still owed are waited for. 0; -EPROTO if
 * the stage left something behind: the host's memory, handles of qanat.io/1, tickets never completed. */
QN_HARNESS_API int qn_harness_close(qn_harness *harness, char *message, size_t size);

/* What the manifest says of the stage: its name; QN_HARNESS_* of role and call form; whether it splits. */
enum { QN_HARNESS_SOURCE = 0, QN_HARNESS_TRANSFORM = 1, QN_HARNESS_SINK = 2 };
enum { QN_HARNESS_ONE = 0, QN_HARNESS_BATCH = 1, QN_HARNESS_ASYNC = 2, QN_HARNESS_SYNC = 3 };

typedef struct qn_harness_stage {
  const char *name; /* holds until close */
  uint32_t role;
  uint32_t call;
  uint32_t splits;
  uint32_t batch_size;
} qn_harness_stage;

QN_HARNESS_API void qn_harness_stage_get(const qn_harness *harness, qn_harness_stage *ret_stage);

/* Replaces the fault in force; a NULL function lifts it. 0, -ENOENT (no such function). */
QN_HARNESS_API int qn_harness_fault_set(qn_harness *harness, const qn_harness_fault *fault);
/* 1 once the fault has struck. */
QN_HARNESS_API int qn_harness_fault_struck(const qn_harness *harness);

/* How often the stage has called a function of the host ("layer_get"), or the host one of the stage ("stage.process").
 * [any] */
QN_HARNESS_API uint64_t qn_harness_calls(const qn_harness *harness, const char *function);

/* Bytes of the host's memory that the stage holds now. [any] */
QN_HARNESS_API size_t qn_harness_memory(const qn_harness *harness);

/* --- documents ---
 *
 * What the stage reads and a document lacks is added when it is run: a layer without rows, a view that is the whole
 * text. Documents hold until qn_harness_doc_free or close; what is read from them, until they go. NULL: no memory, or too
 * large. */

/* A document as it comes from a source. media_type may be NULL. */
QN_HARNESS_API qn_harness_doc *qn_harness_doc_bytes(qn_harness *harness, const void *payload, size_t len,
                                                    const char *media_type);
/* A decoded one, its payload the same bytes. Also NULL if they are not UTF-8 without NUL. */
QN_HARNESS_API qn_harness_doc *qn_harness_doc_text(qn_harness *harness, const void *text, size_t len);
/* Random but valid, the same for a seed everywhere: a text of about so many bytes in several scripts, and rows in
 * every layer that the stage reads. */
QN_HARNESS_API qn_harness_doc *qn_harness_doc_random(qn_harness *harness, uint64_t seed, uint32_t about_bytes);

/* From a fixture:
 *
 *   { "text": "glad", "fields": { "language": "en", "title": { "begin": 0, "end": 4 } },
 *     "views": { "normalized": { "of": "text", "text": "gla", "runs": [[0, 0, "copy"], [3, 3, "replace"]] } },
 *     "layers": { "token/1": [ { "begin": 0, "end": 4, "form": "glad" } ] } }
 *
 * "payload" in place of or beside "text" (or "payload_base64"); columns by their names, absent ones may be left out;
 * symbols by name; all offsets are bytes of the text. A whole number is an i64 ({ "f64": 3 } is not). A layer's rows stand
 * in its order, and the layers that others point into stand first. 0, -EINVAL, -ENOMEM. */
QN_HARNESS_API int qn_harness_doc_json(qn_harness *harness, const char *json, size_t len, qn_harness_doc **ret_doc,
                                       char *message, size_t size);
/* The same from a file. */
QN_HARNESS_API int qn_harness_doc_file(qn_harness *harness, const char *path, qn_harness_doc **ret_doc, char *message,
                                       size_t size);
/* The other way: everything the document holds, in the same form, on one line; free() it. NULL: no memory. Equal
 * documents give equal text. */
QN_HARNESS_API char *qn_harness_doc_dump(qn_harness_doc *doc);

/* A second document with everything this one has. */
QN_HARNESS_API qn_harness_doc *qn_harness_doc_fork(qn_harness_doc *doc);
QN_HARNESS_API void qn_harness_doc_free(qn_harness_doc *doc); /* NULL is fine */

/* 0, -EINVAL, -ENOMEM, -E2BIG as the host's field_set; QN_VALUE_NONE removes. Spans are offsets in the text. */
QN_HARNESS_API int qn_harness_field_set(qn_harness_doc *doc, const char *name, const qn_value *value);
QN_HARNESS_API int qn_harness_field_set_str(qn_harness_doc *doc, const char *name, const char *text);

/* Adds a view made of another, with the runs that align them (qn_view_room). 0, -EINVAL, -ENOENT, -EEXIST, -ENOMEM. */
QN_HARNESS_API int qn_harness_view_set(qn_harness_doc *doc, const char *name, const char *base, qn_str bytes,
                                       uint32_t n_runs, const uint32_t *run_derived, const uint32_t *run_base,
                                       const uint8_t *run_kind);

/* Adds a layer of a stage before this one; offsets are in the text. Columns and heap as a stage reads them. 0, -EINVAL (the
 * rows break a rule, or the columns are not the schema's), -ENOENT (no such layer), -EEXIST, -ENOMEM. */
QN_HARNESS_API int qn_harness_layer_set(qn_harness_doc *doc, const char *name, const qn_layer *layer, char *message,
                                        size_t size);

/* Read: 0, -ENOENT. Views are "payload", "text" and others by name; offsets of layers and fields are in the text. */
QN_HARNESS_API int qn_harness_view_get(qn_harness_doc *doc, const char *name, qn_view *ret_view);
QN_HARNESS_API int qn_harness_layer_get(qn_harness_doc *doc, const char *name, qn_layer *ret_layer);
QN_HARNESS_API int qn_harness_field_get(qn_harness_doc *doc, const char *name, qn_value *ret_value);
/* The index of a layer's column, for the helpers of qanat/doc.h. -ENOENT. */
QN_HARNESS_API int qn_harness_column(const qn_harness *harness, const char *layer, const char *column);
/* The bytes that a row covers. */
QN_HARNESS_API qn_str qn_harness_row_text(qn_harness_doc *doc, const qn_layer *layer, uint32_t row);
/* The record that sinks write, one JSON object; free() it. NULL: no memory. */
QN_HARNESS_API char *qn_harness_record(qn_harness_doc *doc);

/* Documents that a stage which splits made of this one, in order. They go with it. */
QN_HARNESS_API uint32_t qn_harness_n_parts(const qn_harness_doc *doc);
QN_HARNESS_API qn_harness_doc *qn_harness_part(const qn_harness_doc *doc, uint32_t index);

/* --- running --- */

/* What came of one call. */
typedef struct qn_harness_outcome {
  qn_status status;       /* as the host counts it: a broken rule makes OK a REJECT */
  uint32_t n_refused;     /* host functions that the stage had no right to call (-EINVAL, -EPERM) */
  uint32_t is_fault;      /* not 0: the plugin broke a rule of the ABI; slug and message say which */
  uint32_t n_completions; /* asynchronous: how often complete() was called so far */
  uint32_t timed_out;     /* not 0: not completed in time; status is RETRY */
  uint32_t reserved;
  uint64_t elapsed_us;
  char slug[64];
  char message[1024]; /* empty for OK, MORE, DROP and PENDING */
} qn_harness_outcome;

/* Runs a transform of any call form over one document, to its end: a batch of one, an asynchronous one until it completes, one
 * that splits as long as it says MORE. Returns the status; ret_outcome may be NULL. Run a document once. */
QN_HARNESS_API qn_status qn_harness_process(qn_harness *harness, qn_harness_doc *doc, qn_harness_outcome *ret_outcome);

/* One call of a transform that splits, which may say MORE. */
QN_HARNESS_API qn_status qn_harness_step(qn_harness *harness, qn_harness_doc *doc, qn_harness_outcome *ret_outcome);

/* Documents in one batch; ret_outcomes has n_docs places. For the other call forms, one after the other. */
QN_HARNESS_API void qn_harness_process_batch(qn_harness *harness, qn_harness_doc *const *docs, uint32_t n_docs,
                                             qn_harness_outcome *ret_outcomes);

/* Shares documents out among threads over the one instance, each with a context of its own: document i goes to thread i modulo
 * n_threads, which takes its own in order. Asynchronous ones are all begun before any is waited for. 0, -ENOMEM, or what
 * context_open returned. */
QN_HARNESS_API int qn_harness_process_threads(qn_harness *harness, qn_harness_doc *const *docs, uint32_t n_docs,
                                              uint32_t n_threads, qn_harness_outcome *ret_outcomes);

/* Gives one document to an asynchronous transform and comes back at once. 0, -ENOMEM, -EINVAL (not asynchronous). */
QN_HARNESS_API int qn_harness_begin(qn_harness *harness, qn_harness_doc *doc, qn_harness_run **ret_run);
/* Turns the loop until the run has completed. Its status; QN_STATUS_PENDING after timeout_ms. */
QN_HARNESS_API qn_status qn_harness_wait(qn_harness_run *run, uint32_t timeout_ms, qn_harness_outcome *ret_outcome);
/* As after a time-out: cancelled() says 1 and the stage's cancel is called. complete() is still owed. */
QN_HARNESS_API void qn_harness_cancel(qn_harness_run *run);
/* Takes the outcome as it is and lets go of the run: a later completion is ignored and counted. */
QN_HARNESS_API void qn_harness_end(qn_harness_run *run);
/* Completions for tickets that nobody waits for: late, double or made up. [any] */
QN_HARNESS_API uint64_t qn_harness_stray_completions(const qn_harness *harness);

/* Lets the loop do what is ready, waiting up to timeout_ms for something. How many callbacks ran. */
QN_HARNESS_API uint32_t qn_harness_turn(qn_harness *harness, uint32_t timeout_ms);

/* --- sources --- */

/* A document that a source emitted. Strings hold until the next pull. */
typedef struct qn_harness_emitted {
  qn_harness_doc *doc; /* the test's; of a rejected one, without payload */
  qn_emit emit;
  uint32_t rejected; /* not 0: by emit_reject, for this reason: */
  uint32_t reserved;
  char slug[64];
  char message[1024];
} qn_harness_emitted;

/* Starts the source: a synchronous one on a lent thread, an asynchronous one here. It may emit n_credits documents that are not yet
 * pulled (0: as many as it wants), then waits or gets -EAGAIN. Once for a harness. 0, -EINVAL (no source), -ENOMEM. */
QN_HARNESS_API int qn_harness_source_start(qn_harness *harness, uint32_t n_credits);
/* The next document. 0, -ENODATA (the source has ended), -ETIMEDOUT. */
QN_HARNESS_API int qn_harness_source_pull(qn_harness *harness, uint32_t timeout_ms, qn_harness_emitted *ret_emitted);
/* Tells the source how documents ended. */
QN_HARNESS_API void qn_harness_source_settle(qn_harness *harness, const qn_receipt *receipts, uint32_t n_receipts);
/* Stops it (interrupt or stop; emitting gives -ECANCELED) if it still runs, and waits for its end. Its last status; PENDING and
 * timed_out if it does not end. Documents not pulled are freed. */
QN_HARNESS_API qn_status qn_harness_source_stop(qn_harness *harness, qn_harness_outcome *ret_outcome);

/* --- sinks --- */

/* Encodes one document ahead of write, if the sink has a prepare. */
QN_HARNESS_API qn_status qn_harness_prepare(qn_harness *harness, qn_harness_doc *doc, qn_harness_outcome *ret_outcome);
/* What prepare left for write; empty if nothing. Holds as long as the document. */
QN_HARNESS_API qn_str qn_harness_prepared(const qn_harness_doc *doc);
/* Writes documents that are prepared, in one call; PENDING ones are waited for. */
QN_HARNESS_API void qn_harness_write(qn_harness *harness, qn_harness_doc *const *docs, uint32_t n_docs,
                                     qn_harness_outcome *ret_outcomes);
QN_HARNESS_API qn_status qn_harness_flush(qn_harness *harness, qn_harness_outcome *ret_outcome);
QN_HARNESS_API qn_status qn_harness_finish(qn_harness *harness, int success, qn_harness_outcome *ret_outcome);
/* What it has kept with its flushes so far (qanat/keep.h). Holds until the next flush. 0, -ENOENT (nothing, or the harness is no
 * worker's). */
QN_HARNESS_API int qn_harness_kept(const qn_harness *harness, qn_str *ret_bytes);

/* --- the laws --- */

/* What every transform and every prepare keeps, over the given texts, awkward ones, rubbish and random documents: the same output
 * twice, in any order, alone and from several threads; OK with valid spans, or a status with a message; no call of the host that the
 * rules forbid. Sinks only prepare. 0; -EPROTO with the first law broken and the document as a fixture; -ENOMEM. */
QN_HARNESS_API int qn_harness_check_laws(qn_harness *harness, const char *const *texts, uint32_t n_texts, uint64_t seed,
                                         char *message, size_t size);

#ifdef __cplusplus
}
#endif

#endif
