package org.wardian.machine.platform;

import java.time.Duration;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.HostMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Vcpu;
import org.wardian.x86.CpuModel;
import org.wardian.x86.StateLayout;

/**
 * Measures our own processor by a guest of one loop in 64-bit mode: eight simple instructions, of
 * which one loads and one stores. An upper bound of what guests see, good to compare tiers with.
 */
public final class TierProbe {
  private static final int MEMORY = 2 << 20;
  private static final long TABLES = 0x1000;
  private static final long CODE = 0x8000;
  private static final long DATA = 0x9000;
  private static final int PER_PASS = 8;

  /** A round as long as this is a good measurement. */
  private static final long LONG_ENOUGH_NANOSECONDS = 2_000_000;

  private static final long FIRST_ROUND = 10_000;

  /** The first passes of a JVM load classes, and a pass is to take its time. */
  private static final int LEAST_ROUNDS = 16;

  private static final long LONGEST_ROUND = 100_000_000;

  // Table entries: present, writable, user; dirty, accessed and 2 MiB.
  private static final int TABLE = 7;
  private static final int LARGE_PAGE = 0xe7;

  private static final byte[] GUEST = {
    0x48,
    (byte) 0x8b,
    0x06, // 1: mov (%rsi), %rax
    0x48,
    0x01,
    (byte) 0xc3, // add %rax, %rbx
    0x48,
    0x31,
    (byte) 0xcb, // xor %rcx, %rbx
    0x48,
    (byte) 0x89,
    0x1f, // mov %rbx, (%rdi)
    0x48,
    (byte) 0xc1,
    (byte) 0xe3,
    0x03, // shl $3, %rbx
    0x48,
    (byte) 0x8d,
    0x14,
    (byte) 0x8b, // lea (%rbx,%rcx,4), %rdx
    0x48,
    (byte) 0xff,
    (byte) 0xc9, // dec %rcx
    0x75,
    (byte) 0xe7, // jnz 1b
    (byte) 0xf4 // hlt
  };

  private TierProbe() {}

  /**
   * Million instructions a second in the fastest round.
   *
   * @param translator {@link Translator#HOST} or {@link Translator#OFF}
   * @param budget how long to try: HotSpot compiles the interpreter meanwhile
   * @throws org.wardian.host.HostException where the host cannot do it
   */
  public static double mips(Translator translator, Duration budget) {
    PlatformConfiguration configuration =
        new PlatformConfiguration(
            AcceleratorKind.SOFTWARE,
            MEMORY,
            HostMemory.PRIVATE,
            1,
            CpuModel.standard(),
            InterruptChips.SPLIT,
            translator,
            0);
    try (Platform platform = Platform.create(configuration)) {
      GuestMemory memory = platform.memory();
      memory.write(CODE, GUEST, 0, GUEST.length);
      RawMemory.putLong(memory.hostAddress(TABLES), TABLES + 0x1000 | TABLE);
      RawMemory.putLong(memory.hostAddress(TABLES + 0x1000), TABLES + 0x2000 | TABLE);
      RawMemory.putLong(memory.hostAddress(TABLES + 0x2000), LARGE_PAGE);
      return measure(platform.vcpus().getFirst(), System.nanoTime() + budget.toNanos());
    }
  }

  private static double measure(Vcpu vcpu, long deadline) {
    double best = 0;
    long count = FIRST_ROUND;
    for (int i = 0; i < LEAST_ROUNDS || System.nanoTime() < deadline; i++) {
      long started = System.nanoTime();
      pass(vcpu, count);
      long elapsed = Math.max(System.nanoTime() - started, 1);
      best = Math.max(best, PER_PASS * 1e3 * count / elapsed);
      if (elapsed < LONG_ENOUGH_NANOSECONDS) {
        count = Math.min(count * 2, LONGEST_ROUND);
      }
    }
    return best;
  }

  private static void pass(Vcpu vcpu, long count) {
    vcpu.reset();
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.CR0, 0x80000011L); // PG, ET, PE
    RawMemory.putLong(s + StateLayout.CR3, TABLES);
    RawMemory.putLong(s + StateLayout.CR4, 0x20); // PAE
    RawMemory.putLong(s + StateLayout.EFER, 0x500); // LMA, LME
    segment(s + StateLayout.segment(StateLayout.CS), 0xa09b);
    segment(s + StateLayout.segment(StateLayout.SS), 0xc093);
    RawMemory.putLong(s + StateLayout.GPR + 8, count);
    RawMemory.putLong(s + StateLayout.GPR + 6 * 8, DATA);
    RawMemory.putLong(s + StateLayout.GPR + 7 * 8, DATA + 8);
    RawMemory.putLong(s + StateLayout.RIP, CODE);
    vcpu.stateChanged();
    Exit exit = vcpu.run();
    if (exit != Exit.HALTED) {
      throw new IllegalStateException("a counting guest ended by " + exit);
    }
  }

  private static void segment(long at, int attributes) {
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, -1);
    RawMemory.putLong(at + StateLayout.BASE, 0);
  }
}
