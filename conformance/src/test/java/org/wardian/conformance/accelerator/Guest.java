package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.machine.platform.Platform;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Vcpu;

/** A tiny guest on one accelerator, and what a test does with it. Belongs to the test's thread. */
final class Guest implements AutoCloseable {
  /**
   * How long a guest may run before it counts as hung. Generous: it decides no test that passes.
   */
  static final Duration LIMIT = Duration.ofSeconds(Integer.getInteger("wardian.guest.limit", 300));

  private static final long MESSAGE_ADDRESS = 0xfee0_0000L;
  private static final int NMI_MESSAGE = 0x400;

  final Accelerator accelerator;
  final Platform platform;
  final Vcpu vcpu;
  final GuestMemory memory;
  final GuestImage image;
  final PortLatch latch = new PortLatch();
  final PortLatch immediate = new PortLatch();

  private final List<Integer> signals = new ArrayList<>();
  private volatile IntConsumer onSignal = number -> {};
  private volatile IntConsumer onService = vector -> {};
  private volatile boolean done;
  private final ExecutorService vcpuThread;
  private boolean started;
  private boolean restored;
  private boolean lost;

  private Guest(Accelerator accelerator, GuestImage image, Platform platform) {
    this.accelerator = accelerator;
    this.image = image;
    this.platform = platform;
    this.vcpu = platform.vcpus().get(0);
    this.memory = platform.memory();
    this.vcpuThread =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("vcpu on " + accelerator).factory());
    platform.ports().map(GuestLayout.LATCH, 0x40, latch);
    platform.ports().map(GuestLayout.IMMEDIATE, 8, immediate);
    platform.ports().map(GuestLayout.SIGNAL_PORT, 1, new Written(this::signalled));
    platform.ports().map(GuestLayout.SERVICE_PORT, 1, new Written(v -> onService.accept((int) v)));
    platform.ports().map(GuestLayout.DONE_PORT, 4, new Written(this::finished));
  }

  /** A port that only calls something. */
  private record Written(LongConsumer action) implements IoHandler {
    @Override
    public long read(long offset, int size) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value) {
      action.accept(value);
    }
  }

  /** The guest called {@code image} in 4 MiB. */
  static Guest on(Accelerator accelerator, String image) {
    Guest guest = empty(accelerator, image);
    GuestLayout.prepare(guest.memory, guest.image);
    return guest;
  }

  /** The same machine with nothing in its memory, for a state that is to be loaded. */
  static Guest empty(Accelerator accelerator, String image) {
    GuestImage code = GuestImage.named(image);
    return new Guest(accelerator, code, accelerator.platform(GuestLayout.RAM));
  }

  private void signalled(long number) {
    synchronized (signals) {
      signals.add((int) number);
    }
    onSignal.accept((int) number);
  }

  private void finished(long value) {
    done = true;
    vcpu.kick();
  }

  /** Called on the vCPU's thread when the guest tells how far it came. */
  void onSignal(IntConsumer action) {
    onSignal = action;
  }

  /** Called on the vCPU's thread by the handler of an interrupt, before it ends it. */
  void onService(IntConsumer action) {
    onService = action;
  }

  /** What the guest told so far. */
  List<Integer> signals() {
    synchronized (signals) {
      return List.copyOf(signals);
    }
  }

  /** Puts the vCPU at a label. */
  void enter(GuestMode mode, String label) {
    done = false;
    mode.enter(vcpu, image.address(label));
  }

  // ---- running

  /** A run in progress, on the vCPU's own thread. */
  final class Run {
    private final FutureTask<Exit> task;
    private final CountDownLatch begun = new CountDownLatch(1);

    private Run(Executor thread) {
      task =
          new FutureTask<>(() -> {
            begun.countDown();
            return vcpu.run();
          });
      thread.execute(task);
      try {
        begun.await();
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }

    /** Whether it is over. */
    boolean isOver() {
      return task.isDone();
    }

    /** Waits for its end; fails with the registers if it hangs. */
    Exit await() {
      try {
        return task.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        throw hung();
      } catch (ExecutionException | CancellationException e) {
        throw new AssertionError(description() + ": run() threw " + e.getCause(), e);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }

    private AssertionError hung() {
      vcpu.kick();
      try {
        task.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException | ExecutionException e) {
        // Its thread is still inside: closing the platform would pull memory from under it.
        lost = true;
        return new AssertionError(description() + ": hung, and did not stop when kicked", e);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
      return new AssertionError(description() + ": did not end within " + LIMIT + dump());
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("the test was interrupted", e);
  }

  /** Begins to run. */
  Run start() {
    return start(vcpuThread);
  }

  /** Begins to run on a thread of the caller's choice. */
  Run start(Executor thread) {
    if (restored) {
      GuestMode.restored(vcpu);
      restored = false;
    }
    if (!started) {
      platform.start();
      started = true;
    }
    return new Run(thread);
  }

  /** Runs until the vCPU returns. */
  Exit run() {
    return start().await();
  }

  /** Runs until the guest is done; fails if it ends otherwise. */
  void runToDone() {
    Exit exit = run();
    expect(exit, Exit.STOPPED);
    assertThat(done).as("%s: the guest is done%s", description(), done ? "" : dump()).isTrue();
  }

  /** Fails with all that is known if the run ended otherwise than expected. */
  void expect(Exit exit, Exit expected) {
    if (exit != expected) {
      throw new AssertionError(
          "%s: %s instead of %s%s%s"
              .formatted(
                  description(),
                  exit,
                  expected,
                  exit == Exit.FAILED ? "\n" + vcpu.failure() : "",
                  dump()));
    }
  }

  /** Whether the guest wrote to its last port. */
  boolean isDone() {
    return done;
  }

  /** Forgets that the guest was done, for one that goes on. */
  void notDone() {
    done = false;
  }

  // ---- what a guest sees and leaves

  /** The 8 bytes at {@code offset} of the guest's results. */
  long result(int offset) {
    return word(GuestLayout.RESULTS + offset);
  }

  /** The low 4 bytes of a result. */
  int result32(int offset) {
    return (int) result(offset);
  }

  /** Eight bytes of memory, which the guest may be changing. */
  long word(long address) {
    long host = memory.hostAddress(address);
    if ((address & 7) != 0) {
      return RawMemory.getLong(host);
    }
    return RawMemory.getIntVolatile(host) & 0xffff_ffffL
        | (long) RawMemory.getIntVolatile(host + 4) << 32;
  }

  /** Writes eight bytes of memory. */
  void word(long address, long value) {
    GuestLayout.putLong(memory, address, value);
  }

  /** Writes 4 bytes to a variable of the guest. */
  void set(String variable, int value) {
    GuestLayout.putInt(memory, image.address(variable), value);
  }

  /** Events that handlers noted. */
  int eventCount() {
    return (int) word(GuestLayout.LOG);
  }

  /** Event {@code n}, from 0. */
  TakenEvent event(int n) {
    assertThat(eventCount()).as("%s: events taken%s", description(), dump()).isGreaterThan(n);
    return TakenEvent.read(memory, n);
  }

  /** Vectors of the events in order, as far as the log has room. */
  List<Integer> vectors() {
    List<Integer> vectors = new ArrayList<>();
    for (int n = 0; n < Math.min(eventCount(), GuestLayout.LOG_CAPACITY); n++) {
      vectors.add(TakenEvent.read(memory, n).vector());
    }
    return vectors;
  }

  /** The address of a label. */
  long at(String label) {
    return image.address(label);
  }

  /** Eight bytes of the architectural state. */
  long state(int offset) {
    return RawMemory.getLong(vcpu.state() + offset);
  }

  // ---- interrupts

  /** Sends a fixed interrupt. */
  void message(int vector) {
    platform.messages().send(MESSAGE_ADDRESS, vector);
  }

  /** Sends a message with the given delivery mode and flags. */
  void message(long addressBits, int data) {
    platform.messages().send(MESSAGE_ADDRESS | addressBits, data);
  }

  /** Sends a non-maskable interrupt. */
  void nmi() {
    platform.messages().send(MESSAGE_ADDRESS, NMI_MESSAGE);
  }

  // ---- saved state

  /** What {@link Platform#save} writes. */
  byte[] save() {
    platform.pause();
    StateWriter out = new StateWriter();
    platform.save(out);
    return out.toByteArray();
  }

  /** Loads what {@link #save} gave. */
  void load(byte[] saved) {
    StateReader in = new StateReader(saved);
    platform.load(in);
    in.finish();
    restored = true;
  }

  /** All of its memory. */
  byte[] contents() {
    byte[] contents = new byte[(int) GuestLayout.RAM];
    memory.read(0, contents, 0, contents.length);
    return contents;
  }

  /** Replaces all of its memory. */
  void contents(byte[] contents) {
    memory.write(0, contents, 0, contents.length);
  }

  /** The same guest, at the same point, on a fresh machine; this one is closed. */
  Guest moveTo(Accelerator other) {
    byte[] saved = save();
    Guest moved = empty(other, image.name());
    byte[] contents = contents();
    close();
    try {
      moved.contents(contents);
      moved.load(saved);
      moved.onSignal = onSignal;
      moved.onService = onService;
      return moved;
    } catch (RuntimeException | Error e) {
      moved.close();
      throw e;
    }
  }

  /** Registers, the guest's log and its signals, for a person. */
  String dump() {
    return GuestDump.of(this);
  }

  private String description() {
    return image.name() + " on " + accelerator;
  }

  @Override
  public void close() {
    vcpuThread.shutdown();
    if (!lost) {
      platform.close();
    }
  }
}
