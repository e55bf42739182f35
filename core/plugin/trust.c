/* SPDX-License-Identifier: Apache-2.0 */

/* Whether others than its owner could have written a plugin file. */
#include "plugin/trust.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

/* Where the umask is 002, people's files are writable by the group that is theirs alone. */
static bool is_own_group(uid_t owner, gid_t group) {
  struct passwd entry, *found = NULL;
  char strings[4096];
  if (getpwuid_r(owner, &entry, strings, sizeof strings, &found) == 0 && found != NULL) {
    return entry.pw_gid == group;
  }
  /* No account of that number, as in many containers: then only our own group counts. */
  return owner == geteuid() && group == getegid();
}

int trust_check(const struct stat *info, const char *path, qn_error *error) {
  if ((info->st_mode & S_IWOTH) != 0) {
    return error_set(error, -EPERM, "writable",
                     "%s: anybody may write this file, so its code is not run; say `chmod go-w` on it, or say "
                     "--allow-writable-plugins",
                     path);
  }
  if ((info->st_mode & S_IWGRP) != 0 && !is_own_group(info->st_uid, info->st_gid)) {
    return error_set(
        error, -EPERM, "writable",
        "%s: its group (%u), which is not its owner's own, may write this file, so its code is not run; say "
        "`chmod g-w` on it, or say --allow-writable-plugins",
        path, (unsigned)info->st_gid);
  }
  return 0;
}
