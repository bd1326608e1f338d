package org.wardian.storage.nbd;

/**
 * Why a request is not carried out (NBD protocol, "Error values").
 *
 * @param error as the protocol numbers it
 */
record Refusal(int error, String message) {
  static final Refusal CLOSING = new Refusal(Protocol.ESHUTDOWN, "the server is closing");

  private static final Refusal UNKNOWN = new Refusal(Protocol.EINVAL, "no such command here");
  private static final Refusal FLAGS =
      new Refusal(Protocol.EINVAL, "a flag that the command does not have");
  private static final Refusal READ_ONLY = new Refusal(Protocol.EPERM, "the export is read-only");
  private static final Refusal TOO_LONG =
      new Refusal(Protocol.EINVAL, "more than 32 MiB of data in one request");
  private static final Refusal BEYOND = new Refusal(Protocol.EINVAL, "the range leaves the export");
  private static final Refusal WRITE_BEYOND =
      new Refusal(Protocol.ENOSPC, "the range leaves the export");
  private static final Refusal UNALIGNED =
      new Refusal(Protocol.EINVAL, "the range is not made of the export's blocks");
  private static final Refusal NO_CONTEXT =
      new Refusal(Protocol.EINVAL, "no metadata context was chosen");
  private static final Refusal EMPTY = new Refusal(Protocol.EINVAL, "an empty range");
  private static final Refusal NOT_FAST =
      new Refusal(Protocol.ENOTSUP, "zeroes are not known to be faster than a write");
  private static final Refusal UNFRAGMENTED =
      new Refusal(Protocol.EOVERFLOW, "too long to be sent as one chunk");

  /** Why, or null where it is to be carried out. */
  static Refusal of(Request request, Agreement agreement) {
    int type = request.type();
    if (type > Protocol.CMD_BLOCK_STATUS || type == Protocol.CMD_DISC) {
      return UNKNOWN;
    }
    int permitted = request.permitted() & (agreement.structured() ? -1 : ~Protocol.FLAG_DF);
    if ((request.flags() & ~permitted) != 0) {
      return FLAGS;
    }
    if (type == Protocol.CMD_FLUSH) {
      return request.length() != 0 || request.offset() != 0 ? FLAGS : null;
    }
    if (request.changes() && !agreement.export().writable()) {
      return READ_ONLY;
    }
    boolean data = type == Protocol.CMD_READ || type == Protocol.CMD_WRITE;
    if (data && request.length() > Protocol.LARGEST_PAYLOAD) {
      return TOO_LONG;
    }
    long size = Math.min(agreement.size(), agreement.export().image().length());
    if (request.offset() < 0
        || request.offset() > size
        || request.length() > size - request.offset()) {
      return request.changes() ? WRITE_BEYOND : BEYOND;
    }
    int block = agreement.export().blockSize();
    if (request.offset() % block != 0 || request.length() % block != 0) {
      return UNALIGNED;
    }
    return special(request, agreement);
  }

  private static Refusal special(Request request, Agreement agreement) {
    return switch (request.type()) {
      case Protocol.CMD_READ ->
          request.has(Protocol.FLAG_DF) && request.length() > Protocol.PIECE ? UNFRAGMENTED : null;
      case Protocol.CMD_WRITE_ZEROES -> request.has(Protocol.FLAG_FAST_ZERO) ? NOT_FAST : null;
      case Protocol.CMD_BLOCK_STATUS ->
          agreement.contexts().isEmpty() ? NO_CONTEXT : request.length() == 0 ? EMPTY : null;
      default -> null;
    };
  }
}
