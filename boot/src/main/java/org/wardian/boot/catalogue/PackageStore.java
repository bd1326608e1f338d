package org.wardian.boot.catalogue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Packages on this machine's disk, each under its SHA-256: whole and right, or not there. What an
 * interrupted build has fetched is not fetched again.
 */
final class PackageStore {
  private static final int BUFFER_BYTES = 256 << 10;

  private final Path folder;

  PackageStore(Path folder) {
    this.folder = folder;
  }

  /**
   * Fetches what is not there, one package after the other, as one piece of progress.
   *
   * @return where each lies, by its name, in the order given
   */
  Map<String, Path> fetch(
      Collection<DebianPackage> packages, ProxySettings proxies, ProgressListener progress)
      throws CatalogueException {
    CacheFiles.createFolder(folder);
    Map<String, Path> files = new LinkedHashMap<>();
    long missing = 0;
    long bytes = 0;
    for (DebianPackage each : packages) {
      Path file = folder.resolve(each.file().sha256() + ".deb");
      files.put(each.name(), file);
      if (!isWhole(file, each.file())) {
        missing++;
        bytes += each.file().size();
      }
    }
    if (missing == 0) {
      return files;
    }
    CacheFiles.requireSpace(folder, bytes);
    try (Sum sum = new Sum(progress)) {
      HttpFetcher fetcher = new HttpFetcher(proxies, sum);
      progress.fileStarted(missing + " packages", bytes);
      for (DebianPackage each : packages) {
        Path file = files.get(each.name());
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
          Path partial = folder.resolve(each.file().sha256() + ".part");
          fetcher.fetch(each.address(), each.file().name(), each.file(), partial);
          CacheFiles.rename(partial, file);
          sum.add(each.file().size());
        }
      }
      sum.complete();
    }
    return files;
  }

  /** Removes all of it. */
  void clear() throws IOException {
    CacheFiles.deleteTree(folder);
  }

  /** Whether a file is there and right; one that is not right is removed. */
  private boolean isWhole(Path file, ExpectedFile expected) throws CatalogueException {
    try {
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        return false;
      }
      if (Files.size(file) == expected.size() && sha256(file).equals(expected.sha256())) {
        return true;
      }
      Files.delete(file);
      return false;
    } catch (IOException e) {
      throw CacheFiles.translate(e, folder);
    }
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    return Sha256.hex(digest);
  }

  /** Shows many files as one. */
  private static final class Sum implements ProgressListener, AutoCloseable {
    private final ProgressListener whole;
    private long before;
    private boolean complete;

    Sum(ProgressListener whole) {
      this.whole = whole;
    }

    void add(long bytes) {
      before += bytes;
      whole.fileAdvanced(before);
    }

    void complete() {
      complete = true;
      whole.fileFinished();
    }

    @Override
    public void fileStarted(String name, long totalBytes) {}

    @Override
    public void fileAdvanced(long receivedBytes) {
      whole.fileAdvanced(before + receivedBytes);
    }

    @Override
    public void fileFinished() {}

    @Override
    public void fileFailed() {}

    @Override
    public void note(String line) {
      whole.note(line);
    }

    @Override
    public void close() {
      if (!complete) {
        whole.fileFailed();
      }
    }
  }
}
