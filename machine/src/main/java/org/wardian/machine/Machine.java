package org.wardian.machine;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.boot.BootException;
import org.wardian.boot.BootLoader;
import org.wardian.boot.BootModule;
import org.wardian.boot.BootParameters;
import org.wardian.boot.BootState;
import org.wardian.boot.GuestRam;
import org.wardian.boot.KernelImage;
import org.wardian.boot.acpi.AcpiTables;
import org.wardian.bus.HostTimers;
import org.wardian.bus.PowerControl;
import org.wardian.bus.TimestampCounter;
import org.wardian.chipset.LocalApic;
import org.wardian.chipset.SerialBackend;
import org.wardian.memory.GuestMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Vcpu;
import org.wardian.processor.software.SoftwareVcpu;
import org.wardian.x86.Cpuid;

/**
 * One machine: memory, board, processor and the kernel that it boots.
 *
 * <p>{@link #run} is called once, on the thread that becomes the vCPU's. {@link #stop}, {@link
 * #pressPowerButton} and {@link #type} may be called by any thread.
 */
public final class Machine implements AutoCloseable, PowerControl {
  /** Rate of the guest's time-stamp counter: one tick a nanosecond. */
  public static final long TSC_HZ = 1_000_000_000L;

  private final MachineConfiguration configuration;
  private final GuestMemory memory;
  private final HostTimers timers = new HostTimers();
  private final Board board;
  private final Vcpu vcpu;
  private final PanicWatch panic;
  private final KernelImage kernel;
  private final AtomicReference<Outcome.Cause> request = new AtomicReference<>();
  private volatile int exitStatus;

  /**
   * Builds the machine and checks the kernel; nothing runs yet.
   *
   * @param console takes what the guest writes to its first serial port; called on the vCPU's
   *     thread
   * @throws BootException where the kernel is none
   */
  public Machine(MachineConfiguration configuration, SerialBackend console) throws BootException {
    this.configuration = configuration;
    this.kernel = KernelImage.parse(configuration.kernel());
    this.memory = GuestMemory.withRam(configuration.memoryBytes());
    this.panic = new PanicWatch(console, () -> ask(Outcome.Cause.PANIC));
    TimestampCounter counter =
        new TimestampCounter() {
          @Override
          public long ticks() {
            return timers.nanoseconds();
          }

          @Override
          public long frequencyHz() {
            return TSC_HZ;
          }
        };
    this.board = new Board(configuration, memory, timers, counter, this, panic);
    LocalApic apic = board.localApics.getFirst();
    this.vcpu =
        SoftwareVcpu.create(
            configuration.cpuModel(),
            new Cpuid(
                configuration.cpuModel(),
                apic.id(),
                configuration.processors(),
                TSC_HZ,
                LocalApic.BUS_FREQUENCY_HZ),
            memory,
            board.ports,
            board.mmio,
            apic,
            counter);
    apic.connect(vcpu.interruptTarget());
  }

  private BootState load() throws BootException {
    GuestRam ram =
        new GuestRam() {
          @Override
          public long size() {
            return configuration.memoryBytes();
          }

          @Override
          public void write(long gpa, byte[] data, int offset, int length) {
            memory.write(gpa, data, offset, length);
          }
        };
    board.initialize();
    long rsdp = AcpiTables.write(board.acpi(), ram);
    Optional<byte[]> initrd = configuration.initrd();
    return BootLoader.load(
        kernel,
        new BootParameters(
            configuration.protocol(),
            configuration.commandLine(),
            initrd.map(i -> List.of(BootModule.initrd(i))).orElse(List.of()),
            board.memoryMap(),
            rsdp),
        ram);
  }

  /**
   * Boots the kernel and runs it to its end.
   *
   * @throws BootException where kernel, initrd or command line do not fit the machine
   */
  public Outcome run() throws BootException {
    GuestEntry.enter(vcpu, load());
    board.start();
    try {
      while (true) {
        Exit exit = vcpu.run();
        Outcome.Cause cause =
            switch (exit) {
              case STOPPED, DEBUG -> request.getAndSet(null);
              case HALTED -> {
                Outcome.Cause asked = request.getAndSet(null);
                yield asked == null ? Outcome.Cause.HALTED : asked;
              }
              case TRIPLE_FAULT -> Outcome.Cause.TRIPLE_FAULT;
            };
        if (cause == null) {
          continue;
        }
        if (cause == Outcome.Cause.RESET && panic.panicked()) {
          cause = Outcome.Cause.PANIC;
        }
        if (cause == Outcome.Cause.RESET && configuration.reboot()) {
          board.reset();
          panic.clear();
          GuestEntry.enter(vcpu, load());
          continue;
        }
        return new Outcome(cause, exitStatus, RegisterDump.of(vcpu));
      }
    } finally {
      board.stop();
    }
  }

  private void ask(Outcome.Cause cause) {
    request.compareAndSet(null, cause);
    vcpu.kick();
  }

  /** Ends {@link #run} with {@link Outcome.Cause#STOPPED}. */
  public void stop() {
    request.set(Outcome.Cause.STOPPED);
    vcpu.kick();
  }

  /** Presses the ACPI power button: a guest that listens shuts down. */
  public void pressPowerButton() {
    board.power.pressPowerButton();
  }

  /**
   * Types into the guest's first serial port; waits while the guest does not read.
   *
   * @throws InterruptedException if the thread is interrupted meanwhile
   */
  public void type(byte[] bytes, int from, int length) throws InterruptedException {
    board.serial.receive(bytes, from, length);
  }

  /** Figures of the processor by name. */
  public Map<String, Long> counters() {
    return vcpu.counters();
  }

  @Override
  public void powerOff() {
    ask(Outcome.Cause.POWERED_OFF);
  }

  @Override
  public void reset() {
    ask(Outcome.Cause.RESET);
  }

  @Override
  public void exit(int status) {
    exitStatus = status;
    ask(Outcome.Cause.EXITED);
  }

  @Override
  public void suspend() {
    // No sleep state below S5 is offered in the ACPI tables.
  }

  @Override
  public void close() {
    timers.close();
    vcpu.close();
    memory.close();
  }
}
