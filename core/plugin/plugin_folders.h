/* SPDX-License-Identifier: Apache-2.0 */

/* Where plugin files lie, for the registry and for commands that plugins bring. Floor 2. */
#ifndef CORE_PLUGIN_PLUGIN_FOLDERS_H
#define CORE_PLUGIN_PLUGIN_FOLDERS_H

/* What a scan calls; a result that is not 0 ends it and becomes its result. Paths are absolute, without links. */
typedef struct plugin_visitor {
  int (*file)(void *arg, const char *path);
  int (*unreadable)(void *arg, const char *path, int code); /* a folder; code is a negative errno */
  void *arg;
} plugin_visitor;

/* Visits every NAME.so and NAME/NAME.so in the folder, sorted by name. */
int plugin_folder_scan(const char *folder, const plugin_visitor *visitor);

/* The folders of QANAT_PLUGIN_PATH, then those of the build tree the executable stands in, or else the installed one. */
int plugin_folders_scan_standard(const plugin_visitor *visitor);

#endif
