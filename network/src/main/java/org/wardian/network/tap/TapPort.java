package org.wardian.network.tap;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.host.Errno;
import org.wardian.host.TapDevice;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;

/**
 * A card's port on a TAP interface of the host. The host does what the guest leaves to do, and the
 * other way round: frames pass as they are.
 */
public final class TapPort implements NetworkPort {
  private static final int BATCH = 64;
  private static final int PATIENCE = 200;

  private final TapDevice device;
  private final Thread thread;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment outgoing = arena.allocate(VirtioHeader.SIZE + Frame.LONGEST, 8);
  private final ReentrantLock sending = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private Receiver receiver = frame -> true;
  private boolean cardReady;
  private boolean paused;
  private boolean delivering;
  private volatile boolean closed;

  /**
   * Opens a port on the interface {@code name}, which is created where this user may.
   *
   * @throws org.wardian.host.HostException where it cannot be had
   */
  public TapPort(String name) {
    this(TapDevice.open(name));
  }

  /** Opens a port on an interface, which is the port's from then on. */
  public TapPort(TapDevice device) {
    this.device = device;
    thread = Thread.ofPlatform().daemon().name("wardian-tap-" + device).unstarted(this::run);
  }

  /** Name of the interface. */
  public String name() {
    return device.name();
  }

  @Override
  public void attach(Receiver to) {
    receiver = to;
  }

  @Override
  public void accept(Offloads offloads) {
    int flags =
        offloads.checksum()
            ? TapDevice.CHECKSUM
                | (offloads.tcp4() ? TapDevice.TCP4 : 0)
                | (offloads.tcp6() ? TapDevice.TCP6 : 0)
            : 0;
    device.accept(flags);
  }

  @Override
  public Offloads offered() {
    return new Offloads(true, true, true, false);
  }

  @Override
  public boolean send(Frame frame) {
    sending.lock();
    try {
      if (closed || frame.length() > Frame.LONGEST) {
        return false;
      }
      int length = VirtioHeader.write(frame, outgoing);
      return device.write(outgoing.address(), length) >= 0;
    } finally {
      sending.unlock();
    }
  }

  @Override
  public void ready() {
    lock.lock();
    try {
      cardReady = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int mtu() {
    return device.mtu();
  }

  @Override
  public void start() {
    thread.start();
  }

  private void run() {
    MemorySegment incoming = arena.allocate(VirtioHeader.SIZE + Frame.LONGEST, 8);
    try {
      while (!closed) {
        if (begin() && device.await(PATIENCE)) {
          batch(incoming);
        }
        end();
      }
    } catch (IllegalStateException e) {
      // Closed meanwhile.
      end();
    }
  }

  private void batch(MemorySegment incoming) {
    boolean any = false;
    for (int i = 0; i < BATCH && !closed; i++) {
      long length = device.read(incoming.address(), incoming.byteSize());
      if (length < 0) {
        if (length != -Errno.EAGAIN && length != -Errno.EINTR && !any) {
          // The interface is down: it may come back.
          rest();
        }
        break;
      }
      Frame frame = VirtioHeader.read(incoming, (int) length);
      if (frame != null) {
        deliver(frame);
        any = true;
      }
    }
    if (any) {
      receiver.batchEnd();
    }
  }

  private void rest() {
    try {
      Thread.sleep(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives the card a frame; waits where it has no room, for the host keeps what follows. */
  private void deliver(Frame frame) {
    clearReady();
    while (!receiver.receive(frame)) {
      receiver.batchEnd();
      lock.lock();
      try {
        while (!cardReady && !closed && !paused) {
          changed.awaitUninterruptibly();
        }
        if (!cardReady) {
          // Paused or closed with a full card: this one is lost.
          return;
        }
        cardReady = false;
      } finally {
        lock.unlock();
      }
    }
  }

  private void clearReady() {
    lock.lock();
    try {
      cardReady = false;
    } finally {
      lock.unlock();
    }
  }

  private boolean begin() {
    lock.lock();
    try {
      while (paused && !closed) {
        changed.awaitUninterruptibly();
      }
      delivering = true;
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      delivering = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void pause() {
    lock.lock();
    try {
      paused = true;
      changed.signalAll();
      while (delivering) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void resume() {
    lock.lock();
    try {
      paused = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    sending.lock();
    try {
      device.close();
      arena.close();
    } finally {
      sending.unlock();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
