/* SPDX-License-Identifier: Apache-2.0 */

/* Families stand in tables, each with the function that reads its value. A family's samples have to stand together, so the report
 * is walked once for each. */
#include "serve/prometheus.h"

#include "serve/safe_text.h"

#define MILLI 1e-3
#define NANO 1e-9

typedef struct process_family {
  const char *name, *type, *help;
  double (*value)(const service_report *report, const prometheus_more *more);
} process_family;

typedef struct pipeline_family {
  const char *name, *type, *help;
  double (*value)(const service_pipeline *pipeline);
} pipeline_family;

typedef struct stage_family {
  const char *name, *type, *help;
  double (*value)(const service_stage *stage);
} stage_family;

/* --- the process and its journal --- */

#define OF_PROCESS(function, expression)                                                                               \
  static double function(const service_report *report, const prometheus_more *more) {                                  \
    (void)report;                                                                                                      \
    (void)more;                                                                                                        \
    return (double)(expression);                                                                                       \
  }

OF_PROCESS(started, (double)report->started_ms *MILLI)
OF_PROCESS(cpu, more->cpu_seconds)
OF_PROCESS(memory, report->memory_bytes)
OF_PROCESS(descriptors, report->n_descriptors)
OF_PROCESS(ready, report->ready)
OF_PROCESS(draining, report->draining)
OF_PROCESS(letters, report->n_dead_letters)
OF_PROCESS(dead_lettered, report->n_dead_lettered)
OF_PROCESS(spans_sent, more->traces_sent)
OF_PROCESS(spans_dropped, more->traces_dropped)
OF_PROCESS(accepted, report->journal.accepted)
OF_PROCESS(known, report->journal.known)
OF_PROCESS(refused, report->journal.refused)
OF_PROCESS(settled, report->journal.settled)
OF_PROCESS(quarantined, report->journal.quarantined)
OF_PROCESS(waiting, report->journal.waiting)
OF_PROCESS(taken, report->journal.taken)
OF_PROCESS(kept_bytes, report->journal.bytes)
OF_PROCESS(max_documents, report->journal.max_documents)
OF_PROCESS(max_bytes, report->journal.max_bytes)
OF_PROCESS(file_bytes, report->journal.file_bytes)
OF_PROCESS(commits, report->journal.n_commits)
OF_PROCESS(commit_seconds, (double)report->journal.commit_ns *NANO)
/* What is not kept has no age. */
static double oldest(const service_report *report, const prometheus_more *more) {
  (void)more;
  const journal_counts *kept = &report->journal;
  int64_t age_ms = report->now_ms - (int64_t)kept->oldest_ms;
  return kept->waiting + kept->taken == 0 || kept->oldest_ms == 0 || age_ms < 0 ? 0.0 : (double)age_ms * MILLI;
}

static const process_family process_families[] = {
  { "process_start_time_seconds", "gauge", "When the worker started, Unix time.", started },
  { "process_cpu_seconds_total", "counter", "Processor time of the worker and of its children that have ended.", cpu },
  { "process_resident_memory_bytes", "gauge", "Memory of the worker that is in use.", memory },
  { "process_open_fds", "gauge", "Descriptors that the worker has open.", descriptors },
  { "qanat_ready", "gauge", "1 if all pipelines run and the journal writes, as /-/ready says.", ready },
  { "qanat_draining", "gauge", "1 while the worker ends.", draining },
  { "qanat_dead_letters", "gauge", "Failed documents that are kept, this worker's and those from before it.", letters },
  { "qanat_dead_lettered_documents_total", "counter", "Documents that have failed since the worker started.",
    dead_lettered },
  { "qanat_trace_spans_sent_total", "counter", "Spans that a collector has taken.", spans_sent },
  { "qanat_trace_spans_dropped_total", "counter", "Spans lost because the collector was slow or away.", spans_dropped },
  { "qanat_journal_accepted_total", "counter", "Documents accepted: on the disk before their sender was told.",
    accepted },
  { "qanat_journal_known_total", "counter", "Documents that had been accepted before, by their key.", known },
  { "qanat_journal_refused_total", "counter", "Documents not accepted, since the journal could not write.", refused },
  { "qanat_journal_settled_total", "counter", "Accepted documents that have come out or failed for good.", settled },
  { "qanat_journal_quarantined_total", "counter", "Documents that were in hand in two crashes.", quarantined },
  { "qanat_journal_waiting_documents", "gauge", "Documents that wait to be taken by their pipeline.", waiting },
  { "qanat_journal_taken_documents", "gauge", "Documents that their pipeline has taken and not settled.", taken },
  { "qanat_journal_kept_bytes", "gauge", "Payload of the documents that wait or are taken.", kept_bytes },
  { "qanat_journal_max_documents", "gauge", "How many documents the journal keeps at most.", max_documents },
  { "qanat_journal_max_bytes", "gauge", "How much payload the journal keeps at most.", max_bytes },
  { "qanat_journal_file_bytes", "gauge", "Size of journal.db and its log.", file_bytes },
  { "qanat_journal_commits_total", "counter", "Transactions of the journal.", commits },
  { "qanat_journal_commit_seconds_total", "counter", "Time that these took together.", commit_seconds },
  { "qanat_journal_oldest_seconds", "gauge", "Age of the oldest document that is kept; 0: there is none.", oldest },
};

/* --- pipelines --- */

#define OF_PIPELINE(function, expression)                                                                              \
  static double function(const service_pipeline *pipeline) {                                                           \
    return (double)(expression);                                                                                       \
  }

OF_PIPELINE(generation, pipeline->generation)
OF_PIPELINE(failures, pipeline->n_failures)
OF_PIPELINE(reload_ok, pipeline->last_reload_ok)
OF_PIPELINE(reload_time, (double)pipeline->last_reload_ms *MILLI)
OF_PIPELINE(admitted, pipeline->counts.admitted)
OF_PIPELINE(parts, pipeline->counts.parts)
OF_PIPELINE(bytes_admitted, pipeline->counts.bytes_admitted)
OF_PIPELINE(bytes_settled, pipeline->counts.bytes_settled)
OF_PIPELINE(in_flight, pipeline->counts.in_flight)
OF_PIPELINE(limit_documents, pipeline->limit_documents)
OF_PIPELINE(bytes_in_flight, pipeline->bytes_in_flight)
OF_PIPELINE(limit_bytes, pipeline->limit_bytes)
OF_PIPELINE(in_flight_age, (double)pipeline->oldest_ms *MILLI)
OF_PIPELINE(line_waiting, pipeline->line.waiting)
OF_PIPELINE(line_taken, pipeline->line.taken)
OF_PIPELINE(line_accepted, pipeline->line.accepted)

static double credits_left(const service_pipeline *pipeline) {
  uint32_t limit = pipeline->limit_documents;
  return pipeline->counts.in_flight < limit ? (double)(limit - pipeline->counts.in_flight) : 0.0;
}

static const pipeline_family pipeline_families[] = {
  { "qanat_pipeline_generation", "gauge", "How often the pipeline was built: 1, and one more for each reload.",
    generation },
  { "qanat_pipeline_failures", "gauge", "Generations that ended by a fatal error since the last good reload.",
    failures },
  { "qanat_pipeline_last_reload_success", "gauge", "1 if the last reload worked, and before the first.", reload_ok },
  { "qanat_pipeline_last_reload_timestamp_seconds", "gauge", "When it was, Unix time; 0: never.", reload_time },
  { "qanat_pipeline_admitted_documents_total", "counter", "Documents that sources have brought in.", admitted },
  { "qanat_pipeline_part_documents_total", "counter", "Documents that stages have split off others.", parts },
  { "qanat_pipeline_admitted_bytes_total", "counter", "Payload of the documents brought in.", bytes_admitted },
  { "qanat_pipeline_settled_bytes_total", "counter", "Payload of the documents that have settled.", bytes_settled },
  { "qanat_pipeline_in_flight_documents", "gauge", "Documents on their way.", in_flight },
  { "qanat_pipeline_limit_documents", "gauge", "How many may be on their way.", limit_documents },
  { "qanat_pipeline_credits", "gauge", "How many more may start now: 0 means that sources wait.", credits_left },
  { "qanat_pipeline_in_flight_bytes", "gauge", "Memory of documents on their way.", bytes_in_flight },
  { "qanat_pipeline_limit_bytes", "gauge", "How much there may be before sources wait.", limit_bytes },
  { "qanat_pipeline_in_flight_oldest_seconds", "gauge", "How long the oldest of them has been so; 0: there is none.",
    in_flight_age },
  { "qanat_pipeline_journal_accepted_total", "counter", "Documents accepted by the pipeline's lines of the journal.",
    line_accepted },
  { "qanat_pipeline_journal_waiting_documents", "gauge", "Documents in the journal that the pipeline has to take.",
    line_waiting },
  { "qanat_pipeline_journal_taken_documents", "gauge", "Documents that it has taken and not settled.", line_taken },
};

static const char *const state_names[] = { "starting", "running", "swapping", "draining", "waiting", "ended" };
enum { N_STATES = sizeof state_names / sizeof state_names[0] };

/* --- stages --- */

#define OF_STAGE(function, expression)                                                                                 \
  static double function(const service_stage *stage) {                                                                 \
    return (double)(expression);                                                                                       \
  }

OF_STAGE(documents, stage->sum.documents)
OF_STAGE(dropped, stage->sum.dropped)
OF_STAGE(failed, stage->sum.failed)
OF_STAGE(retried, stage->sum.retried)
OF_STAGE(bytes, stage->sum.bytes)
OF_STAGE(busy, (double)stage->sum.time_ns *NANO)
OF_STAGE(queue, stage->queue)
OF_STAGE(restarts, stage->restarts)
OF_STAGE(stage_memory, stage->memory.held_bytes)
OF_STAGE(stage_files, stage->memory.file_bytes)

static const stage_family stage_families[] = {
  { "qanat_stage_documents_total", "counter", "Documents that came to the stage; of a source: that it brought in.",
    documents },
  { "qanat_stage_dropped_documents_total", "counter", "Documents that the stage did not want.", dropped },
  { "qanat_stage_failed_documents_total", "counter", "Documents that the stage failed on for good.", failed },
  { "qanat_stage_retries_total", "counter", "Further tries of the stage.", retried },
  { "qanat_stage_bytes_total", "counter", "Payload of a source, records of a sink; 0 of transforms.", bytes },
  { "qanat_stage_busy_seconds_total", "counter", "Time spent in the stage by all threads, an estimate from samples.",
    busy },
  { "qanat_stage_queue_documents", "gauge", "Documents that wait before the stage.", queue },
  { "qanat_stage_restarts_total", "counter", "Processes of an isolated stage started anew, or threads given up in it.",
    restarts },
  { "qanat_stage_memory_bytes", "gauge",
    "Memory that the stage has from the worker; an isolated one, in all its processes.", stage_memory },
  { "qanat_stage_file_bytes", "gauge", "Data files that the stage reads in place; all processes share them.",
    stage_files },
};

/* --- writing --- */

static void text(json_writer *to, const char *words) {
  json_raw(to, words, strlen(words));
}

static void head(json_writer *to, const char *name, const char *type, const char *help) {
  text(to, "# HELP ");
  text(to, name);
  json_char(to, ' ');
  text(to, help);
  text(to, "\n# TYPE ");
  text(to, name);
  json_char(to, ' ');
  text(to, type);
  json_char(to, '\n');
}

static void end(json_writer *to, double value) {
  json_char(to, ' ');
  json_f64(to, value);
  json_char(to, '\n');
}

static void label(json_writer *to, const char *before, const char *name, const char *value) {
  text(to, before);
  text(to, name);
  json_char(to, '=');
  safe_label(to, value);
}

/* NAME{pipeline="...",stage="..." without the brace that ends it; stage may be NULL. */
static void open_labels(json_writer *to, const char *name, const char *suffix, const service_pipeline *of,
                        const service_stage *stage) {
  text(to, name);
  text(to, suffix);
  label(to, "{", "pipeline", of->name);
  if (stage != NULL) {
    label(to, ",", "stage", stage->planned->id);
  }
}

static void write_histogram(json_writer *to, const char *name, const service_pipeline *of, const service_stage *stage,
                            const histogram_sum *sum) {
  for (uint32_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
    open_labels(to, name, "_bucket", of, stage);
    text(to, ",le=\"");
    json_f64(to, (double)histogram_bound_ns(i) * NANO);
    text(to, "\"}");
    end(to, (double)histogram_below(sum, i));
  }
  open_labels(to, name, "_bucket", of, stage);
  text(to, ",le=\"+Inf\"}");
  end(to, (double)sum->count);
  open_labels(to, name, "_sum", of, stage);
  json_char(to, '}');
  end(to, (double)sum->sum_ns * NANO);
  open_labels(to, name, "_count", of, stage);
  json_char(to, '}');
  end(to, (double)sum->count);
}

static const char build_help[] = "Always 1; the version is a label.";
static const char journal_state_help[] = "1 for what the journal does: it writes, is full, or fails to write.";
static const char state_help[] = "1 for the state that the pipeline is in.";
static const char settled_help[] = "Documents that have settled, by how: each admitted one does once.";
static const char took_help[] = "From admission to settlement; sampled documents stand for those between.";
static const char info_help[] = "Always 1: what the stage is.";
static const char reasons_help[] = "Failed documents by the stage's own word for why; at most 16 words a stage.";
static const char stage_took_help[] = "How long documents were in the stage; sampled ones stand for those between.";

static void write_process(const service_report *report, const prometheus_more *more, json_writer *to) {
  head(to, "qanat_build_info", "gauge", build_help);
  text(to, "qanat_build_info");
  label(to, "{", "version", more->version);
  text(to, "} 1\n");
  for (size_t i = 0; i < sizeof process_families / sizeof process_families[0]; i++) {
    const process_family *family = &process_families[i];
    head(to, family->name, family->type, family->help);
    text(to, family->name);
    end(to, family->value(report, more));
  }
  static const char *const states[] = { "writes", "full", "fails" };
  head(to, "qanat_journal_state", "gauge", journal_state_help);
  for (uint32_t i = 0; i < 3; i++) {
    text(to, "qanat_journal_state");
    label(to, "{", "state", states[i]);
    json_char(to, '}');
    end(to, (uint32_t)report->journal.state == i);
  }
}

static void write_states(const service_report *report, json_writer *to) {
  head(to, "qanat_pipeline_state", "gauge", state_help);
  for (uint32_t p = 0; p < report->n_pipelines; p++) {
    for (uint32_t i = 0; i < N_STATES; i++) {
      open_labels(to, "qanat_pipeline_state", "", &report->pipelines[p], NULL);
      label(to, ",", "state", state_names[i]);
      json_char(to, '}');
      end(to, (uint32_t)report->pipelines[p].state == i);
    }
  }
}

static void write_settled(const service_report *report, json_writer *to) {
  head(to, "qanat_pipeline_settled_documents_total", "counter", settled_help);
  for (uint32_t p = 0; p < report->n_pipelines; p++) {
    const service_pipeline *of = &report->pipelines[p];
    const struct {
      const char *name;
      uint64_t n;
    } outcomes[] = { { "delivered", of->counts.delivered },
                     { "dropped", of->counts.dropped },
                     { "dead-lettered", of->counts.dead_lettered },
                     { "unfinished", of->counts.unfinished } };
    for (uint32_t i = 0; i < 4; i++) {
      open_labels(to, "qanat_pipeline_settled_documents_total", "", of, NULL);
      label(to, ",", "outcome", outcomes[i].name);
      json_char(to, '}');
      end(to, (double)outcomes[i].n);
    }
  }
}

static void write_pipelines(const service_report *report, json_writer *to) {
  write_states(report, to);
  for (size_t i = 0; i < sizeof pipeline_families / sizeof pipeline_families[0]; i++) {
    const pipeline_family *family = &pipeline_families[i];
    head(to, family->name, family->type, family->help);
    for (uint32_t p = 0; p < report->n_pipelines; p++) {
      open_labels(to, family->name, "", &report->pipelines[p], NULL);
      json_char(to, '}');
      end(to, family->value(&report->pipelines[p]));
    }
  }
  write_settled(report, to);
  head(to, "qanat_pipeline_duration_seconds", "histogram", took_help);
  for (uint32_t p = 0; p < report->n_pipelines; p++) {
    write_histogram(to, "qanat_pipeline_duration_seconds", &report->pipelines[p], NULL, &report->pipelines[p].took);
  }
}

static void write_stage_family(const service_report *report, const char *name,
                               void (*write)(json_writer *to, const char *name, const service_pipeline *of,
                                             const service_stage *stage),
                               json_writer *to) {
  for (uint32_t p = 0; p < report->n_pipelines; p++) {
    const service_pipeline *of = &report->pipelines[p];
    for (uint32_t i = 0; i < of->n_stages; i++) {
      write(to, name, of, &of->stages[i]);
    }
  }
}

static void write_info(json_writer *to, const char *name, const service_pipeline *of, const service_stage *stage) {
  static const char *const roles[] = { "source", "transform", "sink" };
  const stage_info *info = stage->planned->info;
  open_labels(to, name, "", of, stage);
  label(to, ",", "use", info->name);
  label(to, ",", "role", info->role == ROLE_SOURCE ? roles[0] : info->role == ROLE_SINK ? roles[2] : roles[1]);
  text(to, "} 1\n");
}

static void write_reasons(json_writer *to, const char *name, const service_pipeline *of, const service_stage *stage) {
  for (uint32_t i = 0; i < stage->sum.reasons.n; i++) {
    open_labels(to, name, "", of, stage);
    label(to, ",", "reason", stage->sum.reasons.all[i].slug);
    json_char(to, '}');
    end(to, (double)stage->sum.reasons.all[i].n);
  }
}

static void write_took(json_writer *to, const char *name, const service_pipeline *of, const service_stage *stage) {
  if (stage->planned->info->role != ROLE_SOURCE) { /* those wait for what comes: it says nothing */
    write_histogram(to, name, of, stage, &stage->sum.took);
  }
}

static void write_stages(const service_report *report, json_writer *to) {
  head(to, "qanat_stage_info", "gauge", info_help);
  write_stage_family(report, "qanat_stage_info", write_info, to);
  for (size_t i = 0; i < sizeof stage_families / sizeof stage_families[0]; i++) {
    const stage_family *family = &stage_families[i];
    head(to, family->name, family->type, family->help);
    for (uint32_t p = 0; p < report->n_pipelines; p++) {
      const service_pipeline *of = &report->pipelines[p];
      for (uint32_t k = 0; k < of->n_stages; k++) {
        open_labels(to, family->name, "", of, &of->stages[k]);
        json_char(to, '}');
        end(to, family->value(&of->stages[k]));
      }
    }
  }
  head(to, "qanat_stage_failures_total", "counter", reasons_help);
  write_stage_family(report, "qanat_stage_failures_total", write_reasons, to);
  head(to, "qanat_stage_duration_seconds", "histogram", stage_took_help);
  write_stage_family(report, "qanat_stage_duration_seconds", write_took, to);
}

void prometheus_write(const service_report *report, const prometheus_more *more, json_writer *to) {
  write_process(report, more, to);
  write_pipelines(report, to);
  write_stages(report, to);
}
