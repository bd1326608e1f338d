package org.wardian.libvirt.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.wardian.libvirt.wire.CallbackEvent;
import org.wardian.libvirt.wire.EventFamily;
import org.wardian.libvirt.wire.EventMessage;
import org.wardian.libvirt.xdr.XdrStruct;

/**
 * Whom events are told to. They are told in their order, one at a time, on a virtual thread of the
 * connection's own, so who is told may make calls.
 */
final class Subscriptions {
  private static final System.Logger LOG = System.getLogger(Subscriptions.class.getName());

  /** Events of a callback id that is not known yet: its registration's reply may come later. */
  private static final int EARLY = 1_024;

  private record Key(EventFamily family, int callback) {}

  private record Early(Key key, XdrStruct event) {}

  private final Map<Key, Consumer<XdrStruct>> listeners = new HashMap<>();
  private final Deque<Early> early = new ArrayDeque<>();
  private final BlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
  private int registering;
  private boolean started;

  /** A registration is under way: events may come before its reply. */
  synchronized void registering() {
    registering++;
  }

  /** Its reply has come, with a callback id, or a failure. */
  synchronized void registered(EventFamily family, Integer callback, Consumer<XdrStruct> listener) {
    registering--;
    if (callback != null) {
      Key key = new Key(family, callback);
      listeners.put(key, listener);
      for (Early one : List.copyOf(early)) {
        if (one.key().equals(key)) {
          tell(listener, one.event());
          early.remove(one);
        }
      }
    }
    if (registering == 0) {
      early.clear();
    }
  }

  synchronized void ended(EventFamily family, int callback) {
    listeners.remove(new Key(family, callback));
  }

  /** Takes an event, on the thread that receives. */
  void take(EventMessage<?> message, XdrStruct event) {
    EventFamily family = EventFamily.of(message);
    if (family == null || !(event instanceof CallbackEvent told)) {
      return;
    }
    Key key = new Key(family, told.callbackID());
    synchronized (this) {
      Consumer<XdrStruct> listener = listeners.get(key);
      if (listener != null) {
        tell(listener, event);
      } else if (registering > 0 && early.size() < EARLY) {
        early.add(new Early(key, event));
      }
    }
  }

  private void tell(Consumer<XdrStruct> listener, XdrStruct event) {
    if (!started) {
      started = true;
      Thread.ofVirtual().name("libvirt-events").start(this::run);
    }
    waiting.add(() -> listener.accept(event));
  }

  private void run() {
    try {
      while (true) {
        Runnable next = waiting.take();
        if (next.equals(END)) {
          return;
        }
        try {
          next.run();
        } catch (RuntimeException e) {
          LOG.log(System.Logger.Level.ERROR, "a listener failed", e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final Runnable END = () -> {};

  /** Tells what is there, and then no more. */
  void close() {
    waiting.add(END);
  }
}
