/* SPDX-License-Identifier: Apache-2.0 */

/* Opens compiled lexicons and looks keys up in them. Everything that a look-up follows is checked here, once. */
#include "entities/lexicon.h"

#include <errno.h>
#include <string.h>

#include "text/utf8.h"

/* Four lanes, so that the check costs less than reading the pages; not made to resist forgery. */
uint64_t lexicon_checksum(const uint8_t *bytes, size_t len) {
  uint64_t lanes[4] = { 1, 2, 3, 4 };
  size_t i = 0;
  for (; i + 32 <= len; i += 32) {
    for (size_t k = 0; k < 4; k++) {
      lanes[k] = (lanes[k] ^ utf8_load8(bytes + i + 8 * k)) * 0x9E3779B97F4A7C15u;
      lanes[k] ^= lanes[k] >> 29;
    }
  }
  uint64_t sum = len;
  for (; i < len; i++) {
    sum = (sum ^ bytes[i]) * 0x100000001B3u;
  }
  for (size_t k = 0; k < 4; k++) {
    sum = (sum ^ lanes[k]) * 0xD6E8FEB86659FD93u;
    sum ^= sum >> 32;
  }
  return sum;
}

static int refuse(lexicon_fault *fault, const char *what) {
  fault->what = what;
  return -EINVAL;
}

/* True if n things of size bytes at offset lie within the file. */
static int lies_within(const qlex_header *header, uint64_t offset, uint64_t n, uint64_t size) {
  return offset % 8 == 0 && offset >= sizeof(qlex_header) && offset <= header->file_size &&
         n <= (header->file_size - offset) / size;
}

static int check_header(qn_str bytes, lexicon_fault *fault) {
  const qlex_header *header = (const qlex_header *)(const void *)bytes.data;
  if (bytes.len < sizeof(qlex_header) || ((uintptr_t)bytes.data & 7) != 0 || header->magic != QLEX_MAGIC) {
    return refuse(fault, "it is no compiled lexicon");
  }
  if (header->version != QLEX_VERSION || header->header_size != sizeof(qlex_header)) {
    return refuse(fault, "it was compiled for another version of Qanat; compile it again");
  }
  if (header->file_size != bytes.len) {
    return refuse(fault, "it is cut short or has something behind its end");
  }
  if (header->slots_log2 > QLEX_SLOTS_LOG2_MAX ||
      !lies_within(header, header->slots, UINT64_C(1) << header->slots_log2, sizeof(qlex_slot)) ||
      !lies_within(header, header->payloads, header->n_payloads, sizeof(qlex_payload)) ||
      !lies_within(header, header->entries, header->n_entries, sizeof(qlex_entry)) ||
      !lies_within(header, header->first, QLEX_FIRST_WORDS, sizeof(uint64_t)) ||
      !lies_within(header, header->held, QLEX_HELD_WORDS, sizeof(uint64_t)) ||
      !lies_within(header, header->likeness, QLEX_LIKENESS_SIZE, 1) ||
      !lies_within(header, header->spellings, header->n_spellings, sizeof(qlex_spelling)) ||
      header->parts_log2 > QLEX_PARTS_LOG2_MAX ||
      !lies_within(header, header->parts, UINT64_C(1) << header->parts_log2, sizeof(qlex_part)) ||
      !lies_within(header, header->strings, header->n_strings, 1)) {
    return refuse(fault, "a section lies outside of it");
  }
  size_t begin = offsetof(qlex_header, checksum) + sizeof header->checksum;
  if (lexicon_checksum((const uint8_t *)bytes.data + begin, bytes.len - begin) != header->checksum) {
    return refuse(fault, "its checksum is wrong: it was damaged");
  }
  return 0;
}

/* Without a branch, as check_payloads: each start looks at every slot. What is negative has its highest bit set. */
static int check_slots(const lexicon *lex, lexicon_fault *fault) {
  uint64_t n_payloads = lex->header->n_payloads;
  uint64_t n_empty = 0;
  uint64_t beyond = 0;
  for (uint64_t i = 0; i <= lex->slot_mask; i++) {
    const qlex_slot *slot = &lex->slots[i];
    n_empty += slot->print == 0;
    beyond |= n_payloads - slot->first - slot->n;
  }
  if (beyond >> 63 != 0) {
    return refuse(fault, "a slot points outside of it");
  }
  /* A probe ends at an empty slot. */
  return n_empty > 0 ? 0 : refuse(fault, "its table is full");
}

static int check_payloads(const lexicon *lex, lexicon_fault *fault) {
  uint32_t n_entries = lex->header->n_entries;
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < lex->header->n_payloads; i++) {
    wrong |= (uint32_t)(lex->payloads[i].entry >= n_entries) | (uint32_t)(lex->payloads[i].kind >= QLEX_KINDS);
  }
  return wrong == 0 ? 0 : refuse(fault, "an alias points outside of it");
}

/* True if a string of the lexicon is UTF-8. all_valid: all that its section holds is, so that only borders are left to see. */
static int is_text(const lexicon *lex, uint32_t begin, uint32_t len, int all_valid) {
  const uint8_t *text = (const uint8_t *)lex->strings;
  if (!all_valid) {
    return utf8_valid_prefix(text + begin, len) == len;
  }
  return len == 0 || (utf8_is_lead(text[begin]) && utf8_boundary(text, lex->header->n_strings, begin + len));
}

static int check_entries(const lexicon *lex, int all_valid, lexicon_fault *fault) {
  const qlex_header *header = lex->header;
  for (uint32_t i = 0; i < header->n_entries; i++) {
    const qlex_entry *entry = &lex->entries[i];
    if (entry->type > 4 || entry->name_len == 0 || entry->name_len > QLEX_NAME_MAX || entry->name > header->n_strings ||
        entry->name_len > header->n_strings - entry->name) {
      return refuse(fault, "an entry points outside of it");
    }
    if (entry->country < QLEX_ANY_COUNTRY && entry->country >= header->n_entries) {
      return refuse(fault, "an entry belongs to a country outside of it");
    }
    if (entry->owner != QLEX_NO_OWNER && entry->owner >= header->n_entries) {
      return refuse(fault, "an entry has an owner outside of it");
    }
    if (!is_text(lex, entry->name, entry->name_len, all_valid)) {
      return refuse(fault, "a name in it is not UTF-8");
    }
  }
  return 0;
}

static int check_spellings(const lexicon *lex, int all_valid, lexicon_fault *fault) {
  const qlex_header *header = lex->header;
  for (uint32_t i = 0; i < header->n_spellings; i++) {
    const qlex_spelling *spelling = &lex->spellings[i];
    if (spelling->entry >= header->n_entries || spelling->form > header->n_strings ||
        spelling->form_len > header->n_strings - spelling->form) {
      return refuse(fault, "a spelling points outside of it");
    }
    if (!is_text(lex, spelling->form, spelling->form_len, all_valid)) {
      return refuse(fault, "a spelling in it is not UTF-8");
    }
  }
  return 0;
}

int lexicon_open(qn_str bytes, lexicon *ret_lexicon, lexicon_fault *fault) {
  int r = check_header(bytes, fault);
  if (r != 0) {
    return r;
  }
  const qlex_header *header = (const qlex_header *)(const void *)bytes.data;
  lexicon opened = {
    .header = header,
    .slots = (const qlex_slot *)(const void *)(bytes.data + header->slots),
    .payloads = (const qlex_payload *)(const void *)(bytes.data + header->payloads),
    .entries = (const qlex_entry *)(const void *)(bytes.data + header->entries),
    .first = (const uint64_t *)(const void *)(bytes.data + header->first),
    .held = (const uint64_t *)(const void *)(bytes.data + header->held),
    .likeness = (const int8_t *)(const void *)(bytes.data + header->likeness),
    .spellings = (const qlex_spelling *)(const void *)(bytes.data + header->spellings),
    .parts = (const qlex_part *)(const void *)(bytes.data + header->parts),
    .strings = bytes.data + header->strings,
    .slot_mask = (UINT64_C(1) << header->slots_log2) - 1,
    .part_mask = (1u << header->parts_log2) - 1,
  };
  int all_valid = utf8_valid_prefix((const uint8_t *)opened.strings, header->n_strings) == header->n_strings;
  r = check_slots(&opened, fault);
  if (r == 0) {
    r = check_payloads(&opened, fault);
  }
  if (r == 0) {
    r = check_entries(&opened, all_valid, fault);
  }
  if (r == 0) {
    r = check_spellings(&opened, all_valid, fault);
  }
  if (r == 0) {
    *ret_lexicon = opened;
  }
  return r;
}

const qlex_slot *lexicon_search(const lexicon *lex, uint64_t print) {
  for (uint64_t i = print & lex->slot_mask;; i = (i + 1) & lex->slot_mask) {
    const qlex_slot *slot = &lex->slots[i];
    if (slot->print == print) {
      return slot;
    }
    if (slot->print == 0) {
      return NULL;
    }
  }
}

uint32_t lexicon_part(const lexicon *lex, uint64_t print) {
  for (uint32_t k = 0; k < QLEX_PARTS_PROBES; k++) {
    const qlex_part *part = &lex->parts[((uint32_t)print + k) & lex->part_mask];
    if (part->use == 0) {
      return 0;
    }
    if (part->check == (uint16_t)(print >> 48)) {
      return part->use;
    }
  }
  return 0;
}

int lexicon_likeness(const lexicon *lex, const char *form, size_t len) {
  uint32_t a = 0;
  uint32_t b = '^';
  uint32_t pos = 0;
  int sum = 0;
  int n = 0;
  while (pos < len) {
    uint32_t c = utf8_next((const uint8_t *)form, &pos);
    sum += lex->likeness[lexicon_trigram(a, b, c)];
    n++;
    a = b;
    b = c;
  }
  sum += lex->likeness[lexicon_trigram(a, b, '$')];
  return sum / (n + 1);
}
