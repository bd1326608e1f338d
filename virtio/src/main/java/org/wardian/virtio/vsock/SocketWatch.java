package org.wardian.virtio.vsock;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Waits for the host's sockets, and tells of those that something can be done with. What was told
 * of is watched again once its owner asks for that.
 */
final class SocketWatch implements AutoCloseable {
  private final Selector selector;
  private final SelectionKey listening;
  private final Queue<SelectionKey> ready = new ConcurrentLinkedQueue<>();
  private final Runnable wake;
  private final Thread thread;

  /**
   * Begins to watch.
   *
   * @param wake called by the watching thread when there is something to {@link #poll}
   */
  SocketWatch(String name, ServerSocketChannel listener, Runnable wake) {
    this.wake = wake;
    try {
      selector = Selector.open();
      listening = listener.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread = Thread.ofPlatform().daemon().name(name + "-sockets").unstarted(this::run);
    thread.start();
  }

  /** Watches another socket, for nothing yet. */
  SelectionKey add(SocketChannel channel) throws ClosedChannelException {
    return channel.register(selector, 0);
  }

  /** What something can be done with, or null. Its owner's thread. */
  SelectionKey poll() {
    return ready.poll();
  }

  /** Whether it is the one that others connect to. */
  boolean isListener(SelectionKey key) {
    return key.equals(listening);
  }

  /** Watches for connections again. */
  void listen() {
    if (listening.isValid()) {
      listening.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  /** Has changes of what is watched take effect. */
  void refresh() {
    selector.wakeup();
  }

  private void tell(SelectionKey key) {
    try {
      key.interestOps(0);
      ready.add(key);
    } catch (CancelledKeyException gone) {
      // Its owner has closed it meanwhile.
    }
  }

  private void run() {
    try {
      while (selector.isOpen()) {
        selector.select(this::tell);
        if (!ready.isEmpty()) {
          wake.run();
        }
      }
    } catch (ClosedSelectorException ended) {
      // Nobody asks any more.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      listening.cancel();
      selector.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
