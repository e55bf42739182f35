/* SPDX-License-Identifier: Apache-2.0 */

/* For programs that host a pipeline: link with libqanat (pkg-config qanat). Stages do not need this.
 *
 * Open a pipeline file, run it, ask what became of the documents, close it. Several pipelines may live in one process, each run
 * by a thread of its own. Nothing is printed, no signal is touched, and SIGPIPE should be ignored by the
 * program if a sink writes to a pipe. Structs grow at their end and start with their size. */
#ifndef QANAT_EMBED_H
#define QANAT_EMBED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qn_pipeline qn_pipeline;

/* A document that a stage failed on. Lent for the length of the call; strings are NUL-terminated UTF-8. */
typedef struct qn_pipeline_failure {
  uint32_t size;
  uint32_t attempts;
  const char *source; /* where the document came from */
  const char *id;
  const char *stage;
  const char *slug; /* short constant name of the reason */
  const char *message;
} qn_pipeline_failure;

/* Zero means the usual for each. Everything is copied or used only while qn_pipeline_open runs, but for the callbacks. */
typedef struct qn_pipeline_options {
  uint32_t size;
  uint32_t n_workers;       /* threads; 0: one for each processor */
  uint64_t limit_documents; /* takes no more than so many; 0: all */
  int64_t now_ms;           /* the time stages see, Unix milliseconds; 0: the time it is */
  uint32_t n_sets;          /* changes to the pipeline: "stages.summarize.with.sentences=5" */
  uint32_t n_inputs;        /* replace the paths of the one source */
  const char *const *sets;
  const char *const *inputs;
  const char *output;        /* replaces the path of the one sink */
  uint32_t n_plugin_folders; /* searched before the usual ones */
  uint32_t reserved;
  const char *const *plugin_folders;
  /* Called one at a time, from any thread. level is QN_LOG_* of qanat/status.h; text has no newline. */
  void (*log)(void *arg, const char *stage, uint32_t level, const char *text, size_t len);
  void (*failed)(void *arg, const qn_pipeline_failure *failure);
  void *arg;
} qn_pipeline_options;

/* After a run, in_flight is 0 and admitted = delivered + dropped + dead_lettered + unfinished. */
typedef struct qn_pipeline_counts {
  uint32_t size;
  uint32_t in_flight;
  uint64_t admitted;
  uint64_t delivered;
  uint64_t dropped;
  uint64_t dead_lettered;
  uint64_t unfinished; /* the pipeline stopped on an error before they were done */
  uint64_t bytes;      /* of payload admitted */
} qn_pipeline_counts;

#if defined(__GNUC__)
#define QN_EMBED __attribute__((visibility("default")))
#else
#define QN_EMBED
#endif

/* Plans the pipeline and starts its stages. options may be NULL. What is wrong is written to message, NUL-terminated and cut to
 * size (which may be 0): all faults of the file, or what a stage said. 0; -EINVAL (the pipeline is wrong); another negative
 * errno. */
QN_EMBED int qn_pipeline_open(const char *path, const qn_pipeline_options *options, qn_pipeline **ret_pipeline,
                              char *message, size_t size);

/* Runs until the input ends and everything has settled; once for each open. 0: all input was taken (documents may have
 * failed: see the counts); -EINTR: stopped; another negative errno with a message: a stage broke. */
QN_EMBED int qn_pipeline_run(qn_pipeline *pipeline, char *message, size_t size);

/* Ends the input; what is in flight still comes out. Any thread, while the pipeline is open. Not from a signal handler. */
QN_EMBED void qn_pipeline_stop(qn_pipeline *pipeline);

/* Where the documents are; set ret_counts->size first. Any thread, while the pipeline is open. 0, -EINVAL. */
QN_EMBED int qn_pipeline_counts_get(const qn_pipeline *pipeline, qn_pipeline_counts *ret_counts);

/* Destroys the stages. NULL is fine. Not while it runs. */
QN_EMBED void qn_pipeline_close(qn_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif
