package org.wardian.libvirt.memory;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.wardian.libvirt.server.AuthenticationType;
import org.wardian.libvirt.server.Server;
import org.wardian.libvirt.server.TcpService;
import org.wardian.libvirt.server.UnixService;

/** Serves a {@link MemoryHost} at a socket, for trying by hand: {@code MemoryServe SOCKET}. */
public final class MemoryServe {
  private MemoryServe() {}

  /** Serves until the process is ended. */
  public static void main(String[] arguments) throws Exception {
    MemoryHost host = new MemoryHost();
    Server server = host.server();
    host.domains().define("<domain type='kvm'><name>first</name></domain>");
    host.domains().define("<domain type='kvm'><name>second</name></domain>");
    server.serve(
        new UnixService(
            Path.of(arguments[0]),
            PosixFilePermissions.fromString("rwx------"),
            false,
            List.of(AuthenticationType.NONE)));
    TcpService tcp =
        new TcpService(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            null,
            List.of(AuthenticationType.NONE));
    server.serve(tcp);
    System.out.println("tcp port " + tcp.port());
    Thread.sleep(Long.MAX_VALUE);
  }
}
