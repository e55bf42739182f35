/* SPDX-License-Identifier: Apache-2.0 */

/* Which way a sink's file is opened, and where its end is kept: in a worker it is gone on with, and brought back after a crash
 * to what the worker's journal counts as delivered. */
#ifndef OUTPUT_KEEPER_H
#define OUTPUT_KEEPER_H

#include "output/out.h"
#include "qanat/keep.h"

/* Must stay where it is as long as the file is open. */
typedef struct out_keeper {
  const qn_host *host;
  qn_env *env;
  const qn_keep *keep; /* NULL: nobody keeps anything for us */
} out_keeper;

/* Reads "/append" and "/sync" and sets what follows from them, and from where the pipeline runs, in options. 0, or what
 * create_fail() returns. */
int keeper_init(out_keeper *keeper, qn_create *create, out_options *options);

/* After out_open(), still in create: keeps where the file ends before the first document, if nothing was kept before. 0, or what
 * create_fail() returns. */
int keeper_begin(const out_keeper *keeper, const out_file *out, qn_create *create);

/* Inside flush, after out_flush(): keeps where the file ends. OK, or what fail() returns. */
qn_status keeper_store(const out_keeper *keeper, const out_file *out, qn_call *call);

#endif
