package org.wardian.storage.nbd;

import java.time.Duration;

/**
 * What clients may take of a server.
 *
 * @param connections at the same time; more wait in the host's queue until one ends
 * @param requests of one connection under way at the same time; more are not read
 * @param handshake how long a client may take to choose an export
 * @param farewell how long requests under way may take when a client is sent away
 */
public record NbdLimits(int connections, int requests, Duration handshake, Duration farewell) {
  /** Bytes of data of all connections that are in memory at the same time, roughly. */
  private static final long MEMORY = 256L << 20;

  private static final long MOST_OF_ONE = 16L << 20;

  /** Checks the numbers. */
  public NbdLimits {
    if (connections < 1 || requests < 1 || handshake.isNegative() || farewell.isNegative()) {
      throw new IllegalArgumentException("a limit on clients that lets nobody do anything");
    }
  }

  /** A hundred connections, 32 requests of each, ten seconds to choose, five to end. */
  public static NbdLimits usual() {
    return new NbdLimits(100, 32, Duration.ofSeconds(10), Duration.ofSeconds(5));
  }

  /** The same with so many connections at most. */
  public NbdLimits withConnections(int value) {
    return new NbdLimits(value, requests, handshake, farewell);
  }

  /** The same with another time to choose an export. */
  public NbdLimits withHandshake(Duration value) {
    return new NbdLimits(connections, requests, value, farewell);
  }

  /** Bytes of data of one connection in memory; never less than one request takes. */
  int bytesInFlight() {
    return (int) Math.max(Protocol.PIECE, Math.min(MOST_OF_ONE, MEMORY / connections));
  }
}
