package org.wardian.chipset;

import org.wardian.bus.InterruptLine;

/**
 * Several level-triggered sources on one interrupt line, as open-collector drivers share a wire: it
 * is asserted while any source asserts.
 */
public final class WiredOr {
  private final InterruptLine output;
  private int sources;

  /** Makes a wire with no source. */
  public WiredOr(InterruptLine output) {
    this.output = output;
  }

  /** Adds a source. */
  public InterruptLine input() {
    return new InterruptLine() {
      private boolean asserted;

      @Override
      public void set(boolean level) {
        synchronized (WiredOr.this) {
          if (asserted != level) {
            asserted = level;
            sources += level ? 1 : -1;
            output.set(sources > 0);
          }
        }
      }
    };
  }
}
