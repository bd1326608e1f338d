package org.wardian.daemon.domain;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.stream.Stream;
import org.wardian.daemon.Folders;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.daemon.typed.Refusal;
import org.wardian.definition.domain.Disk;
import org.wardian.definition.domain.DomainDocument;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;
import org.wardian.libvirt.error.LibvirtException;

/** Where what of a domain is kept. */
final class DomainFiles {
  /** Characters of a name within the name of a machine's folder: a socket's path is short. */
  private static final int SHORT_NAME = 20;

  private final Folders folders;
  private final DefinitionFolder definitions;
  private final DefinitionFolder statuses;

  DomainFiles(Folders folders) {
    this.folders = folders;
    definitions = new DefinitionFolder(folders.configuration().resolve("qemu"));
    statuses = new DefinitionFolder(folders.state().resolve("qemu"));
  }

  DefinitionFolder definitions() {
    return definitions;
  }

  /** Where machines have their folders. */
  Path machines() {
    return folders.state().resolve("qemu");
  }

  DefinitionFolder statuses() {
    return statuses;
  }

  /** Writes a definition; when this returns it is on the disk. */
  void save(DomainDocument document) throws LibvirtException {
    try {
      definitions.write(document.name(), document.toString());
    } catch (IOException e) {
      throw Refusal.system("cannot write the definition: " + e.getMessage(), e);
    }
  }

  void delete(String name) throws LibvirtException {
    try {
      definitions.delete(name);
    } catch (IOException e) {
      throw Refusal.system("cannot delete config for domain: " + e.getMessage(), e);
    }
  }

  /** The file of a managed save. */
  Path managedSave(String name) {
    return folders.library().resolve("qemu/save").resolve(name + ".save");
  }

  /** The file with a machine's words. */
  Path log(String name) {
    return folders.log().resolve("qemu").resolve(name + ".log");
  }

  /** The folder for sockets that documents leave to the daemon, such as a guest agent's. */
  Path channels() {
    return folders.library().resolve("qemu/channel/target");
  }

  /** A machine's folder, with its socket and its document; made anew. */
  Path makeMachineFolder(int id, DomainDocument live) throws LibvirtException {
    String name = live.name();
    Path folder =
        machines()
            .resolve("domain-" + id + "-" + name.substring(0, Math.min(name.length(), SHORT_NAME)));
    try {
      deleteTree(folder);
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      return folder;
    } catch (IOException e) {
      throw Refusal.system("cannot make the machine's folder: " + e.getMessage(), e);
    }
  }

  /** Writes the document that a process is made of. */
  void writeLive(Path folder, DomainDocument live) throws LibvirtException {
    try {
      Files.writeString(Machine.definition(folder), live.toString());
    } catch (IOException e) {
      throw Refusal.system("cannot write the machine's document: " + e.getMessage(), e);
    }
  }

  /**
   * Gives the document that a process is made of the disks as they are now: snapshots and block
   * jobs have changed their images since.
   */
  void refreshDisks(Path folder, DomainDocument live) throws LibvirtException {
    try {
      DomainDocument own =
          DomainDocument.of(XmlReader.read(Files.readString(Machine.definition(folder))));
      XmlElement devices = own.devicesElement();
      for (Disk disk : live.disks()) {
        XmlElement now = disk.element().copy();
        now.remove("mirror");
        devices.children("disk").stream()
            .filter(one -> disk.alias().equals(((Disk) DomainDocument.view(one)).alias()))
            .findFirst()
            .ifPresent(old -> devices.replace(old, now));
      }
      writeLive(folder, own);
    } catch (IOException | XmlException e) {
      throw Refusal.system("cannot read the machine's document: " + e.getMessage(), e);
    }
  }

  /** Removes a folder with all that is in it; links are removed, not followed. */
  static void deleteTree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(one);
      }
    }
  }
}
