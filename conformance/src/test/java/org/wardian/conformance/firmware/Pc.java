package org.wardian.conformance.firmware;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.wardian.boot.BootException;
import org.wardian.conformance.debian.Console;
import org.wardian.display.Screen;
import org.wardian.display.Screenshot;
import org.wardian.display.keyboard.Typist;
import org.wardian.machine.Machine;
import org.wardian.machine.Outcome;

/**
 * A running machine with a display and a serial port, looked at and typed on from outside. Its last
 * picture is left in {@code target/screens}. For one thread.
 */
final class Pc implements AutoCloseable {
  private static final Path PICTURES = Path.of("target", "screens").toAbsolutePath();

  /** Many times what a quiet host needs. */
  private static final Duration PATIENCE =
      Duration.ofSeconds(Integer.getInteger("wardian.patience", 600));

  private static final long LOOK_MILLISECONDS = 100;

  /** So many looks that show the same are a still picture. */
  private static final int STILL_LOOKS = 30;

  /** A person's: the keyboard holds sixteen codes, and a BIOS reads them as it can. */
  private static final long KEY_MILLISECONDS = 20;

  // X11's symbols of keys.
  private static final int RETURN = 0xff0d;
  private static final int CONTROL = 0xffe3;

  private final String name;
  private final Console console = new Console();
  private final StringBuffer debug = new StringBuffer();
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final PcParts.Opened opened;
  private final Machine machine;
  private final Screen screen;

  Pc(PcParts parts) throws IOException, BootException {
    name = parts.name();
    opened = parts.open(value -> debug.append((char) value));
    machine = new Machine(opened.configuration(), console);
    screen = machine.screen().orElseThrow();
    Thread.ofPlatform().daemon().name("vcpu").start(this::execute);
  }

  private void execute() {
    try {
      Outcome end = machine.run();
      console.close("the machine ended: " + end.cause());
      outcome.complete(end);
    } catch (Throwable e) { // the test's thread rethrows it
      console.close("the machine failed: " + e);
      outcome.completeExceptionally(e);
    }
  }

  /** The rows of text on the screen; none where it shows a picture. */
  List<String> rows() {
    return screen.text();
  }

  /** Waits until the screen shows {@code text} within a row. */
  void awaitScreen(String text) throws Exception {
    awaitScreen("\"" + text + "\"", rows -> rows.stream().anyMatch(row -> row.contains(text)));
  }

  /** Waits until what the screen shows is as wanted. */
  void awaitScreen(String what, Predicate<List<String>> wanted) throws Exception {
    await(what, () -> wanted.test(rows()));
  }

  /** Waits until the picture is as wanted. */
  void awaitPicture(String what, Predicate<Screenshot> wanted) throws Exception {
    await(what, () -> wanted.test(picture()));
  }

  /**
   * Waits until nothing has been drawn for a while, which a clock or a blinking cursor prevents.
   */
  void awaitStillPicture() throws Exception {
    Screenshot[] last = {picture()};
    int[] same = {0};
    await(
        "still picture",
        () -> {
          Screenshot now = picture();
          same[0] = Arrays.equals(now.pixels(), last[0].pixels()) ? same[0] + 1 : 0;
          last[0] = now;
          return same[0] == STILL_LOOKS;
        });
  }

  private void await(String what, BooleanSupplier reached) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!reached.getAsBoolean()) {
      if (outcome.isDone() || System.nanoTime() > deadline) {
        throw new AssertionError("no %s on the screen of %s".formatted(what, this));
      }
      Thread.sleep(LOOK_MILLISECONDS);
    }
  }

  /** Waits for a text on the serial port, and returns what came before it. */
  String awaitSerial(String text) throws InterruptedException {
    return console.await(text, PATIENCE);
  }

  /** Types on the serial port. */
  void typeSerial(String keys) throws InterruptedException {
    byte[] bytes = keys.getBytes(StandardCharsets.UTF_8);
    machine.type(bytes, 0, bytes.length);
  }

  /** Types on the keyboard, as a person does; {@code \n} is the return key. */
  void type(String text) throws InterruptedException {
    try (Typist typist = new Typist(machine.keys())) {
      for (char character : text.toCharArray()) {
        press(typist, character == '\n' ? RETURN : character);
      }
    }
  }

  /** Presses the key with an X11 symbol. */
  void press(int symbol) throws InterruptedException {
    try (Typist typist = new Typist(machine.keys())) {
      press(typist, symbol);
    }
  }

  /** Presses a letter while the control key is held. */
  void control(char letter) throws InterruptedException {
    try (Typist typist = new Typist(machine.keys())) {
      typist.symbol(CONTROL, true);
      press(typist, letter);
      typist.symbol(CONTROL, false);
    }
  }

  private static void press(Typist typist, int symbol) throws InterruptedException {
    typist.symbol(symbol, true);
    Thread.sleep(KEY_MILLISECONDS);
    typist.symbol(symbol, false);
    Thread.sleep(KEY_MILLISECONDS);
  }

  /** Waits for the machine's end. */
  Outcome end() throws Exception {
    try {
      return outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("the machine goes on: " + this, e);
    } catch (ExecutionException e) {
      throw new AssertionError("the machine failed", e.getCause());
    }
  }

  /** What the screen shows now. */
  Screenshot picture() {
    return Screenshot.of(screen);
  }

  /** What the firmware wrote to its debug port. */
  String debug() {
    return debug.toString();
  }

  @Override
  public String toString() {
    return "%s; outcome: %s%nscreen:%n%s%nserial port:%n%s%nfirmware:%n%s"
        .formatted(name, outcome, String.join("\n", rows()), console.transcript(), debug);
  }

  /** Leaves the picture where a person finds it. */
  void keepPicture(String called) throws IOException {
    Files.createDirectories(PICTURES);
    try (OutputStream out = Files.newOutputStream(PICTURES.resolve(called + ".png"))) {
      picture().writePng(out);
    }
  }

  @Override
  public void close() throws IOException {
    keepPicture(name);
    machine.stop();
    outcome.handle((end, failure) -> end).join();
    machine.close();
    opened.close();
  }
}
