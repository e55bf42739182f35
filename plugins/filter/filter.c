/* SPDX-License-Identifier: Apache-2.0 */

/* The filter stage: two conditions, both the host's, and OK or DROP. */
#include <errno.h>

#include "qanat/stage.h"

typedef struct filter {
  const qn_host *host;
  qn_env *env;
  const qn_predicate *keep; /* NULL: all */
  const qn_predicate *drop; /* NULL: none */
} filter;

static int create_fail(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, qn_cstr_len(text));
}

static void filter_destroy(void *instance) {
  filter *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

/* A condition that is not given stays NULL. */
static int open_conditions(filter *self, qn_create *create) {
  int rc = create->host->predicate_open(create, "/keep", &self->keep);
  if (rc != 0 && rc != -ENOENT) {
    return rc;
  }
  rc = create->host->predicate_open(create, "/drop", &self->drop);
  return rc == -ENOENT ? 0 : rc;
}

static int filter_create(qn_create *create, void **ret_instance) {
  filter *self = create->host->alloc(create->env, sizeof(*self));
  if (self == NULL) {
    return create_fail(create, "out of memory");
  }
  *self = (filter){ .host = create->host, .env = create->env };
  int rc = open_conditions(self, create);
  if (rc != 0) {
    filter_destroy(self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

static qn_status undecided(qn_call *call, int rc) {
  if (rc == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "out of memory while asking a condition");
  }
  return qn_fail(call, QN_STATUS_REJECT, "slow-pattern",
                 "a regular expression of its conditions takes too many steps on this document; make it simpler");
}

static qn_status filter_process(void *instance, void *context, qn_call *call) {
  const filter *self = instance;
  (void)context;
  int kept = self->keep != NULL ? self->host->predicate_holds(call, self->keep) : 1;
  int dropped = kept > 0 && self->drop != NULL ? self->host->predicate_holds(call, self->drop) : 0;
  if (kept < 0 || dropped < 0) {
    return undecided(call, kept < 0 ? kept : dropped);
  }
  return kept && !dropped ? QN_STATUS_OK : QN_STATUS_DROP;
}

static const qn_transform transform = {
  .size = sizeof(qn_transform),
  .create = filter_create,
  .destroy = filter_destroy,
  .process = filter_process,
};

static const qn_stage stage = { .size = sizeof(qn_stage), .name = "filter", .transform = &transform };
static const qn_stage *const stages[] = { &stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
