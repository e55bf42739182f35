/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the client's configuration and gives it to libcurl. Certificates are always checked, and only HTTP is spoken,
 * also after a redirection. */
#include "post/client_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "exchange/setting.h"

enum { HEADERS_MAX = 64 };

/* --- the address --- */

static char *url_part(CURLU *url, CURLUPart part) {
  char *text = NULL;
  return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static int target_make(qn_create *create, CURLU *url, client_config *config) {
  char *scheme = url_part(url, CURLUPART_SCHEME);
  char *host = url_part(url, CURLUPART_HOST);
  char *port = url_part(url, CURLUPART_PORT);
  char *path = url_part(url, CURLUPART_PATH);
  int rc = 0;
  if (scheme == NULL || host == NULL || (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
    rc = setting_refuse(create, "\"url\" must begin with http:// or https:// and name a host");
  } else if (asprintf(&config->target, "%s://%s%s%s%.200s", scheme, host, port == NULL ? "" : ":",
                      port == NULL ? "" : port, path == NULL ? "" : path) < 0) {
    config->target = NULL;
    rc = -ENOMEM;
  }
  curl_free(scheme);
  curl_free(host);
  curl_free(port);
  curl_free(path);
  return rc;
}

static int read_url(qn_create *create, client_config *config) {
  int rc = setting_copy(create, "/url", &config->url);
  CURLU *url = rc == 0 ? curl_url() : NULL;
  if (url == NULL) {
    return -ENOMEM;
  }
  CURLUcode code = curl_url_set(url, CURLUPART_URL, config->url == NULL ? "" : config->url, 0);
  rc = code == CURLUE_OUT_OF_MEMORY ? -ENOMEM
       : code != CURLUE_OK
           ? setting_refuse(create, "\"url\" is no address that can be read; it looks like https://host/path")
           : target_make(create, url, config);
  curl_url_cleanup(url);
  return rc;
}

/* --- headers --- */

static bool is_name(qn_str name) {
  for (size_t i = 0; i < name.len; i++) {
    if (name.data[i] <= ' ' || name.data[i] >= 127 || strchr("()<>@,;:\\\"/[]?={}", name.data[i]) != NULL) {
      return false;
    }
  }
  return name.len > 0 && name.len <= 200;
}

static int add_header(client_config *config, const char *line) {
  struct curl_slist *longer = curl_slist_append(config->headers, line);
  if (longer == NULL) {
    return -ENOMEM;
  }
  config->headers = longer;
  return 0;
}

static int read_header(qn_create *create, qn_str name, client_config *config) {
  char pointer[SETTING_POINTER_MAX];
  char *line = NULL;
  setting_member("/headers", name, pointer);
  qn_str value = qn_config_str(create, pointer);
  while (value.len > 0 && (value.data[value.len - 1] == '\n' || value.data[value.len - 1] == '\r')) {
    value.len--; /* a file with a secret in it mostly ends with a newline */
  }
  for (size_t i = 0; i < value.len; i++) {
    if ((unsigned char)value.data[i] < ' ' || value.data[i] == 127) {
      return setting_refuse(create, "a value under \"headers\" holds a control character");
    }
  }
  /* An empty one is sent only if it ends with a semicolon. */
  int len = asprintf(&line, value.len == 0 ? "%.*s;" : "%.*s: %.*s", (int)name.len, name.data, (int)value.len,
                     value.data == NULL ? "" : value.data);
  int rc = len < 0 ? -ENOMEM : add_header(config, line);
  free(len < 0 ? NULL : line);
  return rc;
}

static int read_headers(qn_create *create, const char *media_type, client_config *config) {
  bool has_type = false;
  qn_str name;
  uint32_t i = 0;
  for (; i < HEADERS_MAX && create->host->config_key(create, "/headers", i, &name) == 0; i++) {
    if (!is_name(name)) {
      return setting_refuse(create, "a name under \"headers\" is none that HTTP allows");
    }
    has_type = has_type || strcasecmp(name.data, "content-type") == 0; /* the host's strings end with NUL */
    int rc = read_header(create, name, config);
    if (rc != 0) {
      return rc;
    }
  }
  if (i == HEADERS_MAX) {
    return setting_refuse(create, "\"headers\" has too many of them");
  }
  char type[100];
  snprintf(type, sizeof type, "Content-Type: %s", media_type);
  int rc = has_type ? 0 : add_header(config, type);
  rc = rc == 0 && config->compress ? add_header(config, "Content-Encoding: gzip") : rc;
  return rc == 0 ? add_header(config, "Expect:") : rc; /* or a body over 1 MiB would wait for leave to be sent */
}

/* --- the whole --- */

static int read_rest(qn_create *create, client_config *config) {
  int rc = setting_copy(create, "/method", &config->method);
  rc = rc == 0 ? setting_copy(create, "/proxy", &config->proxy) : rc;
  rc = rc == 0 ? setting_copy(create, "/ca_file", &config->ca_file) : rc;
  config->timeout_ms = (long)qn_config_i64(create, "/timeout_ms", 30000);
  config->connect_ms = (long)qn_config_i64(create, "/connect_ms", 10000);
  config->redirects = (long)qn_config_i64(create, "/redirects", 0);
  config->n_connections = (uint32_t)qn_config_i64(create, "/connections", 4);
  config->pause_max_ms = (uint64_t)qn_config_i64(create, "/pause_max_ms", 60000);
  qn_str compress = qn_config_str(create, "/compress");
  config->compress = compress.len == 4 && memcmp(compress.data, "gzip", 4) == 0;
  if (rc == 0 && config->ca_file != NULL && access(config->ca_file, R_OK) != 0) {
    char text[400];
    snprintf(text, sizeof text, "\"ca_file\": cannot read %.200s: %s", config->ca_file, strerror(errno));
    return setting_refuse(create, text);
  }
  return rc;
}

int client_config_read(qn_create *create, const char *media_type, client_config *ret_config) {
  memset(ret_config, 0, sizeof *ret_config);
  int rc = read_url(create, ret_config);
  rc = rc == 0 ? read_rest(create, ret_config) : rc;
  rc = rc == 0 ? read_headers(create, media_type, ret_config) : rc;
  if (rc != 0) {
    client_config_done(ret_config);
  }
  return rc;
}

void client_config_done(client_config *config) {
  free(config->url);
  free(config->target);
  free(config->method);
  free(config->proxy);
  free(config->ca_file);
  curl_slist_free_all(config->headers);
  memset(config, 0, sizeof *config);
}

int client_config_apply(const client_config *config, CURL *easy) {
  CURLcode code = CURLE_OK;
#define SET(option, value) code = code == CURLE_OK ? curl_easy_setopt(easy, option, value) : code
  SET(CURLOPT_URL, config->url);
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_HTTPHEADER, config->headers);
  SET(CURLOPT_USERAGENT, "qanat");
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
  /* A redirection must not lead from a checked connection to a bare one. */
  SET(CURLOPT_REDIR_PROTOCOLS_STR, strncmp(config->target, "https", 5) == 0 ? "https" : "http,https");
  SET(CURLOPT_FOLLOWLOCATION, config->redirects > 0 ? 1L : 0L);
  SET(CURLOPT_MAXREDIRS, config->redirects);
  SET(CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
  SET(CURLOPT_TIMEOUT_MS, config->timeout_ms);
  SET(CURLOPT_CONNECTTIMEOUT_MS, config->connect_ms);
  SET(CURLOPT_ACCEPT_ENCODING, "");
  if (config->method != NULL && strcmp(config->method, "POST") != 0) {
    SET(CURLOPT_CUSTOMREQUEST, config->method);
  }
  if (config->proxy != NULL) {
    SET(CURLOPT_PROXY, strcmp(config->proxy, "none") == 0 ? "" : config->proxy);
  }
  if (config->ca_file != NULL) {
    SET(CURLOPT_CAINFO, config->ca_file);
  }
#undef SET
  return code == CURLE_OK ? 0 : code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EIO;
}
