package org.wardian.boot;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.wardian.boot.payload.PayloadFormat;
import org.wardian.compression.CorruptPayloadException;

/**
 * A Linux bzImage (Linux, {@code Documentation/arch/x86/boot.rst}): real-mode set-up code with the
 * set-up header, then the protected-mode part, which is a decompressor around a payload.
 */
public final class BzImage implements KernelImage {

  /** Oldest boot protocol taken: 2.06, the first with {@code cmdline_size}. */
  public static final int OLDEST_PROTOCOL = 0x206;

  /** Offset of the set-up header in the file and in {@code boot_params}. */
  static final int HEADER = 0x1f1;

  /** End of the room for the set-up header in {@code boot_params}. */
  static final int HEADER_LIMIT = 0x290;

  private static final int PROTOCOL_PAYLOAD = 0x208;
  private static final int PROTOCOL_PREFERRED_ADDRESS = 0x20a;
  private static final int PROTOCOL_XLOADFLAGS = 0x20c;
  private static final int XLF_KERNEL_64 = 1;
  private static final long LOW_LOAD_ADDRESS = 0x100000;

  private final byte[] file;
  private final int setupSize;
  private final int payloadOffset;
  private final int payloadLength;

  private BzImage(byte[] file, int setupSize, int payloadOffset, int payloadLength) {
    this.file = file;
    this.setupSize = setupSize;
    this.payloadOffset = payloadOffset;
    this.payloadLength = payloadLength;
  }

  static boolean isBzImage(byte[] file) {
    return LittleEndian.matches(file, 0x1fe, 0x55, 0xaa)
        && LittleEndian.matches(file, 0x202, 'H', 'd', 'r', 'S');
  }

  static BzImage parse(byte[] file) throws KernelFormatException {
    if (file.length < HEADER_LIMIT) {
      throw truncated(file.length, HEADER_LIMIT);
    }
    int protocol = LittleEndian.u16(file, 0x206);
    if (protocol < OLDEST_PROTOCOL) {
      throw new KernelFormatException(
          "Linux kernel with boot protocol %s, older than 2.06; give a kernel from 2007 or later"
              .formatted(version(protocol)));
    }
    if ((LittleEndian.u8(file, 0x211) & 1) == 0) {
      throw new KernelFormatException("a zImage, which loads low; give a bzImage");
    }
    int sectors = LittleEndian.u8(file, HEADER);
    int setupSize = ((sectors == 0 ? 4 : sectors) + 1) * 512;
    long systemSize = LittleEndian.u32(file, 0x1f4) * 16;
    // syssize counts paragraphs, rounded up: the last one may be short.
    if (setupSize >= file.length || systemSize - 15 > file.length - setupSize) {
      throw truncated(file.length, setupSize + systemSize);
    }
    int offset = 0;
    int length = 0;
    if (protocol >= PROTOCOL_PAYLOAD) {
      long payloadStart = setupSize + LittleEndian.u32(file, 0x248);
      long payloadSize = LittleEndian.u32(file, 0x24c);
      if (payloadStart + payloadSize > file.length) {
        throw new KernelFormatException(
            "damaged Linux kernel: its payload lies outside the file; fetch it again");
      }
      offset = (int) payloadStart;
      length = (int) payloadSize;
    }
    return new BzImage(file, setupSize, offset, length);
  }

  private static KernelFormatException truncated(long have, long want) {
    return new KernelFormatException(
        "truncated Linux kernel: %d of %d bytes; fetch it again".formatted(have, want));
  }

  private static String version(int protocol) {
    return "%d.%02d".formatted(protocol >> 8, protocol & 0xff);
  }

  /**
   * Boot protocol version.
   *
   * @return major number in bits 15-8, minor in bits 7-0: 0x20f is 2.15
   */
  public int protocol() {
    return LittleEndian.u16(file, 0x206);
  }

  /**
   * The kernel's version string.
   *
   * @return for instance "6.1.0-amd64 (debian-kernel@...) #1 SMP ...", or empty
   */
  public String version() {
    int start = LittleEndian.u16(file, 0x20e) + 0x200;
    if (start == 0x200 || start >= setupSize) {
      return "";
    }
    int end = start;
    while (end < Math.min(setupSize, start + 256) && file[end] >= ' ' && file[end] < 0x7f) {
      end++;
    }
    return new String(file, start, end - start, StandardCharsets.US_ASCII);
  }

  /** The compression of the payload; fails where the image is too old to say, or it is unknown. */
  PayloadFormat payloadFormat() throws KernelFormatException {
    if (payloadLength == 0) {
      throw new KernelFormatException(
          "Linux kernel with boot protocol %s, which does not say where its payload is"
              .formatted(version(protocol())));
    }
    return PayloadFormat.detect(file, payloadOffset, payloadLength)
        .orElseThrow(() ->
            new KernelFormatException(
                "Linux kernel with an unknown compression (magic %s)"
                    .formatted(magic(payloadOffset))));
  }

  private String magic(int at) {
    StringBuilder text = new StringBuilder();
    for (int i = at; i < Math.min(file.length, at + 4); i++) {
      text.append("%02x".formatted(file[i]));
    }
    return text.toString();
  }

  /** What the image says of the size of its unpacked payload. */
  long unpackedSize() throws KernelFormatException {
    return payloadFormat() == PayloadFormat.NONE || payloadLength < 4
        ? payloadLength
        : LittleEndian.u32(file, payloadOffset + payloadLength - 4);
  }

  /**
   * Unpacks the payload: the kernel's own ELF file.
   *
   * @param limit most bytes that the result may have
   * @return the vmlinux inside
   * @throws KernelFormatException when it is damaged, larger than {@code limit} or not ELF
   */
  public ElfImage unpack(long limit) throws KernelFormatException {
    PayloadFormat format = payloadFormat();
    try {
      byte[] payload =
          format.unpack(
              Arrays.copyOfRange(file, payloadOffset, payloadOffset + payloadLength),
              (int) Math.min(limit, MAX_SIZE));
      if (!ElfImage.isElf(payload)) {
        throw new KernelFormatException(
            "damaged Linux kernel: its %s payload is not ELF; fetch it again"
                .formatted(format.label()));
      }
      return ElfImage.parse(payload);
    } catch (CorruptPayloadException e) {
      throw new KernelFormatException(
          "damaged Linux kernel: %s payload: %s; fetch it again"
              .formatted(format.label(), e.getMessage()),
          e);
    }
  }

  /**
   * Whether the image's own decompressor has a 64-bit entry.
   *
   * @return true for an x86-64 kernel with boot protocol 2.12 or later
   */
  public boolean has64BitEntry() {
    return protocol() >= PROTOCOL_XLOADFLAGS
        && (LittleEndian.u16(file, 0x236) & XLF_KERNEL_64) != 0;
  }

  /** Longest command line without its NUL. */
  int commandLineLimit() {
    return (int) Math.min(LittleEndian.u32(file, 0x238), Integer.MAX_VALUE);
  }

  /** Highest address that the last byte of an initrd may have. */
  long initrdAddressMax() {
    return LittleEndian.u32(file, 0x22c);
  }

  boolean relocatable() {
    return LittleEndian.u8(file, 0x234) != 0;
  }

  /** Where the protected-mode part wants to be. */
  long preferredAddress() {
    return protocol() >= PROTOCOL_PREFERRED_ADDRESS && relocatable()
        ? LittleEndian.i64(file, 0x258)
        : LOW_LOAD_ADDRESS;
  }

  /** Bytes that the kernel needs in one piece from its load address until it reads the map. */
  long initSize() {
    long own = file.length - setupSize;
    return protocol() >= PROTOCOL_PREFERRED_ADDRESS
        ? Math.max(own, LittleEndian.u32(file, 0x260))
        : own;
  }

  LoadSegment protectedModePart(long address) {
    return new LoadSegment(setupSize, file.length - setupSize, address, file.length - setupSize);
  }

  byte[] file() {
    return file;
  }

  /** Copies the set-up header into a zero page at its offset. */
  void copyHeader(byte[] zeroPage) {
    // The byte at 0x201 is the target of the short jump at 0x200, and so the header's end.
    int end = Math.min(0x202 + LittleEndian.u8(file, 0x201), HEADER_LIMIT);
    System.arraycopy(file, HEADER, zeroPage, HEADER, end - HEADER);
  }

  @Override
  public String description() {
    String release = version();
    int space = release.indexOf(' ');
    String compression;
    try {
      compression = payloadFormat().label() + " payload";
    } catch (KernelFormatException e) {
      compression = "payload not known";
    }
    return "bzImage %s, boot protocol %s, %s"
        .formatted(
            space > 0 ? release.substring(0, space) : release, version(protocol()), compression);
  }
}
