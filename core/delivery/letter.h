/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters: what is known of a document that a stage failed on, and the store that keeps them. Floor 3.
 *
 * Stores stand behind one table, so that a run may keep letters in memory and a worker on disk. */
#ifndef CORE_DELIVERY_LETTER_H
#define CORE_DELIVERY_LETTER_H

#include <stdbool.h>
#include <stdint.h>

#include "document/document.h"
#include "document/error.h"

/* One failure. Everything is lent for the length of a call. */
typedef struct letter {
  const char *stage;   /* id of the stage in its pipeline */
  const char *slug;    /* short constant name of the reason */
  const char *message; /* the reason, for people */
  uint32_t attempts;
  int64_t time_ms; /* admission, Unix time */
  qn_str source;   /* where the document came from */
  qn_str id;
  const char *origin; /* id of the source stage that brought it */
  bool is_part;       /* it came out of another document, which a stage split */
  uint32_t n_confirmed;
  const char *const *confirmed; /* ids of the sinks that have it all the same: a retry leaves them out */
  const document *document;     /* its payload among the rest; NULL if there was none */
} letter;

typedef struct letter_store letter_store;

/* The head of every store. Calls are never concurrent. */
struct letter_store {
  int (*put)(letter_store *store, const letter *letter); /* 0, or a negative errno: the letter is not kept */
  int (*flush)(letter_store *store);  /* all that was put is durable: 0, or a negative errno. NULL: it is at once */
  void (*close)(letter_store *store); /* NULL is fine */
};

/* Keeps the first n_kept letters in memory and counts the rest. */
int letter_memory_new(uint32_t n_kept, letter_store **ret_store);
uint64_t letter_memory_count(const letter_store *store);
uint32_t letter_memory_kept(const letter_store *store);
/* Lent until the store closes; document is NULL. */
const letter *letter_memory_at(const letter_store *store, uint32_t index);

#endif
