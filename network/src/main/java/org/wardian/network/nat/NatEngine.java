package org.wardian.network.nat;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.wardian.network.Frame;

/**
 * All state of a user-mode network, owned by one thread. Other threads put frames into the inbox
 * and wake it.
 */
final class NatEngine implements AutoCloseable {
  private static final int BATCH = 256;
  private static final int MOST_WAITING = 4096;
  private static final long MOST_WAITING_BYTES = 32L << 20;
  private static final long MILLISECOND = 1_000_000L;

  private final NatConfiguration configuration;
  private final LongSupplier clock;
  private final Selector selector;
  private final NatCounters counters = new NatCounters();
  private final Deadlines deadlines = new Deadlines();
  private final ConcurrentLinkedQueue<Frame> inbox = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicLong waitingBytes = new AtomicLong();
  private final Link link;
  private final Resolvers resolvers;
  private final Routes routes;
  private final IcmpErrors errors;
  private final TcpTable tcp;
  private final UdpTable udp;
  private final Icmp icmp;
  private final FrameInput input;
  private final Forwards forwards;
  private long now;
  private volatile boolean sleeping;
  private volatile boolean cardReady;
  private volatile RuntimeException firstFailure;

  /**
   * Opens the host's side: the ports that are forwarded are bound when this returns.
   *
   * @param clock nanoseconds from any start
   * @throws IOException where a port is taken, with its number in the message
   */
  NatEngine(NatConfiguration configuration, LongSupplier clock) throws IOException {
    this.configuration = configuration;
    this.clock = clock;
    now = clock.getAsLong();
    selector = Selector.open();
    link = new Link(configuration, counters, new SecureRandom().nextInt());
    resolvers = new Resolvers(configuration);
    routes = new Routes(configuration, resolvers);
    errors = new IcmpErrors(this);
    tcp = new TcpTable(this);
    udp = new UdpTable(this);
    icmp = new Icmp(this);
    input = new FrameInput(this);
    link.solicitor(icmp.neighbours()::solicit);
    forwards = new Forwards(this);
    try {
      forwards.open();
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  NatConfiguration configuration() {
    return configuration;
  }

  Selector selector() {
    return selector;
  }

  NatCounters counters() {
    return counters;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  Link link() {
    return link;
  }

  Resolvers resolvers() {
    return resolvers;
  }

  Routes routes() {
    return routes;
  }

  IcmpErrors errors() {
    return errors;
  }

  TcpTable tcp() {
    return tcp;
  }

  UdpTable udp() {
    return udp;
  }

  Icmp icmp() {
    return icmp;
  }

  Forwards forwards() {
    return forwards;
  }

  FrameInput input() {
    return input;
  }

  /** The time of the day, in seconds since 1970: leases outlive the process. */
  static long seconds() {
    return System.currentTimeMillis() / 1000;
  }

  /** The moment of this step, in nanoseconds of the clock. */
  long now() {
    return now;
  }

  /** Any thread: a frame of the guest; false where too many wait. */
  boolean send(Frame frame) {
    if (waiting.get() >= MOST_WAITING || waitingBytes.get() > MOST_WAITING_BYTES) {
      counters.overLimit.increment();
      return false;
    }
    waiting.incrementAndGet();
    waitingBytes.addAndGet(frame.length());
    inbox.add(frame);
    if (sleeping) {
      wake();
    }
    return true;
  }

  /** Any thread: the card has room again. */
  void cardReady() {
    cardReady = true;
    if (sleeping) {
      wake();
    }
  }

  /** Any thread: runs something on the engine's. */
  void run(Runnable task) {
    tasks.add(task);
    if (sleeping) {
      wake();
    }
  }

  /** Any thread: ends a wait. */
  void wake() {
    sleeping = false;
    selector.wakeup();
  }

  /**
   * Does everything that is to be done.
   *
   * @param patience how long to wait for something, in milliseconds; 0 not at all
   * @throws IOException where the host's selector fails, which ends the network
   */
  void step(long patience) throws IOException {
    long wait = patience;
    if (wait > 0 && deadlines.next() != Deadline.NEVER) {
      long left = (deadlines.next() - clock.getAsLong() + MILLISECOND - 1) / MILLISECOND;
      wait = Math.min(wait, left);
    }
    if (wait > 0 && inbox.isEmpty()) {
      sleeping = true;
      // Who comes between the two lines sees that we sleep, and wakes.
      if (inbox.isEmpty() && !cardReady && tasks.isEmpty()) {
        selector.select(wait);
      } else {
        selector.selectNow();
      }
      sleeping = false;
    } else {
      selector.selectNow();
    }
    now = clock.getAsLong();
    if (cardReady) {
      cardReady = false;
      guarded(this::cardHasRoom);
    }
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      guarded(task);
    }
    keys();
    frames();
    guarded(this::due);
    guarded(tcp::flush);
    link.batchEnd();
  }

  private void cardHasRoom() {
    if (link.retry()) {
      tcp.unblock();
    }
  }

  private void due() {
    deadlines.run(now);
  }

  private void keys() {
    Set<SelectionKey> selected = selector.selectedKeys();
    if (selected.isEmpty()) {
      return;
    }
    for (SelectionKey key : selected) {
      if (key.isValid()) {
        try {
          ((Ready) key.attachment()).ready(key.readyOps());
        } catch (RuntimeException e) {
          failed(e);
          discard(key);
        }
      }
    }
    selected.clear();
  }

  private void frames() {
    for (int i = 0; i < BATCH; i++) {
      Frame frame = inbox.poll();
      if (frame == null) {
        return;
      }
      waiting.decrementAndGet();
      waitingBytes.addAndGet(-frame.length());
      try {
        input.take(frame);
      } catch (RuntimeException e) {
        failed(e);
      }
    }
  }

  private void guarded(Runnable part) {
    try {
      part.run();
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  /** A fault of ours costs what it happened to, not the network. */
  private void failed(RuntimeException fault) {
    counters.failures.increment();
    if (firstFailure == null) {
      firstFailure = fault;
    }
  }

  /** The first fault, or null. Any thread. */
  RuntimeException firstFailure() {
    return firstFailure;
  }

  private void discard(SelectionKey key) {
    key.cancel();
    try {
      key.channel().close();
    } catch (IOException e) {
      counters.failures.increment();
    }
  }

  @Override
  public void close() {
    forwards.close();
    tcp.close();
    udp.close();
    icmp.close();
    try {
      selector.close();
    } catch (IOException e) {
      counters.failures.increment();
    }
  }
}
