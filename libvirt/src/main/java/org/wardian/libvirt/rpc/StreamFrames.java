package org.wardian.libvirt.rpc;

import org.wardian.libvirt.xdr.XdrException;

/** The messages of a stream, all with the numbers of the call that opened it. */
public record StreamFrames(Header call) {
  /**
   * Bytes.
   *
   * @param length up to {@link Frame#STREAM_BYTES}
   */
  public Frame data(byte[] from, int offset, int length) {
    try {
      return Frame.of(call.answer(MessageType.STREAM, Header.CONTINUE), from, offset, length);
    } catch (XdrException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Says that the daemon sends no more: no bytes. */
  public Frame endOfData() {
    return Frame.of(call.answer(MessageType.STREAM, Header.CONTINUE));
  }

  /** Zeros that are not sent. */
  public Frame hole(long length) {
    try {
      return Frame.of(
          call.answer(MessageType.STREAM_HOLE, Header.CONTINUE),
          out -> {
            out.int64(length);
            out.int32(0);
          });
    } catch (XdrException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Ends the stream well, or confirms that it has ended. */
  public Frame finish() {
    return Frame.of(call.answer(MessageType.STREAM, Header.OK));
  }

  /** Ends the stream before its end: a client's way, which gives no reason. */
  public Frame abort() {
    return Frame.of(call.answer(MessageType.STREAM, Header.ERROR));
  }
}
