/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-05: every instance leaves a thread behind. */
#include <pthread.h>
#include <unistd.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "keeps-thread", ""));

static void *stay(void *arg) {
  sleep(100);
  return arg;
}

static int create(qn_create *with, void **ret_instance) {
  pthread_t thread;
  pthread_attr_t small;
  *ret_instance = NULL;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  int rc = pthread_create(&thread, &small, stay, NULL);
  pthread_attr_destroy(&small);
  return rc == 0 ? 0 : with->host->create_fail(with, "no thread", 9);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("keeps-thread");
