package org.wardian.storage.imports;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.wardian.storage.ImageFormat;

/** A VMDK: one or more extents in a row. */
final class VmdkImage extends ImportedImage {
  private static final int SECTOR = 512;

  /** One extent, placed on the disk. */
  private sealed interface Part {
    Piece locate(long offset, long length) throws IOException;
  }

  private record FlatPart(ByteSource file, long position) implements Part {
    @Override
    public Piece locate(long offset, long length) {
      return new Piece.Stored(length, file, position + offset);
    }
  }

  private record SparsePart(VmdkSparseExtent extent) implements Part {
    @Override
    public Piece locate(long offset, long length) throws IOException {
      return extent.locate(offset, length);
    }
  }

  private record ZeroPart() implements Part {
    @Override
    public Piece locate(long offset, long length) {
      return new Piece.Zero(length);
    }
  }

  private final long[] starts;
  private final Part[] parts;

  private VmdkImage(String subformat, List<Part> parts, List<Long> starts, long length) {
    super(ImageFormat.VMDK, subformat, length);
    this.parts = parts.toArray(Part[]::new);
    this.starts = starts.stream().mapToLong(Long::longValue).toArray();
  }

  /** Opens a descriptor or a file that has one inside; takes {@code file} over. */
  static ImportedImage open(ByteSource file, Path path, OpenChain chain) throws IOException {
    boolean sparse =
        file.size() >= 4
            && file.structure(0, 4, ByteOrder.LITTLE_ENDIAN).getInt(0) == VmdkSparseExtent.MAGIC;
    VmdkDescriptor descriptor;
    VmdkImage image;
    if (sparse) {
      VmdkSparseExtent extent = new VmdkSparseExtent(file);
      descriptor =
          extent.hasDescriptor() ? extent.descriptor() : new VmdkDescriptor(Map.of(), List.of());
      // Writers leave room for a descriptor in each extent of a split disk, and leave it empty.
      if (descriptor.createType().isEmpty()) {
        throw new ImportException(
            file.name(), "is one extent of a split VMDK; give the file that names its extents");
      }
      if (extent.sectors() == 0) {
        throw new ImportException(file.name(), "claims a disk of 0 sectors");
      }
      image =
          new VmdkImage(
              extent.kind(),
              List.of(new SparsePart(extent)),
              List.of(0L),
              extent.sectors() * SECTOR);
      image.detail("grain size", extent.grainBytes());
      image.owns(file);
    } else {
      ImportFormat found = Probe.of(file).orElse(ImportFormat.VMDK);
      if (found.image().isEmpty()) {
        throw found.refusal(file.name());
      }
      descriptor = VmdkDescriptor.ofFile(file);
      image = assemble(file, path, descriptor, chain);
    }
    try {
      image.describe(descriptor);
      image.findParent(file, path, chain, descriptor);
    } catch (IOException | RuntimeException e) {
      image.close();
      throw e;
    }
    return image;
  }

  /** The stream-optimised file inside an archive; it cannot have other extents or parents. */
  static ImportedImage openMember(ByteSource member) throws IOException {
    VmdkSparseExtent extent = new VmdkSparseExtent(member);
    if (extent.sectors() == 0) {
      throw new ImportException(member.name(), "claims a disk of 0 sectors");
    }
    VmdkImage image =
        new VmdkImage(
            extent.kind(), List.of(new SparsePart(extent)), List.of(0L), extent.sectors() * SECTOR);
    image.owns(member);
    image.detail("grain size", extent.grainBytes());
    if (extent.hasDescriptor()) {
      VmdkDescriptor descriptor = extent.descriptor();
      image.describe(descriptor);
      if (descriptor.identifier("parentCID") != VmdkDescriptor.NO_PARENT) {
        throw new ImportException(member.name(), "has a parent, which an archive cannot hold");
      }
    }
    return image;
  }

  private static VmdkImage assemble(
      ByteSource file, Path path, VmdkDescriptor descriptor, OpenChain chain) throws IOException {
    if (descriptor.extents().isEmpty()) {
      throw new ImportException(file.name(), "is a VMDK descriptor without extents");
    }
    List<Part> parts = new ArrayList<>();
    List<Long> starts = new ArrayList<>();
    List<ByteSource> opened = new ArrayList<>(List.of(file));
    long length = 0;
    try {
      for (VmdkDescriptor.Line line : descriptor.extents()) {
        if (line.sectors() == 0 || line.sectors() > (MOST_BYTES - length) / SECTOR) {
          throw new ImportException(
              file.name(), "has an extent of " + line.sectors() + " sectors: it is damaged");
        }
        starts.add(length);
        parts.add(part(file.name(), path, line, opened, chain));
        length += line.sectors() * SECTOR;
      }
    } catch (IOException | RuntimeException e) {
      for (ByteSource each : opened) {
        each.close();
      }
      throw e;
    }
    VmdkImage image = new VmdkImage(descriptor.createType(), parts, starts, length);
    opened.forEach(image::owns);
    return image;
  }

  private static Part part(
      String name, Path path, VmdkDescriptor.Line line, List<ByteSource> opened, OpenChain chain)
      throws IOException {
    long bytes = line.sectors() * SECTOR;
    if (line.access().equals("NOACCESS")) {
      throw new ImportException(name, "has an extent marked NOACCESS: its owner keeps it closed");
    }
    switch (line.type()) {
      case "ZERO" -> {
        return new ZeroPart();
      }
      case "FLAT", "VMFS" -> {
        ImageFile extent = extentFile(name, path, line, chain);
        opened.add(extent);
        if (line.offset() > MOST_BYTES / SECTOR || line.offset() * SECTOR + bytes > extent.size()) {
          throw extent.cutOff(Math.min(line.offset(), MOST_BYTES / SECTOR) * SECTOR, bytes);
        }
        return new FlatPart(extent, line.offset() * SECTOR);
      }
      case "SPARSE" -> {
        ImageFile file = extentFile(name, path, line, chain);
        opened.add(file);
        VmdkSparseExtent extent = new VmdkSparseExtent(file);
        if (extent.sectors() < line.sectors()) {
          throw new ImportException(
              file.name(),
              "has " + extent.sectors() + " sectors where " + line.sectors() + " are due");
        }
        return new SparsePart(extent);
      }
      case "VMFSSPARSE" -> throw ImportFormat.COWD.refusal(name);
      case "SESPARSE" -> throw ImportFormat.SESPARSE.refusal(name);
      default ->
          throw new ImportException(
              name,
              "has an extent of type " + line.type() + ", which is not in a file: export the disk");
    }
  }

  /**
   * An extent's file, which must be in the descriptor's folder: a descriptor that came from
   * elsewhere could otherwise make any file of this host a disk.
   */
  private static ImageFile extentFile(
      String name, Path path, VmdkDescriptor.Line line, OpenChain chain) throws IOException {
    String written = line.file() == null ? "" : line.file();
    Path folder = path.toAbsolutePath().getParent();
    Path extent;
    try {
      extent = folder.resolve(written);
    } catch (InvalidPathException e) {
      throw new ImportException(name, "names an extent that no file can have: " + written);
    }
    if (written.isEmpty() || written.indexOf('/') >= 0 || written.indexOf('\\') >= 0) {
      throw new ImportException(
          name,
          "names the extent '"
              + written
              + "'; only files beside the descriptor are opened: copy it there and correct the"
              + " line");
    }
    if (!Files.exists(extent)) {
      throw new ImportException(
          name, "lacks its extent '" + written + "': copy that file beside this one");
    }
    ImageFile file = ImageFile.open(extent, chain.locked());
    if (!extent.toRealPath().startsWith(folder.toRealPath())) {
      file.close();
      throw new ImportException(
          name, "has the extent '" + written + "', a link to another folder: copy the file here");
    }
    return file;
  }

  private void describe(VmdkDescriptor descriptor) {
    detail("content id", String.format("%08x", descriptor.identifier("CID")));
    String adapter = descriptor.values().get("ddb.adaptertype");
    if (adapter != null) {
      detail("adapter", adapter);
    }
    if (parts.length > 1) {
      detail("extents", parts.length);
    }
  }

  private void findParent(ByteSource file, Path path, OpenChain chain, VmdkDescriptor descriptor)
      throws IOException {
    long wanted = descriptor.identifier("parentCID");
    if (wanted == VmdkDescriptor.NO_PARENT) {
      return;
    }
    detail("parent content id", String.format("%08x", wanted));
    if (!chain.follows()) {
      return;
    }
    String hint = descriptor.values().getOrDefault("parentfilenamehint", "");
    List<Path> candidates = hint.isEmpty() ? List.of() : OpenChain.candidates(path, hint);
    if (candidates.isEmpty()) {
      throw new ImportException(
          file.name(), "is a difference to '" + hint + "', which is not there: put it beside it");
    }
    ImportedImage found = Imports.open(candidates.getFirst(), ImageFormat.VMDK, chain);
    standsOn(found);
    String has = found.details().get("content id");
    if (!String.format("%08x", wanted).equals(has)) {
      throw new ImportException(
          file.name(),
          "is a difference to "
              + candidates.getFirst()
              + " as it was (content id "
              + String.format("%08x", wanted)
              + "); that was changed since (now "
              + has
              + ")");
    }
  }

  @Override
  Piece locate(long offset, long length) throws IOException {
    int found = Arrays.binarySearch(starts, offset);
    int index = found >= 0 ? found : -found - 2;
    long end = index + 1 < starts.length ? starts[index + 1] : length();
    return parts[index].locate(offset - starts[index], Math.min(length, end - offset));
  }
}
