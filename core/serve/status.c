/* SPDX-License-Identifier: Apache-2.0 */

/* Written member by member: each ends with a comma, which the end of its object takes back. */
#include "serve/status.h"

#include <stdio.h>
#include <unistd.h>

#include "serve/safe_text.h"

static void open_object(json_writer *to, const char *name) {
  if (name != NULL) {
    json_key(to, name);
  }
  json_char(to, '{');
}

static void close_object(json_writer *to) {
  json_drop_comma(to);
  JSON_RAW(to, "},");
}

static void open_list(json_writer *to, const char *name) {
  json_key(to, name);
  json_char(to, '[');
}

static void close_list(json_writer *to) {
  json_drop_comma(to);
  JSON_RAW(to, "],");
}

static void number(json_writer *to, const char *name, uint64_t value) {
  json_key(to, name);
  json_u64(to, value);
  json_char(to, ',');
}

static void signed_number(json_writer *to, const char *name, int64_t value) {
  json_key(to, name);
  json_i64(to, value);
  json_char(to, ',');
}

static void truth(json_writer *to, const char *name, bool value) {
  json_key(to, name);
  if (value) {
    JSON_RAW(to, "true,");
  } else {
    JSON_RAW(to, "false,");
  }
}

/* --- words --- */

const char *status_pipeline_state(pipeline_state state) {
  static const char *const names[] = { "starting", "running", "swapping", "draining", "waiting", "ended" };
  return (uint32_t)state < sizeof names / sizeof names[0] ? names[state] : "unknown";
}

static const char *journal_state_name(journal_state state) {
  return state == JOURNAL_WRITES ? "writes" : state == JOURNAL_FULL ? "full" : "fails";
}

/* A pipeline whose sources have ended has nothing more to be ready for. */
static const char *pipeline_reason(const service_pipeline *of) {
  switch (of->state) {
  case PIPELINE_STARTING:
    return "it is starting";
  case PIPELINE_DRAINING:
    return "it drains";
  case PIPELINE_WAITING:
    return "it failed, and is started again after a while";
  default:
    return NULL;
  }
}

const char *status_reason(const service_report *report, char *text, size_t size) {
  if (report->ready) {
    return NULL;
  }
  if (report->draining) {
    snprintf(text, size, "the worker is ending");
    return text;
  }
  if (report->journal.state == JOURNAL_FAILS) {
    snprintf(text, size, "the journal cannot write: %s", report->journal.error.message);
    return text;
  }
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    const service_pipeline *of = &report->pipelines[i];
    const char *why = pipeline_reason(of);
    if (why != NULL) {
      snprintf(text, size, "pipeline \"%s\" does not run: %s", of->name, why);
      return text;
    }
  }
  snprintf(text, size, "the worker is starting");
  return text;
}

/* --- parts --- */

static void write_took(json_writer *to, const histogram_sum *sum) {
  open_object(to, "took");
  number(to, "count", sum->count);
  number(to, "sum_ns", sum->sum_ns);
  number(to, "p50_ns", histogram_quantile_ns(sum, 0.5));
  number(to, "p90_ns", histogram_quantile_ns(sum, 0.9));
  number(to, "p99_ns", histogram_quantile_ns(sum, 0.99));
  /* Pairs of bucket and count, without the empty ones: two reports tell what happened between them. */
  open_list(to, "buckets");
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    if (sum->counts[i] > 0) {
      json_char(to, '[');
      json_u64(to, i);
      json_char(to, ',');
      json_u64(to, sum->counts[i]);
      JSON_RAW(to, "],");
    }
  }
  close_list(to);
  close_object(to);
}

static void write_line(json_writer *to, const char *name, const journal_counts *line) {
  open_object(to, name);
  number(to, "accepted", line->accepted);
  number(to, "known", line->known);
  number(to, "refused", line->refused);
  number(to, "settled", line->settled);
  number(to, "quarantined", line->quarantined);
  number(to, "waiting", line->waiting);
  number(to, "taken", line->taken);
  number(to, "bytes", line->bytes);
  signed_number(to, "oldest_ms", (int64_t)line->oldest_ms);
}

static void write_journal(json_writer *to, const journal_counts *counts) {
  write_line(to, "journal", counts);
  safe_json_member(to, "state", journal_state_name(counts->state));
  safe_json_member(to, "error", counts->state == JOURNAL_FAILS ? counts->error.message : "");
  number(to, "max_documents", counts->max_documents);
  number(to, "max_bytes", counts->max_bytes);
  number(to, "commits", counts->n_commits);
  number(to, "commit_ns", counts->commit_ns);
  number(to, "file_bytes", counts->file_bytes);
  close_object(to);
}

static const char *role_name(stage_role role) {
  return role == ROLE_SOURCE ? "source" : role == ROLE_SINK ? "sink" : "transform";
}

static void write_stage(json_writer *to, const service_pipeline *of, const service_stage *stage) {
  const plan_stage *planned = stage->planned;
  const metrics_sum *sum = &stage->sum;
  open_object(to, NULL);
  safe_json_member(to, "id", planned->id);
  safe_json_member(to, "use", planned->info->name);
  safe_json_member(to, "role", role_name(planned->info->role));
  number(to, "segment", planned->segment);
  truth(to, "isolated", planned->isolate);
  open_list(to, "from");
  for (uint32_t i = 0; i < planned->n_from; i++) {
    const char *id = of->stages[planned->from[i]].planned->id;
    safe_json_string(to, id, strlen(id));
    json_char(to, ',');
  }
  close_list(to);
  number(to, "documents", sum->documents);
  number(to, "dropped", sum->dropped);
  number(to, "failed", sum->failed);
  number(to, "retried", sum->retried);
  number(to, "bytes", sum->bytes);
  number(to, "time_ns", sum->time_ns);
  number(to, "queue", stage->queue);
  number(to, "restarts", stage->restarts);
  number(to, "memory_bytes", stage->memory.held_bytes);
  number(to, "file_bytes", stage->memory.file_bytes);
  open_list(to, "reasons");
  for (uint32_t i = 0; i < sum->reasons.n; i++) {
    open_object(to, NULL);
    safe_json_member(to, "slug", sum->reasons.all[i].slug);
    number(to, "n", sum->reasons.all[i].n);
    close_object(to);
  }
  close_list(to);
  write_took(to, &sum->took);
  close_object(to);
}

static void write_trouble(json_writer *to, const service_trouble *trouble) {
  open_object(to, NULL);
  signed_number(to, "time_ms", trouble->time_ms);
  safe_json_member(to, "stage", trouble->stage);
  safe_json_member(to, "slug", trouble->slug);
  safe_json_member(to, "id", trouble->id);
  safe_json_member(to, "source", trouble->source);
  safe_json_member(to, "message", trouble->message);
  close_object(to);
}

static void write_counts(json_writer *to, const runtime_counts *counts) {
  open_object(to, "counts");
  number(to, "admitted", counts->admitted);
  number(to, "delivered", counts->delivered);
  number(to, "dropped", counts->dropped);
  number(to, "dead_lettered", counts->dead_lettered);
  number(to, "unfinished", counts->unfinished);
  number(to, "in_flight", counts->in_flight);
  number(to, "parts", counts->parts);
  number(to, "bytes_admitted", counts->bytes_admitted);
  number(to, "bytes_settled", counts->bytes_settled);
  close_object(to);
}

static void write_pipeline(json_writer *to, const service_pipeline *of) {
  open_object(to, NULL);
  safe_json_member(to, "name", of->name);
  safe_json_member(to, "path", of->path);
  safe_json_member(to, "state", status_pipeline_state(of->state));
  number(to, "generation", of->generation);
  number(to, "failures", of->n_failures);
  open_object(to, "reload");
  truth(to, "ok", of->last_reload_ok);
  signed_number(to, "time_ms", of->last_reload_ms);
  safe_json_member(to, "message", of->reload_message);
  close_object(to);
  write_counts(to, &of->counts);
  open_object(to, "limits");
  number(to, "documents", of->limit_documents);
  number(to, "bytes", of->limit_bytes);
  close_object(to);
  number(to, "bytes_in_flight", of->bytes_in_flight);
  number(to, "oldest_ms", of->oldest_ms);
  write_line(to, "line", &of->line);
  close_object(to);
  write_took(to, &of->took);
  open_list(to, "stages");
  for (uint32_t i = 0; i < of->n_stages; i++) {
    write_stage(to, of, &of->stages[i]);
  }
  close_list(to);
  open_list(to, "troubles");
  for (uint32_t i = 0; i < of->n_troubles; i++) {
    write_trouble(to, &of->troubles[i]);
  }
  close_list(to);
  close_object(to);
}

void status_write(const service_report *report, const char *version, json_writer *to) {
  char text[1200];
  const char *reason = status_reason(report, text, sizeof text);
  open_object(to, NULL);
  safe_json_member(to, "qanat", version);
  signed_number(to, "now_ms", report->now_ms);
  signed_number(to, "started_ms", report->started_ms);
  truth(to, "ready", report->ready);
  truth(to, "draining", report->draining);
  safe_json_member(to, "reason", reason);
  open_object(to, "process");
  number(to, "pid", (uint64_t)getpid());
  number(to, "memory_bytes", report->memory_bytes);
  number(to, "descriptors", report->n_descriptors);
  close_object(to);
  write_journal(to, &report->journal);
  number(to, "dead_letters", report->n_dead_letters);
  number(to, "dead_lettered", report->n_dead_lettered);
  open_list(to, "pipelines");
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    write_pipeline(to, &report->pipelines[i]);
  }
  close_list(to);
  json_drop_comma(to);
  JSON_RAW(to, "}\n");
}
