/* SPDX-License-Identifier: Apache-2.0 */

/* What the service lends to its pipelines. Floor 4, private to core/serve. */
#ifndef CORE_SERVE_SERVICE_PARTS_H
#define CORE_SERVE_SERVICE_PARTS_H

#include <pthread.h>

#include "serve/intake.h"
#include "serve/service.h"

typedef struct service_parts {
  service *service;
  const service_options *options;
  journal *journal;
  struct listeners *listeners;
  const char *letters_path;
  intake_world world;
  pthread_mutex_t *registry_mutex; /* plans and loads take it */
} service_parts;

/* Runs something on the loop's thread, outside of its callbacks, and waits for it. -ESHUTDOWN: the loop runs no more. [any but the loop] */
int service_on_loop(service *service, int (*run)(void *arg), void *arg);
/* No other pipeline may have the name. 0, -EINVAL with error filled. [while the service is made] */
int service_check_name(const service *service, const char *name, const char *path, qn_error *error);
/* Something may have to be looked at: a thread ended. [any] */
void service_wake(service *service);

#endif
