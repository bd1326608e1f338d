package org.wardian.libvirt.client;

import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Debian's libvirtd as an unprivileged user's, with all of its files in a folder of its own, so
 * that no other libvirtd of the host is touched.
 */
public final class RealDaemon implements AutoCloseable {
  private static final String NOBODY = "nobody";

  private final Path folder;
  private final Process process;

  private RealDaemon(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /**
   * Starts one, or skips the test where there is none.
   *
   * @param settings lines of {@code libvirtd.conf}
   * @param listen whether it listens at its TCP ports
   */
  public static RealDaemon start(List<String> settings, boolean listen) throws Exception {
    return start(settings, listen, Map.of());
  }

  /**
   * Starts one, or skips the test where there is none.
   *
   * @param settings lines of {@code libvirtd.conf}
   * @param listen whether it listens at its TCP ports
   * @param variables of its environment, beside its own
   */
  public static RealDaemon start(
      List<String> settings, boolean listen, Map<String, String> variables) throws Exception {
    Path libvirtd = Tool.require("libvirtd", "libvirt-daemon-system");
    Path folder = Files.createTempDirectory("wardian-libvirtd");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path config = folder.resolve("libvirtd.conf");
    List<String> lines = new ArrayList<>(List.of("auth_unix_rw = \"none\""));
    lines.addAll(settings);
    Files.write(config, lines);
    for (String name : List.of("run", "home")) {
      Files.createDirectory(folder.resolve(name));
    }
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      give(folder);
      command.addAll(
          List.of(
              Tool.require("setpriv", "util-linux").toString(),
              "--reuid=" + NOBODY,
              "--regid=nogroup",
              "--clear-groups"));
    }
    command.addAll(List.of(libvirtd.toString(), "--config", config.toString()));
    command.addAll(List.of("--pid-file", folder.resolve("run/pid").toString()));
    if (listen) {
      command.add("--listen");
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
    builder.redirectInput(new File("/dev/null"));
    Map<String, String> environment = builder.environment();
    environment.putAll(variables);
    environment.put("HOME", folder.resolve("home").toString());
    environment.put("XDG_RUNTIME_DIR", folder.resolve("run").toString());
    environment.put("XDG_CONFIG_HOME", folder.resolve("home/config").toString());
    environment.put("XDG_CACHE_HOME", folder.resolve("home/cache").toString());
    environment.put("XDG_DATA_HOME", folder.resolve("home/data").toString());
    RealDaemon daemon = new RealDaemon(folder, builder.start());
    while (!daemon.answers()) {
      if (!daemon.process.isAlive()) {
        String log = Files.readString(folder.resolve("log"));
        daemon.close();
        throw new IOException("libvirtd ended: " + log);
      }
      Thread.sleep(20);
    }
    return daemon;
  }

  /** Whether it listens, which it does a moment after its socket is there. */
  private boolean answers() {
    try {
      SocketChannel.open(UnixDomainSocketAddress.of(socket())).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static void give(Path folder) throws IOException, InterruptedException {
    Tool.succeed("chown", "-R", NOBODY, folder.toString());
  }

  /** Waits until it listens at a TCP port, which it does after its socket is there. */
  public void awaitPort(int port) throws IOException, InterruptedException {
    while (process.isAlive()) {
      try {
        new Socket("127.0.0.1", port).close();
        return;
      } catch (ConnectException notYet) {
        Thread.sleep(20);
      }
    }
    throw new IOException("libvirtd ended: " + Files.readString(folder.resolve("log")));
  }

  /** Its UNIX socket. */
  public Path socket() {
    return folder.resolve("run/libvirt/libvirt-sock");
  }

  /** A URI of a driver by the UNIX socket. */
  public String uri(String driver, String path) {
    return driver + "+unix://" + path + "?socket=" + socket();
  }

  /** A folder that it may write to. */
  public Path home() {
    return folder.resolve("home");
  }

  @Override
  public void close() throws IOException {
    try {
      process.destroy();
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException e)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
