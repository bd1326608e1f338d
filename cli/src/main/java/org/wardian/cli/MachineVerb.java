package org.wardian.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.wardian.host.HostThread;
import org.wardian.process.Launch;
import org.wardian.process.MachineProcess;
import org.wardian.process.assembly.Sandbox;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ward machine}: a machine of its live definition, which the daemon starts. */
@Command(
    name = "machine",
    hidden = true,
    description = "Runs one machine of a live domain document, controlled by QMP.")
final class MachineVerb implements Callable<Integer> {
  @Option(
      names = "--definition",
      paramLabel = "FILE",
      required = true,
      description = "The live domain document.")
  private Path definition;

  @Option(
      names = "--qmp",
      paramLabel = "SOCKET",
      required = true,
      description = "Where QMP listens; it exists once all is open.")
  private Path socket;

  @Option(names = "--incoming", paramLabel = "FILE", description = "A saved machine that goes on.")
  private Path incoming;

  @Option(
      names = "--snapshot",
      paramLabel = "NAME",
      description = "A snapshot of the machine within its disks that goes on.")
  private String snapshot;

  @Option(names = "--paused", description = "Waits for a client's 'cont'.")
  private boolean paused;

  @Option(
      names = "--sandbox",
      paramLabel = "MODE",
      defaultValue = "auto",
      description =
          "Whether the process gives up system calls that it does not need:"
              + " ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Sandbox sandbox;

  @Override
  public Integer call() {
    return serve(
        new Launch(
            definition,
            socket,
            Optional.ofNullable(incoming),
            Optional.ofNullable(snapshot),
            paused,
            sandbox,
            Version.wardian()));
  }

  /** Serves a machine to its end, as a process that does not end with whoever started it. */
  static int serve(Launch launch) {
    HostThread.leaveSession();
    MachineProcess.run(launch);
    return ExitStatus.OK.code();
  }
}
