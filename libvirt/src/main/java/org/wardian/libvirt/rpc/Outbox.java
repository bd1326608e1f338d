package org.wardian.libvirt.rpc;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.wardian.host.Descriptor;

/**
 * What goes to one peer, in order. {@link #send} waits while too much is queued, so who answers a
 * slow peer is slowed down; {@link #offer} never waits, and refuses what is too much. A frame that
 * finds nobody else sending is written by its own thread, others by a thread of the outbox.
 */
final class Outbox {
  /** Bytes that may be queued before {@link #send} waits. */
  static final int SEND_LIMIT = 1 << 20;

  /** Bytes that may be queued before {@link #offer} refuses. */
  static final int OFFER_LIMIT = 16 << 20;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition work = lock.newCondition();
  private final Deque<Frame> queue = new ArrayDeque<>();
  private final Runnable broken;
  private Transport transport;
  private long queued;
  private boolean writing;
  private boolean finishing;
  private boolean closed;

  /**
   * Starts its thread.
   *
   * @param broken called once when writing has failed or the last frame was written
   */
  Outbox(Transport transport, Runnable broken) {
    this.transport = transport;
    this.broken = broken;
    Thread.ofVirtual().name("libvirt-outbox").start(this::run);
  }

  /**
   * Sends a frame, after those before it.
   *
   * @throws IOException when the connection is gone
   */
  void send(Frame frame) throws IOException {
    lock.lock();
    try {
      while (!closed && !finishing && queued >= SEND_LIMIT) {
        room.awaitUninterruptibly();
      }
      if (closed || finishing) {
        frame.closeDescriptors();
        throw new IOException("the connection to " + transport.peer().address() + " is closed");
      }
      if (writing || !queue.isEmpty()) {
        enqueue(frame);
        return;
      }
      writing = true;
    } finally {
      lock.unlock();
    }
    write(frame);
  }

  /** Sends a frame soon; false, and not sent, when too much is queued or the peer is gone. */
  boolean offer(Frame frame) {
    lock.lock();
    try {
      if (closed || finishing || queued + frame.length() > OFFER_LIMIT) {
        frame.closeDescriptors();
        return false;
      }
      enqueue(frame);
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void enqueue(Frame frame) {
    queue.add(frame);
    queued += frame.length();
    work.signal();
  }

  /** Writes a frame, with {@link #writing} set by the caller. */
  private void write(Frame frame) throws IOException {
    boolean written = false;
    try {
      transport.write(frame.bytes(), 0, frame.length());
      for (Descriptor descriptor : frame.descriptors()) {
        transport.pass(descriptor);
      }
      written = true;
    } finally {
      frame.closeDescriptors();
      lock.lock();
      try {
        writing = false;
        work.signal();
        room.signalAll();
      } finally {
        lock.unlock();
      }
      if (!written) {
        broken.run();
      }
    }
  }

  private void run() {
    try {
      while (true) {
        Frame frame = take();
        if (frame == null) {
          break;
        }
        write(frame);
      }
    } catch (IOException e) {
      // Told by write.
      return;
    }
    broken.run();
  }

  /** The next frame; null once there will be none. */
  private Frame take() {
    lock.lock();
    try {
      while (!closed && (writing || queue.isEmpty() && !finishing)) {
        work.awaitUninterruptibly();
      }
      if (closed || queue.isEmpty()) {
        return null;
      }
      Frame frame = queue.remove();
      queued -= frame.length();
      writing = true;
      return frame;
    } finally {
      lock.unlock();
    }
  }

  /** Puts a layer between: only when nothing else is being sent. */
  void replace(Transport layered) {
    lock.lock();
    try {
      while (!closed && (writing || !queue.isEmpty())) {
        room.awaitUninterruptibly();
      }
      transport = layered;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more, sends what it has, and then tells {@code broken}. */
  void finish() {
    lock.lock();
    try {
      finishing = true;
      work.signal();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Forgets what was not sent. */
  void close() {
    lock.lock();
    try {
      closed = true;
      queue.forEach(Frame::closeDescriptors);
      queue.clear();
      queued = 0;
      work.signal();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
