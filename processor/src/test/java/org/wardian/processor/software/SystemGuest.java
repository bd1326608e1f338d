package org.wardian.processor.software;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.wardian.bus.IoBus;
import org.wardian.bus.TimestampCounter;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/**
 * Memory with descriptor tables for code of privilege 0 and 3, and processors on it. Each vector
 * has a handler that halts, but 80h, which leads to the system's code, and {@link #INTERRUPT}: OUT
 * to port 0 requests it, and its handler adds up where it came from.
 */
final class SystemGuest implements AutoCloseable {
  static final int SYSTEM_CS = 0x08;
  static final int SYSTEM_SS = 0x10;
  static final int USER_SS = 0x23;
  static final int USER_CS = 0x2b;
  static final int INTERRUPT = 0x40;

  private static final int TASK = 0x30;
  private static final long TABLES = 0x1000;
  private static final long GDT = 0x6000;
  private static final long TSS = 0x7000;
  private static final long IDT = 0x8000;
  static final long HANDLERS = 0xa000;
  static final long SYSTEM_CODE = 0x10000;
  static final long SYSTEM_DATA = 0x20f80;
  static final long SYSTEM_STACK = 0x30800;
  private static final long SUM = 0x31000;

  /** The user's, from 4 MiB on. */
  static final long USER_CODE = 0x40_0000;

  static final long USER_DATA = 0x41_0f80;
  static final long USER_STACK = 0x42_0800;
  static final long COUNTER = 0x43_0000;

  private static final int[] AREAS = {
    0x6000, 0x2000, 0x1_0000, 0x1000, 0x2_0000, 0x2000, 0x3_0000, 0x2000,
    0x40_0000, 0x1000, 0x41_0000, 0x2000, 0x42_0000, 0x1000, 0x43_0000, 0x1000
  };

  private static final long HERTZ = 1_000_000_000L;

  private final GuestMemory memory = GuestMemory.withRam(8 << 20);
  private final List<Processor> processors = new ArrayList<>();
  private final TimestampCounter time;
  private byte[] kept;

  /** A processor with what interrupts it. */
  record Processor(SoftwareVcpu vcpu, Requests requests) {
    void reset() {
      requests.reset();
      vcpu.interrupt(false);
      vcpu.reset();
      long s = vcpu.state;
      RawMemory.putLong(s + StateLayout.CR3, TABLES);
      RawMemory.putLong(s + StateLayout.GDTR_BASE, GDT);
      RawMemory.putInt(s + StateLayout.GDTR_LIMIT, 0x3f);
      RawMemory.putLong(s + StateLayout.IDTR_BASE, IDT);
      RawMemory.putInt(s + StateLayout.IDTR_LIMIT, 0xfff);
      segment(s, StateLayout.CS, SYSTEM_CS, 0xa09b);
      segment(s, StateLayout.SS, SYSTEM_SS, 0xc093);
      for (int n : new int[] {StateLayout.DS, StateLayout.ES, StateLayout.FS, StateLayout.GS}) {
        segment(s, n, 0, Segmentation.UNUSABLE);
      }
      segment(s, StateLayout.TR, TASK, 0x8b);
      RawMemory.putLong(s + StateLayout.segment(StateLayout.TR) + StateLayout.BASE, TSS);
      RawMemory.putInt(s + StateLayout.segment(StateLayout.TR) + StateLayout.LIMIT, 0x67);
    }
  }

  SystemGuest() {
    this(new StoppedClock(1_000_000_000L));
  }

  /** With the counter that RDTSC reads. */
  SystemGuest(TimestampCounter time) {
    this.time = time;
    put(TABLES, TABLES + 0x1000 | 0x27);
    put(TABLES + 0x1000, TABLES + 0x2000 | 0x27);
    for (int i = 0; i < 4; i++) {
      put(TABLES + 0x2000 + i * 8L, (long) i << 21 | (i < 2 ? 0xe3 : 0xe7));
    }
    long[] descriptors = {
      0,
      0x00af9b000000ffffL,
      0x00cf93000000ffffL,
      0x00cffb000000ffffL,
      0x00cff3000000ffffL,
      0x00affb000000ffffL,
      0x0000_8b00_0000_0067L | TSS << 16,
      0
    };
    for (int i = 0; i < descriptors.length; i++) {
      put(GDT + 8 * i, descriptors[i]);
    }
    put(TSS + 4, SYSTEM_STACK);
    for (int vector = 0; vector < 256; vector++) {
      boolean open = vector == 3 || vector == 0x80 || vector == 0x21;
      long handler = vector == 0x80 ? SYSTEM_CODE : HANDLERS + vector * 16;
      long gate = handler & 0xffff | (long) SYSTEM_CS << 16 | (handler & 0xffff0000L) << 32;
      put(IDT + 16 * vector, gate | (open ? 0xee00L : 0x8e00L) << 32);
      code(HANDLERS + vector * 16, "f4");
    }
    // push rax; mov rax,[rsp+8]; add [SUM],rax; pop rax; iretq
    code(HANDLERS + INTERRUPT * 16, "50488b4424084801042500100300" + "5848cf");
  }

  /** One more processor on the memory. */
  Processor processor(boolean translated) {
    CpuModel model = CpuModel.standard();
    Requests requests = new Requests();
    IoBus ports = IoBus.ports();
    SoftwareVcpu vcpu =
        SoftwareVcpu.create(
            new SoftwareVcpu.Wiring(
                model,
                new Cpuid(model, 0, 1, HERTZ, HERTZ),
                memory,
                ports,
                IoBus.mmio(),
                requests,
                time),
            translated,
            new VcpuGroup());
    requests.vcpu = vcpu;
    ports.map(0, 1, new SoftwareGuest.Trigger(requests::request));
    Processor processor = new Processor(vcpu, requests);
    processors.add(processor);
    return processor;
  }

  static void segment(long s, int segment, int selector, int attributes) {
    long at = s + StateLayout.segment(segment);
    boolean usable = (attributes & Segmentation.UNUSABLE) == 0;
    RawMemory.putShort(at, (short) selector);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, usable ? -1 : 0);
    RawMemory.putLong(at + StateLayout.BASE, 0);
  }

  void put(long address, long value) {
    RawMemory.putLong(memory.hostAddress(address), value);
  }

  long get(long address) {
    return RawMemory.getLong(memory.hostAddress(address));
  }

  void code(long address, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    memory.write(address, bytes, 0, bytes.length);
  }

  /** Empties what programs write. */
  void clear() {
    for (int n = 2; n < AREAS.length; n += 2) {
      memory.write(AREAS[n], new byte[AREAS[n + 1]], 0, AREAS[n + 1]);
    }
  }

  /** All that a program can change. */
  byte[] contents() {
    int length = 0;
    for (int n = 0; n < AREAS.length; n += 2) {
      length += AREAS[n + 1];
    }
    byte[] bytes = new byte[length];
    int at = 0;
    for (int n = 0; n < AREAS.length; n += 2) {
      RawMemory.copy(memory.hostAddress(AREAS[n]), bytes, at, AREAS[n + 1]);
      at += AREAS[n + 1];
    }
    return bytes;
  }

  void keep() {
    kept = contents();
  }

  /** Makes memory what it was at {@link #keep}. */
  void restore() {
    int at = 0;
    for (int n = 0; n < AREAS.length; n += 2) {
      memory.write(AREAS[n], kept, at, AREAS[n + 1]);
      at += AREAS[n + 1];
    }
  }

  @Override
  public void close() {
    processors.forEach(p -> p.vcpu.close());
    memory.close();
  }

  /** One request at a time, which a guest makes itself. */
  static final class Requests extends AbsentApic {
    private SoftwareVcpu vcpu;
    private boolean requested;

    void request() {
      requested = true;
      vcpu.interrupt(true);
    }

    @Override
    public int acknowledge() {
      if (!requested) {
        return -1;
      }
      requested = false;
      vcpu.interrupt(false);
      return INTERRUPT;
    }

    @Override
    public boolean pending() {
      return requested;
    }

    @Override
    public void reset() {
      requested = false;
    }

    @Override
    public int taskPriority() {
      return 5;
    }
  }
}
