package org.wardian.daemon.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.wardian.definition.xml.XmlElement;
import org.wardian.definition.xml.XmlException;
import org.wardian.definition.xml.XmlReader;

/**
 * A folder with a file {@code NAME.xml} for each object of a kind, and a folder {@code autostart}
 * with a symbolic link for each that is started with the daemon, as libvirt keeps them. A file is
 * written whole under another name, brought to the disk and renamed: whoever kills the daemon finds
 * the old definition or the new one.
 */
public final class DefinitionFolder {
  private static final System.Logger LOG = System.getLogger(DefinitionFolder.class.getName());
  private static final String SUFFIX = ".xml";
  private static final String UNFINISHED = ".new";

  private final Path folder;
  private final Path autostart;

  /** The folder is made with its first file. */
  public DefinitionFolder(Path folder) {
    this(folder, folder.resolve("autostart"));
  }

  /** One whose links are elsewhere. */
  public DefinitionFolder(Path folder, Path autostart) {
    this.folder = folder;
    this.autostart = autostart;
  }

  /** The file of an object. */
  public Path file(String name) {
    return folder.resolve(checked(name) + SUFFIX);
  }

  /** Whether a name can be that of a file. */
  public static boolean isName(String name) {
    return !name.isEmpty()
        && name.getBytes(StandardCharsets.UTF_8).length <= 240
        && name.indexOf('/') < 0
        && name.indexOf('\0') < 0
        && !name.startsWith(".");
  }

  private static String checked(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException("no name for a file: " + name);
    }
    return name;
  }

  /**
   * Writes a definition; when this returns it is on the disk.
   *
   * @throws IOException where it cannot be; the old definition is still there then
   */
  public void write(String name, String document) throws IOException {
    Path file = file(name);
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path fresh = folder.resolve(checked(name) + SUFFIX + UNFINISHED);
    Files.deleteIfExists(fresh);
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(document);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    } catch (IOException e) {
      Files.deleteIfExists(fresh);
      throw e;
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    sync(folder);
  }

  /** Removes a definition with its link; nothing where there is none. */
  public void delete(String name) throws IOException {
    setAutostart(name, false);
    if (Files.deleteIfExists(file(name))) {
      sync(folder);
    }
  }

  private static void sync(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Whether an object is started with the daemon. */
  public boolean autostart(String name) {
    return Files.exists(autostart.resolve(checked(name) + SUFFIX), LinkOption.NOFOLLOW_LINKS);
  }

  /** Sets whether an object is started with the daemon. */
  public void setAutostart(String name, boolean wanted) throws IOException {
    Path link = autostart.resolve(checked(name) + SUFFIX);
    if (!wanted) {
      Files.deleteIfExists(link);
    } else if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(autostart);
      Files.createSymbolicLink(link, file(name));
      sync(autostart);
    }
  }

  /**
   * All definitions by name. A file that is no document is told of in the log and left alone; what
   * was being written when a daemon was killed is removed.
   */
  public Map<String, XmlElement> readAll() throws IOException {
    Map<String, XmlElement> all = new TreeMap<>();
    if (!Files.isDirectory(folder)) {
      return all;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String fileName = file.getFileName().toString();
        if (fileName.endsWith(SUFFIX + UNFINISHED)) {
          Files.deleteIfExists(file);
        } else if (fileName.endsWith(SUFFIX) && Files.isRegularFile(file)) {
          String name = fileName.substring(0, fileName.length() - SUFFIX.length());
          try {
            all.put(name, XmlReader.read(Files.readString(file)));
          } catch (IOException | XmlException e) {
            LOG.log(
                System.Logger.Level.ERROR,
                file + " is no definition, and is left as it is: " + e.getMessage());
          }
        }
      }
    }
    return all;
  }
}
