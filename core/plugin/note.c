/* SPDX-License-Identifier: Apache-2.0 */

/* The manifest's note in an ELF file, by libelf. Reads program headers, which no strip takes away. */
#include <errno.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/manifest_parts.h"

enum { NOTE_TYPE = 1, PROGRAM_HEADERS_MAX = 1024 };
static const char note_owner[] = "Qanat";

/* What this Qanat itself is built for: a library for another processor cannot be loaded. */
#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64, OWN_CLASS = ELFCLASS64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64, OWN_CLASS = ELFCLASS64 };
#elif defined(__riscv)
enum { OWN_MACHINE = EM_RISCV, OWN_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 };
#else
enum { OWN_MACHINE = EM_NONE, OWN_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 };
#endif

static int not_elf(const char *path, qn_error *error) {
  return error_set(error, -ENOEXEC, "not-elf", "%s: not an ELF file; a plugin is a shared object, built with `-shared`",
                   path);
}

static int kind_check(Elf *elf, const char *path, qn_error *error) {
  GElf_Ehdr header;
  if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL) {
    return not_elf(path, error);
  }
  if (header.e_type != ET_DYN) {
    return error_set(error, -ENOEXEC, "not-shared", "%s: an ELF file, but not a shared object; link it with `-shared`",
                     path);
  }
  if (header.e_ident[EI_CLASS] != OWN_CLASS || (OWN_MACHINE != EM_NONE && header.e_machine != OWN_MACHINE)) {
    return error_set(error, -ENOEXEC, "other-machine",
                     "%s: built for another processor (ELF machine %u, this Qanat is %u); build it for this one", path,
                     (unsigned)header.e_machine, (unsigned)OWN_MACHINE);
  }
  return 0;
}

static int copy_out(const Elf_Data *data, size_t offset, size_t len, const char *path, char **ret_json, size_t *ret_len,
                    qn_error *error) {
  if (len > MANIFEST_BYTES_MAX) {
    return error_set(error, -EFBIG, "bad-manifest", "%s: its manifest has %zu bytes; at most %d are allowed", path, len,
                     MANIFEST_BYTES_MAX);
  }
  char *json = malloc(len + 1);
  if (json == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "%s: no memory to read its manifest", path);
  }
  memcpy(json, (const char *)data->d_buf + offset, len);
  json[len] = '\0';
  *ret_json = json;
  *ret_len = len;
  return 0;
}

/* Looks through one segment of notes. -ENOMSG: ours is not among them. */
static int segment_search(Elf *elf, const GElf_Phdr *segment, const char *path, char **ret_json, size_t *ret_len,
                          qn_error *error) {
  Elf_Type type = segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
  /* Bounded by the file's size in there; a lying header gives NULL. */
  Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)segment->p_offset, segment->p_filesz, type);
  if (data == NULL) {
    return -ENOMSG;
  }
  GElf_Nhdr note;
  size_t name_offset = 0, text_offset = 0, next = 0, offset = 0;
  while ((next = gelf_getnote(data, offset, &note, &name_offset, &text_offset)) > 0) {
    if (note.n_type == NOTE_TYPE && note.n_namesz == sizeof note_owner &&
        memcmp((const char *)data->d_buf + name_offset, note_owner, sizeof note_owner) == 0) {
      return copy_out(data, text_offset, note.n_descsz, path, ret_json, ret_len, error);
    }
    offset = next;
  }
  return -ENOMSG;
}

static int note_search(Elf *elf, const char *path, char **ret_json, size_t *ret_len, qn_error *error) {
  size_t n_headers = 0;
  if (elf_getphdrnum(elf, &n_headers) != 0 || n_headers > PROGRAM_HEADERS_MAX) {
    return not_elf(path, error);
  }
  for (size_t i = 0; i < n_headers; i++) {
    GElf_Phdr segment;
    if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_NOTE) {
      continue;
    }
    int rc = segment_search(elf, &segment, path, ret_json, ret_len, error);
    if (rc != -ENOMSG) {
      return rc;
    }
  }
  return error_set(
      error, -ENOMSG, "no-manifest",
      "%s: has no Qanat manifest; make one with `qanat-manifest manifest.json OUT.c OUT.h` and compile OUT.c "
      "into the plugin",
      path);
}

int note_read(int fd, const char *path, char **ret_json, size_t *ret_len, qn_error *error) {
  if (elf_version(EV_CURRENT) == EV_NONE) {
    return error_set(error, -ENOSYS, "no-libelf", "libelf is older than the one Qanat was built with: %s",
                     elf_errmsg(-1));
  }
  Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
  if (elf == NULL) {
    return not_elf(path, error);
  }
  int rc = kind_check(elf, path, error);
  if (rc == 0) {
    rc = note_search(elf, path, ret_json, ret_len, error);
  }
  elf_end(elf);
  return rc;
}
