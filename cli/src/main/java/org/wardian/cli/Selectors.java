package org.wardian.cli;

import java.nio.channels.spi.SelectorProvider;

/**
 * Says which of its selectors Java is to take. It would look for others in every jar file, and the
 * first look into them costs each start more than 30 ms.
 */
final class Selectors {
  /** The property of {@link SelectorProvider#provider}. */
  private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";

  /** What Java takes by itself on Linux. */
  private static final String EPOLL = "sun.nio.ch.EPollSelectorProvider";

  private Selectors() {}

  /** Before the first channel is opened; nothing where somebody has chosen, or Java has it not. */
  static void choose() {
    if (System.getProperty(PROPERTY) != null) {
      return;
    }
    try {
      Class.forName(EPOLL, false, null);
      System.setProperty(PROPERTY, EPOLL);
    } catch (ClassNotFoundException e) {
      // Another system, or another Java: it finds its own.
    }
  }
}
