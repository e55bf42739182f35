/* SPDX-License-Identifier: Apache-2.0 */

/* One process of the stage: its pipes, what it was given, and its end. Everything on the loop.
 *
 * When a process ends, or says what makes no sense, or nothing for too long, what it still had is handed back: a document
 * that was alone with it is charged (RETRY), several are given again, each alone, so that one bad document never costs
 * another an attempt. */
#ifndef EXEC_PROGRAM_H
#define EXEC_PROGRAM_H

#include "exchange/exchange.h"
#include "exec/spawn.h"

typedef struct exec_options {
  uint32_t n_processes;
  uint32_t window; /* documents a process has at a time */
  uint64_t answer_ms;
  uint64_t restart_ms, restart_max_ms;
  uint64_t stop_ms;
  uint32_t give_up;
  size_t line_max;
} exec_options;

struct exec_stage;

typedef struct program {
  struct exec_stage *stage;
  uint32_t number; /* from 1, for people */
  bool up;
  spawned process;
  qn_watch *watch_exit, *watch_in, *watch_out, *watch_err;
  const char *leaving; /* NULL, or which of its pipes it closed: it gets no more, and must end soon */
  uint64_t leaving_ms; /* since when */
  qn_timer *grace;     /* looks whether it has */
  qn_timer *timer;     /* up: looks at the time; down: starts again. NULL: neither */
  ask_list in_flight;  /* in the order they were given */
  ask *writing;        /* of them, the first that is not written whole; NULL: all are */
  size_t n_written;    /* bytes of it */
  char *line;          /* what came in and is not a whole line yet */
  size_t line_len, line_scanned, line_capacity;
  char said[512]; /* the same of standard error; longer lines are cut */
  size_t said_len;
  char last_said[256];
  uint64_t said_since_ms; /* when lines began to be counted, and how many since */
  uint32_t n_said;
  uint64_t heard_ms;  /* its last answer, or when it got something to do */
  uint64_t n_answers; /* since it was started */
  uint32_t n_failed;  /* starts in a row without an answer */
} program;

void program_init(program *program, struct exec_stage *stage, uint32_t number);
/* True if it is down and will start by and by. */
bool program_is_wanted(const program *program);
/* Starts it, if it is down and not wanted yet: at once, or after the pause that its failures ask for. */
void program_want(program *program);
/* True if it can take this ask now. */
bool program_has_room(const program *program, const ask *ask);
/* Gives it an ask, for which it has room. */
void program_give(program *program, ask *ask);
/* Nobody waits for this ticket any more. False: it is not here. */
bool program_cancel(program *program, qn_ticket ticket);

/* The end of the stage: closes the input of all, gives them stop_ms to leave, kills the rest. */
void programs_stop(program *programs, uint32_t n_programs);

/* --- what programs need of the stage (exec.c) --- */

typedef struct exec_stage {
  exchange exchange;
  exec_options options;
  spawn_plan plan;
  ask_list waiting;
  program *programs;
  uint32_t n_barren; /* starts, or documents, in a row without an answer from any process */
} exec_stage;

/* Hands out what waits. */
void stage_pump(exec_stage *stage);
/* A process answered: the stage is not broken. */
void stage_answered(exec_stage *stage);
/* Something came to nothing: with too many such in a row, or fatal, the stage stops the pipeline. */
void stage_barren(exec_stage *stage, bool fatal, const char *why);

#endif
