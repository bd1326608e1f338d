package org.wardian.storage.nbd;

import java.io.IOException;
import java.net.URI;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Map;
import java.util.Set;

/**
 * What {@link java.nio.file.Files} asks of a path: an export is there until it is opened and is
 * not, and is no regular file. All else is refused: {@link NbdStore} reads and writes exports.
 */
final class NbdProvider extends FileSystemProvider {
  @Override
  public String getScheme() {
    return "nbd";
  }

  @Override
  public FileSystem newFileSystem(URI uri, Map<String, ?> environment) {
    throw new UnsupportedOperationException("there is one already");
  }

  @Override
  public FileSystem getFileSystem(URI uri) {
    return NbdFileSystem.ONLY;
  }

  @Override
  public Path getPath(URI uri) {
    return new NbdPath(NbdUri.parse(uri.toString()));
  }

  private static FileSystemException noFile(Path path) {
    return new FileSystemException(
        path.toString(), null, "it is a disk at a server, and not to be used as a file");
  }

  @Override
  public SeekableByteChannel newByteChannel(
      Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
      throws IOException {
    throw noFile(path);
  }

  @Override
  public DirectoryStream<Path> newDirectoryStream(
      Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
    throw noFile(folder);
  }

  @Override
  public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
    throw noFile(folder);
  }

  @Override
  public void delete(Path path) throws IOException {
    throw noFile(path);
  }

  @Override
  public void copy(Path source, Path target, CopyOption... options) throws IOException {
    throw noFile(source);
  }

  @Override
  public void move(Path source, Path target, CopyOption... options) throws IOException {
    throw noFile(source);
  }

  @Override
  public boolean isSameFile(Path path, Path other) {
    return path.equals(other);
  }

  @Override
  public boolean isHidden(Path path) {
    return false;
  }

  @Override
  public FileStore getFileStore(Path path) throws IOException {
    throw noFile(path);
  }

  @Override
  public void checkAccess(Path path, AccessMode... modes) throws IOException {
    for (AccessMode mode : modes) {
      if (mode == AccessMode.EXECUTE) {
        throw noFile(path);
      }
    }
  }

  @Override
  public <V extends FileAttributeView> V getFileAttributeView(
      Path path, Class<V> type, LinkOption... options) {
    return null;
  }

  @Override
  public <A extends BasicFileAttributes> A readAttributes(
      Path path, Class<A> type, LinkOption... options) throws IOException {
    throw noFile(path);
  }

  @Override
  public Map<String, Object> readAttributes(Path path, String names, LinkOption... options)
      throws IOException {
    throw noFile(path);
  }

  @Override
  public void setAttribute(Path path, String name, Object value, LinkOption... options)
      throws IOException {
    throw noFile(path);
  }
}
