package org.wardian.boot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A piece of a kernel image and its place in guest memory.
 *
 * @param fileOffset index of the first byte in the image
 * @param fileSize bytes that come from the image
 * @param physical guest-physical address
 * @param memorySize bytes in memory; what the image does not give is zero
 */
public record LoadSegment(int fileOffset, int fileSize, long physical, long memorySize) {

  /** Address after the last byte in memory. */
  long end() {
    return physical + memorySize;
  }

  void load(byte[] image, GuestRam ram) {
    ram.write(physical, image, fileOffset, fileSize);
    if (memorySize > fileSize) {
      ram.zero(physical + fileSize, memorySize - fileSize);
    }
  }

  /**
   * Refuses segments that share memory: a real kernel has none, and without them the work of
   * loading is bounded by the size of guest memory, whatever the file says.
   */
  static void requireDisjoint(List<LoadSegment> segments) throws KernelFormatException {
    List<LoadSegment> sorted = new ArrayList<>(segments);
    sorted.sort(Comparator.comparingLong(LoadSegment::physical));
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).physical < sorted.get(i - 1).end()) {
        throw new KernelFormatException(
            "damaged kernel: two segments overlap at 0x%x; fetch the file again"
                .formatted(sorted.get(i).physical));
      }
    }
  }

  static long lowest(List<LoadSegment> segments) {
    return segments.stream().mapToLong(LoadSegment::physical).min().orElse(0);
  }

  static long highest(List<LoadSegment> segments) {
    return segments.stream().mapToLong(LoadSegment::end).max().orElse(0);
  }
}
