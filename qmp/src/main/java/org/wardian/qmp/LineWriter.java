package org.wardian.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import org.wardian.host.UnixSocket;

/** Writes lines to a socket on a thread of its own, so that one slow peer holds up nobody else. */
final class LineWriter {
  /** Bytes that may wait for a peer that does not read. */
  static final int MAXIMUM_WAITING = 16 << 20;

  private final UnixSocket socket;
  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private boolean finished;
  private boolean broken;
  private boolean ended;

  LineWriter(UnixSocket socket) {
    this.socket = socket;
  }

  void start(String name) {
    Thread.ofVirtual().name(name).start(this::write);
  }

  /** A message as it goes over the wire: one line, with QEMU's end of line. */
  static byte[] line(JsonNode message) {
    byte[] text = JsonTree.text(message);
    byte[] line = Arrays.copyOf(text, text.length + 2);
    line[text.length] = '\r';
    line[text.length + 1] = '\n';
    return line;
  }

  /** Sends a line soon; breaks the connection when the peer is too far behind. */
  synchronized void offer(byte[] line) {
    if (finished || broken) {
      return;
    }
    if (waitingBytes + line.length > MAXIMUM_WAITING) {
      breakOff();
      return;
    }
    add(line);
  }

  /** Sends a line, and waits while the peer is behind; false when the connection is gone. */
  synchronized boolean send(byte[] line) {
    while (!finished && !broken && waitingBytes > MAXIMUM_WAITING / 2) {
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        breakOff();
      }
    }
    if (finished || broken) {
      return false;
    }
    add(line);
    return true;
  }

  private void add(byte[] line) {
    waiting.add(line);
    waitingBytes += line.length;
    notifyAll();
  }

  private void write() {
    try {
      byte[] line;
      while ((line = next()) != null) {
        socket.write(line, 0, line.length);
        written(line.length);
      }
    } catch (IOException e) {
      breakOff();
    } finally {
      socket.close();
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private synchronized byte[] next() {
    while (waiting.isEmpty() && !finished && !broken) {
      try {
        wait();
      } catch (InterruptedException e) {
        return null;
      }
    }
    return broken ? null : waiting.poll();
  }

  private synchronized void written(int length) {
    waitingBytes -= length;
    notifyAll();
  }

  /** Sends what waits, and then closes the socket. */
  synchronized void finish() {
    finished = true;
    notifyAll();
  }

  /** Closes the socket now. */
  synchronized void breakOff() {
    broken = true;
    waiting.clear();
    notifyAll();
    socket.close();
  }

  /** Waits until the socket is closed, or that moment of {@link System#nanoTime} breaks it off. */
  synchronized void awaitEnd(long deadline) {
    while (!ended) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        breakOff();
        return;
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
