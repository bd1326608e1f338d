package org.wardian.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.wardian.cli.console.ConsoleSession;
import org.wardian.machine.Machine;
import org.wardian.machine.state.Origin;
import org.wardian.machine.state.StateFile;

/**
 * Saves a running machine when somebody asks: the user, the end of a script, the clock, or the host
 * that ends ward. A thread of its own does it, so that whoever asks goes on.
 *
 * <p>To a file, the machine ends with it; the file gets its name when the disks are closed.
 */
final class MachineKeeper implements AutoCloseable {
  private final KeepRequest request;
  private final OpenedDevices devices;
  private final Supplier<Origin> origin;
  private final PrintWriter err;
  private final Thread rescue = new Thread(this::saveAtTermination, "save-at-termination");
  private final CountDownLatch over = new CountDownLatch(1);
  private Machine machine;
  private ConsoleSession console;
  private boolean asked;
  private StateFile file;
  private double seconds;

  /**
   * @param devices the machine's disks
   * @param origin what it was started from
   * @param err where the user is told
   */
  MachineKeeper(
      KeepRequest request, OpenedDevices devices, Supplier<Origin> origin, PrintWriter err) {
    this.request = request;
    this.devices = devices;
    this.origin = origin;
    this.err = err;
  }

  /** Begins to listen for wishes; the machine may not run yet. */
  void attach(Machine running, ConsoleSession session) {
    machine = running;
    console = session;
    session.savesBy(this::ask, request.saveTo().isPresent());
    if (request.saveTo().isPresent()) {
      Runtime.getRuntime().addShutdownHook(rescue);
      Thread.ofPlatform().daemon().name("machine-keeper").start(this::serve);
      request.saveAfter().ifPresent(this::askAfter);
    }
  }

  private void askAfter(Duration time) {
    Thread.ofPlatform()
        .daemon()
        .name("save-after")
        .start(() -> {
          try {
            Thread.sleep(time);
            ask();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Has the machine saved; any thread, returns at once. */
  void ask() {
    if (request.saveTo().isEmpty()) {
      tell("there is nowhere to save the machine to: --save-to was not given");
      return;
    }
    synchronized (this) {
      asked = true;
      notifyAll();
    }
  }

  private void tell(String line) {
    err.print("\r\nward: " + line + "\r\n");
    err.flush();
  }

  private void serve() {
    try {
      while (true) {
        synchronized (this) {
          while (!asked) {
            wait();
          }
        }
        if (!machine.pause()) {
          return; // it has come to its end
        }
        boolean ends = false;
        try {
          ends = save(request.saveTo().orElseThrow());
        } catch (IOException | RuntimeException e) {
          tell("the machine was not saved, and goes on: " + reason(e));
        }
        synchronized (this) {
          asked = false;
          notifyAll();
        }
        if (ends) {
          console.machineStops();
          machine.stop();
          return;
        }
        machine.resume();
        console.goesOn();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  /** Whether the machine is to end with it. */
  private boolean save(KeepPlace place) throws IOException {
    long start = System.nanoTime();
    boolean ends =
        switch (place) {
          case KeepPlace.InFile to -> {
            StateFile made = StateFile.create(to.path());
            try {
              machine.save(made, origin.get());
            } catch (IOException | RuntimeException e) {
              made.close();
              throw e;
            }
            synchronized (this) {
              file = made;
            }
            yield true;
          }
          case KeepPlace.InSnapshot to -> {
            long bytes =
                devices
                    .snapshots()
                    .create(
                        to.name(),
                        machine.guestTime(),
                        target -> machine.save(target, origin.get()));
            tell(
                "the machine is saved in %s (%s of state, %.2f s), and goes on"
                    .formatted(to, new ByteSize(bytes), (System.nanoTime() - start) / 1e9));
            yield false;
          }
        };
    seconds = (System.nanoTime() - start) / 1e9;
    return ends;
  }

  /** Whether the machine ended because it was saved. */
  synchronized boolean hasSaved() {
    return file != null;
  }

  /** What the user is told of a machine that was saved to a file. */
  String words() {
    return "the machine is saved in %s (%.2f s); 'ward run --restore-from' goes on with it"
        .formatted(request.saveTo().orElseThrow(), seconds);
  }

  /**
   * Gives a saved machine its name, now that its disks are closed.
   *
   * @throws Failure where that cannot be
   */
  void complete(DeviceRequest asDevices) {
    Optional<StateFile> made;
    synchronized (this) {
      made = Optional.ofNullable(file);
    }
    if (made.isPresent()) {
      try (StateFile last = made.get()) {
        last.complete(DiskMarks.of(asDevices));
      } catch (IOException e) {
        throw new Failure(
            ExitStatus.STORAGE,
            "the machine could not be saved to "
                + request.saveTo().orElseThrow()
                + ": "
                + e.getMessage(),
            e);
      }
    }
  }

  /** By the host's wish to end ward: the machine is saved, or cannot be. */
  private void saveAtTermination() {
    if (over.getCount() == 0) {
      return;
    }
    ask();
    try {
      synchronized (this) {
        while (asked) {
          wait(1000);
          if (over.getCount() == 0) {
            return;
          }
        }
      }
      if (hasSaved()) {
        over.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The run is over, and a saved machine has its name. */
  @Override
  public void close() {
    over.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(rescue);
    } catch (IllegalStateException e) {
      // It runs, and has seen that all is over.
      return;
    }
  }
}
