package org.wardian.boot;

import java.util.Objects;
import java.util.Optional;

/**
 * An ELF file that is a kernel: it has a PVH note, a multiboot header, or the look of a Linux
 * vmlinux.
 *
 * @param elf the file
 * @param multiboot its multiboot header, without address fields
 */
public record ElfKernel(ElfImage elf, Optional<MultibootHeader> multiboot) implements KernelImage {

  /** Checks for nulls. */
  public ElfKernel {
    Objects.requireNonNull(elf, "elf");
    Objects.requireNonNull(multiboot, "multiboot");
  }

  static ElfKernel of(ElfImage elf, Optional<MultibootHeader> multiboot)
      throws KernelFormatException {
    if (multiboot.isPresent()) {
      multiboot.get().requireSupported();
    } else if (elf.pvhEntry().isEmpty() && !elf.highHalf()) {
      throw new KernelFormatException(
          "an ELF program with neither PVH note nor multiboot header; give a kernel");
    }
    return new ElfKernel(elf, multiboot);
  }

  @Override
  public String description() {
    return elf + (multiboot.isPresent() ? ", multiboot" : "");
  }
}
