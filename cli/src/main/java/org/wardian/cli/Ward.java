package org.wardian.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.wardian.cli.disk.DiskAction;
import org.wardian.cli.disk.DiskSize;
import org.wardian.cli.disk.DiskVerb;
import org.wardian.cli.disk.FormatNames;
import org.wardian.cli.disk.OwnStatuses;
import org.wardian.cli.manage.ManageAction;
import org.wardian.cli.manage.ManageVerbs;
import org.wardian.cli.manage.SshHelperVerb;
import org.wardian.machine.platform.Translator;
import org.wardian.process.Launch;
import org.wardian.process.assembly.Accelerator;
import org.wardian.process.assembly.AssemblyException;
import org.wardian.process.assembly.Sandbox;
import org.wardian.storage.ImageFormat;
import org.wardian.x86.CpuModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The {@code ward} command. */
@Command(
    name = "ward",
    description =
        "Runs whole computers: an unmodified Linux, on KVM's or on Wardian's own processor.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      RunVerb.class,
      ImageVerb.class,
      DiskVerb.class,
      DaemonVerb.class,
      DoctorVerb.class,
      VersionVerb.class,
      CompletionVerb.class,
      MachineVerb.class,
      SshHelperVerb.class,
      NetworkProcessVerb.class,
      TrainVerb.class
    },
    footer = {
      "",
      "Try it: 'ward run' boots Debian's kernel to a shell; leave with Ctrl-A x or 'poweroff'.",
      "'ward help COMMAND' tells the rest."
    })
public final class Ward implements Runnable {
  /** Set to anything, it makes failures print their stack trace too. */
  private static final String TRACE_VARIABLE = "WARD_TRACE";

  @Spec private CommandSpec spec;

  /** Whether this process does the one command only, and ends. */
  private boolean alone;

  /** Made by picocli. */
  public Ward() {}

  /** With no verb at all: the help, as a mistake. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is needed");
  }

  /**
   * Runs one command and ends the process with its status.
   *
   * @param arguments verb and options
   */
  public static void main(String[] arguments) {
    Selectors.choose();
    Optional<Launch> machine = MachineArguments.read(arguments);
    Ward ward = new Ward();
    ward.alone = true;
    System.exit(machine.isPresent() ? serve(machine.get()) : commandLine(ward).execute(arguments));
  }

  private static int serve(Launch machine) {
    try {
      return MachineVerb.serve(machine);
    } catch (RuntimeException e) {
      return report(e, new PrintWriter(System.err, false, StandardCharsets.UTF_8));
    }
  }

  /** The command with its verbs, ready to execute; nothing in it ends the process. */
  static CommandLine commandLine() {
    return commandLine(new Ward());
  }

  /** Whether this process does the one command only: what binds the process binds nobody else. */
  boolean isAlone() {
    return alone;
  }

  private static CommandLine commandLine(Ward command) {
    CommandLine ward = new CommandLine(command);
    ManageVerbs.addTo(ward);
    ward.addSubcommand(new HelpCommand());
    ward.registerConverter(Accelerator.class, Choice.of(Accelerator.class, "an accelerator"));
    ward.registerConverter(
        InterruptChipsOption.class,
        Choice.of(InterruptChipsOption.class, "a place for the interrupt chips"));
    ward.registerConverter(Sandbox.class, Choice.of(Sandbox.class, "a mode of the sandbox"));
    ward.registerConverter(Translator.class, Choice.of(Translator.class, "a translator"));
    ward.registerConverter(ConsoleKind.class, Choice.of(ConsoleKind.class, "a console"));
    ward.registerConverter(PointerKind.class, Choice.of(PointerKind.class, "a pointer"));
    ward.registerConverter(ExtraDevice.class, Choice.of(ExtraDevice.class, "a device"));
    ward.registerConverter(
        CompletionVerb.Shell.class, Choice.of(CompletionVerb.Shell.class, "a shell that we know"));
    ward.registerConverter(ByteSize.class, ByteSize::parse);
    ward.registerConverter(DiskSize.class, DiskSize::parse);
    ward.registerConverter(ImageFormat.class, FormatNames::parse);
    ward.registerConverter(CpuModel.class, CpuModelNames::parse);
    ward.registerConverter(TimeLimit.class, TimeLimit::parse);
    ward.getSubcommands().get("disk").registerConverter(Path.class, DiskVerb::image);
    ward.setParameterExceptionHandler(new UsageErrors());
    ward.setExecutionExceptionHandler(Ward::report);
    describe(ward);
    VerbGroups.applyTo(ward);
    // 'ward disk resize FILE -5G' is a size, as it is for qemu-img, and no option.
    ward.getSubcommands()
        .get("disk")
        .getSubcommands()
        .get("resize")
        .setUnmatchedOptionsArePositionalParams(true);
    return ward;
  }

  /** What the annotations of each verb would otherwise repeat. */
  private static void describe(CommandLine command) {
    command.setUsageHelpWidth(96);
    command
        .getCommandSpec()
        .versionProvider(new Version())
        .usageMessage()
        .exitCodeListHeading("%nExit status:%n")
        .exitCodeList(statuses(command.getCommand()));
    command.getSubcommands().values().forEach(Ward::describe);
  }

  private static Map<String, String> statuses(Object verb) {
    return verb instanceof OwnStatuses own ? own.statuses() : ExitStatus.table(statusesOf(verb));
  }

  private static Set<ExitStatus> statusesOf(Object verb) {
    Set<ExitStatus> always = EnumSet.of(ExitStatus.OK, ExitStatus.INTERNAL_ERROR, ExitStatus.USAGE);
    switch (verb) {
      case Ward ward -> always.addAll(EnumSet.allOf(ExitStatus.class));
      case RunVerb run -> always.addAll(EnumSet.allOf(ExitStatus.class));
      case ImageVerb image -> always.addAll(EnumSet.of(ExitStatus.DOWNLOAD, ExitStatus.STORAGE));
      case ImagePullVerb pull -> always.addAll(EnumSet.of(ExitStatus.DOWNLOAD, ExitStatus.STORAGE));
      case DiskVerb disk -> always.addAll(EnumSet.of(ExitStatus.BAD_IMAGE, ExitStatus.STORAGE));
      case DiskAction disk ->
          always.addAll(EnumSet.of(ExitStatus.BAD_IMAGE, ExitStatus.STORAGE, ExitStatus.LEFT));
      case ImageRemoveVerb remove -> always.add(ExitStatus.STORAGE);
      case DaemonVerb daemon ->
          always.addAll(EnumSet.of(ExitStatus.STORAGE, ExitStatus.UNAVAILABLE));
      case DoctorVerb doctor -> always.add(ExitStatus.UNAVAILABLE);
      case ManageAction manage ->
          always.addAll(
              EnumSet.of(
                  ExitStatus.STORAGE,
                  ExitStatus.NOT_FOUND,
                  ExitStatus.REFUSED,
                  ExitStatus.NO_DAEMON,
                  ExitStatus.LEFT));
      case TrainVerb train -> always.add(ExitStatus.UNAVAILABLE);
      default -> {
        // A verb that can only be misspelt.
      }
    }
    return always;
  }

  private static ExitStatus status(AssemblyException.Reason reason) {
    return switch (reason) {
      case REQUEST -> ExitStatus.USAGE;
      case IMAGE -> ExitStatus.BAD_IMAGE;
      case HOST -> ExitStatus.UNAVAILABLE;
      case STORAGE -> ExitStatus.STORAGE;
    };
  }

  private static int report(Exception failure, CommandLine command, ParseResult arguments) {
    return report(failure, command.getErr());
  }

  private static int report(Exception failure, PrintWriter err) {
    int code = ExitStatus.INTERNAL_ERROR.code();
    String line = "a fault in Wardian: " + failure + " (set " + TRACE_VARIABLE + "=1 for more)";
    if (failure instanceof Failure known) {
      code = known.code();
      line = known.getMessage();
    } else if (failure instanceof AssemblyException lacking) {
      code = status(lacking.reason()).code();
      line = lacking.getMessage();
    }
    err.println("ward: " + line);
    if (System.getenv(TRACE_VARIABLE) != null) {
      failure.printStackTrace(err);
    }
    err.flush();
    return code;
  }
}
