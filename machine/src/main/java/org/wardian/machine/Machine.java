package org.wardian.machine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.wardian.boot.BootException;
import org.wardian.bus.PowerControl;
import org.wardian.chipset.SerialBackend;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;
import org.wardian.display.Screen;
import org.wardian.machine.platform.Platform;
import org.wardian.machine.platform.PlatformConfiguration;
import org.wardian.machine.state.Origin;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateFileException;
import org.wardian.machine.state.StateOutput;
import org.wardian.machine.state.StateTarget;
import org.wardian.memory.GuestMemory;
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

  private final Start start;
  private final DeviceSlots devices;
  private final ProcessorSlots processors;

  /** Whether it goes on from a saved state in place of a start. */
  private final boolean resumed;

  private final AtomicReference<Outcome.Cause> request = new AtomicReference<>();
  private final Pauses pauses = new Pauses();
  private final Sleep sleep = new Sleep();
  private volatile int exitStatus;
  private volatile Runnable whenReset = () -> {};
  private volatile Runnable whenAsleep = () -> {};
  private volatile Runnable whenAwake = () -> {};
  private final AtomicIntegerArray hostThreads;

  /** Guards {@link #closed}; the last lock: nothing waits while it is held. */
  private final Object closing = new Object();

  private boolean closed;

  /**
   * Builds the machine and checks the kernel; nothing runs yet.
   *
   * @param console takes what the guest writes to its first serial port; called on the vCPU's
   *     thread
   * @throws BootException where the kernel is none
   * @throws org.wardian.host.HostException where the host does not grant what the machine needs
   */
  public Machine(MachineConfiguration configuration, SerialBackend console) throws BootException {
    this(configuration, console, Optional.empty());
  }

  private Machine(
      MachineConfiguration configuration, SerialBackend console, Optional<SavedState> saved)
      throws BootException {
    this.start = new Start(configuration, saved.isPresent());
    this.panic = new PanicWatch(console, () -> ask(Outcome.Cause.PANIC));
    this.platform =
        Platform.create(
            new PlatformConfiguration(
                configuration.accelerator(),
                // Memory may be a saved one, or have holes round a PC's firmware.
                0,
                configuration.hostMemory(),
                configuration.processors(),
                saved
                    .map(state ->
                        Description.promised(configuration.cpuModel(), state.description()))
                    .orElse(configuration.cpuModel()),
                configuration.chips(),
                configuration.translator(),
                saved
                    .map(state -> state.description().timestampHz())
                    .orElse(configuration.timestampHz())));
    try {
      if (saved.isPresent()) {
        Description.requireFit(configuration, platform, saved.get());
      }
      this.configuration =
          saved
              .map(state -> Description.placed(configuration, state.description()))
              .orElse(configuration);
      Ram ram = new Ram(platform.memory(), saved.map(SavedState::memory));
      if (configuration.firmware().isEmpty()) {
        boolean display =
            configuration.peripherals().stream()
                .anyMatch(DeviceConfiguration.Display.class::isInstance);
        ram.addAll(configuration.memoryBytes(), display);
      }
      this.board = new Board(this.configuration, platform, ram, this, panic);
      this.vcpus = platform.vcpus();
      this.devices = new DeviceSlots(board, pauses, this.configuration.peripherals());
      this.processors = new ProcessorSlots(board, pauses, vcpus);
      this.hostThreads = new AtomicIntegerArray(vcpus.size());
      if (saved.isPresent()) {
        new MachineState(board, panic).load(saved.get());
      }
      this.resumed = saved.isPresent();
    } catch (IOException e) {
      platform.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      platform.close();
      throw e;
    }
  }

  /**
   * Builds a machine that goes on where another was saved; nothing runs yet, and its disks are not
   * touched.
   *
   * @param configuration that of the other, but for the accelerator, back ends, and what a reset
   *     starts; where its kernel has no bytes, a reset ends the run
   * @param saved needed no more when this returns
   * @throws BootException as for a new machine
   * @throws StateFileException where the configuration does not fit the saved machine, or that is
   *     damaged
   * @throws IOException where it cannot be read
   */
  public static Machine restore(
      MachineConfiguration configuration, SerialBackend console, SavedState saved)
      throws BootException, IOException {
    try {
      return new Machine(configuration, console, Optional.of(saved));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Writes the state of the machine, which was {@linkplain #pause paused}, and stays so. Its disks
   * are not in it: they have to stay, or be kept, as they are now.
   *
   * @param origin what it was started from, for whoever restores it
   * @throws IllegalStateException where it does not stand still, or its guest sleeps
   * @throws IOException where the target fails; the machine can go on
   */
  public void save(StateTarget target, Origin origin) throws IOException {
    if (!pauses.held()) {
      throw new IllegalStateException("a machine is saved while it is paused");
    }
    if (sleep.asleep()) {
      throw new IllegalStateException("the guest sleeps (S3): wake it up, then save it");
    }
    StateOutput.write(
        target,
        Description.of(
            configuration.with(devices.devices()),
            platform,
            origin,
            device -> board.slotOf(device.id())),
        new MachineState(board, panic).save(),
        platform.memory(),
        board.ram());
  }

  /** As {@link #save(StateTarget, Origin)}, of a machine whose origin is known otherwise. */
  public void save(StateTarget target) throws IOException {
    save(target, Origin.NONE);
  }

  /**
   * Starts the firmware, or boots the kernel, or goes on from a saved state, and runs it to its
   * end.
   *
   * @throws BootException where kernel, initrd or command line do not fit the machine
   */
  public Outcome run() throws BootException {
    try {
      if (!resumed) {
        start.enter(board, platform);
      }
      return started();
    } finally {
      pauses.end();
    }
  }

  private Outcome started() throws BootException {
    board.start();
    pauses.start();
    if (resumed) {
      board.goOn();
    }
    try {
      // Whoever asked for a pause before finds a machine that has executed nothing.
      return pauses.hold(board) ? execute() : outcome(Outcome.Cause.STOPPED, 0);
    } finally {
      pauses.end();
      board.stop();
    }
  }

  private Outcome execute() throws BootException {
    try (ProcessorThreads threads =
        new ProcessorThreads(
            vcpus, configuration.pins(), this::asked, hostThreads, board::isPresent)) {
      while (true) {
        ProcessorThreads.Ended ended = threads.run();
        Outcome.Cause cause = cause(ended.exit());
        if (cause == null && sleep.wanted()) {
          cause = sleep();
          if (cause == null) {
            continue;
          }
        }
        if (cause == null && pauses.hold(board)) {
          continue;
        }
        if (cause == null) {
          cause = Outcome.Cause.STOPPED;
        }
        if (cause == Outcome.Cause.RESET && panic.panicked()) {
          cause = Outcome.Cause.PANIC;
        }
        if (cause == Outcome.Cause.RESET && start.restarts()) {
          board.reset();
          panic.clear();
          // One processor may ask for sleep while another resets.
          sleep.end();
          start.enter(board, platform);
          whenReset.run();
          continue;
        }
        // All have halted: the one that boots says most.
        return outcome(cause, cause == Outcome.Cause.HALTED ? 0 : ended.processor());
      }
    }
  }

  private Outcome outcome(Outcome.Cause cause, int processor) {
    Vcpu last = vcpus.get(processor);
    return new Outcome(
        cause, exitStatus, cause == Outcome.Cause.FAILED ? last.failure() : RegisterDump.of(last));
  }

  /** Why all processors have stopped; null for a pause. */
  private Outcome.Cause cause(Exit exit) {
    return switch (exit) {
      case STOPPED, DEBUG -> request.getAndSet(null);
      case HALTED -> {
        Outcome.Cause asked = request.getAndSet(null);
        yield asked != null || sleep.wanted() ? asked : Outcome.Cause.HALTED;
      }
      case TRIPLE_FAULT -> Outcome.Cause.TRIPLE_FAULT;
      case FAILED -> Outcome.Cause.FAILED;
    };
  }

  /** The guest sleeps until it is woken; null then, or why it does not go on. */
  private Outcome.Cause sleep() throws BootException {
    sleep.begin();
    whenAsleep.run();
    try {
      while (!sleep.await(() -> request.get() != null || pauses.wanted())) {
        Outcome.Cause cause = request.getAndSet(null);
        if (cause != null) {
          return cause;
        }
        if (!pauses.hold(board)) {
          return Outcome.Cause.STOPPED;
        }
      }
      board.wake();
      start.wake(board, platform);
    } finally {
      sleep.end();
    }
    whenAwake.run();
    return null;
  }

  private boolean asked() {
    return request.get() != null || pauses.wanted() || sleep.wanted();
  }

  private void ask(Outcome.Cause cause) {
    request.compareAndSet(null, cause);
    kick();
  }

  /** Other threads may be late: the processors' memory is gone once the machine is closed. */
  private void kick() {
    synchronized (closing) {
      if (!closed) {
        vcpus.forEach(Vcpu::kick);
      }
    }
    sleep.look();
  }

  /** Ends {@link #run} with {@link Outcome.Cause#STOPPED}. */
  public void stop() {
    request.set(Outcome.Cause.STOPPED);
    pauses.end();
    kick();
  }

  /**
   * Has {@link #run} stand still before the first instruction, until {@link #resume}: {@link
   * #pause} waits for that. Before {@link #run}.
   */
  public void pauseAtStart() {
    pauses.ask();
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

  /**
   * Wakes a guest that sleeps with its memory kept (S3).
   *
   * @return false where it does not sleep
   */
  public boolean wake() {
    return sleep.wake();
  }

  /** Whether the guest sleeps with its memory kept (S3). */
  public boolean asleep() {
    return sleep.asleep();
  }

  /** How long the guest has run; pauses do not count. */
  public Duration guestTime() {
    return Duration.ofNanos(platform.timers().nanoseconds());
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

  /** Presses the ACPI power button: a guest that listens shuts down, one that sleeps wakes. */
  public void pressPowerButton() {
    if (!wake()) {
      board.power.pressPowerButton();
    }
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

  /**
   * Has somebody told of each reset after which the machine starts again; once, before {@link
   * #run}.
   *
   * @param told called on the machine's thread while no processor executes
   */
  public void onReset(Runnable told) {
    whenReset = told;
  }

  /**
   * Has somebody told when the guest falls asleep (S3) and when it goes on; once, before {@link
   * #run}.
   *
   * @param asleep called on the machine's thread while no processor executes
   * @param awake likewise
   */
  public void onSleep(Runnable asleep, Runnable awake) {
    whenAsleep = asleep;
    whenAwake = awake;
  }

  /** The host's numbers of the vCPUs' threads; 0 for one that has not run yet. */
  public List<Integer> processorThreads() {
    return IntStream.range(0, hostThreads.length()).mapToObj(hostThreads::get).toList();
  }

  /** Its devices, and those that come and go. */
  public DeviceSlots devices() {
    return devices;
  }

  /** Its processors, and those that come and go. */
  public ProcessorSlots processors() {
    return processors;
  }

  /** Sends a non-maskable interrupt to all processors, as the button of a server does. */
  public void injectNmi() {
    board.injectNmi();
  }

  /** What the guest sees as memory. */
  public GuestMemory memory() {
    return platform.memory();
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
    sleep.ask();
    kick();
  }

  @Override
  public void close() {
    synchronized (closing) {
      closed = true;
    }
    platform.close();
  }
}
