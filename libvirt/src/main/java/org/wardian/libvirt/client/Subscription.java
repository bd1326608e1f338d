package org.wardian.libvirt.client;

/** That somebody wants to hear of an event; ends when it is closed, or the connection does. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
  /** Ends it; what was on its way may still be told. */
  @Override
  void close();
}
