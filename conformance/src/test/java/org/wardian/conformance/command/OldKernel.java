package org.wardian.conformance.command;

import org.wardian.cli.Ward;
import org.wardian.host.Errno;
import org.wardian.host.SystemCallFilter;

/** Starts ward in a process whose kernel knows no seccomp(2), as before Linux 3.17. */
final class OldKernel {
  /** Of x86-64: arch/x86/entry/syscalls/syscall_64.tbl. */
  private static final int SECCOMP = 317;

  private OldKernel() {}

  /** As {@link Ward#main}. */
  public static void main(String[] arguments) {
    new SystemCallFilter().refuse(SECCOMP, Errno.ENOSYS).install();
    Ward.main(arguments);
  }
}
