package org.wardian.daemon.storage;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.wardian.daemon.FamilyServer;
import org.wardian.daemon.Folders;
import org.wardian.daemon.secret.Secrets;
import org.wardian.libvirt.server.Events;

/** A daemon with pools, volumes and secrets and nothing else, at a socket below a folder. */
public final class StorageHost implements AutoCloseable {
  private final StoragePools pools;
  private final Secrets secrets;
  private final FamilyServer server;

  /** Starts one that keeps all below a folder. */
  public StorageHost(Path root) throws IOException {
    Folders folders = Folders.under(root, true);
    Events events = new Events();
    pools = new StoragePools(folders, events);
    secrets = new Secrets(folders, events);
    pools.start();
    server = new FamilyServer(root.resolve("socket"), events, List.of(pools, secrets));
  }

  /** Where clients find it. */
  public String uri() {
    return server.uri();
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
