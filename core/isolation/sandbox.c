/* SPDX-License-Identifier: Apache-2.0 */

/* Rlimits, Landlock and two seccomp filters. The filters are lists of what is denied, as a plugin may use any library:
 * what reaches another process, the network, the kernel's wider surface or, in the second, a file by its name. They hold
 * for threads that the plugin has started, which Landlock's rules do not; so Landlock is the second fence, not the first.
 * Denied calls fail with EPERM, so that libraries can cope. */
#include "isolation/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "seccomp: name this machine's AUDIT_ARCH here"
#endif

enum { PROGRAM_MAX = 256, LANDLOCK_TRUNCATES = 3 }; /* from that version on it holds truncate() too */

/* --- limits --- */

static void limit(int what, rlim_t most) {
  struct rlimit both;
  if (getrlimit(what, &both) == 0) {
    both.rlim_max = both.rlim_max == RLIM_INFINITY || both.rlim_max > most ? most : both.rlim_max;
    both.rlim_cur = both.rlim_max;
    setrlimit(what, &both);
  }
}

static void limits_set(const plan_isolation *rules) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, rules->open_files);
  limit(RLIMIT_FSIZE, (rlim_t)rules->file_bytes); /* also of the memory that large results are passed in */
  if (SANDBOX_LIMITS_MEMORY && rules->memory_bytes > 0) {
    limit(RLIMIT_AS, rules->memory_bytes);
  }
}

/* --- Landlock --- */

#define LANDLOCK_READS (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_FIRST UINT64_C(0x1FFF) /* what its first version knows; every kernel with Landlock takes it */
#define LANDLOCK_TRUNCATE (UINT64_C(1) << 14)
#define LANDLOCK_OF_FILES                                                                                              \
  (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_TRUNCATE)

/* What resolving names and trusting certificates reads. */
static const char *const network_files[] = { "/etc/resolv.conf",
                                             "/etc/hosts",
                                             "/etc/host.conf",
                                             "/etc/nsswitch.conf",
                                             "/etc/gai.conf",
                                             "/etc/services",
                                             "/etc/ssl",
                                             "/etc/ca-certificates",
                                             "/usr/share/ca-certificates",
                                             "/usr/local/share/ca-certificates",
                                             "/usr/lib",
                                             "/lib" };

static uint64_t landlock_all(int version) {
  return version >= LANDLOCK_TRUNCATES ? LANDLOCK_FIRST | LANDLOCK_TRUNCATE : LANDLOCK_FIRST;
}

static int landlock_version(void) {
  long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? (int)version : 0;
}

static int landlock_new(int version) {
  struct landlock_ruleset_attr all = { .handled_access_fs = landlock_all(version) };
  return (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all.handled_access_fs, 0);
}

/* A path that is not there needs no rule. */
static void landlock_allow(int rules, const char *path, uint64_t access) {
  struct stat info;
  struct landlock_path_beneath_attr below = { .allowed_access = access, .parent_fd = open(path, O_PATH | O_CLOEXEC) };
  if (below.parent_fd < 0) {
    return;
  }
  if (fstat(below.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode)) {
    below.allowed_access &= LANDLOCK_OF_FILES;
  }
  syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
  close(below.parent_fd);
}

static void landlock_allow_agreed(int rules, int version, const plan_isolation *agreed) {
  for (uint32_t i = 0; i < agreed->n_read; i++) {
    landlock_allow(rules, agreed->read[i], LANDLOCK_READS);
  }
  for (uint32_t i = 0; i < agreed->n_write; i++) {
    landlock_allow(rules, agreed->write[i], landlock_all(version));
  }
  for (size_t i = 0; agreed->network && i < sizeof network_files / sizeof network_files[0]; i++) {
    landlock_allow(rules, network_files[i], LANDLOCK_READS);
  }
}

/* Reading everywhere while the plugin is loaded; afterwards what was agreed alone. Kernels without Landlock leave it to
 * seccomp, which can do so only if nothing was agreed. 0 or the errno. */
static int landlock_set(int version, const plan_isolation *agreed, bool loads) {
  int rules = version > 0 ? landlock_new(version) : -1;
  if (rules < 0) {
    return 0;
  }
  if (loads) {
    landlock_allow(rules, "/", LANDLOCK_READS);
    landlock_allow(rules, "/dev/null", LANDLOCK_READS | LANDLOCK_ACCESS_FS_WRITE_FILE);
  }
  landlock_allow_agreed(rules, version, agreed);
  int rc = syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? 0 : -errno;
  close(rules);
  return rc;
}

static bool reaches_files(const plan_isolation *rules) {
  return rules->network || rules->n_read + rules->n_write > 0;
}

static unsigned count_threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  unsigned n = 0;
  while (tasks != NULL && readdir(tasks) != NULL) {
    n++;
  }
  if (tasks != NULL) {
    closedir(tasks);
  }
  return n;
}

/* --- seccomp --- */

typedef struct program {
  unsigned short n;
  struct sock_filter code[PROGRAM_MAX];
} program;

static void put(program *to, struct sock_filter instruction) {
  if (to->n < PROGRAM_MAX) {
    to->code[to->n++] = instruction;
  }
}

static void put_load(program *to, size_t offset) {
  put(to, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void put_result(program *to, uint32_t result) {
  put(to, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

static void put_begin(program *to) {
  put_load(to, offsetof(struct seccomp_data, arch));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0));
  put_result(to, SECCOMP_RET_KILL_PROCESS);
  put_load(to, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1)); /* x32 */
  put_result(to, SECCOMP_RET_KILL_PROCESS);
#endif
}

static void put_denied(program *to, const int *calls, size_t n_calls, uint32_t code) {
  for (size_t i = 0; i < n_calls; i++) {
    put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1));
    put_result(to, SECCOMP_RET_ERRNO | code);
  }
}

/* Threads are allowed, processes are not; a call is denied unless its first argument has these bits. */
static void put_clone(program *to) {
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SYS_clone, 0, 4));
  put_load(to, offsetof(struct seccomp_data, args));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  put_result(to, SECCOMP_RET_ERRNO | EPERM);
  put_result(to, SECCOMP_RET_ALLOW);
}

/* Signals go to the process itself only, as abort() sends them. */
static void put_signal(program *to, int call) {
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4));
  put_load(to, offsetof(struct seccomp_data, args));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 1, 0));
  put_result(to, SECCOMP_RET_ERRNO | EPERM);
  put_result(to, SECCOMP_RET_ALLOW);
}

/* Limits can be asked for, not set: a privileged user could raise them. */
static void put_limits(program *to) {
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SYS_prlimit64, 0, 6));
  put_load(to, offsetof(struct seccomp_data, args) + 2 * sizeof(uint64_t));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2));
  put_load(to, offsetof(struct seccomp_data, args) + 2 * sizeof(uint64_t) + sizeof(uint32_t));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
  put_result(to, SECCOMP_RET_ERRNO | EPERM);
  put_result(to, SECCOMP_RET_ALLOW);
}

/* The network is the Internet's protocols: no sockets of this machine's services, none of the kernel's, no raw packets. */
static void put_socket(program *to) {
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)SYS_socket, 0, 8));
  put_load(to, offsetof(struct seccomp_data, args));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 3));
  put_load(to, offsetof(struct seccomp_data, args) + sizeof(uint64_t));
  put(to, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xF));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, SOCK_DGRAM, 0, 1));
  put_result(to, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
  put_result(to, SECCOMP_RET_ALLOW);
}

/* Truncating by an open for reading, which Landlock before its third version does not see. */
static void put_truncating_open(program *to, int call, unsigned argument) {
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 5));
  put_load(to, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
  put(to, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_TRUNC | O_ACCMODE));
  put(to, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TRUNC | O_RDONLY, 0, 1));
  put_result(to, SECCOMP_RET_ERRNO | EACCES);
  put_result(to, SECCOMP_RET_ALLOW);
}

/* For all threads, those that libraries have started too. */
static int install(const program *from) {
  struct sock_fprog filter = { .len = from->n, .filter = (struct sock_filter *)(uintptr_t)from->code };
  if (from->n == PROGRAM_MAX || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0) {
    return -EPERM;
  }
  return 0;
}

static int cannot(qn_error *error) {
  return error_set(error, -EPERM, "no-sandbox",
                   "this system has no seccomp filters, so stages cannot be isolated here; take \"isolate\" out of the "
                   "pipeline if you trust the plugin");
}

#define DENY(to, calls, code) put_denied(to, calls, sizeof(calls) / sizeof((calls)[0]), code)

static const int network[] = { SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4 };

static const int system_wide[] = {
#ifdef SYS_fork
  SYS_fork,
  SYS_vfork,
#endif
  SYS_execve,
  SYS_execveat,
  SYS_ptrace,
  SYS_process_vm_readv,
  SYS_process_vm_writev,
  SYS_pidfd_open,
  SYS_pidfd_getfd,
  SYS_pidfd_send_signal,
  SYS_tkill,
  SYS_rt_sigqueueinfo,
  SYS_rt_tgsigqueueinfo,
  SYS_setpgid,
  SYS_setsid,
  SYS_setns,
  SYS_unshare,
  SYS_mount,
  SYS_umount2,
  SYS_pivot_root,
  SYS_chroot,
  SYS_keyctl,
  SYS_add_key,
  SYS_request_key,
  SYS_bpf,
  SYS_perf_event_open,
  SYS_userfaultfd,
  SYS_io_uring_setup,
  SYS_open_by_handle_at,
  SYS_name_to_handle_at,
  SYS_init_module,
  SYS_finit_module,
  SYS_kexec_load,
  SYS_delete_module,
  SYS_reboot,
  SYS_swapon,
  SYS_swapoff,
  SYS_settimeofday,
  SYS_clock_settime,
  SYS_clock_adjtime,
  SYS_adjtimex,
  SYS_sethostname,
  SYS_setdomainname,
  SYS_setrlimit,
  SYS_setpriority,
  SYS_quotactl,
  SYS_kcmp,
  SYS_open_tree,
  SYS_move_mount,
  SYS_fsopen,
  SYS_fspick,
  SYS_fsmount,
  SYS_mount_setattr,
  SYS_acct,
  SYS_shmget,
  SYS_msgget,
  SYS_semget,
  SYS_mq_open,
};

static const int by_name[] = {
#ifdef SYS_open
  SYS_open,     SYS_creat,   SYS_unlink,   SYS_rename,    SYS_mkdir,     SYS_rmdir,       SYS_link,      SYS_symlink,
  SYS_chmod,    SYS_chown,   SYS_lchown,   SYS_mknod,
#endif
#ifdef SYS_renameat
  SYS_renameat,
#endif
  SYS_openat,   SYS_openat2, SYS_unlinkat, SYS_renameat2, SYS_mkdirat,   SYS_linkat,      SYS_symlinkat, SYS_fchmodat,
  SYS_fchownat, SYS_mknodat, SYS_truncate, SYS_setxattr,  SYS_lsetxattr, SYS_removexattr, SYS_utimensat,
};

/* Of files that may be opened: what Landlock does not hold. */
static const int beside_landlock[] = {
#ifdef SYS_open
  SYS_chmod,    SYS_chown,    SYS_lchown,  SYS_mknod,    SYS_creat,
#endif
  SYS_fchmodat, SYS_fchownat, SYS_mknodat, SYS_setxattr, SYS_lsetxattr, SYS_removexattr, SYS_utimensat,
};

static int begin_filter(const plan_isolation *rules) {
  static const int newer[] = { SYS_clone3 }; /* its flags cannot be seen from here: glibc then takes clone */
  program made = { 0 };
  put_begin(&made);
  DENY(&made, newer, ENOSYS);
  DENY(&made, system_wide, EPERM);
  if (rules->network) {
    put_socket(&made);
    put_load(&made, offsetof(struct seccomp_data, nr));
  } else {
    DENY(&made, network, EPERM);
  }
  put_limits(&made);
  put_load(&made, offsetof(struct seccomp_data, nr));
  put_clone(&made);
  put_load(&made, offsetof(struct seccomp_data, nr));
  put_signal(&made, SYS_kill);
  put_load(&made, offsetof(struct seccomp_data, nr));
  put_signal(&made, SYS_tgkill);
  put_result(&made, SECCOMP_RET_ALLOW);
  return install(&made);
}

int sandbox_begin(const plan_isolation *rules, sandbox *ret_sandbox, qn_error *error) {
  *ret_sandbox = (sandbox){ .rules = rules, .landlock = landlock_version(), .n_threads = count_threads() };
  limits_set(rules);
  if (reaches_files(rules) && ret_sandbox->landlock == 0) {
    return error_set(error, -EPERM, "no-sandbox",
                     "this system has no Landlock, which is what holds an isolated stage to the files it may reach, so "
                     "it cannot have files or the network here: take them out of \"isolate\"");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || landlock_set(ret_sandbox->landlock, rules, true) != 0 ||
      begin_filter(rules) != 0) {
    return cannot(error);
  }
  return 0;
}

static int close_filter(const sandbox *self) {
  program made = { 0 };
  put_begin(&made);
  if (!reaches_files(self->rules)) {
    DENY(&made, by_name, EACCES);
  } else {
    static const int newer[] = { SYS_openat2 }; /* likewise: libraries then take openat */
    static const int truncates[] = { SYS_truncate };
    DENY(&made, beside_landlock, EACCES);
    DENY(&made, newer, ENOSYS);
    if (self->landlock < LANDLOCK_TRUNCATES) {
      DENY(&made, truncates, EACCES);
      put_truncating_open(&made, SYS_openat, 2);
#ifdef SYS_open
      put_load(&made, offsetof(struct seccomp_data, nr));
      put_truncating_open(&made, SYS_open, 1);
#endif
    }
  }
  put_result(&made, SECCOMP_RET_ALLOW);
  return install(&made);
}

int sandbox_close(const sandbox *self, qn_error *error) {
  /* Landlock's rules are each thread's own: one that is running already would keep reading what it likes. */
  if (reaches_files(self->rules) && count_threads() > self->n_threads) {
    return error_set(error, -EPERM, "early-thread",
                     "the plugin or a library of its started a thread while it was loaded, which can't be held to the "
                     "files that the stage may reach: it cannot be isolated with files or the network");
  }
  return landlock_set(self->landlock, self->rules, false) == 0 && close_filter(self) == 0 ? 0 : cannot(error);
}
