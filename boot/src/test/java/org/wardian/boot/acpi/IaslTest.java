package org.wardian.boot.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The reference tool's opinion of the tables: {@code iasl} of ACPICA disassembles each, and
 * compiles the result again without a remark. Skipped where it is not installed.
 */
class IaslTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 300})
  void disassemblesAndCompiles(int processors) throws Exception {
    assumeTrue(installed(), "iasl is not installed (Debian: acpica-tools)");
    check(TestBoard.withProcessors(processors));
  }

  @Test
  void slotsThatCanBePlugged() throws Exception {
    assumeTrue(installed(), "iasl is not installed (Debian: acpica-tools)");
    check(TestBoard.withHotplug());
    assertThat(Files.readString(folder.resolve("DSDT.dsl")))
        .contains("OperationRegion (PCST, SystemIO, 0xAE00, 0x08)")
        .contains("Device (S18)", "Device (SE8)", "Method (_E01, 0, NotSerialized)")
        .contains("Notify (S18, Arg1)", "Notify (SE8, Arg1)")
        .doesNotContain("Device (S10)", "Device (SF0)");
  }

  @Test
  void processorsThatCanBePlugged() throws Exception {
    assumeTrue(installed(), "iasl is not installed (Debian: acpica-tools)");
    check(TestBoard.withProcessorHotplug());
    assertThat(Files.readString(folder.resolve("DSDT.dsl")))
        .contains("OperationRegion (PRST, SystemIO, 0xAF00, 0x0C)")
        .contains("Device (C003)", "Method (_E02, 0, NotSerialized)", "Notify (C003, Arg1)")
        .contains("Return (CSTA (0x03))");
    assertThat(Files.readString(folder.resolve("APIC.dsl")))
        .contains("Processor Enabled : 1", "Processor Enabled : 0");
  }

  private void check(AcpiConfiguration board) throws Exception {
    WrittenTables tables = new WrittenTables(AcpiTables.build(board));
    for (Map.Entry<String, ByteBuffer> table : tables.all().entrySet()) {
      String name = table.getKey();
      byte[] bytes = new byte[table.getValue().limit()];
      table.getValue().get(0, bytes);
      Path binary = folder.resolve(name + ".aml");
      Files.write(binary, bytes);

      assertThat(iasl("-d", binary.getFileName().toString()))
          .as(name)
          .doesNotContainIgnoringCase("error")
          .doesNotContainIgnoringCase("warning");
      Files.delete(binary);
      assertThat(iasl(name + ".dsl")).as(name).contains("0 Errors, 0 Warnings, 0 Remarks");
      if (!name.equals("DSDT")) {
        // Data tables come out as they were, the compiler's own name and checksum apart.
        byte[] again = Files.readAllBytes(binary);
        assertThat(withoutCreator(again)).as(name).isEqualTo(withoutCreator(bytes));
      }
    }
  }

  @Test
  void disassemblyNamesTheDevices() throws Exception {
    assumeTrue(installed(), "iasl is not installed (Debian: acpica-tools)");
    WrittenTables tables = new WrittenTables(AcpiTables.build(TestBoard.withProcessors(2)));
    byte[] bytes = new byte[tables.table("DSDT").limit()];
    tables.table("DSDT").get(0, bytes);
    Files.write(folder.resolve("DSDT.aml"), bytes);
    iasl("-d", "DSDT.aml");
    assertThat(Files.readString(folder.resolve("DSDT.dsl")))
        .contains("Name (\\_S3, Package (0x04)", "Name (\\_S5, Package (0x04)")
        .contains("Device (PCI0)", "EisaId (\"PNP0A08\")")
        .contains("Device (COM1)", "Device (COM2)", "Device (RTC)", "Device (C001)")
        .doesNotContain("Device (C002)", "Device (KBD)");
  }

  private static byte[] withoutCreator(byte[] table) {
    byte[] copy = table.clone();
    if (copy.length > 36 && copy[0] != 'F' | copy[3] != 'S') {
      copy[9] = 0;
      Arrays.fill(copy, 28, 36, (byte) 0);
    }
    return copy;
  }

  private static boolean installed() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "iasl")));
  }

  private String iasl(String... arguments) throws IOException, InterruptedException {
    String[] command = new String[arguments.length + 1];
    command[0] = "iasl";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }
}
