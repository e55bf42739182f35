/* SPDX-License-Identifier: Apache-2.0 */

/* What a child has to know of the stage it is to run, as JSON: the parent writes it, the child reads it. Floor 4. */
#ifndef CORE_ISOLATION_SETUP_H
#define CORE_ISOLATION_SETUP_H

#include "document/builder.h"
#include "pipeline/plan.h"
#include "plugin/manifest.h"

/* One stage, as the plan knows it. Everything is borrowed. */
typedef struct setup {
  const stage_info *info;
  const char *id;
  const cJSON *config;
  const char *base_folder;
  const stage_layout *layout;
  const schema_set *schemas;
  document_limits limits;
  plan_isolation isolation; /* of limits that are 0 there is a default */
} setup;

/* The same on the other side, with all it borrows. */
typedef struct setup_read {
  setup stage;
  manifest *manifest;
  cJSON *json;
  schema_set *schemas;
  stage_layout layout;
  const char *fields[64];
  const char *read[64], *write[64];
} setup_read;

/* To be freed with cJSON_free; NULL: no memory. */
char *setup_write(const setup *setup);
/* 0; -EINVAL, -ENOMEM, or why the plugin's manifest cannot be read. Done is to be called either way. */
int setup_parse(const char *text, size_t len, setup_read *ret_setup, qn_error *error);
void setup_done(setup_read *setup);

#endif
