package org.wardian.boot.acpi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A board's ACPI tables for firmware that places them itself: the tables with addresses relative to
 * their own start, the root pointer, and the script that says what to allocate, where to add an
 * address, and which checksums to make ("etc/table-loader" of QEMU's firmware configuration).
 */
public final class AcpiLoader {
  /** Name of the firmware configuration file of the tables. */
  public static final String TABLES = "etc/acpi/tables";

  /** Name of the firmware configuration file of the root pointer. */
  public static final String ROOT_POINTER = "etc/acpi/rsdp";

  /** Name of the firmware configuration file of the script. */
  public static final String SCRIPT = "etc/table-loader";

  private static final int COMMAND_LENGTH = 128;
  private static final int NAME_LENGTH = 56;
  private static final int ALLOCATE = 1;
  private static final int ADD_POINTER = 2;
  private static final int ADD_CHECKSUM = 3;
  private static final int ZONE_HIGH = 1;
  private static final int ZONE_BELOW_1M = 2;

  /** The file keeps its length when a window in it moves. */
  private static final int TABLES_UNIT = 0x1000;

  private static final int ROOT_POINTER_LENGTH = 36;
  private static final int ROOT_CHECKSUM = 8;
  private static final int ROOT_EXTENDED_CHECKSUM = 32;
  private static final int ROOT_SHORT_LENGTH = 20;
  private static final int ROOT_XSDT = 24;

  private final AcpiTables tables;
  private final byte[] content;
  private final byte[] rootPointer;
  private final byte[] script;

  /** Makes the files for a board. */
  public AcpiLoader(AcpiConfiguration board) {
    tables = new AcpiTables(board, 0);
    byte[] all = tables.build();
    rootPointer = Arrays.copyOf(all, ROOT_POINTER_LENGTH);
    content = Arrays.copyOf(all, all.length + TABLES_UNIT - 1 & -TABLES_UNIT);
    // The root pointer is a file of its own; what is here must not be taken for one.
    Arrays.fill(content, 0, ROOT_POINTER_LENGTH, (byte) 0);
    script = writeScript();
  }

  /** The tables. */
  public byte[] tables() {
    return content.clone();
  }

  /** The root pointer. */
  public byte[] rootPointer() {
    return rootPointer.clone();
  }

  /** The script. */
  public byte[] script() {
    return script.clone();
  }

  private byte[] writeScript() {
    int pointers = tables.pointers().size();
    int checksums = tables.checksummed().size();
    ByteBuffer out =
        ByteBuffer.allocate((2 + pointers + checksums + 3) * COMMAND_LENGTH)
            .order(ByteOrder.LITTLE_ENDIAN);
    allocate(out, TABLES, 64, ZONE_HIGH);
    allocate(out, ROOT_POINTER, 16, ZONE_BELOW_1M);
    for (AcpiTables.Pointer pointer : tables.pointers()) {
      pointer(out, TABLES, pointer.offset(), pointer.size());
    }
    for (AcpiTables.Extent table : tables.checksummed()) {
      clear(content, table.offset() + AcpiTable.CHECKSUM);
      checksum(out, TABLES, table.offset() + AcpiTable.CHECKSUM, table.offset(), table.length());
    }
    pointer(out, ROOT_POINTER, ROOT_XSDT, 8);
    clear(rootPointer, ROOT_CHECKSUM);
    clear(rootPointer, ROOT_EXTENDED_CHECKSUM);
    checksum(out, ROOT_POINTER, ROOT_CHECKSUM, 0, ROOT_SHORT_LENGTH);
    checksum(out, ROOT_POINTER, ROOT_EXTENDED_CHECKSUM, 0, ROOT_POINTER_LENGTH);
    return out.array();
  }

  private static void clear(byte[] bytes, int offset) {
    bytes[offset] = 0;
  }

  private static void begin(ByteBuffer out, int command) {
    out.position((out.position() + COMMAND_LENGTH - 1) / COMMAND_LENGTH * COMMAND_LENGTH);
    out.putInt(command);
  }

  private static void name(ByteBuffer out, String file) {
    out.put(Arrays.copyOf(file.getBytes(StandardCharsets.US_ASCII), NAME_LENGTH));
  }

  private static void allocate(ByteBuffer out, String file, int alignment, int zone) {
    begin(out, ALLOCATE);
    name(out, file);
    out.putInt(alignment).put((byte) zone);
  }

  /** Adds the address of the tables to the number at {@code offset} of a file. */
  private static void pointer(ByteBuffer out, String file, int offset, int size) {
    begin(out, ADD_POINTER);
    name(out, file);
    name(out, TABLES);
    out.putInt(offset).put((byte) size);
  }

  private static void checksum(ByteBuffer out, String file, int at, int start, int length) {
    begin(out, ADD_CHECKSUM);
    name(out, file);
    out.putInt(at).putInt(start).putInt(length);
  }
}
