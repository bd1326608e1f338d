package org.wardian.cli.manage;

import java.io.File;
import java.io.IOException;
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
import org.junit.jupiter.api.Assumptions;
import org.wardian.cli.WardRun;

/**
 * Debian's libvirtd as an unprivileged user's, with all of its files in a folder of its own: its
 * driver {@code test} is a host in memory that one such daemon has to itself, its driver {@code
 * storage} keeps true volumes.
 */
final class UserLibvirtd implements AutoCloseable {
  private static final String NOBODY = "nobody";

  private final Path folder;
  private final Process process;

  private UserLibvirtd(Path folder, Process process) {
    this.folder = folder;
    this.process = process;
  }

  /** Starts one, or skips the test where libvirtd is not installed. */
  static UserLibvirtd start() throws Exception {
    Path libvirtd = Path.of("/usr/sbin/libvirtd");
    Assumptions.assumeTrue(
        Files.isExecutable(libvirtd), "libvirtd is in Debian's libvirt-daemon-system");
    Path folder = Files.createTempDirectory("wardian-libvirtd");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path config = Files.write(folder.resolve("libvirtd.conf"), List.of("auth_unix_rw = \"none\""));
    for (String name : List.of("run", "home", "pool")) {
      Files.createDirectory(folder.resolve(name));
    }
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      new ProcessBuilder("chown", "-R", NOBODY, folder.toString()).start().waitFor();
      command.addAll(List.of("setpriv", "--reuid=" + NOBODY, "--regid=nogroup", "--clear-groups"));
    }
    command.addAll(List.of(libvirtd.toString(), "--config", config.toString()));
    command.addAll(List.of("--pid-file", folder.resolve("run/pid").toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile());
    builder.redirectInput(new File("/dev/null"));
    Map<String, String> environment = builder.environment();
    environment.put("HOME", folder.resolve("home").toString());
    environment.put("XDG_RUNTIME_DIR", folder.resolve("run").toString());
    environment.put("XDG_CONFIG_HOME", folder.resolve("home/config").toString());
    environment.put("XDG_CACHE_HOME", folder.resolve("home/cache").toString());
    environment.put("XDG_DATA_HOME", folder.resolve("home/data").toString());
    UserLibvirtd driver = new UserLibvirtd(folder, builder.start());
    while (!driver.answers()) {
      if (!driver.process.isAlive()) {
        String log = Files.readString(folder.resolve("log"));
        driver.close();
        throw new IOException("libvirtd ended: " + log);
      }
      Thread.sleep(20);
    }
    return driver;
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

  private Path socket() {
    return folder.resolve("run/libvirt/libvirt-sock");
  }

  /** The host in memory. */
  String memoryUri() {
    return "test+unix:///default?socket=" + socket();
  }

  /** Machines and storage of a user. */
  String sessionUri() {
    return "qemu+unix:///session?socket=" + socket();
  }

  /** A folder that the daemon may write in. */
  Path pool() {
    return folder.resolve("pool");
  }

  /** Runs a verb at a URI, which stands behind the verb's first {@code words} words. */
  static WardRun ward(String uri, int words, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(words, List.of("--connect", uri));
    return WardRun.of(all.toArray(String[]::new));
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
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
