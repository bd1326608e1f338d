package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.wardian.virtio.DriverQueue.Buffer;

/** A guest's side of 9P2000.L over a queue: a request at a time. */
final class P9Client {
  static final int ROOT = 0;

  private static final int ROOM = 64 << 10;
  private static final int ERROR = 7;

  private final TestDriver driver;
  private final DriverQueue queue;
  private final long out;
  private final long in;

  /** An answer that is no error: its fields, behind the header. */
  record Answer(ByteBuffer fields) {
    byte[] text() {
      byte[] text = new byte[fields.getShort() & 0xffff];
      fields.get(text);
      return text;
    }
  }

  /** The server answered with an error number. */
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final int errno;

    Refusal(int errno) {
      super("error number " + errno);
      this.errno = errno;
    }
  }

  P9Client(TestDriver driver, DriverQueue queue) {
    this(driver, queue, driver.allocate(ROOM), driver.allocate(ROOM));
  }

  private P9Client(TestDriver driver, DriverQueue queue, long out, long in) {
    this.driver = driver;
    this.queue = queue;
    this.out = out;
    this.in = in;
  }

  /** The same guest in a machine that was loaded from the state of this one. */
  P9Client movedTo(TestDriver other) {
    return new P9Client(other, queue.movedTo(other), out, in);
  }

  /**
   * Sends a request and awaits its answer.
   *
   * @param fields numbers by their width ({@code Byte} to {@code Long}), texts, {@code byte[]} as
   *     they are
   */
  Answer call(int type, Object... fields) {
    ByteBuffer message = ByteBuffer.allocate(ROOM).order(ByteOrder.LITTLE_ENDIAN);
    message.position(7);
    for (Object field : fields) {
      switch (field) {
        case Byte b -> message.put(b);
        case Short s -> message.putShort(s);
        case Integer i -> message.putInt(i);
        case Long l -> message.putLong(l);
        case String s -> text(message, s.getBytes(StandardCharsets.ISO_8859_1));
        case byte[] bytes -> message.put(bytes);
        default -> throw new IllegalArgumentException(field.toString());
      }
    }
    int length = message.position();
    message.putInt(0, length).put(4, (byte) type).putShort(5, (short) 0x1234);
    return send(message.array(), length, type);
  }

  private static void text(ByteBuffer message, byte[] bytes) {
    message.putShort((short) bytes.length).put(bytes);
  }

  private Answer send(byte[] message, int length, int type) {
    driver.machine.memory.write(out, message, 0, length);
    // In pieces, as drivers send them.
    int split = Math.min(11, length);
    List<Buffer> chain = new ArrayList<>();
    chain.add(new Buffer(out, split, false));
    if (length > split) {
      chain.add(new Buffer(out + split, length - split, false));
    }
    chain.add(new Buffer(in, 11, true));
    chain.add(new Buffer(in + 11, ROOM - 11, true));
    int written = queue.transact(chain);
    ByteBuffer answer = ByteBuffer.wrap(driver.read(in, written)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(answer.getInt()).as("size").isEqualTo(written);
    int kind = answer.get();
    assertThat(answer.getShort()).as("tag").isEqualTo((short) 0x1234);
    if (kind == ERROR) {
      throw new Refusal(answer.getInt());
    }
    assertThat(kind).as("type").isEqualTo(type + 1);
    return new Answer(answer.slice().order(ByteOrder.LITTLE_ENDIAN));
  }

  /** The error number of a request, 0 where it is done. */
  int errno(int type, Object... fields) {
    try {
      call(type, fields);
      return 0;
    } catch (Refusal e) {
      return e.errno;
    }
  }

  // The requests that most tests make.

  void begin() {
    Answer answer = call(100, 32 << 10, "9P2000.L");
    assertThat(answer.fields().getInt()).isEqualTo(32 << 10);
    assertThat(answer.text()).asString().isEqualTo("9P2000.L");
    call(104, ROOT, -1, "root", "", 0);
  }

  /** Gives a fid to what names lead to; a number of names that were found. */
  int walk(int from, int to, String... names) {
    Object[] fields = new Object[3 + names.length];
    fields[0] = from;
    fields[1] = to;
    fields[2] = (short) names.length;
    System.arraycopy(names, 0, fields, 3, names.length);
    return call(110, fields).fields().getShort();
  }

  void clunk(int fid) {
    call(120, fid);
  }

  void open(int fid, int flags) {
    call(12, fid, flags);
  }

  byte[] read(int fid, long offset, int count) {
    ByteBuffer fields = call(116, fid, offset, count).fields();
    byte[] bytes = new byte[fields.getInt()];
    fields.get(bytes);
    return bytes;
  }

  int write(int fid, long offset, byte[] bytes) {
    return call(118, fid, offset, bytes.length, bytes).fields().getInt();
  }

  /** The names of an open folder. */
  List<String> list(int fid, int count) {
    List<String> names = new ArrayList<>();
    long offset = 0;
    while (true) {
      ByteBuffer fields = call(40, fid, offset, count).fields();
      int length = fields.getInt();
      assertThat(length).isLessThanOrEqualTo(count).isEqualTo(fields.remaining());
      if (length == 0) {
        return names;
      }
      while (fields.hasRemaining()) {
        fields.position(fields.position() + 13);
        offset = fields.getLong();
        fields.get();
        names.add(new String(new Answer(fields).text(), StandardCharsets.UTF_8));
      }
    }
  }
}
