package org.wardian.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.wardian.boot.catalogue.GuestCatalogue;
import org.wardian.boot.catalogue.SystemCache;
import org.wardian.boot.catalogue.SystemDefinition;
import org.wardian.cli.console.ConsoleScript;
import org.wardian.cli.console.ConsoleSession;
import org.wardian.host.Terminal;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.PinnedProcessors;
import org.wardian.machine.platform.AcceleratorKind;
import org.wardian.machine.platform.Translator;
import org.wardian.machine.state.MachineDescription;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AcceleratorChoice;
import org.wardian.process.assembly.Sandbox;
import org.wardian.processor.kvm.KvmProbe;
import org.wardian.processor.software.Observation;
import org.wardian.x86.CpuModel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code ward run}. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs a machine until it powers off, with this terminal as its serial console.",
      "",
      "Without options it boots the default guest to a shell: the kernel and the busybox of the"
          + " current Debian, fetched and verified once, then kept.",
      "",
      "'ward run debian' boots a whole Debian on a disk, with a network, apt and ssh. It is made"
          + " out of packages once, in a machine, which takes some minutes where there is no KVM.",
      "",
      "In a terminal every key goes to the guest, Ctrl-C too. Ctrl-A x leaves, Ctrl-A Ctrl-A types"
          + " one Ctrl-A, Ctrl-A h helps, Ctrl-A p presses the power button, Ctrl-A i tells how"
          + " the machine is. Where standard input is a pipe or a file, its bytes are"
          + " typed into the guest as they are, and its end means nothing.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  ward run",
      "  echo 'uname -a' | ward run --script - --timeout 2m",
      "  ward run debian-i386 -m 256M",
      "  ward run debian",
      "  ward run debian --keep mine.qcow2 -c 2 -m 2G --publish 8080:80",
      "  ward run --kernel vmlinuz --initrd initrd.img --append 'console=ttyS0 quiet' -m 1G",
      "  ward run --kernel test.flat --device testdev --timeout 90s",
      "  ward run --disk debian.qcow2 -m 1G --cpus 2 --publish 2222:22",
      "  ward run --cdrom netinst.iso --disk new.qcow2 -m 1G",
      "  ward run --disk debian.qcow2 --save-to paused       (Ctrl-A s saves and leaves)",
      "  ward run --disk debian.qcow2 --restore-from paused"
    })
final class RunVerb implements Callable<Integer> {
  private static final long MEMORY = 512L << 20;
  private static final long SYSTEM_MEMORY = 1L << 30;

  @Spec private CommandSpec spec;

  @ParentCommand private Ward command;

  @Parameters(
      arity = "0..1",
      paramLabel = "GUEST",
      description =
          "The guest to boot where no --kernel is given, as 'ward image list' names them (default:"
              + " "
              + GuestCatalogue.DEFAULT_GUEST
              + ").")
  private String guest;

  @Option(
      names = {"-k", "--kernel"},
      paramLabel = "FILE",
      description =
          "A bzImage, an ELF kernel with a PVH entry, or a multiboot image; otherwise the default"
              + " guest's.")
  private Path kernel;

  @Option(
      names = {"-i", "--initrd"},
      paramLabel = "FILE",
      description = "What the kernel gets as its initial RAM disk; for multiboot, its module.")
  private Path initrd;

  @Option(
      names = {"-a", "--append"},
      paramLabel = "TEXT",
      description = "The kernel's command line; with the default guest, words added to its own.")
  private String append;

  @Option(
      names = {"-m", "--memory"},
      paramLabel = "SIZE",
      description =
          "The guest's RAM: 256M, 2G; a bare number is MiB (default: 512M; 1G for a system).")
  private ByteSize memory;

  @Option(
      names = {"-c", "--cpus"},
      paramLabel = "N",
      defaultValue = "1",
      description = "Virtual processors, 1 to 64 (default: ${DEFAULT-VALUE}).")
  private int cpus;

  @Option(
      names = "--pin",
      paramLabel = "LIST",
      description =
          "Processors of the host that virtual ones run on: 0:0,1:1 has the first run on the host's"
              + " first and so on, 0:2-3 gives it the choice of two; the others run anywhere.")
  private String pin;

  @Option(
      names = "--cpu-model",
      paramLabel = "MODEL",
      defaultValue = "x86-64-v2",
      completionCandidates = CpuModelNames.class,
      description =
          "What the processor can do, as CPUID tells it: ${COMPLETION-CANDIDATES} (default:"
              + " ${DEFAULT-VALUE}).")
  private CpuModel cpuModel;

  @Option(
      names = "--accelerator",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "Who executes the guest: kvm, the host's processor by /dev/kvm; software, Wardian's own;"
              + " auto, kvm where it executes guests on a processor rather than by an emulator in"
              + " the kernel, which is measured at each start ('ward doctor' shows the figures),"
              + " and else software (default: ${DEFAULT-VALUE}).")
  private Accelerator accelerator;

  @Option(
      names = "--translator",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "How our own processor executes 64-bit code: host, by code for this processor that is"
              + " made as the guest runs; off, by interpretation, some twenty times slower; auto,"
              + " host where this machine allows it ('ward doctor' tells why not) and else off"
              + " (default: ${DEFAULT-VALUE}).")
  private Translator translator;

  @Option(
      names = "--irqchip",
      paramLabel = "PLACE",
      defaultValue = "auto",
      description =
          "With kvm, where the chips that carry interrupts are: split, those of each processor in"
              + " the kernel and the others in Wardian; kernel, all of them in the kernel, which"
              + " spares exits to old guests that use the PC's first interrupt controller and"
              + " timer; auto, split (default: ${DEFAULT-VALUE}). With software all are Wardian's.")
  private InterruptChipsOption interruptChips;

  @Option(
      names = "--sandbox",
      paramLabel = "MODE",
      defaultValue = "auto",
      description =
          "Whether this process gives up the system calls that a guest needs none of, such as those"
              + " that start programs, so that whoever breaks out of the guest finds little: on, or"
              + " no guest; off; auto, on where the kernel can do it, and else a warning (default:"
              + " ${DEFAULT-VALUE}).")
  private Sandbox sandbox;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description =
          "A device beside the board's own, may be repeated: testdev (exit port 0xf4 and the rest"
              + " of what system-level test kernels expect; the guest then chooses ward's status).")
  private Set<ExtraDevice> devices = Set.of();

  @Mixin private DeviceOptionsMixin peripherals;

  @Mixin private SystemOptionsMixin systemOptions;

  @Mixin private KeepOptionsMixin keeping;

  @Option(
      names = "--tsc-rate",
      paramLabel = "HERTZ",
      defaultValue = "0",
      description =
          "Ticks a second of the guest's time-stamp counter, as 2100000000: a machine that is saved"
              + " keeps its rate, and a host whose processor cannot scale its own (most can) takes"
              + " it only at that rate. Without it, what costs least.")
  private long timestampHz;

  @Option(
      names = {"-s", "--script"},
      paramLabel = "FILE",
      description =
          "Type the lines of FILE (- is standard input) into the guest, each when its shell prompts"
              + " ('# ' or '$ '), then 'poweroff'; no other key reaches the guest.")
  private String script;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "TIME",
      description = "Stop the machine after 90s, 5m, 1h; a bare number is seconds (status 8).")
  private TimeLimit timeout;

  @Option(
      names = "--no-reboot",
      description = "Leave with status 10 when the guest resets, in place of booting it again.")
  private boolean noReboot;

  @Option(
      names = {"-v", "--verbose"},
      description = "Before the guest starts, tell on standard error who executes it, and why.")
  private boolean verbose;

  @Option(
      names = "--stats",
      description =
          "At the end, tell on standard error what the processor did. Counting its instructions"
              + " makes translated code up to a twentieth slower.")
  private boolean stats;

  @Mixin private ToolsOption tools;

  @Mixin private OutcomeOption json;

  /** {@code --json}, which means something of its own here: the output is the guest's. */
  static final class OutcomeOption {
    @Option(
        names = "--json",
        description = "At the end, tell on standard error, in one line of JSON, how it ended.")
    private boolean asked;
  }

  @Override
  public Integer call() {
    if (guest != null && kernel != null) {
      throw new ParameterException(
          spec.commandLine(), "GUEST and --kernel exclude each other: which one shall boot?");
    }
    if (accelerator == Accelerator.SOFTWARE && interruptChips != InterruptChipsOption.AUTO) {
      throw new ParameterException(
          spec.commandLine(),
          "--irqchip chooses among KVM's chips; --accelerator software has none");
    }
    if (accelerator == Accelerator.KVM && translator != Translator.AUTO) {
      throw new ParameterException(
          spec.commandLine(),
          "--translator is about our own processor; --accelerator kvm uses the host's");
    }
    if (accelerator == Accelerator.KVM && tools.wantsOurProcessor()) {
      throw new ParameterException(
          spec.commandLine(),
          "--profile, --perf-map and --translator-dump look into our own processor; --accelerator"
              + " kvm uses the host's");
    }
    Optional<SystemDefinition> system = Optional.ofNullable(guest).flatMap(SystemCache::find);
    if (memory == null) {
      memory = new ByteSize(system.isPresent() ? SYSTEM_MEMORY : MEMORY);
    }
    KeepRequest keep = keeping.request();
    DeviceRequest first =
        keep.restoreFrom().isPresent()
            // Its memory and its start are not known before its disks were looked at.
            ? peripherals.request(!peripherals.namesFirmware(), MachineConfiguration.MOST_MEMORY)
            : devices(Optional.empty());
    Optional<SystemRequest> wanted = systemOptions.request(system, first, keep);
    checkKeeping(keep, first);
    Optional<Restoration> restoration =
        keep.restoreFrom().map(from -> Restoration.of(from, SystemStart.lasting(wanted, first)));
    restoration.ifPresent(this::takeOver);
    DeviceRequest asked = restoration.isPresent() ? devices(restoration) : first;
    AcceleratorChoice choice =
        tools.wantsOurProcessor()
            ? new AcceleratorChoice(
                AcceleratorKind.SOFTWARE,
                "a tool that was asked for looks into our own processor",
                Optional.empty())
            : AcceleratorChoice.of(accelerator, cpuModel, KvmProbe::probe);
    Execution execution = Execution.of(choice, translator, cpuModel);
    // Mistakes are told before a system is made, which takes its time.
    processors();
    pins();
    Optional<ConsoleScript> lines = Optional.ofNullable(script).map(this::readScript);
    PrintWriter err = spec.commandLine().getErr();
    if (command.isAlone()) {
      // Before a system is made, by a guest that is no less hostile, and before images are opened.
      sandbox.enter().ifPresent(line -> err.println("ward: " + line));
    }
    Optional<SystemStart> start =
        wanted.map(it ->
            SystemStart.of(
                system.get(),
                it,
                systemOptions.mirror(),
                execution,
                restoration.map(saved -> saved.description().origin())));
    RunRequest request =
        new RunRequest(
            guest(restoration),
            Optional.ofNullable(kernel),
            Optional.ofNullable(initrd),
            Optional.ofNullable(append),
            memory.bytes(),
            processors(),
            pins(),
            cpuModel,
            Set.copyOf(devices),
            start.map(it -> it.devices(asked)).orElse(asked),
            execution,
            interruptChips.chips(),
            !noReboot,
            timestampHz,
            restoration,
            Optional.ofNullable(timeout).map(TimeLimit::duration));
    Optional<Terminal> terminal = Terminal.standard();
    choice.warning().ifPresent(line -> err.println("ward: " + line));
    if (verbose) {
      execution.print(err);
    }
    err.flush();
    try (Tools opened = tools.open(stats)) {
      GuestImages images =
          start
              .map(it -> it.images(request, terminal))
              .or(() -> saved(restoration, request))
              .orElseGet(() -> GuestImages.of(request, terminal));
      start.ifPresent(it -> it.announce(request.peripherals(), err));
      DeviceRequest lasting = SystemStart.lasting(wanted, asked);
      RunReport report =
          run(request, keep, images, start, lasting, terminal, lines, opened.observation());
      report.print(err, stats, json.asked);
      opened.report(err);
      return report.code();
    }
  }

  /** The devices asked for; of a machine that goes on, the state says what started it. */
  private DeviceRequest devices(Optional<Restoration> restoration) {
    boolean bySelf =
        restoration.isPresent()
            ? peripherals.namesFirmware() || !restoration.get().description().startedByKernel()
            : peripherals.bootsByItself();
    boolean booted = guest != null || kernel != null || !bySelf;
    if (!booted && (initrd != null || append != null)) {
      throw new ParameterException(
          spec.commandLine(), "--initrd and --append are for a kernel; a disk has its own");
    }
    return peripherals.request(booted, memory.bytes());
  }

  /** The guest to boot where no kernel is named. */
  private String guest(Optional<Restoration> restoration) {
    return Optional.ofNullable(guest)
        .or(() -> restoration.map(it -> it.description().origin().guest()))
        .filter(name -> !name.isEmpty())
        .orElse(GuestCatalogue.DEFAULT_GUEST);
  }

  /** What the saved machine was started from, where the user names nothing. */
  private Optional<GuestImages> saved(Optional<Restoration> restoration, RunRequest request) {
    return guest == null && kernel == null
        ? restoration.flatMap(it -> it.images(request, spec.commandLine().getErr()))
        : Optional.empty();
  }

  private RunReport run(
      RunRequest request,
      KeepRequest keep,
      GuestImages images,
      Optional<SystemStart> start,
      DeviceRequest lasting,
      Optional<Terminal> terminal,
      Optional<ConsoleScript> lines,
      Observation observation) {
    PrintWriter err = spec.commandLine().getErr();
    DeviceRequest devices = request.peripherals();
    OpenedDevices attached = OpenedDevices.of(devices, cpus, request.restoration(), err);
    try (MachineKeeper keeper = new MachineKeeper(keep, attached, images.origin(), err)) {
      RunReport report;
      try (attached;
          ConsoleSession console =
              new ConsoleSession(
                  StandardInput.open(),
                  new FileOutputStream(FileDescriptor.out),
                  terminal,
                  lines)) {
        start.ifPresent(SystemStart::close);
        report = new GuestRun(request, images, attached, console, keeper, observation, err).run();
      }
      keeper.complete(lasting);
      return report;
    }
  }

  private void checkKeeping(KeepRequest keep, DeviceRequest devices) {
    for (DiskArgument disk : devices.disks()) {
      if (disk.snapshot() && (keep.saveTo().isPresent() || keep.restoreFrom().isPresent())) {
        throw new ParameterException(
            spec.commandLine(),
            "disk "
                + disk.image()
                + ",snapshot forgets what the guest writes, which a saved machine needs; make an"
                + " overlay with 'ward disk create -b'");
      }
    }
  }

  /** What the saved machine was made of, unless the user says it himself. */
  private void takeOver(Restoration restoration) {
    MachineDescription saved = restoration.description();
    try {
      memory = keeping.given("--memory") ? memory : new ByteSize(saved.memoryBytes());
      cpus = keeping.given("--cpus") ? cpus : saved.processors();
      cpuModel = keeping.given("--cpu-model") ? cpuModel : CpuModel.named(saved.cpuModel());
      if (!keeping.given("--device")) {
        devices =
            saved.extras().stream()
                .map(name -> ExtraDevice.valueOf(name.toUpperCase(Locale.ROOT)))
                .collect(Collectors.toSet());
      }
    } catch (IllegalArgumentException e) {
      throw new Failure(
          ExitStatus.BAD_IMAGE,
          "--restore-from " + restoration.argument().place() + ": " + e.getMessage(),
          e);
    }
  }

  private int processors() {
    if (cpus < 1 || cpus > MachineConfiguration.MOST_PROCESSORS) {
      throw new ParameterException(
          spec.commandLine(),
          "--cpus is 1 to " + MachineConfiguration.MOST_PROCESSORS + ", not " + cpus);
    }
    return cpus;
  }

  private PinnedProcessors pins() {
    if (pin == null) {
      return PinnedProcessors.NONE;
    }
    try {
      return PinnedProcessors.parse(pin);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--pin " + e.getMessage());
    }
  }

  private ConsoleScript readScript(String name) {
    try (InputStream stream =
        name.equals("-") ? StandardInput.open() : Files.newInputStream(Path.of(name))) {
      return ConsoleScript.read(stream);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "script " + name + ": " + e.getMessage());
    } catch (NoSuchFileException e) {
      throw new ParameterException(
          spec.commandLine(), "script " + name + " does not exist; '-' reads standard input");
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(), "script " + name + " cannot be read: " + e.getMessage());
    }
  }
}
