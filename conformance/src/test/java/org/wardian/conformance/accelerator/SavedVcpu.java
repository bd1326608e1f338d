package org.wardian.conformance.accelerator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.StateReader;
import org.wardian.x86.StateLayout;

/** The architectural state of the first processor within a saved platform. */
final class SavedVcpu {
  /** Bits of RFLAGS are kept apart, lazily: two forms may mean the same. */
  private static final List<Integer> LAZY = List.of(StateLayout.FLAG_RESULT, StateLayout.FLAG_AUX);

  private SavedVcpu() {}

  /** Its block. */
  static byte[] block(byte[] saved) {
    StateReader in = new StateReader(saved);
    in.begin("platform", 2);
    in.readLong();
    in.readLong();
    in.readInt();
    in.begin("vcpu0", 1);
    return in.readBytes();
  }

  /** Eight-byte words that differ, but for instruction counts and lazily computed flags. */
  static List<String> differences(byte[] one, byte[] other) {
    ByteBuffer a = ByteBuffer.wrap(one).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer b = ByteBuffer.wrap(other).order(ByteOrder.LITTLE_ENDIAN);
    List<String> differences = new ArrayList<>();
    for (int at = 0; at < one.length; at += 8) {
      if (a.getLong(at) != b.getLong(at) && at != StateLayout.INSTRUCTIONS && !LAZY.contains(at)) {
        differences.add("%#x: %#x, %#x".formatted(at, a.getLong(at), b.getLong(at)));
      }
    }
    return differences;
  }
}
