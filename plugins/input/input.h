/* SPDX-License-Identifier: Apache-2.0 */

/* The bytes of one file or of standard input, decompressed on the way if they are gzip or zstd.
 *
 * Compression is known by its magic number, not by the name; a name that promises it and does not hold it is an
 * error, and so is compressed input that ends early. One thread. */
#ifndef INPUT_INPUT_H
#define INPUT_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "input/fault.h"

typedef struct file_input file_input;

/* Opens path, "-" for standard input. stop_fd: reading from pipes and terminals ends with -ECANCELED once it is
 * readable; -1 for none. 0, negative errno with fault. */
int input_open(const char *path, int stop_fd, file_input **ret_input, file_fault *fault);
/* The same for an open file, which is the input's from then on, also if this fails; name is what people call it. */
int input_take(int fd, const char *name, int stop_fd, file_input **ret_input, file_fault *fault);
void input_close(file_input *input); /* NULL is fine */

/* The number of bytes read into buffer, 0 at the end, negative errno with fault (-ECANCELED without). May give
 * less than asked for before the end. */
ssize_t input_read(file_input *input, void *buffer, size_t capacity, file_fault *fault);

/* The number of bytes that reading will give, or 0 if that is not known. */
size_t input_size(const file_input *input);

/* The number of bytes taken from the disk so far; of a file that ended, or is given up, all that it has. */
uint64_t input_taken(const file_input *input, int ended);

/* A look at the first bytes, decompressed, without taking them: up to capacity of them, 0 if there are none. */
ssize_t input_peek(file_input *input, void *buffer, size_t capacity, file_fault *fault);

#endif
