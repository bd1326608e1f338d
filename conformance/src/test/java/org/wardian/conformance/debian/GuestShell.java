package org.wardian.conformance.debian;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.wardian.boot.BootException;
import org.wardian.boot.initramfs.DefaultInitramfs;
import org.wardian.machine.Machine;
import org.wardian.machine.MachineConfiguration;
import org.wardian.machine.Outcome;
import org.wardian.machine.state.SavedState;
import org.wardian.machine.state.StateFile;

/** A running guest, and the shell on its console. Not safe for use by several threads. */
public final class GuestShell implements AutoCloseable {
  /** A boot takes seconds, the longest program minutes; the host may have much else to do. */
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  // Printed around a command's output. The quotes keep the echo of what is typed from looking so.
  private static final String BEGIN = "<<output";
  private static final String TYPED_BEGIN = "\"<<\"output";
  private static final String FINISH = "status>>";
  private static final String TYPED_FINISH = "status\">>\"";

  private final Console console = new Console();
  private final Machine machine;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
  private final Semaphore asleep = new Semaphore(0);
  private boolean closed;

  private GuestShell(MachineConfiguration configuration) throws BootException {
    machine = new Machine(configuration, console);
    start();
  }

  private GuestShell(MachineConfiguration configuration, SavedState saved)
      throws BootException, IOException {
    machine = Machine.restore(configuration, console, saved);
    if (!machine.guestTime().equals(saved.description().ran())) {
      throw new AssertionError(
          "guest time went from " + saved.description().ran() + " to " + machine.guestTime());
    }
    start();
  }

  private void start() {
    machine.onSleep(asleep::release, () -> {});
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

  /** Starts a guest; it has not reached its shell yet. */
  public static GuestShell start(DebianGuest guest) throws IOException, BootException {
    return new GuestShell(guest.configuration());
  }

  /** Boots a guest to its prompt. */
  public static GuestShell boot(DebianGuest guest)
      throws IOException, BootException, InterruptedException {
    return boot(guest.configuration());
  }

  /** Boots a machine whose guest is Debian to its prompt. */
  static GuestShell boot(MachineConfiguration configuration)
      throws BootException, InterruptedException {
    GuestShell shell = new GuestShell(configuration);
    try {
      shell.awaitPrompt();
      return shell;
    } catch (Throwable e) {
      shell.close();
      throw e;
    }
  }

  /** Goes on with a guest that {@link #save} saved at its prompt. */
  public static GuestShell restore(DebianGuest guest, Path file) throws Exception {
    try (SavedState saved = SavedState.open(file)) {
      return new GuestShell(guest.configuration(), saved);
    }
  }

  /** Saves the machine to a file, and ends it. */
  public void save(Path file) throws Exception {
    try (StateFile state = StateFile.create(file)) {
      if (!machine.pause()) {
        throw new AssertionError("the machine has ended: " + console.transcript());
      }
      machine.save(state);
      state.complete(List.of());
    }
    close();
  }

  /** Waits for the next prompt. */
  public void awaitPrompt() throws InterruptedException {
    await(DefaultInitramfs.PROMPT);
  }

  /** Waits for a text on the console and returns what came before it. */
  public String await(String text) throws InterruptedException {
    return console.await(text, PATIENCE);
  }

  /** Types keys, without waiting for what they do. */
  public void type(String keys) throws InterruptedException {
    byte[] bytes = keys.getBytes(StandardCharsets.UTF_8);
    machine.type(bytes, 0, bytes.length);
  }

  /** Types a command at the prompt, and waits for its end and the next prompt. */
  public CommandResult run(String command) throws InterruptedException {
    type("echo " + TYPED_BEGIN + "; " + command + "; echo " + TYPED_FINISH + "$?\n");
    await(BEGIN + "\r\n");
    String output = await(FINISH).replace("\r\n", "\n");
    int status = Integer.parseInt(await("\r\n"));
    awaitPrompt();
    return new CommandResult(output, status);
  }

  /** Has the guest sleep with its memory kept (S3), and wakes it once it does. */
  CommandResult sleepAndWake() throws InterruptedException {
    Thread waker =
        Thread.ofVirtual()
            .start(() -> {
              asleep.acquireUninterruptibly();
              machine.wake();
            });
    CommandResult result = run("echo mem > /sys/power/state");
    if (result.status() == 0) {
      waker.join();
    }
    return result;
  }

  /** Waits for the machine's end. */
  public Outcome end() throws Exception {
    try {
      return outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("the machine goes on: " + console.transcript(), e);
    } catch (ExecutionException e) {
      throw new AssertionError("the machine failed", e.getCause());
    }
  }

  /** The machine that it runs on. */
  public Machine machine() {
    return machine;
  }

  /** What the machine has counted so far. */
  public Map<String, Long> counters() {
    return machine.counters();
  }

  /** All that the guest has written to its console. */
  public String transcript() {
    return console.transcript();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    machine.stop();
    outcome.handle((end, failure) -> end).join();
    machine.close();
  }
}
