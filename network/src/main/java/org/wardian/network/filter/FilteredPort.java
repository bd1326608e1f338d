package org.wardian.network.filter;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.network.ForwardingPort;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;
import org.wardian.network.filter.FilterRule.Action;

/**
 * Before a port: lets pass what a filter's program accepts, both ways. The program can be changed
 * while frames flow; without one all passes. A frame that passes is not copied, and judging one
 * allocates nothing.
 */
public final class FilteredPort extends ForwardingPort {
  private static final int MOST_REFUSALS = 64;
  private static final long NANOS_PER_REFUSAL = 5_000_000L;
  private static final int REFUSAL_BURST = 64;

  /** What the frames are held against: changed as one. */
  private record Setting(FilterProgram program, AddressLearner learner, Runnable learned) {}

  private final ThreadLocal<FrameFields> fields = ThreadLocal.withInitial(FrameFields::new);
  private final ConnectionTable connections = new ConnectionTable();
  private final LongAdder droppedToGuest = new LongAdder();
  private final LongAdder droppedFromGuest = new LongAdder();

  /** Held while a frame is handed to the card, which takes one at a time. */
  private final ReentrantLock delivery = new ReentrantLock();

  private final ArrayBlockingQueue<Frame> refusals = new ArrayBlockingQueue<>(MOST_REFUSALS);
  private volatile Setting setting;
  private volatile boolean closed;
  private Receiver card = frame -> true;
  private Thread teller;
  private boolean paused;
  private long refusalTime = System.nanoTime();
  private long refusalCredit = REFUSAL_BURST * NANOS_PER_REFUSAL;

  /** All passes to and from {@code port} until a program is set. */
  public FilteredPort(NetworkPort port) {
    super(port);
  }

  /**
   * Sets the program; frames that come later are held against it.
   *
   * @param program null where all is to pass
   */
  public void filter(FilterProgram program) {
    filter(program, null, () -> {});
  }

  /**
   * The same, and addresses are learned.
   *
   * @param learner sees every frame; null for none
   * @param learned called when it has learned or forgotten one, by a thread that must not be held
   *     up
   */
  public void filter(FilterProgram program, AddressLearner learner, Runnable learned) {
    connections.setCounting(program != null && program.counts());
    setting = program == null ? null : new Setting(program, learner, learned);
  }

  /** Frames that were kept from the guest. */
  public long droppedToGuest() {
    return droppedToGuest.sum();
  }

  /** Frames of the guest that were not sent. */
  public long droppedFromGuest() {
    return droppedFromGuest.sum();
  }

  /** Whether a frame passes; its sender is told where that is due. */
  private boolean passes(Setting now, Frame frame, boolean toGuest) {
    FrameFields found = fields.get();
    found.take(frame);
    long time = System.nanoTime();
    Action said = now.program().judge(found, toGuest, connections, time);
    AddressLearner learner = now.learner();
    if (learner != null && learner.see(found, toGuest, time)) {
      now.learned().run();
    }
    if (said == Action.ACCEPT) {
      return true;
    }
    (toGuest ? droppedToGuest : droppedFromGuest).increment();
    if (said == Action.REJECT && mayRefuse(time)) {
      Frame refusal = Rejection.of(found);
      if (refusal != null && toGuest) {
        super.send(refusal);
      } else if (refusal != null) {
        tell(refusal);
      }
    }
    return false;
  }

  private synchronized boolean mayRefuse(long now) {
    refusalCredit =
        Math.min(REFUSAL_BURST * NANOS_PER_REFUSAL, refusalCredit + Math.max(0, now - refusalTime));
    refusalTime = now;
    boolean may = refusalCredit >= NANOS_PER_REFUSAL;
    refusalCredit -= may ? NANOS_PER_REFUSAL : 0;
    return may;
  }

  /** The card may be in the middle of sending: a thread of its own hands it the refusal. */
  private synchronized void tell(Frame refusal) {
    if (teller == null && !closed) {
      teller = Thread.ofPlatform().daemon().name("wardian-filter").start(this::tellAll);
    }
    // A full queue loses it, as a wire would.
    boolean queued = refusals.offer(refusal);
    if (!queued) {
      droppedToGuest.increment();
    }
  }

  private void tellAll() {
    try {
      while (!closed) {
        Frame refusal = refusals.take();
        delivery.lock();
        try {
          if (!paused && !closed && card.receive(refusal)) {
            card.batchEnd();
          }
        } finally {
          delivery.unlock();
        }
      }
    } catch (InterruptedException e) {
      // close() wakes us.
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void attach(Receiver receiver) {
    card = receiver;
    super.attach(
        new ForwardingReceiver(receiver) {
          @Override
          public boolean receive(Frame frame) {
            Setting now = setting;
            if (now != null && !passes(now, frame, true)) {
              return true;
            }
            delivery.lock();
            try {
              return super.receive(frame);
            } finally {
              delivery.unlock();
            }
          }

          @Override
          public void batchEnd() {
            delivery.lock();
            try {
              super.batchEnd();
            } finally {
              delivery.unlock();
            }
          }
        });
  }

  @Override
  public boolean send(Frame frame) {
    Setting now = setting;
    return now == null || passes(now, frame, false) ? super.send(frame) : true;
  }

  @Override
  public void pause() {
    super.pause();
    delivery.lock();
    paused = true;
    delivery.unlock();
  }

  @Override
  public void resume() {
    delivery.lock();
    paused = false;
    delivery.unlock();
    super.resume();
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (teller != null) {
      teller.interrupt();
    }
    super.close();
  }
}
