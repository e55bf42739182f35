/* SPDX-License-Identifier: Apache-2.0 */

/* Answers in well-formed frames that say what no stage may say: the documents are as they were, and told why. The program is
 * its own stage host, but a false one: it does what each document's text asks for. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "document/block.h"
#include "document/block_part.h"
#include "document/layer.h"
#include "isolation/child.h"
#include "isolation/stage_host.h"
#include "isolation/wire.h"
#include "plugin/registry.h"
#include "qanat/stage.h"

#include <cmocka.h>

#include "document_fixture.h"

enum { PART_MAX = 1 << 16, PASSED = 2 };

static const char *const fields[] = { "answer" };
static const char *const other_fields[] = { "answer", "secret" };

/* What the stage may do: read the text, provide tokens and write one field. */
static stage_layout layout_of(const fixture *f) {
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  layout.may_set_any_field = 0;
  layout.n_fields_written = 1;
  layout.fields_written = fields;
  return layout;
}

/* --- the false host --- */

typedef struct forger {
  fixture f;
  wire_body input, output;
  unsigned char *part;
} forger;

/* One token over all of the document's text, by a layout of the forger's choice. */
static void annotate(forger *self, document *doc, const stage_layout *layout) {
  qn_view text;
  qn_rows rows;
  qn_error error = { 0 };
  qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = 42 } };
  document_view_get(doc, SCHEMA_VIEW_TEXT, &text);
  builder_begin(self->f.builder, doc, layout);
  if (builder_layer_reserve(self->f.builder, 0, 1, 0, &rows) != 0) {
    _exit(9);
  }
  const layer_schema *schema = schema_set_at(self->f.set, layout->layer_slot[0]);
  rows.begin[0] = 0;
  rows.end[0] = text.len;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    memset(rows.columns[i],
           schema->columns[i].type == QN_COLUMN_STR || schema->columns[i].type == QN_COLUMN_REF ? 0xFF : 0,
           layer_width(schema->columns[i].type));
  }
  for (uint32_t i = 0; i < layout->n_fields_written; i++) {
    builder_field_set(self->f.builder, (qn_str){ layout->fields_written[i], strlen(layout->fields_written[i]) },
                      &value);
  }
  if (builder_layer_commit(self->f.builder, 0, 1, 0) != 0 || builder_seal(self->f.builder, &error) != 0) {
    _exit(8);
  }
}

/* The part that such a document comes to. */
static size_t part_of(forger *self, const char *text, const stage_layout *layout) {
  size_t len = 0;
  document *doc = fixture_text(&self->f, text);
  annotate(self, doc, layout);
  if (block_part_write(doc, layout, self->part, PART_MAX, &len) != 0) {
    _exit(7);
  }
  document_unref(doc);
  return len;
}

static void put_result(forger *self, qn_status status, const char *slug, const void *block, size_t block_bytes) {
  size_t slug_len = strlen(slug), words = wire_align(slug_len);
  const wire_result head = { .block_bytes = block_bytes, .status = status, .slug_len = (uint16_t)slug_len };
  unsigned char *room = wire_room(&self->output, sizeof head + words + block_bytes);
  memcpy(room, &head, sizeof head);
  memset(room + sizeof head, 0, words);
  memcpy(room + sizeof head, slug, slug_len);
  memcpy(room + sizeof head + words, block, block_bytes);
  self->output.len += sizeof head + words + block_bytes;
}

/* The head of a frame, written by hand: wire.c makes no false ones. */
typedef struct false_head {
  uint32_t magic, kind, n, in_memory;
  uint64_t len;
} false_head;

/* A frame whose body is said to lie in memory, with so many descriptors, none of them sealed. */
static void send_unsealed(uint32_t n_fds) {
  false_head head = { .magic = UINT32_C(0x54414E51), .kind = WIRE_DONE, .n = 1, .in_memory = 1, .len = 4096 };
  union {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(PASSED * sizeof(int))];
  } control = { 0 };
  struct iovec piece = { &head, sizeof head };
  struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.bytes };
  int fds[PASSED];
  for (uint32_t i = 0; i < n_fds; i++) {
    fds[i] = memfd_create("unsealed", 0);
    if (fds[i] < 0 || ftruncate(fds[i], 4096) != 0) {
      _exit(6);
    }
  }
  message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
  control.head.cmsg_level = SOL_SOCKET;
  control.head.cmsg_type = SCM_RIGHTS;
  control.head.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
  memcpy(CMSG_DATA(&control.head), fds, n_fds * sizeof(int));
  sendmsg(STAGE_HOST_SOCKET, &message, 0);
}

/* True: what was put is to be sent as an answer. */
static bool forge(forger *self, const char *what, const char *text) {
  stage_layout mine = layout_of(&self->f), more = mine;
  const char *tail = "";
  uint32_t n = 1;
  size_t len = part_of(self, text, &mine);
  if (strcmp(what, "rows") == 0) {
    len = part_of(self, "a text that is much longer than the document's", &mine);
  } else if (strcmp(what, "layer") == 0) {
    more.layer_slot[0] = (uint8_t)fixture_slot(&self->f, "block/1");
    len = part_of(self, text, &more);
  } else if (strcmp(what, "field") == 0) {
    more.n_fields_written = 2;
    more.fields_written = other_fields;
    len = part_of(self, text, &more);
  } else if (strcmp(what, "whole") == 0) {
    document *doc = fixture_text(&self->f, "another text altogether");
    annotate(self, doc, &mine);
    block_write(doc, self->part, PART_MAX, &len);
    document_unref(doc);
  } else if (strcmp(what, "nothing") == 0) {
    len = 0;
  } else if (strcmp(what, "cut") == 0) {
    len -= 8;
  } else if (strcmp(what, "tail") == 0) {
    tail = "more than it said";
  } else if (strcmp(what, "count") == 0) {
    n = 2;
  }
  qn_status status = strcmp(what, "pending") == 0  ? QN_STATUS_PENDING
                     : strcmp(what, "status") == 0 ? 99
                     : strcmp(what, "both") == 0   ? QN_STATUS_REJECT
                                                   : QN_STATUS_OK;
  put_result(self, status, "", self->part, len);
  memcpy(wire_room(&self->output, 32), tail, strlen(tail));
  self->output.len += strlen(tail);
  wire_kind kind = strcmp(what, "kind") == 0 ? WIRE_READY : WIRE_DONE;
  return wire_send(STAGE_HOST_SOCKET, kind, n, self->output.bytes, self->output.len, NULL, NULL) == 0;
}

static void answer(forger *self, const wire_frame *batch) {
  wire_document head;
  document *doc = NULL;
  qn_error error = { 0 };
  qn_view text;
  char what[64] = "";
  memcpy(&head, batch->bytes, sizeof head);
  if (block_read(self->f.pool, batch->bytes + sizeof head, head.block_bytes, &doc, &error) != 0 ||
      document_view_get(doc, SCHEMA_VIEW_TEXT, &text) != 0 || text.len >= sizeof what) {
    _exit(5);
  }
  memcpy(what, text.data, text.len);
  self->output.len = 0;
  if (strcmp(what, "unsealed") == 0) {
    send_unsealed(1);
  } else if (strcmp(what, "descriptors") == 0) {
    send_unsealed(PASSED);
  } else if (strcmp(what, "file") == 0) {
    wire_send_file(STAGE_HOST_SOCKET, "/etc/passwd", STDIN_FILENO, 0, NULL, NULL);
  } else if (strcmp(what, "long words") == 0) {
    const wire_result result = { .status = QN_STATUS_REJECT, .slug_len = 40, .message_len = 1000 };
    wire_send(STAGE_HOST_SOCKET, WIRE_DONE, 1, &result, sizeof result, NULL, NULL);
  } else if (!forge(self, what, what)) {
    _exit(4);
  }
  document_unref(doc);
}

static int false_host(void) {
  forger *self = calloc(1, sizeof *self);
  wire_frame frame = { 0 };
  fixture_open(&self->f);
  self->part = malloc(PART_MAX);
  if (wire_receive(STAGE_HOST_SOCKET, &self->input, &frame, NULL, NULL) != 0 || frame.kind != WIRE_SETUP) {
    return 3;
  }
  for (uint32_t n_files = frame.n; n_files > 0; n_files--) {
    if (wire_receive(STAGE_HOST_SOCKET, &self->input, &frame, NULL, NULL) != 0) {
      return 3;
    }
    wire_frame_done(&frame);
  }
  wire_send(STAGE_HOST_SOCKET, WIRE_READY, 0, NULL, 0, NULL, NULL);
  while (wire_receive(STAGE_HOST_SOCKET, &self->input, &frame, NULL, NULL) == 0) {
    answer(self, &frame);
    wire_frame_done(&frame);
  }
  _exit(0);
}

/* --- the run's side --- */

static char folder[4096];

static uint32_t count_descriptors(void) {
  uint32_t n = 0;
  DIR *all = opendir("/proc/self/fd");
  assert_non_null(all);
  while (readdir(all) != NULL) {
    n++;
  }
  closedir(all);
  return n;
}

typedef struct forged_case {
  const char *what, *slug, *why; /* NULL: it is honest */
} forged_case;

static const forged_case cases[] = {
  { "honest", NULL, NULL },
  { "rows", "bad-layer", "past the end of the view" },
  { "layer", "bad-block", "the block's" },
  { "field", "bad-block", "may not write it" },
  { "whole", "bad-block", "the block's" },
  { "nothing", "bad-block", "cannot be read" },
  { "cut", "bad-block", "cannot be read" },
  { "tail", NULL, NULL }, /* its answer holds; what stands behind it ends the process, see the counts */
  { "count", "bad-answer", "no answer" },
  { "pending", "bad-answer", "no answer" },
  { "status", "bad-answer", "no answer" },
  { "both", "bad-answer", "no answer" },
  { "kind", "bad-answer", "no answer" },
  { "long words", "bad-answer", "no answer" },
  { "unsealed", "bad-answer", "no answer" },
  { "descriptors", "bad-answer", "no answer" },
  { "file", "bad-answer", "no answer" },
  { "honest", NULL, NULL },
};

static void check_item(fixture *f, const forged_case *wanted, const child_item *item, const void *before, size_t len) {
  size_t now_len = 0;
  void *now = fixture_block(item->document, &now_len);
  bool same = now_len == len && memcmp(now, before, len) == 0;
  free(now);
  if (wanted->slug == NULL) {
    qn_layer tokens;
    assert_int_equal(item->status, QN_STATUS_OK);
    assert_false(same);
    assert_int_equal(document_layer_get(item->document, fixture_slot(f, "token/1"), SCHEMA_VIEW_TEXT, &tokens), 0);
    assert_int_equal(tokens.n_rows, 1);
    return;
  }
  if (item->status != QN_STATUS_REJECT || strcmp(item->error.slug, wanted->slug) != 0 || !same ||
      strstr(item->error.message, wanted->why) == NULL) {
    fail_msg("%s: status %d, %s: %s%s", wanted->what, (int)item->status, item->error.slug, item->error.message,
             same ? "" : " (and the document is another)");
  }
}

static void forged_answers_change_nothing(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  const char *folders[] = { folder };
  const registry_options found = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  registry *registry = NULL;
  child *stage = NULL;
  qn_error error = { 0 };
  stage_layout layout = layout_of(&f);
  cJSON *config = cJSON_CreateObject();
  assert_int_equal(registry_new(&found, &registry, &error), 0);
  const child_options options = { .stage = { .info = registry_find(registry, "hostile"),
                                             .id = "forger",
                                             .config = config,
                                             .layout = &layout,
                                             .schemas = f.set,
                                             .limits = { .document_bytes = 1 << 20 } },
                                  .timeout_ms = 5000 };
  assert_int_equal(child_new(&options, &stage, &error), 0);
  uint32_t n_descriptors = count_descriptors();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    child_item item = { .document = fixture_text(&f, cases[i].what), .attempt = 1 };
    size_t len = 0;
    void *before = fixture_block(item.document, &len);
    assert_int_equal(child_run_batch(stage, &item, 1, &error), 0);
    check_item(&f, &cases[i], &item, before, len);
    free(before);
    document_unref(item.document);
  }
  child_counts counts;
  child_counts_get(stage, &counts);
  assert_int_equal(counts.n_bad_answers, 10);
  assert_int_equal(count_descriptors(), n_descriptors); /* none that it passed on stays open */
  child_free(stage);
  cJSON_Delete(config);
  registry_free(registry);
  fixture_close(&f);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], STAGE_HOST_ARGUMENT) == 0) {
    return false_host();
  }
  if (argc < 2) {
    return 2;
  }
  strncpy(folder, argv[1], sizeof folder - 1);
  const struct CMUnitTest tests[] = { cmocka_unit_test(forged_answers_change_nothing) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
