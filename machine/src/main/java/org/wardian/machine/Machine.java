package org.wardian.machine;

import java.util.LinkedHashMap;
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
import org.wardian.bus.PowerControl;
import org.wardian.chipset.SerialBackend;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;
import org.wardian.display.Screen;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.platform.PlatformConfiguration;
import org.wardian.processor.Exit;
import org.wardian.processor.RegisterDump;
import org.wardian.processor.Vcpu;
import org.wardian.processor.software.Observation;

/**
 * One machine: memory, board, processors and the kernel that it boots.
 *
 * <p>{@link #run} is called once, on the thread that becomes the first vCPU's. {@link #stop},
 * {@link #pause}, {@link #resume}, {@link #pressPowerButton} and {@link #type} may be called by any
 * other thread.
 */
public final class Machine implements AutoCloseable, PowerControl {
  private final MachineConfiguration configuration;
  private final Platform platform;
  private final Board board;
  private final List<Vcpu> vcpus;
  private final PanicWatch panic;

  /** Null where firmware starts the machine. */
  private final KernelImage kernel;

  private final AtomicReference<Outcome.Cause> request = new AtomicReference<>();
  private final Pauses pauses = new Pauses();
  private volatile int exitStatus;

  /**
   * Builds the machine and checks the kernel; nothing runs yet.
   *
   * @param console takes what the guest writes to its first serial port; called on the vCPU's
   *     thread
   * @throws BootException where the kernel is none
   * @throws org.wardian.host.HostException where the host does not grant what the machine needs
   */
  public Machine(MachineConfiguration configuration, SerialBackend console) throws BootException {
    this.configuration = configuration;
    this.kernel =
        configuration.firmware().isPresent() ? null : KernelImage.parse(configuration.kernel());
    this.panic = new PanicWatch(console, () -> ask(Outcome.Cause.PANIC));
    this.platform =
        Platform.create(
            new PlatformConfiguration(
                configuration.accelerator(),
                // Round a PC's firmware, memory has holes: the board sees to that.
                configuration.firmware().isPresent() ? 0 : configuration.memoryBytes(),
                configuration.processors(),
                configuration.cpuModel(),
                configuration.chips(),
                configuration.translator()));
    try {
      this.board = new Board(configuration, platform, this, panic);
      this.vcpus = platform.vcpus();
    } catch (RuntimeException e) {
      platform.close();
      throw e;
    }
  }

  /**
   * Puts the boot processor at the firmware's reset vector, or into the kernel; the others wait.
   */
  private void enter() throws BootException {
    Vcpu first = vcpus.getFirst();
    if (kernel == null) {
      first.reset();
    } else {
      GuestEntry.enter(first, load());
    }
    vcpus.stream().skip(1).forEach(GuestEntry::await);
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
            platform.memory().write(gpa, data, offset, length);
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
   * Starts the firmware, or boots the kernel, and runs it to its end.
   *
   * @throws BootException where kernel, initrd or command line do not fit the machine
   */
  public Outcome run() throws BootException {
    enter();
    board.start();
    try (ProcessorThreads threads =
        new ProcessorThreads(vcpus, configuration.pins(), this::asked)) {
      while (true) {
        ProcessorThreads.Ended ended = threads.run();
        Outcome.Cause cause = cause(ended.exit());
        if (cause == null) {
          pauses.hold(board);
          continue;
        }
        if (cause == Outcome.Cause.RESET && panic.panicked()) {
          cause = Outcome.Cause.PANIC;
        }
        if (cause == Outcome.Cause.RESET && configuration.reboot()) {
          board.reset();
          panic.clear();
          enter();
          continue;
        }
        // All have halted: the one that boots says most.
        Vcpu last = vcpus.get(cause == Outcome.Cause.HALTED ? 0 : ended.processor());
        return new Outcome(
            cause,
            exitStatus,
            cause == Outcome.Cause.FAILED ? last.failure() : RegisterDump.of(last));
      }
    } finally {
      pauses.end();
      board.stop();
    }
  }

  /** Why all processors have stopped; null for a pause. */
  private Outcome.Cause cause(Exit exit) {
    return switch (exit) {
      case STOPPED, DEBUG -> request.getAndSet(null);
      case HALTED -> {
        Outcome.Cause asked = request.getAndSet(null);
        yield asked == null ? Outcome.Cause.HALTED : asked;
      }
      case TRIPLE_FAULT -> Outcome.Cause.TRIPLE_FAULT;
      case FAILED -> Outcome.Cause.FAILED;
    };
  }

  private boolean asked() {
    return request.get() != null || pauses.wanted();
  }

  private void ask(Outcome.Cause cause) {
    request.compareAndSet(null, cause);
    kick();
  }

  private void kick() {
    vcpus.forEach(Vcpu::kick);
  }

  /** Ends {@link #run} with {@link Outcome.Cause#STOPPED}. */
  public void stop() {
    request.set(Outcome.Cause.STOPPED);
    pauses.end();
    kick();
  }

  /**
   * Stops all processors and guest time; returns when they stand still. Not by a thread that the
   * guest's processors wait for.
   *
   * @return false where the machine has come to its end before, or meanwhile
   * @throws InterruptedException if the thread is interrupted; the pause is given up
   */
  public boolean pause() throws InterruptedException {
    return pauses.begin(this::kick);
  }

  /** Ends {@link #pause}; without one it does nothing. */
  public void resume() {
    pauses.finish();
  }

  /** What the display shows, where there is one. */
  public Optional<Screen> screen() {
    return board.screen();
  }

  /** The keyboard of the display, which does nothing where there is none. */
  public KeyReceiver keys() {
    return board.keyboard.keys();
  }

  /** The mouse of the display, which does nothing where there is none. */
  public PointerReceiver pointer() {
    return board.keyboard.pointer();
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

  /**
   * Has the processor observed; once, before {@link #run}. Without effect where the host's
   * processor executes the guest.
   */
  public void observe(Observation observation) {
    platform.observe(observation);
  }

  /** Figures of all processors together, by name. */
  public Map<String, Long> counters() {
    Map<String, Long> sums = new LinkedHashMap<>();
    for (Vcpu vcpu : vcpus) {
      vcpu.counters().forEach((name, value) -> sums.merge(name, value, Long::sum));
    }
    return sums;
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
    platform.close();
  }
}
