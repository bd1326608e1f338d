package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private PseudoTerminal pair;
  private Terminal terminal;

  @BeforeEach
  void open() {
    assumeTrue(Libc.LINUX);
    pair = PseudoTerminal.open();
    terminal = Terminal.of(pair.terminal()).orElseThrow();
  }

  @AfterEach
  void close() {
    if (pair != null) {
      pair.close();
    }
  }

  @Test
  void rawModePassesControlCharactersAndRestoreTakesThemAgain() {
    byte[] before = Termios.get(pair.terminal());
    assertThat(Termios.isCooked(before)).isTrue();
    terminal.raw();
    assertThat(Termios.isCooked(Termios.get(pair.terminal()))).isFalse();
    pair.write(new byte[] {3, 'a', '\r'});
    byte[] typed = new byte[3];
    for (int got = 0; got < typed.length; ) {
      byte[] part = pair.readFromProgram(typed.length - got);
      System.arraycopy(part, 0, typed, got, part.length);
      got += part.length;
    }
    assertThat(typed).containsExactly(3, 'a', '\r');
    terminal.restore();
    assertThat(Termios.get(pair.terminal())).isEqualTo(before);
  }

  @Test
  void rawModeLeavesOutputUnchanged() {
    terminal.raw();
    pair.writeFromProgram("x\ny".getBytes(StandardCharsets.US_ASCII));
    assertThat(new String(pair.read(16), StandardCharsets.US_ASCII)).isEqualTo("x\ny");
  }

  @Test
  void closingRestores() {
    byte[] before = Termios.get(pair.terminal());
    try (Terminal another = Terminal.of(pair.terminal()).orElseThrow()) {
      another.raw();
    }
    assertThat(Termios.get(pair.terminal())).isEqualTo(before);
  }

  @Test
  void everyTerminalIsRestoredAtOnce() {
    byte[] before = Termios.get(pair.terminal());
    terminal.raw();
    Terminal.restoreAll();
    assertThat(Termios.get(pair.terminal())).isEqualTo(before);
  }

  @Test
  void aTerminalThatIsGoneDoesNotStopTheRestoration() {
    terminal.raw();
    pair.close();
    Terminal.restoreAll();
    assertThat(Terminal.of(pair.terminal())).isEmpty();
  }

  @Test
  void sizeIsTheWindowsAndHasDefaults() {
    assertThat(terminal.columns()).isEqualTo(80);
    assertThat(terminal.rows()).isEqualTo(24);
    pair.resize(132, 50);
    assertThat(terminal.columns()).isEqualTo(132);
    assertThat(terminal.rows()).isEqualTo(50);
  }

  @Test
  void aFileIsNoTerminal() {
    try (Mapping memory = Mapping.shared(1, "not-a-terminal")) {
      assertThat(Terminal.of(memory.fd())).isEmpty();
    }
    assertThat(Terminal.of(-1)).isEmpty();
  }

  @Test
  void theStructureHasTheSizeOfTheHeader() {
    assertThat(Termios.LAYOUT.byteSize()).isEqualTo(60);
  }
}
