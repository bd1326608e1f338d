package org.wardian.libvirt.rpc;

import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.host.Descriptor;
import org.wardian.libvirt.xdr.XdrReader;

/**
 * Cuts what a transport brings into messages. A length that was announced is not believed: memory
 * grows with the bytes that have come, at most to twice as much.
 */
final class MessageReader {
  private static final int BUFFER = 16_384;

  /** Payloads up to this are allocated at once. */
  private static final int TRUSTED = 65_536;

  private final Transport transport;
  private final byte[] buffer = new byte[BUFFER];
  private int start;
  private int end;
  private long received;

  MessageReader(Transport transport) {
    this.transport = transport;
  }

  /**
   * Waits for a message.
   *
   * @return the message; null when the connection ended between two
   * @throws ProtocolException for what is no message; the connection is of no more use
   * @throws IOException when the connection broke
   */
  Message next() throws IOException {
    if (!need(4, true)) {
      return null;
    }
    int length = new XdrReader(buffer, start, 4).int32("length");
    if (length < Frame.SMALLEST || length > Frame.LARGEST) {
      throw new ProtocolException(
          "a message of " + Integer.toUnsignedString(length) + " bytes from " + peer());
    }
    need(Frame.SMALLEST, false);
    Header header = Header.read(new XdrReader(buffer, start + 4, Header.SIZE));
    start += Frame.SMALLEST;
    byte[] payload = payload(length - Frame.SMALLEST);
    MessageType type = header.messageType();
    if (type == null || !type.hasDescriptors()) {
      return new Message(header, payload, List.of());
    }
    if (payload.length < 4) {
      throw new ProtocolException("no count of descriptors from " + peer());
    }
    int count = new XdrReader(payload).int32("nfds");
    if (count < 0 || count > Frame.DESCRIPTORS) {
      throw new ProtocolException(
          Integer.toUnsignedString(count) + " descriptors with a message from " + peer());
    }
    return new Message(header, Arrays.copyOfRange(payload, 4, payload.length), descriptors(count));
  }

  private String peer() {
    return transport.peer().address();
  }

  private List<Descriptor> descriptors(int count) throws IOException {
    List<Descriptor> taken = new ArrayList<>(count);
    try {
      for (int i = 0; i < count; i++) {
        need(1, false);
        List<Descriptor> passed = transport.passedAt(received - (end - start));
        start++;
        if (passed.isEmpty()) {
          throw new ProtocolException("a descriptor did not come from " + peer());
        }
        taken.add(passed.getFirst());
        passed.subList(1, passed.size()).forEach(Descriptor::close);
      }
      return List.copyOf(taken);
    } catch (IOException e) {
      taken.forEach(Descriptor::close);
      throw e;
    }
  }

  /** Has {@code count} bytes in the buffer; false only where the end is allowed and has come. */
  private boolean need(int count, boolean mayEnd) throws IOException {
    if (end - start >= count) {
      return true;
    }
    if (start > 0) {
      System.arraycopy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    while (end < count) {
      int got = transport.read(buffer, end, BUFFER - end);
      if (got < 0) {
        if (mayEnd && end == 0) {
          return false;
        }
        throw new EOFException("the connection to " + peer() + " ended within a message");
      }
      end += got;
      received += got;
    }
    return true;
  }

  private byte[] payload(int length) throws IOException {
    byte[] payload = new byte[Math.min(length, TRUSTED)];
    int done = Math.min(length, end - start);
    System.arraycopy(buffer, start, payload, 0, done);
    start += done;
    while (done < length) {
      if (done == payload.length) {
        payload = Arrays.copyOf(payload, (int) Math.min(length, 2L * done));
      }
      int got = transport.read(payload, done, payload.length - done);
      if (got < 0) {
        throw new EOFException("the connection to " + peer() + " ended within a message");
      }
      done += got;
      received += got;
    }
    return payload;
  }

  /** The bytes that were read and are no part of a message yet, which leave this reader. */
  byte[] leftOver() {
    byte[] rest = Arrays.copyOfRange(buffer, start, end);
    start = 0;
    end = 0;
    return rest;
  }
}
