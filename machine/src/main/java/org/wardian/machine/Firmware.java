package org.wardian.machine;

import java.util.Map;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.wardian.storage.BlockDevice;

/**
 * Firmware that a machine starts with instead of a kernel: the processor begins at the reset vector
 * in its image, which ends at 4 GiB.
 *
 * @param kind what kind of firmware it is
 * @param image its code; a multiple of 4096 bytes, up to 16 MiB
 * @param variables a flash chip's content right below the image, kept where it came from; for UEFI
 * @param files files of the firmware configuration by name: option ROMs, boot order, settings
 * @param log takes what the firmware writes to its debug port, byte by byte, on the vCPU's thread
 */
public record Firmware(
    Kind kind,
    byte[] image,
    Optional<BlockDevice> variables,
    Map<String, byte[]> files,
    IntConsumer log) {
  private static final int LARGEST = 16 << 20;
  private static final int UNIT = 4096;

  /** What firmware is. */
  public enum Kind {
    /** A BIOS, also below 1 MiB. */
    BIOS,
    /** UEFI, in flash with its variables. */
    UEFI
  }

  /** Checks sizes. */
  public Firmware {
    if (image.length == 0 || image.length > LARGEST || image.length % UNIT != 0) {
      throw new IllegalArgumentException(
          "a firmware image has 4 KiB to 16 MiB in whole pages, not " + image.length + " bytes");
    }
    if (variables.isPresent()) {
      long length = variables.get().length();
      if (length == 0 || length > LARGEST - image.length || length % UNIT != 0) {
        throw new IllegalArgumentException(
            "firmware variables of " + length + " bytes beside an image of " + image.length);
      }
    }
    files = Map.copyOf(files);
  }

  /** A BIOS image as it is. */
  public static Firmware bios(byte[] image) {
    return new Firmware(Kind.BIOS, image, Optional.empty(), Map.of(), value -> {});
  }

  /** UEFI code with its variables. */
  public static Firmware uefi(byte[] code, BlockDevice variables) {
    return new Firmware(Kind.UEFI, code, Optional.of(variables), Map.of(), value -> {});
  }

  /** The same firmware with a log of its debug port. */
  public Firmware logTo(IntConsumer newLog) {
    return new Firmware(kind, image, variables, files, newLog);
  }

  /** The same firmware with other files. */
  public Firmware with(Map<String, byte[]> newFiles) {
    return new Firmware(kind, image, variables, newFiles, log);
  }
}
