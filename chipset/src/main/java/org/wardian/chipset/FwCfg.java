package org.wardian.chipset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.wardian.bus.Device;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The firmware configuration device at ports 0x510 and 0x511 (QEMU's "fw_cfg" specification),
 * without DMA: the guest writes an item's key to the selector and reads its bytes one by one from
 * the data port. Read-only to the guest.
 */
public final class FwCfg implements Device, IoHandler {
  /** The selector (16 bits) and, one above, the data port. */
  public static final int PORT = 0x510;

  /** Number of ports. */
  public static final int PORTS = 2;

  private static final int STATE_VERSION = 1;

  private static final int SIGNATURE = 0x00;
  private static final int ID = 0x01;
  private static final int RAM_SIZE = 0x03;
  private static final int NB_CPUS = 0x05;
  private static final int MAX_CPUS = 0x0f;
  private static final int FILE_DIRECTORY = 0x19;
  private static final int FIRST_FILE = 0x20;
  private static final int MOST_FILES = 0x1000;

  private static final int ID_TRADITIONAL = 1;
  private static final int NAME_LENGTH = 56;

  private final Map<Integer, byte[]> items = new HashMap<>();
  private final List<String> names = new ArrayList<>();
  private int selected;
  private int position;

  /**
   * Makes the device with its fixed items.
   *
   * @param memory bytes of RAM
   * @param processors virtual processors present
   * @param mostProcessors virtual processors that may ever be present
   */
  public FwCfg(long memory, int processors, int mostProcessors) {
    items.put(SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
    items.put(ID, little(4).putInt(ID_TRADITIONAL).array());
    items.put(RAM_SIZE, little(8).putLong(memory).array());
    items.put(NB_CPUS, little(2).putShort((short) processors).array());
    items.put(MAX_CPUS, little(2).putShort((short) mostProcessors).array());
    items.put(FILE_DIRECTORY, directory());
  }

  private static ByteBuffer little(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
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
  }

  @Override
  public int widest() {
    return 2;
  }

  /** Bytes past the end of an item, and of items that do not exist, read as zero. */
  @Override
  public synchronized long read(long offset, int size) {
    if (offset == 0) {
      return selected;
    }
    byte[] item = items.get(selected);
    return item != null && position < item.length ? item[position++] & 0xff : 0;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    if (offset == 0 && size == 2) {
      selected = (int) value;
      position = 0;
    }
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInt(selected);
    out.writeInt(position);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    selected = in.readInt() & 0xffff;
    position = in.readInt(0, Integer.MAX_VALUE);
    in.end();
  }
}
