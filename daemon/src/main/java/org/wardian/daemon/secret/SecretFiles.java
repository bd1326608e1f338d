package org.wardian.daemon.secret;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.wardian.daemon.persistence.DefinitionFolder;
import org.wardian.definition.secret.SecretDefinition;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;

/**
 * Secrets on the disk, as libvirt keeps them: a definition {@code UUID.xml}, and beside it {@code
 * UUID.base64} with the value, which only the daemon's own user may read.
 */
final class SecretFiles {
  private static final System.Logger LOG = System.getLogger(SecretFiles.class.getName());
  private static final String SUFFIX = ".base64";
  private static final String UNFINISHED = ".new";

  /** Bytes of a file; the longest value in Base64 has fewer. */
  private static final long MOST = 1 << 20;

  private final Path folder;
  private final DefinitionFolder definitions;

  SecretFiles(Path folder) {
    this.folder = folder;
    definitions = new DefinitionFolder(folder);
  }

  private Path file(UUID uuid) {
    return folder.resolve(uuid + SUFFIX);
  }

  void write(SecretDefinition secret) throws IOException {
    definitions.write(secret.uuid().toString(), secret.document());
  }

  /** Writes a value, whole or not at all. */
  void writeValue(UUID uuid, byte[] value) throws IOException {
    Path file = file(uuid);
    Path fresh = folder.resolve(uuid + SUFFIX + UNFINISHED);
    Files.deleteIfExists(fresh);
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(Base64.getEncoder().encode(value));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  void deleteValue(UUID uuid) throws IOException {
    Files.deleteIfExists(file(uuid));
  }

  void delete(UUID uuid) throws IOException {
    definitions.delete(uuid.toString());
    deleteValue(uuid);
  }

  /** A value; null where there is none that can be read. */
  byte[] value(UUID uuid) {
    Path file = file(uuid);
    try {
      if (!Files.exists(file)) {
        return null;
      }
      if (Files.size(file) > MOST) {
        throw new IOException("it has " + Files.size(file) + " bytes");
      }
      return Base64.getMimeDecoder().decode(Files.readString(file, StandardCharsets.US_ASCII));
    } catch (IOException | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.ERROR, file + " has no value of a secret: " + e.getMessage());
      return null;
    }
  }

  /** Removes values that were being written when a daemon was killed. */
  private void removeUnfinished() throws IOException {
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> dead =
          Files.newDirectoryStream(folder, "*" + SUFFIX + UNFINISHED)) {
        for (Path one : dead) {
          Files.deleteIfExists(one);
        }
      }
    }
  }

  /** All that were kept. A file that is none is told of in the log and left alone. */
  Map<UUID, SecretDefinition> readAll() {
    Map<UUID, SecretDefinition> all = new TreeMap<>();
    Map<String, XmlElement> documents;
    try {
      removeUnfinished();
      documents = definitions.readAll();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, folder + " cannot be read", e);
      return all;
    }
    documents.forEach((name, root) -> {
      try {
        SecretDefinition secret = SecretDefinition.of(root);
        if (secret.uuid().toString().equals(name)) {
          all.put(secret.uuid(), secret);
        } else {
          LOG.log(System.Logger.Level.ERROR, "the secret " + name + " has another UUID within");
        }
      } catch (XmlException e) {
        LOG.log(System.Logger.Level.ERROR, "the secret " + name + ": " + e.getMessage());
      }
    });
    return all;
  }
}
