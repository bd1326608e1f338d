package org.wardian.conformance.libvirt;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Our daemon in a process of its own, with all that it keeps below one folder. */
public final class WardianDaemon implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 300;

  /** More of Java's own options, for the daemon and its machines: a cache of classes, say. */
  private static final String OPTIONS = System.getProperty("wardian.daemon.options", "");

  private final Path folder;
  private final Process process;

  private WardianDaemon(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /** Starts one and waits until it answers. */
  public static WardianDaemon start(Path folder, String... options)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:Tier3DelayOn=0",
                "-XX:+UseSerialGC",
                "-Xmn96m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "org.wardian.cli.Ward",
                "daemon",
                "--root",
                folder.toString()));
    command.addAll(List.of(options));
    if (!OPTIONS.isEmpty()) {
      command.addAll(1, List.of(OPTIONS.split(" ")));
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectInput(Redirect.from(Path.of("/dev/null").toFile()));
    builder.redirectOutput(Redirect.appendTo(folder.resolve("words").toFile()));
    WardianDaemon daemon = new WardianDaemon(folder, builder.start());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!daemon.answers()) {
      if (!daemon.process.isAlive() || System.nanoTime() > deadline) {
        daemon.close();
        throw new IOException("no daemon: " + Files.readString(folder.resolve("words")));
      }
      Thread.sleep(20);
    }
    return daemon;
  }

  /** Whether somebody listens: the socket's file may be that of one that was killed. */
  private boolean answers() {
    try {
      SocketChannel.open(UnixDomainSocketAddress.of(socket())).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Its UNIX socket. */
  public Path socket() {
    return folder.resolve("run/libvirt-sock");
  }

  /** By what clients find it. */
  public String uri() {
    return "qemu+unix:///system?socket=" + socket();
  }

  /** The number of its process. */
  public long pid() {
    return process.pid();
  }

  /** Kills it, as the kernel would; its machines go on, its socket's file stays. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Ends it as an administrator would; its machines go on. */
  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
