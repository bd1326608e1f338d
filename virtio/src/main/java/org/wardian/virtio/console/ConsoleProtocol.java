package org.wardian.virtio.console;

/** Numbers of the console device (virtio 1.2 §5.3). */
final class ConsoleProtocol {
  static final long SIZE = 1L << 0;
  static final long MULTIPORT = 1L << 1;
  static final long EMERGENCY_WRITE = 1L << 2;

  static final int CONFIG_COLUMNS = 0;
  static final int CONFIG_ROWS = 2;
  static final int CONFIG_PORTS = 4;
  static final int CONFIG_EMERGENCY_WRITE = 8;
  static final int CONFIG_LENGTH = 12;

  /** Queues before those of port 1: two of port 0, two of control. */
  static final int CONTROL_RECEIVE = 2;

  static final int CONTROL_TRANSMIT = 3;

  // Control messages (§5.3.6.2).
  static final int DEVICE_READY = 0;
  static final int PORT_ADD = 1;
  static final int PORT_REMOVE = 2;
  static final int PORT_READY = 3;
  static final int CONSOLE_PORT = 4;
  static final int RESIZE = 5;
  static final int PORT_OPEN = 6;
  static final int PORT_NAME = 7;
  static final int MESSAGE = 8;

  private ConsoleProtocol() {}

  /** The queue by which a port's input reaches the guest. */
  static int receiveQueue(int port) {
    return port == 0 ? 0 : 2 + 2 * port;
  }

  /** The queue by which a port's output comes. */
  static int transmitQueue(int port) {
    return receiveQueue(port) + 1;
  }
}
