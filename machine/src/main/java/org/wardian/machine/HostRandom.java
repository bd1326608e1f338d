package org.wardian.machine;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * The host's random numbers. What gives them is made when the first are asked for: it takes longer
 * than much else of a machine's start.
 */
final class HostRandom implements RandomGenerator {
  private SecureRandom source;

  private synchronized SecureRandom source() {
    if (source == null) {
      source = new SecureRandom();
    }
    return source;
  }

  @Override
  public long nextLong() {
    return source().nextLong();
  }

  @Override
  public void nextBytes(byte[] bytes) {
    source().nextBytes(bytes);
  }
}
