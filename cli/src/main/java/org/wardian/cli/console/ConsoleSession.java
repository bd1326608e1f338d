package org.wardian.cli.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.wardian.host.Terminal;

/**
 * Joins one run of a guest to the user: characters out to standard output, keys in from a terminal
 * in raw mode, from a pipe, or from a script.
 *
 * <p>Made before the machine, started when the machine's port is there, closed when the machine has
 * ended; the terminal is as it was behind {@link #close()}, and behind a signal too.
 */
public final class ConsoleSession implements AutoCloseable {
  /** Why the console wants the machine to end. */
  public enum Ending {
    /** The user left by the escape key. */
    LEFT,
    /** Nobody reads the output any more. */
    OUTPUT_CLOSED,
    /** The output cannot be written, for the reason that {@link #outputFailure} gives. */
    OUTPUT_FAILED
  }

  private static final int STANDARD_OUTPUT = 1;

  private final InputStream in;
  private final Optional<Terminal> terminal;
  private final Optional<ConsoleScript> script;
  private final OutputPump output;
  private final AtomicReference<Ending> ending = new AtomicReference<>();
  private final LinkedBlockingQueue<byte[]> scriptTyping = new LinkedBlockingQueue<>();
  private final Thread restoration = new Thread(Terminal::restoreAll, "terminal-restoration");

  private volatile String outputFailure = "";
  private MachineControls machine = MachineControls.NONE;
  private Runnable saveMachine = () -> {};
  private Thread keyboard;

  /**
   * @param in where keys come from
   * @param out where the guest's characters go
   * @param terminal the terminal that {@code in} is, or empty
   * @param script what is typed in place of the user's keys, or empty
   */
  public ConsoleSession(
      InputStream in,
      OutputStream out,
      Optional<Terminal> terminal,
      Optional<ConsoleScript> script) {
    this.in = in;
    this.terminal = terminal;
    this.script = script;
    this.output = new OutputPump(out, this::outputLost);
  }

  /**
   * Sets what saves the machine. Before {@link #start}.
   *
   * @param save at the escape key; returns at once
   * @param atEnd whether also behind the last line of a script, in place of {@code poweroff}
   */
  public void savesBy(Runnable save, boolean atEnd) {
    saveMachine = save;
    if (atEnd) {
      script.ifPresent(lines -> lines.atEnd(save));
    }
  }

  /**
   * The machine was saved, or could not be, and goes on: a script that is at its end powers off.
   */
  public void goesOn() {
    script.filter(ConsoleScript::isAtEnd).ifPresent(lines -> scriptTyping.add(lines.powerOff()));
  }

  /** Has the guest's shell prompt anew, for a script: it waits at a prompt that nobody saw. */
  public void wakeScript() {
    if (script.isPresent()) {
      scriptTyping.add(new byte[] {'\r'});
    }
  }

  /**
   * Starts to pass keys and characters.
   *
   * @param guest the guest's port
   * @param controls what the user's commands act upon
   */
  public void start(GuestInput guest, MachineControls controls) {
    machine = controls;
    output.start();
    boolean interactive = script.isEmpty() && terminal.isPresent();
    if (interactive) {
      Runtime.getRuntime().addShutdownHook(restoration);
      terminal.get().raw();
    }
    Runnable keys =
        script.isPresent()
            ? () -> typeScript(guest)
            : interactive ? () -> passKeys(guest) : () -> passPipe(guest);
    keyboard = Thread.ofPlatform().daemon().name("console-input").start(keys);
  }

  /** Takes one character from the guest; on a processor's or device's thread, seldom waits. */
  public synchronized void put(byte character) {
    output.put(character);
    script.map(lines -> lines.accept(character)).ifPresent(scriptTyping::add);
  }

  /** Why the console ended the machine, or empty where it did not. */
  public Optional<Ending> ending() {
    return Optional.ofNullable(ending.get());
  }

  /** Why the output could not be written, in the operating system's words. */
  public String outputFailure() {
    return outputFailure;
  }

  private void outputLost(IOException reason) {
    outputFailure = String.valueOf(reason.getMessage());
    end(outputFailure.contains("Broken pipe") ? Ending.OUTPUT_CLOSED : Ending.OUTPUT_FAILED);
  }

  /** Tells that the machine is being stopped, so that a stuck reader does not keep it. */
  public void machineStops() {
    output.hurry();
  }

  private void end(Ending reason) {
    if (ending.compareAndSet(null, reason)) {
      machineStops();
      machine.stop();
    }
  }

  private void typeScript(GuestInput guest) {
    try {
      while (true) {
        guest.type(scriptTyping.take());
      }
    } catch (InterruptedException machineEnded) {
      Thread.currentThread().interrupt();
    }
  }

  private void passKeys(GuestInput guest) {
    EscapeKeys escape = new EscapeKeys();
    pass((typed, length) -> {
      EscapeKeys.Typed result = escape.accept(typed, length);
      if (result.keys().length > 0) {
        guest.type(result.keys());
      }
      switch (result.command()) {
        case LEAVE -> end(Ending.LEFT);
        case SAVE -> saveMachine.run();
        case HELP -> show(EscapeKeys.HELP);
        case POWER -> machine.pressPowerButton();
        case INFORMATION -> show("\n" + machine.information());
        case NONE -> {
          // All of it was for the guest.
        }
      }
    });
  }

  private void passPipe(GuestInput guest) {
    pass((typed, length) -> guest.type(Arrays.copyOf(typed, length)));
  }

  private interface Chunk {
    void accept(byte[] typed, int length) throws InterruptedException;
  }

  /** Reads to the end of the input, which is not the end of the machine. */
  private void pass(Chunk chunk) {
    byte[] typed = new byte[1024];
    try {
      for (int length = in.read(typed); length >= 0; length = in.read(typed)) {
        chunk.accept(typed, length);
      }
    } catch (IOException inputIsGone) {
      // As an end of the input: a guest needs no keyboard to run.
      return;
    } catch (InterruptedException machineEnded) {
      Thread.currentThread().interrupt();
    }
  }

  private void show(String text) {
    for (byte b : text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII)) {
      output.put(b);
    }
  }

  /** Writes what the guest still had to say, and gives the terminal back. */
  @Override
  public void close() {
    if (keyboard != null) {
      keyboard.interrupt();
      if (output.last() != '\n' && Terminal.isTerminal(STANDARD_OUTPUT)) {
        show("\n"); // the user's prompt shall not stand behind the guest's
      }
      output.close();
    }
    Terminal.restoreAll();
  }
}
