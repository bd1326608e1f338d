package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DiskChain;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.operation.ImageInfo;

/** Finds disks and images by the names that clients give them. */
final class ChainLookup {
  /** A disk's target with an image's number. */
  private static final Pattern NUMBERED = Pattern.compile("([^\\[\\]]+)\\[([0-9]{1,9})]");

  private ChainLookup() {}

  /** A disk by its target or the path of its image. */
  static Disk disk(DomainDocument document, String name) throws LibvirtException {
    return document
        .disk(name)
        .orElseThrow(() -> Refusal.badArgument("disk '" + name + "' not found in domain"));
  }

  /** The number in a name such as {@code vda[3]}; empty where it has none. */
  static OptionalInt number(Disk disk, String name) throws LibvirtException {
    Matcher matcher = NUMBERED.matcher(name);
    if (!matcher.matches()) {
      return OptionalInt.empty();
    }
    if (!matcher.group(1).equals(disk.target())) {
      throw Refusal.badArgument(
          "requested target '%s' does not match target '%s'"
              .formatted(matcher.group(1), disk.target()));
    }
    return OptionalInt.of(Integer.parseInt(matcher.group(2)));
  }

  /**
   * The place of an image in a disk's chain.
   *
   * @param name its path, or the disk's target with its number; null for the last image
   * @param above the place above it; -1 for none
   * @throws LibvirtException where it is not there
   */
  static int find(Disk disk, DiskChain chain, String name, int above) throws LibvirtException {
    if (name == null || name.isEmpty()) {
      int last = chain.images().size() - 1;
      if (last <= above) {
        throw Refusal.badArgument("could not find base image in chain for '" + disk.target() + "'");
      }
      return last;
    }
    OptionalInt number = number(disk, name);
    int place =
        number.isPresent() ? chain.indexOf(number.getAsInt()) : chain.indexOf(name, above + 1);
    if (place > above) {
      return place;
    }
    if (number.isPresent()) {
      throw Refusal.badArgument(
          "could not find backing store index '%d' in chain for '%s'"
              .formatted(number.getAsInt(), disk.target()));
    }
    if (above >= 0) {
      throw Refusal.badArgument(
          "could not find image '%s' beneath '%s' in chain for '%s'"
              .formatted(name, chain.images().get(above).path().orElse("(null)"), disk.target()));
    }
    throw Refusal.badArgument(
        "could not find image '%s' in chain for '%s'".formatted(name, disk.target()));
  }

  /**
   * The name by which an image's header can name another one of its chain as headers do now, where
   * all between name the next by a path relative to themselves.
   *
   * @throws LibvirtException where one of them does not
   */
  static String relative(DiskChain chain, int from, int to) throws LibvirtException {
    Path name = Path.of("");
    for (int i = from; i < to; i++) {
      Path step = Path.of(backingName(chain.images().get(i)).orElse("/"));
      if (step.isAbsolute()) {
        throw Refusal.notNow("can't keep relative backing relationship");
      }
      name = name.resolveSibling(step);
    }
    return name.toString();
  }

  private static Optional<String> backingName(DiskChain.Image image) {
    try {
      return Optional.ofNullable(
              ImageInfo.of(
                      Path.of(image.path().orElse("")), OpenOptions.readOnly().withLocked(false))
                  .qcow2())
          .map(details -> details.backing());
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }
}
