package org.wardian.network.hub;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A switch of one name for all processes of one user. Each process has a switch of its own; that of
 * the first is the middle, to which the others connect by a UNIX socket. When its process ends
 * another one takes its place: a lock on a file says which.
 */
public final class SharedSwitch implements AutoCloseable {
  private static final int LONGEST_PATH = 100;
  private static final int MOST_TRUNKS = 256;
  private static final long FIRST_PAUSE = 20;
  private static final long LONGEST_PAUSE = 500;

  private final Switch local;
  private final Path lockFile;
  private final Path socketFile;
  private final Thread thread;
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
  private volatile boolean serving;
  private volatile boolean connected;
  private volatile boolean closed;

  /**
   * Joins the switch, or creates it.
   *
   * @param folder runtime folder of the user, which is created where it is missing
   * @param name 1 to 40 letters, digits, dots, hyphens or underscores
   * @param mtu largest IP packet that its guests are told to send, in bytes
   * @throws IOException where the folder cannot be used
   */
  public SharedSwitch(Path folder, String name, int mtu) throws IOException {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,39}")) {
      throw new IllegalArgumentException(
          "no name of a switch: " + name + "; it has 1 to 40 letters, digits, dots or hyphens");
    }
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    requirePrivate(folder);
    lockFile = folder.resolve("switch-" + name + ".lock");
    socketFile = folder.resolve("switch-" + name + ".sock");
    if (socketFile.toString().length() > LONGEST_PATH) {
      throw new IOException(
          "the path " + socketFile + " is too long for a socket: choose a shorter folder");
    }
    local = new Switch(mtu);
    thread = Thread.ofPlatform().daemon().name("wardian-switch-" + name).start(this::run);
  }

  /** Who could write to the folder could put a switch of his own into our place. */
  private static void requirePrivate(Path folder) throws IOException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(folder);
    Path ours = Files.createTempFile(folder, "owner", null);
    try {
      if (permissions.contains(PosixFilePermission.GROUP_WRITE)
          || permissions.contains(PosixFilePermission.OTHERS_WRITE)
          || !Files.getOwner(folder).equals(Files.getOwner(ours))) {
        throw new IOException(
            "the folder " + folder + " must be this user's, and writable by nobody else");
      }
    } finally {
      Files.delete(ours);
    }
  }

  /** Adds a card's port; it leaves the switch when it is closed. */
  public SwitchPort port() {
    return local.port();
  }

  /** Whether this process is the middle. */
  public boolean serving() {
    return serving;
  }

  /** Whether this process is the middle, or connected to it. */
  public boolean connected() {
    return serving || connected;
  }

  private void run() {
    long pause = FIRST_PAUSE;
    while (!closed) {
      try {
        if (serve() || join()) {
          pause = FIRST_PAUSE;
        }
      } catch (IOException e) {
        // The middle has gone, or is not there yet: again.
        connected = false;
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        // close() wakes us.
        continue;
      }
      pause = Math.min(LONGEST_PAUSE, 2 * pause);
    }
  }

  /** Is the middle until this is closed; false where another process is. */
  private boolean serve() throws IOException {
    try (FileChannel file =
            FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(file)) {
      if (lock == null) {
        return false;
      }
      // Who had the lock before may have left its socket behind.
      Files.deleteIfExists(socketFile);
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(socketFile));
        open.add(server);
        serving = true;
        while (!closed) {
          SocketChannel channel = server.accept();
          if (open.size() > MOST_TRUNKS) {
            channel.close();
          } else {
            Thread.ofPlatform().daemon().name("wardian-trunk").start(() -> converse(channel));
          }
        }
        return true;
      } finally {
        serving = false;
        Files.deleteIfExists(socketFile);
      }
    }
  }

  private static FileLock lock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another switch of this very process has it.
      return null;
    }
  }

  private void converse(SocketChannel channel) {
    Trunk trunk = new Trunk(local, channel);
    open.add(trunk);
    try (trunk) {
      if (!closed) {
        trunk.run();
      }
    } catch (IOException e) {
      // The other process has ended, or is none of ours: the switch goes on without it.
      return;
    } finally {
      open.remove(trunk);
    }
  }

  /** Is connected to the middle until it goes; true where it was reached. */
  private boolean join() throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socketFile));
    Trunk trunk = new Trunk(local, channel);
    open.add(trunk);
    try (trunk) {
      connected = true;
      if (!closed) {
        trunk.run();
      }
      return true;
    } catch (EOFException e) {
      return true;
    } finally {
      connected = false;
      open.remove(trunk);
    }
  }

  /** Leaves the switch; its ports stay joined with each other until they are closed. */
  @Override
  public void close() {
    closed = true;
    for (AutoCloseable member : open) {
      try {
        member.close();
      } catch (Exception e) {
        // It is closed one way or the other.
        continue;
      }
    }
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
