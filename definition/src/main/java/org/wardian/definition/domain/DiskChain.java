package org.wardian.definition.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.wardian.definition.xml.XmlElement;

/**
 * The images that a disk is read through, the one that is written first, as its document says them:
 * {@code <source>} and one {@code <backingStore>} within the other. What block jobs change is
 * changed here and written back.
 */
public final class DiskChain {
  /** How many images a chain is read through. */
  private static final int MOST_IMAGES = 200;

  /**
   * One of the images.
   *
   * @param type file, block, network, ...
   * @param format raw, qcow2, ...
   * @param source where it is, with its number in a running domain
   */
  public record Image(String type, String format, XmlElement source) {
    /** An image in a file. */
    public static Image file(String path, String format) {
      return new Image("file", format, new XmlElement("source").set("file", path));
    }

    /** The path of a file or a block device. */
    public Optional<String> path() {
      return new DiskSource(type, source).path();
    }

    /** Its number in a running domain. */
    public OptionalInt index() {
      return Values.integer(source.attribute("index"));
    }

    /** A copy with another number; none where it is empty. */
    public Image withIndex(OptionalInt index) {
      XmlElement copy = source.copy();
      copy.set("index", index.isPresent() ? Integer.toString(index.getAsInt()) : null);
      return new Image(type, format, copy);
    }
  }

  private final List<Image> images;
  private final boolean ended;

  /**
   * Of some images.
   *
   * @param ended whether it is known that there is none below the last
   */
  public DiskChain(List<Image> images, boolean ended) {
    this.images = List.copyOf(images);
    this.ended = ended;
  }

  /** That of a disk; without any image where the drive is empty. */
  public static DiskChain of(Disk disk) {
    XmlElement element = disk.element();
    XmlElement source = element.child("source");
    if (source == null || disk.source().isEmpty()) {
      return new DiskChain(List.of(), true);
    }
    return below(new Image(disk.type(), disk.format(), source), element);
  }

  /** That of the image that a job copies to ({@code <mirror>}). */
  public static DiskChain ofMirror(XmlElement mirror) {
    XmlElement source = mirror.child("source");
    if (source == null) {
      return new DiskChain(List.of(), true);
    }
    String format = mirror.attributeAt("format", "type");
    return below(
        new Image(mirror.attribute("type", "file"), format == null ? "raw" : format, source),
        mirror);
  }

  private static DiskChain below(Image first, XmlElement holder) {
    List<Image> images = new ArrayList<>();
    images.add(first);
    XmlElement store = holder.child("backingStore");
    while (store != null && store.attribute("type") != null && images.size() < MOST_IMAGES) {
      XmlElement source =
          store.child("source") == null ? new XmlElement("source") : store.child("source").copy();
      // The number of an image below stands at its store.
      source.set("index", store.attribute("index"));
      String format = store.attributeAt("format", "type");
      images.add(new Image(store.attribute("type"), format == null ? "raw" : format, source));
      store = store.child("backingStore");
    }
    return new DiskChain(images, store != null && store.attribute("type") == null);
  }

  /** The images, the one that is written first. */
  public List<Image> images() {
    return images;
  }

  /** Whether it is known that there is none below the last. */
  public boolean isEnded() {
    return ended;
  }

  /** The place of the image with a number; -1 where there is none. */
  public int indexOf(int number) {
    for (int i = 0; i < images.size(); i++) {
      OptionalInt own = images.get(i).index();
      if (own.isPresent() && own.getAsInt() == number) {
        return i;
      }
    }
    return -1;
  }

  /** The place of the first image at a path from a place on; -1 where there is none. */
  public int indexOf(String path, int from) {
    for (int i = Math.max(0, from); i < images.size(); i++) {
      if (images.get(i).path().filter(path::equals).isPresent()) {
        return i;
      }
    }
    return -1;
  }

  /** Those from a place on. */
  public DiskChain from(int place) {
    return new DiskChain(images.subList(Math.min(place, images.size()), images.size()), ended);
  }

  /** Without those from one place up to another, which stays. */
  public DiskChain without(int from, int to) {
    List<Image> left = new ArrayList<>(images.subList(0, from));
    left.addAll(images.subList(to, images.size()));
    return new DiskChain(left, ended);
  }

  /** The first ones, below which there is nothing. */
  public DiskChain first(int count) {
    return new DiskChain(images.subList(0, Math.min(count, images.size())), true);
  }

  /** The first ones, below which nobody knows what there is. */
  public DiskChain upTo(int count) {
    return new DiskChain(images.subList(0, Math.min(count, images.size())), false);
  }

  /** The same without numbers, as a definition has it. */
  public DiskChain settled() {
    return new DiskChain(
        images.stream().map(image -> image.withIndex(OptionalInt.empty())).toList(), ended);
  }

  /** Makes it the chain of a disk. */
  public void writeTo(Disk disk) {
    XmlElement element = disk.element();
    Image top = images.getFirst();
    element.set("type", top.type());
    element.childOrNew("driver").set("type", top.format());
    element.remove("source");
    element.add(top.source().copy());
    element.remove("backingStore");
    writeBelow(element);
    DomainForm.TABLE.arrange(element, "disk");
  }

  /**
   * The element that says to where a job copies.
   *
   * @param job copy or active-commit
   * @param withChain whether what is below the first image is said
   */
  public XmlElement mirror(String job, boolean withChain) {
    Image top = images.getFirst();
    XmlElement mirror = new XmlElement("mirror").set("type", top.type());
    if (job.equals("copy")) {
      mirror.set("file", top.path().orElse(null)).set("format", top.format());
    }
    mirror.set("job", job);
    mirror.append("format").set("type", top.format());
    mirror.add(top.source().copy());
    if (withChain) {
      writeBelow(mirror);
    }
    return mirror;
  }

  private void writeBelow(XmlElement holder) {
    XmlElement at = holder;
    for (Image image : images.subList(1, images.size())) {
      XmlElement store = new XmlElement("backingStore").set("type", image.type());
      XmlElement source = image.source().copy();
      store.set("index", source.attribute("index"));
      source.set("index", null);
      store.append("format").set("type", image.format());
      store.add(source);
      at.add(store);
      at = store;
    }
    if (ended) {
      at.append("backingStore");
    }
  }
}
