package org.wardian.boot;

import java.util.Objects;

/**
 * A file that is loaded beside the kernel: an initrd, or a multiboot module. The array is not
 * copied: initrds are large.
 *
 * @param data the bytes
 * @param commandLine the module's own command line, empty for an initrd
 */
public record BootModule(byte[] data, String commandLine) {

  /** Checks for nulls. */
  public BootModule {
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(commandLine, "commandLine");
  }

  /**
   * An initrd.
   *
   * @param data the bytes of the file
   * @return the module
   */
  public static BootModule initrd(byte[] data) {
    return new BootModule(data, "");
  }
}
