/* SPDX-License-Identifier: Apache-2.0 */

/* What the control answers without changing anything: the page, health, figures, the picture. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "pipeline/graph.h"
#include "serve/control_parts.h"
#include "serve/dashboard_html.h"
#include "serve/prometheus.h"
#include "serve/status.h"

static const char json_type[] = "application/json";
static const char text_type[] = "text/plain; charset=utf-8";

/* --- the page --- */

/* Stands in the page wherever a script or style says who it is; each answer gives another word, which only it knows. */
static const char nonce_mark[] = "QANAT-NONCE";

enum { NONCE_BYTES = 16 };

static bool make_nonce(char *hex) {
  unsigned char bytes[NONCE_BYTES];
  if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != (ssize_t)sizeof bytes) {
    return false;
  }
  for (size_t i = 0; i < sizeof bytes; i++) {
    snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  }
  return true;
}

void control_get_page(const control_options *options, const control_request *request, control_answer *answer) {
  (void)options;
  (void)request;
  char nonce[2 * NONCE_BYTES + 1];
  if (!make_nonce(nonce)) {
    control_refuse(answer, 503, "the system has no random numbers yet: try again");
    return;
  }
  json_writer to = { 0 };
  const char *at = (const char *)dashboard_html;
  const char *end = at + dashboard_html_len;
  const char *mark;
  while ((mark = memmem(at, (size_t)(end - at), nonce_mark, sizeof nonce_mark - 1)) != NULL) {
    json_raw(&to, at, (size_t)(mark - at));
    json_raw(&to, nonce, sizeof nonce - 1);
    at = mark + sizeof nonce_mark - 1;
  }
  json_raw(&to, at, (size_t)(end - at));
  control_give(answer, 200, "text/html; charset=utf-8", &to);
  if (answer->status == 200) {
    snprintf(
        answer->policy, sizeof answer->policy,
        "default-src 'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        nonce, nonce);
  }
}

/* --- health --- */

/* NULL, with the answer filled: no memory. */
static service_report *look(const control_options *options, control_answer *answer) {
  service_report *report = NULL;
  if (service_report_new(options->service, &report) != 0) {
    control_refuse(answer, 503, "no memory to look at the worker");
    return NULL;
  }
  return report;
}

void control_get_healthy(const control_options *options, const control_request *request, control_answer *answer) {
  (void)options;
  (void)request;
  json_writer to = { 0 };
  JSON_RAW(&to, "healthy\n"); /* whoever can answer is */
  control_give(answer, 200, text_type, &to);
}

void control_get_ready(const control_options *options, const control_request *request, control_answer *answer) {
  (void)request;
  char text[1200];
  service_report *report = look(options, answer);
  if (report == NULL) {
    return;
  }
  const char *reason = status_reason(report, text, sizeof text);
  json_writer to = { 0 };
  const char *words = reason != NULL ? reason : "ready";
  json_raw(&to, words, strlen(words));
  json_char(&to, '\n');
  control_give(answer, reason != NULL ? 503 : 200, text_type, &to);
  service_report_free(report);
}

/* --- figures --- */

static double cpu_seconds(void) {
  double seconds = 0;
  static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
  for (size_t i = 0; i < sizeof whose / sizeof whose[0]; i++) {
    struct rusage usage;
    if (getrusage(whose[i], &usage) == 0) {
      seconds += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    }
  }
  return seconds;
}

void control_get_metrics(const control_options *options, const control_request *request, control_answer *answer) {
  (void)request;
  service_report *report = look(options, answer);
  if (report == NULL) {
    return;
  }
  prometheus_more more = { .version = options->version, .cpu_seconds = cpu_seconds() };
  if (options->traces != NULL) {
    options->traces(options->arg, &more.traces_sent, &more.traces_dropped);
  }
  json_writer to = { 0 };
  prometheus_write(report, &more, &to);
  control_give(answer, 200, PROMETHEUS_CONTENT_TYPE, &to);
  service_report_free(report);
}

void control_get_status(const control_options *options, const control_request *request, control_answer *answer) {
  (void)request;
  service_report *report = look(options, answer);
  if (report == NULL) {
    return;
  }
  json_writer to = { 0 };
  status_write(report, options->version, &to);
  control_give(answer, 200, json_type, &to);
  service_report_free(report);
}

/* --- the picture --- */

static void add_times(const service_pipeline *of, graph_run *run) {
  uint64_t all_ns = 0;
  *run = (graph_run){ .admitted = (double)of->counts.admitted, .seconds = -1, .workers = -1 };
  for (uint32_t i = 0; i < of->n_stages; i++) {
    all_ns += of->stages[i].sum.time_ns;
  }
  for (uint32_t i = 0; i < of->n_stages; i++) {
    const metrics_sum *sum = &of->stages[i].sum;
    run->stages[i] = (graph_time){ .known = true,
                                   .documents = (double)sum->documents,
                                   .dropped = (double)sum->dropped,
                                   .failed = (double)sum->failed,
                                   .seconds = (double)sum->time_ns * 1e-9,
                                   .share = all_ns > 0 ? (double)sum->time_ns / (double)all_ns : 0 };
  }
}

static int draw(const service_pipeline *of, bool timings, char **ret_bytes, size_t *ret_len) {
  graph_run *run = timings ? malloc(sizeof *run) : NULL;
  FILE *stream = open_memstream(ret_bytes, ret_len);
  int rc = stream == NULL || (timings && run == NULL) ? -ENOMEM : 0;
  if (rc == 0 && timings) {
    add_times(of, run);
  }
  rc = rc == 0 ? graph_svg(of->plan, run, stream) : rc;
  if (stream != NULL && fclose(stream) != 0 && rc == 0) {
    rc = -ENOMEM;
  }
  free(run);
  return rc;
}

void control_get_graph(const control_options *options, const control_request *request, control_answer *answer) {
  service_report *report = look(options, answer);
  if (report == NULL) {
    return;
  }
  const service_pipeline *of = control_pipeline(request, report, answer);
  if (of != NULL && of->plan == NULL) {
    control_refuse(answer, 503, "pipeline \"%s\" has no plan now: it is starting", of->name);
  } else if (of != NULL) {
    char timings[8];
    char *bytes = NULL;
    size_t len = 0;
    bool timed = control_query(request->target, "timings", timings, sizeof timings) && strcmp(timings, "1") == 0;
    int rc = draw(of, timed, &bytes, &len);
    if (rc == 0) {
      *answer = (control_answer){ .status = 200, .content_type = "image/svg+xml", .body = bytes, .body_bytes = len };
      snprintf(answer->policy, sizeof answer->policy, "default-src 'none'; style-src 'unsafe-inline'");
    } else {
      free(bytes);
      control_refuse(answer, 503, "%s",
                     rc == -E2BIG ? "too many stages and edges to lay out: use qanat graph --format dot" : "no memory");
    }
  }
  service_report_free(report);
}
