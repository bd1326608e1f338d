package org.wardian.process.domain;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.xml.XmlElement;
import org.wardian.storage.BlockImage;
import org.wardian.storage.ImageNode;

/**
 * The images of a machine by the names that libvirt gives them: {@code libvirt-N-format}, and
 * {@code libvirt-N-storage} for the file beneath. Some are disks' chains, others were added by a
 * client and are closed when it removes them.
 */
public final class BlockNodes {
  private static final String FORMAT = "-format";
  private static final String STORAGE = "-storage";

  private final Map<ImageNode, String> names = new IdentityHashMap<>();
  private final Map<ImageNode, String> storageNames = new IdentityHashMap<>();
  private final Map<String, ImageNode> added = new LinkedHashMap<>();
  private final Map<String, FileNode> files = new LinkedHashMap<>();
  private int unnamed = 100;

  BlockNodes() {}

  /** Gives the images of a disk the names that its document has for them. */
  synchronized void name(Disk disk, String alias, BlockImage top) {
    XmlElement at = disk.source().element();
    XmlElement store = disk.element().child("backingStore");
    ImageNode node = top instanceof ImageNode image ? image : null;
    while (node != null) {
      String index = at == null ? null : at.attribute("index");
      if (index != null) {
        name(node, "libvirt-" + index + FORMAT, "libvirt-" + index + STORAGE);
      } else if (node == top) {
        name(node, alias + FORMAT, alias + STORAGE);
      }
      node = node.below().orElse(null);
      at = store;
      store = store == null ? null : store.child("backingStore");
    }
  }

  /**
   * Gives an image its names.
   *
   * @param storage the file's, or null for one of its own
   */
  public synchronized void name(ImageNode node, String name, String storage) {
    names.put(node, name);
    if (storage != null) {
      storageNames.put(node, storage);
    }
  }

  /** The name of an image; one of its own where nobody gave it any. */
  public synchronized String name(ImageNode node) {
    return names.computeIfAbsent(node, image -> "#block" + unnamed++);
  }

  /** The name of an image's file. */
  public synchronized String storageName(ImageNode node) {
    String given = storageNames.get(node);
    if (given != null) {
      return given;
    }
    String name = name(node);
    String made =
        name.endsWith(FORMAT)
            ? name.substring(0, name.length() - FORMAT.length()) + STORAGE
            : "#block" + unnamed++;
    storageNames.put(node, made);
    return made;
  }

  /** A disk's chain, from the image that is written; empty where it has no nodes. */
  public static List<ImageNode> chain(BlockImage top) {
    List<ImageNode> chain = new ArrayList<>();
    Optional<ImageNode> node =
        top instanceof ImageNode image ? Optional.of(image) : Optional.empty();
    while (node.isPresent()) {
      chain.add(node.get());
      node = node.get().below();
    }
    return chain;
  }

  /** Every image that is open: of disks, and added ones with what is beneath. */
  public synchronized List<ImageNode> all(Collection<Drive> drives) {
    Map<ImageNode, Boolean> all = new IdentityHashMap<>();
    List<ImageNode> order = new ArrayList<>();
    List<BlockImage> tops = new ArrayList<>();
    drives.forEach(drive -> tops.add(drive.device().source()));
    tops.addAll(added.values());
    names.keySet().removeIf(node -> node.users() == 0);
    storageNames.keySet().removeIf(node -> node.users() == 0);
    tops.addAll(names.keySet()); // What only jobs and exports use.
    for (BlockImage top : tops) {
      for (ImageNode node : chain(top)) {
        if (all.put(node, true) == null) {
          order.add(node);
        }
      }
    }
    return order;
  }

  /** The image of a name. */
  public synchronized Optional<ImageNode> find(String name, Collection<Drive> drives) {
    for (ImageNode node : all(drives)) {
      if (name(node).equals(name)) {
        return Optional.of(node);
      }
    }
    return Optional.empty();
  }

  /** Whether an image or a file has that name. */
  public synchronized boolean isTaken(String name, Collection<Drive> drives) {
    return find(name, drives).isPresent()
        || findStorage(name, drives).isPresent()
        || files.containsKey(name);
  }

  /** The image whose file has that name. */
  public synchronized Optional<ImageNode> findStorage(String name, Collection<Drive> drives) {
    for (ImageNode node : all(drives)) {
      if (storageName(node).equals(name)) {
        return Optional.of(node);
      }
    }
    return Optional.empty();
  }

  /** Adds an image that a client opened; taken over. */
  public synchronized void add(ImageNode node, String name, String storage) {
    added.put(name, node);
    name(node, name, storage);
  }

  /** Adds a file that a client named. */
  public synchronized void add(FileNode file) {
    files.put(file.name(), file);
  }

  /** The file of a name that no image uses yet. */
  public synchronized Optional<FileNode> file(String name) {
    return Optional.ofNullable(files.get(name));
  }

  /** Forgets a file; false where there is none. */
  public synchronized boolean removeFile(String name) {
    return files.remove(name) != null;
  }

  /** Whether a client added it. */
  public synchronized boolean isAdded(ImageNode node) {
    return added.containsValue(node);
  }

  /** Takes an added image away from the client's: it is the caller's now. */
  public synchronized boolean take(ImageNode node) {
    return added.values().remove(node);
  }

  /** Names of files that clients added, and no image uses. */
  public synchronized List<FileNode> files() {
    return List.copyOf(files.values());
  }

  /** Closes what clients added. */
  synchronized void close() {
    for (ImageNode node : added.values()) {
      try {
        node.close();
      } catch (IOException e) {
        System.getLogger(BlockNodes.class.getName())
            .log(System.Logger.Level.WARNING, node.path() + " was not closed well", e);
      }
    }
    added.clear();
  }
}
