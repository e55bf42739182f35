/* SPDX-License-Identifier: Apache-2.0 */

/* Words as they are searched for: "شركه" finds والشركة. */
#include "sqlite/forms.h"

#include <errno.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/fold.h"

/* The article, as keys write it; what is left of a word must be longer than a particle. */
static const char article[] = "ال";
enum { ARTICLE_LEN = sizeof article - 1, LEFT_MIN = 4 };

void forms_init(forms *self, const qn_host *host, qn_env *env) {
  *self = (forms){ .host = host, .env = env };
}

void forms_done(forms *self) {
  if (self->text != NULL) {
    self->host->release(self->env, self->text);
  }
  forms_init(self, self->host, self->env);
}

static int room(forms *self, size_t more) {
  if (more <= self->capacity - self->len) {
    return 0;
  }
  size_t wanted = self->capacity * 2 + more;
  uint8_t *larger = self->host->resize(self->env, self->text, wanted);
  if (larger == NULL) {
    return -ENOMEM;
  }
  self->text = larger;
  self->capacity = wanted;
  return 0;
}

static int add(forms *self, const char *word, size_t len) {
  int rc = len == 0 ? 0 : room(self, len + 1);
  if (rc == 0 && len > 0) {
    memcpy(self->text + self->len, word, len);
    self->len += len;
    self->text[self->len++] = ' ';
  }
  return rc;
}

/* The word, and without its article. */
static int add_word(forms *self, const char *word, size_t len) {
  int rc = add(self, word, len);
  if (rc == 0 && len >= ARTICLE_LEN + LEFT_MIN && memcmp(word, article, ARTICLE_LEN) == 0) {
    rc = add(self, word + ARTICLE_LEN, len - ARTICLE_LEN);
  }
  return rc;
}

/* The stem of a token that has something attached. */
static int add_stem(forms *self, const qn_view *view, uint32_t begin, uint32_t end) {
  uint8_t key[256];
  size_t len = end - begin;
  if (FOLD_BOUND(len) > sizeof key) {
    return 0;
  }
  return add_word(self, (const char *)key, fold_key(view->data + begin, len, key));
}

static int add_tokens(forms *self, const qn_view *view, const qn_layer *tokens, const qn_layer *parts) {
  uint32_t part = 0;
  int rc = 0;
  for (uint32_t row = 0; rc == 0 && row < tokens->n_rows; row++) {
    uint32_t kind = qn_layer_u32(tokens, QN_TOKEN_KIND, row);
    if (kind == QN_TOKEN_KIND_PUNCTUATION || kind == QN_TOKEN_KIND_SYMBOL) {
      continue;
    }
    qn_str form = qn_layer_str(tokens, QN_TOKEN_FORM, row);
    rc = add_word(self, form.data, form.len);
    while (part < parts->n_rows && parts->begin[part] < tokens->begin[row]) {
      part++;
    }
    for (; rc == 0 && part < parts->n_rows && parts->begin[part] < tokens->end[row]; part++) {
      if (qn_layer_u32(parts, QN_PART_KIND, part) == QN_PART_KIND_STEM) {
        rc = add_stem(self, view, parts->begin[part], parts->end[part]);
      }
    }
  }
  return rc;
}

int forms_make(forms *self, const qn_view *view, const qn_layer *tokens, const qn_layer *parts) {
  self->len = 0;
  if (tokens->n_rows > 0) {
    return add_tokens(self, view, tokens, parts);
  }
  int rc = room(self, FOLD_BOUND(view->len));
  if (rc == 0 && view->len > 0) {
    self->len = fold_key(view->data, view->len, self->text);
  }
  return rc;
}
