package org.wardian.virtio.transport;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;
import org.wardian.virtio.Features;
import org.wardian.virtio.VirtioDevice;
import org.wardian.virtio.queue.QueueViolation;
import org.wardian.virtio.queue.Virtqueue;

/**
 * What driver and device agree on: status, features, queues (virtio 1.2 §3.1). The registers of a
 * transport show it.
 *
 * <p>Its monitor guards it; it is not held while a device ends its work.
 */
final class Negotiation {
  /** How interrupts reach the driver. Any thread. */
  interface Interrupts {
    /** Chains of a queue have come back. */
    void queue(int index);

    /** The configuration has changed, or the device has stopped. */
    void configuration();

    /** The driver has reset the device: nothing is pending, no vector is chosen. */
    void reset();
  }

  /** What every device of ours can. */
  private static final long COMMON =
      Features.INDIRECT
          | Features.EVENT_INDEX
          | Features.VERSION_1
          | Features.PACKED
          | Features.QUEUE_RESET;

  private static final long LEGACY = Features.INDIRECT | Features.EVENT_INDEX | Features.ANY_LAYOUT;

  private final VirtioDevice device;
  private final GuestMemory memory;
  private final Interrupts interrupts;
  private final QueueRegisters[] queues;

  private int status;
  private long driverFeatures;
  private int generation;

  /** The device ends its work for a driver that reset it. */
  private boolean resetting;

  private CountDownLatch resetDone = new CountDownLatch(0);
  private VirtioDevice.Session session;

  Negotiation(VirtioDevice device, GuestMemory memory, Interrupts interrupts) {
    this.device = device;
    this.memory = memory;
    this.interrupts = interrupts;
    this.queues = new QueueRegisters[device.queues()];
    for (int i = 0; i < queues.length; i++) {
      queues[i] = new QueueRegisters(device.queueSize(i));
    }
  }

  /** What the device offers to a driver. */
  long offered(boolean legacy) {
    return device.features() | (legacy ? LEGACY : COMMON);
  }

  synchronized long driverFeatures() {
    return driverFeatures;
  }

  synchronized void driverFeatures(long features) {
    if ((status & Status.FEATURES_OK) == 0 && !resetting) {
      driverFeatures = features;
    }
  }

  synchronized int status() {
    return status;
  }

  synchronized int generation() {
    return generation;
  }

  /** A queue's registers, or null where there is none. */
  QueueRegisters queue(int index) {
    return index < queues.length ? queues[index] : null;
  }

  /** Whether a driver may change a queue's registers now. */
  synchronized boolean open(QueueRegisters queue) {
    return !resetting && !queue.enabled && !queue.resetting;
  }

  /** The driver wants a smaller queue. */
  synchronized void queueSize(int index, int size) {
    QueueRegisters queue = queues[index];
    if (open(queue) && size > 0 && size <= queue.largest()) {
      queue.size = size;
    }
  }

  /** The driver has described a queue. */
  void enableQueue(int index) {
    synchronized (this) {
      QueueRegisters queue = queues[index];
      if (!open(queue)) {
        return;
      }
      queue.enabled = true;
      if (session == null) {
        return;
      }
      // It was reset alone, and begins anew.
      try {
        device.startQueue(session, index, open(index));
        return;
      } catch (QueueViolation e) {
        device.halt();
      }
    }
    needsReset();
  }

  /** The driver places a queue by the legacy interface. */
  synchronized void legacyQueue(int index, int page) {
    if (!resetting && session == null) {
      queues[index].legacyPage(page);
    }
  }

  /** The driver resets one queue. */
  void resetQueue(int index) {
    QueueRegisters queue = queues[index];
    VirtioDevice.Session current;
    synchronized (this) {
      if (resetting || queue.resetting) {
        return;
      }
      current = session;
      queue.resetting = true;
    }
    Runnable done =
        () -> {
          synchronized (this) {
            queue.reset();
          }
        };
    if (current == null) {
      done.run();
    } else {
      device.stopQueue(current, index, done);
    }
  }

  /**
   * The driver writes the status.
   *
   * @param legacy whether by the legacy interface, which ends a reset before it returns and knows
   *     no FEATURES_OK
   */
  void writeStatus(int value, boolean legacy) {
    if ((value & 0xff) == 0) {
      CountDownLatch done = reset();
      if (legacy) {
        await(done);
      }
      return;
    }
    synchronized (this) {
      if (resetting) {
        return;
      }
      int wanted = status | value & Status.WRITABLE;
      if (legacy) {
        driverFeatures &= offered(true);
        wanted &= ~Status.FEATURES_OK;
      } else if ((wanted & Status.FEATURES_OK) != 0
          && (status & Status.FEATURES_OK) == 0
          && !acceptable(driverFeatures)) {
        wanted &= ~Status.FEATURES_OK;
      }
      boolean ready = (wanted & Status.DRIVER_OK) != 0 && (status & Status.DRIVER_OK) == 0;
      if (ready && !legacy && (wanted & Status.FEATURES_OK) == 0) {
        wanted &= ~Status.DRIVER_OK;
        ready = false;
      }
      status = wanted;
      if (!ready || activate()) {
        return;
      }
    }
    needsReset();
  }

  private boolean acceptable(long features) {
    return (features & ~offered(false)) == 0
        && (features & Features.VERSION_1) != 0
        && device.accepts(features);
  }

  /** False where the driver's queues cannot be. */
  private boolean activate() {
    try {
      session = new VirtioDevice.Session(driverFeatures, new Virtqueue[queues.length]);
      for (int i = 0; i < queues.length; i++) {
        if (queues[i].enabled) {
          session.queues()[i] = open(i);
        }
      }
      device.activate(session);
      return true;
    } catch (QueueViolation e) {
      closeQueues();
      session = null;
      return false;
    }
  }

  private void closeQueues() {
    for (Virtqueue queue : session.queues()) {
      if (queue != null) {
        queue.close();
      }
    }
  }

  private Virtqueue open(int index) {
    return Virtqueue.open(
        memory,
        queues[index].layout(
            (driverFeatures & Features.PACKED) != 0,
            (driverFeatures & Features.INDIRECT) != 0,
            (driverFeatures & Features.EVENT_INDEX) != 0),
        () -> interrupts.queue(index));
  }

  /** The status reads as 0 when the device has ended its work. */
  private CountDownLatch reset() {
    CountDownLatch done;
    synchronized (this) {
      if (resetting) {
        return resetDone;
      }
      resetting = true;
      done = new CountDownLatch(1);
      resetDone = done;
      session = null;
    }
    device.deactivate(() -> {
      synchronized (this) {
        driverFeatures = 0;
        for (QueueRegisters queue : queues) {
          queue.reset();
        }
      }
      interrupts.reset();
      synchronized (this) {
        status = 0;
        resetting = false;
      }
      done.countDown();
    });
    return done;
  }

  /** Resets the device, and waits for it: by the machine, or by a driver that cannot ask. */
  void resetNow() {
    await(reset());
  }

  private static void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        if (latch.await(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The device has stopped until its next reset. */
  void needsReset() {
    boolean told;
    synchronized (this) {
      told = (status & Status.DRIVER_OK) != 0;
      status |= Status.NEEDS_RESET;
    }
    if (told) {
      interrupts.configuration();
    }
  }

  /** The device's configuration has changed. */
  void configurationChanged() {
    boolean told;
    synchronized (this) {
      generation = generation + 1 & 0xff;
      told = (status & Status.DRIVER_OK) != 0;
    }
    if (told) {
      interrupts.configuration();
    }
  }

  synchronized void save(StateWriter out) {
    if (resetting) {
      throw new IllegalStateException(device.name() + " is being reset");
    }
    out.writeByte(status);
    out.writeByte(generation);
    out.writeLong(driverFeatures);
    for (QueueRegisters queue : queues) {
      queue.save(out);
    }
    out.writeBoolean(session != null);
    if (session != null) {
      for (Virtqueue queue : session.queues()) {
        out.writeBoolean(queue != null);
        if (queue != null) {
          queue.save(out);
        }
      }
    }
    device.save(out);
  }

  /** Reads what {@link #save} wrote, into a device that no driver uses. */
  synchronized void load(StateReader in) {
    if (session != null || resetting) {
      throw new StateException(device.name() + " is in use: reset it before its state is loaded");
    }
    status = in.readByte();
    generation = in.readByte();
    driverFeatures = in.readLong();
    for (QueueRegisters queue : queues) {
      queue.load(in);
    }
    if (in.readBoolean()) {
      session = new VirtioDevice.Session(driverFeatures, new Virtqueue[queues.length]);
      try {
        for (int i = 0; i < queues.length; i++) {
          if (in.readBoolean()) {
            Virtqueue queue = open(i);
            session.queues()[i] = queue;
            queue.load(in);
          }
        }
      } catch (QueueViolation e) {
        closeQueues();
        session = null;
        throw new StateException(device.name() + ": " + e.getMessage());
      } catch (RuntimeException e) {
        closeQueues();
        session = null;
        throw e;
      }
      device.activate(session);
      if ((status & Status.NEEDS_RESET) != 0) {
        device.halt();
      }
    }
    device.load(in);
  }
}
