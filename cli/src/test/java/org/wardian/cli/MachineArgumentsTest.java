package org.wardian.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.process.Launch;
import org.wardian.process.assembly.Sandbox;

/** The form in which the daemon asks for a machine; all others are picocli's. */
class MachineArgumentsTest {
  private static Optional<Launch> read(String line) {
    return MachineArguments.read(line.split(" "));
  }

  @Test
  void aNewMachine() {
    assertThat(read("machine --definition /run/d.xml --qmp /run/qmp --paused"))
        .contains(
            new Launch(
                Path.of("/run/d.xml"),
                Path.of("/run/qmp"),
                Optional.empty(),
                Optional.empty(),
                true,
                Sandbox.AUTO,
                Version.wardian()));
  }

  @Test
  void aMachineThatGoesOn() {
    assertThat(
            read(
                "machine --definition d --qmp q --incoming saved --snapshot=--paused --sandbox on"))
        .contains(
            new Launch(
                Path.of("d"),
                Path.of("q"),
                Optional.of(Path.of("saved")),
                Optional.of("--paused"),
                false,
                Sandbox.ON,
                Version.wardian()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "list --all",
        "machine",
        "machine --help",
        "machine --definition d",
        "machine --definition d --qmp",
        "machine --definition d --qmp q --definition e",
        "machine --definition=d --qmp q",
        "machine --definition d --qmp q more",
        "machine --definition d --qmp q --sandbox maybe",
        "run machine --definition d --qmp q"
      })
  void allElseIsLeft(String line) {
    assertThat(read(line)).isEmpty();
  }
}
