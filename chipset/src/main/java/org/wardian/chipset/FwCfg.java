package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The firmware configuration device (QEMU's "fw_cfg" specification): the guest writes an item's key
 * to the selector at port 0x510 and reads its bytes one by one at 0x511, or hands the address of a
 * request to the DMA register at 0x514. Read-only to the guest.
 */
public final class FwCfg implements Device, IoHandler {
  /** The selector (16 bits); one above, the data port; four above, the DMA address (64 bits). */
  public static final int PORT = 0x510;

  /** Number of ports. */
  public static final int PORTS = 12;

  private static final int STATE_VERSION = 2;

  private static final int DATA = 1;
  private static final int DMA_HIGH = 4;
  private static final int DMA_LOW = 8;

  private static final int SIGNATURE = 0x00;
  private static final int ID = 0x01;
  private static final int RAM_SIZE = 0x03;
  private static final int NB_CPUS = 0x05;
  private static final int MAX_CPUS = 0x0f;
  private static final int FILE_DIRECTORY = 0x19;
  private static final int FIRST_FILE = 0x20;
  private static final int MOST_FILES = 0x1000;

  /** Bit 14 asks for the item to be written, which no item here can be. */
  private static final int KEY_WRITE = 0x4000;

  private static final int ID_TRADITIONAL = 1;
  private static final int ID_DMA = 2;
  private static final int NAME_LENGTH = 56;

  /** "QEMU CFG", big-endian: what the DMA register reads as. */
  private static final long DMA_SIGNATURE = 0x51454d5520434647L;

  private static final int DMA_ERROR = 0x01;
  private static final int DMA_READ = 0x02;
  private static final int DMA_SKIP = 0x04;
  private static final int DMA_SELECT = 0x08;
  private static final int DMA_WRITE = 0x10;
  private static final int DMA_REQUEST_LENGTH = 16;
  private static final int DMA_PIECE = 0x10000;

  private final Map<Integer, byte[]> items = new HashMap<>();
  private final Map<Integer, Supplier<byte[]>> computed = new HashMap<>();
  private final List<String> names = new ArrayList<>();
  private final Dma dma;
  private int selected;
  private int position;
  private int dmaHigh;

  /**
   * Makes the device with its fixed items, without DMA.
   *
   * @param memory bytes of RAM
   * @param processors virtual processors present
   * @param mostProcessors virtual processors that may ever be present
   */
  public FwCfg(long memory, int processors, int mostProcessors) {
    this(memory, processors, mostProcessors, null);
  }

  /**
   * Makes the device with its fixed items.
   *
   * @param memory bytes of RAM
   * @param processors virtual processors present
   * @param mostProcessors virtual processors that may ever be present
   * @param dma the way to guest memory; null for a device without DMA
   */
  public FwCfg(long memory, int processors, int mostProcessors, Dma dma) {
    this.dma = dma;
    items.put(SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
    set(ID, little(4).putInt(ID_TRADITIONAL | (dma == null ? 0 : ID_DMA)).array());
    set(RAM_SIZE, little(8).putLong(memory).array());
    set(NB_CPUS, little(2).putShort((short) processors).array());
    set(MAX_CPUS, little(2).putShort((short) mostProcessors).array());
    set(FILE_DIRECTORY, directory());
  }

  /** Says how many processors are there now. */
  public void processors(int count) {
    set(NB_CPUS, little(2).putShort((short) count).array());
  }

  private static ByteBuffer little(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Sets an item that has a number and no name, such as the kernel's command line.
   *
   * @param key 16 bits; files have numbers of their own
   */
  public synchronized void set(int key, byte[] content) {
    items.put(key, content.clone());
  }

  /** Sets an item of 32 bits, little-endian. */
  public void setInt(int key, int value) {
    set(key, little(4).putInt(value).array());
  }

  /**
   * Adds a file, or replaces the one of the same name.
   *
   * @param name 1 to 55 bytes of ASCII, such as "opt/org.example/answer"
   * @throws IllegalArgumentException if the name does not fit
   */
  public synchronized void put(String name, byte[] content) {
    int known = names.indexOf(name);
    if (known < 0) {
      add(name, content);
    } else {
      items.put(FIRST_FILE + known, content.clone());
      items.put(FILE_DIRECTORY, directory());
    }
  }

  /**
   * Adds a file whose content is made when the guest selects it, or looks into the directory.
   *
   * @param content called on the vCPU's thread
   */
  public synchronized void put(String name, Supplier<byte[]> content) {
    put(name, content.get());
    computed.put(FIRST_FILE + names.indexOf(name), content);
  }

  /**
   * Adds a file.
   *
   * @param name 1 to 55 bytes of ASCII, such as "opt/org.example/answer"
   * @throws IllegalArgumentException if the name does not fit or is taken
   */
  public synchronized void add(String name, byte[] content) {
    if (name.isEmpty() || !StandardCharsets.US_ASCII.newEncoder().canEncode(name)) {
      throw new IllegalArgumentException("fw_cfg file name '" + name + "' is empty or not ASCII");
    }
    if (name.length() >= NAME_LENGTH || names.contains(name) || names.size() == MOST_FILES) {
      throw new IllegalArgumentException("fw_cfg file '" + name + "' does not fit");
    }
    items.put(FIRST_FILE + names.size(), content.clone());
    names.add(name);
    items.put(FILE_DIRECTORY, directory());
  }

  /** The directory's numbers are big-endian, unlike those of the fixed items. */
  private byte[] directory() {
    ByteBuffer directory = ByteBuffer.allocate(4 + 64 * names.size()).putInt(names.size());
    for (int i = 0; i < names.size(); i++) {
      byte[] name = names.get(i).getBytes(StandardCharsets.US_ASCII);
      directory
          .putInt(items.get(FIRST_FILE + i).length)
          .putShort((short) (FIRST_FILE + i))
          .putShort((short) 0)
          .put(name)
          .put(new byte[NAME_LENGTH - name.length]);
    }
    return directory.array();
  }

  @Override
  public String name() {
    return "fw-cfg";
  }

  @Override
  public synchronized void reset() {
    selected = SIGNATURE;
    position = 0;
    dmaHigh = 0;
  }

  @Override
  public int widest() {
    return 8;
  }

  /** Bytes past the end of an item, and of items that do not exist, read as zero. */
  @Override
  public synchronized long read(long offset, int size) {
    if (offset >= DMA_HIGH && dma != null) {
      long value = 0;
      for (int i = size - 1; i >= 0; i--) {
        int at = (int) offset - DMA_HIGH + i;
        value = value << 8 | (at < 8 ? DMA_SIGNATURE >>> 56 - 8 * at & 0xff : 0xff);
      }
      return value;
    }
    if (offset >= DMA_HIGH) {
      return -1;
    }
    if (offset == 0 && size <= 2) {
      return selected;
    }
    if (offset != DATA || size != 1) {
      return -1;
    }
    byte[] item = items.get(selected);
    return item != null && position < item.length ? item[position++] & 0xff : 0;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    if (offset == 0 && size == 2) {
      select((int) value);
    } else if (dma == null) {
      return;
    } else if (offset == DMA_HIGH && size == 4) {
      dmaHigh = Integer.reverseBytes((int) value);
    } else if (offset == DMA_LOW && size == 4) {
      long low = Integer.toUnsignedLong(Integer.reverseBytes((int) value));
      long address = (long) dmaHigh << 32 | low;
      dmaHigh = 0;
      transfer(address);
    } else if (offset == DMA_HIGH && size == 8) {
      transfer(Long.reverseBytes(value));
    }
  }

  private void select(int key) {
    selected = key & 0xffff;
    position = 0;
    if (selected == FILE_DIRECTORY && !computed.isEmpty()) {
      computed.forEach((file, content) -> items.put(file, content.get()));
      items.put(FILE_DIRECTORY, directory());
    } else if (computed.containsKey(selected)) {
      items.put(selected, computed.get(selected).get());
    }
  }

  /** Serves the request at {@code address}: control, length (32 bits each), address (64 bits). */
  private void transfer(long address) {
    byte[] request = new byte[DMA_REQUEST_LENGTH];
    if (!dma.read(address, request, 0, request.length)) {
      return; // nowhere to report to
    }
    ByteBuffer fields = ByteBuffer.wrap(request);
    int control = fields.getInt();
    long length = Integer.toUnsignedLong(fields.getInt());
    long to = fields.getLong();
    if ((control & DMA_SELECT) != 0) {
      select(control >>> 16);
    }
    boolean failed = (control & DMA_WRITE) != 0 || (selected & KEY_WRITE) != 0;
    if ((control & DMA_READ) != 0) {
      failed |= !copyOut(to, length);
    } else if ((control & DMA_SKIP) != 0) {
      position = (int) Math.min(Integer.MAX_VALUE, position + length);
    }
    byte[] status = ByteBuffer.allocate(4).putInt(failed ? DMA_ERROR : 0).array();
    dma.write(address, status, 0, status.length);
  }

  /** Copies from the item; what lies beyond its end is filled with zeroes. */
  private boolean copyOut(long to, long length) {
    byte[] item = items.getOrDefault(selected, new byte[0]);
    byte[] zeroes = new byte[(int) Math.min(length, DMA_PIECE)];
    long done = 0;
    while (done < length) {
      int there = Math.max(0, item.length - position);
      int piece = (int) Math.min(length - done, there > 0 ? there : zeroes.length);
      byte[] from = there > 0 ? item : zeroes;
      if (!dma.write(to + done, from, there > 0 ? position : 0, piece)) {
        return false;
      }
      position = (int) Math.min(Integer.MAX_VALUE, (long) position + piece);
      done += piece;
    }
    return true;
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInt(selected);
    out.writeInt(position);
    out.writeInt(dmaHigh);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    int version = in.begin(name(), STATE_VERSION);
    selected = in.readInt() & 0xffff;
    position = in.readInt(0, Integer.MAX_VALUE);
    dmaHigh = version > 1 ? in.readInt() : 0;
    in.end();
  }
}
