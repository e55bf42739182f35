/* SPDX-License-Identifier: Apache-2.0 */

/* Reads documents out of JSON: one object, or one on each line. Pure: bytes in, drafts out, on any thread. */
#ifndef HTTP_JSON_DOCUMENTS_H
#define HTTP_JSON_DOCUMENTS_H

#include "http/drafts.h"

/* The members of a JSON document, as indices into json_rules.members; what is kept besides follows. */
enum {
  MEMBER_TEXT = 0,
  MEMBER_ID,
  MEMBER_MEDIA_TYPE,
  MEMBER_TITLE, /* from here on a member becomes the field of the same place in json_member_fields */
  MEMBER_PUBLISHED,
  MEMBER_BYLINE,
  MEMBER_LANGUAGE,
  MEMBER_URL,
  MEMBER_KEPT,
  MEMBERS_MAX = MEMBER_KEPT + 32
};

enum {
  DRAFT_ID_MAX = 256,
  DRAFT_FIELDS_MAX = 56 << 10, /* bytes of all fields of a document; the host allows 64 KiB with id, source and type */
  DRAFT_LANGUAGE_MAX = 35      /* the longest BCP 47 tag that needs no private parts */
};

/* The field that each member becomes; NULL for those that become none. */
extern const char *const json_member_fields[MEMBER_KEPT];

typedef struct json_rules {
  const char *members[MEMBERS_MAX]; /* names; "a.b" is member b of the object a */
  uint32_t n_members;
  uint32_t max_depth, max_values, max_documents;
} json_rules;

/* Reads the body, which is changed: strings are unescaped in place, and drafts point into it. What is wrong with one document
 * stands in its draft. Blank lines count as lines and are no documents. 0, -E2BIG (more than max_documents lines), -ENOMEM. */
int json_documents_read(const json_rules *rules, char *bytes, size_t len, int lines, drafts *ret_drafts);

#endif
