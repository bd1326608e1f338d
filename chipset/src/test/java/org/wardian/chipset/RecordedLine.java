package org.wardian.chipset;

import org.wardian.bus.InterruptLine;

/** The far end of an interrupt wire: its level, and the rising edges seen. */
final class RecordedLine implements InterruptLine {
  boolean level;
  int edges;

  @Override
  public synchronized void set(boolean newLevel) {
    if (newLevel && !level) {
      edges++;
    }
    level = newLevel;
  }

  /** The edges since this was last asked. */
  synchronized int takeEdges() {
    int taken = edges;
    edges = 0;
    return taken;
  }
}
