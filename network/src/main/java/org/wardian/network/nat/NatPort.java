package org.wardian.network.nat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.wardian.network.Frame;
import org.wardian.network.NetworkPort;

/**
 * A user-mode network: the card's port of a router that exists in this process only. The host's
 * side is ordinary sockets of this user.
 *
 * <p>One thread does all the work. Its time stands still between {@link #pause} and {@link
 * #resume}, so that no timer of a connection expires for a guest that could not answer.
 */
public final class NatPort implements NetworkPort {
  private static final long PATIENCE = 10_000;
  private static final Offloads OFFERED = Offloads.ALL;

  private final NatEngine engine;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile boolean pausing;
  private boolean paused;
  private volatile boolean closing;
  private final AtomicLong stoodStill = new AtomicLong();

  /**
   * Opens the host's side of a network.
   *
   * @throws IOException where a port that is to be published is taken, named in the message
   */
  public NatPort(NatConfiguration configuration) throws IOException {
    engine = new NatEngine(configuration, () -> System.nanoTime() - stoodStill.get());
    thread = Thread.ofPlatform().daemon().name("wardian-nat").unstarted(this::run);
  }

  /** What this port takes from the card: everything. */
  @Override
  public Offloads offered() {
    return OFFERED;
  }

  @Override
  public void attach(Receiver receiver) {
    engine.link().attach(receiver);
  }

  @Override
  public void accept(Offloads offloads) {
    engine.link().accept(offloads);
  }

  @Override
  public boolean sendsAtOnce() {
    return true;
  }

  @Override
  public boolean send(Frame frame) {
    return !closing && engine.send(frame);
  }

  @Override
  public void ready() {
    engine.cardReady();
  }

  @Override
  public int mtu() {
    return engine.link().mtu();
  }

  /** What it has done so far. Any thread. */
  public NatStatistics statistics() {
    return engine.counters().read(engine.tcp().pool().allocated());
  }

  /** The first fault of this program that it survived, or null; for reports and tests. */
  public RuntimeException firstFailure() {
    return engine.firstFailure();
  }

  /**
   * Restores leases, and tells of each change of them from then on. Before {@link #start}.
   *
   * @param known leases that were given before
   * @param listener hears of all leases after each change, on the network's thread; it must not
   *     wait
   */
  public void leases(List<DhcpLease> known, Consumer<List<DhcpLease>> listener) {
    DhcpServer four = engine.udp().dhcp();
    Dhcp6Server six = engine.udp().dhcp6();
    for (DhcpLease lease : known) {
      if (lease.address().isV4() && lease.mac() >= 0) {
        four.pool().restore(lease.mac(), lease);
      } else if (!lease.address().isV4() && lease.client() != null) {
        six.pool().restore(new Dhcp6Server.Holder(lease.client(), lease.association()), lease);
      }
    }
    Consumer<List<DhcpLease>> both =
        changed -> {
          List<DhcpLease> all = new ArrayList<>(four.pool().leases());
          all.addAll(six.pool().leases());
          listener.accept(all);
        };
    four.pool().listener(both);
    six.pool().listener(both);
  }

  /** Leases by another plan, and answers by another table of names, from now on. Any thread. */
  public void change(DhcpPlan plan, NameTable names) {
    engine.run(() -> {
      engine.udp().dhcp().pool().plan(plan);
      engine.udp().dhcp6().pool().plan(plan);
      engine.udp().dns().names(names);
    });
  }

  /** Where each forward listens on the host, in their order. */
  public List<InetSocketAddress> forwards() {
    return engine.forwards().addresses();
  }

  @Override
  public void start() {
    thread.start();
  }

  private void run() {
    try {
      while (!closing) {
        if (pausing) {
          standStill();
        } else {
          engine.step(PATIENCE);
        }
      }
    } catch (IOException e) {
      engine.counters().failures.increment();
    } finally {
      engine.close();
    }
  }

  private void standStill() {
    lock.lock();
    try {
      long since = System.nanoTime();
      paused = true;
      changed.signalAll();
      while (pausing && !closing) {
        changed.awaitUninterruptibly();
      }
      paused = false;
      stoodStill.addAndGet(System.nanoTime() - since);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void pause() {
    lock.lock();
    try {
      pausing = true;
      engine.wake();
      while (!paused && thread.isAlive()) {
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
      pausing = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    if (thread.getState() == Thread.State.NEW) {
      engine.close();
      return;
    }
    resume();
    engine.wake();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
