/* SPDX-License-Identifier: Apache-2.0 */

/* The long-lived worker: pipelines that are reloaded while it runs, one journal, the sources whose documents go by it. Floor 4, on
 * the runtime.
 *
 * The thread that calls service_run runs the service's loop: signals, journaled sources, reloads, supervision. Each generation of a
 * pipeline runs on a thread of its own. What is tagged [any] may be called while service_run does its work. */
#ifndef CORE_SERVE_SERVICE_H
#define CORE_SERVE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/journal.h"
#include "pipeline/plan.h"
#include "plugin/host.h"
#include "plugin/registry.h"
#include "runtime/runtime.h"

typedef struct service service;

/* A listening socket that was open before the worker was. */
typedef struct service_socket {
  const char *name;
  int fd;
} service_socket;

typedef struct service_options {
  const char *const *paths; /* of the pipeline files; borrowed, as everything here */
  uint32_t n_paths;
  const char *const *sets; /* changes to all of them, as plan_options has it */
  uint32_t n_sets;
  registry *registry;
  const char *state;       /* folder for the journal, the dead letters and the control socket */
  uint32_t n_workers;      /* of each pipeline; 0: one for each core */
  journal_options journal; /* folder, say and arg are filled in by the service */
  uint32_t drain_ms;       /* how long a stop, or the old pipeline of a reload, may take to finish */
  bool watch;              /* reload when a pipeline file changes */
  const char *stage_host;
  const struct tracer *tracer; /* outlives the service (runtime/trace.h); NULL: nothing is traced */
  const service_socket
      *sockets; /* for sources that ask for "systemd:NAME" or the address; the descriptors become the service's */
  uint32_t n_sockets;
  void (*log)(void *arg, const char *pipeline, const char *stage, uint32_t level, const char *text,
              size_t len); /* [any] */
  void *arg;
} service_options;

/* Opens the state, plans and starts every pipeline, then the sources. error says what is wrong; faults of pipeline files go to
 * `tell_faults` first. 0, or a negative errno. */
int service_new(const service_options *options, void (*tell_faults)(void *arg, const char *path, const faults *found),
                service **ret_service, qn_error *error);
/* Keeps back SIGTERM, SIGINT and SIGHUP until service_run looks at them: first of all, before any thread is there. */
void service_hold_signals(void);
/* Runs until told to stop. 0: drained, or the deadline passed and the rest waits in the journal; else error says what broke. */
int service_run(service *service, qn_error *error);
void service_stop(service *service); /* drains [any, also a signal's handler of libuv] */
void service_free(service *service);

/* --- reloading --- */

/* Plans the pipeline's file anew (NULL: those of all), and if that works lets it take over; returns at once. [any] */
void service_reload(service *service, const char *pipeline);
/* The same, and waits until it is known how it went: 0, -ENOENT (no such pipeline), -EINVAL with the faults or the reason in message:
 * the old one goes on. Not from the service's loop. */
int service_reload_wait(service *service, const char *pipeline, char *message, size_t size);

/* --- how things are: taken as one picture --- */

typedef enum pipeline_state {
  PIPELINE_STARTING = 0,
  PIPELINE_RUNNING = 1,
  PIPELINE_SWAPPING = 2, /* a reload: the old one drains */
  PIPELINE_DRAINING = 3, /* the service ends */
  PIPELINE_WAITING = 4,  /* it failed, and is started again after a while */
  PIPELINE_ENDED = 5     /* its sources have ended */
} pipeline_state;

/* The last failures of documents and stages. */
typedef struct service_trouble {
  int64_t time_ms;
  char stage[64], slug[48], id[128], source[128], message[256];
} service_trouble;

enum { SERVICE_TROUBLES = 50 };

typedef struct service_stage {
  const plan_stage *planned;
  metrics_sum sum;
  uint32_t queue;    /* documents that wait before it */
  uint32_t restarts; /* isolated: of its child; in process: threads given up */
  host_memory memory;
} service_stage;

typedef struct service_pipeline {
  const char *name, *path;
  pipeline_state state;
  uint32_t generation;       /* from 1 on */
  uint32_t n_failures;       /* generations that ended by a fatal error, since the last good reload */
  bool last_reload_ok;       /* true before the first */
  int64_t last_reload_ms;    /* Unix time; 0: never reloaded */
  char reload_message[1024]; /* what was wrong with the last one */
  runtime_counts counts;     /* all generations together, but for in_flight */
  uint32_t limit_documents;  /* credits in all */
  uint64_t bytes_in_flight, limit_bytes;
  uint64_t oldest_ms;  /* how long the oldest document in flight has been so; 0: none */
  histogram_sum took;  /* from admission to settlement, of the generation that runs (runtime_passage_get) */
  journal_counts line; /* its lines of the journal together */
  const plan *plan;    /* of the generation that runs; holds until the report is freed */
  uint32_t n_stages;
  service_stage *stages; /* by index in the plan */
  uint32_t n_troubles;
  service_trouble *troubles; /* newest first */
} service_pipeline;

typedef struct service_report {
  int64_t now_ms, started_ms;
  bool ready; /* all pipelines run, and the journal writes */
  bool draining;
  uint64_t memory_bytes; /* resident */
  uint32_t n_descriptors;
  journal_counts journal;
  uint64_t n_dead_letters;  /* kept in the file now, by this worker or before it */
  uint64_t n_dead_lettered; /* since the start */
  uint32_t n_pipelines;
  service_pipeline *pipelines;
} service_report;

int service_report_new(service *service, service_report **ret_report); /* 0, -ENOMEM [any] */
void service_report_free(service_report *report);

/* --- what the control page does --- */

/* Runs a document through the pipeline as it is now, to no sink, and gives its record. -ENOENT: no such pipeline; -ENOTSUP: it has no
 * journaled source; -ETIMEDOUT; -EBADMSG: a stage failed on it, which error says. The record is the caller's. [any but the loop] */
int service_try(service *service, const char *pipeline, const char *media_type, const void *bytes, size_t len,
                uint32_t timeout_ms, char **ret_record, qn_error *error);
/* Dead letters back into the line they came from: n numbers of the file at service_letters_path, each once. If one is
 * not there or cannot go none does; a journal that takes no more stops after n_done. n_done is 0 if all letters stay, for
 * the journal could not be written or they could not be removed. [any but the loop] */
const char *service_letters_path(const service *service);
int service_letters_retry(service *service, const int64_t *numbers, uint32_t n, uint32_t *ret_n_done, qn_error *error);

const char *service_state_folder(const service *service);

/* What lends the control to sources: the control is attached to it once there is one (control_lend.h). */
struct control_lend *service_control_lend(service *service);

#endif
