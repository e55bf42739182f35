/* SPDX-License-Identifier: Apache-2.0 */

/* Rlimits, Landlock and two seccomp filters. The filters are lists of what is denied, as a plugin may use any library:
 * what reaches another process, the network, the kernel's wider surface or, in the second, a file by its name. They hold
 * for threads that the plugin has started, which Landlock's rules do not; so Landlock is the second fence, not the first.
 * Denied calls fail with EPERM, so that libraries can cope. */
#include "isolation/sandbox.h"

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
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#else
#error "seccomp: name this machine's AUDIT_ARCH here"
#endif

enum { PROGRAM_MAX = 256, FILES_OPEN_MAX = 256 };

/* --- limits --- */

static void limit(int what, rlim_t most) {
  struct rlimit both;
  if (getrlimit(what, &both) == 0) {
    both.rlim_max = both.rlim_max == RLIM_INFINITY || both.rlim_max > most ? most : both.rlim_max;
    both.rlim_cur = both.rlim_max;
    setrlimit(what, &both);
  }
}

static void limits_set(const sandbox *rules) {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, FILES_OPEN_MAX);
  limit(RLIMIT_FSIZE, (rlim_t)4 << 30); /* of the memory that large results are passed in */
  if (SANDBOX_LIMITS_MEMORY && rules->memory_bytes > 0) {
    limit(RLIMIT_AS, rules->memory_bytes);
  }
}

/* --- Landlock --- */

#define LANDLOCK_READS (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_ALL UINT64_C(0x1FFF) /* what its first version knows; every kernel with Landlock takes it */

/* Nothing on files but reading, or nothing at all. Kernels without Landlock leave it to seccomp. */
static void landlock_set(bool may_read) {
  struct landlock_ruleset_attr all = { .handled_access_fs = LANDLOCK_ALL };
  int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all.handled_access_fs, 0);
  if (rules < 0) {
    return;
  }
  if (may_read) {
    struct landlock_path_beneath_attr root = { .allowed_access = LANDLOCK_READS,
                                               .parent_fd = open("/", O_PATH | O_CLOEXEC) };
    struct landlock_path_beneath_attr sink = { .allowed_access = LANDLOCK_READS | LANDLOCK_ACCESS_FS_WRITE_FILE,
                                               .parent_fd = open("/dev/null", O_PATH | O_CLOEXEC) };
    sink.allowed_access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &root, 0);
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &sink, 0);
    close(root.parent_fd);
    close(sink.parent_fd);
  }
  syscall(SYS_landlock_restrict_self, rules, 0);
  close(rules);
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
  SYS_reboot,
  SYS_swapon,
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

int sandbox_begin(const sandbox *rules, qn_error *error) {
  limits_set(rules);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return cannot(error);
  }
  if (!rules->files) {
    landlock_set(true);
  }
  static const int newer[] = { SYS_clone3 }; /* its flags cannot be seen from here: glibc then takes clone */
  program made = { 0 };
  put_begin(&made);
  DENY(&made, newer, ENOSYS);
  DENY(&made, system_wide, EPERM);
  if (!rules->network) {
    DENY(&made, network, EPERM);
  }
  put_clone(&made);
  put_load(&made, offsetof(struct seccomp_data, nr));
  put_signal(&made, SYS_kill);
  put_load(&made, offsetof(struct seccomp_data, nr));
  put_signal(&made, SYS_tgkill);
  put_result(&made, SECCOMP_RET_ALLOW);
  return install(&made) == 0 ? 0 : cannot(error);
}

int sandbox_close(const sandbox *rules, qn_error *error) {
  if (rules->files) {
    return 0;
  }
  landlock_set(false);
  program made = { 0 };
  put_begin(&made);
  DENY(&made, by_name, EACCES);
  put_result(&made, SECCOMP_RET_ALLOW);
  return install(&made) == 0 ? 0 : cannot(error);
}
