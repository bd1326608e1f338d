package org.wardian.storage.imports;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Writes appliances: a description, a manifest and disks in a ustar archive. */
final class OvaBuilder {
  private final Map<String, byte[]> disks = new LinkedHashMap<>();
  private final Map<String, Long> capacities = new LinkedHashMap<>();
  private final StringBuilder files = new StringBuilder();
  private final StringBuilder sections = new StringBuilder();
  private String algorithm = "SHA256";

  OvaBuilder digest(String name) {
    algorithm = name;
    return this;
  }

  /** A disk's file, packed by gzip if asked. */
  OvaBuilder disk(String name, byte[] vmdk, long capacity, boolean gzip) throws IOException {
    byte[] content = vmdk;
    if (gzip) {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
        out.write(vmdk);
      }
      content = packed.toByteArray();
    }
    String identifier = "file" + disks.size();
    files.append(
        "<File ovf:href=\"%s\" ovf:id=\"%s\" ovf:size=\"%d\"%s/>"
            .formatted(name, identifier, content.length, gzip ? " ovf:compression=\"gzip\"" : ""));
    sections.append(
        "<Disk ovf:diskId=\"disk%d\" ovf:fileRef=\"%s\" ovf:capacity=\"%d\"/>"
            .formatted(disks.size(), identifier, capacity));
    disks.put(name, content);
    capacities.put(name, capacity);
    return this;
  }

  byte[] build() throws Exception {
    String description =
        """
        <?xml version="1.0"?>
        <Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
            xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1">
          <References>%s</References>
          <DiskSection><Info>Disks</Info>%s</DiskSection>
          <VirtualSystem ovf:id="vm"><Info>A machine</Info></VirtualSystem>
        </Envelope>
        """
            .formatted(files, sections);
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("vm.ovf", description.getBytes(StandardCharsets.UTF_8));
    members.putAll(disks);
    StringBuilder manifest = new StringBuilder();
    for (Map.Entry<String, byte[]> each : members.entrySet()) {
      byte[] digest =
          MessageDigest.getInstance(algorithm.replace("SHA", "SHA-")).digest(each.getValue());
      manifest.append(
          "%s(%s)= %s%n".formatted(algorithm, each.getKey(), HexFormat.of().formatHex(digest)));
    }
    Map<String, byte[]> ordered = new LinkedHashMap<>();
    ordered.put("vm.ovf", members.get("vm.ovf"));
    ordered.put("vm.mf", manifest.toString().getBytes(StandardCharsets.UTF_8));
    ordered.putAll(disks);
    return tar(ordered);
  }

  Path write(Path path) throws Exception {
    return Files.write(path, build());
  }

  /** A ustar archive of regular files. */
  static byte[] tar(Map<String, byte[]> members) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Map.Entry<String, byte[]> each : members.entrySet()) {
      byte[] header = new byte[512];
      put(header, 0, each.getKey());
      put(header, 100, "0000644\0" + "0000000\0" + "0000000\0");
      put(header, 124, "%011o\0%011o\0".formatted(each.getValue().length, 0));
      put(header, 148, "        0");
      put(header, 257, "ustar\0" + "00");
      int sum = 0;
      for (byte value : header) {
        sum += value & 0xff;
      }
      put(header, 148, "%06o\0 ".formatted(sum));
      out.writeBytes(header);
      out.writeBytes(each.getValue());
      out.writeBytes(new byte[(512 - each.getValue().length % 512) % 512]);
    }
    out.writeBytes(new byte[1024]);
    return out.toByteArray();
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }
}
