/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as the chain of an earlier run, and as one of this run behind the first zero byte. */
#include <stdlib.h>
#include <string.h>

#include "cache/cache_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(int fine) {
  if (!fine) {
    abort();
  }
}

static void check_text(const cache_chain *chain) {
  char *text = cache_chain_write(chain);
  cache_chain back;
  must(text != NULL && cache_chain_read(text, strlen(text), &back) == 0 && back.n_links == chain->n_links);
  must(cache_chain_cut(chain, &back) <= chain->n_links);
  cache_chain_done(&back);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const uint8_t *zero = len > 0 ? memchr(data, 0, len) : NULL;
  size_t first = zero != NULL ? (size_t)(zero - data) : len;
  size_t rest = zero != NULL ? first + 1 : len;
  cache_chain then = { 0 }, now = { 0 };
  bool has_then = cache_chain_read((const char *)data, first, &then) == 0;
  bool has_now = cache_chain_read((const char *)data + rest, len - rest, &now) == 0;
  if (has_then) {
    check_text(&then);
  }
  if (has_then && has_now) {
    uint32_t cut = cache_chain_cut(&now, &then);
    must(cut <= now.n_links && cut <= then.n_links);
    const qn_str name = { "text", 4 };
    cache_chain_has_view(&then, cut, name);
    cache_chain_has_layer(&then, cut, name);
    cache_chain_has_field(&then, cut, name);
  }
  cache_chain_done(&then);
  cache_chain_done(&now);
  return 0;
}
