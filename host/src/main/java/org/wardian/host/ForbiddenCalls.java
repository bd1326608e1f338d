package org.wardian.host;

import java.util.ArrayList;
import java.util.List;
import org.wardian.host.SystemCallFilter.Condition;

/**
 * The system calls that a process which serves a hostile guest does without, in groups, each for a
 * reason: whoever breaks out of the guest is to find little to go on with. What QEMU's {@code
 * -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny} denies is among them. Numbers are
 * those of x86-64 ({@code arch/x86/entry/syscalls/syscall_64.tbl}).
 */
public enum ForbiddenCalls {
  /** Other programs. Of clone(2), threads are left; of clone3(2), nothing can be told. */
  PROGRAMS(
      "a machine's process starts no program: the daemon does what needs one",
      call("fork", 57),
      call("vfork", 58),
      call("execve", 59),
      call("execveat", 322),
      new Call("clone", 56, Errno.EPERM, new Condition(0, Clone.THREAD, 0)),
      // Its flags are in memory, where a filter does not see them: libc takes clone instead.
      new Call("clone3", 435, Errno.ENOSYS)),

  /** Other users, groups, capabilities and sessions. */
  PRIVILEGES(
      "who it is does not change, all the less to somebody who may do more",
      call("setuid", 105),
      call("setgid", 106),
      call("setreuid", 113),
      call("setregid", 114),
      call("setgroups", 116),
      call("setresuid", 117),
      call("setresgid", 119),
      call("setfsuid", 122),
      call("setfsgid", 123),
      call("capset", 126),
      call("setpgid", 109),
      call("setsid", 112)),

  /** Mounts, roots and namespaces. */
  FILE_SYSTEMS(
      "it sees the files that it was started to see; open_by_handle_at looks past them",
      call("mount", 165),
      call("umount2", 166),
      call("open_tree", 428),
      call("move_mount", 429),
      call("fsopen", 430),
      call("fsconfig", 431),
      call("fsmount", 432),
      call("fspick", 433),
      call("mount_setattr", 442),
      call("pivot_root", 155),
      call("chroot", 161),
      call("setns", 308),
      call("unshare", 272),
      call("open_by_handle_at", 304),
      call("fanotify_init", 300),
      call("quotactl", 179),
      call("quotactl_fd", 443)),

  /** What belongs to the whole host. */
  HOST(
      "the host's set-up is its administrator's, also where the process runs as root",
      call("swapon", 167),
      call("swapoff", 168),
      call("reboot", 169),
      call("init_module", 175),
      call("finit_module", 313),
      call("delete_module", 176),
      call("kexec_load", 246),
      call("kexec_file_load", 320),
      call("settimeofday", 164),
      call("clock_settime", 227),
      call("adjtimex", 159),
      call("clock_adjtime", 305),
      call("sethostname", 170),
      call("setdomainname", 171),
      call("acct", 163),
      call("syslog", 103),
      call("vhangup", 153),
      call("iopl", 172),
      call("ioperm", 173)),

  /** The memory and files of other processes. */
  OTHER_PROCESSES(
      "other machines of the same user are none of its business",
      call("ptrace", 101),
      call("process_vm_readv", 310),
      call("process_vm_writev", 311),
      call("process_madvise", 440),
      call("kcmp", 312),
      call("pidfd_getfd", 438),
      // A character typed so is read by the user's shell once we have ended.
      new Call("ioctl TIOCSTI", 16, Errno.EPERM, Condition.is(1, 0x5412)),
      new Call("ioctl TIOCLINUX", 16, Errno.EPERM, Condition.is(1, 0x541c))),

  /** Large parts of the kernel with many faults so far. */
  KERNEL(
      "the way out of a process is a fault of the kernel: what is not used offers none",
      call("bpf", 321),
      call("perf_event_open", 298),
      call("userfaultfd", 323),
      call("add_key", 248),
      call("request_key", 249),
      call("keyctl", 250),
      call("personality", 135),
      call("modify_ldt", 154),
      call("lookup_dcookie", 212)),

  /** Those that Linux keeps for old programs, or has taken away. */
  OBSOLETE(
      "no program of today needs them",
      call("uselib", 134),
      call("ustat", 136),
      call("sysfs", 139),
      call("_sysctl", 156),
      call("create_module", 174),
      call("get_kernel_syms", 177),
      call("query_module", 178),
      call("nfsservctl", 180),
      call("getpmsg", 181),
      call("putpmsg", 182),
      call("afs_syscall", 183),
      call("tuxcall", 184),
      call("security", 185),
      call("epoll_ctl_old", 214),
      call("epoll_wait_old", 215),
      call("vserver", 236));

  /** Of clone(2): {@code include/uapi/linux/sched.h}. */
  private static final class Clone {
    static final int THREAD = 0x0001_0000;
  }

  /**
   * One of them.
   *
   * @param name as in the kernel's table; of an ioctl, with its request
   * @param number of the call
   * @param errno the answer
   * @param conditions when it is forbidden; always where there are none
   */
  record Call(String name, int number, int errno, Condition... conditions) {}

  private final String reason;
  private final List<Call> calls;

  ForbiddenCalls(String reason, Call... calls) {
    this.reason = reason;
    this.calls = List.of(calls);
  }

  private static Call call(String name, int number) {
    return new Call(name, number, Errno.EPERM);
  }

  /** Why a machine does without them. */
  public String reason() {
    return reason;
  }

  /** Their names, as the kernel's table has them. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    for (Call call : calls) {
      names.add(call.name);
    }
    return names;
  }

  /** All of this group. */
  List<Call> calls() {
    return calls;
  }

  /** A filter that refuses all groups. */
  public static SystemCallFilter filter() {
    SystemCallFilter filter = new SystemCallFilter();
    for (ForbiddenCalls group : values()) {
      for (Call call : group.calls) {
        filter.refuse(call.number, call.errno, call.conditions);
      }
    }
    return filter;
  }
}
