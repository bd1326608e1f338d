package org.wardian.conformance.debian;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Holds a guest's clock against the host's. A reading happens at some moment between the command
 * and its answer, so the difference of two readings has bounds that no load of the host can break.
 *
 * @param guest seconds since the guest's boot
 * @param before host's seconds when the reading was asked for
 * @param after host's seconds when it was there
 */
record GuestClock(double guest, double before, double after) {
  /** {@code /proc/uptime} gives hundredths, cut off. */
  private static final double RESOLUTION = 0.01;

  /** What the kernel's disciplined clock may be off its counter: 0.05 %, NTP's own limit. */
  private static final double RATE = 0.0005;

  static GuestClock read(GuestShell shell) throws InterruptedException {
    double before = System.nanoTime() / 1e9;
    String uptime = shell.run("cat /proc/uptime").text();
    double after = System.nanoTime() / 1e9;
    return new GuestClock(Double.parseDouble(uptime.split(" ")[0]), before, after);
  }

  /** Asserts that as much time has passed in the guest as outside, between two readings. */
  static void assertSteady(GuestClock first, GuestClock second) {
    double least = (second.before - first.after) * (1 - RATE) - RESOLUTION;
    double most = (second.after - first.before) * (1 + RATE) + RESOLUTION;
    assertThat(second.guest - first.guest).isBetween(least, most);
  }
}
