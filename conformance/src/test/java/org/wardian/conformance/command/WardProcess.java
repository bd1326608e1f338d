package org.wardian.conformance.command;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** One ward in a process of its own, on the class path of this test, with folders of its own. */
final class WardProcess implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 660;

  private final Process process;
  private final Path out;
  private final Path err;

  private WardProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** What is needed to start one. */
  static final class Start {
    private final Path folder;
    private final ProcessBuilder builder = new ProcessBuilder();

    /**
     * @param folder for everything that it writes: caches, temporary files, output
     */
    Start(Path folder) throws IOException {
      this.folder = folder;
      Path temporary = Files.createDirectories(folder.resolve("tmp"));
      List<String> command = new ArrayList<>();
      command.add(ProcessHandle.current().info().command().orElse("java"));
      command.addAll(
          List.of(
              "-XX:+UseSerialGC",
              "-XX:-UsePerfData",
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow",
              "-Djava.io.tmpdir=" + temporary,
              "-cp",
              System.getProperty("java.class.path"),
              "org.wardian.cli.Ward"));
      builder.command(command);
      builder.environment().put("XDG_CACHE_HOME", cache().toString());
      // Nobody listens there: no test reaches the network by accident.
      builder.environment().put("WARDIAN_MIRROR", "http://127.0.0.1:9/debian");
      builder.environment().put("WARDIAN_SECURITY_MIRROR", "http://127.0.0.1:9/debian-security");
      builder.redirectInput(Redirect.from(Path.of("/dev/null").toFile()));
    }

    /** Starts another class, which then calls ward's. */
    Start by(Class<?> launcher) {
      builder.command().set(builder.command().size() - 1, launcher.getName());
      return this;
    }

    /** Where it keeps what it fetches. */
    Path cache() {
      return folder.resolve("cache");
    }

    /** Lets it use the network, and keep what it fetches where the user's own ward does. */
    Start usersCache() {
      for (String name : List.of("XDG_CACHE_HOME", "WARDIAN_MIRROR", "WARDIAN_SECURITY_MIRROR")) {
        String users = System.getenv(name);
        if (users == null) {
          builder.environment().remove(name);
        } else {
          builder.environment().put(name, users);
        }
      }
      return this;
    }

    /** Where it may put temporary files. */
    Path temporary() {
      return folder.resolve("tmp");
    }

    Start environment(String name, String value) {
      builder.environment().put(name, value);
      return this;
    }

    /** Reads standard input from a file or terminal. */
    Start input(Path path) {
      builder.redirectInput(Redirect.from(path.toFile()));
      return this;
    }

    /** Standard input is a pipe, for {@link WardProcess#type}. */
    Start pipedInput() {
      builder.redirectInput(Redirect.PIPE);
      return this;
    }

    /** Puts a command in front, such as a shell that closes a descriptor first. */
    Start by(String... wrapper) {
      builder.command().addAll(0, List.of(wrapper));
      return this;
    }

    WardProcess run(String... arguments) throws IOException {
      Path out = folder.resolve("out");
      Path err = folder.resolve("err");
      builder.command().addAll(List.of(arguments));
      builder.redirectOutput(out.toFile()).redirectError(err.toFile());
      return new WardProcess(builder.start(), out, err);
    }
  }

  /** Waits for its end and gives its status. */
  int status() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError(
          "ward did not end in " + PATIENCE_SECONDS + " s\n" + out() + "\n" + err());
    }
    return process.exitValue();
  }

  /** Whether it still runs. */
  boolean isAlive() {
    return process.isAlive();
  }

  /** Standard output so far. */
  String out() {
    return text(out);
  }

  /** Standard error so far. */
  String err() {
    return text(err);
  }

  /** Waits until standard output contains {@code text}. */
  void awaitOut(String text) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!out().contains(text)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("no \"" + text + "\" in\n" + out() + "\n" + err());
      }
      Thread.sleep(10);
    }
  }

  /** Writes to its standard input, a pipe. */
  void type(String keys) throws IOException {
    process.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Its number. */
  long pid() {
    return process.pid();
  }

  /** Sends SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** Ends it where it is (kill -9), and waits for that. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  private static String text(Path path) {
    try {
      return Files.readString(path, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new AssertionError("cannot read " + path, e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
