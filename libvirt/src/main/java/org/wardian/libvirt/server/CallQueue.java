package org.wardian.libvirt.server;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.libvirt.rpc.Message;
import org.wardian.libvirt.rpc.MessageConnection;

/**
 * The calls of one client that were not answered yet. Some are worked on, each on a virtual thread
 * of its own; some wait; then the receiving thread waits, and the client's socket fills up. Until
 * then keepalive is answered however long the calls take.
 */
final class CallQueue {
  /** Bytes of waiting calls, after which no more are read. */
  private static final long PARKED_BYTES = 4 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Deque<Message> parked = new ArrayDeque<>();
  private final MessageConnection connection;
  private final Dispatcher dispatcher;
  private final int mostRunning;
  private final int mostParked;
  private long parkedBytes;
  private int running;
  private boolean closed;

  CallQueue(MessageConnection connection, Dispatcher dispatcher, ServerLimits limits) {
    this.connection = connection;
    this.dispatcher = dispatcher;
    mostRunning = limits.requests();
    mostParked = limits.parked();
  }

  /** Takes a call, and waits where there are too many. */
  void add(Message call) {
    lock.lock();
    try {
      if (isFull()) {
        connection.pauseReceiving(true);
        while (isFull()) {
          room.awaitUninterruptibly();
        }
        connection.pauseReceiving(false);
      }
      if (closed) {
        call.closeDescriptors();
        return;
      }
      if (running < mostRunning) {
        running++;
        start(call);
      } else {
        parked.add(call);
        parkedBytes += call.payload().length;
      }
    } finally {
      lock.unlock();
    }
  }

  private boolean isFull() {
    return !closed
        && running >= mostRunning
        && (parked.size() >= mostParked || parkedBytes >= PARKED_BYTES);
  }

  private void start(Message first) {
    Thread.ofVirtual()
        .name("libvirt-call")
        .start(() -> {
          Message call = first;
          while (call != null) {
            try {
              dispatcher.answer(call);
            } finally {
              call = next();
            }
          }
        });
  }

  private Message next() {
    lock.lock();
    try {
      Message call = closed ? null : parked.poll();
      if (call == null) {
        running--;
      } else {
        parkedBytes -= call.payload().length;
      }
      room.signalAll();
      return call;
    } finally {
      lock.unlock();
    }
  }

  /** The client is gone: what waits is forgotten, what runs goes on. */
  void close() {
    lock.lock();
    try {
      closed = true;
      parked.forEach(Message::closeDescriptors);
      parked.clear();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
