package org.wardian.storage.nbd;

import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.Objects;

/**
 * An export in the place of a file's path, so that what takes an image by its path takes one over
 * the network too: {@link org.wardian.storage.FileStore#open} knows it. It is absolute, has no
 * folder and no other name; its text is the URI.
 */
public final class NbdPath implements Path {
  private final NbdUri uri;

  /** The path that stands for an export. */
  public NbdPath(NbdUri uri) {
    this.uri = Objects.requireNonNull(uri);
  }

  /** Where it is. */
  public NbdUri uri() {
    return uri;
  }

  @Override
  public FileSystem getFileSystem() {
    return NbdFileSystem.ONLY;
  }

  @Override
  public boolean isAbsolute() {
    return true;
  }

  @Override
  public Path getRoot() {
    return this;
  }

  @Override
  public Path getFileName() {
    return this;
  }

  @Override
  public Path getParent() {
    return null;
  }

  @Override
  public int getNameCount() {
    return 1;
  }

  @Override
  public Path getName(int index) {
    return subpath(index, index + 1);
  }

  @Override
  public Path subpath(int from, int to) {
    if (from != 0 || to != 1) {
      throw new IllegalArgumentException("an export has one name");
    }
    return this;
  }

  @Override
  public boolean startsWith(Path other) {
    return equals(other);
  }

  @Override
  public boolean endsWith(Path other) {
    return equals(other);
  }

  @Override
  public Path normalize() {
    return this;
  }

  @Override
  public Path resolve(Path other) {
    if (other.isAbsolute()) {
      return other;
    }
    throw new UnsupportedOperationException("nothing lies within " + uri);
  }

  @Override
  public Path relativize(Path other) {
    throw new UnsupportedOperationException("no way leads from " + uri + " to " + other);
  }

  @Override
  public URI toUri() {
    return URI.create(uri.toString());
  }

  @Override
  public Path toAbsolutePath() {
    return this;
  }

  @Override
  public Path toRealPath(LinkOption... options) {
    return this;
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException(uri + " cannot be watched");
  }

  @Override
  public int compareTo(Path other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NbdPath path && uri.equals(path.uri);
  }

  @Override
  public int hashCode() {
    return uri.hashCode();
  }

  @Override
  public String toString() {
    return uri.toString();
  }

  /** Its parts, for {@link Iterable}: itself. */
  @Override
  public java.util.Iterator<Path> iterator() {
    return List.<Path>of(this).iterator();
  }
}
