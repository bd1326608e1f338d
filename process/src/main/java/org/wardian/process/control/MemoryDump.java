package org.wardian.process.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.wardian.machine.Machine;
import org.wardian.memory.GuestMemory;
import org.wardian.qmp.QmpException;

/**
 * The guest's memory as a core file (ELF gABI, "Program Header"): a segment for each region of RAM,
 * at its physical address. Pages that the guest never wrote are holes of the file.
 */
final class MemoryDump {
  private static final int HEADER = 64;
  private static final int SEGMENT = 56;
  private static final int PIECE = 1 << 20;

  private static final short CORE = 4;
  private static final short X86_64 = 62;
  private static final int LOAD = 1;
  private static final int READ_WRITE = 6;

  private MemoryDump() {}

  /** Writes all RAM; the machine stands still. */
  static void write(Machine machine, Path file) throws IOException {
    GuestMemory memory = machine.memory();
    List<GuestMemory.Region> regions =
        memory.regions().stream().filter(GuestMemory.Region::writable).toList();
    long start = align(HEADER + (long) SEGMENT * regions.size());
    try (FileChannel out = open(file)) {
      ByteBuffer head = ByteBuffer.allocate((int) start).order(ByteOrder.LITTLE_ENDIAN);
      // 64-bit, little endian, version 1.
      head.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0}).putLong(0);
      head.putShort(CORE).putShort(X86_64).putInt(1).putLong(0).putLong(HEADER).putLong(0);
      head.putInt(0).putShort((short) HEADER).putShort((short) SEGMENT);
      head.putShort((short) regions.size()).putShort((short) 0).putInt(0);
      long at = start;
      for (GuestMemory.Region region : regions) {
        head.putInt(LOAD).putInt(READ_WRITE).putLong(at);
        head.putLong(0).putLong(region.base()).putLong(region.size()).putLong(region.size());
        head.putLong(GuestMemory.PAGE);
        at += region.size();
      }
      write(out, 0, head.clear());
      at = start;
      for (GuestMemory.Region region : regions) {
        copy(memory, region.base(), region.size(), out, at);
        at += region.size();
      }
      if (out.size() < at) {
        write(out, at - 1, ByteBuffer.allocate(1));
      }
    }
  }

  /**
   * Writes a range as it is.
   *
   * @throws QmpException where some of it is no memory
   */
  static void part(Machine machine, long address, long size, Path file)
      throws IOException, QmpException {
    GuestMemory memory = machine.memory();
    for (GuestMemory.Region region : memory.regions()) {
      long offset = address - region.base();
      if (offset >= 0 && offset < region.size() && size > 0 && size <= region.size() - offset) {
        try (FileChannel out = open(file)) {
          copy(memory, address, size, out, 0);
          if (out.size() < size) {
            write(out, size - 1, ByteBuffer.allocate(1));
          }
        }
        return;
      }
    }
    throw new QmpException("Invalid addr 0x%016x/size %d specified".formatted(address, size));
  }

  private static FileChannel open(Path file) throws IOException {
    return FileChannel.open(
        file,
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
  }

  private static long align(long length) {
    return (length + GuestMemory.PAGE - 1) / GuestMemory.PAGE * GuestMemory.PAGE;
  }

  private static void copy(
      GuestMemory memory, long address, long size, FileChannel out, long offset)
      throws IOException {
    byte[] piece = new byte[PIECE];
    for (long done = 0; done < size; done += PIECE) {
      int length = (int) Math.min(PIECE, size - done);
      memory.read(address + done, piece, 0, length);
      writeUnlessZero(piece, length, out, offset + done);
    }
  }

  private static void writeUnlessZero(byte[] piece, int length, FileChannel out, long offset)
      throws IOException {
    for (int at = 0; at < length; at += GuestMemory.PAGE) {
      int page = Math.min(GuestMemory.PAGE, length - at);
      boolean zero = true;
      for (int i = at; i < at + page && zero; i++) {
        zero = piece[i] == 0;
      }
      if (!zero) {
        write(out, offset + at, ByteBuffer.wrap(piece, at, page));
      }
    }
  }

  private static void write(FileChannel out, long offset, ByteBuffer from) throws IOException {
    long at = offset;
    while (from.hasRemaining()) {
      at += out.write(from, at);
    }
  }
}
