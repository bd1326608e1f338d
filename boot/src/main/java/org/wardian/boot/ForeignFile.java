package org.wardian.boot;

import java.util.List;
import java.util.Optional;

/** Says what a file is that is not a kernel for this machine, and what to give instead. */
final class ForeignFile {

  private record Signature(int offset, String bytes, String message) {
    boolean matches(byte[] file) {
      return LittleEndian.matches(file, offset, bytes.chars().toArray());
    }
  }

  private static final String GIVE = "give a kernel for amd64 or i386 (vmlinuz)";
  private static final String UNPACK = ": unpack it first (%s)";

  private static final List<Signature> SIGNATURES =
      List.of(
          new Signature(
              0x38, "ARM\u0064", "a Linux kernel for arm64; this machine is an x86 PC: " + GIVE),
          new Signature(
              0x30, "RISCV\0", "a Linux kernel for RISC-V; this machine is an x86 PC: " + GIVE),
          new Signature(0x24, "\u0018\u0028\u006f\u0001", "a Linux kernel for 32-bit ARM; " + GIVE),
          new Signature(
              4, "zimg", "an EFI zboot kernel, which only UEFI firmware can start: " + GIVE),
          new Signature(0, "\u001f\u008b", "a gzip-compressed file" + UNPACK.formatted("gunzip")),
          new Signature(0, "\u00fd7zXZ\0", "an xz-compressed file" + UNPACK.formatted("unxz")),
          new Signature(
              0, "\u0028\u00b5\u002f\u00fd", "a zstd-compressed file" + UNPACK.formatted("unzstd")),
          new Signature(0, "BZh", "a bzip2-compressed file" + UNPACK.formatted("bunzip2")),
          new Signature(0, "\u0004\"M\u0018", "an lz4-compressed file" + UNPACK.formatted("unlz4")),
          new Signature(0, "\u0002!L\u0018", "an lz4-compressed file" + UNPACK.formatted("unlz4")),
          new Signature(0, "\u0089LZO\0", "an lzop-compressed file" + UNPACK.formatted("lzop -d")),
          new Signature(0, "PK\u0003\u0004", "a zip archive; " + GIVE),
          new Signature(
              0, "\u0027\u0005\u0019\u0056", "a U-Boot image (uImage); give the vmlinuz inside"),
          new Signature(
              0, "\u00d0\r\u00fe\u00ed", "a device tree or FIT image; this is a PC: " + GIVE),
          new Signature(0, "07070", "a cpio archive: an initramfs? Give it with --initrd"),
          new Signature(
              0, "!<arch>\ndebian", "a Debian package; give the boot/vmlinuz file inside"),
          new Signature(0, "QFI\u00fb", "a qcow2 disk image, not a kernel; " + GIVE),
          new Signature(0, "KDMV", "a VMDK disk image, not a kernel; " + GIVE),
          new Signature(0, "conectix", "a VHD disk image, not a kernel; " + GIVE),
          new Signature(0, "vhdxfile", "a VHDX disk image, not a kernel; " + GIVE),
          new Signature(
              0x40, "\u007f\u0010\u00da\u00be", "a VDI disk image, not a kernel; " + GIVE),
          new Signature(0x8001, "CD001", "an ISO 9660 image, not a kernel; " + GIVE),
          new Signature(0x200, "EFI PART", "a disk image (GPT), not a kernel; " + GIVE),
          new Signature(0x438, "\u0053\u00ef", "an ext2, ext3 or ext4 file system; " + GIVE),
          new Signature(0, "hsqs", "a squashfs file system; " + GIVE),
          new Signature(0, "\u00ca\u00fe\u00ba\u00be", "a Java class or Mach-O file; " + GIVE),
          new Signature(0, "#!", "a script, not a kernel; " + GIVE));

  private ForeignFile() {}

  /** The message for a file that no kernel format claims. */
  static String describe(byte[] file) {
    Optional<Signature> known = SIGNATURES.stream().filter(s -> s.matches(file)).findFirst();
    if (known.isPresent()) {
      return known.get().message;
    }
    boolean bootSignature = LittleEndian.matches(file, 0x1fe, 0x55, 0xaa);
    if (LittleEndian.matches(file, 0, 'M', 'Z')) {
      return file.length < 4096
          ? "truncated kernel or EFI program; fetch it again"
          : "an EFI or DOS program without the Linux x86 boot header; " + GIVE;
    }
    if (bootSignature) {
      return "a boot sector or disk image, not a kernel; " + GIVE;
    }
    if (isText(file)) {
      return "a text file, not a kernel; " + GIVE;
    }
    if (isZero(file)) {
      return "a file of zeros, not a kernel: an interrupted download? Fetch it again";
    }
    return "no known kernel format (it starts with %s); %s".formatted(start(file), GIVE);
  }

  private static boolean isText(byte[] file) {
    int length = Math.min(file.length, 512);
    for (int i = 0; i < length; i++) {
      int c = file[i];
      // Negative: a byte of UTF-8 beyond ASCII, which does not rule text out by itself.
      if (c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' || c == 0x7f) {
        return false;
      }
    }
    return file[0] >= 0;
  }

  private static boolean isZero(byte[] file) {
    for (byte b : file) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  private static String start(byte[] file) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(file.length, 8); i++) {
      text.append(i == 0 ? "" : " ").append("%02x".formatted(file[i]));
    }
    return text.toString();
  }
}
