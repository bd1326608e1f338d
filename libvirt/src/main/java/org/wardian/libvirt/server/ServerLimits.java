package org.wardian.libvirt.server;

import java.time.Duration;

/**
 * How much of the daemon clients may take.
 *
 * @param clients connections at once
 * @param anonymous of them, how many may be there without having authenticated
 * @param requests calls of one client that are worked on at once
 * @param parked further calls of one client that are read; then no more is read from it
 * @param keepaliveInterval silence after which a client is asked whether it is there
 * @param keepaliveCount questions in a row that may stay without an answer
 * @param login how long a client may take to authenticate
 */
public record ServerLimits(
    int clients,
    int anonymous,
    int requests,
    int parked,
    Duration keepaliveInterval,
    int keepaliveCount,
    Duration login) {
  /** What libvirtd grants by default, with two minutes to type a password. */
  public static final ServerLimits DEFAULT =
      new ServerLimits(5_000, 20, 5, 64, Duration.ofSeconds(5), 5, Duration.ofMinutes(2));
}
