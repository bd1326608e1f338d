package org.wardian.cli.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageFormat;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.imports.OvaArchive;
import picocli.CommandLine.Option;

/** {@code --disk}, the same for every verb that reads an image which may be an appliance's. */
final class OvaDiskOption {
  @Option(
      names = "--disk",
      paramLabel = "NAME",
      description = "Which disk of an OVA that has several: the name of its file in the archive.")
  private String name;

  /** Whether one was named. */
  boolean given() {
    return name != null;
  }

  /** Opens an image for reading, of an appliance the disk that is meant. */
  BlockImage open(Path file, OpenOptions options) throws IOException {
    if (options.format() == ImageFormat.OVA) {
      OvaArchive archive = OvaArchive.open(file);
      try {
        return archive.openOwned(find(archive, file));
      } catch (IOException | RuntimeException e) {
        archive.close();
        throw e;
      }
    }
    if (name != null) {
      throw new IllegalArgumentException("--disk names a disk of an OVA, and " + file + " is none");
    }
    return Images.open(file, options);
  }

  /** Which disk of an appliance is meant. */
  OvaArchive.Disk find(OvaArchive archive, Path file) {
    List<OvaArchive.Disk> disks = archive.disks();
    if (name == null && disks.size() == 1) {
      return disks.getFirst();
    }
    String names = String.join(", ", disks.stream().map(OvaArchive.Disk::name).toList());
    if (name == null) {
      throw new IllegalArgumentException(
          disks.isEmpty()
              ? file + " has no disk with content"
              : file + " has several disks; say which by --disk: " + names);
    }
    return disks.stream()
        .filter(disk -> disk.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(file + " has no disk " + name + "; it has " + names));
  }
}
