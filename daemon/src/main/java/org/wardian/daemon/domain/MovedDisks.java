package org.wardian.daemon.domain;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Which jobs of a machine that is gone have moved their disks: it wrote that into its folder before
 * it wrote to the new image alone.
 */
final class MovedDisks {
  private static final System.Logger LOG = System.getLogger(MovedDisks.class.getName());

  /** A machine has far fewer jobs. */
  private static final long MOST_BYTES = 1 << 20;

  private MovedDisks() {}

  /** The names of the jobs; none where a machine writes no such file, as QEMU. */
  static Set<String> in(Path folder) {
    Path file = folder.resolve("moved-disks");
    Set<String> jobs = new HashSet<>();
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new IOException("it is too long");
      }
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      // What has no end was not written whole: the disk was not moved then.
      int from = 0;
      for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        jobs.add(URLDecoder.decode(text.substring(from, end), StandardCharsets.UTF_8));
        from = end + 1;
      }
    } catch (NoSuchFileException e) {
      // No disk was moved.
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.ERROR, file + " cannot be read: " + e.getMessage());
    }
    return jobs;
  }
}
