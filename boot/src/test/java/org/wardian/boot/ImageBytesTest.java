package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageBytesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 3_000_000})
  void allOfAFileIsRead(int size) throws Exception {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    Path file = Files.write(folder.resolve("file"), content);
    assertThat(ImageBytes.read(file)).isEqualTo(content);
  }

  @Test
  void whatTellsNoSizeIsReadToo() throws Exception {
    Path file = Path.of("/proc/self/environ");
    assumeTrue(Files.isReadable(file) && Files.size(file) == 0);
    assertThat(ImageBytes.read(file)).isEqualTo(Files.readAllBytes(file));
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(() -> ImageBytes.read(folder.resolve("none")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("none");
  }
}
