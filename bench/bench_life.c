/* SPDX-License-Identifier: Apache-2.0 */

/* What does a document's life cost in memory work alone, without stages or queues?
 *
 *   life_ns            a bare 4 KB document: made, payload reserved and copied in, text aliased to it, freed
 *   life_arabic_ns     the same with Arabic text, whose UTF-8 takes longer to check
 *   life_annotated_ns  a bare one, and then 8 layers with 816 rows written through builders, checked and sealed
 *   builder_row_ns     what one such row costs
 *   fork_ns            a fork, made and freed
 *   map_row_ns         a row of a layer mapped to a view with many cuts
 *   record_mbs         how fast the record of the annotated document is written, in MB/s
 *   block_write_ns, block_read_ns   the annotated document as a block and back, validated */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document/block.h"
#include "document/builder.h"
#include "document/record.h"

enum { PAYLOAD = 4096, ROUNDS = 400, N_LAYERS = 8 };

/* Rows of each known layer, in the order of their slots: 816 in all. */
static const uint32_t n_rows[N_LAYERS] = { 12, 24, 600, 100, 40, 10, 20, 10 };

typedef struct world {
  schema_set *set;
  document_pool *pool;
  builder *builder;
  record_encoder *encoder;
  uint32_t content;
  uint32_t payload_len; /* a variable, as it is for any source: the compiler must not unroll the copy */
  uint8_t latin[PAYLOAD];
  uint8_t arabic[PAYLOAD];
  stage_layout decode, annotate, cut;
} world;

static void must(int rc) {
  if (rc != 0) {
    fprintf(stderr, "bench_life: unexpected result %d\n", rc);
    exit(1);
  }
}

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static document *load(const world *w, const uint8_t *text) {
  document *doc;
  uint8_t *room;
  must(document_new(w->pool, &doc));
  must(document_payload_reserve(doc, w->payload_len, &room));
  memcpy(room, text, w->payload_len);
  must(document_payload_commit(doc, w->payload_len));
  builder_begin(w->builder, doc, &w->decode);
  must(builder_view_alias(w->builder, (qn_span){ 0, PAYLOAD }));
  must(builder_seal(w->builder, NULL));
  return doc;
}

/* A stage's own work: as plain as possible, so that what is measured is the host's. */
static void fill_column(const column_schema *schema, void *cells, uint32_t n, uint32_t heap_at) {
  double *numbers = cells;
  qn_heap_str *strings = cells;
  switch (schema->type) {
  case QN_COLUMN_F64:
    for (uint32_t i = 0; i < n; i++) {
      numbers[i] = 0.97;
    }
    break;
  case QN_COLUMN_STR:
    for (uint32_t i = 0; i < n; i++) {
      strings[i] = (qn_heap_str){ heap_at, 8 };
    }
    break;
  default:
    memset(cells, 0, n * sizeof(uint32_t));
    break;
  }
}

static void annotate(const world *w, document *doc) {
  builder_begin(w->builder, doc, &w->annotate);
  for (uint32_t layer = 0; layer < N_LAYERS; layer++) {
    const layer_schema *schema = schema_set_at(w->set, layer);
    uint32_t n = n_rows[layer];
    uint32_t step = PAYLOAD / n & ~1u;
    qn_rows rows;
    must(builder_layer_reserve(w->builder, layer, n, 8, &rows));
    memcpy(rows.heap, "heap str", 8);
    for (uint32_t i = 0; i < n; i++) {
      rows.begin[i] = i * step;
      rows.end[i] = i * step + step;
    }
    for (uint32_t i = 0; i < schema->n_columns; i++) {
      fill_column(&schema->columns[i], rows.columns[i], n, rows.heap_base);
    }
    must(builder_layer_commit(w->builder, layer, n, 8));
  }
  must(builder_seal(w->builder, NULL));
}

/* content leaves out eight bytes of every 64. */
static void cut(const world *w, document *doc) {
  enum { RUNS = PAYLOAD / 64 };
  qn_view base;
  qn_view_room room;
  builder_begin(w->builder, doc, &w->cut);
  must(builder_view_get(w->builder, &base));
  must(builder_view_reserve(w->builder, PAYLOAD, RUNS, &room));
  for (uint32_t i = 0; i < RUNS; i++) {
    room.derived[i] = 56 * i;
    room.base[i] = 64 * i;
    room.kind[i] = QN_RUN_COPY;
    memcpy(room.data + 56 * i, base.data + 64 * i, 56);
  }
  must(builder_view_commit(w->builder, 56 * RUNS, RUNS));
  must(builder_seal(w->builder, NULL));
}

static void world_open(world *w) {
  uint32_t slot;
  must(schema_set_new(&w->set));
  for (uint32_t i = 0; i < N_LAYERS; i++) {
    must(schema_set_add(w->set, schema_known_at(i), &slot, NULL));
    w->annotate.layer_slot[i] = (uint8_t)slot;
    w->annotate.layer_access[i] = LAYER_PROVIDES;
  }
  must(schema_set_add_view(w->set, "content", &w->content, NULL));
  must(document_pool_new(w->set, NULL, &w->pool));
  must(builder_new(&w->builder));
  must(record_encoder_new(&w->encoder));
  w->payload_len = PAYLOAD;
  w->annotate.n_layers = N_LAYERS;
  w->annotate.view_reads = SCHEMA_VIEW_TEXT;
  w->annotate.view_provides = SCHEMA_VIEW_NONE;
  w->decode = (stage_layout){ .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_TEXT };
  w->cut = (stage_layout){ .view_reads = SCHEMA_VIEW_TEXT, .view_provides = (uint8_t)w->content };
  for (uint32_t i = 0; i < PAYLOAD; i += 2) {
    memcpy(w->latin + i, "ab", 2);
    memcpy(w->arabic + i, "\xD9\x85", 2);
  }
}

static void world_close(world *w) {
  record_encoder_free(w->encoder);
  builder_free(w->builder);
  document_pool_free(w->pool);
  schema_set_free(w->set);
}

/* --- the questions; each does n of something --- */

typedef void question(const world *w, document *doc, uint32_t n);

static void ask_life(const world *w, document *doc, uint32_t n) {
  (void)doc;
  for (uint32_t i = 0; i < n; i++) {
    document_unref(load(w, w->latin));
  }
}

static void ask_life_arabic(const world *w, document *doc, uint32_t n) {
  (void)doc;
  for (uint32_t i = 0; i < n; i++) {
    document_unref(load(w, w->arabic));
  }
}

static void ask_life_annotated(const world *w, document *doc, uint32_t n) {
  (void)doc;
  for (uint32_t i = 0; i < n; i++) {
    document *made = load(w, w->latin);
    annotate(w, made);
    document_unref(made);
  }
}

static void ask_fork(const world *w, document *doc, uint32_t n) {
  (void)w;
  for (uint32_t i = 0; i < n; i++) {
    document_unref(document_fork(doc));
  }
}

/* A fork starts without the mapping, so it is made every time. */
static void ask_map(const world *w, document *doc, uint32_t n) {
  qn_layer layer;
  for (uint32_t i = 0; i < n; i++) {
    document *fork = document_fork(doc);
    must(document_layer_get(fork, 2, w->content, &layer));
    document_unref(fork);
  }
}

static void ask_record(const world *w, document *doc, uint32_t n) {
  qn_str json;
  for (uint32_t i = 0; i < n; i++) {
    must(record_encode(w->encoder, doc, NULL, &json));
  }
}

static void ask_block_write(const world *w, document *doc, uint32_t n) {
  static uint8_t block[1 << 20];
  size_t len;
  (void)w;
  for (uint32_t i = 0; i < n; i++) {
    must(block_write(doc, block, sizeof block, &len));
  }
}

static void ask_block_read(const world *w, document *doc, uint32_t n) {
  static uint8_t block[1 << 20];
  size_t len;
  document *back;
  must(block_write(doc, block, sizeof block, &len));
  for (uint32_t i = 0; i < n; i++) {
    must(block_read(w->pool, block, len, &back, NULL));
    document_unref(back);
  }
}

/* Nanoseconds of one, the best of many short rounds: what else the machine does can only add. */
static double measure(question *ask, const world *w, document *doc, uint32_t n) {
  double best = INFINITY;
  for (int round = 0; round < ROUNDS; round++) {
    double start = now_ns();
    ask(w, doc, n);
    best = fmin(best, (now_ns() - start) / n);
  }
  return best;
}

int main(void) {
  static world w;
  world_open(&w);
  document *doc = load(&w, w.latin);
  cut(&w, doc);
  annotate(&w, doc);
  qn_str json;
  must(record_encode(w.encoder, doc, NULL, &json));

  double life = measure(ask_life, &w, NULL, 5000);
  double annotated = measure(ask_life_annotated, &w, NULL, 200);
  double fork = measure(ask_fork, &w, doc, 10000);
  printf("life_ns %.1f\n", life);
  printf("life_arabic_ns %.1f\n", measure(ask_life_arabic, &w, NULL, 2000));
  printf("life_annotated_ns %.0f\n", annotated);
  printf("builder_row_ns %.2f\n", (annotated - life) / 816);
  printf("fork_ns %.1f\n", fork);
  printf("map_row_ns %.2f\n", (measure(ask_map, &w, doc, 500) - fork) / n_rows[2]);
  printf("record_mbs %.0f\n", (double)json.len * 1e3 / measure(ask_record, &w, doc, 10));
  printf("block_write_ns %.0f\n", measure(ask_block_write, &w, doc, 200));
  printf("block_read_ns %.0f\n", measure(ask_block_read, &w, doc, 200));

  document_unref(doc);
  world_close(&w);
  return 0;
}
