package org.wardian.cli.manage;

import java.io.File;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.wardian.cli.ExitStatus;
import org.wardian.cli.Failure;
import org.wardian.libvirt.client.ConnectionUri;
import org.wardian.libvirt.client.SocketPaths;

/**
 * The daemon of a user who has none: {@code ward daemon --session}, started by the first verb that
 * needs it, by the same Java with the same flags, and gone when it has had nothing to do for a
 * while.
 */
final class OwnDaemon {
  /** Set to anything, no daemon is started by itself. */
  static final String OFF_VARIABLE = "WARDIAN_NO_AUTOSTART";

  private static final Pattern MAIN_CLASS = Pattern.compile("(?:.*/)?org\\.wardian\\.cli\\.Ward");
  private static final int IDLE_SECONDS = 120;
  private static final long START_SECONDS = 60;

  private final Map<String, String> environment;
  private final SocketPaths sockets;
  private final List<String> program;

  /**
   * @param program what starts ward, up to its main class; empty where that cannot be told
   */
  OwnDaemon(Map<String, String> environment, SocketPaths sockets, List<String> program) {
    this.environment = environment;
    this.sockets = sockets;
    this.program = program;
  }

  static OwnDaemon ofThisProcess(Map<String, String> environment) {
    return new OwnDaemon(
        environment,
        SocketPaths.ofThisProcess(),
        program(ProcessHandle.current().info().command(), ownArguments()));
  }

  /** Of a line of more than 4 KiB, such as one with a long class path, the JDK tells nothing. */
  private static String[] ownArguments() {
    try {
      String[] words = Files.readString(Path.of("/proc/self/cmdline")).split("\0", -1);
      return Arrays.copyOfRange(words, 1, Math.max(1, words.length - 1));
    } catch (IOException noSuchFileSystem) {
      return ProcessHandle.current().info().arguments().orElse(new String[0]);
    }
  }

  /** The words of this process's command up to the main class. */
  static List<String> program(Optional<String> java, String[] arguments) {
    for (int i = 0; java.isPresent() && i < arguments.length; i++) {
      if (MAIN_CLASS.matcher(arguments[i]).matches()) {
        List<String> words = new ArrayList<>();
        words.add(java.get());
        words.addAll(Arrays.asList(arguments).subList(0, i + 1));
        return List.copyOf(words);
      }
    }
    return List.of();
  }

  /** The command that starts the daemon. */
  List<String> command() {
    List<String> command = new ArrayList<>(program);
    command.addAll(List.of("daemon", "--session", "--timeout", Integer.toString(IDLE_SECONDS)));
    return command;
  }

  /** Whether it is this daemon that a URI means: the user's own, at its usual socket. */
  boolean serves(ConnectionUri uri) {
    return uri.isSession()
        && !sockets.root()
        && uri.transport() == ConnectionUri.Transport.UNIX
        && uri.host() == null
        && uri.driver().equals("qemu")
        && !uri.parameters().containsKey("socket")
        && !program.isEmpty()
        && !environment.containsKey(OFF_VARIABLE);
  }

  /** Whether somebody accepts connections at a socket. */
  static boolean answers(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  /**
   * Starts it and waits until it answers, where it does not already.
   *
   * @throws Failure where it ends instead, with the last line that it said
   */
  void startUnlessItAnswers() {
    if (answers(socket())) {
      return;
    }
    Path log = sockets.sessionFolder().resolve("wardiand.log");
    try {
      Files.createDirectories(log.getParent());
      ProcessBuilder builder = new ProcessBuilder(detached(command()));
      builder.redirectInput(new File("/dev/null"));
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
      String runtime = environment.get("XDG_RUNTIME_DIR");
      if (runtime == null || runtime.isEmpty()) {
        // Where clients look for a session's sockets then, which is within the cache's folder.
        builder
            .environment()
            .put(
                "XDG_RUNTIME_DIR", sockets.sessionFolder().toAbsolutePath().getParent().toString());
      }
      await(builder.start(), log);
    } catch (IOException e) {
      throw failure("the daemon cannot be started: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure(ExitStatus.LEFT, "interrupted while the daemon started", e);
    }
  }

  /** In a session of its own where the host can do that: a Ctrl-C here is not meant for it. */
  private static List<String> detached(List<String> command) {
    Path setsid = Path.of("/usr/bin/setsid");
    if (!Files.isExecutable(setsid)) {
      return command;
    }
    List<String> words = new ArrayList<>(List.of(setsid.toString()));
    words.addAll(command);
    return words;
  }

  /** Asked for anew each time: which of two names it has shows only when it is there. */
  private Path socket() {
    return sockets.socket(ConnectionUri.parse("qemu:///session"), false);
  }

  private void await(Process daemon, Path log) throws IOException, InterruptedException {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!answers(socket())) {
      if (daemon.waitFor(50, TimeUnit.MILLISECONDS) && !answers(socket())) {
        // One that another verb started at the same moment would have answered.
        throw failure(
            "the daemon that was started for you ended at once"
                + lastLine(log).map(line -> ": " + line).orElse("")
                + " ("
                + log
                + " has the rest)",
            null);
      }
      if (System.nanoTime() > until) {
        daemon.destroy();
        throw failure(
            "the daemon that was started for you does not answer; " + log + " may tell why", null);
      }
    }
  }

  private static Optional<String> lastLine(Path log) throws IOException {
    return Files.readAllLines(log).stream()
        .filter(line -> !line.isBlank())
        .reduce((first, second) -> second);
  }

  private static Failure failure(String message, Throwable cause) {
    return new Failure(ExitStatus.NO_DAEMON, message, cause);
  }
}
