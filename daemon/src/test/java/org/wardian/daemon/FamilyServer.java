package org.wardian.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.ConnectionOpener;
import org.wardian.libvirt.server.Events;
import org.wardian.libvirt.server.HandlerFamily;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.Session;
import org.wardian.libvirt.server.UnixService;

/**
 * A part of a daemon: some families of procedures, served at a socket to whoever connects, by any
 * name of a connection.
 */
public final class FamilyServer implements AutoCloseable {
  private final Path socket;
  private final Server server;

  /** Serves until it is closed; the families are whoever made them's. */
  public FamilyServer(Path socket, Events events, List<HandlerFamily> families) throws IOException {
    this.socket = socket;
    server = new Server(new Server.Settings(new Opener()).events(events), families);
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

  /** What clients connect to. */
  public String uri() {
    return "qemu+unix:///system?socket=" + socket;
  }

  @Override
  public void close() {
    server.close();
  }
}
