package org.wardian.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.wardian.boot.BootException;
import org.wardian.chipset.SerialBackend;
import org.wardian.cli.console.ConsoleSession;
import org.wardian.cli.console.GuestInput;
import org.wardian.cli.console.MachineControls;
import org.wardian.display.vnc.VncServer;
import org.wardian.host.HostException;
import org.wardian.machine.DeviceConfiguration;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.state.SavedState;
import org.wardian.memory.GuestMemory;
import org.wardian.process.assembly.BalloonWatch;
import org.wardian.processor.kvm.UnsupportedCpuModelException;
import org.wardian.processor.software.Observation;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;

/** One run of a guest: builds the machine, joins it to the console, and says how it ended. */
final class GuestRun {
  private final RunRequest request;
  private final GuestImages images;
  private final OpenedDevices attached;
  private final ConsoleSession console;
  private final MachineKeeper keeper;
  private final Observation observation;
  private final PrintWriter messages;
  private final AtomicBoolean timedOut = new AtomicBoolean();

  /** Null where the terminal is a serial port. */
  private VirtioConsole virtioConsole;

  GuestRun(
      RunRequest request,
      GuestImages images,
      OpenedDevices attached,
      ConsoleSession console,
      MachineKeeper keeper,
      Observation observation,
      PrintWriter messages) {
    this.messages = messages;
    this.request = request;
    this.images = images;
    this.attached = attached;
    this.console = console;
    this.keeper = keeper;
    this.observation = observation;
  }

  /**
   * Runs the guest on this thread, to its end.
   *
   * @throws Failure if it cannot be started
   */
  RunReport run() {
    long started = System.nanoTime();
    SerialBackend output = console::put;
    ScreenRequest screen = request.peripherals().screen();
    try (Machine machine = machine(output)) {
      Optional<VncServer> viewers = screen.serve(machine, attached.pointer(machine.pointer()));
      try {
        machine.observe(observation);
        keeper.attach(machine, console);
        console.start(input(machine), new Controls(machine, started));
        if (request.restoration().isPresent()) {
          console.wakeScript();
        }
        request.timeout().ifPresent(limit -> stopAfter(limit, machine));
        Outcome outcome = run(machine);
        Duration wallTime = Duration.ofNanos(System.nanoTime() - started);
        screen.photograph(machine);
        return report(outcome, machine, wallTime);
      } finally {
        viewers.ifPresent(VncServer::close);
      }
    } catch (UnsupportedCpuModelException e) {
      throw new Failure(ExitStatus.UNAVAILABLE, e.getMessage(), e);
    } catch (BootException e) {
      throw new Failure(ExitStatus.BAD_IMAGE, images.name() + ": " + e.getMessage(), e);
    } catch (HostException e) {
      throw new Failure(
          ExitStatus.UNAVAILABLE,
          "this host does not give what the machine needs: " + e.getMessage(),
          e);
    }
  }

  /** A new machine, or the saved one that goes on. */
  private Machine machine(SerialBackend output) throws BootException {
    if (request.restoration().isEmpty()) {
      return new Machine(configuration(), output);
    }
    Restoration restoration = request.restoration().get();
    long started = System.nanoTime();
    try (SavedState saved = restoration.open(attached)) {
      Machine machine = Machine.restore(configuration(), output, saved);
      try {
        restoration.revert(attached);
      } catch (IOException | RuntimeException e) {
        machine.close();
        throw e;
      }
      messages.printf(
          Locale.ROOT,
          "ward: going on with %s, which was saved %s (%s of %s of memory stored, %.2f s)%n",
          restoration.argument().place(),
          saved.description().saved().truncatedTo(ChronoUnit.SECONDS),
          new ByteSize(saved.memory().storedPages() * GuestMemory.PAGE),
          new ByteSize(saved.description().memoryBytes()),
          (System.nanoTime() - started) / 1e9);
      messages.flush();
      return machine;
    } catch (IOException e) {
      throw restoration.failure(e);
    }
  }

  /** What the user's keys are typed into; a guest that sleeps is woken by them. */
  private GuestInput input(Machine machine) {
    return virtioConsole == null
        ? keys -> {
          machine.wake();
          machine.type(keys, 0, keys.length);
        }
        : keys -> {
          machine.wake();
          virtioConsole.type(0, keys, 0, keys.length);
        };
  }

  /** What the user at the console can do to the machine. */
  private final class Controls implements MachineControls {
    private final Machine machine;
    private final long started;

    Controls(Machine machine, long started) {
      this.machine = machine;
      this.started = started;
    }

    @Override
    public void stop() {
      machine.stop();
    }

    @Override
    public void pressPowerButton() {
      machine.pressPowerButton();
    }

    @Override
    public String information() {
      StringBuilder lines = new StringBuilder();
      lines.append(
          String.format(
              Locale.ROOT,
              "%s, %s, running for %.0f s%n",
              images.name(),
              request.execution().kind(),
              (System.nanoTime() - started) / 1e9));
      attached
          .balloon()
          .ifPresent(watch ->
              watch
                  .figures()
                  .forEach((name, value) ->
                      lines.append(String.format(Locale.ROOT, "  %-24s %,18d%n", name, value))));
      return lines.toString();
    }
  }

  private Outcome run(Machine machine) throws BootException {
    try {
      return machine.run();
    } catch (HostException e) {
      throw new Failure(
          ExitStatus.ACCELERATOR_FAILED,
          "the host took back what the running machine needs: " + e.getMessage(),
          e);
    }
  }

  private MachineConfiguration configuration() {
    if (request.memoryBytes() < MachineConfiguration.LEAST_MEMORY) {
      throw new Failure(
          ExitStatus.BAD_IMAGE,
          "no kernel fits into a memory of "
              + new ByteSize(request.memoryBytes())
              + "; a machine has at least "
              + new ByteSize(MachineConfiguration.LEAST_MEMORY)
              + ", and Linux wants --memory 64M or more");
    }
    Set<String> devices =
        request.devices().stream().map(ExtraDevice::toString).collect(Collectors.toSet());
    try {
      MachineConfiguration machine =
          new MachineConfiguration(
                  images.kernel(),
                  images.name(),
                  images.initrd(),
                  images.commandLine(),
                  request.memoryBytes(),
                  request.processors(),
                  request.cpuModel(),
                  devices,
                  request.reboots())
              .on(request.execution().kind(), request.chips())
              .with(request.execution().translator())
              .with(request.pins())
              .withTimestampHz(request.timestampHz())
              .with(devices());
      return attached.firmware().map(machine::with).orElse(machine);
    } catch (IllegalArgumentException e) {
      throw new Failure(ExitStatus.USAGE, e.getMessage(), e);
    }
  }

  /** Those that were opened, and a console that needs this terminal. */
  private List<DeviceConfiguration> devices() {
    List<DeviceConfiguration> all = new ArrayList<>(attached.configurations());
    if (request.peripherals().console() == ConsoleKind.VIRTIO) {
      ConsolePort port =
          new ConsolePort(
              "",
              true,
              (bytes, offset, length) -> {
                for (int i = 0; i < length; i++) {
                  console.put(bytes[offset + i]);
                }
              });
      all.add(
          new DeviceConfiguration.Console(
              "console0", List.of(port), device -> virtioConsole = device));
    }
    return all;
  }

  private void stopAfter(Duration limit, Machine machine) {
    Thread.ofPlatform()
        .daemon()
        .name("timeout")
        .start(() -> {
          try {
            Thread.sleep(limit);
          } catch (InterruptedException e) {
            return;
          }
          timedOut.set(true);
          console.machineStops();
          machine.stop();
        });
  }

  private RunReport report(Outcome outcome, Machine machine, Duration wallTime) {
    boolean crashed =
        switch (outcome.cause()) {
          case PANIC, TRIPLE_FAULT, FAILED -> true;
          case POWERED_OFF, RESET, HALTED, EXITED, STOPPED -> false;
        };
    Optional<ExitStatus> ending = ending(outcome);
    return new RunReport(
        ending.map(ExitStatus::code).orElse(outcome.status()),
        ending.flatMap(this::words),
        crashed ? Optional.of(outcome.registers().stripTrailing()) : Optional.empty(),
        request.execution(),
        wallTime,
        machine.counters(),
        attached.balloon().map(BalloonWatch::figures).orElse(Map.of()));
  }

  /** Empty where the guest has chosen the status itself. */
  private Optional<ExitStatus> ending(Outcome outcome) {
    return switch (outcome.cause()) {
      case POWERED_OFF -> Optional.of(ExitStatus.OK);
      case RESET -> Optional.of(ExitStatus.GUEST_RESET);
      case PANIC -> Optional.of(ExitStatus.GUEST_PANIC);
      case TRIPLE_FAULT -> Optional.of(ExitStatus.TRIPLE_FAULT);
      case HALTED -> Optional.of(ExitStatus.GUEST_DEAD);
      case FAILED -> Optional.of(ExitStatus.ACCELERATOR_FAILED);
      case EXITED -> Optional.empty();
      case STOPPED -> Optional.of(stopped());
    };
  }

  private ExitStatus stopped() {
    if (keeper.hasSaved()) {
      return ExitStatus.OK;
    }
    if (timedOut.get()) {
      return ExitStatus.TIMEOUT;
    }
    return switch (console.ending().orElse(ConsoleSession.Ending.LEFT)) {
      case LEFT -> ExitStatus.LEFT;
      case OUTPUT_CLOSED -> ExitStatus.OUTPUT_CLOSED;
      case OUTPUT_FAILED -> ExitStatus.STORAGE;
    };
  }

  /** What the user is told; nothing where he did it himself. */
  private Optional<String> words(ExitStatus status) {
    return switch (status) {
      case OK -> keeper.hasSaved() ? Optional.of(keeper.words()) : Optional.empty();
      case GUEST_RESET ->
          Optional.of(
              request.reboots()
                  ? "the guest reset itself, and what it was started from is not there any more"
                  : "the guest reset itself, and --no-reboot was given");
      case GUEST_PANIC -> Optional.of("the guest's kernel panicked; its last words are above");
      case TRIPLE_FAULT ->
          Optional.of("triple fault: the guest could not handle a fault; its registers are above");
      case GUEST_DEAD ->
          Optional.of("the guest halted with interrupts off: nothing can wake it any more");
      case ACCELERATOR_FAILED ->
          Optional.of(
              request.execution().kind()
                  + " cannot go on with this guest, as told above; --accelerator "
                  + (request.execution().kind() == AcceleratorKind.KVM ? "software" : "kvm")
                  + " may run it");
      case STORAGE -> Optional.of("standard output cannot be written: " + console.outputFailure());
      case TIMEOUT ->
          Optional.of(
              "stopped after the "
                  + request.timeout().map(Duration::toMillis).orElse(0L) / 1000.0
                  + " s of --timeout");
      default -> Optional.empty();
    };
  }
}
