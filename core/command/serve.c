/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat serve`: the long-lived worker, with its control beside it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command/answer.h"
#include "command/command.h"
#include "command/serve_options.h"
#include "runtime/subject.h"
#include "serve/control_http.h"
#include "serve/control_lend.h"
#include "serve/notify.h"
#include "serve/otlp.h"
#include "serve/service.h"

enum { DESCRIPTORS_MAX = 65536 };

typedef struct serving {
  serve_options options;
  registry *registry;
  service *service;
  control *control;
  control_http *http;
  char *socket_path;
  notify_given given;
  int control_fd; /* handed over by systemd; -1: none */
  notify *notify;
  otlp *traces;
} serving;

/* A line names the stage as pipeline/stage, since several pipelines may speak. */
static void on_log(void *arg, const char *pipeline, const char *stage, uint32_t level, const char *text, size_t len) {
  const serving *self = arg;
  char name[256];
  const char *speaker = stage;
  if (pipeline != NULL) {
    snprintf(name, sizeof name, "%s%s%s", pipeline, stage != NULL ? "/" : "", stage != NULL ? stage : "");
    speaker = name;
  }
  qn_str document = subject_id();
  log_write_about(&self->options.log, level, speaker, document.data, document.len, text, len);
}

static void tell_faults(void *arg, const char *path, const faults *found) {
  (void)arg;
  answer_faults(path, found);
}

static int open_service(serving *self) {
  const service_options options = {
    .paths = self->options.pipelines.items,
    .n_paths = self->options.pipelines.n,
    .sets = self->options.sets.items,
    .n_sets = self->options.sets.n,
    .registry = self->registry,
    .state = self->options.state,
    .n_workers = self->options.n_workers,
    .journal = { .max_documents = self->options.journal_documents,
                 .max_bytes = self->options.journal_bytes,
                 .commit_ms = UINT32_MAX },
    .drain_ms = self->options.drain_ms,
    .watch = self->options.watch,
    .stage_host = "/proc/self/exe",
    .sockets = self->given.sockets,
    .n_sockets = self->given.n_sockets,
    .tracer = otlp_tracer(self->traces),
    .log = on_log,
    .arg = self,
  };
  qn_error error = { 0 };
  int rc = service_new(&options, tell_faults, &self->service, &error);
  if (rc != 0) {
    fprintf(stderr, "qanat serve: %s\n", error.message);
    return rc == -EBUSY || rc == -EIO || rc == -ENOSPC ? EXIT_FAILED : EXIT_USAGE;
  }
  return EXIT_DONE;
}

static void count_traces(void *arg, uint64_t *ret_sent, uint64_t *ret_dropped) {
  const serving *self = arg;
  otlp_counts(self->traces, ret_sent, ret_dropped);
}

static int open_control(serving *self) {
  qn_error error = { 0 };
  control_token token;
  bool has_token = self->options.token_file != NULL;
  const control_options options = {
    .service = self->service, .version = QANAT_VERSION, .traces = count_traces, .arg = self
  };
  int rc = asprintf(&self->socket_path, "%s/control.sock", self->options.state) < 0 ? -ENOMEM : 0;
  rc = rc == 0 ? control_new(&options, &self->control, &error) : rc;
  if (rc == 0 && has_token) {
    rc = control_token_read(self->options.token_file, &token, &error);
  }
  const control_http_options served = { .control = self->control,
                                        .address = self->options.control,
                                        .fd = self->control_fd,
                                        .socket_path = self->socket_path,
                                        .token = has_token ? &token : NULL };
  if (rc == 0) {
    control_lend_attach(service_control_lend(self->service), self->control, has_token ? &token : NULL);
  }
  bool is_wanted = control_http_is_there() || strcmp(self->options.control, "off") != 0;
  rc = rc == 0 && is_wanted ? control_http_start(&served, &self->http, &error) : rc;
  if (rc != 0) {
    fprintf(stderr, "qanat serve: %s\n", error.message[0] != '\0' ? error.message : strerror(-rc));
  }
  return rc == 0 ? EXIT_DONE : EXIT_USAGE;
}

static void say_started(const serving *self) {
  const char *address = self->http != NULL ? control_http_address(self->http) : "";
  log_print(&self->options.log, QN_LOG_INFO, NULL, "%u pipeline%s from %s; state in %s%s%s", self->options.pipelines.n,
            self->options.pipelines.n == 1 ? "" : "s", self->options.pipelines.items[0], self->options.state,
            address[0] != '\0' ? "; see " : "", address);
}

static int take_given(serving *self) {
  qn_error error = { 0 };
  if (notify_take(&self->given, &error) != 0) {
    fprintf(stderr, "qanat serve: %s\n", error.message);
    return EXIT_FAILED;
  }
  self->control_fd = notify_take_socket(&self->given, "control");
  return EXIT_DONE;
}

static void say_of_traces(void *arg, uint32_t level, const char *text) {
  const serving *self = arg;
  log_write(&self->options.log, level, NULL, text, strlen(text));
}

static int open_traces(serving *self) {
  qn_error error = { 0 };
  const otlp_options options = { .url = self->options.traces,
                                 .ratio = self->options.trace_ratio,
                                 .version = QANAT_VERSION,
                                 .say = say_of_traces,
                                 .arg = self };
  if (otlp_new(&options, &self->traces, &error) != 0) {
    fprintf(stderr, "qanat serve: %s\n", error.message);
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}

static int start_notify(serving *self) {
  qn_error error = { 0 };
  if (notify_start(&self->given, self->service, &self->notify, &error) != 0) {
    fprintf(stderr, "qanat serve: %s\n", error.message);
    return EXIT_FAILED;
  }
  return EXIT_DONE;
}

static int execute(serving *self) {
  int status = take_given(self);
  status = status != EXIT_DONE ? status : arguments_open_registry("serve", &self->options.plugins, &self->registry);
  status = status == EXIT_DONE ? open_traces(self) : status;
  status = status == EXIT_DONE ? open_service(self) : status;
  status = status == EXIT_DONE ? open_control(self) : status;
  status = status == EXIT_DONE ? start_notify(self) : status;
  if (status != EXIT_DONE) {
    return status;
  }
  say_started(self);
  qn_error error = { 0 };
  int rc = service_run(self->service, &error);
  notify_stop(self->notify);
  self->notify = NULL;
  control_http_stop(self->http);
  self->http = NULL;
  if (rc != 0) {
    log_print(&self->options.log, QN_LOG_ERROR, NULL, "%s", error.message);
  }
  if (rc == -ETIMEDOUT) {
    fflush(NULL);
    _exit(EXIT_STUCK); /* a stage still works with all there is */
  }
  return rc == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* Each connection is one; what is allowed as it is, 1024, is for programs that use select(). */
static void raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_MAX ? limit.rlim_max : DESCRIPTORS_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int command_serve(int argc, char **argv) {
  serving self = { 0 };
  int status = EXIT_DONE;
  signal(SIGPIPE, SIG_IGN);
  service_hold_signals();
  raise_descriptors();
  if (serve_options_parse(argc, argv, &self.options, &status)) {
    status = execute(&self);
  }
  notify_stop(self.notify);
  control_http_stop(self.http);
  if (self.service != NULL) {
    control_lend_attach(service_control_lend(self.service), NULL, NULL);
  }
  control_free(self.control);
  service_free(self.service);
  otlp_free(self.traces);
  notify_given_done(&self.given);
  registry_free(self.registry);
  free(self.socket_path);
  serve_options_done(&self.options);
  return status;
}
