package org.wardian.virtio.console;

import java.util.Objects;

/**
 * A port of a console device.
 *
 * @param name by which a guest's program finds it ({@code /dev/virtio-ports/NAME}); empty for the
 *     console itself
 * @param console whether the guest makes it a console ({@code hvc})
 * @param output takes what the guest writes
 */
public record ConsolePort(String name, boolean console, Output output) {
  /** Where a port's output goes. */
  @FunctionalInterface
  public interface Output {
    /**
     * Bytes that the guest wrote; on the device's thread. The array is the receiver's until it
     * returns. Where it waits, the guest's output waits.
     */
    void write(byte[] bytes, int offset, int length);
  }

  /** Checks the name. */
  public ConsolePort {
    Objects.requireNonNull(output);
    if (!name.matches("[!-~]{0,127}")) {
      throw new IllegalArgumentException("no name for a port: " + name);
    }
  }
}
