package org.wardian.processor.kvm;

import java.util.ArrayList;
import java.util.List;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** Every architectural field of a state block by name, for comparisons that can be read. */
final class StateFields {
  private record Field(String name, int offset, int size) {}

  private static final List<Field> FIELDS = fields();

  private StateFields() {}

  private static List<Field> fields() {
    List<Field> all = new ArrayList<>();
    array(all, "gpr", StateLayout.GPR, 16, 8, 8);
    String[] segments = {"es", "cs", "ss", "ds", "fs", "gs", "none", "ldtr", "tr"};
    for (int i = 0; i < segments.length; i++) {
      if (i != StateLayout.NO_SEGMENT) {
        int at = StateLayout.segment(i);
        all.add(new Field(segments[i] + ".selector", at + StateLayout.SELECTOR, 2));
        all.add(new Field(segments[i] + ".attributes", at + StateLayout.ATTRIBUTES, 4));
        all.add(new Field(segments[i] + ".limit", at + StateLayout.LIMIT, 4));
        all.add(new Field(segments[i] + ".base", at + StateLayout.BASE, 8));
      }
    }
    words(all, 8, "rip", StateLayout.RIP, "flags result", StateLayout.FLAG_RESULT);
    words(all, 8, "flags aux", StateLayout.FLAG_AUX, "eflags", StateLayout.EFLAGS);
    words(all, 4, "shadow", StateLayout.INTERRUPT_SHADOW, "activity", StateLayout.ACTIVITY);
    words(all, 8, "gdtr", StateLayout.GDTR_BASE, "idtr", StateLayout.IDTR_BASE);
    words(all, 4, "gdt limit", StateLayout.GDTR_LIMIT, "idt limit", StateLayout.IDTR_LIMIT);
    words(all, 8, "cr0", StateLayout.CR0, "cr2", StateLayout.CR2, "cr3", StateLayout.CR3);
    words(all, 8, "cr4", StateLayout.CR4, "xcr0", StateLayout.XCR0, "efer", StateLayout.EFER);
    array(all, "dr", StateLayout.DR, 6, 8, 8);
    words(all, 8, "star", StateLayout.STAR, "lstar", StateLayout.LSTAR);
    words(all, 8, "cstar", StateLayout.CSTAR, "fmask", StateLayout.FMASK);
    words(all, 8, "kernel gs", StateLayout.KERNEL_GS_BASE, "aux", StateLayout.TSC_AUX);
    array(all, "sysenter", StateLayout.SYSENTER_CS, 3, 8, 8);
    words(all, 8, "pat", StateLayout.PAT, "misc enable", StateLayout.MISC_ENABLE);
    words(all, 8, "tsc adjust", StateLayout.TSC_ADJUST, "spec ctrl", StateLayout.SPEC_CTRL);
    words(all, 1, "nmi pending", StateLayout.NMI_PENDING, "nmi blocked", StateLayout.NMI_BLOCKED);
    words(all, 8, "event", StateLayout.EVENT, "due traps", StateLayout.DUE_TRAPS);
    words(all, 8, "system time", StateLayout.SYSTEM_TIME, "wall clock", StateLayout.WALL_CLOCK);
    array(all, "fcw fsw", StateLayout.FCW, 2, 2, 2);
    words(all, 1, "ftw", StateLayout.FTW);
    words(all, 2, "fop", StateLayout.FOP);
    words(all, 8, "fip", StateLayout.FIP, "fdp", StateLayout.FDP);
    words(all, 4, "fcs fds", StateLayout.FCS, "mxcsr", StateLayout.MXCSR);
    array(all, "significand", StateLayout.ST, 8, StateLayout.ST_STRIDE, 8);
    array(all, "exponent", StateLayout.ST + 8, 8, StateLayout.ST_STRIDE, 2);
    array(all, "xmm and ymm words", StateLayout.VECTOR, 64, 8, 8);
    array(all, "mtrr", StateLayout.MTRR_VARIABLE, 16, 8, 8);
    array(all, "fixed mtrr", StateLayout.MTRR_FIXED, 11, 8, 8);
    words(all, 8, "default mtrr", StateLayout.MTRR_DEFAULT);
    return all;
  }

  private static void words(List<Field> to, int size, Object... namesAndOffsets) {
    for (int i = 0; i < namesAndOffsets.length; i += 2) {
      to.add(new Field((String) namesAndOffsets[i], (Integer) namesAndOffsets[i + 1], size));
    }
  }

  private static void array(
      List<Field> to, String name, int offset, int count, int stride, int size) {
    for (int i = 0; i < count; i++) {
      to.add(new Field(name + " " + i, offset + i * stride, size));
    }
  }

  /** The fields in which two blocks differ, with both values. */
  static List<String> differences(long expected, long actual) {
    List<String> differences = new ArrayList<>();
    for (Field f : FIELDS) {
      long one = value(expected + f.offset, f.size);
      long two = value(actual + f.offset, f.size);
      if (one != two) {
        differences.add("%s: %x, not %x".formatted(f.name, two, one));
      }
    }
    return differences;
  }

  private static long value(long at, int size) {
    return switch (size) {
      case 1 -> RawMemory.getByte(at);
      case 2 -> RawMemory.getShort(at);
      case 4 -> RawMemory.getInt(at);
      default -> RawMemory.getLong(at);
    };
  }
}
