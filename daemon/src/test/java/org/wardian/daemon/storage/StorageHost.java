package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.wardian.daemon.Folders;
import org.wardian.daemon.secret.Secrets;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.ConnectionOpener;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.server.UnixService;

/** A daemon with pools, volumes and secrets and nothing else, at a socket below a folder. */
public final class StorageHost implements AutoCloseable {
  private final Path socket;
  private final StoragePools pools;
  private final Secrets secrets;
  private final Server server;

  /** Starts one that keeps all below a folder. */
  public StorageHost(Path root) throws IOException {
    Folders folders = Folders.under(root, true);
    Events events = new Events();
    pools = new StoragePools(folders, events);
    secrets = new Secrets(folders, events);
    pools.start();
    server = new Server(new Server.Settings(new Opener()).events(events), List.of(pools, secrets));
    socket = root.resolve("socket");
    server.serve(
        new UnixService(
            socket,
            PosixFilePermissions.fromString("rwx------"),
            false,
            List.of(AuthenticationType.NONE)));
  }

  private static final class Opener implements ConnectionOpener {
    @Override
    public void open(Session session, String uri) {
      // Any name of a connection will do.
    }

    @Override
    public boolean supportsFeature(Session session, int feature) {
      return false;
    }
  }

  /** Where clients find it. */
  public String uri() {
    return "qemu+unix:///system?socket=" + socket;
  }

  /** Its pools. */
  public StoragePools pools() {
    return pools;
  }

  /** Its secrets. */
  public Secrets secrets() {
    return secrets;
  }

  @Override
  public void close() {
    server.close();
    pools.close();
  }

  /** Serves until it is killed; the folder is the only argument. */
  public static void main(String[] arguments) throws Exception {
    try (StorageHost host = new StorageHost(Path.of(arguments[0]))) {
      System.out.println(host.uri());
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
