package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/**
 * The recorded guests are those of the sources. Left out where sources or assembler are not at
 * hand; {@code wardian.guests} names the folder of the sources where it is not below the working
 * directory.
 */
@OnEachAccelerator.Suite
class RecordedGuestsTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("wardian.guests", "src/test/guests")).resolve("accelerator");

  @TempDir private Path out;

  @TestFactory
  List<DynamicTest> areThoseOfTheSources() throws IOException {
    if (!Files.isDirectory(SOURCES)) {
      throw new TestAbortedException("no sources in " + SOURCES.toAbsolutePath());
    }
    try (var files = Files.list(SOURCES)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".S"))
          .sorted()
          .map(name -> DynamicTest.dynamicTest(name, () -> compare(name)))
          .toList();
    }
  }

  private void compare(String source) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(SOURCES.resolve("assemble").toAbsolutePath().toString(), source);
    builder.environment().put("OUT", out.toAbsolutePath().toString());
    builder.redirectErrorStream(true);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new TestAbortedException("no shell here: " + e.getMessage());
    }
    String output;
    try (InputStream in = process.getInputStream()) {
      output = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
    if (output.contains("not found")) {
      throw new TestAbortedException("no assembler here: " + output.strip());
    }
    assertThat(process.exitValue()).as("%s", output).isZero();
    String name = source.replace(".S", ".elf");
    try (InputStream in = GuestImage.class.getResourceAsStream(name)) {
      assertThat(in).as("recorded %s", name).isNotNull();
      GuestImage recorded = GuestImage.of(name, in.readAllBytes());
      GuestImage fresh = GuestImage.of(name, Files.readAllBytes(out.resolve(name)));
      assertThat(fresh).as("assemble it anew: %s", name).isEqualTo(recorded);
    }
  }
}
