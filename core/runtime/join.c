/* SPDX-License-Identifier: Apache-2.0 */

/* The rendezvous: whoever brings the last word finds everything that came and makes one of it. */
#include "runtime/join.h"

#include <errno.h>
#include <stdatomic.h>

/* Lists the copies by input, so that what they become does not depend on who came first. */
static leaf *sorted(leaf *list) {
  leaf *out = NULL;
  while (list != NULL) {
    leaf *next = list->next;
    leaf **at = &out;
    while (*at != NULL && (*at)->input < list->input) {
      at = &(*at)->next;
    }
    list->next = *at;
    *at = list;
    list = next;
  }
  return out;
}

/* The copy is part of another now. Never the last leaf of its receipt. */
static void leave(leaf *it) {
  it->document = NULL;
  atomic_fetch_sub(&it->receipt->n_leaves, 1);
}

static void fail(leaf *whole, uint32_t stage, int code) {
  qn_error error = { 0 };
  error_set(&error, code, code == -ENOMEM ? "no-memory" : "bad-field",
            code == -ENOMEM ? "no memory to bring the document's branches together"
                            : "the fields of the document's branches are together more than a document may have");
  leaf_fail(whole, stage, &error);
}

static leaf *merge(rendezvous *join, uint32_t stage) {
  leaf *whole = sorted(atomic_exchange(&join->waiting, NULL));
  if (whole == NULL) {
    return NULL;
  }
  leaf *other = whole->next;
  bool spoiled = atomic_load(&join->spoiled) != 0;
  int rc = 0;
  while (other != NULL) {
    leaf *next = other->next;
    rc = rc == 0 && !spoiled ? document_join(whole->document, other->document) : rc;
    if (rc != 0 || spoiled) {
      document_unref(other->document);
    }
    whole->charged_bytes += other->charged_bytes;
    leave(other);
    other = next;
  }
  if (spoiled) {
    whole->state = LEAF_ABSENT;
  } else if (rc != 0) {
    fail(whole, stage, rc);
  }
  return whole;
}

/* True if this was the last word that was waited for. */
static bool is_last(rendezvous *join) {
  return atomic_fetch_sub(&join->n_awaited, 1) == 1;
}

leaf *join_arrive(rendezvous *join, uint32_t stage, uint32_t input, leaf *it) {
  it->input = input;
  it->next = atomic_load(&join->waiting);
  while (!atomic_compare_exchange_weak(&join->waiting, &it->next, it)) {
  }
  return is_last(join) ? merge(join, stage) : NULL;
}

join_standing join_absent(rendezvous *join, uint32_t stage, bool spoiled, leaf **ret_leaf) {
  if (spoiled) {
    atomic_store(&join->spoiled, 1);
  }
  if (!is_last(join)) {
    return JOIN_WAITS;
  }
  leaf *whole = merge(join, stage);
  if (whole == NULL) {
    return JOIN_EMPTY;
  }
  *ret_leaf = whole;
  return JOIN_COMPLETE;
}
