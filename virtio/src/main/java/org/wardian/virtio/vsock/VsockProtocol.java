package org.wardian.virtio.vsock;

/** Numbers of the socket device (virtio 1.2 §5.10). */
final class VsockProtocol {
  static final long STREAM = 1L << 0;

  static final int CONFIG_LENGTH = 8;

  static final int RECEIVE = 0;
  static final int TRANSMIT = 1;
  static final int EVENTS = 2;

  /** The host's address; a guest's is a number from 3 on. */
  static final long HOST = 2;

  // The header (§5.10.6).
  static final int SOURCE = 0;
  static final int DESTINATION = 8;
  static final int SOURCE_PORT = 16;
  static final int DESTINATION_PORT = 20;
  static final int LENGTH = 24;
  static final int TYPE = 28;
  static final int OPERATION = 30;
  static final int FLAGS = 32;
  static final int BUFFER = 36;
  static final int FORWARDED = 40;
  static final int HEADER = 44;

  static final int TYPE_STREAM = 1;

  static final int REQUEST = 1;
  static final int RESPONSE = 2;
  static final int RESET = 3;
  static final int SHUTDOWN = 4;
  static final int DATA = 5;
  static final int CREDIT_UPDATE = 6;
  static final int CREDIT_REQUEST = 7;

  /** Flags of a shutdown. */
  static final int NO_MORE_RECEIVED = 1;

  static final int NO_MORE_SENT = 2;

  /** The event that all connections are gone. */
  static final int TRANSPORT_RESET = 0;

  static final int EVENT = 4;

  private VsockProtocol() {}
}
