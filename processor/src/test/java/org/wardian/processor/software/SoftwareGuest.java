package org.wardian.processor.software;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Cpuid;
import org.wardian.x86.StateLayout;

/**
 * Software processors with memory and buses: 64-bit code in ring 0, the first GiB mapped one to one
 * by large pages whose accessed and dirty bits are set, so that a guest writes nothing that its
 * test does not say. A guest ends by HLT.
 */
final class SoftwareGuest implements AutoCloseable {
  static final int RAX = 0;
  static final int RCX = 1;
  static final int RDX = 2;
  static final int RBX = 3;
  static final int RSP = 4;
  static final int RSI = 6;
  static final int RDI = 7;

  /** Page tables: PML4, directory pointers, directory; then free. */
  static final long TABLES = 0x1000;

  static final long FREE_TABLES = TABLES + 0x3000;
  static final long CODE = 0x10000;

  /** RDI of a guest that starts; the other registers are 0. */
  static final long DATA = 0x20_0000;

  /** RSP of a guest that starts. */
  static final long STACK = DATA + 0x8000;

  static final long RAM = 8 << 20;

  private static final long HERTZ = 1_000_000_000L;

  final GuestMemory memory;
  final IoBus ports = IoBus.ports();
  final IoBus mmio = IoBus.mmio();
  final SoftwareVcpu vcpu;
  private final List<SoftwareVcpu> vcpus = new ArrayList<>();

  SoftwareGuest() {
    this(RAM);
  }

  /** With so many bytes of memory. */
  SoftwareGuest(long ram) {
    memory = GuestMemory.withRam(ram);
    put(TABLES, TABLES + 0x1000 | 0x23);
    put(TABLES + 0x1000, TABLES + 0x2000 | 0x23);
    for (int i = 0; i < 512; i++) {
      put(TABLES + 0x2000 + i * 8L, (long) i << 21 | 0xe3);
    }
    vcpu = add();
  }

  /** One more processor on the same memory. */
  SoftwareVcpu add() {
    return add(Boolean.getBoolean("wardian.translator"));
  }

  /** One more processor on the same memory, with translated code or without. */
  SoftwareVcpu add(boolean translated) {
    return add(translated, new VcpuGroup());
  }

  /** One more processor, which runs at the same time as others of its group. */
  SoftwareVcpu add(boolean translated, VcpuGroup group) {
    CpuModel model = CpuModel.standard();
    SoftwareVcpu more =
        SoftwareVcpu.create(
            new SoftwareVcpu.Wiring(
                model,
                new Cpuid(model, 0, 1, HERTZ, HERTZ),
                memory,
                ports,
                mmio,
                new AbsentApic(),
                new StoppedClock(HERTZ)),
            translated,
            group);
    vcpus.add(more);
    return more;
  }

  /** Writes a page-table entry, or any other 64-bit value. */
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

  /** A guest that is about to execute {@code hex}. */
  void start(String hex) {
    code(CODE, hex);
    start(vcpu, CODE);
  }

  void start(SoftwareVcpu processor, long rip) {
    processor.reset();
    long s = processor.state();
    RawMemory.putLong(s + StateLayout.CR0, 0x80000011L);
    RawMemory.putLong(s + StateLayout.CR3, TABLES);
    RawMemory.putLong(s + StateLayout.CR4, 0x620);
    RawMemory.putLong(s + StateLayout.EFER, 0x500);
    RawMemory.putInt(s + StateLayout.IDTR_LIMIT, 0);
    segment(s, StateLayout.CS, 0xa09b);
    segment(s, StateLayout.SS, 0xc093);
    RawMemory.putLong(s + StateLayout.GPR + 8 * RSP, STACK);
    RawMemory.putLong(s + StateLayout.GPR + 8 * RDI, DATA);
    RawMemory.putLong(s + StateLayout.GPR + 8 * RDX, 0);
    RawMemory.putLong(s + StateLayout.RIP, rip);
    processor.stateChanged();
  }

  private static void segment(long s, int segment, int attributes) {
    long at = s + StateLayout.segment(segment);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putInt(at + StateLayout.LIMIT, -1);
    RawMemory.putLong(at + StateLayout.BASE, 0);
  }

  /** Executes {@code hex} with the registers of {@link #start}, to its end. */
  Exit run(String hex) {
    start(hex);
    return vcpu.run();
  }

  /** Runs the processor on a thread of its own. */
  static Running launch(SoftwareVcpu processor) {
    return new Running(
        processor,
        CompletableFuture.supplyAsync(
            processor::run, task -> Thread.ofPlatform().daemon().start(task)));
  }

  /** A processor that runs. */
  record Running(SoftwareVcpu processor, CompletableFuture<Exit> exit) {
    /** How long a guest may take that should be done in a moment. */
    private static final int PATIENCE_SECONDS = 300;

    boolean ended() {
      return exit.isDone();
    }

    /** How it ended; one that does not is stopped, so that its memory may be closed. */
    Exit join() {
      try {
        return exit.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        processor.kick();
        throw new AssertionError("the guest ran on until it was stopped: " + exit.join(), e);
      } catch (InterruptedException | ExecutionException e) {
        throw new AssertionError(e);
      }
    }
  }

  long gpr(int register) {
    return vcpu.gpr(register);
  }

  void gpr(int register, long value) {
    vcpu.gpr(register, value);
  }

  long rip() {
    return vcpu.rip();
  }

  /** What {@code OUT DX,AL} does with DX = 0: the device of a test that changes something. */
  void onPort(Runnable action) {
    ports.map(0, 1, new Trigger(action));
  }

  /** A register that does something when it is read or written. */
  record Trigger(Runnable action) implements IoHandler {
    @Override
    public long read(long offset, int size) {
      action.run();
      return 0x77;
    }

    @Override
    public void write(long offset, int size, long value) {
      action.run();
    }
  }

  /** Stops what still runs, after a test that failed, so that its memory may go. */
  @Override
  public void close() {
    for (SoftwareVcpu each : vcpus) {
      while (each.runs()) {
        each.kick();
        Thread.onSpinWait();
      }
      each.close();
    }
    memory.close();
  }

  /** Accesses to a window of the MMIO bus, in words; what it answers; what happens at one. */
  static final class Window implements IoHandler {
    final List<String> seen = new ArrayList<>();
    long answer;
    private int countdown;
    private Runnable action = () -> {};

    Window(long answer) {
      this.answer = answer;
    }

    /** Has {@code what} happen in the n-th access from now. */
    void at(int n, Runnable what) {
      countdown = n;
      action = what;
    }

    private void count() {
      if (--countdown == 0) {
        action.run();
      }
    }

    @Override
    public long read(long offset, int size) {
      seen.add("r%d %x".formatted(size, offset));
      count();
      return answer;
    }

    @Override
    public void write(long offset, int size, long value) {
      seen.add("w%d %x=%x".formatted(size, offset, value));
      count();
    }
  }

  /** A processor without local APIC. */
}
