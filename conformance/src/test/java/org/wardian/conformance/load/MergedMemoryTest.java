package org.wardian.conformance.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.conformance.libvirt.StepGuest;
import org.wardian.conformance.libvirt.WardianDaemon;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;

/**
 * Equal pages of the daemon's machines are kept once by the kernel (KSM, Linux
 * Documentation/admin-guide/mm/ksm.rst), unless the document forbids it.
 */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
@Timeout(900)
class MergedMemoryTest {
  /** How often the kernel has to go through all pages: it merges what has not changed between. */
  private static final long SCANS = 4;

  /** {@code VIR_CONNECT_LIST_DOMAINS_ACTIVE}. */
  private static final int ACTIVE = 1;

  // Short: sockets of machines are below it.
  @TempDir private Path folder;

  /** The kernel's merging, which works hard until this is closed, and then as before. */
  private static final class Merging implements AutoCloseable {
    private static final Path FOLDER = Path.of("/sys/kernel/mm/ksm");

    private final Map<String, String> before = new LinkedHashMap<>();

    static boolean isPossible() {
      return Files.isWritable(FOLDER.resolve("run"));
    }

    Merging() throws IOException {
      for (String name : List.of("pages_to_scan", "sleep_millisecs", "run")) {
        before.put(name, Files.readString(FOLDER.resolve(name)).strip());
      }
      set("pages_to_scan", "5000");
      set("sleep_millisecs", "10");
      set("run", "1");
    }

    void awaitScans() throws IOException, InterruptedException {
      long end = scans() + SCANS;
      while (scans() < end) {
        TimeUnit.MILLISECONDS.sleep(100);
      }
    }

    private static long scans() throws IOException {
      return Long.parseLong(Files.readString(FOLDER.resolve("full_scans")).strip());
    }

    private static void set(String name, String value) throws IOException {
      Files.writeString(FOLDER.resolve(name), value);
    }

    @Override
    public void close() throws IOException {
      for (Map.Entry<String, String> one : before.entrySet()) {
        set(one.getKey(), one.getValue());
      }
    }
  }

  @Test
  void equalPagesOfMachinesAreKeptOnce() throws Exception {
    Assumptions.assumeTrue(
        Merging.isPossible(), "only root can switch the kernel's merging on, where it has it");
    StepGuest.writeSmall(folder);
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    try (WardianDaemon daemon =
            WardianDaemon.start(folder.resolve("d"), "--metrics", "127.0.0.1:" + port);
        Connection connection = Connection.open(daemon.uri())) {
      try {
        start(connection);
        try (Merging merging = new Merging()) {
          merging.awaitScans();
          String figures = figures(port);
          // A third of the guest's memory, which has 80 MiB: the kernel, and what is in use of it.
          assertThat(merged(figures, "one")).isGreaterThan(25 << 20);
          assertThat(merged(figures, "two")).isGreaterThan(25 << 20);
          assertThat(merged(figures, "apart")).isZero();
        }
      } finally {
        for (Domain domain : connection.domains(ACTIVE)) {
          domain.destroy();
        }
      }
    }
  }

  private void start(Connection connection) throws Exception {
    for (String name : List.of("one", "two", "apart")) {
      Path console = folder.resolve(name);
      String document = Machines.small(name, folder, console);
      if (name.equals("apart")) {
        document = document.replace("<os>", "<memoryBacking><nosharepages/></memoryBacking><os>");
      }
      connection.defineDomain(document).start();
      ManyMachines.awaitReady(console);
    }
  }

  private static String figures(int port) throws IOException {
    try (InputStream in =
        URI.create("http://127.0.0.1:" + port + "/metrics").toURL().openStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static long merged(String figures, String domain) {
    String name = "wardian_domain_merged_bytes{domain=\"" + domain + "\"} ";
    return figures
        .lines()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.substring(name.length())))
        .findFirst()
        .orElseThrow();
  }
}
