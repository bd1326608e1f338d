package org.wardian.host.kvm;

import java.util.Objects;
import org.wardian.host.EventFd;

/**
 * Interrupts KVM_RUN by the completion of an io_uring request. The thread that runs the vCPU has a
 * poll request on an event file that completes at each signal, again and again. The kernel does the
 * completion's work on the thread that made the request, and brings a thread that is in guest mode
 * or asleep back for it: KVM_RUN returns EINTR, and no signal was sent.
 *
 * <p>A request belongs to the thread that made it, so a ring is made anew for another thread.
 */
final class UringKick implements Kick {
  private final EventFd event = new EventFd();
  private PollRing ring;
  private Thread owner;

  @Override
  public void prepare() {
    Thread self = Thread.currentThread();
    if (self.equals(owner) && ring.armed()) {
      return;
    }
    Kick.requirePlatformThread();
    if (ring != null) {
      ring.close();
      ring = null;
    }
    owner = null;
    ring = new PollRing(event);
    owner = self;
  }

  @Override
  public void send() {
    if (event.closed()) {
      return;
    }
    try {
      event.signal();
    } catch (IllegalStateException closedMeanwhile) {
      // Whoever closed it has interrupted the vCPU already.
    }
  }

  @Override
  public void settle() {
    Objects.requireNonNull(ring, "a vCPU that never ran").consume();
  }

  @Override
  public String method() {
    return "io_uring task work (no signal)";
  }

  @Override
  public void close() {
    event.close();
    if (ring != null) {
      ring.close();
      ring = null;
    }
    owner = null;
  }
}
