package org.wardian.daemon.network.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.wardian.network.MacAddress;
import org.wardian.network.nat.DhcpLease;
import org.wardian.network.wire.IpAddress;

/**
 * Keeps a network's leases in their file, by a thread of its own: who leases never waits for the
 * disk. Of several changes that come while it writes, the last one counts.
 */
final class LeaseKeeper implements Consumer<List<DhcpLease>>, AutoCloseable {
  private final Path file;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Thread thread;
  private List<DhcpLease> next;
  private boolean closed;

  LeaseKeeper(Path file) {
    this.file = file;
    thread = Thread.ofPlatform().daemon().name("wardian-leases").start(this::run);
  }

  /** What the file holds. */
  List<DhcpLease> read() {
    List<DhcpLease> leases = new ArrayList<>();
    for (LeaseFile.Lease lease : LeaseFile.read(file)) {
      long mac = lease.mac() == null ? -1 : MacAddress.parse(lease.mac()).bits();
      leases.add(
          new DhcpLease(
              IpAddress.parse(lease.address()),
              mac,
              lease.hostName(),
              lease.clientId(),
              association(lease.iaid()),
              lease.expiry()));
    }
    return leases;
  }

  private static int association(String text) {
    try {
      return text == null ? 0 : Integer.parseUnsignedInt(text);
    } catch (NumberFormatException e) {
      // Another program's file may have another number there; the client will ask again.
      return 0;
    }
  }

  @Override
  public void accept(List<DhcpLease> leases) {
    lock.lock();
    try {
      next = leases;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    for (List<DhcpLease> leases = take(); leases != null; leases = take()) {
      try {
        LeaseFile.write(file, leases.stream().map(LeaseKeeper::lease).toList());
      } catch (IOException e) {
        System.err.println("the leases cannot be kept: " + e.getMessage());
      }
    }
  }

  private List<DhcpLease> take() {
    lock.lock();
    try {
      while (next == null && !closed) {
        changed.awaitUninterruptibly();
      }
      List<DhcpLease> taken = next;
      next = null;
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private static LeaseFile.Lease lease(DhcpLease lease) {
    return new LeaseFile.Lease(
        lease.address().toString(),
        lease.mac() < 0 ? null : new MacAddress(lease.mac()).toString(),
        lease.name(),
        lease.client(),
        lease.address().isV4() ? null : Integer.toUnsignedString(lease.association()),
        lease.expiry());
  }

  /** Writes what is still to be written. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
