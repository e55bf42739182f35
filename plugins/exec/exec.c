/* SPDX-License-Identifier: Apache-2.0 */

/* The stage `exec`: documents out to programs, replies back. The protocol is in docs/exec.md. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/program.h"

static void end_waiting(exec_stage *stage) {
  ask *at;
  exchange_take(&stage->exchange, &stage->waiting);
  while ((at = ask_list_pull(&stage->waiting)) != NULL) {
    exchange_end(&stage->exchange, at, QN_STATUS_FATAL, "program-fails", stage->exchange.why);
  }
}

void stage_answered(exec_stage *stage) {
  stage->n_barren = 0;
}

void stage_barren(exec_stage *stage, bool fatal, const char *why) {
  char text[600];
  uint32_t limit = stage->options.give_up;
  stage->n_barren++;
  if (!fatal && (limit == 0 || stage->n_barren < limit)) {
    return;
  }
  if (fatal) {
    snprintf(text, sizeof text, "%.500s", why);
  } else {
    snprintf(text, sizeof text, "the program failed %u times in a row without one answer (\"give_up\"): %.450s",
             stage->n_barren, why);
  }
  exchange_break(&stage->exchange, text);
  end_waiting(stage);
}

/* The process with the fewest documents that can take the next one; NULL: none can now. */
static program *pick(exec_stage *stage) {
  program *best = NULL;
  for (uint32_t i = 0; i < stage->options.n_processes; i++) {
    program *at = &stage->programs[i];
    if (program_has_room(at, stage->waiting.first) && (best == NULL || at->in_flight.n < best->in_flight.n)) {
      best = at;
    }
  }
  return best;
}

/* Starts as many processes as what waits can fill: a program may be large, and slow to begin. */
static void want_more(exec_stage *stage) {
  uint32_t n_places = 0;
  for (uint32_t i = 0; i < stage->options.n_processes; i++) {
    n_places += stage->programs[i].up ? 0 : program_is_wanted(&stage->programs[i]) ? stage->options.window : 0;
  }
  for (uint32_t i = 0; i < stage->options.n_processes && n_places < stage->waiting.n; i++) {
    if (!stage->programs[i].up && !program_is_wanted(&stage->programs[i])) {
      program_want(&stage->programs[i]);
      n_places += stage->options.window;
    }
  }
}

void stage_pump(exec_stage *stage) {
  while (stage->waiting.first != NULL) {
    if (atomic_load(&stage->exchange.broken)) {
      end_waiting(stage);
      return;
    }
    program *to = pick(stage);
    if (to == NULL) {
      want_more(stage);
      return;
    }
    program_give(to, ask_list_pull(&stage->waiting));
  }
}

static void cancel_one(exec_stage *stage, qn_ticket ticket) {
  ask *waiting = ask_list_take_ticket(&stage->waiting, ticket);
  if (waiting != NULL) {
    exchange_end(&stage->exchange, waiting, QN_STATUS_RETRY, "cancelled", "nobody waited for it any more");
    return;
  }
  for (uint32_t i = 0; i < stage->options.n_processes; i++) {
    if (program_cancel(&stage->programs[i], ticket)) {
      return;
    }
  }
}

static void on_arrived(void *arg) {
  exec_stage *stage = arg;
  qn_ticket ticket;
  exchange_take(&stage->exchange, &stage->waiting);
  while (exchange_take_cancelled(&stage->exchange, &ticket)) {
    cancel_one(stage, ticket);
  }
  stage_pump(stage);
}

static void exec_destroy(void *instance) {
  exec_stage *stage = instance;
  if (stage == NULL) {
    return;
  }
  if (stage->programs != NULL) {
    programs_stop(stage->programs, stage->options.n_processes);
    for (uint32_t i = 0; i < stage->options.n_processes; i++) {
      for (ask *at; (at = ask_list_pull(&stage->programs[i].in_flight)) != NULL;) {
        free(at);
      }
    }
  }
  for (ask *at; (at = ask_list_pull(&stage->waiting)) != NULL;) {
    free(at);
  }
  exchange_done(&stage->exchange);
  spawn_plan_done(&stage->plan);
  free(stage->programs);
  free(stage);
}

static void read_options(qn_create *create, exec_options *to) {
  to->n_processes = (uint32_t)qn_config_i64(create, "/processes", 1);
  to->window = (uint32_t)qn_config_i64(create, "/in_flight", 4);
  to->answer_ms = (uint64_t)qn_config_i64(create, "/answer_ms", 60000);
  to->restart_ms = (uint64_t)qn_config_i64(create, "/restart_ms", 200);
  to->restart_max_ms = (uint64_t)qn_config_i64(create, "/restart_max_ms", 30000);
  to->stop_ms = (uint64_t)qn_config_i64(create, "/stop_ms", 2000);
  to->give_up = (uint32_t)qn_config_i64(create, "/give_up", 8);
  to->line_max = (size_t)qn_config_i64(create, "/line_bytes", 16777216);
}

static int make_programs(exec_stage *stage) {
  stage->programs = calloc(stage->options.n_processes, sizeof *stage->programs);
  for (uint32_t i = 0; stage->programs != NULL && i < stage->options.n_processes; i++) {
    program_init(&stage->programs[i], stage, i + 1);
  }
  return stage->programs == NULL ? -ENOMEM : 0;
}

static int exec_create(qn_create *create, void **ret_instance) {
  static const char no_memory[] = "no memory for the stage";
  exec_stage *stage = calloc(1, sizeof *stage);
  if (stage == NULL) {
    return create->host->create_fail(create, no_memory, sizeof no_memory - 1);
  }
  stage->plan.script = -1;
  ask_list_init(&stage->waiting);
  read_options(create, &stage->options);
  int rc = spawn_plan_open(create, &stage->plan);
  rc = rc == 0 ? exchange_open(create, stage->options.line_max, on_arrived, stage, &stage->exchange) : rc;
  if (rc == 0 && make_programs(stage) != 0) {
    rc = create->host->create_fail(create, no_memory, sizeof no_memory - 1);
  }
  if (rc != 0) {
    exec_destroy(stage);
    return rc;
  }
  *ret_instance = stage;
  return 0;
}

static qn_status exec_process(void *instance, void *context, qn_call *call) {
  exec_stage *stage = instance;
  (void)context;
  return exchange_ask(&stage->exchange, call);
}

static void exec_cancel(void *instance, qn_ticket ticket) {
  exec_stage *stage = instance;
  exchange_cancel(&stage->exchange, ticket);
}

static const qn_transform exec_table = {
  .size = sizeof(qn_transform),
  .create = exec_create,
  .destroy = exec_destroy,
  .process = exec_process,
  .cancel = exec_cancel,
};

static const qn_stage exec_entry = { .size = sizeof(qn_stage), .name = "exec", .transform = &exec_table };
static const qn_stage *const stages[] = { &exec_entry };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
