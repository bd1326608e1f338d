package org.wardian.daemon.snapshot;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.xml.XmlElement;
import org.wardian.libvirt.error.LibvirtException;

/**
 * The overlays that reverts made, in {@code qemu/snapshot-reverted/UUID/overlays.xml}. Nobody asked
 * for them by name, so that they may go when their domain does not write them any more; an image
 * that is not among them is somebody's own.
 */
final class RevertedOverlays {
  private static final String NAME = "overlays";

  private final Path folder;

  RevertedOverlays(Folders folders) {
    folder = folders.library().resolve("qemu/snapshot-reverted");
  }

  private DefinitionFolder files(UUID domain) {
    return new DefinitionFolder(folder.resolve(domain.toString()));
  }

  /** Those of a domain that are still there. */
  List<String> of(UUID domain) throws LibvirtException {
    List<String> found = new ArrayList<>();
    try {
      XmlElement root = files(domain).readAll().get(NAME);
      if (root != null) {
        for (XmlElement overlay : root.children("overlay")) {
          String file = overlay.attribute("file", "");
          if (Files.exists(Path.of(file))) {
            found.add(file);
          }
        }
      }
    } catch (IOException e) {
      throw Refusal.system("cannot read which overlays reverts made: " + e.getMessage(), e);
    }
    return found;
  }

  /** Adds some that are there. */
  void add(UUID domain, List<String> overlays) throws LibvirtException {
    List<String> all = of(domain);
    overlays.stream().filter(one -> !all.contains(one)).forEach(all::add);
    XmlElement root = new XmlElement(NAME);
    all.forEach(one -> root.append("overlay").set("file", one));
    try {
      files(domain).write(NAME, root.toString());
    } catch (IOException e) {
      throw Refusal.system("cannot write which overlays reverts made: " + e.getMessage(), e);
    }
  }

  /** Forgets those of a domain; they stay where they are. */
  void forget(UUID domain) throws LibvirtException {
    Path own = folder.resolve(domain.toString());
    try {
      if (Files.isDirectory(own)) {
        files(domain).delete(NAME);
        Files.deleteIfExists(own);
      }
    } catch (IOException e) {
      throw Refusal.system("cannot forget which overlays reverts made: " + e.getMessage(), e);
    }
  }
}
