/* SPDX-License-Identifier: Apache-2.0 */

/* What an intake and its port know of each other. Floor 4, private to the two. */
#ifndef CORE_SERVE_INTAKE_INSIDE_H
#define CORE_SERVE_INTAKE_INSIDE_H

#include <pthread.h>

#include "plugin/host.h"
#include "runtime/io.h"
#include "serve/intake.h"
#include "serve/intake_news.h"

/* Entries carry the intake they came from above the JOURNAL_WATCH_* bits. */
enum { INTAKE_EPOCH_SHIFT = 8 };

struct intake_port {
  const intake_world *world;
  const char *pipeline, *source;
  journal_line *line;
  pthread_mutex_t mutex; /* what follows */
  intake *intakes;       /* the one that takes documents, and those that still have to answer for some */
  uint32_t last_epoch;
};

struct intake {
  intake *next; /* at its port */
  intake_port *port;
  uint32_t epoch;
  edition *edition;
  const journaled *of;
  const qn_stage *table;
  qn_env env;
  host_hooks hooks;
  io_home io;
  void *self;
  bool created;

  const qn_intake_events *events; /* NULL: it does not listen */
  void *listener;
  intake_news *news; /* what it is to be told */
  bell news_bell, room_bell, ended_bell;

  /* Of the thread that runs the source: the lent one, or the loop. */
  host_call call;
  journal_entry *emitting;
  size_t room_bytes;
  uint32_t watched;

  pthread_t thread;
  bool has_thread;
  _Atomic bool stopping;
  _Atomic bool starved; /* async: to be told of room */
  bool started, ended;  /* [loop] */
  _Atomic bool completed, returned;
  int code;
  qn_error error;   /* written before completed, or by the lent thread before it ends */
  qn_error trouble; /* that the source was told of last [loop] */
};

/* It is told of its documents from the one to the other. [loop] */
void intake_port_join(intake *self);
void intake_port_leave(intake *self);

#endif
