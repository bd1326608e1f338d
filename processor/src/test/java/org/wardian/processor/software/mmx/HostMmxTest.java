package org.wardian.processor.software.mmx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.processor.software.x87.HostVectors;

/** Every instruction on MMX registers against what an Intel processor left. */
class HostMmxTest {
  @Test
  void everyInstructionIsExact() {
    List<String> lines = HostVectors.lines(HostMmxTest.class, "host-mmx.txt");
    assertThat(lines).hasSizeGreaterThan(500);
    try (HostVectors vectors = new HostVectors()) {
      lines.forEach(line -> vectors.replay(line, 0));
    }
  }
}
