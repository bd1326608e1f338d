package org.wardian.cli;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** The statuses that ward leaves with; README.md lists them, and so does every --help. */
public enum ExitStatus {
  OK(0, "the guest powered off, or the command did what was asked"),
  INTERNAL_ERROR(1, "a fault in Wardian itself"),
  USAGE(2, "an option, argument or script that makes no sense"),
  BAD_IMAGE(
      3,
      "a kernel, initrd, disk image or saved machine that is damaged, of no use, or does not fit"),
  DOWNLOAD(4, "a download failed, or what came is not what the archive signed"),
  STORAGE(5, "the cache folder or another file cannot be written or is damaged"),
  GUEST_PANIC(6, "the guest's kernel panicked"),
  TRIPLE_FAULT(7, "the guest's processor shut down by a triple fault"),
  TIMEOUT(8, "the time given by --timeout ran out"),
  UNAVAILABLE(9, "the accelerator or JDK asked for cannot be had on this machine"),
  GUEST_RESET(10, "the guest asked for a reset, with --no-reboot or nothing left to start"),
  GUEST_DEAD(11, "the guest's only processor halted with interrupts off: nothing can wake it"),
  ACCELERATOR_FAILED(12, "the accelerator gave up on the guest, or was taken away"),
  BUILD_FAILED(13, "a system could not be made out of its packages"),
  NOT_FOUND(14, "the daemon has no machine, network, pool, volume or snapshot of that name"),
  REFUSED(15, "the daemon refused, for the reason that was printed"),
  NO_DAEMON(16, "no daemon answers at the URI, or the connection to it was lost"),
  LEFT(130, "you left by the escape key or by an interrupt"),
  OUTPUT_CLOSED(141, "whoever read the guest's output closed it"),
  TERMINATED(143, "ward was asked to terminate");

  private final int code;
  private final String meaning;

  ExitStatus(int code, String meaning) {
    this.code = code;
    this.meaning = meaning;
  }

  /** The process's status, 0 to 255. */
  public int code() {
    return code;
  }

  /** One phrase for the table of statuses. */
  String meaning() {
    return meaning;
  }

  /** Statuses with their meanings, in the form that picocli prints. */
  static Map<String, String> table(Collection<ExitStatus> statuses) {
    Map<String, String> table = new LinkedHashMap<>();
    for (ExitStatus status : statuses) {
      table.put(Integer.toString(status.code), status.meaning);
    }
    return table;
  }
}
