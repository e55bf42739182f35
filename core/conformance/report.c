/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps, counts and prints findings. */
#include "conformance/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/teller.h"

static void *grown(report *self, void *array, uint32_t n, size_t element_bytes) {
  if (n > 0 && (n & (n - 1)) != 0) {
    return array;
  }
  void *larger = realloc(array, (n > 0 ? (size_t)n * 2 : 1) * element_bytes);
  self->no_memory = self->no_memory || larger == NULL;
  return larger;
}

static bool same_stage(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static uint32_t count(const report *self, const char *stage, rule_id rule) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_findings; i++) {
    n += self->findings[i].rule == rule && same_stage(self->findings[i].stage, stage);
  }
  return n;
}

bool report_has(const report *self, const char *stage, rule_id rule) {
  return count(self, stage, rule) > 0 || (stage != NULL && count(self, NULL, rule) > 0);
}

void report_add_finding(report *self, rule_id rule, const char *stage, const char *check, uint32_t document,
                        const char *document_name, const char *message) {
  if (self->n_results > 0) {
    self->results[self->n_results - 1].n_findings++;
  }
  if (count(self, stage, rule) >= FINDINGS_EACH_MAX) {
    return;
  }
  finding *larger = grown(self, self->findings, self->n_findings, sizeof *larger);
  if (larger == NULL) {
    return;
  }
  self->findings = larger;
  self->findings[self->n_findings++] = (finding){
    .rule = rule,
    .stage = stage,
    .check = check,
    .document = document,
    .document_name = document_name != NULL ? strdup(document_name) : NULL,
    .message = strdup(message),
  };
}

void report_begin_check(report *self, const char *stage, const char *check) {
  check_result *larger = grown(self, self->results, self->n_results, sizeof *larger);
  if (larger != NULL) {
    self->results = larger;
    self->results[self->n_results++] = (check_result){ .stage = stage, .check = check };
  }
}

void report_end_check(report *self, uint32_t elapsed_ms) {
  if (self->n_results > 0) {
    self->results[self->n_results - 1].elapsed_ms = elapsed_ms;
  }
}

void report_skip_check(report *self, const char *why) {
  check_result *last = self->n_results > 0 ? &self->results[self->n_results - 1] : NULL;
  if (last != NULL && last->skipped == NULL) {
    last->skipped = strdup(why);
  }
}

void report_add_unmade(report *self, const char *stage, const char *layer) {
  unmade_layer *larger = grown(self, self->unmade, self->n_unmade, sizeof *larger);
  if (larger != NULL) {
    self->unmade = larger;
    self->unmade[self->n_unmade++] = (unmade_layer){ .stage = stage, .layer = strdup(layer) };
  }
}

const check_result *report_unchecked(const report *self) {
  for (uint32_t i = 0; i < self->n_results; i++) {
    const check_result *one = &self->results[i];
    if (one->skipped != NULL && strncmp(one->skipped, REPORT_NO_STAGE, sizeof REPORT_NO_STAGE - 1) == 0) {
      return one;
    }
  }
  return NULL;
}

void report_done(report *self) {
  for (uint32_t i = 0; i < self->n_findings; i++) {
    free(self->findings[i].document_name);
    free(self->findings[i].message);
    free(self->findings[i].reproducer);
  }
  for (uint32_t i = 0; i < self->n_results; i++) {
    free(self->results[i].skipped);
  }
  for (uint32_t i = 0; i < self->n_unmade; i++) {
    free(self->unmade[i].layer);
  }
  free(self->unmade);
  free(self->findings);
  free(self->results);
  free(self->path);
  free(self->plugin);
  free(self->version);
  *self = (report){ 0 };
}

/* --- for people --- */

static void print_finding(const finding *one, FILE *stream) {
  const rule *broken = rule_get(one->rule);
  fprintf(stream, "\n%s  %s\n", broken->id, broken->says);
  fprintf(stream, "  %s%s%s", one->stage != NULL ? one->stage : "the file", one->check[0] != '\0' ? ", check " : "",
          one->check);
  if (one->document != NO_DOCUMENT) {
    fprintf(stream, ", document %u", one->document);
    if (one->document_name != NULL) {
      fprintf(stream, " (%s)", one->document_name);
    }
  }
  fprintf(stream, ":\n  %s\n", one->message != NULL ? one->message : "");
  fprintf(stream, "  to do:  %s\n  rule:   docs/rules.md, docs/abi.md#%s\n", broken->remedy, broken->anchor);
  if (one->reproducer != NULL) {
    fprintf(stream, "  again:  qanat test-stage --reproduce %s\n", one->reproducer);
  }
}

static void print_results(const report *self, FILE *stream, bool verbose) {
  for (uint32_t i = 0; i < self->n_results; i++) {
    const check_result *one = &self->results[i];
    if (!verbose && one->skipped == NULL) {
      continue;
    }
    fprintf(stream, "%-12s %-14s %6" PRIu32 " ms  ", one->stage != NULL ? one->stage : "-", one->check,
            one->elapsed_ms);
    if (one->skipped != NULL) {
      fprintf(stream, "%s: %s\n", one->n_findings > 0 ? "broken; cut short" : "skipped", one->skipped);
    } else {
      fprintf(stream, "%s\n", one->n_findings > 0 ? "broken" : "clean");
    }
  }
}

void report_print(const report *self, FILE *stream, bool verbose) {
  uint32_t n_skipped = 0;
  print_results(self, stream, verbose);
  for (uint32_t i = 0; i < self->n_results; i++) {
    n_skipped += self->results[i].skipped != NULL;
  }
  for (uint32_t i = 0; i < self->n_findings; i++) {
    print_finding(&self->findings[i], stream);
  }
  fprintf(stream, "%s%s: %" PRIu32 " check%s, ", self->n_findings > 0 ? "\n" : "", self->path, self->n_results,
          self->n_results == 1 ? "" : "s");
  if (n_skipped > 0) {
    fprintf(stream, "%" PRIu32 " of them skipped or cut short, ", n_skipped);
  }
  if (self->n_findings == 0) {
    fprintf(stream, "nothing found (seed %" PRIu64 ")", self->seed);
  } else {
    fprintf(stream, "%" PRIu32 " finding%s (seed %" PRIu64 ")", self->n_findings, self->n_findings == 1 ? "" : "s",
            self->seed);
  }
  for (uint32_t i = 0; i < self->n_unmade; i++) {
    fprintf(stream, "; %s never made a row of %s", self->unmade[i].stage,
            self->unmade[i].layer != NULL ? self->unmade[i].layer : "a layer");
  }
  fprintf(stream, "%s\n", self->n_unmade > 0 ? ": give a --config with which it does" : "");
}

/* --- for programs --- */

static cJSON *finding_json(const finding *one) {
  const rule *broken = rule_get(one->rule);
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "rule", broken->id);
  cJSON_AddStringToObject(json, "says", broken->says);
  cJSON_AddStringToObject(json, "remedy", broken->remedy);
  cJSON_AddStringToObject(json, "see", broken->anchor);
  if (one->stage != NULL) {
    cJSON_AddStringToObject(json, "stage", one->stage);
  }
  cJSON_AddStringToObject(json, "check", one->check);
  cJSON_AddStringToObject(json, "message", one->message != NULL ? one->message : "");
  if (one->document != NO_DOCUMENT) {
    cJSON_AddNumberToObject(json, "document", one->document);
  }
  if (one->reproducer != NULL) {
    cJSON_AddStringToObject(json, "reproducer", one->reproducer);
  }
  return json;
}

static cJSON *result_json(const check_result *one) {
  cJSON *json = cJSON_CreateObject();
  if (one->stage != NULL) {
    cJSON_AddStringToObject(json, "stage", one->stage);
  }
  cJSON_AddStringToObject(json, "check", one->check);
  cJSON_AddStringToObject(json, "result", one->n_findings > 0 ? "broken" : one->skipped != NULL ? "skipped" : "clean");
  if (one->skipped != NULL) {
    cJSON_AddStringToObject(json, "why", one->skipped);
  }
  cJSON_AddNumberToObject(json, "elapsed_ms", one->elapsed_ms);
  return json;
}

cJSON *report_json(const report *self) {
  cJSON *json = cJSON_CreateObject();
  char seed[32];
  snprintf(seed, sizeof seed, "%" PRIu64, self->seed);
  cJSON_AddStringToObject(json, "file", self->path);
  if (self->plugin != NULL) {
    cJSON_AddStringToObject(json, "plugin", self->plugin);
    cJSON_AddStringToObject(json, "version", self->version);
  }
  cJSON_AddStringToObject(json, "seed", seed); /* a number of JSON does not hold 64 bits */
  cJSON *findings = cJSON_AddArrayToObject(json, "findings");
  for (uint32_t i = 0; i < self->n_findings; i++) {
    cJSON_AddItemToArray(findings, finding_json(&self->findings[i]));
  }
  cJSON *results = cJSON_AddArrayToObject(json, "checks");
  for (uint32_t i = 0; i < self->n_results; i++) {
    cJSON_AddItemToArray(results, result_json(&self->results[i]));
  }
  cJSON *unmade = self->n_unmade > 0 ? cJSON_AddArrayToObject(json, "never_made") : NULL;
  for (uint32_t i = 0; i < self->n_unmade; i++) {
    cJSON *one = cJSON_CreateObject();
    cJSON_AddStringToObject(one, "stage", self->unmade[i].stage);
    cJSON_AddStringToObject(one, "layer", self->unmade[i].layer != NULL ? self->unmade[i].layer : "");
    cJSON_AddItemToArray(unmade, one);
  }
  if (findings == NULL || results == NULL || (unmade == NULL && self->n_unmade > 0) || self->no_memory) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}
