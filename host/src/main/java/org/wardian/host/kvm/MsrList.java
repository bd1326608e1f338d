package org.wardian.host.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.wardian.host.Descriptor;

/** {@code struct kvm_msrs}, from and to arrays. */
final class MsrList {
  private MsrList() {}

  /**
   * Reads or writes MSRs.
   *
   * @return how many; the one with this position in the list was refused
   */
  static int transfer(
      Descriptor file, Request request, int[] indices, long[] values, String whose) {
    if (indices.length > values.length) {
      throw new IllegalArgumentException(
          indices.length + " MSRs with " + values.length + " values");
    }
    if (indices.length == 0) {
      return 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      long size =
          CallStructures.MSRS_ENTRIES + (long) indices.length * CallStructures.MSR_ENTRY_SIZE;
      MemorySegment list = arena.allocate(size, Long.BYTES);
      list.set(ValueLayout.JAVA_INT, CallStructures.MSRS_COUNT, indices.length);
      for (int i = 0; i < indices.length; i++) {
        long at = at(i);
        list.set(ValueLayout.JAVA_INT, at + CallStructures.MSR_ENTRY_INDEX, indices[i]);
        list.set(ValueLayout.JAVA_LONG, at + CallStructures.MSR_ENTRY_DATA, values[i]);
      }
      int done = Kvm.call(file, request, list, indices.length + " MSRs of " + whose);
      for (int i = 0; request == Request.GET_MSRS && i < done; i++) {
        values[i] = list.get(ValueLayout.JAVA_LONG, at(i) + CallStructures.MSR_ENTRY_DATA);
      }
      return done;
    }
  }

  private static long at(int i) {
    return CallStructures.MSRS_ENTRIES + (long) i * CallStructures.MSR_ENTRY_SIZE;
  }
}
