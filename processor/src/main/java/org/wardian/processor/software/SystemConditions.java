package org.wardian.processor.software;

import static org.wardian.bus.TimestampCounter.UNRELATED;

import org.wardian.host.MonotonicClock;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/**
 * Keeps the words of {@link SystemWords} that say whether SYSCALL, SYSRET, IRET and RDTSC are
 * ordinary, and what they then load. What they follow from changes in Java only.
 */
final class SystemConditions {
  private static final long EFER_SCE = 1;
  private static final long EFER_LMA = 1 << 10;

  /** The bits that {@link StateLayout#EFLAGS} can have. */
  private static final long EFLAGS = 0x277fd7L & ~Flags.STATUS;

  /** Attributes of what SYSCALL and SYSRET load. Source: Intel SDM vol. 2. */
  private static final long CALL_CODE = 0xa09bL << 32;

  private static final long CALL_STACK = 0xc093L << 32;
  private static final long RETURN_CODE = 0xa0fbL << 32;
  private static final long RETURN_STACK = 0xc0f3L << 32;

  /** Without these flags left, the code behind SYSCALL runs in the mode expected. */
  private static final long CLEARED = Flags.STATUS | Cpu.AC;

  private static final int[] DATA = {
    StateLayout.ES, StateLayout.DS, StateLayout.FS, StateLayout.GS
  };

  private final SoftwareVcpu cpu;
  private final long state;

  SystemConditions(SoftwareVcpu cpu) {
    this.cpu = cpu;
    this.state = cpu.state;
  }

  /**
   * Brings all words up to date.
   *
   * @param userKey key of the jump table for user code, but for the number of the TLB's table
   * @param systemKey the same for the system's code
   */
  void update(long userKey, long systemKey) {
    putKey(Mmu.USER, userKey);
    putKey(Mmu.SUPERVISOR, systemKey);
    putKey(Mmu.SUPERVISOR_AC, systemKey);
    long offset = MonotonicClock.function() == 0 ? UNRELATED : cpu.time.hostOffset();
    put(SystemWords.CLOCK, offset != UNRELATED);
    RawMemory.putLong(
        state + SystemWords.CLOCK_OFFSET,
        offset + RawMemory.getLong(state + StateLayout.TSC_OFFSET));
    long enabled = EFER_SCE | EFER_LMA;
    boolean calls = (RawMemory.getLong(state + StateLayout.EFER) & enabled) == enabled;
    long mask = RawMemory.getLong(state + StateLayout.FMASK);
    put(SystemWords.CALL, calls && (mask & CLEARED) == CLEARED);
    put(SystemWords.RETURN, calls);
    put(SystemWords.INTERRUPT_RETURN, cpu.nmiOpen() && keepsData());
    RawMemory.putLong(state + SystemWords.KEPT_FLAGS, ~mask & EFLAGS & ~Cpu.RF);
    long star = RawMemory.getLong(state + StateLayout.STAR);
    long call = star >>> 32 & 0xfffc;
    RawMemory.putLong(state + SystemWords.CALL_CS, call | CALL_CODE);
    RawMemory.putLong(state + SystemWords.CALL_SS, call + 8 & 0xffff | CALL_STACK);
    long back = star >>> 48;
    RawMemory.putLong(state + SystemWords.RETURN_CS, (back + 16 | 3) & 0xffff | RETURN_CODE);
    RawMemory.putLong(state + SystemWords.RETURN_SS, (back + 8 | 3) & 0xffff | RETURN_STACK);
  }

  private void putKey(int table, long key) {
    RawMemory.putLong(state + SystemWords.key(table), key | table);
  }

  private void put(int word, boolean value) {
    RawMemory.putInt(state + word, value ? 1 : 0);
  }

  /** Whether a return to privilege 3 leaves the data segments as they are. */
  private boolean keepsData() {
    for (int segment : DATA) {
      int a = cpu.attributes(segment);
      if ((a & Segmentation.UNUSABLE) == 0 && (a >> 5 & 3) != 3) {
        return false;
      }
    }
    return true;
  }
}
