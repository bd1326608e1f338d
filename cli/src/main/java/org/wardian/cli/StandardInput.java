package org.wardian.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Standard input without what System.in adds: buffering, and a surprise where it is closed. */
public final class StandardInput {
  private static final Path DESCRIPTOR = Path.of("/proc/self/fd/0");

  private StandardInput() {}

  /** The user's input; empty where the user closed it. */
  public static InputStream open() {
    return isOurs() ? InputStream.nullInputStream() : new FileInputStream(FileDescriptor.in);
  }

  /**
   * Whether descriptor 0 is a file of the Java runtime: a process that is started without standard
   * input gives the number to the first file that it opens, and a guest would be typed the JDK.
   */
  private static boolean isOurs() {
    try {
      return Files.exists(DESCRIPTOR)
          && Files.readSymbolicLink(DESCRIPTOR)
              .startsWith(Path.of(System.getProperty("java.home")).toRealPath());
    } catch (IOException noSuchFileSystem) {
      return false;
    }
  }
}
