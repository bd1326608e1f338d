package org.wardian.cli;

import java.util.Locale;
import org.wardian.machine.platform.InterruptChips;

/** Where the interrupt chips of a machine on KVM live: the values of {@code --irqchip}. */
enum InterruptChipsOption {
  /** What is best in most cases. */
  AUTO(InterruptChips.SPLIT),
  /** Local APICs in the kernel, the others ours. */
  SPLIT(InterruptChips.SPLIT),
  /** All in the kernel. */
  KERNEL(InterruptChips.KERNEL);

  private final InterruptChips chips;

  InterruptChipsOption(InterruptChips chips) {
    this.chips = chips;
  }

  InterruptChips chips() {
    return chips;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
