package org.wardian.conformance.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.libvirt.client.Connection;
import org.wardian.libvirt.client.Domain;
import org.wardian.libvirt.constants.DomainCreateFlags;

/**
 * {@code virt-top}, unmodified. Debian 12 has no package of it; that of Debian 13 (virt-top
 * 1.1.1-1) runs there when it is unpacked ({@code dpkg -x}) and its {@code usr/bin} is on the path.
 */
@Tag("slow")
@Timeout(600)
@EnabledOnOs(OS.LINUX)
class VirtTopTest {
  // A blank disk: the firmware reads its first sector, and then waits.
  private static final String DOMAIN =
      """
      <domain type='qemu'><name>fern</name><memory unit='MiB'>32</memory>
        <os><type>hvm</type><boot dev='hd'/></os>
        <devices>
          <disk type='file' device='disk'>
            <driver name='qemu' type='raw'/><source file='%s'/><target dev='vda' bus='virtio'/>
          </disk>
        </devices>
      </domain>
      """;

  @TempDir private Path folder;

  private static Path program() {
    return Stream.of(System.getenv("PATH").split(":"))
        .map(one -> Path.of(one, "virt-top"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  /** The values of a row by their titles; of two columns with the same title, the second. */
  private static Map<String, String> row(List<String> titles, String line) {
    List<String> values = Arrays.asList(line.split(",", -1));
    assertThat(values).as(line).hasSameSizeAs(titles);
    Map<String, String> row = new LinkedHashMap<>();
    for (int i = 0; i < values.size(); i++) {
      row.put(titles.get(i), values.get(i));
    }
    return row;
  }

  private static double sum(List<Map<String, String>> rows, String title) {
    return rows.stream()
        .map(row -> row.get(title))
        .filter(value -> value != null && !value.isEmpty())
        .mapToDouble(Double::parseDouble)
        .sum();
  }

  private static List<Map<String, String>> rows(Path table) throws IOException {
    String text = Files.exists(table) ? Files.readString(table) : "";
    List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    if (lines.isEmpty()) {
      return List.of();
    }
    List<String> titles = Arrays.asList(lines.getFirst().split(","));
    return lines.stream().skip(1).map(line -> row(titles, line)).toList();
  }

  /** Each sample is what came since the one before it; what the machine does is in their sum. */
  @Test
  void showsAMachinesFigures() throws Exception {
    Path program = program();
    Assumptions.assumeTrue(program != null, "virt-top is missing; it is in Debian 13's virt-top");
    Path disk = folder.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
    Path table = folder.resolve("table.csv");
    try (WardianDaemon daemon = WardianDaemon.start(folder.resolve("w"));
        Connection connection = Connection.open(daemon.uri())) {
      Domain fern = connection.createDomain(DOMAIN.formatted(disk), DomainCreateFlags.START_PAUSED);
      Process top =
          new ProcessBuilder(
                  program.toString(),
                  "-c",
                  daemon.uri(),
                  "--script",
                  "-d",
                  "1",
                  "--csv",
                  "" + table)
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .redirectOutput(Redirect.to(folder.resolve("words").toFile()))
              .start();
      try {
        while (rows(table).size() < 2) {
          assertThat(top.isAlive()).as(Files.readString(folder.resolve("words"))).isTrue();
          Thread.sleep(100);
        }
        assertThat(rows(table).getLast()).containsEntry("Paused", "1");
        fern.resume();
        List<Map<String, String>> rows = rows(table);
        while (sum(rows, "Block RDRQ") == 0) {
          assertThat(top.isAlive()).as(Files.readString(folder.resolve("words"))).isTrue();
          Thread.sleep(100);
          rows = rows(table);
        }
        assertThat(rows.getLast())
            .containsEntry("Domain name", "fern")
            .containsEntry("Count", "1")
            .containsEntry("Running", "1")
            .containsEntry("Mem (bytes)", "32768")
            .containsEntry("Total memory (KB)", "32768");
        assertThat(sum(rows, "CPU (ns)")).isPositive().isLessThan(300e9);
        assertThat(rows)
            .allSatisfy(row -> assertThat(sum(List.of(row), "%CPU")).isBetween(0., 101.));
      } finally {
        top.destroy();
        top.waitFor();
        fern.destroy();
      }
    }
  }
}
