package org.wardian.bench;

import java.util.Optional;
import org.wardian.bus.IoBus;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.TimestampCounter;
import org.wardian.chipset.ApicBus;
import org.wardian.chipset.LocalApic;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.Observation;
import org.wardian.processor.software.SoftwareVcpu;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/** A software processor without a board: 64-bit mode, 16 MiB of memory mapped one to one. */
public final class BenchVcpu implements AutoCloseable {
  /** Where the code lies. */
  public static final long CODE = 0x400000;

  private static final long STACK = 0x300000;
  private static final long TABLES = 0x1000;

  private final GuestMemory memory = GuestMemory.withRam(16 << 20);
  private final SoftwareVcpu vcpu;

  public BenchVcpu(GuestMix mix) {
    ManualTimers timers = new ManualTimers();
    TimestampCounter counter =
        new TimestampCounter() {
          @Override
          public long ticks() {
            return timers.nanoseconds();
          }

          @Override
          public long frequencyHz() {
            return 1_000_000_000L;
          }
        };
    LocalApic apic =
        new LocalApic(0, true, Cpuid.PHYSICAL_ADDRESS_BITS, new ApicBus(), timers, counter);
    CpuModel model = CpuModel.standard();
    vcpu =
        SoftwareVcpu.create(
            new SoftwareVcpu.Wiring(
                model,
                new Cpuid(model, 0, 1, 1_000_000_000L, 1_000_000_000L),
                memory,
                IoBus.ports(),
                IoBus.mmio(),
                apic,
                counter));
    vcpu.observe(new Observation(true, Optional.empty(), Optional.empty()));
    byte[] code = mix.code();
    memory.write(CODE, code, 0, code.length);
    putTable(TABLES, TABLES + 0x1000 | 7);
    putTable(TABLES + 0x1000, TABLES + 0x2000 | 7);
    for (int i = 0; i < 8; i++) {
      putTable(TABLES + 0x2000 + i * 8L, (long) i << 21 | 0xe7);
    }
  }

  private void putTable(long address, long entry) {
    RawMemory.putLong(memory.hostAddress(address), entry);
  }

  /** Runs {@code iterations} of the code to its HLT; returns the instructions executed. */
  public long run(long iterations) {
    vcpu.reset();
    long s = vcpu.state();
    RawMemory.putLong(s + StateLayout.CR0, 0x80000011L);
    RawMemory.putLong(s + StateLayout.CR3, TABLES);
    RawMemory.putLong(s + StateLayout.CR4, 0x620);
    RawMemory.putLong(s + StateLayout.EFER, 0x500);
    segment(s, StateLayout.CS, 0xa09b);
    segment(s, StateLayout.SS, 0xc093);
    RawMemory.putLong(s + StateLayout.GPR + 8, iterations);
    RawMemory.putLong(s + StateLayout.GPR + 4 * 8, STACK);
    RawMemory.putLong(s + StateLayout.GPR + 6 * 8, 0x200000);
    RawMemory.putLong(s + StateLayout.RIP, CODE);
    vcpu.stateChanged();
    Exit exit = vcpu.run();
    if (exit != Exit.HALTED) {
      throw new IllegalStateException("guest ended by " + exit);
    }
    return vcpu.instructions();
  }

  private static void segment(long s, int segment, int attributes) {
    long at = s + StateLayout.segment(segment);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, -1);
    RawMemory.putLong(at + StateLayout.BASE, 0);
  }

  @Override
  public void close() {
    vcpu.close();
    memory.close();
  }
}
