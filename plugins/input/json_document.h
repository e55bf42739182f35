/* SPDX-License-Identifier: Apache-2.0 */

/* A document given as one JSON object: which members make it stands in the configuration ("fields", "keep", "media_type"),
 * the same for all sources that take JSON.
 *
 * A source reads the object, asks the host for json_document_room() bytes, fills them and commits; so it may wait for
 * credit in between, and says in its own way what is wrong. */
#ifndef INPUT_JSON_DOCUMENT_H
#define INPUT_JSON_DOCUMENT_H

#include "input/fault.h"
#include "input/json_pick.h"
#include "qanat/stage.h"

/* The members of a JSON document, as indices into members.names; what is kept besides follows. */
enum {
  MEMBER_TEXT = 0,
  MEMBER_ID,
  MEMBER_MEDIA_TYPE,
  MEMBER_TITLE, /* from here on a member becomes a field */
  MEMBER_PUBLISHED,
  MEMBER_BYLINE,
  MEMBER_LANGUAGE,
  MEMBER_URL,
  MEMBER_KEPT,
  MEMBERS_MAX = MEMBER_KEPT + 32 + 1
};

typedef struct members {
  char *names[MEMBERS_MAX]; /* owned */
  uint32_t n;               /* picked */
  uint32_t n_fields;        /* of them, those that are the document's; at most one more is for the source itself */
  uint32_t depth_max;       /* how deep objects and arrays may stand in each other */
  char *media_type;         /* of texts whose object does not say; owned */
} members;

/* Reads "/fields", "/keep" and "/media_type", which the schema must have. 0, -ENOMEM. */
int members_read(qn_create *create, members *ret_members);
/* Picks one more member, which is no field; what it holds is json_document_string(). 0, -ENOMEM. */
int members_also(members *members, const char *name, size_t len);
void members_done(members *members); /* all zeros is fine */

typedef struct json_document {
  json_value values[MEMBERS_MAX]; /* slices of the JSON */
  char *id;                       /* owned; NULL: it has none */
  size_t id_len;
  char *media_type; /* owned; NULL: that of the configuration */
  size_t media_type_len;
} json_document;

/* Takes one object apart; json must live as long as what is found. 0; -EBADMSG with fault: it is no document; -ENOMEM. */
int json_document_read(const members *members, const char *json, size_t len, json_document *ret_document,
                       file_fault *fault);
void json_document_done(json_document *document);

/* Bytes that the text takes at most. */
size_t json_document_room(const json_document *document);

/* Sets the fields of the document that call has reserved and writes its text into payload. 0; -EBADMSG with fault: a field is
 * too large; or the host's errno. */
int json_document_fill(const members *members, qn_call *call, const json_document *document, uint8_t *payload,
                       size_t *ret_len, file_fault *fault);

/* The string, or number as text, that member number `index` is, clean and to be freed; NULL with 0 if it is absent, empty or
 * something else. 0, -ENOMEM. */
int json_document_string(const json_document *document, uint32_t index, char **ret_text, size_t *ret_len);

/* What goes into the id and the media type of its qn_emit. */
qn_str json_document_id(const json_document *document);
qn_str json_document_media_type(const members *members, const json_document *document);

#endif
