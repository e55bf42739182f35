/* SPDX-License-Identifier: Apache-2.0 */

/* From a plan to its chain. Files are hashed once, however many stages are of them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_chain.h"
#include "cache/cache_libraries.h"
#include "plugin/config_place.h"
#include "plugin/host.h"

/* Changes when the meaning of keys does. */
enum { CACHE_VERSION = 1 };

typedef struct chain_builder {
  const plan *plan;
  const cache_chain_options *options;
  cache_hash *hash;  /* of the link at hand */
  cache_hash *files; /* of a file, meanwhile */
} chain_builder;

/* --- the trunk --- */

/* Whether something that is no source leads there: then not all that come are as the source gave them. */
static bool is_fed_otherwise(const plan *planned, uint32_t trunk) {
  for (uint32_t i = 0; i < planned->n_segments; i++) {
    const plan_segment *segment = &planned->segments[i];
    for (uint32_t k = 0; segment->kind != SEGMENT_SOURCE && k < segment->n_next; k++) {
      if (segment->next[k] == trunk) {
        return true;
      }
    }
  }
  return false;
}

/* Whether the source's documents come with views or layers, which no key of a document has. */
static bool brings_more(const plan *planned, const plan_segment *source) {
  const stage_layout *layout = &planned->stages[source->stages[0]].layout;
  return layout->n_layers > 0 || layout->views_given != 0;
}

/* The one parallel segment that all sources feed, and nothing else does. */
static bool find_trunk(const plan *planned, uint32_t *ret_segment) {
  uint32_t trunk = UINT32_MAX;
  for (uint32_t i = 0; i < planned->n_segments; i++) {
    const plan_segment *segment = &planned->segments[i];
    if (segment->kind != SEGMENT_SOURCE) {
      continue;
    }
    if (segment->n_next != 1 || brings_more(planned, segment) || (trunk != UINT32_MAX && trunk != segment->next[0])) {
      return false;
    }
    trunk = segment->next[0];
  }
  if (trunk == UINT32_MAX || planned->segments[trunk].kind != SEGMENT_PARALLEL || is_fed_otherwise(planned, trunk)) {
    return false;
  }
  *ret_segment = trunk;
  return true;
}

static bool is_link(const plan *planned, uint32_t stage) {
  return planned->stages[stage].info->role == ROLE_TRANSFORM;
}

/* --- what a stage is --- */

static int name_add(cache_names *names, uint32_t capacity, const char *name) {
  if (names->all == NULL) {
    names->all = calloc((size_t)capacity + 1, sizeof *names->all);
  }
  if (names->all == NULL) {
    return -ENOMEM;
  }
  names->all[names->n++] = name;
  return 0;
}

static int describe(const plan *planned, const plan_stage *stage, cache_link *link) {
  const stage_layout *layout = &stage->layout;
  int rc = 0;
  link->stage = stage->id;
  link->view =
      layout->view_provides != SCHEMA_VIEW_NONE ? schema_set_view_name(planned->schemas, layout->view_provides) : NULL;
  for (uint32_t i = 0; rc == 0 && i < layout->n_layers; i++) {
    cache_names *names = layout->layer_access[i] == LAYER_PROVIDES   ? &link->provides
                         : layout->layer_access[i] == LAYER_MODIFIES ? &link->modifies
                                                                     : NULL;
    if (names != NULL) {
      rc = name_add(names, layout->n_layers, schema_set_at(planned->schemas, layout->layer_slot[i])->name);
    }
  }
  for (uint32_t i = 0; rc == 0 && i < stage->info->n_fields_written; i++) {
    rc = name_add(&link->writes, stage->info->n_fields_written, stage->info->fields_written[i]);
  }
  return rc;
}

static bool needs(const plan_stage *stage, const char *what) {
  for (uint32_t i = 0; i < stage->info->n_needs; i++) {
    if (strcmp(stage->info->needs[i], what) == 0) {
      return true;
    }
  }
  return false;
}

static bool reads_sources_only(const plan *planned, const plan_stage *stage) {
  for (uint32_t i = 0; i < stage->n_from; i++) {
    if (planned->stages[stage->from[i]].info->role != ROLE_SOURCE) {
      return false;
    }
  }
  return true;
}

/* Why its work cannot be kept, whatever its files hold; or NULL. */
static const char *objection(const chain_builder *self, const plan_stage *stage) {
  bool joins = stage->n_from > 1 && !reads_sources_only(self->plan, stage);
  if (stage->when != NULL || stage->otherwise || joins) {
    return "only some documents come to it";
  }
  if (needs(stage, "network")) {
    return "it asks the network";
  }
  if (needs(stage, "files")) {
    return "it uses files that its configuration does not name";
  }
  return needs(stage, "time") && !self->options->frozen ? "it reads the clock, which --now would stop" : NULL;
}

/* --- hashing --- */

static int add_file(chain_builder *self, const char *path) {
  cache_key key;
  int rc = cache_hash_file(self->files, path, &key);
  if (rc == 0) {
    cache_hash_add(self->hash, key.bytes, sizeof key.bytes);
  }
  return rc;
}

static int add_config_file(chain_builder *self, const char *name) {
  char path[PATH_MAX];
  const char *folder = self->plan->base_folder;
  bool relative = name[0] != '/' && folder != NULL;
  int wrote = snprintf(path, sizeof path, "%s%s%s", relative ? folder : "", relative ? "/" : "", name);
  return wrote < 0 || (size_t)wrote >= sizeof path ? -ENAMETOOLONG : add_file(self, path);
}

/* The files that a configuration names, wherever in it. Its schema bounds the depth. */
static int add_config_files(chain_builder *self, const cJSON *schema, const cJSON *value) {
  if (config_type_of(schema) == CONFIG_FILE) {
    return cJSON_IsString(value) ? add_config_file(self, value->valuestring) : 0;
  }
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *others = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
  const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
  int rc = 0;
  if (properties == NULL && others == NULL && items == NULL) {
    return 0;
  }
  const cJSON *child;
  cJSON_ArrayForEach(child, value) {
    const cJSON *own = cJSON_IsArray(value) ? items : cJSON_GetObjectItemCaseSensitive(properties, child->string);
    own = own == NULL && cJSON_IsObject(value) ? others : own;
    rc = rc == 0 && own != NULL ? add_config_files(self, own, child) : rc;
  }
  return rc;
}

static int add_config(chain_builder *self, const plan_stage *stage) {
  char *text = cJSON_PrintUnformatted(stage->config);
  if (text == NULL) {
    return -ENOMEM;
  }
  cache_hash_text(self->hash, text);
  cJSON_free(text);
  return add_config_files(self, stage->info->config, stage->config);
}

static int add_code(chain_builder *self, const plan_stage *stage) {
  const manifest *from = stage->info->manifest;
  cache_hash_text(self->hash, from->name);
  cache_hash_text(self->hash, from->version);
  cache_hash_text(self->hash, stage->info->name);
  int rc = add_file(self, from->path);
  rc = rc == 0 ? cache_libraries_add(self->hash, from->path) : rc;
  for (uint32_t i = 0; rc == 0 && i < from->n_data; i++) {
    char path[PATH_MAX];
    rc = host_data_find(from, from->data[i], path, sizeof path);
    rc = rc == 0 ? add_file(self, path) : rc;
  }
  return rc;
}

/* What it reads and makes under which names: a layer that may be there or not is one or the other. */
static void add_layout(chain_builder *self, const plan_stage *stage) {
  const stage_layout *layout = &stage->layout;
  const schema_set *schemas = self->plan->schemas;
  cache_hash_text(self->hash, schema_set_view_name(schemas, layout->view_reads));
  cache_hash_text(self->hash, layout->view_provides != SCHEMA_VIEW_NONE
                                  ? schema_set_view_name(schemas, layout->view_provides)
                                  : "");
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    uint32_t slot = layout->layer_slot[i];
    cache_hash_number(self->hash, layout->layer_access[i]);
    cache_hash_text(self->hash, slot != UINT8_MAX ? schema_set_at(schemas, slot)->name : "");
    cache_hash_number(self->hash, slot != UINT8_MAX ? schema_set_fingerprint(schemas, slot) : 0);
  }
}

/* *ret_why_not is set if the stage's work cannot be kept; there is no link then. */
static int make_link(chain_builder *self, const plan_stage *stage, const cache_key *before, cache_link *link,
                     const char **ret_why_not) {
  *ret_why_not = objection(self, stage);
  if (*ret_why_not != NULL) {
    return 0;
  }
  cache_hash_begin(self->hash);
  cache_hash_add(self->hash, before->bytes, sizeof before->bytes);
  int rc = add_code(self, stage);
  rc = rc == 0 ? add_config(self, stage) : rc;
  if (rc != 0) {
    *ret_why_not = rc == -ENOMEM ? NULL : "a file of it cannot be read";
    return rc == -ENOMEM ? rc : 0;
  }
  add_layout(self, stage);
  if (needs(stage, "time")) {
    cache_hash_number(self->hash, (uint64_t)self->options->now_ms);
  }
  rc = describe(self->plan, stage, link);
  return rc == 0 ? cache_hash_end(self->hash, &link->key) : rc;
}

/* What all stages depend on: the program, and the bounds that documents are held to. */
static int make_base(chain_builder *self, cache_key *ret_key) {
  cache_key program;
  int rc = cache_hash_file(self->files, "/proc/self/exe", &program);
  if (rc != 0) {
    return rc;
  }
  cache_hash_begin(self->hash);
  cache_hash_text(self->hash, "qanat cache");
  cache_hash_number(self->hash, CACHE_VERSION);
  cache_hash_add(self->hash, program.bytes, sizeof program.bytes);
  rc = cache_libraries_add(self->hash, NULL);
  cache_hash_number(self->hash, self->plan->limits.document_bytes);
  cache_hash_number(self->hash, self->plan->limits.document_memory);
  return rc == 0 ? cache_hash_end(self->hash, ret_key) : rc;
}

static int make_links(chain_builder *self, cache_chain *chain) {
  const plan_segment *trunk = &self->plan->segments[chain->segment];
  cache_key before;
  chain->links = calloc((size_t)trunk->n_stages + 1, sizeof *chain->links);
  int rc = chain->links == NULL ? -ENOMEM : make_base(self, &before);
  for (uint32_t i = 0; rc == 0 && i < trunk->n_stages && is_link(self->plan, trunk->stages[i]); i++) {
    const plan_stage *stage = &self->plan->stages[trunk->stages[i]];
    cache_link *link = &chain->links[chain->n_links];
    rc = make_link(self, stage, &before, link, &chain->why_not);
    if (chain->why_not != NULL) {
      chain->not_kept = stage->id;
      break;
    }
    chain->n_links++; /* also of a link that failed, so that it is freed */
    before = link->key;
  }
  return rc;
}

int cache_chain_of(const plan *planned, const cache_chain_options *options, cache_chain *ret_chain, qn_error *error) {
  chain_builder self = { .plan = planned, .options = options };
  cache_chain chain = { 0 };
  int rc = cache_hash_new(&self.hash, error);
  rc = rc == 0 ? cache_hash_new(&self.files, error) : rc;
  if (rc == 0 && !find_trunk(planned, &chain.segment)) {
    chain.not_kept = "";
    chain.why_not = "the pipeline does not begin with stages that run document by document, one way for all";
  } else if (rc == 0) {
    rc = make_links(&self, &chain);
    if (rc != 0) {
      error_set(error, rc, "cache", "cannot make the keys of the cache: %s", strerror(-rc));
    }
  }
  cache_hash_free(self.hash);
  cache_hash_free(self.files);
  if (rc != 0) {
    cache_chain_done(&chain);
    return rc;
  }
  *ret_chain = chain;
  return 0;
}
