/* SPDX-License-Identifier: Apache-2.0 */

/* The stage ABI: what a plugin gives the host, and what the host lends a plugin.
 *
 * A plugin is one shared object. It exports one constant symbol, qn_plugin_v1, which maps stage names
 * to function tables, and carries its manifest as an ELF note. It links nothing of Qanat: every
 * service reaches it through qn_host.
 *
 * Tables start with their size and only grow at their end. A field of a table is there if the table's
 * size reaches past it (QN_HAS); the manifest's "abi" makes the check needless for what that ABI had.
 *
 * Threads. [create] one thread at a time, before any document. [worker] a worker thread of the host; for
 * a parallel stage several at once, each with its own context. [lent] a thread the host lends to one
 * source or sink, which may block. [loop] the loop thread, which must never block. [any] any thread.
 *
 * Results. Host functions return 0 or a negative errno and leave ret_ arguments alone when they fail.
 * Every host function may return -EINVAL for a call that its rules forbid. */
#ifndef QANAT_STAGE_H
#define QANAT_STAGE_H

#include "qanat/doc.h"
#include "qanat/status.h"
#include "qanat/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* True if table, as the other side built it, has the field. */
#define QN_HAS(table, field)                                                                                           \
  ((size_t)(table)->size >= (size_t)((const char *)(&(table)->field + 1) - (const char *)(table)))

typedef struct qn_host qn_host;
typedef struct qn_predicate qn_predicate; /* a compiled condition on documents; the host's */
typedef struct qn_env qn_env; /* one stage of one pipeline, as the host knows it; lives as long as the instance */

/* Names one asynchronous operation, by value. Never reused while the process lives. */
typedef struct qn_ticket {
  uint32_t slot;
  uint32_t generation;
} qn_ticket;

/* What create() gets. [create] Holds until create returns. */
typedef struct qn_create {
  uint32_t size;
  uint32_t reserved;
  const qn_host *host; /* holds until destroy returns */
  qn_env *env;         /* holds until destroy returns */
} qn_create;

/* What process(), next() and prepare() get: one document (or, for a source, none yet) and where the
 * host keeps its side of the conversation. Lent until the function returns or, after PENDING, completes. */
typedef struct qn_call {
  uint32_t size;
  uint32_t attempt; /* 1 for the first try */
  const qn_host *host;
  qn_env *env;
  int64_t now_ms; /* Unix time of admission, milliseconds; the only clock a stage needs. Frozen on request. A transform
                       whose results depend on it says "needs": ["time"] in its manifest */
  qn_ticket ticket; /* async stages: what complete() takes */
} qn_call;

/* What a source says of a document it emits. Strings are copied. */
typedef struct qn_emit {
  qn_str source;     /* where it came from: a path, a URL, a topic. At most 4096 bytes */
  qn_str id;         /* stable identity, or empty: then made from source and ordinal. At most 256 bytes */
  qn_str media_type; /* of the payload, e.g. "text/html; charset=windows-1256"; empty if unknown */
  uint64_t ordinal;  /* place within source, from 0 */
  uint64_t cookie;   /* returned in the receipt */
} qn_emit;

/* How an emitted document ended. */
enum { QN_OUTCOME_DELIVERED = 0, QN_OUTCOME_DROPPED = 1, QN_OUTCOME_DEAD_LETTERED = 2 };

typedef struct qn_receipt {
  uint64_t cookie;
  uint32_t outcome; /* QN_OUTCOME_*, the worst of the document's leaves */
  uint32_t reserved;
} qn_receipt;

/* One document at a sink, prepared. */
typedef struct qn_item {
  qn_call *call;    /* for reading the document and for fail(); its ticket, for async sinks */
  qn_str prepared;  /* what prepare() set; empty if the sink has no prepare */
  qn_status status; /* in: OK. out: OK, PENDING (async), RETRY, REJECT or FATAL */
  uint32_t reserved;
} qn_item;

/* How the host's record encoder writes. Grows at its end. */
typedef struct qn_record_options {
  uint32_t size;
  uint32_t offsets;         /* QN_OFFSETS_* */
  uint32_t payload_offsets; /* not 0: spans also carry their place in the payload */
  uint32_t n_parts;
  const qn_str *parts; /* which parts to write ("text", "entities", "acme.mood/1"); n_parts 0: all */
} qn_record_options;

enum { QN_OFFSETS_BYTES = 0, QN_OFFSETS_CODEPOINTS = 1, QN_OFFSETS_UTF16 = 2 };

/* The services the host lends. One table for the life of the process; [any] unless tagged. */
struct qn_host {
  uint32_t size;
  uint16_t abi_major;
  uint16_t abi_minor;

  /* --- for any stage --- */

  /* Writes one line to the operator's log. text is UTF-8 without a newline, at most 4 KiB (cut). [any] */
  void (*log)(qn_env *env, uint32_t level, const char *text, size_t len);

  /* Memory from the host: counted against the stage, and failing on request under test. NULL when
   * there is none. Optional to use; free with the same. Aligned to 16. [any] */
  void *(*alloc)(qn_env *env, size_t bytes);
  void *(*resize)(qn_env *env, void *memory, size_t bytes);
  void (*release)(qn_env *env, void *memory);

  /* An optional power by name, e.g. "qanat.io/1" (qanat/io.h): a table that starts with its size, or NULL. [any] */
  const void *(*extension)(qn_env *env, const char *name);

  /* --- inside create --- */

  /* Reads a value of the stage's configuration, already validated against the manifest's schema with
   * defaults filled in and secrets resolved. pointer is a JSON pointer ("/sentences", "/paths/0"), "" the
   * whole. Strings hold until create returns. 0, -ENOENT. [create] */
  int (*config_get)(qn_create *create, const char *pointer, qn_value *ret_value);

  /* The name of member index of the object at pointer. 0, -ENOENT. [create] */
  int (*config_key)(qn_create *create, const char *pointer, uint32_t index, qn_str *ret_key);

  /* Lends the bytes of a data file that the manifest lists under "data", mapped and shared. Holds until
   * destroy returns. 0, -ENOENT, or the errno of opening it. [create] */
  int (*data_open)(qn_create *create, const char *name, qn_str *ret_bytes);

  /* The same for a file named by the configuration value of type "file" at pointer. [create] */
  int (*file_open)(qn_create *create, const char *pointer, qn_str *ret_bytes);

  /* Says why create fails; text is for the composer, and says what to do. Returns -EINVAL, so that
   * create can say `return host->create_fail(...)`. [create] */
  int (*create_fail)(qn_create *create, const char *text, size_t len);

  /* --- inside process, next, prepare and write --- */

  /* Records why this call does not return OK. slug is a short constant name ("bad-encoding", a-z, 0-9, -, at
   * most 48 bytes), text the sentence for people. Returns status, so that a stage can say
   * `return host->fail(...)`. */
  qn_status (*fail)(qn_call *call, qn_status status, const char *slug, const char *text, size_t len);

  /* 1 once nobody waits for this call any more (time-out, stop); a long stage asks now and then. */
  int (*cancelled)(const qn_call *call);

  /* The view declared under "view"."reads" (the first of them that the pipeline has). 0, -ENOENT. */
  int (*view_get)(qn_call *call, qn_view *ret_view);

  /* Lends room to build the view declared under "view"."provides", aligned to the one read. A further
   * reserve enlarges the room and keeps what was written. 0, -ENOMEM, -EFBIG (over limits.document_bytes). */
  int (*view_reserve)(qn_call *call, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room);

  /* Ends the view: bytes and runs written. Once in a call. 0, -EINVAL. */
  int (*view_commit)(qn_call *call, uint32_t bytes, uint32_t n_runs);

  /* Ends the view as a piece of the base, without a copy. Once in a call, instead of reserve and commit. */
  int (*view_alias)(qn_call *call, qn_span of_base);

  /* Reads a layer. layer is its index in this stage's manifest: reads, may_read, provides, modifies, in
   * that order. Offsets are in the stage's view. 0, -ENOENT (a may_read layer that is not there). */
  int (*layer_get)(qn_call *call, uint32_t layer, qn_layer *ret_layer);

  /* Lends room for up to n_rows more rows, and heap_bytes more bytes of strings, of a layer that this stage
   * provides. Pointers hold until the next reserve or commit of this layer. 0, -ENOMEM. */
  int (*layer_reserve)(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows);

  /* Appends the rows written into the room last reserved. May be repeated with reserve. A layer never committed
   * is sealed empty. Order, bounds, code points, refs and symbols are checked when the stage returns OK. */
  int (*layer_commit)(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes);

  /* Lends a layer that this stage modifies, already filled (ret_rows->n_filled), with room for more; the room
   * for strings is the one behind those already there (ret_rows->heap_base bytes). 0, -ENOENT, -ENOMEM, -EBUSY
   * (a ref of another layer points at its rows, which then may not change). */
  int (*layer_edit)(qn_call *call, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows);

  /* Replaces the layer by the first n_rows rows of the room; heap_bytes is all of the heap in use. */
  int (*layer_replace)(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes);

  /* Reads a field: "id", "source", "language", "title", "published", "media_type", ... 0, -ENOENT. */
  int (*field_get)(qn_call *call, qn_str name, qn_value *ret_value);

  /* Sets a field that the manifest lists under "fields"."writes"; QN_VALUE_NONE removes it. Copied at once,
   * sealed at OK. 0, -EPERM (not declared), -ENOMEM, -E2BIG (over 64 fields or 64 KiB). */
  int (*field_set)(qn_call *call, qn_str name, const qn_value *value);

  /* --- emitting: inside a source's next and callbacks, and in a transform that splits --- */

  /* Waits for credit, starts a document and lends room for its payload, to be written by the source itself.
   * Sync sources block here; async ones get -EAGAIN and are told by credit(); a transform that splits gets -EAGAIN and
   * returns MORE. 0, -EAGAIN, -ECANCELED (stopping; return soon), -EFBIG (over limits.document_bytes), -ENOMEM. */
  int (*emit_reserve)(qn_call *call, size_t bytes, uint8_t **ret_payload);

  /* Sets a field of the document being emitted. */
  int (*emit_field)(qn_call *call, qn_str name, const qn_value *value);

  /* Admits the document: the first `bytes` of the room are its payload. */
  int (*emit_commit)(qn_call *call, size_t bytes, const qn_emit *emit);

  /* Admits a document that could not be read, as failed: it is counted, named and dead-lettered. Ends an
   * open reserve, or needs none (then it waits for credit as emit_reserve does). */
  int (*emit_reject)(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len);

  /* --- records --- */

  /* Writes the document's record, one JSON object without a newline: the document as it came to this stage. Inside a sink's
   * prepare and a transform's process; lent until that returns. 0, -ENOMEM. [worker] */
  int (*record_encode)(qn_call *call, const qn_record_options *options, qn_str *ret_json);

  /* Sets the bytes that write() will find in the item. Inside a sink's prepare; copied into the document. 0, -ENOMEM. [worker] */
  int (*prepared_set)(qn_call *call, const void *bytes, size_t len);

  /* --- async stages and sinks --- */

  /* Ends what PENDING began, exactly once; later ones and ones after a time-out are ignored. May be called
   * before process has returned. status is what could have been returned instead of PENDING. slug and text as for
   * fail(), or NULL for OK and DROP. [any] */
  void (*complete)(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text, size_t len);

  /* --- conditions --- */

  /* Compiles the condition that is the configuration's value of type "predicate" at pointer. The host owns it; it
   * holds until destroy returns. 0, -ENOENT (no such value), -EINVAL (not of that type), -ENOMEM. [create] */
  int (*predicate_open)(qn_create *create, const char *pointer, const qn_predicate **ret_predicate);

  /* Whether the condition holds for the document as it came to this stage, without what this call has built. 1 or 0;
   * -ELOOP (a regular expression took too many steps on this document), -ENOMEM. Inside process and prepare. [worker] */
  int (*predicate_holds)(qn_call *call, const qn_predicate *predicate);
};

/* --- the tables a plugin gives ---
 *
 * create makes the shared instance, read-only from then on; 0, or a negative errno after create_fail().
 * context_open makes what one thread writes to: a cache, scratch space; never state across documents unless
 * the stage is "ordered". Contexts of serial stages may move between threads, one at a time.
 * destroy and context_close accept NULL. context_open and context_close may be NULL: the context is NULL then. */

typedef struct qn_transform {
  uint32_t size;
  uint32_t reserved;
  int (*create)(qn_create *create, void **ret_instance);
  void (*destroy)(void *instance);
  int (*context_open)(void *instance, qn_env *env, const qn_host *host, void **ret_context);
  void (*context_close)(void *context);

  /* Call forms "one" and "async": one document. OK, DROP, RETRY, REJECT or FATAL; async: also PENDING. One that splits may
   * say MORE, and is called again with the same document and context when there is credit; OK: that were all its
   * parts; RETRY counts as REJECT once there are some. [worker] */
  qn_status (*process)(void *instance, void *context, qn_call *call);

  /* Call form "batch": n_calls documents; the status of each goes to ret_statuses[i], as process would return it. One that
   * is not set is FATAL. [worker] */
  void (*process_batch)(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                        qn_status *ret_statuses);

  /* Async: nobody waits for this ticket any more; complete() is still owed. May be NULL. [any] */
  void (*cancel)(void *instance, qn_ticket ticket);
} qn_transform;

typedef struct qn_source {
  uint32_t size;
  uint32_t reserved;
  int (*create)(qn_create *create, void **ret_instance);
  void (*destroy)(void *instance);

  /* Sync form: emits one document or a few and returns MORE; OK when there are no more. May block. [lent] */
  qn_status (*next)(void *instance, qn_call *call);

  /* Sync form: makes a next() that blocks return soon, now and for ever. May be NULL if it never blocks
   * but in the host's own functions. [any] */
  void (*interrupt)(void *instance);

  /* Async form: begins to emit, now or from later callbacks of qanat.io/1, with this call, which holds until
   * stop() returns. OK: finished already; PENDING: goes on, and ends with complete(call->ticket). [loop] */
  qn_status (*start)(void *instance, qn_call *call);

  /* Async form: there is credit again after an -EAGAIN. [loop] */
  void (*credit)(void *instance, qn_call *call);

  /* Async form: emit nothing more; complete() is still owed unless given before. [loop] */
  void (*stop)(void *instance, qn_call *call);

  /* Documents have settled: what a replayable source may commit or acknowledge. May be NULL. Never blocks;
   * in no order. [loop] */
  void (*settled)(void *instance, const qn_receipt *receipts, uint32_t n_receipts);
} qn_source;

typedef struct qn_sink {
  uint32_t size;
  uint32_t reserved;
  int (*create)(qn_create *create, void **ret_instance);
  void (*destroy)(void *instance);
  int (*context_open)(void *instance, qn_env *env, const qn_host *host, void **ret_context);
  void (*context_close)(void *context);

  /* Encodes one document ahead of write. May be NULL. [worker] */
  qn_status (*prepare)(void *instance, void *context, qn_call *call);

  /* Writes items, in order, and sets the status of each. OK means taken, durable only after flush. Sync: may
   * block [lent]. Async: must not; PENDING items are completed by their calls' tickets [loop]. */
  void (*write)(void *instance, qn_item *const *items, uint32_t n_items);

  /* Makes everything written durable; the documents settle after it. Called when nothing more is waiting, at
   * the latest every second, and at the end. OK, RETRY or FATAL with fail(call); async: also PENDING. May be NULL. */
  qn_status (*flush)(void *instance, qn_call *call);

  /* The pipeline ends: success is 1 if every document came out and was flushed, else 0. Once, last before
   * destroy. OK or FATAL with fail(call). May be NULL. [lent or loop, as write] */
  qn_status (*finish)(void *instance, qn_call *call, int success);
} qn_sink;

/* One stage by name. Exactly one of the three tables is set, as the manifest's role says. */
typedef struct qn_stage {
  uint32_t size;
  uint32_t reserved;
  const char *name; /* as in the manifest; NUL-terminated */
  const qn_source *source;
  const qn_transform *transform;
  const qn_sink *sink;
} qn_stage;

typedef struct qn_plugin {
  uint32_t size;
  uint32_t n_stages;
  const qn_stage *const *stages;
} qn_plugin;

#if defined(__GNUC__)
#define QN_EXPORT __attribute__((visibility("default")))
#else
#define QN_EXPORT
#endif

/* The one symbol a plugin exports. Being a constant, it is read, never run. */
extern QN_EXPORT const qn_plugin qn_plugin_v1;

/* --- small helpers, all inline --- */

/* A string literal as qn_str. */
#ifdef __cplusplus
#define QN_LIT(literal) (qn_str{ ("" literal), sizeof(literal) - 1 })
#else
#define QN_LIT(literal) ((qn_str){ ("" literal), sizeof(literal) - 1 })
#endif

static inline size_t qn_cstr_len(const char *text) {
  size_t len = 0;
  while (text[len] != '\0') {
    len++;
  }
  return len;
}

/* fail() with a NUL-terminated text. */
static inline qn_status qn_fail(qn_call *call, qn_status status, const char *slug, const char *text) {
  return (call->host->fail)(call, status, slug, text, qn_cstr_len(text)); /* in brackets: cmocka has a macro fail() */
}

/* Config values with a fallback, for keys that the schema gives a type. */
static inline int64_t qn_config_i64(qn_create *create, const char *pointer, int64_t fallback) {
  qn_value value;
  if (create->host->config_get(create, pointer, &value) != 0) {
    return fallback;
  }
  return (value.type == QN_VALUE_I64 || value.type == QN_VALUE_BOOL) ? value.as.i64 : fallback;
}

static inline double qn_config_f64(qn_create *create, const char *pointer, double fallback) {
  qn_value value;
  if (create->host->config_get(create, pointer, &value) != 0) {
    return fallback;
  }
  return value.type == QN_VALUE_F64 ? value.as.f64 : value.type == QN_VALUE_I64 ? (double)value.as.i64 : fallback;
}

static inline qn_str qn_config_str(qn_create *create, const char *pointer) {
  qn_value value;
  qn_str none = { NULL, 0 };
  if (create->host->config_get(create, pointer, &value) != 0 || value.type != QN_VALUE_STR) {
    return none;
  }
  return value.as.str;
}

#ifdef __cplusplus
}
#endif

#endif
