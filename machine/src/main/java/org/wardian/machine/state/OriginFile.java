package org.wardian.machine.state;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * A file that a machine was started from, and by what it is known again.
 *
 * @param path absolute
 * @param bytes of the file
 * @param sha256 of its content, in hexadecimal
 */
public record OriginFile(Path path, long bytes, String sha256) {
  private static final String NAME = "origin-file";
  private static final int VERSION = 1;

  /** What no kernel or initrd of ours exceeds. */
  private static final int LARGEST = 1 << 30;

  /** The mark of a file whose content was read. */
  public static OriginFile of(Path path, byte[] content) {
    return new OriginFile(path.toAbsolutePath(), content.length, sha256(content));
  }

  /** SHA-256 in hexadecimal. */
  public static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Reads the file, if it is the one that it was.
   *
   * @throws IOException where it is not, with a reason for a person
   */
  public byte[] read() throws IOException {
    try {
      // A state from elsewhere may name anything; a device or a pipe is not even opened.
      if (Files.exists(path) && (!Files.isRegularFile(path) || Files.size(path) != bytes)) {
        throw changed();
      }
      byte[] content = Files.readAllBytes(path);
      if (!sha256(content).equals(sha256)) {
        throw changed();
      }
      return content;
    } catch (NoSuchFileException e) {
      throw new IOException(path + " is not there any more (SHA-256 " + sha256 + ")", e);
    } catch (AccessDeniedException e) {
      throw new IOException("no permission to read " + path, e);
    }
  }

  private IOException changed() {
    return new IOException(path + " is not what it was (SHA-256 " + sha256 + ")");
  }

  void save(StateWriter out) {
    out.begin(NAME, VERSION);
    out.writeString(path.toString());
    out.writeLong(bytes);
    out.writeString(sha256);
    out.end();
  }

  static OriginFile load(StateReader in) {
    in.begin(NAME, VERSION);
    String path = in.readString();
    long bytes = in.readLong();
    String sha256 = in.readString();
    in.end();
    if (!path.matches("\\P{Cntrl}+") || bytes < 0 || bytes > LARGEST) {
      throw new StateException("a file of origin that cannot be one");
    }
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new StateException("a checksum that is none");
    }
    try {
      return new OriginFile(Path.of(path), bytes, sha256);
    } catch (InvalidPathException e) {
      throw new StateException("a file's name that is none");
    }
  }
}
