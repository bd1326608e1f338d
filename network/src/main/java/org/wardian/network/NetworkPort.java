package org.wardian.network;

/**
 * A socket in the wall that a network card is plugged into: the NAT, a port of a switch, a TAP
 * interface.
 *
 * <p>Life cycle: {@link #attach} once, then {@link #start}; frames flow until {@link #close}.
 * Between {@link #pause} and {@link #resume} no frame is delivered.
 */
public interface NetworkPort extends AutoCloseable {
  /** The card. */
  interface Receiver {
    /**
     * Takes a frame for the guest; called by one thread of the port at a time. The frame's bytes
     * are lent for the call only: a card that keeps them makes a copy.
     *
     * @return false where the card has no room: the port keeps or drops the frame, and goes on
     *     after {@link NetworkPort#ready}
     */
    boolean receive(Frame frame);

    /**
     * No further frame follows at once: the moment to interrupt the guest for those that came since
     * the last call. Called by the same thread as {@link #receive}.
     */
    default void batchEnd() {}

    /** The cable was plugged in or pulled out. */
    default void linkChanged(boolean up) {}
  }

  /**
   * What the card can take from this port beyond complete frames.
   *
   * @param checksum frames whose checksum is left to do, or vouched for
   * @param tcp4 long TCP frames over IPv4
   * @param tcp6 long TCP frames over IPv6
   * @param udp long UDP frames
   */
  record Offloads(boolean checksum, boolean tcp4, boolean tcp6, boolean udp) {
    /** Complete frames only. */
    public static final Offloads NONE = new Offloads(false, false, false, false);

    /** Everything. */
    public static final Offloads ALL = new Offloads(true, true, true, true);
  }

  /** Plugs the card in. */
  void attach(Receiver receiver);

  /** What the guest's driver has agreed to take; {@link Offloads#NONE} at first. Any thread. */
  void accept(Offloads offloads);

  /** What this port takes from the guest beyond complete frames. */
  Offloads offered();

  /**
   * Whether {@link #send} does no more than put the frame where another thread finds it: a vCPU's
   * thread may call it then.
   */
  default boolean sendsAtOnce() {
    return false;
  }

  /**
   * Sends a frame of the guest. Any thread, a vCPU's only if {@link #sendsAtOnce}; returns soon.
   * The bytes are the port's from then on: the card takes another array for its next frame.
   *
   * @return false where it was dropped
   */
  boolean send(Frame frame);

  /** The card, whose {@link Receiver#receive} had said false, has room again. Any thread. */
  void ready();

  /** Largest IP packet of the link in bytes (MTU). */
  int mtu();

  /** Begins to deliver. */
  void start();

  /** Delivers nothing until {@link #resume}; returns when no delivery is under way. */
  void pause();

  /** Goes on. */
  void resume();

  /** Ends all connections and gives everything back; a second call does nothing. */
  @Override
  void close();
}
