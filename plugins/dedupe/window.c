/* SPDX-License-Identifier: Apache-2.0 */

/* The queue: entries in a ring, what they hold in pieces of memory that are freed as the last document of each is forgotten.
 *
 * The table has a bucket of one cache line for each hash of a band, with room for eight documents; when it is full, the
 * oldest gives way. Nothing is ever removed from it: a number that left the queue is known by being too small. So a search
 * looks at as many cache lines as there are bands, and at no more than eight times as many documents, however many there are. */
#include "dedupe/window.h"

#include <errno.h>
#include <string.h>

#include "dedupe/packed.h"
#include "text/hash.h"

enum {
  PIECE_BYTES = 256 * 1024,
  WAYS = 8,
  LINE_BYTES = 64,
  FIRST_ENTRIES = 256,
  FIRST_BUCKETS = 1024, /* for FIRST_ENTRIES documents with PRINT_BANDS each, at the load below */
  LOAD_NUM = 2,         /* a table more than two thirds full is doubled ... */
  LOAD_DEN = 3,
  CANDIDATES_MAX = PRINT_BANDS * WAYS
};

typedef struct entry {
  uint64_t simhash;
  uint64_t id_hash; /* 0: no id */
  uint32_t piece;   /* the number of the piece, counted from the first that there was */
  uint32_t offset;
  uint32_t limit;
  uint16_t n; /* 0: a newer entry has taken its place */
  uint16_t id_len;
  uint32_t packed_len;
} entry;

typedef struct bucket {
  uint32_t hashes[WAYS];
  uint32_t numbers[WAYS]; /* the low half of numbers */
} bucket;

_Static_assert(sizeof(bucket) == LINE_BYTES, "a bucket is one cache line");

struct window {
  const qn_host *host;
  qn_env *env;
  window_bounds bounds;
  uint64_t first, next; /* numbers of the oldest, and of the one to come */
  uint64_t forgotten;
  entry *entries; /* number n stands at n % capacity, a power of two */
  uint64_t capacity;
  void *table_memory;
  bucket *table;
  uint64_t n_buckets; /* a power of two */
  uint8_t **pieces;   /* piece n stands at n % pieces_max */
  uint32_t pieces_max;
  uint32_t first_piece, next_piece;
  uint32_t filled; /* bytes of the newest piece */
};

static entry *entry_of(const window *self, uint64_t number) {
  return &self->entries[number & (self->capacity - 1)];
}

static uint64_t bytes_overhead(const window *self) {
  return self->capacity * sizeof(entry) + self->n_buckets * sizeof(bucket) + self->pieces_max * sizeof(uint8_t *);
}

static uint64_t bytes_used(const window *self) {
  return bytes_overhead(self) + (uint64_t)(self->next_piece - self->first_piece) * PIECE_BYTES;
}

/* --- the table --- */

/* Zeroed buckets on cache lines; host memory is aligned to less. */
static bucket *table_new(window *self, uint64_t n_buckets, void **ret_memory) {
  size_t bytes = n_buckets * sizeof(bucket) + LINE_BYTES;
  uint8_t *memory = self->host->alloc(self->env, bytes);
  if (memory == NULL) {
    return NULL;
  }
  memset(memory, 0, bytes);
  *ret_memory = memory;
  return (bucket *)(void *)(memory + (LINE_BYTES - (uintptr_t)memory % LINE_BYTES) % LINE_BYTES);
}

static bool is_live(const window *self, uint32_t low_number) {
  uint32_t age = (uint32_t)self->next - 1 - low_number;
  return age < self->next - self->first;
}

static bucket *bucket_of(bucket *table, uint64_t n_buckets, uint32_t hash) {
  return &table[(hash * 0x9E3779B1u) & (n_buckets - 1)];
}

/* The place of something forgotten, or of the oldest. */
static uint32_t victim_of(const window *self, const bucket *full) {
  uint32_t victim = 0, greatest_age = 0;
  for (uint32_t i = 0; i < WAYS; i++) {
    uint32_t age = (uint32_t)self->next - full->numbers[i];
    if (!is_live(self, full->numbers[i])) {
      return i;
    }
    if (age > greatest_age) {
      greatest_age = age;
      victim = i;
    }
  }
  return victim;
}

static void table_put(window *self, bucket *table, uint64_t n_buckets, uint32_t hash, uint32_t low_number) {
  bucket *to = bucket_of(table, n_buckets, hash);
  uint32_t at = victim_of(self, to);
  to->hashes[at] = hash;
  to->numbers[at] = low_number;
}

static int table_double(window *self) {
  void *memory = NULL;
  bucket *larger = table_new(self, self->n_buckets * 2, &memory);
  if (larger == NULL) {
    return -ENOMEM;
  }
  for (uint64_t i = 0; i < self->n_buckets; i++) {
    const bucket *from = &self->table[i];
    for (uint32_t k = 0; k < WAYS; k++) {
      if (is_live(self, from->numbers[k])) {
        table_put(self, larger, self->n_buckets * 2, from->hashes[k], from->numbers[k]);
      }
    }
  }
  self->host->release(self->env, self->table_memory);
  self->table_memory = memory;
  self->table = larger;
  self->n_buckets *= 2;
  return 0;
}

/* --- forgetting --- */

static void free_piece(window *self, uint32_t piece) {
  uint8_t **place = &self->pieces[piece % self->pieces_max];
  self->host->release(self->env, *place);
  *place = NULL;
}

static void forget_oldest(window *self) {
  self->forgotten += entry_of(self, self->first)->n > 0;
  self->first++;
  uint32_t keep = self->first < self->next ? entry_of(self, self->first)->piece : self->next_piece;
  while (self->first_piece != keep) {
    free_piece(self, self->first_piece++);
  }
}

/* True if so many bytes more are within the bounds. */
static bool fits(const window *self, uint64_t bytes) {
  return bytes_used(self) + bytes <= self->bounds.bytes;
}

/* The same for entries and table, which leave half of the bytes to the documents themselves. */
static bool may_grow(const window *self, uint64_t bytes) {
  return fits(self, bytes) && bytes_overhead(self) + bytes <= self->bounds.bytes / 2;
}

/* --- room for one more --- */

static int entries_double(window *self) {
  entry *larger = self->host->alloc(self->env, self->capacity * 2 * sizeof *larger);
  if (larger == NULL) {
    return -ENOMEM;
  }
  for (uint64_t number = self->first; number < self->next; number++) {
    larger[number & (self->capacity * 2 - 1)] = *entry_of(self, number);
  }
  self->host->release(self->env, self->entries);
  self->entries = larger;
  self->capacity *= 2;
  return 0;
}

static int entries_make_room(window *self) {
  if (self->next - self->first < self->capacity) {
    return 0;
  }
  if (may_grow(self, self->capacity * sizeof(entry))) {
    return entries_double(self);
  }
  forget_oldest(self);
  return 0;
}

static int table_make_room(window *self) {
  uint64_t held = (self->next - self->first + 1) * PRINT_BANDS;
  uint64_t slots = self->n_buckets * WAYS;
  if (held * LOAD_DEN <= slots * LOAD_NUM) {
    return 0;
  }
  if (may_grow(self, self->n_buckets * sizeof(bucket))) {
    return table_double(self);
  }
  /* Nearly full buckets are still good, but for a few that lose their oldest. */
  while (self->next > self->first && (self->next - self->first + 1) * PRINT_BANDS * 8 > slots * 7) {
    forget_oldest(self);
  }
  return 0;
}

static int pieces_make_room(window *self, uint32_t bytes) {
  if (self->next_piece != self->first_piece && PIECE_BYTES - self->filled >= bytes) {
    return 0;
  }
  while (self->next > self->first &&
         (!fits(self, PIECE_BYTES) || self->next_piece - self->first_piece >= self->pieces_max)) {
    forget_oldest(self);
  }
  uint8_t *piece = self->host->alloc(self->env, PIECE_BYTES);
  if (piece == NULL) {
    return -ENOMEM;
  }
  self->pieces[self->next_piece++ % self->pieces_max] = piece;
  self->filled = 0;
  return 0;
}

static int make_room(window *self, uint32_t bytes) {
  while (self->next > self->first && self->next - self->first >= self->bounds.documents) {
    forget_oldest(self);
  }
  int rc = entries_make_room(self);
  rc = rc == 0 ? table_make_room(self) : rc;
  return rc == 0 ? pieces_make_room(self, bytes) : rc;
}

/* --- adding --- */

static uint64_t hash_id(qn_str id) {
  return id.len == 0 ? 0 : hash_bytes(HASH_SEED, (const uint8_t *)id.data, id.len) | 1;
}

static qn_str shorten(qn_str id) {
  if (id.len > WINDOW_ID_MAX) {
    for (id.len = WINDOW_ID_MAX; id.len > 0 && ((uint8_t)id.data[id.len] & 0xC0) == 0x80;) {
      id.len--;
    }
  }
  return id;
}

int window_add(window *self, const print *added, qn_str whole_id) {
  uint8_t packed[PACKED_BOUND(PRINT_MAX)];
  qn_str id = shorten(whole_id);
  uint32_t packed_len = (uint32_t)packed_write(added, packed);
  int rc = make_room(self, packed_len + (uint32_t)id.len);
  if (rc != 0) {
    return rc;
  }
  uint8_t *room = self->pieces[(self->next_piece - 1) % self->pieces_max] + self->filled;
  memcpy(room, packed, packed_len);
  if (id.len > 0) {
    memcpy(room + packed_len, id.data, id.len);
  }
  *entry_of(self, self->next) = (entry){
    .simhash = added->simhash,
    .id_hash = hash_id(whole_id),
    .piece = self->next_piece - 1,
    .offset = self->filled,
    .limit = added->limit,
    .n = (uint16_t)added->n,
    .id_len = (uint16_t)id.len,
    .packed_len = packed_len,
  };
  self->filled += packed_len + (uint32_t)id.len;
  for (uint32_t band = 0; band < PRINT_BANDS; band++) {
    table_put(self, self->table, self->n_buckets, added->bands[band], (uint32_t)self->next);
  }
  self->next++;
  return 0;
}

static const uint8_t *bytes_of(const window *self, const entry *of) {
  return self->pieces[of->piece % self->pieces_max] + of->offset;
}

static int unpack(const window *self, const entry *of, print *to) {
  return packed_read(bytes_of(self, of), of->packed_len, of->n, of->limit, to);
}

int window_refresh(window *self, uint64_t number, print *other) {
  if (number < self->first || number >= self->next || (number - self->first) * 2 >= self->next - self->first) {
    return 0;
  }
  char id[WINDOW_ID_MAX];
  entry *old = entry_of(self, number);
  if (old->n == 0 || unpack(self, old, other) != 0) {
    return 0;
  }
  uint64_t id_hash = old->id_hash;
  qn_str kept = { id, old->id_len };
  memcpy(id, bytes_of(self, old) + old->packed_len, old->id_len);
  print_derive(other);
  old->n = 0;
  int rc = window_add(self, other, kept);
  if (rc != 0) {
    return rc;
  }
  entry_of(self, self->next - 1)->id_hash = id_hash; /* of the whole id, if that was cut */
  return 1;
}

/* --- finding --- */

/* Documents that share a band, each once. */
static uint32_t find_candidates(const window *self, const print *wanted, uint32_t *numbers) {
  uint32_t n = 0;
  for (uint32_t band = 0; band < PRINT_BANDS; band++) {
    __builtin_prefetch(bucket_of(self->table, self->n_buckets, wanted->bands[band]));
  }
  for (uint32_t band = 0; band < PRINT_BANDS; band++) {
    const bucket *at = bucket_of(self->table, self->n_buckets, wanted->bands[band]);
    for (uint32_t i = 0; i < WAYS; i++) {
      if (at->hashes[i] != wanted->bands[band] || !is_live(self, at->numbers[i])) {
        continue;
      }
      uint32_t known = 0;
      while (known < n && numbers[known] != at->numbers[i]) {
        known++;
      }
      numbers[known] = at->numbers[i];
      n += known == n;
    }
  }
  return n;
}

bool window_find(window *self, const print *wanted, qn_str id, uint32_t distance, double similarity, print *other,
                 window_match *ret_match) {
  uint32_t numbers[CANDIDATES_MAX];
  uint32_t n = find_candidates(self, wanted, numbers);
  uint64_t id_hash = hash_id(id);
  bool found = false;
  for (uint32_t i = 0; i < n; i++) {
    uint64_t number = self->next - 1 - ((uint32_t)self->next - 1 - numbers[i]);
    const entry *candidate = entry_of(self, number);
    if (candidate->n == 0 || print_distance(candidate->simhash, wanted->simhash) > distance ||
        !print_may_reach(wanted, candidate->n, candidate->limit, similarity) || unpack(self, candidate, other) != 0) {
      continue;
    }
    double share = print_similarity(wanted, other);
    if (share < similarity) {
      continue;
    }
    bool itself = id_hash != 0 && candidate->id_hash == id_hash;
    bool better = !found || itself || share > ret_match->similarity ||
                  (share == ret_match->similarity && number < ret_match->number);
    if (better && !(found && ret_match->itself)) {
      *ret_match = (window_match){ .number = number, .similarity = share, .itself = itself };
    }
    found = true;
  }
  return found;
}

/* --- the whole --- */

int window_new(const qn_host *host, qn_env *env, const window_bounds *bounds, window **ret_window) {
  window *self = host->alloc(env, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  *self = (window){ .host = host, .env = env, .bounds = *bounds, .first = 1, .next = 1, .capacity = FIRST_ENTRIES };
  self->pieces_max = (uint32_t)(bounds->bytes / PIECE_BYTES + 1);
  self->n_buckets = FIRST_BUCKETS;
  self->entries = host->alloc(env, FIRST_ENTRIES * sizeof(entry));
  self->pieces = host->alloc(env, self->pieces_max * sizeof *self->pieces);
  self->table = table_new(self, FIRST_BUCKETS, &self->table_memory);
  if (self->entries == NULL || self->pieces == NULL || self->table == NULL) {
    window_free(self);
    return -ENOMEM;
  }
  memset(self->pieces, 0, self->pieces_max * sizeof *self->pieces);
  *ret_window = self;
  return 0;
}

void window_free(window *self) {
  if (self == NULL) {
    return;
  }
  while (self->first_piece != self->next_piece) {
    free_piece(self, self->first_piece++);
  }
  self->host->release(self->env, self->pieces);
  self->host->release(self->env, self->entries);
  self->host->release(self->env, self->table_memory);
  self->host->release(self->env, self);
}

void window_number_from(window *self, uint64_t first) {
  self->first = first;
  self->next = first;
}

uint64_t window_first(const window *self) {
  return self->first;
}

uint64_t window_next(const window *self) {
  return self->next;
}

bool window_get(const window *self, uint64_t number, window_document *ret_document) {
  const entry *found = entry_of(self, number);
  if (found->n == 0) {
    return false;
  }
  const uint8_t *bytes = bytes_of(self, found);
  *ret_document = (window_document){
    .id = { (const char *)bytes + found->packed_len, found->id_len },
    .n = found->n,
    .limit = found->limit,
    .packed = bytes,
    .packed_len = found->packed_len,
  };
  return true;
}

window_counts window_count(const window *self) {
  return (window_counts){ self->next - self->first, bytes_used(self), self->forgotten };
}
