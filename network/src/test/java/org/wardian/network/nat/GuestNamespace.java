package org.wardian.network.nat;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.wardian.host.TapDevice;
import org.wardian.network.LossyPort;
import org.wardian.network.NetworkPort;
import org.wardian.network.NetworkPort.Offloads;
import org.wardian.network.hub.PatchCable;
import org.wardian.network.tap.TapPort;

/**
 * A guest without a machine: a network namespace of the host, whose TAP interface is plugged into
 * the network under test. Its system is the host's kernel, its programs are the host's.
 */
final class GuestNamespace implements AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static final int PATIENCE = 600;

  private final String name;
  private final String device;
  private final Path folder;
  private final NatPort nat;
  private final PatchCable cable;

  /** What a program did. */
  record Run(int status, String output) {}

  /** Skips the test, with the reason, where this host cannot have such a guest. */
  static void assume(String... tools) {
    assumeTrue(ProcessHandle.current().info().user().orElse("").equals("root"), "needs root");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun: modprobe tun");
    assumeTool("ip", "iproute2");
    for (String tool : tools) {
      String[] parts = tool.split(":");
      assumeTool(parts[0], parts[parts.length - 1]);
    }
    try {
      String probe = "wprobe" + ProcessHandle.current().pid();
      assumeTrue(execute("ip", "netns", "add", probe).status() == 0, "needs network namespaces");
      execute("ip", "netns", "del", probe);
    } catch (IOException e) {
      assumeTrue(false, "needs network namespaces: " + e.getMessage());
    }
  }

  private static void assumeTool(String tool, String debianPackage) {
    boolean found =
        Stream.of((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
    assumeTrue(found, "needs " + tool + ": apt-get install " + debianPackage);
  }

  GuestNamespace(NatConfiguration configuration) throws IOException {
    this(configuration, Offloads.ALL, null);
  }

  GuestNamespace(NatConfiguration configuration, Offloads offloads, LossyPort.Damage damage)
      throws IOException {
    String id = ProcessHandle.current().pid() % 100_000 + "x" + NUMBER.incrementAndGet();
    name = "wguest" + id;
    device = "wt" + id;
    folder = Files.createTempDirectory("wardian-guest");
    require(execute("ip", "netns", "add", name));
    nat = new NatPort(configuration);
    TapPort tap = new TapPort(TapDevice.open(device));
    NetworkPort before = damage == null ? nat : new LossyPort(nat, damage, 42);
    require(execute("ip", "link", "set", device, "netns", name));
    cable = new PatchCable(tap, before, offloads);
    Path resolver = Files.createDirectories(Path.of("/etc/netns", name)).resolve("resolv.conf");
    Files.writeString(resolver, "nameserver " + configuration.dns4() + "\n");
    require(run("ip", "link", "set", "lo", "up"));
    require(run("ip", "link", "set", device, "up"));
  }

  /** Gives the guest its address without DHCP. */
  GuestNamespace configured() throws IOException {
    require(run("ip", "addr", "add", "10.0.2.15/24", "dev", device));
    require(run("ip", "route", "add", "default", "via", "10.0.2.2"));
    return this;
  }

  NatPort nat() {
    return nat;
  }

  /** Name of the guest's interface. */
  String device() {
    return device;
  }

  /** A folder of the guest's, empty at first. */
  Path folder() {
    return folder;
  }

  /** Runs a program in the guest until it ends, ten minutes at most. */
  Run run(String... command) throws IOException {
    return execute(inside(command));
  }

  /** Starts a program in the guest. */
  Process start(String... command) throws IOException {
    return new ProcessBuilder(inside(command))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("background.log").toFile())
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .start();
  }

  private String[] inside(String... command) {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name));
    all.addAll(List.of(command));
    return all.toArray(String[]::new);
  }

  private static Run execute(String... command) throws IOException {
    Path output = Files.createTempFile("wardian-run", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .start();
    try {
      if (!process.waitFor(PATIENCE, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
      }
      String text = new String(Files.readAllBytes(output), StandardCharsets.ISO_8859_1);
      return new Run(process.exitValue(), text);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  private static void require(Run run) throws IOException {
    if (run.status() != 0) {
      throw new IOException("the guest could not be set up: " + run.output());
    }
  }

  @Override
  public void close() throws IOException {
    cable.close();
    execute("ip", "netns", "del", name);
    Files.deleteIfExists(Path.of("/etc/netns", name, "resolv.conf"));
    Files.deleteIfExists(Path.of("/etc/netns", name));
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
