package org.wardian.processor.kvm;

import java.util.Arrays;
import org.wardian.host.kvm.KvmCpu;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/**
 * The model-specific registers that are part of the architectural state, between a state block and
 * the kernel. What this kernel does not know for this vCPU is left out, both ways.
 *
 * <p>Sources: Intel SDM vol. 4 chapter 2; Linux, Documentation/virt/kvm/x86/msr.rst.
 */
final class StateMsrs {
  /** IA32_TIME_STAMP_COUNTER. */
  private static final int TIMESTAMP = 0x10;

  /** Ticks within which a counter that was set is read again: seconds, against a lifetime. */
  private static final long TIMESTAMP_SLACK = 1L << 35;

  /**
   * A register.
   *
   * @param index the number by which RDMSR and WRMSR know it
   * @param offset where the block has it
   * @param optional whether processors may lack it, so that the kernel may refuse it
   */
  private record Msr(int index, int offset, boolean optional, String name) {}

  private static final Msr[] ALL = all();

  private final KvmCpu cpu;

  /** Those of {@link #ALL} that the kernel knows; shrinks when it refuses one. */
  private Msr[] known = ALL.clone();

  private int[] indices = indices(ALL);
  private long[] values = new long[ALL.length];
  private final int[] timestampIndex = {TIMESTAMP};
  private final long[] timestampValue = new long[1];

  StateMsrs(KvmCpu cpu) {
    this.cpu = cpu;
  }

  private static Msr[] all() {
    Msr[] single = {
      new Msr(0x3b, StateLayout.TSC_ADJUST, true, "IA32_TSC_ADJUST"),
      new Msr(0x48, StateLayout.SPEC_CTRL, true, "IA32_SPEC_CTRL"),
      new Msr(0x174, StateLayout.SYSENTER_CS, false, "IA32_SYSENTER_CS"),
      new Msr(0x175, StateLayout.SYSENTER_ESP, false, "IA32_SYSENTER_ESP"),
      new Msr(0x176, StateLayout.SYSENTER_EIP, false, "IA32_SYSENTER_EIP"),
      new Msr(0x1a0, StateLayout.MISC_ENABLE, false, "IA32_MISC_ENABLE"),
      new Msr(0x277, StateLayout.PAT, false, "IA32_PAT"),
      new Msr(0xc000_0081, StateLayout.STAR, false, "IA32_STAR"),
      new Msr(0xc000_0082, StateLayout.LSTAR, false, "IA32_LSTAR"),
      new Msr(0xc000_0083, StateLayout.CSTAR, false, "IA32_CSTAR"),
      new Msr(0xc000_0084, StateLayout.FMASK, false, "IA32_FMASK"),
      new Msr(0xc000_0102, StateLayout.KERNEL_GS_BASE, false, "IA32_KERNEL_GS_BASE"),
      new Msr(0xc000_0103, StateLayout.TSC_AUX, true, "IA32_TSC_AUX"),
      new Msr(0x4b56_4d00, StateLayout.WALL_CLOCK, false, "MSR_KVM_WALL_CLOCK_NEW"),
      new Msr(0x4b56_4d01, StateLayout.SYSTEM_TIME, false, "MSR_KVM_SYSTEM_TIME_NEW"),
      new Msr(0x2ff, StateLayout.MTRR_DEFAULT, false, "IA32_MTRR_DEF_TYPE"),
    };
    int[] fixed = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};
    Msr[] all = Arrays.copyOf(single, single.length + 16 + fixed.length);
    int n = single.length;
    for (int i = 0; i < 16; i++) {
      String name = "IA32_MTRR_PHYS" + ((i & 1) == 0 ? "BASE" : "MASK") + (i >> 1);
      all[n++] = new Msr(0x200 + i, StateLayout.MTRR_VARIABLE + 8 * i, false, name);
    }
    for (int i = 0; i < fixed.length; i++) {
      String name = "IA32_MTRR_FIX_%x".formatted(fixed[i]);
      all[n++] = new Msr(fixed[i], StateLayout.MTRR_FIXED + 8 * i, false, name);
    }
    return all;
  }

  private static int[] indices(Msr[] registers) {
    return Arrays.stream(registers).mapToInt(Msr::index).toArray();
  }

  /** Fills the block's fields; those of registers that the kernel does not know stay. */
  void read(long block) {
    load();
    for (int i = 0; i < known.length; i++) {
      RawMemory.putLong(block + known[i].offset, values[i]);
    }
  }

  /**
   * Gives the kernel what it does not have already.
   *
   * @throws IllegalArgumentException naming the register whose value it refuses
   */
  void write(long block) {
    load();
    int[] changed = new int[known.length];
    int count = 0;
    for (int i = 0; i < known.length; i++) {
      if (RawMemory.getLong(block + known[i].offset) != values[i]) {
        changed[count++] = i;
      }
    }
    int done = 0;
    while (done < count) {
      int[] numbers = new int[count - done];
      long[] wanted = new long[count - done];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = indices[changed[done + i]];
        wanted[i] = RawMemory.getLong(block + known[changed[done + i]].offset);
      }
      int written = cpu.setMsrs(numbers, wanted);
      if (written < numbers.length && !known[changed[done + written]].optional) {
        throw new IllegalArgumentException(
            "the kernel refuses %s (MSR 0x%x) = 0x%x"
                .formatted(known[changed[done + written]].name, numbers[written], wanted[written]));
      }
      // One past an optional register that this processor lacks.
      done += written + 1;
    }
  }

  /** Reads all known registers into {@link #values}; forgets those that the kernel refuses. */
  private void load() {
    int read = cpu.getMsrs(indices, values);
    while (read < known.length) {
      Msr[] fewer = new Msr[known.length - 1];
      System.arraycopy(known, 0, fewer, 0, read);
      System.arraycopy(known, read + 1, fewer, read, fewer.length - read);
      known = fewer;
      indices = indices(fewer);
      values = new long[fewer.length];
      read = cpu.getMsrs(indices, values);
    }
  }

  /** The guest's time-stamp counter now. */
  long timestamp() {
    if (cpu.getMsrs(timestampIndex, timestampValue) != 1) {
      throw new IllegalStateException("the kernel does not give the time-stamp counter");
    }
    return timestampValue[0];
  }

  /** Makes the guest's time-stamp counter go on from {@code ticks}; whether that came true. */
  boolean timestamp(long ticks) {
    timestampValue[0] = ticks;
    return cpu.setMsrs(timestampIndex, timestampValue) == 1
        && Math.abs(timestamp() - ticks) < TIMESTAMP_SLACK;
  }
}
