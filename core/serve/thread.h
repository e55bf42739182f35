/* SPDX-License-Identifier: Apache-2.0 */

/* Threads of the worker, which get no signals, and its clocks. Floor 4. */
#ifndef CORE_SERVE_THREAD_H
#define CORE_SERVE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* 0, or a negative errno. name: at most 15 bytes. */
int thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name);
/* Sleeps, but not on once the flag is set. */
void thread_nap(uint32_t ms, const _Atomic bool *enough);
/* Unix time. */
int64_t thread_now_ms(void);

#endif
