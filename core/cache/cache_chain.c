/* SPDX-License-Identifier: Apache-2.0 */

/* What two chains have in common, and what of a document that leaves. */
#include "cache/cache_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool same_name(const char *name, qn_str other) {
  return strlen(name) == other.len && memcmp(name, other.data, other.len) == 0;
}

static bool has_name(const cache_names *names, qn_str name) {
  for (uint32_t i = 0; i < names->n; i++) {
    if (same_name(names->all[i], name)) {
      return true;
    }
  }
  return false;
}

static bool writes_any(const cache_link *link) {
  return has_name(&link->writes, QN_LIT("*"));
}

static bool writes(const cache_link *link, qn_str name) {
  return has_name(&link->writes, name) || writes_any(link);
}

/* --- where to go on --- */

/* Whether something that the first n_links made was changed behind them: then what they made is not there any more. */
static bool is_overwritten(const cache_chain *then, uint32_t n_links) {
  for (uint32_t before = 0; before < n_links; before++) {
    const cache_link *made = &then->links[before];
    for (uint32_t behind = n_links; behind < then->n_links; behind++) {
      const cache_link *changed = &then->links[behind];
      for (uint32_t i = 0; i < made->provides.n; i++) {
        const char *layer = made->provides.all[i];
        if (has_name(&changed->modifies, (qn_str){ layer, strlen(layer) })) {
          return true;
        }
      }
      for (uint32_t i = 0; i < made->writes.n; i++) {
        const char *field = made->writes.all[i];
        if (strcmp(field, "*") == 0 ? changed->writes.n > 0 : writes(changed, (qn_str){ field, strlen(field) })) {
          return true;
        }
      }
    }
  }
  return false;
}

uint32_t cache_chain_cut(const cache_chain *now, const cache_chain *then) {
  uint32_t n = 0;
  while (n < now->n_links && n < then->n_links &&
         memcmp(&now->links[n].key, &then->links[n].key, sizeof(cache_key)) == 0) {
    n++;
  }
  while (n > 0 && is_overwritten(then, n)) {
    n--;
  }
  return n;
}

/* --- what is there then --- */

bool cache_chain_has_view(const cache_chain *then, uint32_t n_links, qn_str name) {
  if (same_name("payload", name)) {
    return true;
  }
  for (uint32_t i = 0; i < n_links; i++) {
    if (then->links[i].view != NULL && same_name(then->links[i].view, name)) {
      return true;
    }
  }
  return false;
}

bool cache_chain_has_layer(const cache_chain *then, uint32_t n_links, qn_str name) {
  for (uint32_t i = 0; i < n_links; i++) {
    if (has_name(&then->links[i].provides, name)) {
      return true;
    }
  }
  return false;
}

bool cache_chain_has_field(const cache_chain *then, uint32_t n_links, qn_str name) {
  for (uint32_t i = n_links; i < then->n_links; i++) {
    if (writes(&then->links[i], name)) {
      return false;
    }
  }
  return true;
}

/* --- as text --- */

static cJSON *names_json(const cache_names *names) {
  return names->n > 0 ? cJSON_CreateStringArray(names->all, (int)names->n) : cJSON_CreateArray();
}

static bool add(cJSON *object, const char *key, cJSON *value) {
  if (value == NULL || !cJSON_AddItemToObject(object, key, value)) {
    cJSON_Delete(value);
    return false;
  }
  return true;
}

static cJSON *link_json(const cache_link *link) {
  char key[2 * CACHE_KEY_BYTES + 1];
  for (size_t i = 0; i < CACHE_KEY_BYTES; i++) {
    key[2 * i] = "0123456789abcdef"[link->key.bytes[i] >> 4];
    key[2 * i + 1] = "0123456789abcdef"[link->key.bytes[i] & 15];
  }
  key[2 * CACHE_KEY_BYTES] = '\0';
  cJSON *json = cJSON_CreateObject();
  bool good = cJSON_AddStringToObject(json, "key", key) != NULL &&
              cJSON_AddStringToObject(json, "stage", link->stage) != NULL &&
              (link->view == NULL || cJSON_AddStringToObject(json, "view", link->view) != NULL) &&
              add(json, "provides", names_json(&link->provides)) &&
              add(json, "modifies", names_json(&link->modifies)) && add(json, "writes", names_json(&link->writes));
  if (!good) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}

char *cache_chain_write(const cache_chain *self) {
  cJSON *array = cJSON_CreateArray();
  bool good = array != NULL;
  for (uint32_t i = 0; good && i < self->n_links; i++) {
    cJSON *json = link_json(&self->links[i]);
    good = json != NULL && cJSON_AddItemToArray(array, json);
  }
  char *text = good ? cJSON_PrintUnformatted(array) : NULL;
  cJSON_Delete(array);
  char *copy = text != NULL ? strdup(text) : NULL;
  cJSON_free(text);
  return copy;
}

static int digit_of(char letter) {
  return letter >= '0' && letter <= '9' ? letter - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static bool read_key(const cJSON *json, cache_key *ret_key) {
  const char *text = cJSON_GetStringValue(json);
  if (text == NULL || strlen(text) != 2 * CACHE_KEY_BYTES) {
    return false;
  }
  for (size_t i = 0; i < CACHE_KEY_BYTES; i++) {
    int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return false;
    }
    ret_key->bytes[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static int read_names(const cJSON *json, cache_names *ret_names) {
  const cJSON *name;
  int n = cJSON_GetArraySize(json);
  ret_names->all = calloc((size_t)n + 1, sizeof *ret_names->all);
  if (ret_names->all == NULL) {
    return -ENOMEM;
  }
  cJSON_ArrayForEach(name, json) {
    if (!cJSON_IsString(name)) {
      return -EINVAL;
    }
    ret_names->all[ret_names->n++] = name->valuestring;
  }
  return cJSON_IsArray(json) ? 0 : -EINVAL;
}

static int read_link(const cJSON *json, cache_link *link) {
  link->stage = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "stage"));
  link->view = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "view"));
  if (!read_key(cJSON_GetObjectItemCaseSensitive(json, "key"), &link->key) || link->stage == NULL) {
    return -EINVAL;
  }
  int rc = read_names(cJSON_GetObjectItemCaseSensitive(json, "provides"), &link->provides);
  rc = rc == 0 ? read_names(cJSON_GetObjectItemCaseSensitive(json, "modifies"), &link->modifies) : rc;
  return rc == 0 ? read_names(cJSON_GetObjectItemCaseSensitive(json, "writes"), &link->writes) : rc;
}

int cache_chain_read(const char *text, size_t len, cache_chain *ret_chain) {
  cJSON *array = cJSON_ParseWithLength(text, len);
  int n = cJSON_GetArraySize(array);
  if (!cJSON_IsArray(array) || n > PLAN_STAGES_MAX) {
    cJSON_Delete(array);
    return -EINVAL;
  }
  cache_chain made = { .memory = array, .links = calloc((size_t)n + 1, sizeof *made.links) };
  int rc = made.links == NULL ? -ENOMEM : 0;
  const cJSON *json;
  cJSON_ArrayForEach(json, array) {
    rc = rc == 0 ? read_link(json, &made.links[made.n_links++]) : rc;
  }
  if (rc != 0) {
    cache_chain_done(&made);
    return rc;
  }
  *ret_chain = made;
  return 0;
}

void cache_chain_done(cache_chain *self) {
  for (uint32_t i = 0; i < self->n_links; i++) {
    free(self->links[i].provides.all);
    free(self->links[i].modifies.all);
    free(self->links[i].writes.all);
  }
  free(self->links);
  cJSON_Delete(self->memory);
  *self = (cache_chain){ 0 };
}
