package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.wardian.storage.ImageNames;

/** Reads a server's answers and hands them to the calls that wait for them. */
final class ReplyReader {
  private static final int MOST_STATUSES = 1 << 16;

  private final WireInput input;
  private final ClientAgreement agreement;
  private final Map<Long, Call> calls;

  ReplyReader(WireInput input, ClientAgreement agreement, Map<Long, Call> calls) {
    this.input = input;
    this.agreement = agreement;
    this.calls = calls;
  }

  /**
   * Reads one message, of which the first four bytes are there.
   *
   * @throws ProtocolException where it is none that can be
   */
  void next() throws IOException {
    int magic = input.getInt();
    if (magic == Protocol.SIMPLE_REPLY) {
      simple();
    } else if (magic == Protocol.STRUCTURED_REPLY && agreement.structured()) {
      chunk();
    } else {
      throw new ProtocolException("the server sent 0x" + Integer.toHexString(magic));
    }
  }

  private Call call(long handle) throws ProtocolException {
    Call call = calls.get(handle);
    if (call == null) {
      throw new ProtocolException("the server answers what was not asked");
    }
    return call;
  }

  private void answered(long handle) {
    Call call = calls.remove(handle);
    if (call != null) {
      call.answered();
    }
  }

  private void simple() throws IOException {
    input.need(Protocol.SIMPLE_REPLY_BYTES - Integer.BYTES);
    int error = input.getInt();
    long handle = input.getLong();
    Call call = call(handle);
    call.error = error;
    if (call.type == Protocol.CMD_READ) {
      if (agreement.structured()) {
        throw new ProtocolException("the server answers a read in the old way");
      }
      if (error == 0) {
        input.read(call.target.duplicate());
      }
    } else if (call.type == Protocol.CMD_BLOCK_STATUS && error == 0) {
      throw new ProtocolException("the server tells nothing of a range");
    }
    answered(handle);
  }

  private void chunk() throws IOException {
    input.need(Protocol.CHUNK_BYTES - Integer.BYTES);
    int flags = input.getShort();
    int type = Short.toUnsignedInt(input.getShort());
    long handle = input.getLong();
    long length = Integer.toUnsignedLong(input.getInt());
    Call call = call(handle);
    switch (type) {
      case Protocol.CHUNK_NONE -> {
        if (length != 0 || (flags & Protocol.CHUNK_DONE) == 0) {
          throw new ProtocolException("an empty chunk that is not empty or not the last");
        }
      }
      case Protocol.CHUNK_OFFSET_DATA -> data(call, length);
      case Protocol.CHUNK_OFFSET_HOLE -> hole(call, length);
      case Protocol.CHUNK_BLOCK_STATUS -> status(call, length);
      default -> {
        if ((type & Protocol.CHUNK_ERROR_BIT) == 0) {
          throw new ProtocolException("a chunk of the unknown type " + type);
        }
        error(call, length);
      }
    }
    if ((flags & Protocol.CHUNK_DONE) != 0) {
      end(call);
      answered(handle);
    }
  }

  private static void end(Call call) throws ProtocolException {
    if (call.error != 0) {
      return;
    }
    if (!call.coverage.complete()) {
      throw new ProtocolException("the server did not send all of a read");
    }
    if (call.type == Protocol.CMD_BLOCK_STATUS && call.statuses.isEmpty()) {
      throw new ProtocolException("the server tells nothing of a range");
    }
  }

  private ByteBuffer room(Call call, long offset, long bytes) throws ProtocolException {
    if (call.type != Protocol.CMD_READ) {
      throw new ProtocolException("the server sent data that nobody asked for");
    }
    // Wraps around only to a negative number, which is outside too.
    call.coverage.add(offset - call.offset, bytes);
    int at = call.target.position() + (int) (offset - call.offset);
    return call.target.duplicate().limit(at + (int) bytes).position(at);
  }

  private void data(Call call, long length) throws IOException {
    if (length < 9) {
      throw new ProtocolException("a chunk of data without data");
    }
    input.need(8);
    input.read(room(call, input.getLong(), length - 8));
  }

  private void hole(Call call, long length) throws IOException {
    if (length != 12) {
      throw new ProtocolException("a hole of " + length + " bytes");
    }
    input.need(12);
    long offset = input.getLong();
    ByteBuffer room = room(call, offset, Integer.toUnsignedLong(input.getInt()));
    while (room.remaining() >= Long.BYTES) {
      room.putLong(0);
    }
    while (room.hasRemaining()) {
      room.put((byte) 0);
    }
  }

  private void status(Call call, long length) throws IOException {
    long count = (length - 4) / 8;
    if (call.type != Protocol.CMD_BLOCK_STATUS
        || length < 12
        || length % 8 != 4
        || count > MOST_STATUSES) {
      throw new ProtocolException("the statuses of a range in " + length + " bytes");
    }
    input.need(4);
    // One context is asked for at a connection.
    if (!agreement.contexts().containsKey(input.getInt()) || !call.statuses.isEmpty()) {
      throw new ProtocolException("a metadata context that was not agreed on, or twice");
    }
    long left = call.length;
    for (long i = 0; i < count; i++) {
      input.need(8);
      long run = Integer.toUnsignedLong(input.getInt());
      int flags = input.getInt();
      if (run == 0) {
        throw new ProtocolException("a status of no bytes");
      }
      // The last may reach further than what was asked.
      long used = Math.min(run, left);
      if (used > 0) {
        call.statuses.add(new Call.Status(used, flags));
      }
      left -= used;
    }
  }

  private void error(Call call, long length) throws IOException {
    if (length < 6 || length > Protocol.LARGEST_OPTION) {
      throw new ProtocolException("an error in " + length + " bytes");
    }
    input.need(6);
    int error = input.getInt();
    int text = Short.toUnsignedInt(input.getShort());
    if (error == 0 || text > length - 6) {
      throw new ProtocolException("an error that is none, or ends too early");
    }
    call.error = error;
    call.message = ImageNames.printable(new String(input.bytes(text), StandardCharsets.UTF_8));
    input.skip(length - 6 - text);
  }
}
