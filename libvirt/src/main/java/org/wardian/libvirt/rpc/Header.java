package org.wardian.libvirt.rpc;

import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrReader;
import org.wardian.libvirt.xdr.XdrWriter;

/**
 * The six words before the payload ({@code virNetMessageHeader}).
 *
 * @param program number of the program
 * @param version its version
 * @param procedure number in the program
 * @param type a {@link MessageType}, or a number that is none
 * @param serial what ties replies and streams to their call
 * @param status {@link #OK}, {@link #ERROR} or {@link #CONTINUE}
 */
public record Header(int program, int version, int procedure, int type, int serial, int status) {
  /** All is well; of a stream: it ends. */
  public static final int OK = 0;

  /** The payload is an error. */
  public static final int ERROR = 1;

  /** More of a stream follows. */
  public static final int CONTINUE = 2;

  /** Bytes that it takes. */
  static final int SIZE = 24;

  static Header read(XdrReader in) throws XdrException {
    return new Header(
        in.int32("prog"),
        in.int32("vers"),
        in.int32("proc"),
        in.int32("type"),
        in.int32("serial"),
        in.int32("status"));
  }

  void write(XdrWriter out) throws XdrException {
    out.int32(program);
    out.int32(version);
    out.int32(procedure);
    out.int32(type);
    out.int32(serial);
    out.int32(status);
  }

  /** The type; null where the number is none. */
  public MessageType messageType() {
    return MessageType.of(type);
  }

  /** The header of an answer to this one, or of a message on the stream that it opened. */
  public Header answer(MessageType answerType, int answerStatus) {
    return new Header(program, version, procedure, answerType.ordinal(), serial, answerStatus);
  }
}
