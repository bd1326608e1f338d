package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Tells a format by the bytes that its files have at fixed places. */
final class Probe {
  private static final int HEAD = 512;
  private static final int DESCRIPTOR_HEAD = 4096;

  private record Signature(ImportFormat format, int offset, byte[] bytes) {
    static Signature text(ImportFormat format, int offset, String text) {
      return new Signature(format, offset, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    static Signature hex(ImportFormat format, int offset, String digits) {
      return new Signature(format, offset, HexFormat.of().parseHex(digits));
    }

    boolean matches(byte[] head) {
      if (head.length < offset + bytes.length) {
        return false;
      }
      for (int i = 0; i < bytes.length; i++) {
        if (head[offset + i] != bytes[i]) {
          return false;
        }
      }
      return true;
    }
  }

  private static final List<Signature> SIGNATURES =
      List.of(
          Signature.text(ImportFormat.VMDK, 0, "KDMV"),
          Signature.hex(ImportFormat.VDI, 0x40, "7f10dabe"),
          Signature.text(ImportFormat.VHD, 0, "conectix"),
          Signature.text(ImportFormat.VHDX, 0, "vhdxfile"),
          Signature.text(ImportFormat.COWD, 0, "COWD"),
          Signature.hex(ImportFormat.SESPARSE, 0, "bebafeca00000000"),
          Signature.text(ImportFormat.PARALLELS, 0, "WithoutFreeSpace"),
          Signature.text(ImportFormat.PARALLELS, 0, "WithouFreSpacExt"),
          Signature.hex(ImportFormat.QCOW1, 0, "514649fb00000001"),
          Signature.hex(ImportFormat.QED, 0, "51454400"),
          Signature.text(ImportFormat.BOCHS, 0, "Bochs Virtual HD Image"),
          Signature.text(ImportFormat.CLOOP, 0, "#!/bin/sh\n#V2.0 Format\n"),
          Signature.hex(ImportFormat.EWF, 0, "455646090d0aff00"),
          Signature.hex(ImportFormat.EWF, 0, "455646320d0a8100"),
          Signature.text(ImportFormat.WIM, 0, "MSWIM\0\0\0"),
          Signature.hex(ImportFormat.GZIP, 0, "1f8b08"),
          Signature.hex(ImportFormat.XZ, 0, "fd377a585a00"),
          Signature.text(ImportFormat.BZIP2, 0, "BZh91AY&SY"),
          Signature.hex(ImportFormat.ZSTD, 0, "28b52ffd"),
          Signature.hex(ImportFormat.LZ4, 0, "04224d18"),
          Signature.hex(ImportFormat.ZIP, 0, "504b0304"),
          Signature.hex(ImportFormat.SEVEN_ZIP, 0, "377abcaf271c"));

  private Probe() {}

  /** The format of a file, or nothing: raw, or one that is not ours. */
  static Optional<ImportFormat> of(ByteSource file) throws IOException {
    byte[] head = new byte[(int) Math.min(DESCRIPTOR_HEAD, file.size())];
    file.read(0, ByteBuffer.wrap(head));
    for (Signature signature : SIGNATURES) {
      if (signature.matches(head)) {
        return Optional.of(signature.format());
      }
    }
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if (VmdkDescriptor.looksLikeOne(text)) {
      return Optional.of(ImportFormat.VMDK);
    }
    if (text.stripLeading().startsWith("<")
        && text.contains("http://schemas.dmtf.org/ovf/envelope")) {
      return Optional.of(ImportFormat.OVF);
    }
    if (TarIndex.looksLikeOne(head) && firstNameEndsIn(text, ".ovf")) {
      return Optional.of(ImportFormat.OVA);
    }
    return tail(file);
  }

  /** A tar is an appliance if its first member is the description, as OVF 2.1 §5.3 wants. */
  private static boolean firstNameEndsIn(String text, String suffix) {
    int end = text.indexOf('\0');
    return end > 0
        && end <= 100
        && text.substring(0, end).toLowerCase(java.util.Locale.ROOT).endsWith(suffix);
  }

  /** Formats that are told by the last sector. */
  private static Optional<ImportFormat> tail(ByteSource file) throws IOException {
    if (file.size() < HEAD) {
      return Optional.empty();
    }
    ByteBuffer tail = file.structure(file.size() - HEAD, HEAD, ByteOrder.BIG_ENDIAN);
    if (tail.getInt(0) == 0x6b6f6c79 && tail.getInt(4) == 4 && tail.getInt(8) == HEAD) { // koly
      return Optional.of(ImportFormat.DMG);
    }
    // A raw disk's guest can write a footer into its last sector: only one that is right in all
    // respects, and names no other file, counts.
    if (VhdFooter.looksLikeFixed(tail, file.size())) {
      return Optional.of(ImportFormat.VHD);
    }
    return Optional.empty();
  }
}
