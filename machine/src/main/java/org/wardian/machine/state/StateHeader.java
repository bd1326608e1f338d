package org.wardian.machine.state;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The first bytes of a saved state: where everything lies. They are written last, so that a state
 * that was not finished is none.
 *
 * <p>Layout, big-endian: {@link #MAGIC} (8 bytes), version (4), whether memory lies sparsely (4),
 * size of the whole (8), offset and length of the memory (8 each), then offset (8), length (8) and
 * CRC-32C (4) of four records: description, devices, memory index, disks; and the CRC-32C of all
 * this.
 *
 * @param sparse whether memory lies as the guest sees it, with its zeroes; else stored pages follow
 *     one another
 * @param size bytes of the whole
 * @param memory where the memory lies; its CRC-32C is not used
 * @param description what machine it is
 * @param devices what state its devices are in
 * @param index which pages of memory are stored
 * @param disks what its disks were; of length 0 for none
 */
public record StateHeader(
    boolean sparse,
    long size,
    Section memory,
    Section description,
    Section devices,
    Section index,
    Section disks) {
  /** Where records may begin: behind the header. */
  static final int FIRST_RECORD = 4096;

  /** Where memory begins; a multiple of the host's largest pages. */
  static final long FIRST_MEMORY = 64 << 10;

  /** What every state begins with: "WARDSAVE". */
  static final long MAGIC = 0x5741_5244_5341_5645L;

  static final int VERSION = 1;
  private static final int CHECKED = 8 + 4 + 4 + 8 + 16 + 4 * 20;

  /** Bytes of the header. */
  static final int LENGTH = CHECKED + 4;

  /** A larger record is none of ours: a display's memory is the largest thing in it. */
  private static final long LARGEST_RECORD = 512L << 20;

  /**
   * A part of the state.
   *
   * @param offset from the start
   * @param length bytes
   * @param checksum CRC-32C of it
   */
  public record Section(long offset, long length, int checksum) {
    static final Section NONE = new Section(0, 0, 0);

    static Section of(long offset, byte[] content) {
      return new Section(offset, content.length, StateHeader.checksum(content));
    }

    private void put(ByteBuffer to) {
      to.putLong(offset).putLong(length).putInt(checksum);
    }

    private static Section get(ByteBuffer from) {
      return new Section(from.getLong(), from.getLong(), from.getInt());
    }

    private boolean within(long size) {
      return offset >= 0 && length >= 0 && offset <= size && length <= size - offset;
    }
  }

  static int checksum(byte[] content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    return (int) crc.getValue();
  }

  /** The header as it is written. */
  ByteBuffer toBytes() {
    ByteBuffer out = ByteBuffer.allocate(LENGTH);
    out.putLong(MAGIC).putInt(VERSION).putInt(sparse ? 1 : 0).putLong(size);
    out.putLong(memory.offset).putLong(memory.length);
    description.put(out);
    devices.put(out);
    index.put(out);
    disks.put(out);
    return out.putInt(checksum(java.util.Arrays.copyOf(out.array(), CHECKED))).flip();
  }

  /** The same with a record of disks. */
  StateHeader with(Section newDisks) {
    return new StateHeader(sparse, size, memory, description, devices, index, newDisks);
  }

  /**
   * Reads a header.
   *
   * @param bytes {@link #LENGTH} of them
   * @param size bytes that there are
   * @throws StateFileException where it is none, or speaks of what is not there
   */
  static StateHeader of(ByteBuffer bytes, long size, String name) throws StateFileException {
    byte[] all = new byte[LENGTH];
    bytes.get(all);
    ByteBuffer in = ByteBuffer.wrap(all);
    if (in.getLong() != MAGIC) {
      throw new StateFileException(name + " is no saved machine");
    }
    int version = in.getInt();
    if (version != VERSION) {
      throw new StateFileException(
          name + " has version " + version + " of the format; this Wardian reads " + VERSION);
    }
    if (in.getInt(CHECKED) != checksum(java.util.Arrays.copyOf(all, CHECKED))) {
      throw new StateFileException(name + " is damaged: its header's checksum is wrong");
    }
    int sparse = in.getInt();
    long wholeSize = in.getLong();
    if (wholeSize > size) {
      throw new StateFileException(
          "%s is truncated: it has %d of %d bytes".formatted(name, size, wholeSize));
    }
    Section memory = new Section(in.getLong(), in.getLong(), 0);
    StateHeader header =
        new StateHeader(
            sparse == 1,
            wholeSize,
            memory,
            Section.get(in),
            Section.get(in),
            Section.get(in),
            Section.get(in));
    Section[] records = {header.description, header.devices, header.index, header.disks};
    boolean good = (sparse | 1) == 1 && memory.within(wholeSize);
    for (Section record : records) {
      good &= record.within(wholeSize) && record.length <= LARGEST_RECORD;
    }
    if (!good || header.sparse && memory.offset != FIRST_MEMORY) {
      throw new StateFileException(name + " is damaged: its header names parts that cannot be");
    }
    return header;
  }
}
