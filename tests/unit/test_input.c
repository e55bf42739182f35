/* SPDX-License-Identifier: Apache-2.0 */

/* Reading files: plain, gzip and zstd give the same bytes however they are asked for; what is cut short is told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "input/input.h"

enum { TEXT_BYTES = 700000, PACKED_BYTES = 1 << 20 };

static char *make_text(void) {
  char *text = malloc(TEXT_BYTES);
  uint32_t seed = 1;
  assert_non_null(text);
  for (size_t i = 0; i < TEXT_BYTES; i++) {
    seed = seed * 1664525 + 1013904223;
    text[i] = (char)('a' + (seed >> 24) % 20);
  }
  return text;
}

static size_t pack_gzip(const char *text, size_t len, uint8_t *out) {
  z_stream z = {
    .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)len, .next_out = out, .avail_out = PACKED_BYTES
  };
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  deflateEnd(&z);
  return PACKED_BYTES - z.avail_out;
}

/* A file with a name that ends so; its path goes to path. */
static void write_file(char *path, const char *end, const void *bytes, size_t len) {
  strcpy(path, "/tmp/qanat-input-XXXXXX");
  strcat(path, end);
  int fd = mkstemps(path, (int)strlen(end));
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, len), len);
  close(fd);
}

/* Reads all in pieces; returns the length, or the negative errno that ended it. */
static ssize_t read_all(const char *path, size_t piece, char *out, size_t capacity, file_fault *fault) {
  file_input *input;
  size_t filled = 0;
  ssize_t n = input_open(path, -1, &input, fault);
  if (n != 0) {
    return n;
  }
  do {
    size_t room = capacity - filled < piece ? capacity - filled : piece;
    n = room == 0 ? 0 : input_read(input, out + filled, room, fault);
    filled += n > 0 ? (size_t)n : 0;
  } while (n > 0);
  input_close(input);
  return n < 0 ? n : (ssize_t)filled;
}

/* Every form of the same text gives the same text. */
static void check_forms(const char *end, const uint8_t *packed, size_t packed_len, const char *text, size_t len) {
  static const size_t pieces[] = { 7, 4096, 1 << 22 };
  char path[64];
  file_fault fault;
  char *out = malloc(2 * TEXT_BYTES);
  assert_non_null(out);
  write_file(path, end, packed, packed_len);
  for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    assert_int_equal(read_all(path, pieces[i], out, 2 * TEXT_BYTES, &fault), len);
    assert_memory_equal(out, text, len);
  }
  unlink(path);
  free(out);
}

static void input_forms_give_the_same_bytes(void **state) {
  char *text = make_text(), *twice = malloc(2 * TEXT_BYTES);
  uint8_t *packed = malloc(2 * PACKED_BYTES);
  (void)state;
  assert_non_null(packed);
  assert_non_null(twice);
  memcpy(twice, text, TEXT_BYTES);
  memcpy(twice + TEXT_BYTES, text, TEXT_BYTES);
  check_forms(".txt", (const uint8_t *)text, TEXT_BYTES, text, TEXT_BYTES);
  check_forms(".txt", (const uint8_t *)text, 1, text, 1);
  check_forms(".txt", (const uint8_t *)text, 0, text, 0);
  size_t len = pack_gzip(text, TEXT_BYTES, packed);
  check_forms(".gz", packed, len, text, TEXT_BYTES);
  check_forms(".nothing", packed, len, text, TEXT_BYTES);
  memcpy(packed + len, packed, len);
  check_forms(".gz", packed, 2 * len, twice, 2 * TEXT_BYTES);
  memset(packed + len, 0, 512);
  check_forms(".gz", packed, len + 512, text, TEXT_BYTES);
  len = ZSTD_compress(packed, PACKED_BYTES, text, TEXT_BYTES, 3);
  assert_false(ZSTD_isError(len));
  check_forms(".zst", packed, len, text, TEXT_BYTES);
  memcpy(packed + len, packed, len);
  check_forms(".zst", packed, 2 * len, twice, 2 * TEXT_BYTES);
  free(packed);
  free(twice);
  free(text);
}

static void check_fault(const char *end, const void *bytes, size_t len, const char *slug) {
  char path[64], *out = malloc(2 * TEXT_BYTES);
  file_fault fault = { "", "" };
  assert_non_null(out);
  write_file(path, end, bytes, len);
  assert_true(read_all(path, 1000, out, 2 * TEXT_BYTES, &fault) < 0);
  assert_string_equal(fault.slug, slug);
  assert_non_null(strstr(fault.text, path));
  unlink(path);
  free(out);
}

static void input_damage_is_told(void **state) {
  char *text = make_text();
  uint8_t *packed = malloc(2 * PACKED_BYTES);
  (void)state;
  assert_non_null(packed);
  size_t len = pack_gzip(text, TEXT_BYTES, packed);
  check_fault(".gz", packed, len - 1, "truncated-input");
  check_fault(".gz", packed, len / 2, "truncated-input");
  check_fault(".gz", packed, 3, "truncated-input");
  memcpy(packed + len, "junk", 4);
  check_fault(".gz", packed, len + 4, "bad-compression");
  packed[len / 2] ^= 0xFF;
  check_fault(".gz", packed, len, "bad-compression");
  check_fault(".gz", "plain", 5, "bad-compression");
  check_fault(".gz", "", 0, "bad-compression");
  len = ZSTD_compress(packed, PACKED_BYTES, text, TEXT_BYTES, 3);
  check_fault(".zst", packed, len - 1, "truncated-input");
  check_fault(".zst", packed, 6, "truncated-input");
  free(packed);
  free(text);
}

static void input_open_of_what_is_no_file_fails(void **state) {
  file_input *input;
  file_fault fault;
  (void)state;
  assert_int_equal(input_open("/nowhere/at/all", -1, &input, &fault), -ENOENT);
  assert_string_equal(fault.slug, "cannot-read");
  assert_int_equal(input_open("/", -1, &input, &fault), -EISDIR);
}

static void input_peek_takes_nothing(void **state) {
  char path[64], head[4], all[16];
  file_input *input;
  file_fault fault;
  (void)state;
  write_file(path, ".txt", "0123456789", 10);
  assert_int_equal(input_open(path, -1, &input, &fault), 0);
  assert_int_equal(input_peek(input, head, sizeof head, &fault), 4);
  assert_memory_equal(head, "0123", 4);
  size_t filled = 0;
  for (ssize_t n; (n = input_read(input, all + filled, sizeof all - filled, &fault)) > 0;) {
    filled += (size_t)n;
  }
  assert_int_equal(filled, 10);
  assert_memory_equal(all, "0123456789", 10);
  input_close(input);
  unlink(path);
}

static void input_waiting_for_a_pipe_is_interrupted(void **state) {
  int pipes[2], stop = eventfd(1, EFD_CLOEXEC);
  char path[64], byte;
  file_input *input;
  file_fault fault;
  (void)state;
  assert_int_equal(pipe(pipes), 0);
  assert_int_equal(write(pipes[1], "hello", 5), 5);
  int quiet = eventfd(0, EFD_CLOEXEC);
  snprintf(path, sizeof path, "/dev/fd/%d", pipes[0]);
  assert_int_equal(input_open(path, quiet, &input, &fault), 0);
  assert_int_equal(input_read(input, &byte, 1, &fault), 1);
  input_close(input);
  assert_int_equal(input_open(path, stop, &input, &fault), -ECANCELED);
  close(pipes[0]);
  close(pipes[1]);
  close(quiet);
  close(stop);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(input_forms_give_the_same_bytes),         cmocka_unit_test(input_damage_is_told),
    cmocka_unit_test(input_open_of_what_is_no_file_fails),     cmocka_unit_test(input_peek_takes_nothing),
    cmocka_unit_test(input_waiting_for_a_pipe_is_interrupted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
