package org.wardian.conformance.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each way in which a machine can end has a status of its own. */
class EndingTest {
  @TempDir private Path folder;
  private WardProcess.Start ward;

  @BeforeEach
  void start() throws IOException {
    ward = new WardProcess.Start(folder);
  }

  private WardProcess run(TinyGuest guest, String... options) throws IOException {
    String[] arguments = new String[options.length + 3];
    arguments[0] = "run";
    arguments[1] = "--kernel";
    arguments[2] = guest.in(folder);
    System.arraycopy(options, 0, arguments, 3, options.length);
    return ward.run(arguments);
  }

  @Test
  void powerOffIsSuccess() throws Exception {
    try (WardProcess process = run(new TinyGuest().print("hello\r\n").powerOff())) {
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.out()).isEqualTo("hello\r\n");
      assertThat(process.err()).isEmpty();
    }
  }

  @Test
  void theTestDeviceChoosesTheStatus() throws Exception {
    try (WardProcess process = run(new TinyGuest().exit(0x15), "--device", "testdev")) {
      assertThat(process.status()).as(process.err()).isEqualTo(0x15 << 1 | 1);
    }
  }

  @Test
  void aTripleFaultDumpsTheRegisters() throws Exception {
    try (WardProcess process = run(new TinyGuest().tripleFault())) {
      assertThat(process.status()).as(process.err()).isEqualTo(7);
      assertThat(process.err()).contains("triple fault").containsIgnoringCase("rip");
    }
  }

  @Test
  void aPanicHasItsOwnStatus() throws Exception {
    TinyGuest guest =
        new TinyGuest()
            .print("[    1.000000] Kernel panic - not syncing: test\r\n")
            .print("[    1.000001] ---[ end Kernel panic - not syncing: test ]---\r\n")
            .spin();

    try (WardProcess process = run(guest)) {
      assertThat(process.status()).as(process.err()).isEqualTo(6);
      assertThat(process.err()).contains("panic").containsIgnoringCase("rip");
    }
  }

  @Test
  void aPanicThatResetsIsAPanic() throws Exception {
    TinyGuest guest =
        new TinyGuest().print("[    1.000000] Kernel panic - not syncing: test\r\n").reset();

    try (WardProcess process = run(guest)) {
      assertThat(process.status()).as(process.err()).isEqualTo(6);
    }
  }

  @Test
  void aResetCanBeRefused() throws Exception {
    try (WardProcess process = run(new TinyGuest().reset(), "--no-reboot")) {
      assertThat(process.status()).as(process.err()).isEqualTo(10);
    }
  }

  @Test
  void aResetBootsAgain() throws Exception {
    try (WardProcess process = run(new TinyGuest().print("once more\r\n").reset())) {
      process.awaitOut("once more\r\nonce more\r\n");
    }
  }

  @Test
  void nothingWakesAProcessorThatHaltedForGood() throws Exception {
    try (WardProcess process = run(new TinyGuest().die())) {
      assertThat(process.status()).as(process.err()).isEqualTo(11);
    }
  }

  @Test
  void aTimeoutEndsAMachineThatSpins() throws Exception {
    try (WardProcess process = run(new TinyGuest().spin(), "--timeout", "1s", "--json")) {
      assertThat(process.status()).as(process.err()).isEqualTo(8);
      assertThat(process.err()).contains("\"status\":8").contains("\"accelerator\":\"");
    }
  }

  @Test
  void aPipeIsTypedIntoTheGuest() throws Exception {
    ward.pipedInput();
    try (WardProcess process = run(new TinyGuest().print("? ").echoUntil('q').powerOff())) {
      process.awaitOut("? ");
      process.type("abcq");
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.out()).isEqualTo("? abcq");
    }
  }

  @Test
  void aClosedInputTypesNothing() throws Exception {
    ward.by("/bin/sh", "-c", "exec \"$@\" <&-", "sh");
    try (WardProcess process =
        run(new TinyGuest().print("hello\r\n").echoUntil('q').spin(), "--timeout", "5s")) {
      assertThat(process.status()).as(process.err()).isEqualTo(8);
      assertThat(process.out()).isEqualTo("hello\r\n");
    }
  }

  @Test
  void aFullDiskBehindTheOutputIsNamed() throws Exception {
    ward.by("/bin/sh", "-c", "exec \"$@\" >/dev/full", "sh");
    try (WardProcess process = run(new TinyGuest().print("hello\r\n").spin())) {
      assertThat(process.status()).as(process.err()).isEqualTo(5);
      assertThat(process.err()).contains("No space left").hasLineCount(1);
    }
  }

  @Test
  void aScriptIsTypedAtThePrompt() throws Exception {
    Path script = Files.writeString(folder.resolve("script"), "echo q\n");
    TinyGuest guest = new TinyGuest().print("/ # ").echoUntil('\r').print("\n").powerOff();

    try (WardProcess process = run(guest, "--script", script.toString())) {
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.out()).isEqualTo("/ # echo q\r\n");
    }
  }

  @Test
  void anOutputThatIsClosedEndsTheMachine() throws Exception {
    TinyGuest guest = new TinyGuest();
    for (int i = 0; i < 100; i++) {
      guest.print("a line that is long enough to fill a pipe in the end\r\n");
    }
    guest.reset();
    ward.by("/bin/sh", "-c", "{ \"$@\"; echo status $? >&2; } | head -n 1", "sh");

    try (WardProcess process = run(guest)) {
      assertThat(process.status()).as(process.err()).isZero();
      assertThat(process.err()).isEqualTo("status 141\n");
    }
  }
}
