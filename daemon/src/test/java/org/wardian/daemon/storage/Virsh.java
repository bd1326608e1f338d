package org.wardian.daemon.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** Debian's virsh (package libvirt-clients), many commands in one run. */
public final class Virsh {
  private static final String MARK = "@@";
  private static final Path PROGRAM = Path.of("/usr/bin/virsh");

  private final String uri;
  private final boolean readOnly;

  /** One that talks to a daemon. */
  public Virsh(String uri) {
    this(uri, false);
  }

  private Virsh(String uri, boolean readOnly) {
    this.uri = uri;
    this.readOnly = readOnly;
    Assumptions.assumeTrue(
        Files.isExecutable(PROGRAM), "virsh is missing: install the package libvirt-clients");
  }

  /** The same by a connection that may only read. */
  public Virsh readOnly() {
    return new Virsh(uri, true);
  }

  /** What a program printed, both ways, and how it ended. */
  public record Result(int status, String text) {}

  /** Runs any program. */
  public static Result run(List<String> command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectInput(new File("/dev/null")).environment().putAll(Map.of("LC_ALL", "C.UTF-8"));
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Result(process.waitFor(), text);
  }

  private List<String> command(String commands) {
    List<String> command = new ArrayList<>(List.of(PROGRAM.toString(), "-q", "-c", uri));
    if (readOnly) {
      command.add("-r");
    }
    command.add(commands);
    return command;
  }

  /** Runs one command, which has to succeed; what it printed. */
  public String printed(String command) throws Exception {
    Result result = run(command(command));
    assertThat(result.status()).as("%s: %s", command, result.text()).isZero();
    return result.text().strip();
  }

  /** Runs one command, which has to fail; what it printed. */
  public String refused(String command) throws Exception {
    Result result = run(command(command));
    assertThat(result.status()).as("%s: %s", command, result.text()).isNotZero();
    return result.text().strip();
  }

  /** Runs commands one after the other, however they end; what each printed. */
  public List<String> all(List<String> commands) throws Exception {
    StringBuilder line = new StringBuilder();
    for (String command : commands) {
      line.append(command).append("; echo ").append(MARK).append("; ");
    }
    String[] outputs = run(command(line.toString())).text().split(MARK, -1);
    assertThat(outputs.length).as(Arrays.toString(outputs)).isEqualTo(commands.size() + 1);
    return Arrays.stream(outputs).limit(commands.size()).map(String::strip).toList();
  }
}
