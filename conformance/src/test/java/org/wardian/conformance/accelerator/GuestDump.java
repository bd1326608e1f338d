package org.wardian.conformance.accelerator;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** What a failed test shows of its guest: registers, the log of events, signals. */
final class GuestDump {
  /** Entries of the log from either end. */
  private static final int SHOWN = 4;

  private GuestDump() {}

  static String of(Guest guest) {
    StringBuilder text = new StringBuilder();
    long s = guest.vcpu.state();
    long rip = RawMemory.getLong(s + StateLayout.RIP);
    text.append("\n  rip %#x (%s)".formatted(rip, guest.image.near(rip)));
    String[] names = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"};
    for (int i = 0; i < 16; i++) {
      text.append(i % 4 == 0 ? "\n  " : "  ");
      long value = RawMemory.getLong(s + StateLayout.GPR + 8 * i);
      text.append("%3s %016x".formatted(i < 8 ? names[i] : "r" + i, value));
    }
    text.append(
        "\n  cr0 %x cr2 %x cr3 %x cr4 %x efer %x flags %x activity %d event %x"
            .formatted(
                RawMemory.getLong(s + StateLayout.CR0),
                RawMemory.getLong(s + StateLayout.CR2),
                RawMemory.getLong(s + StateLayout.CR3),
                RawMemory.getLong(s + StateLayout.CR4),
                RawMemory.getLong(s + StateLayout.EFER),
                RawMemory.getLong(s + StateLayout.EFLAGS),
                RawMemory.getInt(s + StateLayout.ACTIVITY),
                RawMemory.getLong(s + StateLayout.EVENT)));
    text.append("\n  signals ").append(guest.signals());
    int events = guest.eventCount();
    text.append("\n  events ").append(events);
    int logged = Math.min(events, GuestLayout.LOG_CAPACITY);
    for (int n = 0; n < logged; n++) {
      if (n < SHOWN || n >= logged - SHOWN) {
        text.append("\n  ").append(TakenEvent.read(guest.memory, n));
      }
    }
    return text.toString();
  }
}
