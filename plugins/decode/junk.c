/* SPDX-License-Identifier: Apache-2.0 */

/* Looks at first bytes and counts characters. */
#include "decode/junk.h"

#include <stdbool.h>
#include <string.h>

#include "text/blocks.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { SAMPLE_BYTES = 1 << 16, LANGUAGE_BYTES = 4096, MARKED_BYTES = 1024 };

/* True if bytes hold what text in an encoding with ASCII does not: then a magic number of letters is to be believed. */
static bool has_odd_bytes(const uint8_t *bytes, size_t len) {
  len = len < MARKED_BYTES ? len : MARKED_BYTES;
  for (size_t i = 0; i < len; i++) {
    if (bytes[i] < 0x09 || (bytes[i] > 0x0D && bytes[i] < 0x20 && bytes[i] != 0x1B)) {
      return true;
    }
  }
  return false;
}

const char *junk_kind(const uint8_t *bytes, size_t len) {
  static const struct {
    const char *magic;
    uint8_t len, at;
    bool sure; /* no text begins so */
    const char *kind;
  } kinds[] = {
    { "%PDF-", 5, 0, true, "a PDF file" },
    { "PK\3\4", 4, 0, true, "a ZIP archive (or a document of Word, Excel or OpenOffice)" },
    { "\xD0\xCF\x11\xE0", 4, 0, true, "an old Word or Excel document" },
    { "{\\rtf", 5, 0, true, "an RTF document" },
    { "\x89PNG", 4, 0, true, "a PNG picture" },
    { "\xFF\xD8\xFF", 3, 0, true, "a JPEG picture" },
    { "GIF8", 4, 0, false, "a GIF picture" },
    { "RIFF", 4, 0, false, "a media file (RIFF)" },
    { "ftyp", 4, 4, false, "a media file (MP4)" },
    { "OggS", 4, 0, false, "a media file (Ogg)" },
    { "ID3", 3, 0, false, "a media file (MP3)" },
    { "\x1F\x8B", 2, 0, true, "gzip data" },
    { "\x28\xB5\x2F\xFD", 4, 0, true, "zstd data" },
    { "BZh", 3, 0, false, "bzip2 data" },
    { "\xFD"
      "7zXZ",
      5, 0, true, "xz data" },
    { "7z\xBC\xAF", 4, 0, true, "a 7z archive" },
    { "Rar!", 4, 0, false, "a RAR archive" },
    { "\x7F"
      "ELF",
      4, 0, true, "a program" },
    { "SQLite format 3", 16, 0, true, "an SQLite database" },
  };
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    size_t at = kinds[i].at;
    if (len >= at + kinds[i].len && memcmp(bytes + at, kinds[i].magic, kinds[i].len) == 0 &&
        (kinds[i].sure || has_odd_bytes(bytes, len))) {
      return kinds[i].kind;
    }
  }
  return NULL;
}

void junk_count(const uint8_t *text, size_t len, uint64_t *ret_characters, uint64_t *ret_controls) {
  uint64_t characters = 0, controls = 0;
  len = len < SAMPLE_BYTES ? len : SAMPLE_BYTES;
  for (size_t i = 0; i < len; i++) {
    characters += utf8_is_lead(text[i]) != 0;
    controls += (text[i] < 0x20 && (text[i] < 0x09 || text[i] > 0x0D)) || text[i] == 0x7F;
  }
  *ret_characters = characters;
  *ret_controls = controls;
}

/* Letters that Persian and Urdu have and Arabic news does not, but for a name now and then. */
static bool is_persian(uint32_t code) {
  return code == 0x06CC || code == 0x06A9 || code == 0x06AF || code == 0x067E || code == 0x0686;
}

static bool is_urdu(uint32_t code) {
  return code == 0x0679 || code == 0x0688 || code == 0x0691 || code == 0x06BA || code == 0x06C1 || code == 0x06D2;
}

/* Counts the letters of a block that has nothing but characters below 'A' and of U+0600 to U+066D, of which those of
 * LETTERS_ARABIC_PLACES are the letters; -1 if it has anything else. One byte behind the block is looked at. */
static int count_plain_block(const uint8_t *text) {
  text_block at = block_load(text);
  text_block next = block_load(text + 1);
  text_block first_half = block_is(at, 0xD8);
  text_block second_half = block_is(at, 0xD9) & (text_block)(next < 0xAE);
  if (block_any(~(first_half | second_half | block_is(at & 0xC0, 0x80) | (text_block)(at < 'A')))) {
    return -1;
  }
  return (int)block_count((first_half & block_is(next & 0xE0, 0xA0)) | (second_half & (text_block)(next - 0x81 < 10)));
}

const char *junk_language(const uint8_t *text, size_t len) {
  uint32_t n_letters = 0, n_arabic = 0, n_common = 0, n_persian = 0, n_urdu = 0;
  uint32_t end = len < LANGUAGE_BYTES ? (uint32_t)len : LANGUAGE_BYTES;
  while (end > 0 && end < len && !utf8_is_lead(text[end])) {
    end--;
  }
  uint32_t not_plain = 0; /* up to where it is read by characters */
  for (uint32_t at = 0; at < end;) {
    if (at >= not_plain && end - at > TEXT_BLOCK) {
      int n_in_block = count_plain_block(text + at);
      if (n_in_block >= 0) {
        n_common += (uint32_t)n_in_block;
        at += TEXT_BLOCK + (text[at + TEXT_BLOCK - 1] >= 0xC0);
        continue;
      }
      not_plain = at + TEXT_BLOCK;
    }
    if (text[at] < 'A') {
      at++; /* a space, nearly always */
      continue;
    }
    uint32_t place = text[at] >= 0xD8 ? letters_arabic_place(text + at) : 64;
    if (place < 64 && (LETTERS_ARABIC_PLACES >> place & 1) != 0) {
      n_common++;
      at += 2;
      continue;
    }
    uint32_t code = utf8_next(text, &at);
    uint8_t class = letters_class(code);
    if ((class & LETTERS_KIND_MASK) == LETTERS_LETTER) {
      n_letters++;
      n_arabic += letters_class_script(class) == LETTERS_SCRIPT_ARABIC;
      n_persian += is_persian(code);
      n_urdu += is_urdu(code);
    }
  }
  n_letters += n_common;
  n_arabic += n_common;
  if (n_arabic < 8 || n_arabic * 2 < n_letters) {
    return NULL;
  }
  return n_urdu * 50 > n_arabic ? "ur" : n_persian * 20 > n_arabic ? "fa" : "ar";
}
