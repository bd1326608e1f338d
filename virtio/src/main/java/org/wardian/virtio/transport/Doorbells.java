package org.wardian.virtio.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.wardian.host.EventFd;
import org.wardian.virtio.VirtioDevice;

/**
 * Doorbells that an accelerator rings by itself, without an exit of the guest; they follow the base
 * address register. Guarded by its monitor.
 */
public final class Doorbells {
  /** Where an accelerator binds doorbells. */
  public interface Binder {
    /** No accelerator does: a doorbell is a write to a register. */
    Binder NONE = (event, address, size) -> null;

    /**
     * Has an event file signalled at each guest write of {@code size} bytes to {@code address}.
     *
     * @param event the event file; asked for only where it will be bound
     * @return ends it when run; null where such a write stays one to a register
     */
    Runnable bind(Supplier<EventFd> event, long address, int size);
  }

  private final VirtioDevice device;
  private final Binder binder;
  private final List<Runnable> bound = new ArrayList<>();
  private long base;

  Doorbells(VirtioDevice device, Binder binder) {
    this.device = device;
    this.binder = binder;
  }

  /** The window is now at {@code windowBase}, or nowhere if that is 0. */
  synchronized void moved(long windowBase) {
    if (windowBase == base) {
      return;
    }
    base = windowBase;
    bound.forEach(Runnable::run);
    bound.clear();
    if (windowBase == 0) {
      return;
    }
    for (int queue = 0; queue < device.queues(); queue++) {
      int index = queue;
      long address = windowBase + Windows.NOTIFY + (long) Windows.NOTIFY_MULTIPLIER * queue;
      Runnable unbind = binder.bind(() -> device.doorbell(index), address, 2);
      if (unbind != null) {
        bound.add(unbind);
      }
    }
  }
}
