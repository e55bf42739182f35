// SPDX-License-Identifier: Apache-2.0

// busiest: names the word that a document uses most.
//
// Reads the forms of token/1, so words that differ in spelling alone count as one. Documents come in batches; each is
// counted for itself, and what does not fit into memory is that document's failure alone.
#include <new>
#include <string_view>
#include <unordered_map>

#include <qanat/layers.h>
#include <qanat/stage.h>

#include "busiest_manifest.h"

namespace {

struct Busiest {
  std::string_view form;
  uint32_t count = 0;
};

class Counter {
public:
  explicit Counter(size_t min_bytes) : min_bytes_(min_bytes) {
  }

  Busiest count(const qn_layer &tokens) const {
    std::unordered_map<std::string_view, uint32_t> counts;
    Busiest best;
    for (uint32_t row = 0; row < tokens.n_rows; row++) {
      const qn_str form = qn_layer_str(&tokens, QN_TOKEN_FORM, row);
      if (qn_layer_u32(&tokens, QN_TOKEN_KIND, row) != QN_TOKEN_KIND_WORD || form.len < min_bytes_) {
        continue;
      }
      const std::string_view key(form.data, form.len);
      const uint32_t n = ++counts[key];
      if (n > best.count || (n == best.count && key < best.form)) {
        best = { key, n };
      }
    }
    return best;
  }

private:
  size_t min_bytes_;
};

qn_value value_of(std::string_view text) {
  qn_value value{};
  value.type = QN_VALUE_STR;
  value.as.str = { text.data(), text.size() };
  return value;
}

qn_value value_of(uint32_t number) {
  qn_value value{};
  value.type = QN_VALUE_I64;
  value.as.i64 = number;
  return value;
}

qn_status process(const Counter &counter, qn_call *call) {
  const qn_host *host = call->host;
  qn_layer tokens;
  if (host->layer_get(call, BUSIEST_LAYER_TOKEN, &tokens) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-tokens", "the words of the document cannot be read");
  }
  const Busiest best = counter.count(tokens);
  const qn_value form = value_of(best.form), count = value_of(best.count);
  if (best.count > 0 && (host->field_set(call, QN_LIT("busiest"), &form) != 0 ||
                         host->field_set(call, QN_LIT("busiest_count"), &count) != 0)) {
    return qn_fail(call, QN_STATUS_REJECT, "no-room", "there is no room for another field");
  }
  return QN_STATUS_OK;
}

void process_batch(void *instance, void *, qn_call *const *calls, uint32_t n_calls, qn_status *ret_statuses) noexcept {
  for (uint32_t i = 0; i < n_calls; i++) {
    try {
      ret_statuses[i] = process(*static_cast<const Counter *>(instance), calls[i]);
    } catch (const std::bad_alloc &) {
      ret_statuses[i] = qn_fail(calls[i], QN_STATUS_RETRY, "no-memory", "no memory to count words");
    }
  }
}

int create(qn_create *create, void **ret_instance) noexcept {
  const auto min_bytes = static_cast<size_t>(qn_config_i64(create, "/min_bytes", 4));
  auto *counter = new (std::nothrow) Counter(min_bytes);
  if (counter == nullptr) {
    return create->host->create_fail(create, "out of memory", 13);
  }
  *ret_instance = counter;
  return 0;
}

void destroy(void *instance) noexcept {
  delete static_cast<Counter *>(instance);
}

// Constants in the order of the fields: they are read, never run.
const qn_transform transform = { sizeof(qn_transform), 0,      create, destroy, nullptr, nullptr, nullptr,
                                 process_batch,        nullptr };
const qn_stage stage = { sizeof(qn_stage), 0, "busiest", nullptr, &transform, nullptr };
const qn_stage *const stages[] = { &stage };

} // namespace

const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), 1, stages };
