package org.wardian.boot.initramfs;

import java.nio.charset.StandardCharsets;

/**
 * A member of a cpio archive: a file, folder, symbolic link or device node with its mode as in
 * {@code stat(2)}.
 */
public final class CpioEntry {
  /** The bits of a mode that hold the kind ({@code S_IFMT}). */
  public static final int KIND_MASK = 0170000;

  /** A character device ({@code S_IFCHR}). */
  public static final int CHARACTER_DEVICE = 0020000;

  /** A folder ({@code S_IFDIR}). */
  public static final int DIRECTORY = 0040000;

  /** A block device ({@code S_IFBLK}). */
  public static final int BLOCK_DEVICE = 0060000;

  /** A regular file ({@code S_IFREG}). */
  public static final int REGULAR_FILE = 0100000;

  /** A symbolic link ({@code S_IFLNK}). */
  public static final int SYMBOLIC_LINK = 0120000;

  private static final int PERMISSIONS = 07777;

  private final String name;
  private final int mode;
  private final int deviceMajor;
  private final int deviceMinor;
  private final byte[] content;

  CpioEntry(String name, int mode, int deviceMajor, int deviceMinor, byte[] content) {
    this.name = name;
    this.mode = mode;
    this.deviceMajor = deviceMajor;
    this.deviceMinor = deviceMinor;
    this.content = content;
  }

  /**
   * A regular file.
   *
   * @param name path without leading slash
   * @param permissions as in {@code chmod(2)}
   * @param content its bytes; not copied, not to be changed
   */
  public static CpioEntry file(String name, int permissions, byte[] content) {
    return new CpioEntry(name, REGULAR_FILE | (permissions & PERMISSIONS), 0, 0, content);
  }

  /**
   * A folder.
   *
   * @param name path without leading slash
   * @param permissions as in {@code chmod(2)}
   */
  public static CpioEntry directory(String name, int permissions) {
    return new CpioEntry(name, DIRECTORY | (permissions & PERMISSIONS), 0, 0, new byte[0]);
  }

  /**
   * A symbolic link.
   *
   * @param name path without leading slash
   * @param target what it points at
   */
  public static CpioEntry symbolicLink(String name, String target) {
    byte[] content = target.getBytes(StandardCharsets.UTF_8);
    return new CpioEntry(name, SYMBOLIC_LINK | 0777, 0, 0, content);
  }

  /**
   * A character device node.
   *
   * @param name path without leading slash
   * @param permissions as in {@code chmod(2)}
   * @param major the driver's number
   * @param minor the device's number
   */
  public static CpioEntry characterDevice(String name, int permissions, int major, int minor) {
    int mode = CHARACTER_DEVICE | (permissions & PERMISSIONS);
    return new CpioEntry(name, mode, major, minor, new byte[0]);
  }

  /** The path, without leading slash. */
  public String name() {
    return name;
  }

  /** Kind and permissions, as in {@code stat(2)}. */
  public int mode() {
    return mode;
  }

  /** The kind, one of the constants of this class or another {@code S_IF} value. */
  public int kind() {
    return mode & KIND_MASK;
  }

  /** The permissions, as in {@code chmod(2)}. */
  public int permissions() {
    return mode & PERMISSIONS;
  }

  /** A device node's driver number, else 0. */
  public int deviceMajor() {
    return deviceMajor;
  }

  /** A device node's device number, else 0. */
  public int deviceMinor() {
    return deviceMinor;
  }

  /** How many bytes of content there are. */
  public int size() {
    return content.length;
  }

  /** A copy of a file's content; of a symbolic link's target as bytes. */
  public byte[] content() {
    return content.clone();
  }

  /** The content as UTF-8 text: a symbolic link's target, a script. */
  public String text() {
    return new String(content, StandardCharsets.UTF_8);
  }

  byte[] contentUncopied() {
    return content;
  }
}
