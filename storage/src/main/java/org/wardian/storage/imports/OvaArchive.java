package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * A virtual appliance in one file: a tar of the description (OVF), the manifest of digests, and the
 * disks as stream-optimised VMDK, perhaps compressed by gzip (DSP0243).
 *
 * <p>The description is compared with the manifest when it is opened; a disk when {@link #verify}
 * is called, for that reads all of it.
 */
public final class OvaArchive implements AutoCloseable {
  private static final int MOST_TEXT = 8 << 20;

  /** What a VMDK may be larger than its disk: tables and markers. */
  private static final long MOST_OVERHEAD = 64 << 20;

  /**
   * A disk of the appliance.
   *
   * @param name of its file
   * @param bytes of its file
   * @param capacity bytes that the disk is said to have, or -1
   * @param compression {@code gzip} or empty
   */
  public record Disk(String name, long bytes, long capacity, String compression) {}

  private final ByteSource file;
  private final Map<String, TarIndex.Member> members = new HashMap<>();
  private final List<Disk> disks = new ArrayList<>();
  private OvaManifest manifest;

  private OvaArchive(ByteSource file) {
    this.file = file;
  }

  /**
   * Reads the archive's index, description and manifest.
   *
   * @throws ImportException where one of them is damaged, or the description is not what the
   *     manifest says
   */
  public static OvaArchive open(Path path) throws IOException {
    ImageFile file = ImageFile.open(path, true);
    try {
      OvaArchive archive = new OvaArchive(file);
      archive.readIndex();
      return archive;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private void readIndex() throws IOException {
    TarIndex.Member description = null;
    for (TarIndex.Member member : TarIndex.of(file)) {
      String lower = member.name().toLowerCase(Locale.ROOT);
      members.putIfAbsent(member.name(), member);
      if (lower.endsWith(".ovf") && description == null) {
        description = member;
      }
    }
    if (description == null) {
      throw new ImportException(file.name(), "has no description (.ovf): it is no appliance");
    }
    String base = description.name().substring(0, description.name().length() - 4);
    TarIndex.Member digests = members.get(base + ".mf");
    if (digests != null) {
      manifest =
          OvaManifest.parse(
              window(digests).name(), new String(content(digests), StandardCharsets.UTF_8));
      if (manifest.lists(description.name())) {
        manifest.verify(description.name(), window(description), read -> {});
      }
    }
    describe(OvfDescription.parse(window(description).name(), content(description)));
  }

  private void describe(OvfDescription description) throws ImportException {
    for (OvfDescription.Disk disk : description.disks()) {
      if (disk.file().isEmpty()) {
        continue; // an empty disk, to be made when the appliance is
      }
      OvfDescription.File reference = description.files().get(disk.file());
      if (reference == null) {
        throw new ImportException(
            file.name(), "has a disk in the file '" + disk.file() + "' that it does not describe");
      }
      TarIndex.Member member = members.get(reference.reference());
      if (reference.chunked()) {
        throw new ImportException(
            file.name(),
            "has the disk "
                + reference.reference()
                + " cut into chunks; unpack the archive (tar -xf) and join them by cat");
      }
      if (member == null) {
        throw new ImportException(
            file.name(),
            "lacks its disk " + reference.reference() + ": it is cut off or is elsewhere");
      }
      String compression =
          reference.compression().equals("identity") ? "" : reference.compression();
      disks.add(new Disk(member.name(), member.size(), disk.capacity(), compression));
    }
  }

  private Window window(TarIndex.Member member) {
    return new Window(file.name() + "/" + member.name(), file, member.position(), member.size());
  }

  private byte[] content(TarIndex.Member member) throws IOException {
    if (member.size() > MOST_TEXT) {
      throw new ImportException(
          window(member).name(), "has " + member.size() + " bytes; no description is that long");
    }
    ByteBuffer bytes = file.structure(member.position(), (int) member.size(), ByteOrder.BIG_ENDIAN);
    return bytes.array();
  }

  /** The disks that have content, in the description's order. */
  public List<Disk> disks() {
    return List.copyOf(disks);
  }

  /** Whether the manifest has a digest of a disk's file. */
  public boolean hasDigest(Disk disk) {
    return manifest != null && manifest.lists(disk.name());
  }

  /**
   * Reads a disk's file and compares it with the manifest; does nothing without a digest.
   *
   * @param progress is told the bytes read so far, of {@link Disk#bytes}
   * @throws ImportException where the file is not what the manifest says
   */
  public void verify(Disk disk, LongConsumer progress) throws IOException {
    if (hasDigest(disk)) {
      manifest.verify(disk.name(), window(members.get(disk.name())), progress);
    }
  }

  /**
   * Opens a disk. This archive must stay open as long as the image is used.
   *
   * @throws ImportException where it is no VMDK, or is damaged
   */
  public ImportedImage open(Disk disk) throws IOException {
    return open(disk, null);
  }

  private ImportedImage open(Disk disk, ByteSource owned) throws IOException {
    ByteSource member = window(members.get(disk.name()));
    if (disk.compression().equals("gzip")) {
      long capacity = disk.capacity() < 0 ? ImportedImage.MOST_BYTES : disk.capacity();
      member = UnpackedFile.gunzip(member, capacity + capacity / 8 + MOST_OVERHEAD);
    } else if (!disk.compression().isEmpty()) {
      throw new ImportException(
          member.name(), "is compressed by " + disk.compression() + "; only gzip is known");
    }
    try {
      ImportFormat format = Probe.of(member).orElse(null);
      if (format != ImportFormat.VMDK) {
        throw new ImportException(
            member.name(),
            "is no VMDK but "
                + (format == null ? "raw or of an unknown format" : format.description())
                + "; unpack the archive (tar -xf) and give the file itself");
      }
      ImportedImage image = VmdkImage.openMember(member);
      image.detail("appliance", file.name());
      image.detail("digest in manifest", hasDigest(disk) ? "yes" : "no");
      if (owned != null) {
        image.owns(owned);
      }
      return image;
    } catch (IOException | RuntimeException e) {
      member.close();
      throw e;
    }
  }

  /**
   * Opens a disk; closing the image closes this archive.
   *
   * @throws ImportException as {@link #open(Disk)}
   */
  public ImportedImage openOwned(Disk disk) throws IOException {
    return open(disk, file);
  }

  /** The disk of an appliance that has one; closing the image closes this archive. */
  ImportedImage onlyDisk() throws IOException {
    if (disks.size() != 1) {
      throw new ImportException(
          file.name(),
          disks.isEmpty()
              ? "has no disk with content"
              : "has "
                  + disks.size()
                  + " disks; name one: "
                  + String.join(", ", disks.stream().map(Disk::name).toList()));
    }
    return openOwned(disks.getFirst());
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
