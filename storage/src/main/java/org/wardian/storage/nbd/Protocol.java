package org.wardian.storage.nbd;

/** Numbers of the protocol (NBD protocol, "Values"), and what we make of its limits. */
final class Protocol {
  static final long NBDMAGIC = 0x4e42444d41474943L;
  static final long IHAVEOPT = 0x49484156454F5054L;
  static final long OLD_STYLE = 0x00420281861253L;
  static final long OPTION_REPLY = 0x3e889045565a9L;
  static final int REQUEST = 0x25609513;
  static final int SIMPLE_REPLY = 0x67446698;
  static final int STRUCTURED_REPLY = 0x668e33ef;

  static final int REQUEST_BYTES = 28;
  static final int OPTION_BYTES = 16;
  static final int OPTION_REPLY_BYTES = 20;
  static final int SIMPLE_REPLY_BYTES = 16;
  static final int CHUNK_BYTES = 20;

  /** Zeroes after the answer to {@link #OPT_EXPORT_NAME}. */
  static final int RESERVED_BYTES = 124;

  // Handshake flags, of server and client alike.
  static final int FIXED_NEWSTYLE = 1;
  static final int NO_ZEROES = 2;

  // Transmission flags.
  static final int HAS_FLAGS = 1;
  static final int READ_ONLY = 1 << 1;
  static final int SEND_FLUSH = 1 << 2;
  static final int SEND_FUA = 1 << 3;
  static final int SEND_TRIM = 1 << 5;
  static final int SEND_WRITE_ZEROES = 1 << 6;
  static final int SEND_DF = 1 << 7;
  static final int CAN_MULTI_CONN = 1 << 8;
  static final int SEND_CACHE = 1 << 10;
  static final int SEND_FAST_ZERO = 1 << 11;

  // Options.
  static final int OPT_EXPORT_NAME = 1;
  static final int OPT_ABORT = 2;
  static final int OPT_LIST = 3;
  static final int OPT_STARTTLS = 5;
  static final int OPT_INFO = 6;
  static final int OPT_GO = 7;
  static final int OPT_STRUCTURED_REPLY = 8;
  static final int OPT_LIST_META_CONTEXT = 9;
  static final int OPT_SET_META_CONTEXT = 10;

  // Replies to options.
  static final int REP_ACK = 1;
  static final int REP_SERVER = 2;
  static final int REP_INFO = 3;
  static final int REP_META_CONTEXT = 4;
  static final int REP_ERROR = 1 << 31;
  static final int REP_ERR_UNSUP = REP_ERROR | 1;
  static final int REP_ERR_POLICY = REP_ERROR | 2;
  static final int REP_ERR_INVALID = REP_ERROR | 3;
  static final int REP_ERR_TLS_REQD = REP_ERROR | 5;
  static final int REP_ERR_UNKNOWN = REP_ERROR | 6;
  static final int REP_ERR_SHUTDOWN = REP_ERROR | 7;
  static final int REP_ERR_BLOCK_SIZE_REQD = REP_ERROR | 8;
  static final int REP_ERR_TOO_BIG = REP_ERROR | 9;

  // What an export is said to be.
  static final int INFO_EXPORT = 0;
  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;

  // Commands.
  static final int CMD_READ = 0;
  static final int CMD_WRITE = 1;
  static final int CMD_DISC = 2;
  static final int CMD_FLUSH = 3;
  static final int CMD_TRIM = 4;
  static final int CMD_CACHE = 5;
  static final int CMD_WRITE_ZEROES = 6;
  static final int CMD_BLOCK_STATUS = 7;

  // Command flags.
  static final int FLAG_FUA = 1;
  static final int FLAG_NO_HOLE = 1 << 1;
  static final int FLAG_DF = 1 << 2;
  static final int FLAG_REQ_ONE = 1 << 3;
  static final int FLAG_FAST_ZERO = 1 << 4;

  // Chunks of structured replies.
  static final int CHUNK_DONE = 1;
  static final int CHUNK_NONE = 0;
  static final int CHUNK_OFFSET_DATA = 1;
  static final int CHUNK_OFFSET_HOLE = 2;
  static final int CHUNK_BLOCK_STATUS = 5;
  static final int CHUNK_ERROR_BIT = 1 << 15;
  static final int CHUNK_ERROR = CHUNK_ERROR_BIT | 1;
  static final int CHUNK_ERROR_OFFSET = CHUNK_ERROR_BIT | 2;

  // States of "base:allocation" and of a dirty bitmap.
  static final int STATE_HOLE = 1;
  static final int STATE_ZERO = 2;
  static final int STATE_DIRTY = 1;

  // Errors.
  static final int EPERM = 1;
  static final int EIO = 5;
  static final int ENOMEM = 12;
  static final int EINVAL = 22;
  static final int ENOSPC = 28;
  static final int EOVERFLOW = 75;
  static final int ENOTSUP = 95;
  static final int ESHUTDOWN = 108;

  /** Bytes of a name, a query or a message ("Conventions"). */
  static final int LONGEST_TEXT = 4096;

  /** Bytes of data in one request: what all clients keep to where nothing else is said. */
  static final int LARGEST_PAYLOAD = 32 << 20;

  /** Bytes of an option that are looked at. */
  static final int LARGEST_OPTION = 256 << 10;

  /** Bytes of a request that are in memory at the same time: more goes by piece by piece. */
  static final int PIECE = 2 << 20;

  /** The port of the protocol, by IANA. */
  static final int PORT = 10809;

  private Protocol() {}
}
