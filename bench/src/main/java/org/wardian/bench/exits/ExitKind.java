package org.wardian.bench.exits;

import java.util.Locale;

/** What is counted. */
enum ExitKind {
  /** One byte to a port. */
  OUT(0x20, "port write"),

  /** One byte from a port. */
  IN(0x28, "port read"),

  /** Four bytes to a memory-mapped register. */
  WRITE(0x30, "MMIO write"),

  /** Four bytes from a memory-mapped register. */
  READ(0x38, "MMIO read"),

  /**
   * A message-signalled interrupt from the vCPU's own thread, its handler with the end of
   * interrupt, and the exit by a port that acknowledges it.
   */
  INTERRUPT(0x50, "interrupt, own thread"),

  /** The same from another thread, which waits for each acknowledgement, while the guest spins. */
  SPIN(0x50, "interrupt, guest spins"),

  /** The same while the guest is halted in the kernel. */
  WAKE(0x58, "interrupt, guest halted"),

  /** Another thread makes the vCPU of a guest that spins return from KVM_RUN. */
  KICK(0x40, "kick");

  private final int entry;
  private final String title;

  ExitKind(int entry, String title) {
    this.entry = entry;
    this.title = title;
  }

  /** Where the guest begins, from the start of its image. */
  int entry() {
    return entry;
  }

  /** For a table. */
  String title() {
    return title;
  }

  /** Whether a second thread has a part. */
  boolean together() {
    return compareTo(SPIN) >= 0;
  }

  /** What the C program calls it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
