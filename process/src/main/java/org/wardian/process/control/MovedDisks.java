package org.wardian.process.control;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Tells those who come after a machine that was killed which jobs have moved their disks: the file
 * {@code moved-disks} beside the control socket, with a line for each, the job's name as in a URL.
 *
 * <p>A line is written while no request of the disk is under way and the new image holds all, and
 * before anything is written to that image alone: with the line it is the disk, without it the old
 * one is.
 */
final class MovedDisks {
  /** The file's name; the daemon knows it too. */
  static final String NAME = "moved-disks";

  private final Path file;

  /** In a machine's folder. */
  MovedDisks(Path folder) {
    file = folder.resolve(NAME);
  }

  /**
   * A job moves its disk now; on the disk when this returns.
   *
   * @throws IOException where it cannot be written: the disk must not be moved
   */
  synchronized void add(String job) throws IOException {
    String line = URLEncoder.encode(job, StandardCharsets.UTF_8) + "\n";
    ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }
}
