package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.wardian.storage.ImageNames;

/** The client's part of the handshake, with servers of any age. */
final class ClientHandshake {
  private static final int LARGEST_BLOCK = 64 << 10;

  private final Wire wire;
  private final WireInput input;
  private final String export;
  private final Map<Integer, String> contexts = new HashMap<>();
  private boolean structured;
  private long size;
  private int flags;
  private int smallestBlock = 1;
  private int largestPayload = Protocol.LARGEST_PAYLOAD;

  /** A reply to an option. */
  private record Reply(int type, ByteBuffer data) {
    boolean isError() {
      return type < 0;
    }

    String message() {
      return ImageNames.printable(StandardCharsets.UTF_8.decode(data.duplicate()).toString());
    }
  }

  ClientHandshake(Wire wire, WireInput input, String export) {
    this.wire = wire;
    this.input = input;
    this.export = export;
  }

  /**
   * Agrees on an export.
   *
   * @param wanted a metadata context, which the server may not have
   * @throws ProtocolException where the server refuses, or talks nonsense
   */
  ClientAgreement run(String wanted) throws IOException {
    input.need(16);
    if (input.getLong() != Protocol.NBDMAGIC) {
      throw new ProtocolException("there is no NBD server");
    }
    long magic = input.getLong();
    if (magic == Protocol.OLD_STYLE) {
      oldStyle();
    } else if (magic == Protocol.IHAVEOPT) {
      newStyle(wanted);
    } else {
      throw new ProtocolException("the server greets in an unknown way");
    }
    if (size < 0) {
      throw new ProtocolException("the export has " + Long.toUnsignedString(size) + " bytes");
    }
    return new ClientAgreement(
        size, flags, structured, smallestBlock, largestPayload, Map.copyOf(contexts));
  }

  private void oldStyle() throws IOException {
    input.need(12 + Protocol.RESERVED_BYTES);
    size = input.getLong();
    flags = input.getInt() & 0xffff;
    input.skip(Protocol.RESERVED_BYTES);
    if (!export.isEmpty()) {
      throw new ProtocolException("this old server has one export, without a name");
    }
  }

  private void newStyle(String wanted) throws IOException {
    input.need(2);
    int offered = input.getShort();
    int used = offered & (Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES);
    wire.write(ByteBuffer.allocate(4).putInt(used).flip());
    boolean fixed = (used & Protocol.FIXED_NEWSTYLE) != 0;
    if (fixed) {
      structured = ask(Protocol.OPT_STRUCTURED_REPLY, ByteBuffer.allocate(0));
      if (structured) {
        selectContext(wanted);
      }
      if (go()) {
        return;
      }
    }
    exportName((used & Protocol.NO_ZEROES) != 0);
  }

  private void send(int option, ByteBuffer data) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(Protocol.OPTION_BYTES).putLong(Protocol.IHAVEOPT);
    wire.write(head.putInt(option).putInt(data.remaining()).flip(), data);
  }

  private Reply reply(int option) throws IOException {
    input.need(Protocol.OPTION_REPLY_BYTES);
    if (input.getLong() != Protocol.OPTION_REPLY || input.getInt() != option) {
      throw new ProtocolException("the server answers what was not asked");
    }
    int type = input.getInt();
    int length = input.getInt();
    if (length < 0 || length > Protocol.LARGEST_OPTION) {
      throw new ProtocolException(
          "the server answers by " + Integer.toUnsignedString(length) + " bytes");
    }
    return new Reply(type, ByteBuffer.wrap(input.bytes(length)));
  }

  /** An option that is granted or not. */
  private boolean ask(int option, ByteBuffer data) throws IOException {
    send(option, data);
    Reply reply = reply(option);
    if (!reply.isError() && reply.type() != Protocol.REP_ACK) {
      throw new ProtocolException("the server answers in an unknown way");
    }
    return !reply.isError();
  }

  private byte[] exportBytes() {
    return export.getBytes(StandardCharsets.UTF_8);
  }

  private void selectContext(String wanted) throws IOException {
    byte[] name = exportBytes();
    byte[] query = wanted.getBytes(StandardCharsets.UTF_8);
    ByteBuffer data = ByteBuffer.allocate(12 + name.length + query.length);
    data.putInt(name.length).put(name).putInt(1).putInt(query.length).put(query);
    send(Protocol.OPT_SET_META_CONTEXT, data.flip());
    while (true) {
      Reply reply = reply(Protocol.OPT_SET_META_CONTEXT);
      if (reply.isError() || reply.type() == Protocol.REP_ACK) {
        return;
      }
      if (reply.type() != Protocol.REP_META_CONTEXT || reply.data().remaining() < 4) {
        throw new ProtocolException("the server answers in an unknown way");
      }
      int number = reply.data().getInt();
      String found = StandardCharsets.UTF_8.decode(reply.data()).toString();
      if (wanted.equals(found)) {
        contexts.put(number, found);
      }
    }
  }

  /** Chooses the export in the newer way; false where the server has only the older one. */
  private boolean go() throws IOException {
    byte[] name = exportBytes();
    ByteBuffer data = ByteBuffer.allocate(8 + name.length).putInt(name.length).put(name);
    data.putShort((short) 1).putShort((short) Protocol.INFO_BLOCK_SIZE);
    send(Protocol.OPT_GO, data.flip());
    boolean described = false;
    while (true) {
      Reply reply = reply(Protocol.OPT_GO);
      if (reply.type() == Protocol.REP_ERR_UNSUP) {
        return false;
      }
      if (reply.isError()) {
        throw refused(reply);
      }
      if (reply.type() == Protocol.REP_ACK) {
        if (!described) {
          throw new ProtocolException("the server does not say what the export is");
        }
        return true;
      }
      if (reply.type() != Protocol.REP_INFO || reply.data().remaining() < 2) {
        throw new ProtocolException("the server answers in an unknown way");
      }
      described |= inform(reply.data());
    }
  }

  private ProtocolException refused(Reply reply) {
    String why =
        switch (reply.type()) {
          case Protocol.REP_ERR_UNKNOWN -> "there is no export '" + export + "'";
          case Protocol.REP_ERR_POLICY -> "the server does not permit it";
          case Protocol.REP_ERR_TLS_REQD -> "the server wants TLS, which is not spoken here";
          case Protocol.REP_ERR_SHUTDOWN -> "the server is closing";
          case Protocol.REP_ERR_BLOCK_SIZE_REQD -> "the server wants blocks of a size of its own";
          default -> "the server refuses the export";
        };
    String message = reply.message();
    return new ProtocolException(message.isEmpty() ? why : why + " (" + message + ")");
  }

  /** Takes a piece of information; whether it is the one that there must be. */
  private boolean inform(ByteBuffer info) throws ProtocolException {
    int kind = info.getShort();
    if (kind == Protocol.INFO_EXPORT) {
      if (info.remaining() != 10) {
        throw new ProtocolException("the server describes the export in an unknown way");
      }
      size = info.getLong();
      flags = info.getShort() & 0xffff;
      return true;
    }
    if (kind == Protocol.INFO_BLOCK_SIZE) {
      if (info.remaining() != 12) {
        throw new ProtocolException("the server describes its blocks in an unknown way");
      }
      int smallest = info.getInt();
      info.getInt();
      int largest = info.getInt();
      if (Integer.bitCount(smallest) != 1 || smallest < 1 || smallest > LARGEST_BLOCK) {
        throw new ProtocolException("the server wants blocks of " + smallest + " bytes");
      }
      if (Integer.compareUnsigned(largest, smallest) < 0) {
        throw new ProtocolException("the server takes less than a block");
      }
      smallestBlock = smallest;
      largestPayload =
          Integer.compareUnsigned(largest, Protocol.LARGEST_PAYLOAD) > 0
              ? Protocol.LARGEST_PAYLOAD
              : largest / smallest * smallest;
    }
    return false;
  }

  private void exportName(boolean noZeroes) throws IOException {
    send(Protocol.OPT_EXPORT_NAME, ByteBuffer.wrap(exportBytes()));
    if (!input.await(10)) {
      throw new ProtocolException("the server has no export '" + export + "', or refuses it");
    }
    size = input.getLong();
    flags = input.getShort() & 0xffff;
    if (!noZeroes) {
      input.need(Protocol.RESERVED_BYTES);
      input.skip(Protocol.RESERVED_BYTES);
    }
  }
}
