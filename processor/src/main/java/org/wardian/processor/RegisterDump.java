package org.wardian.processor;

import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** The registers of a vCPU as text, for a person who must find out what a guest did. */
public final class RegisterDump {
  private static final String[] GENERAL = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
  };
  private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs", "", "ldtr", "tr"};

  private RegisterDump() {}

  /** The registers of {@code vcpu}, which does not run, as lines of text. */
  public static String of(Vcpu vcpu) {
    return of(vcpu.state(), vcpu.instructions());
  }

  /**
   * The registers in a state block as lines of text.
   *
   * @param state host address of the block, laid out as {@link StateLayout}
   * @param instructions executed since power on, or -1 where nobody counts them
   */
  public static String of(long state, long instructions) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < GENERAL.length; i++) {
      long value = RawMemory.getLong(state + StateLayout.GPR + 8L * i);
      text.append("%-4s%016x%s".formatted(GENERAL[i], value, i % 4 == 3 ? "\n" : "  "));
    }
    text.append(
        "rip %016x  rflags %08x"
            .formatted(
                RawMemory.getLong(state + StateLayout.RIP),
                RawMemory.getLong(state + StateLayout.EFLAGS) | Flags.get(state)));
    if (instructions >= 0) {
      text.append("  instructions ").append(instructions);
    }
    text.append('\n');
    text.append(
        "cr0 %08x  cr2 %016x  cr3 %016x  cr4 %08x  efer %04x\n"
            .formatted(
                RawMemory.getLong(state + StateLayout.CR0),
                RawMemory.getLong(state + StateLayout.CR2),
                RawMemory.getLong(state + StateLayout.CR3),
                RawMemory.getLong(state + StateLayout.CR4),
                RawMemory.getLong(state + StateLayout.EFER)));
    for (int i = 0; i < SEGMENTS.length; i++) {
      if (i == StateLayout.NO_SEGMENT) {
        continue;
      }
      long at = state + StateLayout.segment(i);
      text.append(
          "%-4s %04x base %016x limit %08x attributes %05x\n"
              .formatted(
                  SEGMENTS[i],
                  RawMemory.getShort(at + StateLayout.SELECTOR),
                  RawMemory.getLong(at + StateLayout.BASE),
                  RawMemory.getInt(at + StateLayout.LIMIT),
                  RawMemory.getInt(at + StateLayout.ATTRIBUTES)));
    }
    text.append(
        "gdt %016x limit %04x  idt %016x limit %04x\n"
            .formatted(
                RawMemory.getLong(state + StateLayout.GDTR_BASE),
                RawMemory.getInt(state + StateLayout.GDTR_LIMIT),
                RawMemory.getLong(state + StateLayout.IDTR_BASE),
                RawMemory.getInt(state + StateLayout.IDTR_LIMIT)));
    return text.toString();
  }
}
