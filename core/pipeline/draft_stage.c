/* SPDX-License-Identifier: Apache-2.0 */

/* Reads one stage of the file: the keys every stage has, whichever plugin it comes from. */
#include <errno.h>
#include <string.h>

#include "pipeline/condition.h"
#include "pipeline/draft.h"
#include "pipeline/keys.h"

enum {
  ID_BYTES_MAX = 64,
  USE_BYTES_MAX = 128,
  DESCRIPTION_BYTES_MAX = 65536,
  ATTEMPTS_MAX = 100,
  DELAY_MS_MAX = 60 * 60 * 1000,
  TIMEOUT_MS_MAX = 24 * 60 * 60 * 1000,
  BATCH_SIZE_MAX = 65536,
  BATCH_WAIT_MS_MAX = 60 * 1000
};

static int read_id(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  const char *id = NULL;
  (void)target; /* entries.c has given it already */
  if (!keys_text(file, value, pointer, ID_BYTES_MAX, &id)) {
    return 0;
  }
  bool good = strspn(id, "0123456789") != strlen(id);
  for (const char *c = id; *c != '\0'; c++) {
    good = good &&
           ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-' || *c == '_');
  }
  if (!good) {
    pipeline_file_fault(file, pointer, false, "an id is made of letters, digits, - and _, and is not just a number");
  }
  return 0;
}

static int read_use(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_text(file, value, pointer, USE_BYTES_MAX, &stage->use);
  return 0;
}

static int read_with(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  stage->with = value;
  if (!cJSON_IsObject(value)) {
    pipeline_file_fault(file, pointer, false, "must be an object with the stage's settings, found %s",
                        keys_found(value));
  }
  return 0;
}

static int read_from(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  bool good = cJSON_IsString(value) || (cJSON_IsArray(value) && value->child != NULL);
  for (const cJSON *id = cJSON_IsArray(value) ? value->child : NULL; id != NULL; id = id->next) {
    good = good && cJSON_IsString(id);
  }
  stage->from = value;
  if (!good) {
    pipeline_file_fault(file, pointer, false, "must be the id of a stage, or a list of ids");
  }
  return 0;
}

static int read_when(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  stage->stage.when = value;
  if (cJSON_IsString(value) && strcmp(value->valuestring, "otherwise") == 0) {
    return 0;
  }
  if (!cJSON_IsObject(value)) {
    pipeline_file_fault(file, pointer, false,
                        "must be a condition like {\"field\": \"language\", \"is\": \"ar\"}, or \"otherwise\"");
    return 0;
  }
  return condition_check(file, value, pointer);
}

static int read_on_error(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const char *const choices[] = { "dead-letter", "drop", "stop" };
  draft_stage *stage = target;
  uint32_t choice = ON_ERROR_DEAD_LETTER;
  keys_choice(file, value, pointer, choices, 3, &choice);
  stage->stage.on_error = (plan_on_error)choice;
  return 0;
}

static int read_attempts(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  plan_retry *retry = target;
  keys_count(file, value, pointer, 1, ATTEMPTS_MAX, &retry->attempts);
  return 0;
}

static int read_delay(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  plan_retry *retry = target;
  keys_count(file, value, pointer, 0, DELAY_MS_MAX, &retry->delay_ms);
  return 0;
}

static int read_delay_max(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  plan_retry *retry = target;
  keys_count(file, value, pointer, 0, DELAY_MS_MAX, &retry->delay_max_ms);
  return 0;
}

static int read_retry(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const key_rule rules[] = { { "attempts", read_attempts, NULL, NULL },
                                    { "delay_ms", read_delay, NULL, NULL },
                                    { "delay_max_ms", read_delay_max, NULL, NULL } };
  draft_stage *stage = target;
  plan_retry *retry = &stage->stage.retry;
  retry->attempts = 3; /* who writes "retry" wants some */
  int result = keys_read(file, value, pointer, "a retry", rules, 3, retry);
  if (cJSON_IsObject(value) && cJSON_GetObjectItemCaseSensitive(value, "delay_max_ms") == NULL &&
      retry->delay_max_ms < retry->delay_ms) {
    retry->delay_max_ms = retry->delay_ms;
  }
  if (retry->delay_max_ms < retry->delay_ms) {
    pipeline_file_fault(file, pipeline_file_child(file, pointer, "delay_max_ms"), false,
                        "must not be less than \"delay_ms\" (%u)", retry->delay_ms);
  }
  return result;
}

static int read_timeout(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_count(file, value, pointer, 0, TIMEOUT_MS_MAX, &stage->stage.timeout_ms);
  return 0;
}

static int read_batch_size(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_count(file, value, pointer, 1, BATCH_SIZE_MAX, &stage->stage.batch_size);
  return 0;
}

static int read_batch_wait(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_count(file, value, pointer, 0, BATCH_WAIT_MS_MAX, &stage->stage.batch_wait_ms);
  return 0;
}

static int read_batch(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const key_rule rules[] = { { "size", read_batch_size, NULL, NULL },
                                    { "wait_ms", read_batch_wait, NULL, NULL } };
  draft_stage *stage = target;
  stage->has_batch = true;
  return keys_read(file, value, pointer, "a batch", rules, 2, stage);
}

static int read_description(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  const char *text = NULL;
  (void)target;
  keys_text(file, value, pointer, DESCRIPTION_BYTES_MAX, &text);
  return 0;
}

#define ID_SCHEMA                                                                                                      \
  "{\"type\":\"string\",\"pattern\":\"^(?=.*[^0-9])[A-Za-z0-9_-]{1,64}$\","                                            \
  "\"description\":\"A name for this stage, unique in the pipeline; use if not given.\"}"
#define DESCRIPTION_SCHEMA                                                                                             \
  "{\"type\":\"string\",\"minLength\":1,\"description\":\"For people: what this stage is here for.\"}"
#define FROM_SCHEMA                                                                                                    \
  "{\"description\":\"The ids of the stages this one reads from; the stage before it if not given.\",\"anyOf\":["      \
  "{\"type\":\"string\"},{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}}]}"
#define WHEN_SCHEMA                                                                                                    \
  "{\"description\":\"Only documents that meet this condition come here; otherwise: those that meet no other.\","      \
  "\"anyOf\":[{\"const\":\"otherwise\"},{\"$ref\":\"#/definitions/condition\"}]}"
#define ON_ERROR_SCHEMA                                                                                                \
  "{\"enum\":[\"dead-letter\",\"drop\",\"stop\"],\"default\":\"dead-letter\","                                         \
  "\"description\":\"What becomes of a document that fails here, and of the run.\"}"
#define RETRY_SCHEMA                                                                                                   \
  "{\"type\":\"object\",\"additionalProperties\":false,"                                                               \
  "\"description\":\"How often to try again what may work the next time.\",\"properties\":{"                           \
  "\"attempts\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100,\"default\":3,\"description\":\"Tries in all.\"}," \
  "\"delay_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600000,\"default\":100,"                              \
  "\"description\":\"Before the second try; doubled each time.\"},"                                                    \
  "\"delay_max_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600000,\"default\":30000,"                        \
  "\"description\":\"No delay is longer.\"}}}"
#define TIMEOUT_SCHEMA                                                                                                 \
  "{\"type\":\"integer\",\"minimum\":0,\"maximum\":86400000,\"default\":0,"                                            \
  "\"description\":\"A document that takes longer here has failed; 0: no limit.\"}"
#define ISOLATE_SCHEMA                                                                                                 \
  "{\"default\":false,\"description\":\"Runs the stage in child processes of its own.\",\"anyOf\":["                   \
  "{\"type\":\"boolean\"},{\"type\":\"string\",\"pattern\":\"[$][{]\"},"                                               \
  "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                                               \
  "\"memory_bytes\":{\"type\":[\"integer\",\"string\"],\"default\":\"4GiB\","                                          \
  "\"description\":\"Address space that each process may take.\"},"                                                    \
  "\"cpu_ms\":{\"type\":[\"integer\",\"string\"],\"default\":0,"                                                       \
  "\"description\":\"Processor time that a document may take, of all threads together; 0: no limit.\"},"               \
  "\"open_files\":{\"type\":[\"integer\",\"string\"],\"default\":256,"                                                 \
  "\"description\":\"Descriptors that it may have open.\"},"                                                           \
  "\"file_bytes\":{\"type\":[\"integer\",\"string\"],\"default\":\"4GiB\","                                            \
  "\"description\":\"How large a file may become that it writes, and what it hands back.\"},"                          \
  "\"network\":{\"type\":[\"boolean\",\"string\"],"                                                                    \
  "\"description\":\"Agrees that a stage which needs the network has it.\"},"                                          \
  "\"read\":{\"type\":\"array\",\"maxItems\":64,\"items\":{\"type\":\"string\"},"                                      \
  "\"description\":\"Files and folders that a stage which needs files may read.\"},"                                   \
  "\"write\":{\"type\":\"array\",\"maxItems\":64,\"items\":{\"type\":\"string\"},"                                     \
  "\"description\":\"Files and folders that it may also write.\"}}}]}"
#define BATCH_SCHEMA                                                                                                   \
  "{\"type\":\"object\",\"additionalProperties\":false,"                                                               \
  "\"description\":\"How many documents a stage that takes several gets at once.\",\"properties\":{"                   \
  "\"size\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65536,\"description\":\"At most so many.\"},"              \
  "\"wait_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":60000,"                                                 \
  "\"description\":\"How long to wait for a batch to fill.\"}}}"

/* "use" and "with" are published for each installed stage apart. */
static const key_rule transform_rules[] = { { "id", read_id, NULL, ID_SCHEMA },
                                            { "use", read_use, NULL, NULL },
                                            { "with", read_with, NULL, NULL },
                                            { "from", read_from, NULL, FROM_SCHEMA },
                                            { "when", read_when, NULL, WHEN_SCHEMA },
                                            { "on_error", read_on_error, NULL, ON_ERROR_SCHEMA },
                                            { "retry", read_retry, NULL, RETRY_SCHEMA },
                                            { "timeout_ms", read_timeout, NULL, TIMEOUT_SCHEMA },
                                            { "isolate", draft_isolate_read, NULL, ISOLATE_SCHEMA },
                                            { "batch", read_batch, NULL, BATCH_SCHEMA },
                                            { "description", read_description, NULL, DESCRIPTION_SCHEMA } };

static const key_rule source_rules[] = {
  { "id", read_id, NULL, ID_SCHEMA },
  { "use", read_use, NULL, NULL },
  { "with", read_with, NULL, NULL },
  { "description", read_description, NULL, DESCRIPTION_SCHEMA },
  { "from", NULL, "documents begin there", NULL },
  { "when", NULL, "put the condition on the stage behind it", NULL },
  { "on_error", NULL, "what can't be read becomes a dead letter by itself", NULL },
  { "retry", read_retry, NULL, RETRY_SCHEMA },
  { "timeout_ms", NULL, "a source may wait for documents as long as it takes", NULL },
  { "isolate", NULL, "only transforms can be isolated", NULL },
  { "batch", NULL, "only transforms take batches", NULL }
};

static const key_rule sink_rules[] = { { "id", read_id, NULL, ID_SCHEMA },
                                       { "use", read_use, NULL, NULL },
                                       { "with", read_with, NULL, NULL },
                                       { "from", read_from, NULL, FROM_SCHEMA },
                                       { "when", read_when, NULL, WHEN_SCHEMA },
                                       { "on_error", read_on_error, NULL, ON_ERROR_SCHEMA },
                                       { "retry", read_retry, NULL, RETRY_SCHEMA },
                                       { "timeout_ms", read_timeout, NULL, TIMEOUT_SCHEMA },
                                       { "description", read_description, NULL, DESCRIPTION_SCHEMA },
                                       { "isolate", NULL, "only transforms can be isolated", NULL },
                                       { "batch", NULL, "only transforms take batches", NULL } };

const key_rule *draft_stage_rules(stage_role place, uint32_t *ret_n_rules) {
  static const struct {
    const key_rule *rules;
    uint32_t n_rules;
  } all[] = { { source_rules, sizeof source_rules / sizeof *source_rules },
              { transform_rules, sizeof transform_rules / sizeof *transform_rules },
              { sink_rules, sizeof sink_rules / sizeof *sink_rules } };
  *ret_n_rules = all[place].n_rules;
  return all[place].rules;
}

int draft_stage_read(pipeline_file *file, draft_stage *stage, const cJSON *object) {
  static const char *const names[] = { "a source", "a stage", "a sink" };
  const char *what = names[stage->place];
  uint32_t n_rules = 0;
  const key_rule *rules = draft_stage_rules(stage->place, &n_rules);
  stage->stage.batch_wait_ms = DRAFT_UNSET;
  stage->stage.retry = (plan_retry){ .attempts = 1, .delay_ms = 100, .delay_max_ms = 30000 };
  const char *pointer = stage->stage.pointer;
  if (cJSON_IsString(object)) {
    pipeline_file_fault(file, pointer, false, "%s must be an object: write { \"use\": \"%.100s\" }", what,
                        object->valuestring);
    return 0;
  }
  int result = keys_read(file, object, pointer, what, rules, n_rules, stage);
  if (result == 0 && cJSON_IsObject(object) && cJSON_GetObjectItemCaseSensitive(object, "use") == NULL) {
    pipeline_file_fault(file, pointer, false, "%s needs a \"use\": the name of an installed stage", what);
  }
  return result;
}
