package org.wardian.bus;

/**
 * One wire to an interrupt controller. It carries assertion, not voltage: {@code true} asks for an
 * interrupt whatever polarity the board or the guest believes the pin to have. Any thread may call.
 */
@FunctionalInterface
public interface InterruptLine {

  /** A wire that leads nowhere. */
  InterruptLine UNCONNECTED = level -> {};

  /** Drives the wire to a level; repeating the current level has no effect. */
  void set(boolean level);

  /** One edge: asserted, then released. */
  default void pulse() {
    set(true);
    set(false);
  }
}
