/* SPDX-License-Identifier: Apache-2.0 */

#include "fake_service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/letter_rows.h"
#include "observe/metrics.h"

const char fake_plain[] = "plain";
const char fake_odd[] = "odd \"name\" \\ with\nlines and \xFF bytes";

struct service {
  char folder[512];
  char letters_path[600];
  registry *installed;
  plan *planned;
  _Atomic uint64_t n_looks;
  service_stage stages[PLAN_STAGES_MAX];
  service_trouble trouble;
};

static const char pipeline_text[] =
    "{\"name\":\"plain\",\"source\":{\"id\":\"in\",\"use\":\"probe-source\",\"with\":{\"count\":1}},"
    "\"stages\":[{\"id\":\"first\",\"use\":\"probe-step\"},{\"id\":\"second\",\"use\":\"probe-step\"}],"
    "\"sink\":{\"id\":\"out\",\"use\":\"probe-sink\",\"with\":{\"path\":\"-\"}}}";

static void die(const char *what) {
  fprintf(stderr, "fake service: %s\n", what);
  exit(1);
}

static void make_letters(service *self) {
  letter_rows *rows = NULL;
  qn_error error = { 0 };
  if (letter_rows_open(self->letters_path, LETTERS_CREATE, &rows, &error) != 0) {
    die(error.message);
  }
  const qn_str slugs[] = { QN_LIT("even"), QN_LIT("odd") };
  for (int i = 0; i < FAKE_LETTERS; i++) {
    char id[32];
    int len = snprintf(id, sizeof id, "letter-%d", i + 1);
    const letter_copy copy = { .stage = QN_LIT("first"),
                               .slug = slugs[i % 2],
                               .message = QN_LIT("broken \"\xC3\" there"),
                               .attempts = 1,
                               .time_ms = 1700000000000 + i,
                               .id = { id, (size_t)len },
                               .source = QN_LIT("there"),
                               .origin = QN_LIT("in"),
                               .confirmed = QN_LIT("out\nother\n"),
                               .payload = QN_LIT("bytes"),
                               .has_payload = true };
    if (letter_rows_add(rows, fake_plain, &copy, &error) != 0) {
      die(error.message);
    }
  }
  letter_rows_close(rows);
}

static void make_plan(service *self, const char *plugin_folder) {
  const char *folders[] = { plugin_folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  qn_error error = { 0 };
  faults *found = NULL;
  if (registry_new(&options, &self->installed, &error) != 0) {
    die(error.message);
  }
  if (faults_new(&found) != 0 || plan_parse("plain.json", pipeline_text, sizeof pipeline_text - 1, self->installed,
                                            NULL, &self->planned, found) != 0) {
    faults_print(found, stderr, false);
    die("no plan");
  }
  faults_free(found);
}

static void fill_took(histogram_sum *sum) {
  static histogram measured;
  if (atomic_load(&measured.sum_ns) == 0) {
    for (uint64_t ns = 1; ns < UINT64_C(1) << 40; ns *= 3) {
      histogram_add(&measured, ns, 1);
    }
  }
  histogram_sum_add(sum, &measured);
}

service *fake_service_new(const char *folder, const char *plugin_folder) {
  service *self = calloc(1, sizeof *self);
  if (self == NULL) {
    die("no memory");
  }
  snprintf(self->folder, sizeof self->folder, "%s", folder);
  snprintf(self->letters_path, sizeof self->letters_path, "%s/dead-letters.db", folder);
  make_plan(self, plugin_folder);
  make_letters(self);
  for (uint32_t i = 0; i < self->planned->n_stages; i++) {
    service_stage *stage = &self->stages[i];
    stage->planned = &self->planned->stages[i];
    stage->queue = i;
    stage->restarts = i;
    stage->sum = (metrics_sum){ .documents = 1000, .failed = 3, .dropped = 2, .bytes = 12345, .time_ns = 1500000000 };
    fill_took(&stage->sum.took);
  }
  reasons words = { 0 };
  reasons_count(&words, "told-to");
  reasons_count(&words, "told-to");
  reasons_count(&words, "a \"word\" \\ of\nits own");
  reasons_sum_of(&words, &self->stages[1].sum.reasons);
  self->trouble = (service_trouble){ .time_ms = 1700000000000 };
  snprintf(self->trouble.stage, sizeof self->trouble.stage, "first");
  snprintf(self->trouble.message, sizeof self->trouble.message, "no \xFF good\n");
  return self;
}

void fake_service_free(service *self) {
  plan_free(self->planned);
  registry_free(self->installed);
  free(self);
}

/* --- what service.h promises --- */

static service_pipeline pipeline_of(service *self, const char *name, uint64_t n_looks) {
  service_pipeline made = { .name = name,
                            .path = "/etc/qanat/plain.json",
                            .state = PIPELINE_RUNNING,
                            .generation = 2,
                            .last_reload_ok = false,
                            .last_reload_ms = 1700000000123,
                            .counts = { .admitted = 10 * n_looks, .delivered = 9 * n_looks, .in_flight = 5 },
                            .limit_documents = 64,
                            .bytes_in_flight = 4096,
                            .limit_bytes = 1 << 20,
                            .oldest_ms = 1500,
                            .plan = self->planned,
                            .n_stages = self->planned->n_stages,
                            .stages = self->stages,
                            .n_troubles = 1,
                            .troubles = &self->trouble };
  snprintf(made.reload_message, sizeof made.reload_message, "pipeline.json:3:1: \xE2 unknown");
  fill_took(&made.took);
  return made;
}

int service_report_new(service *self, service_report **ret_report) {
  service_report *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  uint64_t n_looks = atomic_fetch_add(&self->n_looks, 1) + 1;
  *made =
      (service_report){ .now_ms = 1700000100000,
                        .started_ms = 1700000000000,
                        .ready = access("not-ready", F_OK) != 0,
                        .memory_bytes = 50 << 20,
                        .n_descriptors = 17,
                        .journal = { .state = JOURNAL_WRITES, .accepted = 12, .waiting = 3, .max_documents = 1000000 },
                        .n_dead_letters = FAKE_LETTERS,
                        .n_pipelines = 2 };
  made->pipelines = calloc(2, sizeof *made->pipelines);
  made->pipelines[0] = pipeline_of(self, fake_plain, n_looks);
  made->pipelines[1] = pipeline_of(self, fake_odd, n_looks);
  if (!made->ready) {
    made->pipelines[1].state = PIPELINE_WAITING;
  }
  *ret_report = made;
  return 0;
}

void service_report_free(service_report *report) {
  if (report != NULL) {
    free(report->pipelines);
    free(report);
  }
}

int service_reload_wait(service *self, const char *pipeline, char *message, size_t size) {
  (void)self;
  if (pipeline == NULL || strcmp(pipeline, fake_plain) == 0) {
    return 0;
  }
  if (strcmp(pipeline, "slow") == 0) {
    usleep(300000);
    return 0;
  }
  if (strcmp(pipeline, fake_odd) == 0 || strcmp(pipeline, "odd") == 0) {
    snprintf(message, size, "odd.json:1:1: \"usee\" is no key\xFF; did you mean \"use\"?");
    return -EINVAL;
  }
  return -ENOENT;
}

int service_try(service *self, const char *pipeline, const char *media_type, const void *bytes, size_t len,
                uint32_t timeout_ms, char **ret_record, qn_error *error) {
  (void)self;
  (void)pipeline;
  if (len == 4 && memcmp(bytes, "late", 4) == 0) {
    return error_set(error, -ETIMEDOUT, "timed-out", "took more than %u ms", timeout_ms);
  }
  if (len == 3 && memcmp(bytes, "bad", 3) == 0) {
    return error_set(error, -EBADMSG, "told-to", "stage \"first\" rejected it");
  }
  return asprintf(ret_record, "{\"media_type\":\"%s\",\"bytes\":%zu}", media_type, len) < 0 ? -ENOMEM : 0;
}

const char *service_letters_path(const service *self) {
  return self->letters_path;
}

int service_letters_retry(service *self, const int64_t *numbers, uint32_t n, uint32_t *ret_n_done, qn_error *error) {
  (void)self;
  for (uint32_t i = 0; i < n; i++) {
    if (numbers[i] > FAKE_LETTERS) {
      return error_set(error, -ENOENT, "no-letter", "there is no dead letter %lld", (long long)numbers[i]);
    }
  }
  *ret_n_done = n;
  return 0;
}
