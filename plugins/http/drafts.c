/* SPDX-License-Identifier: Apache-2.0 */

/* Two growing arrays. */
#include "http/drafts.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST = 8 };

static void *more(void *all, uint32_t *capacity, size_t size) {
  uint32_t wanted = *capacity == 0 ? 1 : *capacity < FIRST ? FIRST : *capacity * 2;
  void *grown = *capacity > UINT32_MAX / 2 ? NULL : reallocarray(all, wanted, size);
  if (grown != NULL) {
    *capacity = wanted;
  }
  return grown;
}

void drafts_done(drafts *self) {
  free(self->all);
  free(self->fields);
  *self = (drafts){ 0 };
}

draft *drafts_add(drafts *self, uint32_t line) {
  if (self->n == self->capacity) {
    draft *grown = more(self->all, &self->capacity, sizeof *grown);
    if (grown == NULL) {
      return NULL;
    }
    self->all = grown;
  }
  draft *added = &self->all[self->n++];
  *added = (draft){ .first_field = self->n_fields, .line = line };
  return added;
}

int drafts_add_field(drafts *self, const char *name, const qn_value *value) {
  if (self->n_fields == self->field_capacity) {
    draft_field *grown = more(self->fields, &self->field_capacity, sizeof *grown);
    if (grown == NULL) {
      return -ENOMEM;
    }
    self->fields = grown;
  }
  self->fields[self->n_fields++] = (draft_field){ name, *value };
  self->all[self->n - 1].n_fields++;
  return 0;
}

void draft_spoil(drafts *self, draft *bad, const char *slug, const char *detail) {
  if (bad->slug == NULL) {
    bad->slug = slug;
    bad->detail = detail;
  }
  self->n_fields = bad->first_field;
  bad->n_fields = 0;
}
