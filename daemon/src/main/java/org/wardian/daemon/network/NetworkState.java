package org.wardian.daemon.network;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.wardian.daemon.Folders;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.network.DefinitionException;
import org.wardian.definition.network.NetworkDocument;
import org.wardian.definition.network.NetworkPortDocument;
import org.wardian.definition.xml.XmlElement;

/**
 * What is known of active networks, in files that are gone after the host's next start: {@code
 * NAME.xml} with a {@code <networkstatus>}, and {@code NAME/ports/UUID.xml}.
 */
final class NetworkState {
  private static final System.Logger LOG = System.getLogger(NetworkState.class.getName());
  private static final String GATEWAY = ".gateway";
  private static final String WARNING =
      """
      <!--
      WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
      OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
        virsh net-edit %s
      or other application using the libvirt API.
      -->

      """;

  private final Path folder;
  private final DefinitionFolder networks;

  NetworkState(Folders folders) {
    folder = folders.state().resolve("network");
    networks = new DefinitionFolder(folder);
  }

  /** A document with the warning that libvirt writes before it. */
  static String file(String name, XmlElement document) {
    // Two hyphens end a comment.
    return WARNING.formatted(name.replace("--", "- -")) + document;
  }

  /** Writes a file whole. */
  static void write(Path file, String text) throws IOException {
    Files.createDirectories(
        file.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  void write(NetworkDocument live) throws IOException {
    XmlElement status = new XmlElement("networkstatus");
    status.append("class_id").set("bitmap", "0-2");
    status.append("floor").set("sum", "0");
    status.add(live.tree());
    networks.write(live.name(), file(live.name(), status));
  }

  /** Those that were active. */
  List<NetworkDocument> readAll() throws IOException {
    List<NetworkDocument> found = new ArrayList<>();
    for (Map.Entry<String, XmlElement> entry : networks.readAll().entrySet()) {
      try {
        XmlElement network = entry.getValue().child("network");
        if (network == null) {
          throw DefinitionException.xml("Could not find any 'network' element in status file");
        }
        NetworkDocument document = NetworkDocument.of(network);
        if (document.uuid() == null || !document.name().equals(entry.getKey())) {
          throw DefinitionException.xml("it has no uuid, or another name than its file");
        }
        found.add(document);
      } catch (DefinitionException e) {
        LOG.log(
            System.Logger.Level.ERROR,
            "the state of network " + entry.getKey() + " is lost: " + e.getMessage());
      }
    }
    return found;
  }

  /** Forgets a network. */
  void delete(String name) {
    try {
      networks.delete(name);
      Path ports = ports(name);
      if (Files.isDirectory(ports)) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(ports)) {
          for (Path file : files) {
            Files.delete(file);
          }
        }
        Files.delete(ports);
        Files.deleteIfExists(ports.getParent());
      }
      // The last: by it a daemon that is started finds what is left.
      Files.deleteIfExists(gateway(folder, name));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the state of network " + name + " stays", e);
    }
  }

  /** Where the files are. */
  Path folder() {
    return folder;
  }

  /** Forgets what is left of networks that are not active. */
  void retain(Set<String> active) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (DirectoryStream<Path> gateways = Files.newDirectoryStream(folder, "*" + GATEWAY)) {
      for (Path gateway : gateways) {
        String file = gateway.getFileName().toString();
        String name = file.substring(0, file.length() - GATEWAY.length());
        if (!active.contains(name)) {
          delete(name);
        }
      }
    }
  }

  /** What a network's process is started with. */
  static Path gateway(Path folder, String name) {
    return folder.resolve(name + GATEWAY);
  }

  private Path ports(String name) {
    return folder.resolve(name).resolve("ports");
  }

  void writePort(String name, NetworkPortDocument port) throws IOException {
    new DefinitionFolder(ports(name)).write(port.uuid().toString(), port.toString());
  }

  void deletePort(String name, UUID port) {
    try {
      Files.deleteIfExists(ports(name).resolve(port + ".xml"));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the port " + port + " stays in its file", e);
    }
  }

  Map<UUID, NetworkPortDocument> readPorts(String name) {
    Map<UUID, NetworkPortDocument> found = new HashMap<>();
    try {
      for (XmlElement element : new DefinitionFolder(ports(name)).readAll().values()) {
        NetworkPortDocument port = NetworkPortDocument.of(element);
        found.put(port.uuid(), port);
      }
    } catch (IOException | DefinitionException e) {
      LOG.log(System.Logger.Level.ERROR, "ports of network " + name + " are lost", e);
    }
    return found;
  }

  /** Whether this is the first question since the host started; the next one hears no. */
  boolean firstSinceBoot() {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.createFile(folder.resolve("autostarted"));
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "nothing is known of earlier starts", e);
      return true;
    }
  }
}
