/* SPDX-License-Identifier: Apache-2.0 */

/* Finds what the scanner has put on record. */
#include "pipeline/positions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/scan.h"

void positions_free(positions *self) {
  if (self == NULL) {
    return;
  }
  free(self->nodes);
  free(self->keys);
  free(self);
}

char *positions_component(const char **pointer) {
  const char *at = *pointer;
  if (*at != '/') {
    return NULL;
  }
  size_t len = strcspn(++at, "/");
  char *component = malloc(len + 1);
  if (component == NULL) {
    return NULL;
  }
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    bool escaped = at[i] == '~' && i + 1 < len && (at[i + 1] == '0' || at[i + 1] == '1');
    component[n++] = !escaped ? at[i] : at[i + 1] == '0' ? '~' : '/';
    i += escaped;
  }
  component[n] = '\0';
  *pointer = at + len;
  return component;
}

static uint32_t child_find(const positions *p, uint32_t self, const char *component) {
  char *end = NULL;
  unsigned long index = strtoul(component, &end, 10);
  bool is_index = scan_is_digit(component[0]) && *end == '\0';
  size_t len = strlen(component);
  for (uint32_t child = p->nodes[self].first; child != NO_NODE; child = p->nodes[child].next) {
    const node *n = &p->nodes[child];
    bool has_key = n->key_begin != n->key_end;
    if (has_key ? n->key_len == len && memcmp(p->keys + n->key, component, len) == 0 : is_index && n->index == index) {
      return child;
    }
  }
  return NO_NODE;
}

text_range positions_find(const positions *self, const char *pointer, bool at_key, bool *ret_exact) {
  assert(self->n_nodes > 0);
  uint32_t at = 0;
  bool exact = true;
  char *component = NULL;
  while (exact && (component = positions_component(&pointer)) != NULL) {
    uint32_t child = child_find(self, at, component);
    free(component);
    exact = child != NO_NODE;
    at = exact ? child : at;
  }
  exact = exact && *pointer == '\0';
  const node *n = &self->nodes[at];
  *ret_exact = exact;
  if (at_key && exact && n->key_begin != n->key_end) {
    return (text_range){ n->key_begin, n->key_end };
  }
  char first = self->text[n->begin];
  return (text_range){ n->begin, first == '{' || first == '[' ? n->begin + 1 : n->end };
}
