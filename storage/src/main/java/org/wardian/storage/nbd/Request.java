package org.wardian.storage.nbd;

/**
 * A client's request, without its data.
 *
 * @param flags command flags
 * @param type command
 * @param handle the client's number for it
 * @param offset first byte, unsigned
 * @param length bytes, up to 2^32 - 1
 */
record Request(int flags, int type, long handle, long offset, long length) {
  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Flags that the command may have. */
  int permitted() {
    return switch (type) {
      case Protocol.CMD_READ -> Protocol.FLAG_FUA | Protocol.FLAG_DF;
      case Protocol.CMD_WRITE_ZEROES ->
          Protocol.FLAG_FUA | Protocol.FLAG_NO_HOLE | Protocol.FLAG_FAST_ZERO;
      case Protocol.CMD_BLOCK_STATUS -> Protocol.FLAG_FUA | Protocol.FLAG_REQ_ONE;
      default -> Protocol.FLAG_FUA;
    };
  }

  /** Whether it changes the disk. */
  boolean changes() {
    return switch (type) {
      case Protocol.CMD_WRITE, Protocol.CMD_TRIM, Protocol.CMD_WRITE_ZEROES -> true;
      default -> false;
    };
  }
}
