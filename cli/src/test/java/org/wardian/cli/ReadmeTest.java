package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What README.md promises is what the program does. */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @Test
  void listsEveryStatusWithItsMeaning() throws Exception {
    String readme = Files.readString(README);

    for (ExitStatus status : ExitStatus.values()) {
      assertThat(readme).contains("| " + status.code() + " | " + status.meaning() + " |");
    }
  }
}
