package org.wardian.boot.catalogue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.ReadOnlyFileSystemException;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps two processes, or two threads of one, from changing the same image at once. The operating
 * system releases the lock of a process that dies; the lock file itself stays, for removing it
 * would race with the next process.
 */
final class CacheLock implements AutoCloseable {
  /** The operating system's lock belongs to the process, so threads need one of their own. */
  private static final Map<Path, ReentrantLock> WITHIN_PROCESS = new ConcurrentHashMap<>();

  private final ReentrantLock threads;
  private final FileChannel channel;

  private CacheLock(ReentrantLock threads, FileChannel channel) {
    this.threads = threads;
    this.channel = channel;
  }

  /**
   * Waits for the lock; says so if it takes more than a moment.
   *
   * @param file the lock file, created if need be
   * @param subject what the lock is for, for the note
   */
  static CacheLock acquire(Path file, String subject, ProgressListener progress)
      throws CatalogueException {
    Path key = file.toAbsolutePath().normalize();
    ReentrantLock threads = WITHIN_PROCESS.computeIfAbsent(key, path -> new ReentrantLock());
    if (!threads.tryLock()) {
      progress.note("waiting for another thread to finish with " + subject);
      threads.lock();
    }
    FileChannel channel = null;
    boolean held = false;
    try {
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      lock(channel, subject, progress);
      held = true;
      return new CacheLock(threads, channel);
    } catch (IOException | ReadOnlyFileSystemException e) {
      throw CacheFiles.translate(e, file.getParent());
    } finally {
      if (!held) {
        closeQuietly(channel);
        threads.unlock();
      }
    }
  }

  private static void lock(FileChannel channel, String subject, ProgressListener progress)
      throws IOException {
    FileLock lock = channel.tryLock();
    if (lock == null) {
      progress.note("waiting for another ward" + holder(channel) + " to finish with " + subject);
      lock = channel.lock();
    }
    if (!lock.isValid()) {
      throw new IOException("the file system does not keep locks");
    }
    byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(pid), 0);
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer text = ByteBuffer.allocate(20);
    channel.read(text, 0);
    String pid = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII);
    return pid.matches("[0-9]+") ? " (process " + pid + ")" : "";
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The lock goes with the process at the latest.
      return;
    }
  }

  @Override
  public void close() {
    closeQuietly(channel);
    threads.unlock();
  }
}
