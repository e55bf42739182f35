/* SPDX-License-Identifier: Apache-2.0 */

/* The database behind the sink: opening it, its tables, transactions, and what its errors mean. One thread. */
#ifndef SQLITE_STORE_H
#define SQLITE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "qanat/status.h"

typedef struct store_options {
  const char *path;
  size_t path_len;
  bool search; /* with a full-text index */
  bool full;   /* synchronous=FULL, otherwise NORMAL */
  int busy_ms;
} store_options;

typedef struct store_fault {
  qn_status status; /* RETRY: may work later; REJECT: this document cannot be kept; FATAL: nothing can */
  const char *slug;
  char text[1024]; /* for people */
} store_fault;

typedef struct store store;

/* 0, or -EINVAL with fault filled. */
int store_open(const store_options *options, store **ret_store, store_fault *fault);
void store_close(store *store); /* NULL is fine; what was not committed is undone */

sqlite3 *store_database(store *store);

/* Begins a transaction if none is open. These: 0, or -EIO with fault filled. */
int store_begin(store *store, store_fault *fault);
int store_commit(store *store, store_fault *fault);

/* A document within the transaction: its changes are kept or undone together. Leaving without success fails if SQLite
 * undid the whole transaction by itself, and with it what was written before. */
int store_enter(store *store, store_fault *fault);
int store_leave(store *store, bool success, store_fault *fault);

/* Says what the last failed call means. Returns -EIO. */
int store_failed(store *store, store_fault *fault);

/* Lets what was written stand on its own: after the last commit. */
int store_settle(store *store, store_fault *fault);

#endif
