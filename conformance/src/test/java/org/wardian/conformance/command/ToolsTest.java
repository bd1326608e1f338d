package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ward tells of how it executed a guest. */
class ToolsTest {
  private static final int USAGE = 2;
  private static final int STORAGE = 5;
  private static final int TIMEOUT = 8;

  @TempDir private Path folder;
  private WardProcess.Start ward;

  @BeforeEach
  void start() throws IOException {
    ward = new WardProcess.Start(folder);
  }

  private WardProcess run(String kernel, String... more) throws IOException {
    return ward.run(
        java.util.stream.Stream.concat(
                java.util.stream.Stream.of("run", "--kernel", kernel),
                java.util.stream.Stream.of(more))
            .toArray(String[]::new));
  }

  @Test
  void whoExecutesAndWhy() throws Exception {
    String kernel = new TinyGuest().powerOff().in(folder);

    try (WardProcess process =
        run(kernel, "--accelerator", "software", "--translator", "off", "-v")) {
      assertThat(process.status()).isZero();
      assertThat(process.err().lines())
          .containsExactly(
              "ward: accelerator software, because --accelerator software asks for it",
              "ward: translator off, because --translator off asks for it");
    }
  }

  @Test
  void figuresAsTextAndJson() throws Exception {
    String kernel = new TinyGuest().powerOff().in(folder);

    try (WardProcess process = run(kernel, "--accelerator", "software", "--stats", "--json")) {
      assertThat(process.status()).isZero();
      assertThat(process.err())
          .contains(" MIPS")
          .containsPattern("\n  instructions +[0-9]")
          .containsPattern("\"translator\":\"(host|off)\"")
          .contains("\"translatorReason\":")
          .contains("\"instructions-interpreted\":");
    }
  }

  @Test
  void aProfileByFunction() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);
    Path symbols = Files.writeString(folder.resolve("System.map"), "0000000000100000 T spinning\n");
    Path profile = folder.resolve("profile");

    try (WardProcess process =
        run(
            kernel,
            "--timeout",
            "5",
            "--profile",
            profile.toString(),
            "--symbols",
            symbols.toString())) {
      assertThat(process.status()).as(process.err()).isEqualTo(TIMEOUT);
      assertThat(profile).content().contains("kernel 100.0 %").contains("kernel spinning");
    }
  }

  @Test
  void aProfileAsJson() throws Exception {
    String kernel = new TinyGuest().spin().in(folder);
    Path profile = folder.resolve("profile.json");

    try (WardProcess process = run(kernel, "--timeout", "5", "--profile", profile.toString())) {
      assertThat(process.status()).as(process.err()).isEqualTo(TIMEOUT);
      assertThat(profile).content().contains("\"address\" : \"0x100020\"");
    }
  }

  @Test
  void aNameForPerf() throws Exception {
    String kernel = new TinyGuest().powerOff().in(folder);

    try (WardProcess process = run(kernel, "--perf-map")) {
      assertThat(process.status()).as(process.err()).isZero();
      Path map = Path.of("/tmp", "perf-" + process.pid() + ".map");
      assertThat(map).isRegularFile();
      Files.delete(map);
    }
  }

  @Test
  void addressesOfBlocksThatAreNone() throws Exception {
    String kernel = new TinyGuest().powerOff().in(folder);

    try (WardProcess process = run(kernel, "--translator-dump", "here")) {
      assertThat(process.status()).isEqualTo(USAGE);
      assertThat(process.err()).startsWith("ward: ").contains("here").hasLineCount(1);
    }
  }

  @Test
  void aProfileThatCannotBeWrittenCostsNoRun() throws Exception {
    String kernel = new TinyGuest().print("hello").powerOff().in(folder);

    try (WardProcess process = run(kernel, "--profile", "/no/such/folder/profile")) {
      assertThat(process.status()).isEqualTo(STORAGE);
      assertThat(process.out()).isEmpty();
      assertThat(process.err()).startsWith("ward: profile /no/such/folder/profile").hasLineCount(1);
    }
  }

  @Test
  void symbolsThatAreNone() throws Exception {
    String kernel = new TinyGuest().powerOff().in(folder);

    try (WardProcess process = run(kernel, "--symbols", kernel)) {
      assertThat(process.status()).isEqualTo(USAGE);
      assertThat(process.err()).startsWith("ward: symbols ").contains("line 1").hasLineCount(1);
    }
  }
}
