package org.wardian.storage.operation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.wardian.storage.BlockImage;
import org.wardian.storage.CreateOptions;
import org.wardian.storage.Extent;
import org.wardian.storage.FileStore;
import org.wardian.storage.Images;
import org.wardian.storage.OpenOptions;
import org.wardian.storage.nbd.NbdPath;
import org.wardian.storage.qcow2.Qcow2Image;

/** Copies what a disk holds into a new image, of the same or another format. */
public final class ImageConvert {
  private static final int CHUNK = 2 << 20;

  /**
   * How it is done.
   *
   * @param compress whether clusters are packed (qcow2 only)
   * @param sparse bytes of zeroes in a row that are left out at least; 0 copies all zeroes
   * @param threads that read, pack and write at the same time
   * @param reuse whether the target exists and keeps what is left out of it; its size must fit
   */
  public record Options(boolean compress, int sparse, int threads, boolean reuse) {
    /** As {@code qemu-img convert} does it: zeroes from 4 KiB on are left out. */
    public static Options usual() {
      return new Options(
          false, 4096, Math.min(8, Runtime.getRuntime().availableProcessors()), false);
    }

    /** The same with packed clusters. */
    public Options withCompress(boolean value) {
      return new Options(value, sparse, threads, reuse);
    }

    /** The same with another least run of zeroes, in bytes. */
    public Options withSparse(int value) {
      return new Options(compress, value, threads, reuse);
    }

    /** The same with so many threads. */
    public Options withThreads(int value) {
      return new Options(compress, sparse, value, reuse);
    }

    /** The same into a target that exists. */
    public Options withReuse(boolean value) {
      return new Options(compress, sparse, threads, value);
    }
  }

  private final BlockImage source;
  private final BlockImage target;
  private final Options options;
  private final Progress progress;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private volatile boolean ended;

  private ImageConvert(BlockImage source, BlockImage target, Options options, Progress progress) {
    this.source = source;
    this.target = target;
    this.options = options;
    this.progress = progress;
  }

  /**
   * Converts. The target is on stable storage when this returns; after a failure or an end by
   * {@code progress} a target that was made here is removed.
   *
   * @param made what the target is made like; a size of -1 takes the source's
   * @throws CancellationException where {@code progress} ends it
   */
  public static void run(
      BlockImage source, Path path, CreateOptions made, Options options, Progress progress)
      throws IOException {
    CreateOptions create = made.size() < 0 ? made.withSize(source.length()) : made;
    if (!options.reuse()) {
      Images.create(path, create);
    }
    boolean finished = false;
    // Its server may close it for good when we leave.
    boolean export = path instanceof NbdPath;
    try {
      OpenOptions open =
          OpenOptions.readWrite().withFormat(create.format()).withFlushed(export).withChain(false);
      try (BlockImage target = Images.open(path, open)) {
        check(source, target, path, options);
        new ImageConvert(source, target, options, progress).copy();
      }
      if (!export) {
        try (FileStore file = FileStore.open(path, true, true)) {
          file.flush();
        }
      }
      finished = true;
    } finally {
      if (!finished && !options.reuse()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private static void check(BlockImage source, BlockImage target, Path path, Options options) {
    if (target.length() < source.length()) {
      throw new IllegalArgumentException(
          path + " has " + target.length() + " bytes, too few for " + source.length());
    }
    if (options.compress() && !(target instanceof Qcow2Image)) {
      throw new IllegalArgumentException(
          path + " cannot be compressed: only qcow2 images have compressed clusters");
    }
  }

  private void copy() throws IOException {
    int threads = Math.max(1, options.threads());
    try (ExecutorService pool =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().name("convert-", 0).daemon().factory())) {
      List<Future<?>> workers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        workers.add(
            pool.submit(() -> {
              work();
              return null;
            }));
      }
      await(workers);
    }
    target.flush();
  }

  private void await(List<Future<?>> workers) throws IOException {
    Throwable first = null;
    for (Future<?> worker : workers) {
      try {
        worker.get();
      } catch (ExecutionException e) {
        ended = true;
        first = first == null ? e.getCause() : first;
      } catch (InterruptedException e) {
        ended = true;
        Thread.currentThread().interrupt();
        first = first == null ? new CancellationException("interrupted") : first;
      }
    }
    switch (first) {
      case null -> {}
      case IOException e -> throw e;
      case RuntimeException e -> throw e;
      default -> throw new IOException(first.toString(), first);
    }
  }

  private void work() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
    try {
      while (!ended) {
        long at = next.getAndAdd(CHUNK);
        if (at >= source.length()) {
          return;
        }
        int bytes = (int) Math.min(CHUNK, source.length() - at);
        chunk(at, bytes, buffer);
        progress.report(done.addAndGet(bytes), source.length());
      }
    } catch (IOException | RuntimeException e) {
      ended = true;
      throw e;
    }
  }

  private void chunk(long offset, int bytes, ByteBuffer buffer) throws IOException {
    if (options.compress()) {
      Extent extent = source.extent(offset, bytes);
      if (!left(extent, bytes)) {
        buffer.clear().limit(bytes);
        source.read(offset, buffer);
        packed((Qcow2Image) target, offset, buffer.flip());
      }
      return;
    }
    long at = offset;
    while (at < offset + bytes) {
      Extent extent = source.extent(at, offset + bytes - at);
      if (!left(extent, 1)) {
        buffer.clear().limit((int) extent.length());
        source.read(at, buffer);
        plain(at, buffer.flip());
      }
      at += extent.length();
    }
  }

  private boolean left(Extent extent, int bytes) {
    return options.sparse() > 0
        && !options.reuse()
        && extent.kind() != Extent.Kind.DATA
        && extent.length() >= bytes;
  }

  private void plain(long offset, ByteBuffer bytes) throws IOException {
    int unit = options.sparse();
    int size = bytes.limit();
    if (unit <= 0) {
      target.write(offset, bytes);
      return;
    }
    int at = 0;
    while (at < size) {
      int start = at;
      boolean zero = Zeroes.are(bytes, at, Math.min(unit, size - at));
      while (at < size && Zeroes.are(bytes, at, Math.min(unit, size - at)) == zero) {
        at = Math.min(size, at + unit);
      }
      if (!zero) {
        target.write(offset + start, bytes.slice(start, at - start));
      } else if (options.reuse()) {
        target.writeZeroes(offset + start, at - start, true);
      }
    }
  }

  private static void packed(Qcow2Image image, long offset, ByteBuffer bytes) throws IOException {
    int cluster = image.clusterSize();
    byte[] content = new byte[cluster];
    for (int at = 0; at < bytes.limit(); at += cluster) {
      int size = Math.min(cluster, bytes.limit() - at);
      if (Zeroes.are(bytes, at, size)) {
        continue;
      }
      bytes.get(at, content, 0, size);
      java.util.Arrays.fill(content, size, cluster, (byte) 0);
      byte[] packed = image.pack(content);
      if (packed == null) {
        image.write(offset + at, bytes.slice(at, size));
      } else {
        image.writePacked(offset + at, packed);
      }
    }
  }
}
