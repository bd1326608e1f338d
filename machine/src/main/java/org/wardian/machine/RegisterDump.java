package org.wardian.machine;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Vcpu;
import org.wardian.processor.software.Flags;
import org.wardian.x86.StateLayout;

/** The registers of a vCPU as text, for a person who must find out what a guest did. */
final class RegisterDump {
  private static final String[] GENERAL = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
  };
  private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs", "", "ldtr", "tr"};

  private RegisterDump() {}

  static String of(Vcpu vcpu) {
    long s = vcpu.state();
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      text.append(
          "%-4s%016x%s"
              .formatted(
                  GENERAL[i],
                  RawMemory.getLong(s + StateLayout.GPR + 8L * i),
                  i % 4 == 3 ? "\n" : "  "));
    }
    text.append(
        "rip %016x  rflags %08x  instructions %d%n"
            .formatted(
                RawMemory.getLong(s + StateLayout.RIP),
                RawMemory.getLong(s + StateLayout.EFLAGS) | Flags.get(s),
                vcpu.instructions()));
    text.append(
        "cr0 %08x  cr2 %016x  cr3 %016x  cr4 %08x  efer %04x%n"
            .formatted(
                RawMemory.getLong(s + StateLayout.CR0),
                RawMemory.getLong(s + StateLayout.CR2),
                RawMemory.getLong(s + StateLayout.CR3),
                RawMemory.getLong(s + StateLayout.CR4),
                RawMemory.getLong(s + StateLayout.EFER)));
    for (int i = 0; i < SEGMENTS.length; i++) {
      if (i == StateLayout.NO_SEGMENT) {
        continue;
      }
      long at = s + StateLayout.segment(i);
      text.append(
          "%-4s %04x base %016x limit %08x attributes %05x%n"
              .formatted(
                  SEGMENTS[i],
                  RawMemory.getShort(at),
                  RawMemory.getLong(at + StateLayout.BASE),
                  RawMemory.getInt(at + StateLayout.LIMIT),
                  RawMemory.getInt(at + StateLayout.ATTRIBUTES)));
    }
    text.append(
        "gdt %016x limit %04x  idt %016x limit %04x%n"
            .formatted(
                RawMemory.getLong(s + StateLayout.GDTR_BASE),
                RawMemory.getInt(s + StateLayout.GDTR_LIMIT),
                RawMemory.getLong(s + StateLayout.IDTR_BASE),
                RawMemory.getInt(s + StateLayout.IDTR_LIMIT)));
    return text.toString();
  }
}
