/* SPDX-License-Identifier: Apache-2.0 */

/* Marks memory that nobody may touch, for AddressSanitizer; nothing in other builds. Private to core/document. */
#ifndef CORE_DOCUMENT_POISON_H
#define CORE_DOCUMENT_POISON_H

#if defined(__SANITIZE_ADDRESS__)
#define POISON_ENABLED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ENABLED 1
#endif
#endif

#ifdef POISON_ENABLED
#include <sanitizer/asan_interface.h>
#define POISON_GAP 16
#define POISON(memory, bytes) __asan_poison_memory_region((memory), (bytes))
#define UNPOISON(memory, bytes) __asan_unpoison_memory_region((memory), (bytes))
#else
#define POISON_GAP 0
#define POISON(memory, bytes) ((void)(memory), (void)(bytes))
#define UNPOISON(memory, bytes) ((void)(memory), (void)(bytes))
#endif

#endif
