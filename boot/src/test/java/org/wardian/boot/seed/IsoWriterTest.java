package org.wardian.boot.seed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IsoWriterTest {
  @TempDir private Path folder;

  @Test
  void anotherProgramReadsWhatWasWritten() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/xorriso")), "needs Debian's package xorriso");
    Map<String, byte[]> files = new LinkedHashMap<>();
    Random random = new Random(1);
    // Enough names for a folder of several blocks, and sizes round the ends of blocks.
    for (int n = 0; n < 300; n++) {
      byte[] content = new byte[n < 5 ? 2046 + n : random.nextInt(5000)];
      random.nextBytes(content);
      files.put("package-with-a-name.that+is_rather~long-" + n + ".deb", content);
    }
    files.put("empty", new byte[0]);
    Path volume = folder.resolve("volume.iso");
    write(volume, files);
    Path out = folder.resolve("out");
    run(
        "xorriso",
        "-osirrox",
        "on",
        "-read_fs",
        "norock",
        "-indev",
        volume.toString(),
        "-extract",
        "/",
        out.toString());
    try (var listed = Files.list(out)) {
      assertThat(listed.map(each -> each.getFileName().toString()).toList())
          .containsExactlyInAnyOrderElementsOf(files.keySet());
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      assertThat(Files.readAllBytes(out.resolve(file.getKey())))
          .as(file.getKey())
          .isEqualTo(file.getValue());
    }
  }

  @Test
  void theVolumeIsFoundByItsLabel() throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/sbin/blkid")), "needs Debian's package util-linux");
    Path volume = folder.resolve("seed.iso");
    new CloudSeed("debian", "ada", List.of(), java.util.Optional.empty(), 1).write(volume);
    assertThat(run("/usr/sbin/blkid", "-p", volume.toString()))
        .contains("LABEL=\"cidata\"")
        .contains("TYPE=\"iso9660\"");
  }

  @Test
  void theSameFilesGiveTheSameBytes() throws IOException {
    Map<String, byte[]> files = Map.of("a", new byte[3000]);
    write(folder.resolve("1.iso"), files);
    write(folder.resolve("2.iso"), files);
    assertThat(folder.resolve("1.iso")).hasSameBinaryContentAs(folder.resolve("2.iso"));
    assertThat(Files.size(folder.resolve("1.iso")) % IsoWriter.BLOCK).isZero();
  }

  @Test
  void writtenBytesCanBeWrittenAnew() throws IOException {
    Path volume = folder.resolve("volume.iso");
    try (IsoWriter writer = new IsoWriter(volume, "X", List.of("a"))) {
      try (RewritableStream out = writer.next()) {
        out.write(new byte[3 << 20]);
        out.write("end".getBytes(StandardCharsets.US_ASCII));
        out.rewrite(5, "begin".getBytes(StandardCharsets.US_ASCII));
        out.rewrite(3 << 20, "END".getBytes(StandardCharsets.US_ASCII));
        assertThat(out.position()).isEqualTo((3 << 20) + 3);
        assertThatIllegalArgumentException()
            .isThrownBy(() -> out.rewrite((3 << 20) + 1, new byte[3]));
      }
      writer.finish();
    }
    String all = new String(Files.readAllBytes(volume), StandardCharsets.ISO_8859_1);
    assertThat(all).contains("\0\0begin\0").contains("\0END\0").doesNotContain("end");
  }

  @Test
  void aVolumeWithFilesMissingIsNotFinished() throws IOException {
    try (IsoWriter writer = new IsoWriter(folder.resolve("v"), "X", List.of("a", "b"))) {
      writer.next(new byte[1]);
      assertThatIllegalStateException().isThrownBy(writer::finish);
      writer.next(new byte[1]);
      assertThatIllegalStateException().isThrownBy(writer::next);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b", "a:b", "tab\t", "\u00e9", "star*", "back\\slash"})
  void refusesNames(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IsoWriter(folder.resolve("v"), "X", List.of(name)));
    assertThat(folder.resolve("v")).doesNotExist();
  }

  @Test
  void refusesTheSameNameTwiceAndOtherLabels() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IsoWriter(folder.resolve("v"), "X", List.of("a", "a")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new IsoWriter(folder.resolve("v"), "a b", List.of()));
  }

  private static void write(Path volume, Map<String, byte[]> files) throws IOException {
    try (IsoWriter writer = new IsoWriter(volume, "PACKAGES", new ArrayList<>(files.keySet()))) {
      for (byte[] content : files.values()) {
        writer.next(content);
      }
      writer.finish();
    }
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
