package org.wardian.daemon.domain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.wardian.daemon.typed.Refusal;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.qmp.ErrorClass;
import org.wardian.qmp.QmpClient;
import org.wardian.qmp.QmpEvent;
import org.wardian.qmp.QmpException;

/** A machine's process, and the connection by which it is controlled. */
final class Machine implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** For how long a migration may pause the guest, where nobody says so: QEMU's. */
  private static final long LONGEST_PAUSE_MILLISECONDS = 300;

  /** How long a process that was asked to end may take before it is killed. */
  private static final Duration FAREWELL = Duration.ofSeconds(10);

  /**
   * Field of {@code /proc/PID/stat} with the start's time, counted from behind the name (proc(5)).
   */
  private static final int START_TIME = 19;

  private final ProcessHandle process;
  private final long startTicks;
  private final Path folder;
  private final QmpClient monitor;
  private final Removals removals = new Removals();
  private final BlockJobTable jobs = new BlockJobTable();
  private volatile boolean guestShutDown;
  private volatile boolean ending;
  private volatile boolean rebooting;
  private volatile boolean released;
  private volatile int pauseReason;
  private volatile long longestPauseMilliseconds = LONGEST_PAUSE_MILLISECONDS;

  private Machine(ProcessHandle process, long startTicks, Path folder, QmpClient monitor) {
    this.process = process;
    this.startTicks = startTicks;
    this.folder = folder;
    this.monitor = monitor;
  }

  /**
   * Connects to a process.
   *
   * @param folder in which its socket is
   * @param listener takes its events, in their order
   * @throws IOException where it does not answer
   */
  static Machine connect(ProcessHandle process, Path folder, Consumer<QmpEvent> listener)
      throws IOException {
    QmpClient client = QmpClient.connect(socket(folder), PATIENCE, listener);
    return new Machine(process, startTicks(process.pid()), folder, client);
  }

  /** The socket of a machine's control. */
  static Path socket(Path folder) {
    return folder.resolve("monitor.sock");
  }

  /** The document that a machine's process is made of. */
  static Path definition(Path folder) {
    return folder.resolve("definition.xml");
  }

  /**
   * When a process started, in ticks since the host did: with its number it tells a process from
   * all others. -1 where there is no such process.
   */
  static long startTicks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      // What has ended and was not yet waited for is no process any more.
      return fields[0].equals("Z") ? -1 : Long.parseLong(fields[START_TIME]);
    } catch (IOException | RuntimeException e) {
      return -1;
    }
  }

  long pid() {
    return process.pid();
  }

  long startTicks() {
    return startTicks;
  }

  Path folder() {
    return folder;
  }

  ProcessHandle process() {
    return process;
  }

  /** Who waits for devices to go. */
  Removals removals() {
    return removals;
  }

  /** What works on its disks. */
  BlockJobTable jobs() {
    return jobs;
  }

  /** A command without arguments. */
  JsonNode execute(String command) throws LibvirtException {
    return execute(command, JsonNodeFactory.instance.objectNode());
  }

  /**
   * A command of the machine's protocol; it has half a minute.
   *
   * @throws LibvirtException with the machine's own words where it refuses
   */
  JsonNode execute(String command, ObjectNode arguments) throws LibvirtException {
    return execute(command, arguments, PATIENCE);
  }

  /** The same for a command that may take as long as it likes. */
  JsonNode executeSlowly(String command, ObjectNode arguments) throws LibvirtException {
    return execute(command, arguments, Duration.ofDays(1));
  }

  private JsonNode execute(String command, ObjectNode arguments, Duration patience)
      throws LibvirtException {
    try {
      return monitor.execute(command, arguments, patience);
    } catch (QmpException e) {
      if (e.errorClass() == ErrorClass.COMMAND_NOT_FOUND) {
        throw Refusal.notSupported("the machine has no command " + command);
      }
      throw Refusal.internal(
          "unable to execute QEMU command '" + command + "': " + e.getMessage(), e);
    } catch (IOException e) {
      throw lost(e);
    }
  }

  /** The same, with the machine's own errors as they came. */
  JsonNode ask(String command, ObjectNode arguments) throws QmpException, LibvirtException {
    try {
      return monitor.execute(command, arguments, PATIENCE);
    } catch (IOException e) {
      throw lost(e);
    }
  }

  private LibvirtException lost(IOException e) {
    if (!process.isAlive()) {
      return Refusal.failed("domain is no longer running", e);
    }
    return new LibvirtException(
        ErrorNumber.OPERATION_FAILED,
        org.wardian.libvirt.constants.ErrorDomain.QEMU,
        "the machine does not answer: " + e.getMessage(),
        e);
  }

  /** Empty arguments to fill. */
  static ObjectNode arguments() {
    return JsonNodeFactory.instance.objectNode();
  }

  /** Calls when the process has ended and all its events were told. */
  void whenEnded(Runnable action) {
    Thread.ofVirtual()
        .name("machine-end")
        .start(() -> {
          process.onExit().join();
          afterEvents(action);
        });
  }

  private void afterEvents(Runnable action) {
    try {
      monitor.closed().get(FAREWELL.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // What it said is lost; that it has ended counts.
    }
    if (!released) {
      action.run();
    }
  }

  /** Whether its process is there. */
  boolean isAlive() {
    return process.isAlive();
  }

  /** The guest has switched its machine off. */
  void noteGuestShutDown() {
    guestShutDown = true;
  }

  boolean isGuestShutDown() {
    return guestShutDown;
  }

  /** Whether the guest's next switching off is the first half of a reboot. */
  boolean isRebooting() {
    return rebooting;
  }

  void setRebooting(boolean value) {
    rebooting = value;
  }

  /** It ends because the daemon wants it to. */
  void noteEnding() {
    ending = true;
  }

  boolean isEnding() {
    return ending;
  }

  /** Why it will be paused the next time. */
  int pauseReason() {
    return pauseReason;
  }

  void setPauseReason(int reason) {
    pauseReason = reason;
  }

  /** For how long a migration may pause the guest. */
  long longestPauseMilliseconds() {
    return longestPauseMilliseconds;
  }

  void setLongestPauseMilliseconds(long milliseconds) {
    longestPauseMilliseconds = milliseconds;
  }

  /**
   * Ends the process: it is asked to, and killed when it takes too long and {@code force} allows.
   *
   * @return whether it has ended
   */
  boolean end(boolean force) {
    process.destroy();
    if (waits(FAREWELL)) {
      return true;
    }
    if (force) {
      process.destroyForcibly();
      return waits(FAREWELL);
    }
    return false;
  }

  /** Waits for the process's own end. */
  boolean waits(Duration patience) {
    try {
      process.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return !process.isAlive();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return !process.isAlive();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Leaves the machine to the next daemon: its end is that one's business. */
  void release() {
    released = true;
    close();
  }

  /** Lets go of the connection; the process goes on. */
  @Override
  public void close() {
    monitor.close();
  }
}
