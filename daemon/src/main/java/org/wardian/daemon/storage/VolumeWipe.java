package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.wardian.definition.storage.VolumeDefinition;
import org.wardian.libvirt.constants.StorageVolWipeAlgorithm;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.FileStore;

/**
 * Overwrites a volume. Zeroes are written once; the other algorithms are lists of passes, as the
 * program {@code scrub} has them, which libvirt calls for them.
 */
final class VolumeWipe {
  private static final int CHUNK = 1 << 20;
  private static final int RANDOM = -1;

  private VolumeWipe() {}

  /** The passes of an algorithm: a byte each, or random ones; none where it is not done here. */
  private static List<Integer> passes(StorageVolWipeAlgorithm algorithm) {
    return switch (algorithm) {
      case ZERO -> List.of(0);
      case RANDOM -> List.of(RANDOM);
      // NNSA Policy Letter NAP-14.1-C: two random passes, then zeroes.
      case NNSA -> List.of(RANDOM, RANDOM, 0);
      // DoD 5220.22-M: random, zeroes, ones.
      case DOD -> List.of(RANDOM, 0, 0xff);
      // Recommendation of the German BSI.
      case BSI -> List.of(0xff, 0xfe, 0xfd, 0xfb, 0xf7, 0xef, 0xdf, 0xbf, 0x7f);
      // Bruce Schneier, Applied Cryptography, 1996.
      case SCHNEIER -> List.of(0, 0xff, RANDOM, RANDOM, RANDOM, RANDOM, RANDOM);
      case PFITZNER7 -> java.util.Collections.nCopies(7, RANDOM);
      case PFITZNER33 -> java.util.Collections.nCopies(33, RANDOM);
      case GUTMANN, TRIM -> List.of();
    };
  }

  static void check(StorageVolWipeAlgorithm algorithm) throws LibvirtException {
    if (passes(algorithm).isEmpty()) {
      throw StorageErrors.of(
          org.wardian.libvirt.constants.ErrorNumber.ARGUMENT_UNSUPPORTED,
          "'" + algorithm.name().toLowerCase(java.util.Locale.ROOT) + "' algorithm not supported");
    }
  }

  static void run(VolumeDefinition volume, StorageVolWipeAlgorithm algorithm)
      throws IOException, LibvirtException {
    Path path = HostPaths.of(volume.target().path());
    if (volume.kind() == VolumeDefinition.Kind.DIR) {
      throw StorageErrors.of(
          org.wardian.libvirt.constants.ErrorNumber.SYSTEM_ERROR,
          "Failed to open storage volume with path '" + path + "': Is a directory");
    }
    try (FileStore file = FileStore.open(path, true, true)) {
      long size = file.size();
      boolean sparse =
          volume.kind() == VolumeDefinition.Kind.FILE && FileStatus.of(path).stored() < size;
      if (sparse && algorithm == StorageVolWipeAlgorithm.ZERO) {
        // What was never stored need not be written over, and the file stays sparse.
        file.resize(0);
        file.resize(size);
      } else {
        for (int pass : passes(algorithm)) {
          fill(file, size, pass);
        }
      }
      file.flush();
    }
  }

  private static void fill(FileStore file, long size, int value) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    SplittableRandom random = new SplittableRandom();
    for (int i = 0; i < CHUNK; i++) {
      buffer.put(i, (byte) value);
    }
    for (long at = 0; at < size; at += CHUNK) {
      if (value == RANDOM) {
        for (int i = 0; i < CHUNK; i += 8) {
          buffer.putLong(i, random.nextLong());
        }
      }
      buffer.clear().limit((int) Math.min(CHUNK, size - at));
      file.write(at, buffer);
    }
    // Each pass has to reach the disk, or the next one would take its place in memory.
    file.flush();
  }
}
