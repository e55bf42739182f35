/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for what is still being written, so that dependants can link. */
#include "document/block.h"
#include "document/builder.h"
#include "document/record.h"
#include <errno.h>

int document_pool_new(const schema_set *set, const document_limits *limits, document_pool **ret_pool) {
  (void)set;
  (void)limits;
  (void)ret_pool;
  return -ENOSYS;
}

void document_pool_free(document_pool *pool) {
  (void)pool;
}

size_t document_pool_live(const document_pool *pool) {
  (void)pool;
  return 0;
}

int document_new(document_pool *pool, document **ret_document) {
  (void)pool;
  (void)ret_document;
  return -ENOSYS;
}

document *document_fork(document *parent) {
  (void)parent;
  return NULL;
}

void document_unref(document *document) {
  (void)document;
}

size_t document_bytes(const document *document) {
  (void)document;
  return 0;
}

int document_payload_reserve(document *document, size_t bytes, uint8_t **ret_payload) {
  (void)document;
  (void)bytes;
  (void)ret_payload;
  return -ENOSYS;
}

int document_payload_commit(document *document, size_t bytes) {
  (void)document;
  (void)bytes;
  return -ENOSYS;
}

int document_field_set(document *document, qn_str name, const qn_value *value) {
  (void)document;
  (void)name;
  (void)value;
  return -ENOSYS;
}

int document_field_get(const document *document, qn_str name, qn_value *ret_value) {
  (void)document;
  (void)name;
  (void)ret_value;
  return -ENOSYS;
}

uint32_t document_n_fields(const document *document) {
  (void)document;
  return 0;
}

void document_field_at(const document *document, uint32_t index, qn_str *ret_name, qn_value *ret_value) {
  (void)document;
  (void)index;
  (void)ret_name;
  (void)ret_value;
}

int document_view_get(const document *document, uint32_t view_slot, qn_view *ret_view) {
  (void)document;
  (void)view_slot;
  (void)ret_view;
  return -ENOSYS;
}

int document_layer_get(document *document, uint32_t layer_slot, uint32_t view_slot, qn_layer *ret_layer) {
  (void)document;
  (void)layer_slot;
  (void)view_slot;
  (void)ret_layer;
  return -ENOSYS;
}

int document_span_map(const document *document, uint32_t from_view, uint32_t to_view, qn_span span, qn_span *ret_span) {
  (void)document;
  (void)from_view;
  (void)to_view;
  (void)span;
  (void)ret_span;
  return -ENOSYS;
}

int document_prepared_set(document *document, uint32_t sink_slot, const void *bytes, size_t len) {
  (void)document;
  (void)sink_slot;
  (void)bytes;
  (void)len;
  return -ENOSYS;
}

qn_str document_prepared_get(const document *document, uint32_t sink_slot) {
  (void)document;
  (void)sink_slot;
  return (qn_str){ NULL, 0 };
}

const schema_set *document_schema(const document *document) {
  (void)document;
  return NULL;
}

int builder_new(builder **ret_builder) {
  (void)ret_builder;
  return -ENOSYS;
}

void builder_free(builder *builder) {
  (void)builder;
}

void builder_begin(builder *builder, document *document, const stage_layout *layout) {
  (void)builder;
  (void)document;
  (void)layout;
}

int builder_seal(builder *builder, qn_error *error) {
  (void)builder;
  (void)error;
  return -ENOSYS;
}

void builder_discard(builder *builder) {
  (void)builder;
}

int builder_view_get(builder *builder, qn_view *ret_view) {
  (void)builder;
  (void)ret_view;
  return -ENOSYS;
}

int builder_view_reserve(builder *builder, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room) {
  (void)builder;
  (void)bytes;
  (void)n_runs;
  (void)ret_room;
  return -ENOSYS;
}

int builder_view_commit(builder *builder, uint32_t bytes, uint32_t n_runs) {
  (void)builder;
  (void)bytes;
  (void)n_runs;
  return -ENOSYS;
}

int builder_view_alias(builder *builder, qn_span of_base) {
  (void)builder;
  (void)of_base;
  return -ENOSYS;
}

int builder_layer_get(builder *builder, uint32_t layer, qn_layer *ret_layer) {
  (void)builder;
  (void)layer;
  (void)ret_layer;
  return -ENOSYS;
}

int builder_layer_reserve(builder *builder, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows) {
  (void)builder;
  (void)layer;
  (void)n_rows;
  (void)heap_bytes;
  (void)ret_rows;
  return -ENOSYS;
}

int builder_layer_commit(builder *builder, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  (void)builder;
  (void)layer;
  (void)n_rows;
  (void)heap_bytes;
  return -ENOSYS;
}

int builder_layer_edit(builder *builder, uint32_t layer, uint32_t more_rows, uint32_t more_heap, qn_rows *ret_rows) {
  (void)builder;
  (void)layer;
  (void)more_rows;
  (void)more_heap;
  (void)ret_rows;
  return -ENOSYS;
}

int builder_layer_replace(builder *builder, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  (void)builder;
  (void)layer;
  (void)n_rows;
  (void)heap_bytes;
  return -ENOSYS;
}

int builder_field_get(builder *builder, qn_str name, qn_value *ret_value) {
  (void)builder;
  (void)name;
  (void)ret_value;
  return -ENOSYS;
}

int builder_field_set(builder *builder, qn_str name, const qn_value *value) {
  (void)builder;
  (void)name;
  (void)value;
  return -ENOSYS;
}

int record_encoder_new(record_encoder **ret_encoder) {
  (void)ret_encoder;
  return -ENOSYS;
}

void record_encoder_free(record_encoder *encoder) {
  (void)encoder;
}

int record_encode(record_encoder *encoder, document *document, const qn_record_options *options, qn_str *ret_json) {
  (void)encoder;
  (void)document;
  (void)options;
  (void)ret_json;
  return -ENOSYS;
}

size_t block_size(const document *document) {
  (void)document;
  return 0;
}

int block_write(const document *document, void *bytes, size_t capacity, size_t *ret_len) {
  (void)document;
  (void)bytes;
  (void)capacity;
  (void)ret_len;
  return -ENOSYS;
}

int block_read(document_pool *pool, const void *bytes, size_t len, document **ret_document, qn_error *error) {
  (void)pool;
  (void)bytes;
  (void)len;
  (void)ret_document;
  (void)error;
  return -ENOSYS;
}
