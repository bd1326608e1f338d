package org.wardian.boot.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * A small assembler for AML, the byte code of ACPI (ACPI specification 6.5, §20.2). Blocks are
 * written by a callback into a writer of their own, so that their length is known.
 */
public final class AmlWriter {

  private static final int ZERO_OP = 0x00;
  private static final int ONE_OP = 0x01;
  private static final int NAME_OP = 0x08;
  private static final int BYTE_PREFIX = 0x0a;
  private static final int WORD_PREFIX = 0x0b;
  private static final int DWORD_PREFIX = 0x0c;
  private static final int STRING_PREFIX = 0x0d;
  private static final int QWORD_PREFIX = 0x0e;
  private static final int SCOPE_OP = 0x10;
  private static final int BUFFER_OP = 0x11;
  private static final int PACKAGE_OP = 0x12;
  private static final int METHOD_OP = 0x14;
  private static final int DUAL_NAME_PREFIX = 0x2e;
  private static final int MULTI_NAME_PREFIX = 0x2f;
  private static final int EXT_PREFIX = 0x5b;
  private static final int LOCAL0_OP = 0x60;
  private static final int ARG0_OP = 0x68;
  private static final int STORE_OP = 0x70;
  private static final int AND_OP = 0x7b;
  private static final int REGION_OP = 0x80;
  private static final int FIELD_OP = 0x81;
  private static final int NOTIFY_OP = 0x86;
  private static final int IF_OP = 0xa0;
  private static final int IO_SPACE = 1;

  /** Fields: double words, bits beside a field are written as zeroes (§20.2.5.2). */
  private static final int DOUBLE_WORDS_WITH_ZEROES = 0x43;

  private static final int DEVICE_OP = 0x82;
  private static final int RETURN_OP = 0xa4;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Creates an empty writer. */
  public AmlWriter() {}

  /**
   * The code so far.
   *
   * @return a copy
   */
  public byte[] toByteArray() {
    return bytes.toByteArray();
  }

  /**
   * Opens a name space that exists.
   *
   * @param path for instance {@code \_SB}
   * @param body what it contains
   * @return this
   */
  public AmlWriter scope(String path, Consumer<AmlWriter> body) {
    bytes.write(SCOPE_OP);
    return sized(writer -> body.accept(writer.path(path)));
  }

  /**
   * Defines a device.
   *
   * @param name four characters at most
   * @param body what it contains
   * @return this
   */
  public AmlWriter device(String name, Consumer<AmlWriter> body) {
    bytes.write(EXT_PREFIX);
    bytes.write(DEVICE_OP);
    return sized(writer -> body.accept(writer.path(name)));
  }

  /**
   * Defines a control method that is not serialized.
   *
   * @param name four characters at most
   * @param arguments count of its arguments, 0 to 7
   * @param body its code
   * @return this
   */
  public AmlWriter method(String name, int arguments, Consumer<AmlWriter> body) {
    bytes.write(METHOD_OP);
    return sized(writer -> {
      writer.path(name);
      writer.bytes.write(arguments);
      body.accept(writer);
    });
  }

  /**
   * A return statement; its value is what is written next.
   *
   * @return this
   */
  public AmlWriter returns() {
    bytes.write(RETURN_OP);
    return this;
  }

  /**
   * Defines a named object; its value is what is written next.
   *
   * @param path its name
   * @return this
   */
  public AmlWriter name(String path) {
    bytes.write(NAME_OP);
    return path(path);
  }

  /**
   * Writes an integer in its shortest form.
   *
   * @param value unsigned 64 bits
   * @return this
   */
  public AmlWriter integer(long value) {
    if (value == 0) {
      bytes.write(ZERO_OP);
    } else if (value == 1) {
      bytes.write(ONE_OP);
    } else if (value >>> 8 == 0) {
      bytes.write(BYTE_PREFIX);
      little(value, 1);
    } else if (value >>> 16 == 0) {
      bytes.write(WORD_PREFIX);
      little(value, 2);
    } else if (value >>> 32 == 0) {
      bytes.write(DWORD_PREFIX);
      little(value, 4);
    } else {
      bytes.write(QWORD_PREFIX);
      little(value, 8);
    }
    return this;
  }

  /**
   * Writes a string.
   *
   * @param value ASCII without NUL
   * @return this
   */
  public AmlWriter string(String value) {
    bytes.write(STRING_PREFIX);
    bytes.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    bytes.write(0);
    return this;
  }

  /**
   * Writes a compressed EISA identifier (ACPI specification 6.5, §19.3.4): three letters of five
   * bits and four hexadecimal digits, big-endian.
   *
   * @param id for instance {@code PNP0A08}
   * @return this
   */
  public AmlWriter eisaId(String id) {
    if (!id.matches("[A-Z]{3}[0-9A-F]{4}")) {
      throw new IllegalArgumentException("EISA identifier " + id);
    }
    int value =
        (id.charAt(0) - '@') << 26
            | (id.charAt(1) - '@') << 21
            | (id.charAt(2) - '@') << 16
            | Integer.parseInt(id.substring(3), 16);
    return integer(Integer.toUnsignedLong(Integer.reverseBytes(value)));
  }

  /**
   * Writes a package.
   *
   * @param count count of its elements, 0 to 255
   * @param elements writes the elements
   * @return this
   */
  public AmlWriter packageOf(int count, Consumer<AmlWriter> elements) {
    if (count < 0 || count > 255) {
      throw new IllegalArgumentException("package of " + count);
    }
    bytes.write(PACKAGE_OP);
    return sized(writer -> {
      writer.bytes.write(count);
      elements.accept(writer);
    });
  }

  /**
   * Writes a buffer.
   *
   * @param content its bytes
   * @return this
   */
  public AmlWriter buffer(byte[] content) {
    bytes.write(BUFFER_OP);
    return sized(writer -> writer.integer(content.length).bytes.writeBytes(content));
  }

  /**
   * Writes a resource template.
   *
   * @param resources its descriptors
   * @return this
   */
  public AmlWriter resources(ResourceTemplate resources) {
    return buffer(resources.toByteArray());
  }

  /**
   * Defines ports, and 32-bit fields over them in their order.
   *
   * @param region name of the ports
   * @param port the first
   * @param fields names of the fields
   * @return this
   */
  public AmlWriter ports(String region, int port, String... fields) {
    bytes.write(EXT_PREFIX);
    bytes.write(REGION_OP);
    path(region);
    bytes.write(IO_SPACE);
    integer(port).integer(4L * fields.length);
    bytes.write(EXT_PREFIX);
    bytes.write(FIELD_OP);
    return sized(writer -> {
      writer.path(region);
      writer.bytes.write(DOUBLE_WORDS_WITH_ZEROES);
      for (String field : fields) {
        // 32 bits as a PkgLength, which needs a second byte only from 64 on.
        writer.path(field).bytes.write(32);
      }
    });
  }

  /**
   * Stores what {@code value} writes into a named object.
   *
   * @return this
   */
  public AmlWriter store(Consumer<AmlWriter> value, String target) {
    bytes.write(STORE_OP);
    value.accept(this);
    return path(target);
  }

  /**
   * Stores a named object into a local variable.
   *
   * @return this
   */
  public AmlWriter load(String source, int local) {
    bytes.write(STORE_OP);
    path(source);
    bytes.write(LOCAL0_OP + local);
    return this;
  }

  /** A local variable of a method, 0 to 7. */
  public AmlWriter local(int number) {
    bytes.write(LOCAL0_OP + number);
    return this;
  }

  /** An argument of a method, 0 to 6. */
  public AmlWriter argument(int number) {
    bytes.write(ARG0_OP + number);
    return this;
  }

  /** A named object's value, or a call of a method whose arguments are what is written next. */
  public AmlWriter reference(String path) {
    return path(path);
  }

  /**
   * Code for when an argument has a bit.
   *
   * @param number the argument's
   * @param mask of the bit
   * @return this
   */
  public AmlWriter ifArgumentHas(int number, long mask, Consumer<AmlWriter> body) {
    bytes.write(IF_OP);
    return sized(writer -> {
      writer.bytes.write(AND_OP);
      writer.argument(number).integer(mask).bytes.write(0);
      body.accept(writer);
    });
  }

  /**
   * Tells the operating system about a device.
   *
   * @param value writes what
   * @return this
   */
  public AmlWriter notify(String device, Consumer<AmlWriter> value) {
    bytes.write(NOTIFY_OP);
    path(device);
    value.accept(this);
    return this;
  }

  /** Writes opcodes and operands as they are. */
  AmlWriter raw(int... codes) {
    for (int code : codes) {
      bytes.write(code);
    }
    return this;
  }

  /** Writes a block behind its opcodes. */
  AmlWriter block(Consumer<AmlWriter> body, int... opcodes) {
    return raw(opcodes).sized(body);
  }

  /** A block with its PkgLength (§20.2.4), which counts its own one to four bytes. */
  private AmlWriter sized(Consumer<AmlWriter> body) {
    AmlWriter inner = new AmlWriter();
    body.accept(inner);
    int content = inner.bytes.size();
    if (content + 1 <= 0x3f) {
      bytes.write(content + 1);
    } else {
      int extra = content + 2 <= 0xfff ? 1 : content + 3 <= 0xfffff ? 2 : 3;
      int length = content + 1 + extra;
      if (length >>> 28 != 0) {
        throw new IllegalArgumentException("AML block of " + content + " bytes");
      }
      bytes.write(extra << 6 | length & 15);
      little(length >>> 4, extra);
    }
    bytes.writeBytes(inner.toByteArray());
    return this;
  }

  /** Writes a NameString (§20.2.2): segments are padded with underscores. */
  private AmlWriter path(String path) {
    String rest = path;
    while (rest.startsWith("\\") || rest.startsWith("^")) {
      bytes.write(rest.charAt(0));
      rest = rest.substring(1);
    }
    String[] segments = rest.isEmpty() ? new String[0] : rest.split("\\.", -1);
    switch (segments.length) {
      case 0 -> bytes.write(0);
      case 1 -> {}
      case 2 -> bytes.write(DUAL_NAME_PREFIX);
      default -> {
        bytes.write(MULTI_NAME_PREFIX);
        bytes.write(segments.length);
      }
    }
    for (String segment : segments) {
      if (!segment.matches("[A-Z_][A-Z0-9_]{0,3}")) {
        throw new IllegalArgumentException("ACPI name " + path);
      }
      bytes.writeBytes((segment + "___").substring(0, 4).getBytes(StandardCharsets.US_ASCII));
    }
    return this;
  }

  private void little(long value, int count) {
    for (int i = 0; i < count; i++) {
      bytes.write((int) (value >>> 8 * i));
    }
  }
}
