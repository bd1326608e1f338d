package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What bash makes of the script, with a ward that knows two machines. */
class MachineCompletionTest {
  private static final Path BASH = Path.of("/bin/bash");

  @TempDir private Path folder;

  private String completed(String... words) throws Exception {
    assumeTrue(Files.isExecutable(BASH), "bash is not installed");
    Path ward =
        Files.writeString(
            folder.resolve("ward"),
            "#!/bin/sh\n[ \"$*\" = 'list --all --names' ] && printf 'web\\ndata\\n'\n");
    Files.setPosixFilePermissions(ward, PosixFilePermissions.fromString("rwx------"));
    Path script =
        Files.writeString(folder.resolve("completion"), WardRun.of("completion", "bash").out());
    StringBuilder run = new StringBuilder("source " + script + "; COMP_WORDS=(" + ward);
    for (String word : words) {
      run.append(" '").append(word).append('\'');
    }
    run.append("); COMP_CWORD=").append(words.length);
    run.append("; _complete_ward 2>/dev/null; echo ${COMPREPLY[@]}");
    Process bash =
        new ProcessBuilder(BASH.toString(), "-c", run.toString())
            .redirectInput(new File("/dev/null"))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String text = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    bash.waitFor();
    return text.strip();
  }

  @Test
  void verbsThatTakeAMachineCompleteItsName() throws Exception {
    assertThat(completed("start", "")).isEqualTo("web data");
    assertThat(completed("stop", "w")).isEqualTo("web");
    assertThat(completed("snapshot", "list", "d")).isEqualTo("data");
  }

  @Test
  void optionsAndOtherVerbsAreAsBefore() throws Exception {
    assertThat(completed("start", "--pau")).isEqualTo("--paused");
    assertThat(completed("host", "")).isEmpty();
    assertThat(completed("consol")).isEqualTo("console");
  }
}
