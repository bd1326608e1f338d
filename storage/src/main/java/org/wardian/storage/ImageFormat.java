package org.wardian.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * How a disk lies in a file.
 *
 * <p><b>Probing has a hazard.</b> What is nothing else is raw; but whoever can write the first
 * sector of a raw disk (its guest) can make it look like another format, whose header may name any
 * file of the host as its backing file. So: record the format of an image and ask for it by name;
 * probe only what a person gave. A raw image that was probed refuses writes that would make its
 * next probe say something else ({@link Images#open}).
 */
public enum ImageFormat {
  /** The disk itself, byte for byte; a file or a block device. */
  RAW("raw"),
  /** QEMU copy on write, versions 2 and 3. */
  QCOW2("qcow2"),
  /** VMware: sparse, stream-optimised, or a descriptor with extents. */
  VMDK("vmdk"),
  /** VirtualBox. */
  VDI("vdi"),
  /** Virtual PC and Hyper-V; QEMU calls it vpc. A fixed one is told only by its last sector. */
  VHD("vpc"),
  /** Hyper-V. */
  VHDX("vhdx"),
  /** A tar file of an OVF description and its disks. */
  OVA("ova"),
  /** QEMU copy on write, version 1: recognised and refused. */
  QCOW("qcow"),
  /** QEMU enhanced disk: recognised and refused. */
  QED("qed"),
  /** Parallels: recognised and refused. */
  PARALLELS("parallels"),
  /** An encrypted disk: recognised and refused. */
  LUKS("luks");

  /** Bytes of a file's beginning that {@link #probe} looks at. */
  public static final int PROBE_BYTES = 2048;

  private static final int VDI_SIGNATURE = 0xbeda107f;
  private static final int VDI_SIGNATURE_AT = 0x40;
  private static final int TAR_MAGIC_AT = 257;
  private static final int TAR_NAME = 100;

  private final String text;

  ImageFormat(String text) {
    this.text = text;
  }

  /** The name that users write and images record; QEMU's where QEMU has the format. */
  public String text() {
    return text;
  }

  /** The format of that name: {@link #text}, or {@code vhd}. */
  public static Optional<ImageFormat> of(String text) {
    if (text.equals("vhd")) {
      return Optional.of(VHD);
    }
    return Arrays.stream(values()).filter(format -> format.text.equals(text)).findFirst();
  }

  /** The format of a file by its content; {@link #RAW} where nothing else matches. */
  public static ImageFormat probe(FileStore file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(PROBE_BYTES);
    file.read(0, head);
    return probe(head.flip());
  }

  /**
   * The format by the beginning of a file.
   *
   * @param head the file's first {@link #PROBE_BYTES} bytes, or all of a shorter one
   */
  public static ImageFormat probe(ByteBuffer head) {
    ByteBuffer big = head.slice().order(ByteOrder.BIG_ENDIAN);
    int size = big.remaining();
    if (size >= 8 && big.getInt(0) == 0x514649fb) {
      int version = big.getInt(4);
      return version == 1 ? QCOW : version == 2 || version == 3 ? QCOW2 : RAW;
    }
    if (starts(big, 0, "KDMV") || starts(big, 0, "COWD") || descriptor(big)) {
      return VMDK;
    }
    if (starts(big, 0, "conectix")) {
      return VHD;
    }
    if (starts(big, 0, "vhdxfile")) {
      return VHDX;
    }
    if (starts(big, 0, "QED\0")) {
      return QED;
    }
    if (starts(big, 0, "WithoutFreeSpace") || starts(big, 0, "WithouFreSpacExt")) {
      return PARALLELS;
    }
    if (size >= 6 && starts(big, 0, "LUKS") && big.getShort(4) == (short) 0xbabe) {
      return LUKS;
    }
    if (size >= VDI_SIGNATURE_AT + 4
        && Integer.reverseBytes(big.getInt(VDI_SIGNATURE_AT)) == VDI_SIGNATURE) {
      return VDI;
    }
    return starts(big, TAR_MAGIC_AT, "ustar") && firstNameIsOvf(big) ? OVA : RAW;
  }

  private static boolean starts(ByteBuffer bytes, int at, String text) {
    if (bytes.remaining() < at + text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (bytes.get(at + i) != (byte) text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** A VMDK descriptor: comments and empty lines, then a version, as QEMU has it. */
  private static boolean descriptor(ByteBuffer head) {
    byte[] bytes = new byte[head.remaining()];
    head.get(0, bytes);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (!text.startsWith("#")) {
      return false;
    }
    for (String line : text.split("\n", -1)) {
      String trimmed = line.strip();
      if (!trimmed.isEmpty() && !trimmed.startsWith("#")) {
        return trimmed.equals("version=1")
            || trimmed.equals("version=2")
            || trimmed.equals("version=3");
      }
    }
    return false;
  }

  private static boolean firstNameIsOvf(ByteBuffer head) {
    byte[] name = new byte[TAR_NAME];
    head.get(0, name);
    int length = 0;
    while (length < TAR_NAME && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8).endsWith(".ovf");
  }
}
