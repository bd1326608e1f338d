package org.wardian.virtio.console;

import java.util.Objects;

/**
 * A port of a console device.
 *
 * @param name by which a guest's program finds it ({@code /dev/virtio-ports/NAME}); empty for the
 *     console itself
 * @param console whether the guest makes it a console ({@code hvc})
 * @param output takes what the guest writes
 * @param guest told on the device's thread when a program of the guest opens or closes the port
 */
public record ConsolePort(String name, boolean console, Output output, Opened guest) {
  /** A port whose opening in the guest is nobody's concern. */
  public ConsolePort(String name, boolean console, Output output) {
    this(name, console, output, open -> {});
  }

  /** Told when an end of the port is opened or closed. */
  @FunctionalInterface
  public interface Opened {
    /** It is open now, or not. */
    void opened(boolean open);
  }

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
    Objects.requireNonNull(guest);
    if (!name.matches("[!-~]{0,127}")) {
      throw new IllegalArgumentException("no name for a port: " + name);
    }
  }
}
