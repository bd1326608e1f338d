package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Semaphore;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Scatter;

/**
 * The server's part of the transmission phase. One thread reads requests; what may wait for a disk
 * goes to others, so answers come in any order.
 */
final class Transmission {
  /** The longest data in bytes that are not worth a thread of their own. */
  private static final int LONGEST_NOW = 32 << 10;

  private final NbdServer server;
  private final Agreement agreement;
  private final BlockImage image;
  private final WireInput input;
  private final Wire wire;
  private final Replies replies;
  private final Execution execution;
  private final Buffers buffers;
  private final int mostRequests;
  private final Semaphore places;

  Transmission(NbdServer server, Agreement agreement, Wire wire, WireInput input) {
    this.server = server;
    this.agreement = agreement;
    this.image = agreement.export().image();
    this.wire = wire;
    this.input = input;
    replies = new Replies(wire, agreement.structured());
    buffers = new Buffers(server.limits().bytesInFlight());
    execution = new Execution(agreement, replies, buffers);
    mostRequests = server.limits().requests();
    places = new Semaphore(mostRequests);
  }

  /** Serves until the client leaves; then nothing is under way any more. */
  void run() throws IOException {
    try {
      while (input.await(Protocol.REQUEST_BYTES)) {
        Request request = next();
        if (request.type() == Protocol.CMD_DISC) {
          return;
        }
        serve(request);
      }
    } finally {
      places.acquireUninterruptibly(mostRequests);
    }
  }

  private Request next() throws IOException {
    if (input.getInt() != Protocol.REQUEST) {
      throw new ProtocolException("a request without its magic number");
    }
    int flags = Short.toUnsignedInt(input.getShort());
    int type = Short.toUnsignedInt(input.getShort());
    long handle = input.getLong();
    long offset = input.getLong();
    return new Request(flags, type, handle, offset, Integer.toUnsignedLong(input.getInt()));
  }

  private void serve(Request request) throws IOException {
    Refusal refusal = server.closing() ? Refusal.CLOSING : Refusal.of(request, agreement);
    if (refusal != null) {
      if (request.type() == Protocol.CMD_WRITE) {
        input.skip(request.length());
      }
      replies.failed(request.handle(), refusal.error(), refusal.message());
      return;
    }
    places.acquireUninterruptibly();
    boolean handedOver = false;
    try {
      handedOver =
          switch (request.type()) {
            case Protocol.CMD_READ -> read(request);
            case Protocol.CMD_WRITE -> write(request);
            default -> {
              submit(request, null);
              yield true;
            }
          };
    } finally {
      if (!handedOver) {
        places.release();
      }
    }
  }

  private boolean read(Request request) throws IOException {
    int length = (int) request.length();
    if (length > Protocol.PIECE) {
      submit(request, null);
      return true;
    }
    ByteBuffer data = buffers.take(length);
    boolean handedOver = false;
    try {
      if (length <= LONGEST_NOW && readNow(request.offset(), data)) {
        replies.data(request.handle(), request.offset(), data.flip());
      } else {
        submit(request, data.clear().limit(length));
        handedOver = true;
      }
    } finally {
      if (!handedOver) {
        buffers.give(data);
      }
    }
    return handedOver;
  }

  private boolean readNow(long offset, ByteBuffer data) {
    try {
      return image.readNow(offset, Scatter.of(data)) && !data.hasRemaining();
    } catch (IOException | RuntimeException e) {
      // It fails the ordinary way too, and there it is told.
      return false;
    }
  }

  private boolean write(Request request) throws IOException {
    if (request.length() > Protocol.PIECE) {
      writePieces(request);
      return false;
    }
    ByteBuffer data = buffers.take((int) request.length());
    boolean handedOver = false;
    try {
      input.read(data);
      data.flip();
      // With nothing behind it a hand-over would only cost time.
      if (input.waiting() == 0
          && data.remaining() <= LONGEST_NOW
          && !request.has(Protocol.FLAG_FUA)) {
        execution.carryOut(request, data);
      } else {
        submit(request, data);
        handedOver = true;
      }
    } finally {
      if (!handedOver) {
        buffers.give(data);
      }
    }
    return handedOver;
  }

  /** A write that is too long to be in memory as a whole. */
  private void writePieces(Request request) throws IOException {
    ByteBuffer piece = buffers.take(Protocol.PIECE);
    try {
      Exception failure = null;
      for (long at = 0; at < request.length(); at += Protocol.PIECE) {
        piece.clear().limit((int) Math.min(Protocol.PIECE, request.length() - at));
        input.read(piece);
        if (failure == null) {
          failure = execution.writePiece(request.offset() + at, piece.flip());
        }
      }
      execution.endWrite(request, failure);
    } finally {
      buffers.give(piece);
    }
  }

  /** Has another thread carry the request out, which gives its data back. */
  private void submit(Request request, ByteBuffer data) {
    server
        .workers()
        .execute(() -> {
          try {
            execution.carryOut(request, data);
          } catch (IOException e) {
            // The client does not take its answers: so much for it.
            wire.close();
          } finally {
            if (data != null) {
              buffers.give(data);
            }
            places.release();
          }
        });
  }
}
