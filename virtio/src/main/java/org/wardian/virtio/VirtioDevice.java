package org.wardian.virtio;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.host.EventFd;
import org.wardian.memory.GuestMemory;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * A device of whatever kind, independent of how the guest reaches it. A kind extends it: says its
 * features and its configuration, and serves its queues.
 *
 * <p>Life cycle: made; {@link #connect}ed to a transport; {@link #start}ed with the machine. A
 * driver {@linkplain #activate activates} it, and {@linkplain #deactivate deactivates} it by a
 * reset, any number of times. Between {@link #pause} and {@link #resume} it touches neither guest
 * memory nor its back end; only then, or before the start, {@link #save} and {@link #load} are
 * called. {@link #stop} is the end.
 *
 * <p>Queues are served by threads of the device, {@link #serve} for one queue by one thread at a
 * time. What takes no longer than waking one, {@link #serveAtOnce} does on the vCPU's.
 */
public abstract class VirtioDevice {
  /** What a device tells the transport. Any thread. */
  public interface Transport {
    /** The configuration has changed: the driver has to be told. */
    void configurationChanged();

    /** The device has stopped until it is reset (virtio 1.2 §2.1.2, DEVICE_NEEDS_RESET). */
    void needsReset();
  }

  /**
   * A driver's use of the device, from DRIVER_OK to the next reset.
   *
   * @param features those negotiated
   * @param queues by index; null where the driver did not enable one
   */
  public record Session(long features, Virtqueue[] queues) {
    /** Whether a feature was negotiated. */
    public boolean has(long feature) {
      return (features & feature) != 0;
    }

    /** A queue, or null where the driver did not enable it. */
    public Virtqueue queue(int index) {
      return queues[index];
    }
  }

  private final String name;
  private final DeviceType type;
  private final int[] queueSizes;
  private final QueueThread[] threads;

  /** Fields are little-endian; guarded by its own monitor. */
  private final ByteBuffer configuration;

  private final QueueThread.Quick servesAtOnce = this::notifiedAtOnce;

  private Transport transport;
  private GuestMemory memory;
  private volatile Session session;
  private volatile boolean broken;
  private volatile RuntimeException failure;
  private boolean started;
  private boolean paused;

  /**
   * A device.
   *
   * @param configurationLength bytes of the device-specific configuration
   * @param queueSizes the most descriptors that each queue may have, powers of two
   * @param threads how many threads serve them: queue {@code i} is thread {@code i % threads}'s
   */
  protected VirtioDevice(
      String name, DeviceType type, int configurationLength, int[] queueSizes, int threads) {
    this.name = name;
    this.type = type;
    this.queueSizes = queueSizes.clone();
    this.configuration = ByteBuffer.allocate(configurationLength).order(ByteOrder.LITTLE_ENDIAN);
    this.threads = new QueueThread[Math.min(threads, Math.max(1, queueSizes.length))];
  }

  /** Queue sizes of a device whose queues are all alike. */
  protected static int[] sizes(int queues, int size) {
    int[] sizes = new int[queues];
    Arrays.fill(sizes, size);
    return sizes;
  }

  /** The device's name, unique within a machine. */
  public final String name() {
    return name;
  }

  /** The kind of device. */
  public final DeviceType type() {
    return type;
  }

  /** Number of queues. */
  public final int queues() {
    return queueSizes.length;
  }

  /** The most descriptors that a queue may have. */
  public final int queueSize(int queue) {
    return queueSizes[queue];
  }

  /** Connects the device to its transport; once, before anything else. */
  public final void connect(Transport to, GuestMemory guestMemory) {
    transport = to;
    memory = guestMemory;
    for (int i = 0; i < threads.length; i++) {
      int number = i;
      threads[i] = new QueueThread(name + "-" + i, () -> serveAll(number));
    }
  }

  /** The guest's memory. */
  protected final GuestMemory memory() {
    return memory;
  }

  // What a kind says of itself.

  /** The feature bits of this kind that the device offers: 0 to 23, and 50 up. */
  public abstract long features();

  /** Whether a driver may have these features together. */
  public boolean accepts(long features) {
    return true;
  }

  /** Bytes of the device-specific configuration. */
  public final int configurationLength() {
    return configuration.capacity();
  }

  /** A byte of the device-specific configuration; 0 beyond its end. */
  public final int readConfiguration(int offset) {
    synchronized (configuration) {
      return offset < configuration.capacity() ? configuration.get(offset) & 0xff : 0;
    }
  }

  /**
   * The driver writes the configuration; on a vCPU's thread.
   *
   * @param size 1, 2, 4 or 8 bytes
   */
  public void writeConfiguration(int offset, int size, long value) {}

  /** Changes the configuration. */
  protected interface Edit {
    /** Puts fields. */
    void put(ByteBuffer configuration);
  }

  /** Changes the configuration without telling the driver. */
  protected final void configure(Edit edit) {
    synchronized (configuration) {
      edit.put(configuration);
    }
  }

  /** Changes the configuration and tells the driver. */
  protected final void reconfigure(Edit edit) {
    configure(edit);
    Transport told = transport;
    if (told != null) {
      told.configurationChanged();
    }
  }

  // What a kind does; but for the first on the device's threads.

  /** A driver begins to use the device; on a vCPU's thread, before any queue is served. */
  protected void activated(Session begun) {}

  /**
   * Does all the work that there is in a queue, and {@linkplain Virtqueue#listen listens} for more.
   *
   * @throws QueueViolation where the driver breaks the rules: the device stops
   */
  protected abstract void serve(Session current, int queue);

  /**
   * Does what of a queue's work takes about as long as waking a thread, on the vCPU's thread that
   * has notified; waits for nothing. By default nothing.
   *
   * @return whether nothing is left to do, and the queue listens; else {@link #serve} follows
   * @throws QueueViolation where the driver breaks the rules: the device stops
   */
  protected boolean serveAtOnce(Session current, int queue) {
    return false;
  }

  /**
   * The driver's use ends: returns when the device touches guest memory no more. No queue is served
   * meanwhile.
   */
  protected void deactivated(Session ended) {}

  /** One queue's use ends: returns when the device touches no memory of its chains any more. */
  protected void queueStopped(Session current, int queue) {}

  // What a kind does with the machine. On the machine's thread.

  /** The machine begins to run. */
  protected void onStart() {}

  /** No queue is served; the back end must stop too. */
  protected void onPause() {}

  /** Goes on; before queues are served. */
  protected void onResume() {}

  /** The end. No queue is served any more. */
  protected void onStop() {}

  /** Writes the kind's own state beside configuration and queues. */
  protected void saveDevice(StateWriter out) {}

  /** Reads what {@link #saveDevice} wrote; a session is in place where the driver had one. */
  protected void loadDevice(StateReader in) {}

  // What a kind calls.

  /** The driver's use of the device, or null. Any thread. */
  protected final Session session() {
    return broken ? null : session;
  }

  /** Has a queue served. Any thread; returns at once. */
  protected final void wake(int queue) {
    threads[queue % threads.length].kick();
  }

  /** The driver has broken the rules: nothing is served until it resets the device. Any thread. */
  protected final void fail(RuntimeException reason) {
    broken = true;
    if (reason instanceof QueueViolation) {
      log().log(Level.DEBUG, () -> name + " stops: " + reason.getMessage());
    } else {
      log().log(Level.ERROR, name + " stops", reason);
      failure = reason;
    }
    transport.needsReset();
  }

  // What anybody may ask.

  /** What stopped the device last where that was no fault of its driver. Any thread. */
  public final Optional<RuntimeException> failure() {
    return Optional.ofNullable(failure);
  }

  /** Whether every thread of the device sleeps, having found no more work. Any thread. */
  public final boolean idle() {
    return Arrays.stream(threads).allMatch(QueueThread::idle);
  }

  // What a transport calls.

  /** The event file that has a queue served when it is signalled. */
  public final EventFd doorbell(int queue) {
    return threads[queue % threads.length].event();
  }

  /** The driver has notified a queue. On a vCPU's thread. */
  public final void notified(int queue) {
    if (queue < queueSizes.length
        && !threads[queue % threads.length].tryHere(servesAtOnce, queue)) {
      wake(queue);
    }
  }

  private boolean notifiedAtOnce(int queue) {
    Session current = session();
    if (current == null || current.queue(queue) == null) {
      return false;
    }
    try {
      return serveAtOnce(current, queue);
    } catch (RuntimeException e) {
      fail(e);
      return true;
    }
  }

  /** The driver is ready (DRIVER_OK). */
  public final synchronized void activate(Session begun) {
    broken = false;
    activated(begun);
    session = begun;
    for (QueueThread thread : threads) {
      thread.kick();
    }
  }

  /**
   * The driver resets the device.
   *
   * @param done called when guest memory is no longer touched; perhaps before this returns
   */
  public final void deactivate(Runnable done) {
    Session ended;
    synchronized (this) {
      ended = session;
      session = null;
      if (ended == null) {
        broken = false;
      } else if (!started || paused) {
        end(ended);
      } else {
        AtomicInteger left = new AtomicInteger(threads.length);
        for (QueueThread thread : threads) {
          thread.post(() -> {
            if (left.decrementAndGet() == 0) {
              end(ended);
              done.run();
            }
          });
        }
        return;
      }
    }
    done.run();
  }

  /** Stops until the next reset, without telling the driver. */
  public final void halt() {
    broken = true;
  }

  /** The driver has described one queue anew, after {@link #stopQueue}. */
  public final void startQueue(Session current, int index, Virtqueue queue) {
    onThread(
        index,
        () -> {
          if (current.queues()[index] == null) {
            current.queues()[index] = queue;
          } else {
            queue.close();
          }
        });
  }

  /**
   * The driver resets one queue.
   *
   * @param done called when its memory is no longer touched
   */
  public final void stopQueue(Session current, int index, Runnable done) {
    onThread(
        index,
        () -> {
          Virtqueue queue = current.queues()[index];
          if (queue != null) {
            current.queues()[index] = null;
            queueStopped(current, index);
            queue.close();
          }
          done.run();
        });
  }

  private void onThread(int queue, Runnable task) {
    boolean inline;
    synchronized (this) {
      inline = !started || paused;
      if (!inline) {
        threads[queue % threads.length].post(task);
      }
    }
    if (inline) {
      task.run();
    }
  }

  private void end(Session ended) {
    deactivated(ended);
    for (Virtqueue queue : ended.queues()) {
      if (queue != null) {
        queue.close();
      }
    }
    broken = false;
  }

  private void serveAll(int thread) {
    for (int queue = thread; queue < queueSizes.length; queue += threads.length) {
      Session current = session();
      if (current == null) {
        return;
      }
      if (current.queue(queue) != null) {
        try {
          serve(current, queue);
        } catch (RuntimeException e) {
          fail(e);
          return;
        }
      }
    }
  }

  // What the machine does, by the transport.

  /** The machine begins to run. */
  public final synchronized void start() {
    started = true;
    onStart();
    for (QueueThread thread : threads) {
      thread.start();
      thread.kick();
    }
  }

  /** Stands still: returns when guest memory and back end are not touched any more. */
  public final synchronized void pause() {
    if (started && !paused) {
      paused = true;
      for (QueueThread thread : threads) {
        thread.hold();
      }
      onPause();
    }
  }

  /** Goes on. */
  public final synchronized void resume() {
    if (started && paused) {
      onResume();
      paused = false;
      for (QueueThread thread : threads) {
        thread.release();
        thread.kick();
      }
    }
  }

  /** The end; it ends a driver's use too. */
  public final void stop() {
    List<QueueThread> running = new ArrayList<>();
    Session ended;
    synchronized (this) {
      ended = session;
      session = null;
      if (started) {
        running.addAll(List.of(threads));
        started = false;
      }
      if (paused) {
        paused = false;
        onResume();
      }
    }
    running.forEach(QueueThread::close);
    if (ended != null) {
      end(ended);
    }
    onStop();
  }

  /** Writes configuration and the kind's own state; queues are the transport's. */
  public final void save(StateWriter out) {
    synchronized (configuration) {
      out.writeBytes(configuration.array());
    }
    saveDevice(out);
  }

  /** Reads what {@link #save} wrote. */
  public final void load(StateReader in) {
    byte[] saved = new byte[configuration.capacity()];
    in.readBytes(saved);
    loadConfiguration(saved);
    loadDevice(in);
  }

  /** Takes over what of a saved configuration is the driver's doing; nothing by default. */
  protected void loadConfiguration(byte[] saved) {}

  /** Asked for when there is something to say: the first one makes Java look into each jar file. */
  private static Logger log() {
    return System.getLogger(VirtioDevice.class.getName());
  }
}
