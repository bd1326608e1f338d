package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The digests of an appliance's files (DSP0243, OVF 2.1, §6.1): {@code SHA256(name)= digits}. */
final class OvaManifest {
  private static final Pattern LINE =
      Pattern.compile("(SHA1|SHA256|SHA384|SHA512)\\s?\\(([^)]*)\\)\\s*=\\s*([0-9a-fA-F]+)");
  private static final int CHUNK = 1 << 20;

  private record Digest(String algorithm, String digits) {}

  private final Map<String, Digest> digests = new LinkedHashMap<>();

  private OvaManifest() {}

  static OvaManifest parse(String name, String text) throws ImportException {
    OvaManifest manifest = new OvaManifest();
    for (String line : text.split("\\R")) {
      if (line.isBlank()) {
        continue;
      }
      Matcher matcher = LINE.matcher(line.strip());
      if (!matcher.matches()) {
        throw new ImportException(name, "has a line that is no digest: " + line);
      }
      manifest.digests.put(
          matcher.group(2),
          new Digest(
              matcher.group(1).replace("SHA", "SHA-"), matcher.group(3).toLowerCase(Locale.ROOT)));
    }
    return manifest;
  }

  /** Whether it has a digest of that file. */
  boolean lists(String file) {
    return digests.containsKey(file);
  }

  /**
   * Reads a file and compares.
   *
   * @param progress is told the bytes that were read so far
   * @throws ImportException where it is another file than the manifest says
   */
  void verify(String file, ByteSource content, LongConsumer progress) throws IOException {
    Digest due = digests.get(file);
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance(due.algorithm());
    } catch (NoSuchAlgorithmException e) {
      throw new ImportException(content.name(), "needs " + due.algorithm() + ", which is not here");
    }
    ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, content.size()));
    for (long at = 0; at < content.size(); at += chunk.limit()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), content.size() - at));
      content.read(at, chunk);
      digest.update(chunk.flip());
      progress.accept(at + chunk.limit());
    }
    String is = HexFormat.of().formatHex(digest.digest());
    if (!is.equals(due.digits())) {
      throw new ImportException(
          content.name(),
          "is not what the manifest says ("
              + due.algorithm()
              + " is "
              + is.substring(0, 16)
              + "... and not "
              + due.digits().substring(0, Math.min(16, due.digits().length()))
              + "...): fetch the appliance again");
    }
  }
}
