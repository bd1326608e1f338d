package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.PseudoTerminal;

/** The user's terminal is the guest's console, and the user's again behind every way to leave. */
@EnabledOnOs(OS.LINUX)
class TerminalTest {
  @TempDir private Path folder;
  private WardProcess.Start ward;

  @BeforeEach
  void start() throws IOException {
    ward = new WardProcess.Start(folder);
  }

  /** The terminal's attributes in stty's own notation. */
  private static String attributes(PseudoTerminal terminal) throws Exception {
    Process stty =
        new ProcessBuilder("stty", "-g").redirectInput(Path.of(terminal.name()).toFile()).start();
    String attributes = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(stty.waitFor()).isZero();
    return attributes;
  }

  private static void type(PseudoTerminal terminal, String keys) {
    terminal.write(keys.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void theEscapeKeyLeaves() throws Exception {
    String kernel = new TinyGuest().print("? ").echoUntil('q').spin().in(folder);
    try (PseudoTerminal terminal = PseudoTerminal.open()) {
      String before = attributes(terminal);
      try (WardProcess process =
          ward.input(Path.of(terminal.name())).run("run", "--kernel", kernel)) {
        process.awaitOut("? ");
        assertThat(attributes(terminal)).isNotEqualTo(before);
        type(terminal, "a\u0003\u0001\u0001b");
        process.awaitOut("a\u0003\u0001b");
        type(terminal, "\u0001h");
        process.awaitOut("Ctrl-A x");
        type(terminal, "\u0001x");
        assertThat(process.status()).as(process.err()).isEqualTo(130);
      }
      assertThat(attributes(terminal)).isEqualTo(before);
    }
  }

  @Test
  void thePowerOffGivesTheTerminalBack() throws Exception {
    String kernel = new TinyGuest().print("? ").echoUntil('q').powerOff().in(folder);
    try (PseudoTerminal terminal = PseudoTerminal.open()) {
      String before = attributes(terminal);
      try (WardProcess process =
          ward.input(Path.of(terminal.name())).run("run", "--kernel", kernel)) {
        process.awaitOut("? ");
        type(terminal, "q");
        assertThat(process.status()).as(process.err()).isZero();
      }
      assertThat(attributes(terminal)).isEqualTo(before);
    }
  }

  @Test
  void aSignalGivesTheTerminalBack() throws Exception {
    String kernel = new TinyGuest().print("? ").spin().in(folder);
    try (PseudoTerminal terminal = PseudoTerminal.open()) {
      String before = attributes(terminal);
      try (WardProcess process =
          ward.input(Path.of(terminal.name())).run("run", "--kernel", kernel)) {
        process.awaitOut("? ");
        process.terminate();
        assertThat(process.status()).as(process.err()).isEqualTo(143);
      }
      assertThat(attributes(terminal)).isEqualTo(before);
    }
  }
}
