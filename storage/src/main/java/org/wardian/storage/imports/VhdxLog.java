package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The log of a VHDX that was not closed ([MS-VHDX] §2.3): found, verified, and laid over the file
 * in memory. The file itself is not touched.
 */
final class VhdxLog {
  private static final int SECTOR = 4096;
  private static final int ENTRY = 0x65676f6c; // loge
  private static final int ZERO_DESCRIPTOR = 0x6f72657a; // zero
  private static final int DATA_DESCRIPTOR = 0x63736564; // desc
  private static final int DATA = 0x61746164; // data
  private static final int ENTRY_HEADER = 64;
  private static final int DESCRIPTOR = 32;

  /**
   * A sound entry.
   *
   * @param position in the log, a multiple of 4096, as all positions here
   * @param bytes the entry, put together where it wraps around the log's end
   */
  private record Entry(int position, ByteBuffer bytes) {
    int length() {
      return bytes.limit();
    }

    int tail() {
      return bytes.getInt(12);
    }

    long sequence() {
      return bytes.getLong(16);
    }

    int descriptors() {
      return bytes.getInt(24);
    }

    long flushedLength() {
      return bytes.getLong(48);
    }

    long lastLength() {
      return bytes.getLong(56);
    }
  }

  private final String name;
  private final ByteBuffer log;
  private final UUID identifier;

  /** Bytes that may still be checked: entries that overlap, as hostile ones do, cost time. */
  private long budget;

  private VhdxLog(String name, ByteBuffer log, UUID identifier) {
    this.name = name;
    this.log = log;
    this.identifier = identifier;
    this.budget = 16L * log.limit();
  }

  /** The file as it is when the log has been replayed: itself where there is nothing to replay. */
  static ByteSource replayed(ByteSource file, VhdxHeader header) throws IOException {
    if (header.logIdentifier().equals(Guid.NONE)) {
      return file;
    }
    ByteBuffer bytes =
        file.structure(header.logPosition(), (int) header.logLength(), ByteOrder.LITTLE_ENDIAN);
    VhdxLog log = new VhdxLog(file.name(), bytes, header.logIdentifier());
    List<Entry> sequence = log.activeSequence();
    if (sequence.isEmpty()) {
      throw new ImportException(
          file.name(),
          "was not closed, and its log has no sound entry to make it consistent: it is damaged");
    }
    return log.apply(sequence, file);
  }

  /**
   * The run of entries that ends with the newest one: that with the largest sequence number among
   * all runs of consecutive numbers whose last entry names the first as its tail (§2.3.2).
   */
  private List<Entry> activeSequence() throws ImportException {
    List<Entry> active = List.of();
    int sectors = log.limit() / SECTOR;
    boolean[] inRun = new boolean[sectors];
    for (int i = 0; i < sectors; i++) {
      // An entry inside a run that was looked at begins no longer one.
      if (inRun[i]) {
        continue;
      }
      List<Entry> run = run(i * SECTOR, inRun);
      List<Entry> valid = fromTail(run);
      if (!valid.isEmpty()
          && (active.isEmpty()
              || Long.compareUnsigned(valid.getLast().sequence(), active.getLast().sequence())
                  > 0)) {
        active = valid;
      }
    }
    return active;
  }

  private List<Entry> run(int position, boolean[] inRun) throws ImportException {
    List<Entry> run = new ArrayList<>();
    int at = position;
    long bytes = 0;
    while (true) {
      Entry entry = entry(at);
      if (entry == null
          || !run.isEmpty() && entry.sequence() != run.getLast().sequence() + 1
          || bytes + entry.length() > log.limit()) {
        return run;
      }
      run.add(entry);
      inRun[at / SECTOR] = true;
      bytes += entry.length();
      at = (at + entry.length()) % log.limit();
    }
  }

  /** The part of a run from the entry that its last one names as the tail. */
  private static List<Entry> fromTail(List<Entry> run) {
    if (!run.isEmpty()) {
      int tail = run.getLast().tail();
      for (int i = 0; i < run.size(); i++) {
        if (run.get(i).position() == tail) {
          return run.subList(i, run.size());
        }
      }
    }
    return List.of();
  }

  /** The entry at a position, or null where there is none that is sound (§2.3.1.1). */
  private Entry entry(int position) throws ImportException {
    if (log.getInt(position) != ENTRY) {
      return null;
    }
    long length = Integer.toUnsignedLong(log.getInt(position + 8));
    if (length < SECTOR || length % SECTOR != 0 || length > log.limit()) {
      return null;
    }
    budget -= length;
    if (budget < 0) {
      throw new ImportException(name, "has a log of entries that overlap: it is damaged");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
    int first = (int) Math.min(length, log.limit() - position);
    bytes.put(0, log, position, first);
    bytes.put(first, log, 0, (int) length - first);
    Entry entry = new Entry(position, bytes);
    int descriptors = entry.descriptors();
    boolean sound =
        bytes.getInt(4) == VhdxHeader.checksum(bytes, 4)
            && entry.sequence() != 0
            && entry.tail() >= 0
            && entry.tail() % SECTOR == 0
            && entry.tail() < log.limit()
            && Guid.read(bytes, 32).equals(identifier)
            && descriptors >= 0
            && descriptors <= (length - ENTRY_HEADER) / DESCRIPTOR
            && soundDescriptors(entry);
    return sound ? entry : null;
  }

  private static boolean soundDescriptors(Entry entry) {
    ByteBuffer bytes = entry.bytes();
    int data = dataStart(entry);
    for (int i = 0; i < entry.descriptors(); i++) {
      int at = ENTRY_HEADER + i * DESCRIPTOR;
      long position = bytes.getLong(at + 16);
      if (bytes.getLong(at + 24) != entry.sequence() || position < 0 || position % SECTOR != 0) {
        return false;
      }
      switch (bytes.getInt(at)) {
        case ZERO_DESCRIPTOR -> {
          long length = bytes.getLong(at + 8);
          if (length < 0 || length % SECTOR != 0 || length > ImportedImage.MOST_BYTES) {
            return false;
          }
        }
        case DATA_DESCRIPTOR -> {
          if (data > bytes.limit() - SECTOR
              || bytes.getInt(data) != DATA
              || bytes.getInt(data + 4) != (int) (entry.sequence() >>> 32)
              || bytes.getInt(data + SECTOR - 4) != (int) entry.sequence()) {
            return false;
          }
          data += SECTOR;
        }
        default -> {
          return false;
        }
      }
      if (position > ImportedImage.MOST_BYTES) {
        return false;
      }
    }
    return true;
  }

  /** Data sectors begin behind the sectors that the descriptors fill. */
  private static int dataStart(Entry entry) {
    int used = ENTRY_HEADER + entry.descriptors() * DESCRIPTOR;
    return (used + SECTOR - 1) / SECTOR * SECTOR;
  }

  private ByteSource apply(List<Entry> sequence, ByteSource file) throws IOException {
    long flushed = sequence.getLast().flushedLength();
    if (file.size() < flushed) {
      throw new ImportException(
          name, "has " + file.size() + " bytes where its log says " + flushed + ": it is cut off");
    }
    long last = sequence.getLast().lastLength();
    if (last < 0 || last > ImportedImage.MOST_BYTES) {
      throw new ImportException(name, "has a log that claims a file of " + last + " bytes");
    }
    PatchedSource patched = new PatchedSource(file, Math.max(last, file.size()));
    for (Entry entry : sequence) {
      ByteBuffer bytes = entry.bytes();
      int data = dataStart(entry);
      for (int i = 0; i < entry.descriptors(); i++) {
        int at = ENTRY_HEADER + i * DESCRIPTOR;
        long position = bytes.getLong(at + 16);
        if (bytes.getInt(at) == ZERO_DESCRIPTOR) {
          patched.putZeroes(position, bytes.getLong(at + 8));
        } else {
          // The signature and the halves of the number stand where the descriptor has 12 bytes.
          byte[] sector = new byte[SECTOR];
          bytes.get(data, sector);
          bytes.get(at + 8, sector, 0, 8);
          bytes.get(at + 4, sector, SECTOR - 4, 4);
          patched.put(position, sector);
          data += SECTOR;
        }
      }
    }
    return patched;
  }
}
