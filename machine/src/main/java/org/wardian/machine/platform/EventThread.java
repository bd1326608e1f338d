package org.wardian.machine.platform;

import org.wardian.host.EventFd;

/** Calls something at each signal of an event file, on a thread of its own. */
final class EventThread implements Platform.Binding {
  /** How long an ended binding's thread may go on waiting, in milliseconds. */
  private static final long PATIENCE = 100;

  private final EventFd event;
  private final Runnable action;
  private final Thread thread;
  private volatile boolean closed;

  EventThread(String name, EventFd event, Runnable action) {
    this.event = event;
    this.action = action;
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::serve);
    thread.start();
  }

  private void serve() {
    while (!closed) {
      if (event.await(PATIENCE)) {
        event.poll();
        if (!closed) {
          action.run();
        }
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
