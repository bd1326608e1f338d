package org.wardian.libvirt.rpc;

import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.libvirt.xdr.XdrException;
import org.wardian.libvirt.xdr.XdrStruct;
import org.wardian.libvirt.xdr.XdrWriter;

/**
 * A message that is ready to be sent: length word, header, payload.
 *
 * @param bytes holds them from its beginning
 * @param length how many they are
 * @param descriptors files that follow, which the sender closes
 */
public record Frame(byte[] bytes, int length, List<Descriptor> descriptors) {
  /** Largest length word ({@code VIR_NET_MESSAGE_MAX} and the word itself). */
  public static final int LARGEST = 33_554_436;

  /** Smallest length word: the word and a header. */
  public static final int SMALLEST = 4 + Header.SIZE;

  /** Bytes of a stream that one message carries at most, by custom of both sides. */
  public static final int STREAM_BYTES = 262_120;

  /** Descriptors that one message carries at most ({@code VIR_NET_MESSAGE_NUM_FDS_MAX}). */
  public static final int DESCRIPTORS = 32;

  /**
   * With a structure as payload.
   *
   * @throws XdrException where a value exceeds the protocol's limits
   */
  public static Frame of(Header header, XdrStruct body) throws XdrException {
    return of(header, body, List.of());
  }

  /**
   * With a structure and files; the type must be one that has descriptors.
   *
   * @throws XdrException where a value exceeds the protocol's limits
   */
  public static Frame of(Header header, XdrStruct body, List<Descriptor> descriptors)
      throws XdrException {
    XdrWriter out = begin(header);
    MessageType type = header.messageType();
    if (type != null && type.hasDescriptors()) {
      if (descriptors.size() > DESCRIPTORS) {
        throw new XdrException(
            descriptors.size() + " descriptors in a message, at most " + DESCRIPTORS);
      }
      out.int32(descriptors.size());
    }
    body.write(out);
    return finish(out, descriptors);
  }

  /** With bytes as payload, or none. */
  public static Frame of(Header header, byte[] from, int offset, int length) throws XdrException {
    XdrWriter out = begin(header);
    out.raw(from, offset, length);
    return finish(out, List.of());
  }

  /** Without a payload. */
  public static Frame of(Header header) {
    try {
      return finish(begin(header), List.of());
    } catch (XdrException e) {
      throw new IllegalStateException(e);
    }
  }

  private static XdrWriter begin(Header header) throws XdrException {
    XdrWriter out = new XdrWriter(LARGEST);
    out.int32(0);
    header.write(out);
    return out;
  }

  private static Frame finish(XdrWriter out, List<Descriptor> descriptors) {
    out.patch(0, out.size());
    return new Frame(out.array(), out.size(), descriptors);
  }

  /** Closes the files, sent or not. */
  void closeDescriptors() {
    descriptors.forEach(Descriptor::close);
  }
}
