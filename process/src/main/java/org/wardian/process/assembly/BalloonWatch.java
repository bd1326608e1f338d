package org.wardian.process.assembly;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.wardian.virtio.balloon.VirtioBalloon;

/** Asks a guest from time to time how it uses its memory, and keeps what it said last. */
public final class BalloonWatch implements AutoCloseable {
  private static final long PERIOD_MILLISECONDS = 2000;

  private final VirtioBalloon balloon;
  private final Thread thread;

  private BalloonWatch(VirtioBalloon balloon) {
    this.balloon = balloon;
    this.thread = Thread.ofPlatform().daemon().name("balloon-watch").unstarted(this::run);
  }

  /**
   * Begins to watch.
   *
   * @param taken bytes that the guest is asked to give up
   */
  public static BalloonWatch start(VirtioBalloon balloon, long taken) {
    balloon.target(taken);
    BalloonWatch watch = new BalloonWatch(balloon);
    watch.thread.start();
    return watch;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(PERIOD_MILLISECONDS);
        balloon.ask(() -> {});
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  /** Bytes and counts by their names; what the guest has not told is not there. */
  public Map<String, Long> figures() {
    Map<String, Long> figures = new LinkedHashMap<>();
    figures.put("given-up", balloon.actual());
    figures.put("reported-free", balloon.reported());
    Map<VirtioBalloon.Figure, Long> told = balloon.figures();
    for (VirtioBalloon.Figure figure : VirtioBalloon.Figure.values()) {
      Long value = told.get(figure);
      if (value != null) {
        figures.put(figure.name().toLowerCase(Locale.ROOT).replace('_', '-'), value);
      }
    }
    return figures;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
