package org.wardian.storage.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.Extent;
import org.wardian.storage.NoSpaceException;
import org.wardian.storage.ReadOnlyImageException;

/** Carries requests out that were found to be in order, and answers them. */
final class Execution {
  /** Bytes of a read that are worth a look for holes. */
  private static final int WORTH_HOLES = 32 << 10;

  /** Descriptors of one context in an answer; the client asks for the rest. */
  private static final int MOST_STATUSES = 4096;

  private static final int STATUS_BYTES = 8;

  private final Agreement agreement;
  private final BlockImage image;
  private final Replies replies;
  private final Buffers buffers;

  Execution(Agreement agreement, Replies replies, Buffers buffers) {
    this.agreement = agreement;
    this.image = agreement.export().image();
    this.replies = replies;
    this.buffers = buffers;
  }

  /** An action on the image whose failure is the client's to hear. */
  private interface Action {
    void run() throws IOException;
  }

  /**
   * Carries out and answers.
   *
   * @param data of a write, or room for a read of up to {@link Protocol#PIECE}; else null
   * @throws IOException where the answer cannot be sent
   */
  void carryOut(Request request, ByteBuffer data) throws IOException {
    long offset = request.offset();
    long length = request.length();
    switch (request.type()) {
      case Protocol.CMD_READ -> read(request, data);
      case Protocol.CMD_WRITE -> answer(request, () -> image.write(offset, data));
      case Protocol.CMD_FLUSH -> answer(request, image::flush);
      case Protocol.CMD_TRIM -> answer(request, () -> image.discard(offset, length));
      case Protocol.CMD_WRITE_ZEROES ->
          answer(
              request,
              () -> image.writeZeroes(offset, length, !request.has(Protocol.FLAG_NO_HOLE)));
      case Protocol.CMD_CACHE -> answer(request, () -> cache(offset, length));
      case Protocol.CMD_BLOCK_STATUS -> status(request);
      default -> throw new IllegalStateException("a command that should have been refused");
    }
  }

  private void answer(Request request, Action action) throws IOException {
    Exception failure = attempt(action);
    end(request, failure);
  }

  private static Exception attempt(Action action) {
    try {
      action.run();
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }

  /** Writes a piece of a long write; why it failed, or null. */
  Exception writePiece(long offset, ByteBuffer piece) {
    return attempt(() -> image.write(offset, piece));
  }

  /** Answers a write whose data have been written. */
  void endWrite(Request request, Exception failure) throws IOException {
    end(request, failure);
  }

  private void end(Request request, Exception failure) throws IOException {
    Exception found = failure;
    if (found == null && request.changes() && request.has(Protocol.FLAG_FUA)) {
      found = attempt(image::flush);
    }
    if (found == null) {
      replies.done(request.handle());
    } else {
      fail(request, found);
    }
  }

  /** What the host's failure is to a client, which need not know the names of our files. */
  private void fail(Request request, Exception failure) throws IOException {
    long handle = request.handle();
    switch (failure) {
      case NoSpaceException full -> replies.failed(handle, Protocol.ENOSPC, "no room is left");
      case ReadOnlyImageException readOnly ->
          replies.failed(handle, Protocol.EPERM, "the image is read-only");
      case IndexOutOfBoundsException out ->
          replies.failed(handle, Protocol.EINVAL, "the range leaves the image");
      default -> replies.failed(handle, Protocol.EIO, "the image cannot be read or written there");
    }
  }

  private void cache(long offset, long length) throws IOException {
    if (length > Protocol.LARGEST_PAYLOAD) {
      return; // It is advice, and not worth that much reading.
    }
    ByteBuffer piece = buffers.take(Protocol.PIECE);
    try {
      for (long at = 0; at < length; at += Protocol.PIECE) {
        image.read(offset + at, piece.clear().limit((int) Math.min(Protocol.PIECE, length - at)));
      }
    } finally {
      buffers.give(piece);
    }
  }

  private void read(Request request, ByteBuffer data) throws IOException {
    boolean whole = data != null;
    boolean seek =
        replies.structured() && !request.has(Protocol.FLAG_DF) && request.length() >= WORTH_HOLES;
    if (whole && !seek) {
      Exception failure = attempt(() -> image.read(request.offset(), data));
      if (failure == null) {
        replies.data(request.handle(), request.offset(), data.flip());
      } else {
        fail(request, failure);
      }
      return;
    }
    ByteBuffer piece = whole ? data : buffers.take(Protocol.PIECE);
    try {
      pieces(request, piece, seek);
    } finally {
      if (!whole) {
        buffers.give(piece);
      }
    }
  }

  /** A read that is told in pieces, because it is long or has holes. */
  private void pieces(Request request, ByteBuffer piece, boolean seek) throws IOException {
    long end = request.offset() + request.length();
    boolean begun = false;
    for (long at = request.offset(); at < end; ) {
      long from = at;
      long left = end - at;
      Extent[] found = new Extent[1];
      Exception failure = attempt(() -> found[0] = seek ? image.extent(from, left) : null);
      long run = found[0] == null ? left : Math.clamp(found[0].length(), 1, left);
      boolean hole = found[0] != null && found[0].kind() != Extent.Kind.DATA;
      if (failure == null && !hole) {
        run = Math.min(run, piece.capacity());
        piece.clear().limit((int) run);
        failure = attempt(() -> image.read(from, piece));
      }
      if (failure != null) {
        if (begun) {
          replies.endPieces(request.handle(), false);
        }
        if (!begun || replies.structured()) {
          fail(request, failure);
        }
        return;
      }
      if (!begun) {
        replies.beginPieces(request.handle());
        begun = true;
      }
      boolean sent = false;
      try {
        if (hole) {
          replies.hole(request.handle(), from, (int) run);
        } else if (replies.structured() && run == request.length()) {
          replies.data(request.handle(), from, piece.flip());
          return;
        } else {
          replies.piece(request.handle(), from, piece.flip());
        }
        sent = true;
      } finally {
        if (!sent && !replies.structured()) {
          replies.endPieces(request.handle(), false);
        }
      }
      at += run;
    }
    replies.endPieces(request.handle(), true);
  }

  private void status(Request request) throws IOException {
    List<MetaContext> contexts = agreement.contexts();
    ByteBuffer[] statuses = new ByteBuffer[contexts.size()];
    Exception failure =
        attempt(() -> {
          for (int i = 0; i < statuses.length; i++) {
            statuses[i] = statuses(request, contexts.get(i));
          }
        });
    if (failure != null) {
      fail(request, failure);
      return;
    }
    for (int i = 0; i < statuses.length; i++) {
      replies.statuses(request.handle(), i == statuses.length - 1, i, statuses[i]);
    }
  }

  private ByteBuffer statuses(Request request, MetaContext context) throws IOException {
    int most = request.has(Protocol.FLAG_REQ_ONE) ? 1 : MOST_STATUSES;
    ByteBuffer list = ByteBuffer.allocate(most * STATUS_BYTES);
    long end = request.offset() + request.length();
    long at = request.offset();
    long run = 0;
    int flags = 0;
    while (at < end) {
      MetaContext.Status status = context.status(image, at, end - at);
      if (run > 0 && status.flags() != flags) {
        list.putInt((int) run).putInt(flags);
        run = 0;
        if (!list.hasRemaining()) {
          break;
        }
      }
      flags = status.flags();
      run += status.length();
      at += status.length();
    }
    if (run > 0) {
      list.putInt((int) run).putInt(flags);
    }
    return list.flip();
  }
}
