package org.wardian.network.tap;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.host.Errno;
import org.wardian.host.TapDevice;
import org.wardian.network.DeliveryGate;
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
  private final DeliveryGate gate = new DeliveryGate();

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
    gate.attach(to);
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
      if (gate.closed() || frame.length() > Frame.LONGEST) {
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
    gate.ready();
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
      while (!gate.closed()) {
        if (gate.begin() && device.await(PATIENCE)) {
          batch(incoming);
        }
        gate.end();
      }
    } catch (IllegalStateException e) {
      // Closed meanwhile.
      gate.end();
    }
  }

  private void batch(MemorySegment incoming) {
    boolean any = false;
    for (int i = 0; i < BATCH && !gate.closed(); i++) {
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
        // It waits where the card has no room, for the host keeps what follows.
        gate.deliver(frame);
        any = true;
      }
    }
    if (any) {
      gate.batchEnd();
    }
  }

  private void rest() {
    try {
      Thread.sleep(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void pause() {
    gate.pause();
  }

  @Override
  public void resume() {
    gate.resume();
  }

  @Override
  public void close() {
    if (!gate.close()) {
      return;
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
