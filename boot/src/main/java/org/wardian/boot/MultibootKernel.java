package org.wardian.boot;

import java.util.List;
import java.util.Objects;

/**
 * A multiboot file that is loaded by the address fields of its header.
 *
 * @param file the bytes
 * @param header the header
 * @param segments where the bytes go
 */
public record MultibootKernel(byte[] file, MultibootHeader header, List<LoadSegment> segments)
    implements KernelImage {

  /** Checks for nulls. */
  public MultibootKernel {
    Objects.requireNonNull(file, "file");
    Objects.requireNonNull(header, "header");
    segments = List.copyOf(segments);
  }

  static MultibootKernel of(byte[] file, MultibootHeader header) throws KernelFormatException {
    header.requireSupported();
    if (!header.hasAddresses()) {
      throw new KernelFormatException(
          "multiboot kernel that is neither ELF nor has load addresses; give its ELF file");
    }
    return new MultibootKernel(file, header, header.segments(file));
  }

  @Override
  public String description() {
    return "multiboot image, entry 0x" + Long.toHexString(header.entry());
  }
}
