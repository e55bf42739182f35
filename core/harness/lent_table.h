/* SPDX-License-Identifier: Apache-2.0 */

/* The host table as a harness lends it: every call is counted, and one may be made to fail. Private to core/harness. */
#ifndef CORE_HARNESS_LENT_TABLE_H
#define CORE_HARNESS_LENT_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qanat/stage.h"

/* Functions of qn_host, in its order. */
#define LENT_FUNCTIONS(X)                                                                                              \
  X(log)                                                                                                               \
  X(alloc)                                                                                                             \
  X(resize)                                                                                                            \
  X(release)                                                                                                           \
  X(extension)                                                                                                         \
  X(config_get)                                                                                                        \
  X(config_key)                                                                                                        \
  X(data_open)                                                                                                         \
  X(file_open)                                                                                                         \
  X(create_fail)                                                                                                       \
  X(fail)                                                                                                              \
  X(cancelled)                                                                                                         \
  X(view_get)                                                                                                          \
  X(view_reserve)                                                                                                      \
  X(view_commit)                                                                                                       \
  X(view_alias)                                                                                                        \
  X(layer_get)                                                                                                         \
  X(layer_reserve)                                                                                                     \
  X(layer_commit)                                                                                                      \
  X(layer_edit)                                                                                                        \
  X(layer_replace)                                                                                                     \
  X(field_get)                                                                                                         \
  X(field_set)                                                                                                         \
  X(emit_reserve)                                                                                                      \
  X(emit_field)                                                                                                        \
  X(emit_commit)                                                                                                       \
  X(emit_reject)                                                                                                       \
  X(record_encode)                                                                                                     \
  X(prepared_set)                                                                                                      \
  X(complete)                                                                                                          \
  X(predicate_open)                                                                                                    \
  X(predicate_holds)

typedef enum lent_function {
#define LENT_ENUM(name) LENT_##name,
  LENT_FUNCTIONS(LENT_ENUM)
#undef LENT_ENUM
      LENT_N_FUNCTIONS
} lent_function;

/* Functions a stage gives the host. */
typedef enum stage_function {
  STAGE_CREATE,
  STAGE_DESTROY,
  STAGE_CONTEXT_OPEN,
  STAGE_CONTEXT_CLOSE,
  STAGE_PROCESS,
  STAGE_PROCESS_BATCH,
  STAGE_CANCEL,
  STAGE_NEXT,
  STAGE_INTERRUPT,
  STAGE_START,
  STAGE_CREDIT,
  STAGE_STOP,
  STAGE_SETTLED,
  STAGE_PREPARE,
  STAGE_WRITE,
  STAGE_FLUSH,
  STAGE_FINISH,
  STAGE_N_FUNCTIONS
} stage_function;

typedef struct lent_fault {
  _Atomic int function;  /* LENT_*; -1: none */
  _Atomic uint32_t left; /* calls of it until it strikes */
  _Atomic bool for_good;
  _Atomic bool struck;
  _Atomic int code;
} lent_fault;

struct qn_harness;

/* bytes: 0 is this version's size. The table is exactly so large, so that a stage which reads past it is caught by whatever
 * watches memory. NULL: no memory. free() it. */
qn_host *lent_table_new(uint32_t bytes, uint32_t abi_minor);

/* "layer_get" or "stage.process". -1: no such function. */
int lent_find(const char *name);
int stage_function_find(const char *name);

#endif
