/* SPDX-License-Identifier: Apache-2.0 */

/* Asks the host where the pipeline runs and what it keeps. */
#include "output/keeper.h"

#include <string.h>

static bool config_bool(qn_create *create, const char *pointer, bool otherwise) {
  return qn_config_i64(create, pointer, otherwise) != 0;
}

static void say(void *arg, const char *text) {
  const out_keeper *keeper = arg;
  keeper->host->log(keeper->env, QN_LOG_WARNING, text, strlen(text));
}

int keeper_init(out_keeper *keeper, qn_create *create, out_options *options) {
  static const char replaces[] = "append is false, but a worker goes on after each of its ends, and the file would "
                                 "hold only what came since the last; "
                                 "leave append out";
  const qn_host *host = create->host;
  bool in_worker = host->extension(create->env, QN_WORKER_1) != NULL;
  qn_str state;
  *keeper = (out_keeper){ host, create->env, host->extension(create->env, QN_KEEP_1) };
  in_worker = in_worker || keeper->keep != NULL;
  options->append = config_bool(create, "/append", in_worker);
  options->sync = config_bool(create, "/sync", in_worker);
  if (in_worker && !options->append) {
    return host->create_fail(create, replaces, sizeof replaces - 1);
  }
  if (keeper->keep != NULL && keeper->keep->load(create, &state) == 0) {
    options->state = state.data;
    options->state_len = state.len;
  }
  options->say = say;
  options->say_arg = keeper;
  return 0;
}

int keeper_begin(const out_keeper *keeper, const out_file *out, qn_create *create) {
  static const char text[] = "the worker could not take down where the output ends; see what it says of its journal";
  const qn_keep *keep = keeper->keep;
  char state[OUT_STATE_MAX];
  if (keep == NULL || !QN_HAS(keep, begin) || keep->begin == NULL) {
    return 0; /* what was loaded may be of another file; where this one ends now is right in any case */
  }
  size_t len = out_state(out, state);
  return len == 0 || keep->begin(create, state, len) == 0 ? 0
                                                          : create->host->create_fail(create, text, sizeof text - 1);
}

qn_status keeper_store(const out_keeper *keeper, const out_file *out, qn_call *call) {
  char state[OUT_STATE_MAX];
  size_t len = keeper->keep == NULL ? 0 : out_state(out, state);
  if (len == 0 || keeper->keep->store(call, state, len) == 0) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_RETRY, "cannot-keep",
                 "the worker could not take down where the output ends; its memory may be used up");
}
